"""The spider of saved sources, which follows links in page order and has each page parsed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import scrapy
from scrapy import signals
from scrapy.exceptions import IgnoreRequest

from crawler.extract.page import ExtractedPage
from crawler.render.pages import ArchiveAnswers, PageDrawer
from crawler.run.crawled_page import MOST_PICTURES, CrawledPage
from crawler.workers.page_parser import PageJob
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.archives import Archive, SavedPage
    from crawler.render import Rendering
    from crawler.workers.page_parser import Parse


PAGE_META = "saved_page"
"""Key of `request.meta`, and so of `response.meta`, that holds the `SavedPage`."""
MOST_PICTURES_OF_PAGE = 100
MOST_UNDER_WAY = 8
"""Most pages fetched but not yet recorded: enough to keep workers busy, few enough to stop soon."""


class MarketplaceSpider(scrapy.Spider):
    """Crawls one source. Marketplaces differ in their page objects, never in their spider."""

    name = "marketplace"

    def __init__(
        self,
        *,
        archive: Archive,
        begin: tuple[str, ...],
        parse: Parse,
        rendering: Rendering | None = None,
        **kwargs: Any,
    ) -> None:
        """Take the archive and the start addresses; without any, every page of the archive is read.

        Pages are drawn from the archive alone, if at all, and parsed while the next pages are fetched.
        """
        super().__init__(**kwargs)
        self.archive = archive
        self.begin = begin
        self._parse_page = parse
        self._pictures: set[str] = set()
        """Addresses of pictures that were looked up."""
        self.room = asyncio.Semaphore(MOST_UNDER_WAY)
        self._turn = asyncio.Lock()
        """Serves the pages in the order of their requests, however long each takes to parse."""
        self._drawer = None
        if rendering:  # no request leaves for the pictures that the archive holds
            self._drawer = PageDrawer(replace(rendering, images=True), ArchiveAnswers(archive), parse)

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Request the first pages."""
        if self._drawer:
            self.crawler.signals.connect(self._drawer.close, signals.spider_closed)
        if self.begin:
            for url in self.begin:
                yield self._request(url)
            return
        for url in self.archive.urls():
            # Scrapy treats `?a=1&b=2` and `?b=2&a=1` as one page, but the archive has both.
            yield self._request(url).replace(dont_filter=True)

    async def parse(self, response: Response) -> AsyncIterator[Any]:
        """Parse a page and follow its links, in the order of the pages."""
        saved: SavedPage = response.meta[PAGE_META]
        async with self.room:
            parsing = asyncio.ensure_future(self._extracted(saved, response))
            async with self._turn:
                plain = CrawledPage(
                    url=response.url,
                    http_status=response.status,
                    saved=saved,
                    extracted=await parsing,
                    body=response.body,
                )
                pages = await self._drawer.drawn(plain, job_of(response)) if self._drawer else [plain]
                if self.begin:
                    for request in (each for page in pages for each in self._follow(page.extracted)):
                        yield request
                for page in pages:  # last, so that all its requests are out before it reaches the pipeline
                    yield replace(page, pictures=tuple(self._pictures_of(page.extracted, saved)))

    def _pictures_of(self, extracted: ExtractedPage, page: SavedPage) -> Iterator[SavedPage]:
        listings = [extracted.listing] if extracted.listing else extracted.rows
        named = dict.fromkeys(url for each in listings for url in each.content.images[:MOST_PICTURES])
        for url in [url for url in named if url not in self._pictures][:MOST_PICTURES_OF_PAGE]:
            self._pictures.add(url)
            if picture := self.archive.picture(url, page.url):
                yield picture

    async def failed(self, failure: Failure) -> AsyncIterator[CrawledPage]:
        """Record a page that could not be fetched, with the reason."""
        request: scrapy.Request = failure.request  # type: ignore[attr-defined]
        saved: SavedPage | None = request.meta.get(PAGE_META)
        reason = failure.getErrorMessage()
        if not isinstance(failure.value, IgnoreRequest):
            self.logger.error("page_failed", exc_info=failure.value)
        saved = saved if saved and saved.url == request.url else None  # may be the redirect that led here
        async with self.room, self._turn:
            yield CrawledPage(
                url=request.url,
                http_status=None,
                body=saved.body if saved else b"",
                saved=saved,
                extracted=ExtractedPage(
                    outcome=PageOutcome.UNREADABLE, sentence=f"It could not be fetched: {reason}"
                ),
            )

    async def _extracted(self, saved: SavedPage, response: Response) -> ExtractedPage:
        if saved.fault:
            return ExtractedPage(outcome=saved.fault, sentence=saved.sentence)
        return await self._parse_page(job_of(response))

    def _follow(self, extracted: ExtractedPage) -> Iterator[scrapy.Request]:
        wanted = [extracted.next_page or "", *(row.url for row in extracted.rows), *extracted.links]
        return (self._request(url) for url in dict.fromkeys(wanted) if url and url in self.archive)

    def _request(self, url: str) -> scrapy.Request:
        return scrapy.Request(url, callback=self.parse, errback=self.failed)


def job_of(response: Response) -> PageJob:
    """Return a response as a job for the parser."""
    return PageJob(
        url=response.url, body=response.body, status=response.status, headers=dict(response.headers)
    )


class RoomMiddleware:
    """Holds a request back while `MOST_UNDER_WAY` pages are under way."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the middleware of a crawl."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:  # noqa: ARG002 (Scrapy's signature)
        """Wait until another page may be fetched."""
        spider: Any = self._crawler.spider
        async with spider.room:
            pass
