"""What every profile of the law adds to the flags among ordinary listings.

    python -m benchmarks.profiles ../shared/data/listings-dev.jsonl [--show]

Scores the titles of ordinary goods in FILE under the default profile and under all profiles at once, with the
model in use, and names each row that only the wider law flags, with the substance. Only rows that are read
otherwise under the wider law are scored, because the score of the others is the same.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.labelled_rows import ORDINARY, LabelledRow, read_corrections, read_labelled
from classifier.errors import NoModelInUse
from classifier.gazetteer import Law, default_gazetteer, gazetteer_of, profiles
from classifier.reading import find_mentions
from classifier.scoring import open_scorer
from cli.options import DEFAULT_DATABASE
from cli.output import open_store
from store.errors import StoreError
from store.scores.scores import model_in_use

if TYPE_CHECKING:
    from collections.abc import Sequence

    from classifier.scoring import Scorer

EVERYTHING = Law(instruments=profiles())


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A row that only the wider law flags."""

    row: LabelledRow
    substances: tuple[str, ...]
    p_before: float
    p_after: float


def measure(rows: Sequence[LabelledRow], scorer: Scorer) -> tuple[int, list[Added]]:
    """Return how many rows are read otherwise under all profiles, and those that only they flag."""
    titles = [row.title for row in rows]
    before, after = (find_mentions(titles, each) for each in (default_gazetteer(), gazetteer_of(EVERYTHING)))
    changed = [
        row
        for row, old, new in zip(rows, before, after, strict=True)
        if [each.substance and each.substance.key for each in old]
        != [each.substance and each.substance.key for each in new]
    ]
    wider = replace(scorer, gazetteer=gazetteer_of(EVERYTHING))
    texts = [row.title for row in changed]
    scored = zip(changed, scorer.score(texts), wider.score(texts), strict=True)
    line = scorer.model.threshold
    return len(changed), [
        Added(row=row, substances=new.reasons.substances, p_before=old.p_offer, p_after=new.p_offer)
        for row, old, new in scored
        if old.p_offer < line <= new.p_offer
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, measure, print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profiles", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("file", type=Path, help="the measuring set, JSON lines")
    parser.add_argument("--db", type=Path, default=DEFAULT_DATABASE, help="the database that knows the model")
    parser.add_argument("--show", action="store_true", help="print the titles of the rows too")
    chosen = parser.parse_args(arguments)
    try:
        with open_store(chosen.db) as db:
            model = model_in_use(db)
        if model is None:
            raise NoModelInUse
        with open_scorer(model, database=chosen.db, keep_vectors=False) as scorer:
            labelled = read_labelled(chosen.file, read_corrections(), scorer.gazetteer)
            rows = [row for row in labelled if row.given_label in ORDINARY and row.corrected.label == 0]
            changed, added = measure(rows, scorer)
    except StoreError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"{len(rows):,} ordinary listings, of which {changed:,} are read otherwise under all profiles "
        f"({len(profiles())})"
    )
    print(f"{len(added)} are flagged only by the wider law (model {model.model_id})")
    for each in added:
        title = f"  {each.row.title}" if chosen.show else ""
        named = ", ".join(each.substances)
        print(f"  {each.row.row_id}  {each.p_before:.2f} -> {each.p_after:.2f}  {named}{title}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
