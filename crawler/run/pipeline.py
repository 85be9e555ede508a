"""Scrapy's last step: hands each page to the recorder, and ends a crawl that cannot keep its pages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from crawler.run.recorder import RECORDER_SETTING, CannotKeep, Recorder

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

    from crawler.run.spider import CrawledPage

FLUSH_AFTER_S = 1.0
"""Longest time that a page waits for others to be written with: what a kill costs at most."""


class RecorderPipeline:
    """Records pages, and sees to it that none waits long to be written."""

    def __init__(self, crawler: Crawler) -> None:
        """Take the crawler, whose settings hold the recorder."""
        self._crawler = crawler
        self._recorder: Recorder = crawler.settings[RECORDER_SETTING]
        self._closing: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Future[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the pipeline of a crawl."""
        return cls(crawler)

    async def process_item(self, item: CrawledPage) -> CrawledPage:
        """Record one page; wait when a batch is full while the one before is still being written.

        Once one could not be kept, the others that are under way are let pass: one sentence says why.
        """
        if self._recorder.error:
            return item
        try:
            self._recorder.record(item)
        except Exception as error:  # noqa: BLE001 (the crawl's end tells it)
            self._recorder.give_up(item.url, error)
            self._close(self._recorder.error)
            return item
        if self._recorder.is_full:
            if self._flushing:
                await self._flushing
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_AFTER_S, self._flush)
        return item

    async def close_spider(self) -> None:
        """Write what still waits."""
        while self._flushing:  # the timer may have begun the next before this goes on
            await self._flushing
        if self._timer:
            self._timer.cancel()
        await self._write()

    def _flush(self) -> None:
        """Begin to write what waits, unless that is under way."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._flushing is None:
            self._flushing = asyncio.ensure_future(self._write())
            self._flushing.add_done_callback(self._flushed)
        else:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_AFTER_S, self._flush)

    def _flushed(self, _: asyncio.Future[None]) -> None:
        self._flushing = None

    async def _write(self) -> None:
        try:
            await self._recorder.flush_aside()
        except CannotKeep as error:
            # Scrapy itself would log the error, go on, and call the crawl finished without the page.
            self._close(str(error))

    def _close(self, reason: str) -> None:
        if self._crawler.engine and not self._closing:
            self._closing = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason=reason))
