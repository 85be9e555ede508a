"""One measured crawl in a process of its own; prints its seconds and CPU seconds. Run by `benchmarks.crawl`.

The clock begins when everything is imported and, in ours, the language model is loaded, which happens once a
process at the first page. It ends when the crawl has ended. Ours thus counts the opening of the archive and
the making of the store.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import scrapy
import web_poet
from scrapy.crawler import AsyncCrawlerProcess

from crawler.reading.page import read_page
from crawler.run import crawl_source
from crawler.sources import DeclaredSource
from listings.model import Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.http import Response


class TitleSpider(scrapy.Spider):
    """What one would write first: every file, and of each page its title."""

    name = "titles"

    def __init__(self, folder: Path) -> None:
        """Take the folder of saved pages."""
        super().__init__()
        self.folder = folder

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Ask for every saved page as a file."""
        for path in sorted(self.folder.rglob("*.html")):
            yield scrapy.Request(path.as_uri(), self.parse)

    def parse(self, response: Response) -> Iterator[dict[str, str | None]]:
        """Yield the title."""
        yield {"title": response.css("title::text").get()}


def crawl_stock(folder: Path) -> None:
    """Crawl a folder with the bare spider."""
    process = AsyncCrawlerProcess({"LOG_LEVEL": "WARNING"})
    process.crawl(TitleSpider, folder=folder)
    process.start()


def crawl_ours(folder: Path, database: Path) -> None:
    """Crawl a folder into a store: fetch, extract, record."""
    source = Source(
        source_id="bench", kind=SourceKind.SAVED, name="bench", supplied_by="-", supplied_on="2026-11-24"
    )
    crawl_source(database, DeclaredSource(source=source, archive=folder))


def warm_up() -> None:
    """Read one small page, so that what is loaded once a process is there before the clock starts."""
    body = b"<title>Oak chair</title><h1>Oak chair</h1><p>Price: 12.50 EUR. A sturdy chair made of oak.</p>"
    read_page(web_poet.HttpResponse(url="https://warm.example/", body=body, status=200))


def main() -> None:
    """Crawl the folder named second in the way named first, into the store named third if ours."""
    way, folder, database = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    warm_up()
    began, worked = time.perf_counter(), time.process_time()
    if way == "stock":
        crawl_stock(folder)
    else:
        crawl_ours(folder, database)
    print(time.perf_counter() - began, time.process_time() - worked)


if __name__ == "__main__":
    main()
