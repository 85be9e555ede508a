"""Run one Scrapy crawl in this process, from its settings to its end. Twisted allows one per process."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.logformatter import LogFormatter
from scrapy.settings import default_settings

from crawler.errors import CrawlError
from crawler.markets import find_markets
from crawler.run.recorder import RECORDER_SETTING, RecorderPipeline
from store.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy import Spider
    from scrapy.crawler import Crawler

    from crawler.run.spider import CrawledPage

_DOWNLOADER = "scrapy.downloadermiddlewares"
_SPIDER = "scrapy.spidermiddlewares"
_EXTENSION = "scrapy.extensions"
# Middlewares that matter to a server only, and cost time for every page.
MIDDLEWARES: dict[Any, int | None] = {
    f"{_DOWNLOADER}.defaultheaders.DefaultHeadersMiddleware": None,
    f"{_DOWNLOADER}.downloadtimeout.DownloadTimeoutMiddleware": None,
    f"{_DOWNLOADER}.httpauth.HttpAuthMiddleware": None,
    f"{_DOWNLOADER}.offsite.OffsiteMiddleware": None,
    f"{_DOWNLOADER}.useragent.UserAgentMiddleware": None,
}
# Each is one more generator through which everything on a page passes.
SPIDER_MIDDLEWARES: dict[Any, int | None] = {
    f"{_SPIDER}.depth.DepthMiddleware": None,
    f"{_SPIDER}.httperror.HttpErrorMiddleware": None,  # a 404 is a page outcome, not a silence
    f"{_SPIDER}.metacopy.MetaCopyDetectionMiddleware": None,  # warns of a fault that our spiders do not have
    f"{_SPIDER}.referer.RefererMiddleware": None,  # no site learns where its address was found
    f"{_SPIDER}.urllength.UrlLengthMiddleware": None,  # the addresses of an archive may have any length
}
_SERVERS = {f"{_EXTENSION}.remote_control.RemoteControl", f"{_EXTENSION}.telnet.TelnetConsole"}
# Removed here: an extension set to None in EXTENSIONS is imported all the same, and with it a web server.
EXTENSIONS_BASE = {
    name: order for name, order in default_settings.EXTENSIONS_BASE.items() if name not in _SERVERS
}


class CrawlBroken(CrawlError):
    """Scrapy ended a crawl before it was finished."""

    def __init__(self, source_id: str, reason: str) -> None:
        super().__init__(
            f"The crawl of {source_id} ended early: {reason.rstrip('.')}. The pages read so far are stored; "
            "the next crawl begins anew."
        )


class CrawlStopped(Interrupted):
    """A crawl was asked to stop (SIGTERM, SIGINT) before it had finished."""

    def __init__(self, source_id: str) -> None:
        super().__init__(f"The crawl of {source_id} was stopped; the next start resumes it.")


class PageSink(Protocol):
    """Takes the pages of a spider: the recorder, or a `BatchSender` in its place."""

    error: str
    """Why the sink takes no more pages; empty while it does."""

    @property
    def is_full(self) -> bool:
        """Whether a whole batch waits."""

    def record(self, crawled: CrawledPage) -> None:
        """Add one page."""

    def flush(self) -> None:
        """Write or send the pages that wait."""

    async def flush_aside(self) -> None:
        """Write or send the pages that wait, while the crawl continues."""

    def finish(self) -> None:
        """Write or send the last pages."""


def run_spider(
    source_id: str,
    settings: Mapping[str, Any],
    recorder: PageSink,
    spider: type[Spider],
    **arguments: Any,
) -> str:
    """Run a spider to its end, and flush the recorder.

    Args:
        source_id: For messages.
        settings: Of Scrapy.
        recorder: Takes the pages.
        spider: The spider's class.
        **arguments: Of the spider.

    Returns:
        Scrapy's reason for the end: `finished`, or the reason with which our code closed the crawl.

    Raises:
        CrawlStopped: If the process was asked to stop.
        CrawlBroken: If a page could not be stored, or Scrapy or the spider failed.
    """
    find_markets()
    process = AsyncCrawlerProcess({**settings, RECORDER_SETTING: recorder})
    # Scrapy sets the level of its handler only; without this line each page makes records that nobody sees.
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
    # Scrapy gives one reason for a signal and for its own failure; only a failure logs errors.
    if reason == "shutdown" and not stats.get("log_count/ERROR"):
        raise CrawlStopped(source_id)
    if stats.get("spider_exceptions/count") or reason == "shutdown":
        raise CrawlBroken(source_id, f"{reason}, see the log")
    return reason


class OnlyFaults(LogFormatter):
    """Logs no success: such messages are below `LOG_LEVEL`, but would be formatted for each page."""

    def crawled(self, *_: Any) -> None:  # type: ignore[override]  # None is what leaves it out
        """Return nothing, so that a fetched page is not logged."""

    def scraped(self, *_: Any) -> None:  # type: ignore[override]
        """Return nothing, so that an item is not logged."""


SHARED = {
    "ITEM_PIPELINES": {RecorderPipeline: 900},
    "DOWNLOADER_MIDDLEWARES": MIDDLEWARES,
    "SPIDER_MIDDLEWARES": SPIDER_MIDDLEWARES,
    "EXTENSIONS_BASE": EXTENSIONS_BASE,
    "LOG_FORMATTER": OnlyFaults,
    "CONCURRENT_REQUESTS": 1,  # one at a time keeps the order of saved pages, and so their ids
    "CONCURRENT_ITEMS": 1,  # Scrapy would begin 100 tasks for each page
    "LOG_LEVEL": "WARNING",
    "LOGSTATS_INTERVAL": 0,
    "METAREFRESH_ENABLED": False,  # a saved page that reloads itself, or leads on, is still a page
}
