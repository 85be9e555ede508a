"""One measured crawl in a process of its own, run by `benchmarks.crawl`.

It prints seconds, CPU seconds of the crawl and of the process that reads its pages together, and those of the
latter alone.

Ways: `stock` and `ours` read a folder of saved pages, `stock-live` and `ours-live` ask
`benchmarks.local_server` for the same, given as `PORT/HOSTS`; `ours-memory` too, and prints its memory.

The clock begins when everything is imported and, in ours, the language model is loaded, which happens once a
process at the first page. It ends when the crawl has ended. Ours thus counts the opening of the archive and
the making of the store.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import scrapy
import web_poet
from scrapy.crawler import AsyncCrawlerProcess

from benchmarks.local_server import addresses, hosts
from crawler.extract.page import extract_page
from crawler.live import crawl as _crawl  # noqa: F401 (before the clock begins, and Scrapy's HTTP with it)
from crawler.live.permission import Limits
from crawler.run.run import crawl_source
from crawler.sources.sources import DeclaredSource
from crawler.workers import CrawlSettings
from crawler.workers.pool import parsing
from store import times
from store.crawl.sources import Permission
from store.model import Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from scrapy.http import Response


class TitleSpider(scrapy.Spider):
    """What one would write first: every page, and of each its title."""

    name = "titles"

    def __init__(self, urls: Sequence[str]) -> None:
        """Take the addresses."""
        super().__init__()
        self.urls = urls

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Ask for every page."""
        for url in self.urls:
            yield scrapy.Request(url, self.parse)

    def parse(self, response: Response) -> Iterator[dict[str, str | None]]:
        """Yield the title."""
        yield {"title": response.css("title::text").get()}


def crawl_stock(urls: Sequence[str]) -> None:
    """Crawl with the bare spider, as Scrapy comes."""
    process = AsyncCrawlerProcess({"LOG_LEVEL": "WARNING"})
    process.crawl(TitleSpider, urls=urls)
    process.start()


def crawl_ours(folder: Path, database: Path) -> None:
    """Crawl a folder into a store: fetch, extract, keep, record."""
    with parsing(CrawlSettings()) as parse:
        crawl_source(database, declared_pages(folder), parse=parse)


def declared_pages(folder: Path) -> DeclaredSource:
    """Return a folder of pages as a source."""
    return DeclaredSource(source=_source(SourceKind.SAVED), archive=folder)


def crawl_ours_live(
    homes: Sequence[str], database: Path, progress: Callable[[int, int], None] | None
) -> None:
    """Crawl hosts into a store from their front pages on, without pause, as a bare spider does."""
    today = times.utc_now().date()
    permission = Permission(
        basis="own_site",
        reference="benchmark",
        approved_by="whoever runs it",
        valid_from=today,
        valid_until=today + timedelta(days=1),
        scope=tuple(homes),
        contact="https://bench.example/",
        seconds_between_requests=1e-6,
        at_once=8,
        max_pages=10**6,
        max_bytes=10**12,
        private_addresses=("127.1.0.0/16",),
    )
    limits = Limits(
        seconds_between_requests=1e-6,
        at_once=8,
        max_pages=10**6,
        max_bytes=10**12,
        barren_pages=10**6,  # each host says what the others say
    )
    declared = DeclaredSource(
        source=_source(SourceKind.LIVE),
        start=tuple(f"{home}/" for home in homes),
        permission=permission,
        limits=limits,
    )
    with parsing(CrawlSettings()) as parse:
        crawl_source(database, declared, progress=progress, parse=parse)


def print_memory(every: int) -> Callable[[int, int], None]:
    """Return a progress function that prints pages and resident memory at intervals."""

    def show(done: int, _: int) -> None:
        if done % every == 0:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            print(done, pages * resource.getpagesize() // 2**20, flush=True)

    return show


def _source(kind: SourceKind) -> Source:
    return Source(source_id="bench", kind=kind, name="bench", supplied_by="-", supplied_on="2026-11-24")


def warm_up() -> None:
    """Read one small page, so that what is loaded once a process is there before the clock starts."""
    words = b"A sturdy chair made of oak, kept in a dry room by the family that had it made. " * 5
    body = b"<title>Oak chair</title><h1>Oak chair</h1><p>Price: 12.50 EUR.</p><p>" + words + b"</p>"
    extract_page(web_poet.HttpResponse(url="https://warm.example/", body=body, status=200))


def main() -> None:
    """Crawl what is named second in the way named first, into the store named third if ours."""
    way, where, database = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    warm_up()
    port, _, count = where.partition("/") if way.endswith(("live", "memory")) else ("0", "", "0")
    homes = hosts(int(count), int(port))
    urls = addresses(int(count), int(port)) if way == "stock-live" else []
    if way == "stock":
        urls = [path.as_uri() for path in sorted(Path(where).rglob("*.html"))]
    began, (worked, read) = time.perf_counter(), _cpu_seconds()
    if way.startswith("stock"):
        crawl_stock(urls)
    elif way == "ours":
        crawl_ours(Path(where), database)
    else:
        crawl_ours_live(homes, database, print_memory(1_000) if way == "ours-memory" else None)
    seconds, (works, reads) = time.perf_counter() - began, _cpu_seconds()
    print(seconds, works - worked, reads - read)


def _cpu_seconds() -> tuple[float, float]:
    """Return what this process and those of its children that have ended have used, and the latter alone."""
    used = os.times()
    return sum(used[:4]), used.children_user + used.children_system


if __name__ == "__main__":
    main()
