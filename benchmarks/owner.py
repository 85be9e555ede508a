"""What bounds a cluster: pages that a core reads, and pages that the one owner of the store keeps.

Both halves of a crawl on a cluster (`crawler.run.remote`, `crawler.run.remote`) over the same
saved pages, in
processor time, so that other work counts little. Their ratio is how many reading cores keep one owner busy.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from benchmarks.crawl_once import declared_pages
from benchmarks.pages import write_pages
from benchmarks.rounds import Rate, report
from crawler.run.remote import message_from, read_remotely
from crawler.run.run import crawl_source
from crawler.workers import CrawlSettings

PACKAGES = ("scrapy", "lxml", "sqlite-utils", "warcio")
PAGES = 1_500


def measure(*, pages: int, rounds: int) -> list[Rate]:
    """Read and keep the pages so many times."""
    read, kept = [], []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "pages"
        written = len(write_pages(folder, pages))
        declared = declared_pages(folder)
        for number in range(rounds):
            before = _children_s()
            sent = list(read_remotely(declared, CrawlSettings()))
            read.append(written / (_children_s() - before))
            began = time.process_time()
            crawl_source(Path(scratch) / f"{number}.db", declared, messages=map(message_from, sent))
            kept.append(written / (time.process_time() - began))
    return [
        Rate(name=f"{name}, {written:,} pages", unit="pages/CPU s", target=None, ours=tuple(speeds))
        for name, speeds in (("read by a core", read), ("kept by the owner", kept))
    ]


def _children_s() -> float:
    """Return the processor time of all children that have ended; a reader's start and imports count."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.owner", description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES, help="at least so many [1500]")
    parser.add_argument("--rounds", type=int, default=3, help="of each [3]")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    report(measure(pages=chosen.pages, rounds=chosen.rounds), PACKAGES, as_json=chosen.json)


if __name__ == "__main__":
    main()
