"""Reading texts against the gazetteer, in texts per second of one core.

The *pass* finds listed names and numbers: folding, one automaton over all names, what stands around each
hit, and what is hidden in leetspeak, masks and cut-off titles. *Read in full* adds the signs of trade and
whether a substance is offered. Beside the pass stands what one would write instead: one regular expression of
all names, which finds nothing misspelt, masked, spelled out or in another script.

Time is processor time, so that other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.rounds import Rate, Ratio, alternate, report
from benchmarks.scoring import choose_texts
from classifier.gazetteer import load_gazetteer
from classifier.reading import find_mentions, read_texts
from classifier.training.examples import json_object, row_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from classifier.gazetteer import Gazetteer

PACKAGES = ("ahocorasick-rs",)
TARGET = 20_000
TEXTS = 4_000
STOCK_TEXTS = 100
"""The regular expression is measured on fewer: it is slow."""
SEED = 0


def measure(texts: Sequence[str], *, rounds: int) -> list[Ratio | Rate]:
    """Read the texts so many times in each way."""
    gazetteer = load_gazetteer()
    stock = _stock(gazetteer)
    read_texts(texts[:1], gazetteer)  # compiles it
    few = texts[:STOCK_TEXTS]
    ours, theirs = alternate(
        lambda: _speed(lambda: find_mentions(texts, gazetteer), len(texts)),
        lambda: _speed(lambda: [stock.findall(text) for text in few], len(few)),
        rounds,
    )
    full = [_speed(lambda: read_texts(texts, gazetteer), len(texts)) for _ in range(rounds)]
    name = f"gazetteer pass, {len(texts):,} texts"
    return [
        Rate(name=name, unit="texts/s", target=TARGET, ours=tuple(ours)),
        Ratio(
            name="gazetteer pass: one regex of names",
            unit="texts/s",
            target=1.0,
            ours=tuple(ours),
            stock=tuple(theirs),
        ),
        Rate(name="read in full", unit="texts/s", target=TARGET / 2, ours=tuple(full)),
    ]


def texts_of(path: Path, number: int) -> list[str]:
    """Return so many texts of a JSONL file of listings, chosen by chance."""
    with path.open("rb") as lines:
        texts = [row_text(json_object(path.name, number, line)) for number, line in enumerate(lines, start=1)]
    random.Random(SEED).shuffle(texts)
    return texts[:number]


def _stock(gazetteer: Gazetteer) -> re.Pattern[str]:
    names = {name.text for substance in gazetteer.substances for name in substance.names}
    ordered = sorted(names | set(gazetteer.by_cas), key=lambda name: (-len(name), name))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, ordered))})\b", re.IGNORECASE)


def _speed(work: Callable[[], object], texts: int) -> float:
    began = time.process_time()
    work()
    return texts / (time.process_time() - began)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gazetteer", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="listings as JSONL [fixtures and starter set]")
    parser.add_argument("--texts", type=int, default=TEXTS, help="how many are read [4000]")
    parser.add_argument("--rounds", type=int, default=5, help="readings in each way [5]")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    texts = texts_of(chosen.file, chosen.texts) if chosen.file else choose_texts(chosen.texts)
    rows = measure(texts, rounds=chosen.rounds)
    report(rows, PACKAGES, as_json=chosen.json)


if __name__ == "__main__":
    main()
