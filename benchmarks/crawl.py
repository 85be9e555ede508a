"""Full crawls (fetch, extract, keep as evidence, store) beside a bare Scrapy spider that yields only titles.

Three crawls: of saved pages, of the same pages over HTTP from a server on this machine, and once more of them
when nothing has changed. Each is in a process of its own, whose start and imports are not counted.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.local_server import addresses, serving
from benchmarks.pages import write_pages
from benchmarks.rounds import Ratio, alternate, report

PAGES = 1_500
MEMORY_PAGES = 20_000
PAGES_OF_A_HOST = 50
PACKAGES = ("scrapy", "web-poet", "lxml", "sqlite-utils", "warcio")
UNITS = ("pages/s", "pages/CPU s")
"""A busy machine disturbs the second less."""
Speeds = tuple[float, float]


def measure(*, pages: int, rounds: int) -> list[Ratio]:
    """Crawl at least so many pages in every way, in turn, so many times each.

    Returns:
        The ratios of pages a second, and of pages a CPU second, for each of the three crawls.
    """
    return [*measure_saved(pages=pages, rounds=rounds), *measure_live(pages=pages, rounds=rounds)]


def measure_saved(*, pages: int, rounds: int) -> list[Ratio]:
    """Crawl saved pages."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "pages"
        written = len(write_pages(folder, pages))
        ours, stock = alternate(
            lambda: run_once("ours", str(folder), written),
            lambda: run_once("stock", str(folder), written),
            rounds,
        )
    return ratios(f"crawl, {written:,} saved pages", (0.5, 0.5), ours, stock)


def measure_live(*, pages: int, rounds: int) -> list[Ratio]:
    """Crawl pages over HTTP, at first and once more unchanged, without any pause between requests."""
    count = -(-pages // PAGES_OF_A_HOST)
    with serving() as port:
        asked, where = len(addresses(count, port)), f"{port}/{count}"
        ours, stock = alternate(
            lambda: _twice(where, asked), lambda: run_once("stock-live", where, asked), rounds
        )
    first, again = [each[0] for each in ours], [each[1] for each in ours]
    return [
        *ratios(f"crawl, {asked:,} pages over HTTP", (0.6, 0.6), first, stock),
        *ratios(f"recrawl, {asked:,} unchanged", (0.9, 0.9), again, stock),
    ]


def print_memory(pages: int) -> None:
    """Crawl so many pages over HTTP in one run, and print how much memory it holds every 1,000 pages."""
    with serving() as port, tempfile.TemporaryDirectory() as scratch:
        where = f"{port}/{pages // PAGES_OF_A_HOST}"
        print(f"{'PAGES':>7} {'RESIDENT MIB':>13}")
        with subprocess.Popen(
            _command("ours-memory", where, scratch), stdout=subprocess.PIPE, text=True
        ) as crawl:
            for line in crawl.stdout or ():
                first, second = line.split()
                if first.isdecimal():
                    print(f"{int(first):>7,} {int(second):>13,}", flush=True)


def ratios(
    name: str, targets: tuple[float | None, float | None], ours: list[Speeds], stock: list[Speeds]
) -> list[Ratio]:
    """Return the ratio of pages a second, and that of pages a CPU second."""
    return [
        Ratio(
            name=name,
            unit=unit,
            target=targets[at],
            ours=tuple(speeds[at] for speeds in ours),
            stock=tuple(speeds[at] for speeds in stock),
        )
        for at, unit in enumerate(UNITS)
    ]


def run_once(way: str, where: str, pages: int) -> Speeds:
    """Crawl once in a process of its own, and return pages a second, and a CPU second."""
    with tempfile.TemporaryDirectory() as scratch:
        return _speeds(way, where, pages, scratch)


def _twice(where: str, pages: int) -> tuple[Speeds, Speeds]:
    with tempfile.TemporaryDirectory() as scratch:
        first = _speeds("ours-live", where, pages, scratch)
        return first, _speeds("ours-live", where, pages, scratch)


def _speeds(way: str, where: str, pages: int, scratch: str) -> Speeds:
    done = subprocess.run(_command(way, where, scratch), check=True, stdout=subprocess.PIPE, text=True)
    seconds, cpu_seconds, _ = map(float, done.stdout.split())
    return pages / seconds, pages / cpu_seconds


def _command(way: str, where: str, scratch: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.crawl_once", way, where, f"{scratch}/bench.db"]


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crawl", description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES, help="at least so many [1500]")
    parser.add_argument("--rounds", type=int, default=5, help="crawls in each way [5]")
    parser.add_argument("--live", action="store_true", help="only those over HTTP")
    parser.add_argument(
        "--memory",
        type=int,
        nargs="?",
        const=MEMORY_PAGES,
        metavar="PAGES",
        help="print memory over so many pages [20000], and nothing else",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    if chosen.memory:
        print_memory(chosen.memory)
        return
    found = (measure_live if chosen.live else measure)(pages=chosen.pages, rounds=chosen.rounds)
    report(found, PACKAGES, as_json=chosen.json)


if __name__ == "__main__":
    main()
