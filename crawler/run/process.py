"""One Scrapy crawl in this process, from settings to how it ended. Twisted allows one per process."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from scrapy.crawler import AsyncCrawlerProcess

from crawler.errors import CrawlError
from crawler.markets import find_markets
from crawler.run.recorder import RECORDER_SETTING
from store.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy import Spider
    from scrapy.crawler import Crawler

    from crawler.run.spider import CrawledPage


class CrawlBroken(CrawlError):
    """Scrapy ended a crawl for another reason than having finished it."""

    def __init__(self, source_id: str, reason: str) -> None:
        super().__init__(
            f"The crawl of {source_id} ended early: {reason.rstrip('.')}. What it had read is kept; run it "
            "again, and it begins anew."
        )


class CrawlStopped(Interrupted):
    """A crawl was asked to stop (SIGTERM, SIGINT) before it had finished."""

    def __init__(self, source_id: str) -> None:
        super().__init__(f"The crawl of {source_id} was stopped; it goes on at the next start.")


class PageSink(Protocol):
    """What takes the pages that the spider met: the recorder, or what stands in its place."""

    error: str
    """Why it takes no more; empty while it does."""

    @property
    def is_full(self) -> bool:
        """Whether it is time to flush."""

    def record(self, crawled: CrawledPage) -> None:
        """Take one page."""

    def flush(self) -> None:
        """Write or hand on what was taken."""

    async def flush_aside(self) -> None:
        """Do so while the crawl goes on."""

    def finish(self) -> None:
        """Do so with the last of it."""


def run_spider(
    source_id: str,
    settings: Mapping[str, Any],
    recorder: PageSink,
    spider: type[Spider],
    **arguments: Any,
) -> str:
    """Crawl to the end, and have the recorder write all that was met.

    Args:
        source_id: For messages.
        settings: Scrapy's.
        recorder: Of the crawl's pages.
        spider: Its class.
        **arguments: The spider's.

    Returns:
        Scrapy's reason for the end: `finished`, or what one of ours closed the crawl with.

    Raises:
        CrawlStopped: If the process was asked to stop.
        CrawlBroken: If a page could not be kept, or Scrapy or the spider failed.
    """
    find_markets()
    process = AsyncCrawlerProcess({**settings, RECORDER_SETTING: recorder})
    # Its level is that of the handler alone; without this every page makes records that nobody sees.
    logging.getLogger("scrapy").setLevel(process.settings["LOG_LEVEL"])
    crawler = process.create_crawler(spider)
    task = process.crawl(crawler, **arguments)
    process.start()
    if not recorder.error:
        recorder.flush()
    if not task.done():  # the second signal made Scrapy leave at once
        raise CrawlStopped(source_id)
    if failure := task.exception():
        raise CrawlBroken(source_id, str(failure)) from failure
    if recorder.error:
        raise CrawlBroken(source_id, recorder.error)
    reason = _reason(source_id, crawler)
    recorder.finish()
    return reason


def _reason(source_id: str, crawler: Crawler) -> str:
    stats = crawler.stats.get_stats() if crawler.stats else {}
    reason = str(stats.get("finish_reason"))
    # Scrapy gives the same reason for a signal and for its own breakdown; only the latter logs errors.
    if reason == "shutdown" and not stats.get("log_count/ERROR"):
        raise CrawlStopped(source_id)
    if stats.get("spider_exceptions/count") or reason == "shutdown":
        raise CrawlBroken(source_id, f"{reason}, see the log")
    return reason
