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

PAGES = 1_500
PACKAGES = ("scrapy", "web-poet", "lxml", "sqlite-utils")


def measure(*, pages: int, rounds: int) -> list[Ratio]:
    """Crawl at least so many pages in both ways, in turn, so many times each.

    Returns:
        The ratio of pages a second, and of pages a CPU second, which a busy machine disturbs less.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "pages"
        written = len(write_pages(folder, pages))
        ours, stock = alternate(
            lambda: _speeds("ours", folder, written), lambda: _speeds("stock", folder, written), rounds
        )
    name = f"crawl, {written:,} saved pages"
    return [
        Ratio(
            name=name,
            unit=unit,
            target=0.5,
            ours=tuple(speeds[at] for speeds in ours),
            stock=tuple(speeds[at] for speeds in stock),
        )
        for at, unit in enumerate(("pages/s", "pages/CPU s"))
    ]


def _speeds(way: str, folder: Path, pages: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "benchmarks.crawl_once", way, str(folder), f"{scratch}/bench.db"]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    seconds, cpu_seconds = map(float, done.stdout.split())
    return pages / seconds, pages / cpu_seconds


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crawl", description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES, help="at least so many [1500]")
    parser.add_argument("--rounds", type=int, default=5, help="crawls in each way [5]")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    ratios = measure(pages=chosen.pages, rounds=chosen.rounds)
    if chosen.json:
        print(json.dumps({"machine": machine(PACKAGES), "ratios": [ratio.as_json() for ratio in ratios]}))
    else:
        print(machine(PACKAGES), HEADING, *(ratio.row() for ratio in ratios), sep="\n")


if __name__ == "__main__":
    main()
