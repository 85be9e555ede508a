"""From pages as the spider met them to rows of the store."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

from crawler.archives.urls import normal_url
from listings.model import Change, Page, PageOutcome
from listings.pages import SeenListing, record_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import Self

    from scrapy.crawler import Crawler

    from crawler.archives import Archive, ArchiveFault
    from crawler.reading.page import PageReading, ReadListing
    from crawler.spider import CrawledPage
    from listings.database import Database

RECORDER_SETTING = "PAGE_RECORDER"
"""Scrapy setting that holds the `Recorder` of a crawl."""


class Recorder:
    """Writes the pages of one run, each in its own transaction."""

    def __init__(
        self,
        db: Database,
        *,
        source_id: str,
        run_id: int,
        archive: Archive,
        now: Callable[[], datetime],
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Take the open store and what every page of this run has in common.

        Args:
            db: The open store.
            source_id: The source crawled.
            run_id: The run.
            archive: Every page that may be met.
            now: The clock.
            progress: Called after each page with (pages recorded so far, pages in the archive).
        """
        self._db = db
        self._source_id = source_id
        self._run_id = run_id
        self._archive = archive
        self._now = now
        self._progress = progress
        self._recorded = 0
        self._left_to_own_page: dict[str, ReadListing] = {}

    def record(self, crawled: CrawledPage) -> None:
        """Write one page and what was read on it.

        A row whose own page is in the archive is left to that page, which says more; if that page turns
        out to show no listing, the row stands for it.
        """
        saved, reading = crawled.saved, crawled.reading
        body = saved.body if saved else b""
        page = Page(
            run_id=self._run_id,
            source_id=self._source_id,
            url=crawled.url,
            fetched_at=self._now(),
            captured_at=saved.captured_at if saved else None,
            http_status=crawled.http_status,
            outcome=reading.outcome,
            sentence=reading.sentence,
            payload_sha256=hashlib.sha256(body).hexdigest(),
            payload_bytes=len(body),
            locator=saved.locator if saved else "",
        )
        record_page(self._db, page, self._listings_on(crawled.url, reading))
        self._recorded += 1
        if self._progress:
            self._progress(self._recorded, len(self._archive))

    def _listings_on(self, url: str, reading: PageReading) -> list[SeenListing]:
        row = self._left_to_own_page.pop(url, None)
        if reading.listing:
            return [SeenListing(url=reading.listing.url, content=reading.listing.content)]
        for each in reading.rows:
            if each.url in self._archive:
                self._left_to_own_page.setdefault(normal_url(each.url), each)
        rows = [each for each in reading.rows if each.url not in self._archive]
        return [
            SeenListing(url=each.url, content=each.content, is_row=True)
            for each in [*rows, *([row] if row else [])]
        ]

    def record_fault(self, fault: ArchiveFault) -> None:
        """Write an archive entry that could not be read so far as to know its URL."""
        page = Page(
            run_id=self._run_id,
            source_id=self._source_id,
            url=f"archive:{fault.locator}",
            fetched_at=self._now(),
            outcome=fault.outcome,
            sentence=fault.sentence,
            payload_sha256=hashlib.sha256(b"").hexdigest(),
            payload_bytes=0,
            locator=fault.locator,
        )
        record_page(self._db, page)

    def __deepcopy__(self, _: dict[int, object]) -> Self:
        """Return the recorder itself: Scrapy copies its settings, but an open store has one owner."""
        return self


class RecorderPipeline:
    """Scrapy's last step: hands each page to the recorder, and ends a crawl that cannot keep its pages."""

    def __init__(self, crawler: Crawler) -> None:
        """Take the crawler, whose settings hold the recorder."""
        self._crawler = crawler
        self._recorder: Recorder = crawler.settings[RECORDER_SETTING]
        self._closing: asyncio.Future[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the pipeline of a crawl."""
        return cls(crawler)

    def process_item(self, item: CrawledPage) -> CrawledPage:
        """Record one page."""
        try:
            self._recorder.record(item)
        except Exception as error:
            # Scrapy itself would log the error, go on, and call the crawl finished without the page.
            self._close(f"{item.url} could not be kept ({error})")
            raise
        return item

    def _close(self, reason: str) -> None:
        if self._crawler.engine and not self._closing:
            self._closing = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason=reason))


def sentence_for(outcomes: dict[PageOutcome, int], changes: dict[Change, int]) -> str:
    """Return what a crawl came to, for a person."""
    pages = ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in outcomes.items())
    listed = ", ".join(f"{count} {change}" for change, count in changes.items())
    return f"{sum(outcomes.values())} pages ({pages or 'none'}); listings: {listed}."
