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


_DOWNLOADER = "scrapy.downloadermiddlewares"
_SPIDER = "scrapy.spidermiddlewares"
_EXTENSION = "scrapy.extensions"


class OnlyFaults(LogFormatter):
    """Words nothing of what goes well: it is below `LOG_LEVEL`, but would be put together for each page."""

    def crawled(self, *_: Any) -> None:  # type: ignore[override]  # None is what leaves it out
        """Leave out that a page was fetched."""

    def scraped(self, *_: Any) -> None:  # type: ignore[override]
        """Leave out that an item was found."""


# What only matters to a server that is asked, and costs time for every page.
MIDDLEWARES: dict[Any, int | None] = {
    f"{_DOWNLOADER}.defaultheaders.DefaultHeadersMiddleware": None,
    f"{_DOWNLOADER}.downloadtimeout.DownloadTimeoutMiddleware": None,
    f"{_DOWNLOADER}.httpauth.HttpAuthMiddleware": None,
    f"{_DOWNLOADER}.offsite.OffsiteMiddleware": None,
    f"{_DOWNLOADER}.useragent.UserAgentMiddleware": None,
}

# Each is one more generator that everything found on a page passes through.
SPIDER_MIDDLEWARES: dict[Any, int | None] = {
    f"{_SPIDER}.depth.DepthMiddleware": None,
    f"{_SPIDER}.httperror.HttpErrorMiddleware": None,  # a 404 is a page outcome, not a silence
    f"{_SPIDER}.metacopy.MetaCopyDetectionMiddleware": None,  # warns of what our spiders do not do
    f"{_SPIDER}.referer.RefererMiddleware": None,  # no site is told where its address was found
    f"{_SPIDER}.urllength.UrlLengthMiddleware": None,  # an archive's addresses are as long as they are
}

_SERVERS = {f"{_EXTENSION}.remote_control.RemoteControl", f"{_EXTENSION}.telnet.TelnetConsole"}

# Left out here, as what is set to None in EXTENSIONS is imported all the same, and with it a web server.
EXTENSIONS_BASE = {
    name: order for name, order in default_settings.EXTENSIONS_BASE.items() if name not in _SERVERS
}

SHARED = {
    "ITEM_PIPELINES": {RecorderPipeline: 900},
    "DOWNLOADER_MIDDLEWARES": MIDDLEWARES,
    "SPIDER_MIDDLEWARES": SPIDER_MIDDLEWARES,
    "EXTENSIONS_BASE": EXTENSIONS_BASE,
    "LOG_FORMATTER": OnlyFaults,
    "CONCURRENT_REQUESTS": 1,  # saved pages come at once; one at a time keeps their order, and so the ids
    "CONCURRENT_ITEMS": 1,  # a page is recorded alone; Scrapy would begin 100 tasks for each
    "LOG_LEVEL": "WARNING",
    "LOGSTATS_INTERVAL": 0,
    "METAREFRESH_ENABLED": False,  # a saved page that reloads itself, or hops on, is still a page
}
