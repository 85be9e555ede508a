"""How well offers are found, on listings and offers that the model's starter set was not written from.

    python -m benchmarks.detection ../shared/data/listings-dev.jsonl --pages ../shared/data/pages [--json]

Prints every figure that detection is judged by: on the labelled listings of FILE as given and as corrected by
hand (`docs/label-corrections.csv`), its ordinary goods, finished drugs and darknet rows apart; calibration on
the held-out part of the starter set; recall by language on the saved marketplaces; the disguised offers of
`fixtures/evaluation`; each beside what one would use instead; and with `--pages`, how much is flagged of what
a crawl of saved pages brings, most of which is no offer at all. The model is the one in use in the database;
with `--all-profiles` it reads under every profile of the law.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.detection_report import print_report
from benchmarks.detection_sets import (
    DISGUISED_SETS,
    MODEL,
    Detection,
    Scores,
    calibration_of,
    count_apart,
    count_by_law,
    count_elsewhere,
    count_false_flags,
    count_marketplaces,
    count_pages,
    count_sample,
    disagreements_of,
    disguised_set,
    listing_sets,
)
from benchmarks.intervals import Way
from benchmarks.labelled_rows import APART, read_corrections, read_labelled, read_sample
from benchmarks.profiles import EVERYTHING
from benchmarks.real_pages import texts_read
from benchmarks.scoring import STARTER
from classifier.errors import NoModelInUse
from classifier.scoring import open_scorer
from classifier.settings import ScoringSettings
from classifier.training.examples import load_starter
from classifier.training.fit import build_dataset
from cli.options import DEFAULT_DATABASE
from cli.output import open_store, print_json
from store.errors import StoreError
from store.scores.scores import model_in_use

if TYPE_CHECKING:
    from collections.abc import Sequence

    from classifier.scoring import Scorer


def measure(
    file: Path, scorer: Scorer, *, seed: int, full_texts: bool = False, pages: Path | None = None
) -> Detection:
    """Return every figure of the model on FILE, the fixtures and the held-out part of the starter set.

    Args:
        file: The measuring set.
        scorer: The model in use, and what it needs.
        seed: Of the resamples.
        full_texts: Measure titles with their descriptions too, which takes several times as long: most
            ordinary goods have one and most suppliers' rows do not.
        pages: A folder of folders of saved pages that offer nothing listed.

    Raises:
        DataFileWrong: If FILE cannot be read, or is another edition than the corrections are of, or if the
            pages could not be crawled.
    """
    brought = texts_read(pages) if pages else []
    corrections = read_corrections()
    rows = read_labelled(file, corrections, scorer.gazetteer)
    starter = load_starter(STARTER)
    training = build_dataset(
        starter, embedder=scorer.embedder, cache=scorer.cache, gazetteer=scorer.gazetteer
    )
    scores = Scores(scorer, training)
    line = scorer.model.threshold
    others = [row for row in rows if row.given_label not in APART]
    titles = scores.ways([row.title for row in others], np.array([row.given.label for row in others]))
    sets = listing_sets(others, titles, "titles", seed)
    if full_texts:
        texts = {MODEL: Way(scores=scores.model([row.text for row in others]), line=line)}
        sets += listing_sets(others, texts, "full texts", seed)
    disguised = [disguised_set(name, scores, seed) for name in DISGUISED_SETS]
    flagged = titles[MODEL].scores >= line
    apart = [row for row in rows if row.given_label in APART]
    return Detection(
        model_id=scorer.model.model_id,
        line=line,
        starter_only=set(scorer.model.card["data"]) == {"starter_examples", "offers", "groups"},
        sets=[*sets, *(measured for measured, _counts in disguised)],
        counts=[
            *count_false_flags(others, flagged),
            *count_by_law(others, flagged, scorer.gazetteer),
            *count_apart(apart, scores.model([row.title for row in apart]) >= line),
            *count_marketplaces(scores),
            *count_elsewhere(scores),
            *(count_pages(scores, brought) if brought else ()),
            *(count for _measured, counts in disguised for count in counts),
            *count_sample(others, read_sample()),
        ],
        calibration=calibration_of(training, scorer, seed),
        corrections={
            how: sum(each.how == how for each in corrections.values())
            for how in sorted({each.how for each in corrections.values()})
        },
        disagreements=disagreements_of(others, titles[MODEL], line),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, measure, print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("file", type=Path, help="the measuring set, JSON lines")
    parser.add_argument("--db", type=Path, default=DEFAULT_DATABASE, help="the database that knows the model")
    parser.add_argument("--seed", type=int, default=0, help="of the resamples [0]")
    parser.add_argument("--full-texts", action="store_true", help="measure titles with descriptions too")
    parser.add_argument("--pages", type=Path, help="count flags among a crawl of these folders of pages too")
    parser.add_argument("--all-profiles", action="store_true", help="read under every profile of the law")
    parser.add_argument("--show", action="store_true", help="list the rows on the wrong side of the line too")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    chosen = parser.parse_args(arguments)
    try:
        with open_store(chosen.db) as db:
            model = model_in_use(db)
        if model is None:
            raise NoModelInUse
        settings = ScoringSettings(law=EVERYTHING) if chosen.all_profiles else ScoringSettings()
        with open_scorer(model, database=chosen.db, settings=settings) as scorer:
            detection = measure(
                chosen.file, scorer, seed=chosen.seed, full_texts=chosen.full_texts, pages=chosen.pages
            )
    except StoreError as error:
        print(error, file=sys.stderr)
        return 1
    if chosen.json:
        print_json(asdict(detection))
    else:
        print_report(detection, show=chosen.show)
    return 0


if __name__ == "__main__":
    sys.exit(main())
