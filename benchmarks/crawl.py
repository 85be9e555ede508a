"""A full saved crawl (fetch, extract, store) beside a bare Scrapy spider that yields only each page's title.

Both read the same files, each crawl in a process of its own, whose start and imports are not counted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.pages import write_pages
from benchmarks.rounds import HEADING, Ratio, alternate, machine

PACKAGES = ("scrapy", "scrapy-poet", "lxml", "sqlite-utils")


def measure(*, pages: int, rounds: int) -> Ratio:
    """Crawl at least so many pages in both ways, in turn, so many times each."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "pages"
        written = len(write_pages(folder, pages))
        ours, stock = alternate(
            lambda: written / _seconds("ours", folder), lambda: written / _seconds("stock", folder), rounds
        )
    return Ratio(name=f"crawl of {written:,} saved pages", unit="pages/s", target=0.5, ours=ours, stock=stock)


def _seconds(way: str, folder: Path) -> float:
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "benchmarks.crawl_once", way, str(folder), f"{scratch}/bench.db"]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crawl", description=__doc__)
    parser.add_argument("--pages", type=int, default=1_500, help="at least so many [1500]")
    parser.add_argument("--rounds", type=int, default=5, help="crawls in each way [5]")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    ratio = measure(pages=chosen.pages, rounds=chosen.rounds)
    if chosen.json:
        print(json.dumps({"machine": machine(PACKAGES), "ratios": [ratio.as_json()]}))
    else:
        print(machine(PACKAGES), HEADING, ratio.row(), sep="\n")


if __name__ == "__main__":
    main()
