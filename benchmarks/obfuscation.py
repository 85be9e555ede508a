"""How much recall the model in use loses when the titles of offers are obfuscated, and what it flags instead.

Run: `python -m benchmarks.obfuscation FILE [--db PATH | --reading] [--positive LABEL,...] [--json]`

With `--reading` no model is asked: a title counts as flagged when it is read to offer a listed substance.

Every title is scored alone and plain, then under each transformation. Where the file has a `cas` column, each
number in it stands for one title more, of a listing that gives only the number: `CAS 8008-57-9`. A
transformation is measured on the titles it changes, against the same titles left plain.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from classifier.errors import NoModelInUse
from classifier.features.evidence import read_all
from classifier.gazetteer import default_gazetteer
from classifier.scoring import open_scorer
from classifier.training.examples import read_rows, row_text
from cli.options import DEFAULT_DATABASE
from cli.output import open_store, print_json, print_table
from fixtures.transformations import TRANSFORMATIONS
from store.errors import StoreError
from store.scores.scores import model_in_use

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fixtures.transformations.changing import Transformation
    from store.model import Model

    Flag = Callable[[Sequence[str]], list[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What one transformation does to the flags."""

    transformation: str
    offers: int
    """Titles of offers that it changes."""
    recall_plain: float
    """Share of these that are flagged as they were written, from 0 to 1."""
    recall_obfuscated: float
    """Share of these that are flagged once obfuscated."""
    negatives: int
    """Other titles that it changes."""
    flags_added: int
    """Of these, the ones that are flagged only once obfuscated."""


def measure(offers: Sequence[str], negatives: Sequence[str], flag: Flag, *, seed: int) -> list[Loss]:
    """Return the loss under each transformation.

    Args:
        offers: Titles of listings that offer a controlled precursor.
        negatives: Titles of other listings.
        flag: Says of each title whether the model flags it.
        seed: Decides what the transformations change.
    """
    plain_offers, plain_negatives = flag(offers), flag(negatives)
    losses = []
    for name, way in TRANSFORMATIONS.items():
        changed, before, after = _compare(offers, plain_offers, way, flag, seed=seed)
        touched, quiet, loud = _compare(negatives, plain_negatives, way, flag, seed=seed)
        losses.append(
            Loss(
                transformation=name,
                offers=changed,
                recall_plain=sum(before) / max(changed, 1),
                recall_obfuscated=sum(after) / max(changed, 1),
                negatives=touched,
                flags_added=sum(new and not old for old, new in zip(quiet, loud, strict=True)),
            )
        )
    return losses


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the titles of a file and print the result; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        offers, negatives = titles_of(options.file, set(options.positive.split(",")))
        sample = Random(options.seed).sample(negatives, min(options.negatives, len(negatives)))
        if options.reading:
            who, losses = "reading", measure(offers, sample, reads_an_offer, seed=options.seed)
        else:
            with open_store(options.db) as db:
                model = model_in_use(db)
            if model is None:
                raise NoModelInUse
            who = model.model_id
            losses = _measure_with(model, offers, sample, database=options.db, seed=options.seed)
    except StoreError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        found = [asdict(loss) for loss in [*losses, overall(losses)]]
        print_json({"model_id": who, "seed": options.seed, "losses": found})
    else:
        _print_losses([*losses, overall(losses)])
    return 0


def overall(losses: Sequence[Loss]) -> Loss:
    """Return all transformations as one, each title counted as often as it was changed."""
    offers = sum(loss.offers for loss in losses)
    plain = sum(loss.recall_plain * loss.offers for loss in losses)
    obfuscated = sum(loss.recall_obfuscated * loss.offers for loss in losses)
    return Loss(
        transformation="overall",
        offers=offers,
        recall_plain=plain / max(offers, 1),
        recall_obfuscated=obfuscated / max(offers, 1),
        negatives=sum(loss.negatives for loss in losses),
        flags_added=sum(loss.flags_added for loss in losses),
    )


def reads_an_offer(titles: Sequence[str]) -> list[bool]:
    """Return whether each title is read to offer a listed substance."""
    return [bool(each.offered) for each in read_all(titles, default_gazetteer())]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.obfuscation", description=__doc__)
    parser.add_argument("file", type=Path, help="JSONL or CSV with title and label.")
    parser.add_argument(
        "--db", type=Path, default=DEFAULT_DATABASE, help="The database that knows the model."
    )
    parser.add_argument("--reading", action="store_true", help="Measure the reading alone, without a model.")
    parser.add_argument("--positive", default="1", help="Labels that count as offers, with commas between.")
    parser.add_argument("--negatives", type=int, default=500, help="How many other titles to sample.")
    parser.add_argument("--seed", type=int, default=0, help="Decides the sample and the changes.")
    parser.add_argument("--json", action="store_true", help="Print JSON instead of a table.")
    return parser


def titles_of(file: Path, positive: set[str]) -> tuple[list[str], list[str]]:
    """Return the titles of the offers and of all others, and their CAS numbers as titles, each text once."""
    offers: dict[str, None] = {}
    others: dict[str, None] = {}
    for _, row in read_rows(file):
        titles = offers if str(row.get("label")) in positive else others
        titles[row_text({"title": row.get("title")})] = None
        if row.get("cas"):
            titles[f"CAS {row['cas']}"] = None
    return list(offers), [title for title in others if title not in offers]


def _measure_with(
    model: Model, offers: Sequence[str], negatives: Sequence[str], *, database: Path, seed: int
) -> list[Loss]:
    # Vectors of texts that nobody wrote are not worth keeping beside the store.
    with open_scorer(model, database=database, keep_vectors=False) as scorer:

        def flag(titles: Sequence[str]) -> list[bool]:
            return [scored.p_offer >= model.threshold for scored in scorer.score(titles)]

        return measure(offers, negatives, flag, seed=seed)


def _compare(
    titles: Sequence[str], plain: Sequence[bool], way: Transformation, flag: Flag, *, seed: int
) -> tuple[int, list[bool], list[bool]]:
    """Return how many titles change, and whether each of them is flagged before and after."""
    pairs = [
        (way(title, Random(f"{seed}:{title}")), title, flagged)
        for title, flagged in zip(titles, plain, strict=True)
    ]
    changed = [(new, flagged) for new, old, flagged in pairs if new != old]
    after = flag([new for new, _ in changed]) if changed else []
    return len(changed), [flagged for _, flagged in changed], after


def _print_losses(losses: Sequence[Loss]) -> None:
    headings = ("transformation", "offers", "plain", "after", "lost", "others", "flags added")
    rows = [
        (
            loss.transformation,
            str(loss.offers),
            f"{loss.recall_plain:.3f}",
            f"{loss.recall_obfuscated:.3f}",
            f"{100 * (loss.recall_plain - loss.recall_obfuscated):+.1f}",
            str(loss.negatives),
            f"{loss.flags_added} ({100 * loss.flags_added / max(loss.negatives, 1):.2f} %)",
        )
        for loss in losses
    ]
    print_table(headings, rows)
    print("plain, after: recall of the changed offers; lost: percentage points.")


if __name__ == "__main__":
    sys.exit(main())
