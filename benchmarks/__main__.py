"""Every benchmark, one after the other, in one table: `python -m benchmarks`, or `make bench`."""

from __future__ import annotations

import argparse
import json

from benchmarks import crawl, gazetteer, scoring
from benchmarks.rounds import HEADING, machine


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of each benchmark [3]")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    ratios = [
        *crawl.measure(pages=crawl.PAGES, rounds=chosen.rounds),
        *scoring.measure(texts=scoring.TEXTS, rounds=chosen.rounds),
        *gazetteer.measure(scoring.choose_texts(gazetteer.TEXTS), rounds=chosen.rounds),
    ]
    here = machine([*crawl.PACKAGES, *scoring.PACKAGES, *gazetteer.PACKAGES])
    if chosen.json:
        print(json.dumps({"machine": here, "ratios": [ratio.as_json() for ratio in ratios]}))
    else:
        print(here, HEADING, *(ratio.row() for ratio in ratios), sep="\n")


if __name__ == "__main__":
    main()
