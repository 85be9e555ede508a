"""Live pages that scripts draw, crawled with `render`: pages a minute, and memory, which must not grow.

The site is on this machine, and the permitted pause between its requests is a millisecond. Each page asks for
its data, and is kept with its document and screenshot. Memory is that of the crawl and of the browser, all
processes together, without what they share with files.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import psutil

from benchmarks.rounds import Limit, Rate, report
from crawler.live.permission import Limits
from crawler.render import Rendering
from crawler.render.browser import resident_bytes
from crawler.run.run import crawl_source
from crawler.sources.sources import DeclaredSource
from fixtures.misbehaving.drawn import DRAW, item_json, shell
from fixtures.misbehaving.server import LOOPBACK, serving
from store.crawl.sources import Basis, Permission
from store.database import open_database
from store.model import Source, SourceKind
from store.times import utc_now

if TYPE_CHECKING:
    from fixtures.misbehaving.server import Answer

PAGES = 500
PER_MINUTE = 30
"""Pages a minute aimed at, on two cores."""
LIMIT = 1_500
"""Greatest memory aimed at, in MiB."""
FLAT = 100
"""MiB by which the last quarter of the pages may stand above the second."""
HOST = "drawn.example"
PACKAGES = ("playwright", "scrapy")


def play(answer: Answer) -> None:
    """Answer with a page that shows nothing until its script has asked for its data."""
    if answer.path.startswith("/api/"):
        answer.give(item_json("1"), content_type="application/json")
    elif answer.path == "/app.js":
        answer.give(DRAW.encode(), content_type="text/javascript")
    elif answer.path == "/robots.txt":
        answer.give(b"", 404)
    else:
        answer.give(shell("/app.js"))


def declare(starts: tuple[str, ...], scope: str) -> DeclaredSource:
    """Return the site as a source whose pages are drawn."""
    today = utc_now().date()
    permission = Permission(
        basis=Basis.OWN_SITE,
        reference="Benchmark",
        approved_by="the benchmark",
        valid_from=today,
        valid_until=today + timedelta(days=1),
        scope=(scope,),
        contact="https://benchmark.example/",
        seconds_between_requests=0.001,
        max_pages=10 * len(starts),
        private_addresses=(LOOPBACK,),
    )
    return DeclaredSource(
        source=Source(
            source_id="drawn", kind=SourceKind.LIVE, name="drawn", supplied_by="-", supplied_on="-"
        ),
        start=starts,
        permission=permission,
        limits=Limits(seconds_between_requests=0.001, at_once=4),
        rendering=Rendering(),
    )


def crawl(database: Path, source: DeclaredSource) -> None:
    """Crawl in this process."""
    crawl_source(database, source, names={HOST: (LOOPBACK,)})


def measure(pages: int) -> tuple[float, list[int], int]:
    """Crawl so many pages, and return the seconds, the memory each second in MiB, and the pages drawn."""
    with serving() as server, tempfile.TemporaryDirectory() as scratch:
        server.hosts[HOST] = play
        starts = [server.url(HOST, f"/item/{number}") for number in range(pages)]
        source = declare(tuple(starts), server.url(HOST))
        database = Path(scratch) / "store.db"
        child = multiprocessing.get_context("spawn").Process(target=crawl, args=(database, source))
        began, memory, ended = time.monotonic(), [], threading.Event()
        child.start()

        def watch() -> None:
            root = psutil.Process(child.pid)
            while not ended.wait(1.0):
                memory.append(sum(map(resident_bytes, [root, *root.children(recursive=True)])) // 2**20)

        watching = threading.Thread(target=watch)
        watching.start()
        child.join()
        ended.set()
        watching.join()
        with closing(open_database(database)) as db:
            drawn = db.execute("SELECT count(*) FROM page_drawings").fetchone()[0]
        return time.monotonic() - began, memory, drawn


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.render", description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES, help=f"so many [{PAGES}]")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    seconds, memory, drawn = measure(chosen.pages)
    quarter = max(1, len(memory) // 4)
    grown = median(memory[-quarter:]) - median(memory[quarter : 2 * quarter] or memory)
    report(
        [
            Rate(name="pages drawn", unit="pages/min", target=PER_MINUTE, ours=(60 * drawn / seconds,)),
            Limit(name="memory, crawl and browser", unit="MiB", target=LIMIT, ours=(max(memory),)),
            Limit(name="memory, last over second quarter", unit="MiB", target=FLAT, ours=(grown,)),
        ],
        PACKAGES,
        as_json=chosen.json,
        more={"pages drawn": f"{drawn:,} of {chosen.pages:,}"},
    )


if __name__ == "__main__":
    main()
