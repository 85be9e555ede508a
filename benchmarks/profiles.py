"""What every profile of the law adds to the flags among ordinary listings.

    python -m benchmarks.profiles [../shared/data/listings-dev.jsonl] [--show]

Scores the titles of ordinary goods in FILE, or the texts of the starter set that offer nothing, under the
default profile and under all profiles at once, with the model in use. Each text that only the wider law flags
is named with the substance. Only texts that are read otherwise under the wider law are scored, because the
score of the others is the same. `benchmarks.detection --all-profiles` counts the flags of both kinds.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.labelled_rows import ORDINARY, read_corrections, read_labelled
from benchmarks.rounds import Limit, report
from benchmarks.scoring import STARTER
from classifier.errors import NoModelInUse
from classifier.gazetteer import Law, default_gazetteer, gazetteer_of, profiles
from classifier.reading import find_mentions
from classifier.scoring import open_scorer
from classifier.training.examples import load_starter
from cli.options import DEFAULT_DATABASE
from cli.output import open_store
from store.errors import StoreError
from store.scores.scores import model_in_use

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from classifier.scoring import Scorer

EVERYTHING = Law(instruments=profiles())
MOST_ADDED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A text that only the wider law flags."""

    name: str
    text: str
    substances: tuple[str, ...]
    p_before: float
    p_after: float


def measure(texts: Mapping[str, str], scorer: Scorer) -> tuple[int, list[Added]]:
    """Return how many texts are read otherwise under all profiles, and those that only they flag."""
    before, after = (
        find_mentions(list(texts.values()), each) for each in (default_gazetteer(), gazetteer_of(EVERYTHING))
    )
    changed = [
        name
        for name, old, new in zip(texts, before, after, strict=True)
        if [each.substance and each.substance.key for each in old]
        != [each.substance and each.substance.key for each in new]
    ]
    wider = replace(scorer, gazetteer=gazetteer_of(EVERYTHING))
    asked = [texts[name] for name in changed]
    scored = zip(changed, scorer.score(asked), wider.score(asked), strict=True)
    line = scorer.model.threshold
    return len(changed), [
        Added(
            name=name,
            text=texts[name],
            substances=new.reasons.substances,
            p_before=old.p_offer,
            p_after=new.p_offer,
        )
        for name, old, new in scored
        if old.p_offer < line <= new.p_offer
    ]


def texts_of(file: Path | None, scorer: Scorer) -> dict[str, str]:
    """Return the ordinary texts of a measuring set, or of the starter set, by row."""
    if file is None:
        starter = load_starter(STARTER)
        return {f"{number}": each.text for number, each in enumerate(starter, start=1) if not each.label}
    labelled = read_labelled(file, read_corrections(), scorer.gazetteer)
    return {
        row.row_id: row.title for row in labelled if row.given_label in ORDINARY and row.corrected.label == 0
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, measure, print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profiles", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("file", nargs="?", type=Path, help="the measuring set, JSON lines [starter set]")
    parser.add_argument("--db", type=Path, default=DEFAULT_DATABASE, help="the database that knows the model")
    parser.add_argument("--show", action="store_true", help="print the texts too")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args(arguments)
    try:
        with open_store(chosen.db) as db:
            model = model_in_use(db)
        if model is None:
            raise NoModelInUse
        with open_scorer(model, database=chosen.db, keep_vectors=False) as scorer:
            texts = texts_of(chosen.file, scorer)
            changed, added = measure(texts, scorer)
    except StoreError as error:
        print(error, file=sys.stderr)
        return 1
    more = {
        "ordinary texts": f"{len(texts):,}, of which {changed:,} are read otherwise",
        "profiles": len(profiles()),
        "model": model.model_id,
    }
    for each in added:
        shown = f"  {each.text}" if chosen.show else ""
        more[each.name] = f"{each.p_before:.2f} -> {each.p_after:.2f}  {', '.join(each.substances)}{shown}"
    row = Limit(name="flagged only under all profiles", unit="texts", target=MOST_ADDED, ours=(len(added),))
    report([row], (), as_json=chosen.json, more=more)
    return 0


if __name__ == "__main__":
    sys.exit(main())
