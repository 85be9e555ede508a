"""Run one Scrapy crawl in this process. Twisted allows one per process."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol, Self

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
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

    from crawler.run.crawled_page import CrawledPage

_DOWNLOADER = "scrapy.downloadermiddlewares"
_SPIDER = "scrapy.spidermiddlewares"
_EXTENSION = "scrapy.extensions"
# Middlewares that only help a server, and cost time for every page.
MIDDLEWARES: dict[Any, int | None] = {
    f"{_DOWNLOADER}.defaultheaders.DefaultHeadersMiddleware": None,
    f"{_DOWNLOADER}.downloadtimeout.DownloadTimeoutMiddleware": None,
    f"{_DOWNLOADER}.httpauth.HttpAuthMiddleware": None,
    f"{_DOWNLOADER}.offsite.OffsiteMiddleware": None,
    f"{_DOWNLOADER}.useragent.UserAgentMiddleware": None,
}
# Each of these adds a generator around everything on a page.
SPIDER_MIDDLEWARES: dict[Any, int | None] = {
    f"{_SPIDER}.depth.DepthMiddleware": None,
    f"{_SPIDER}.httperror.HttpErrorMiddleware": None,  # a 404 is a page outcome, not to be dropped
    f"{_SPIDER}.metacopy.MetaCopyDetectionMiddleware": None,  # warns of a mistake that our spiders avoid
    f"{_SPIDER}.referer.RefererMiddleware": None,  # sites must not learn where their address was found
    f"{_SPIDER}.urllength.UrlLengthMiddleware": None,  # an archive's addresses may have any length
}
_SERVERS = {f"{_EXTENSION}.remote_control.RemoteControl", f"{_EXTENSION}.telnet.TelnetConsole"}
# Removed from the base, since Scrapy imports even an extension set to None, and with it a web server.
EXTENSIONS_BASE = {
    name: order for name, order in default_settings.EXTENSIONS_BASE.items() if name not in _SERVERS
}


class CrawlBroken(CrawlError):
    """Scrapy ended a crawl early."""

    def __init__(self, source_id: str, reason: str) -> None:
        super().__init__(
            f"The crawl of {source_id} ended early: {reason.rstrip('.')}. The pages read so far are stored; "
            "the next crawl starts again."
        )


class CrawlStopped(Interrupted):
    """A signal (SIGTERM, SIGINT) stopped a crawl early."""

    def __init__(self, source_id: str) -> None:
        super().__init__(f"The crawl of {source_id} was stopped; the next start resumes it.")


class PageSink(Protocol):
    """Receives the pages of a spider: a `Recorder` or a `BatchSender`."""

    error: str
    """Why the sink accepts no more pages; empty while it does."""

    @property
    def is_full(self) -> bool:
        """Whether a full batch waits."""

    def record(self, crawled: CrawledPage) -> None:
        """Add one page."""

    def flush(self) -> None:
        """Write or send the waiting pages."""

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

    Return Scrapy's reason for the end: `finished`, or the reason given by our code.

    Raises:
        CrawlStopped: If a signal stopped the process.
        CrawlBroken: If a page could not be stored, or Scrapy or the spider failed.
    """
    find_markets()
    process = AsyncCrawlerProcess({**settings, RECORDER_SETTING: recorder})
    # Scrapy sets only its handler's level; without this line, each page creates log records for nobody.
    logging.getLogger("scrapy").setLevel(process.settings["LOG_LEVEL"])
    crawler = process.create_crawler(spider)
    task = process.crawl(crawler, **arguments)
    process.start()
    if not recorder.error:
        recorder.flush()
    if not task.done():  # a second signal ended Scrapy at once
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
    # Scrapy gives the same reason for a signal and for its own failure; only a failure logs errors.
    if reason == "shutdown" and not stats.get("log_count/ERROR"):
        raise CrawlStopped(source_id)
    if stats.get("spider_exceptions/count") or reason == "shutdown":
        raise CrawlBroken(source_id, f"{reason}, see the log")
    return reason


class QuietRedirect(RedirectMiddleware):
    """Scrapy's redirects without its check for a referrer policy, which would warn."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the middleware of a crawl."""
        made = cls(crawler.settings)
        made.crawler = crawler
        return made


class OnlyFaults(LogFormatter):
    """Logs no success, since messages below `LOG_LEVEL` would still be formatted for each page."""

    def crawled(self, *_: Any) -> None:  # type: ignore[override]  # None omits the message
        """Omit the message about a fetched page."""

    def scraped(self, *_: Any) -> None:  # type: ignore[override]
        """Omit the message about an item."""


SHARED = {
    "ITEM_PIPELINES": {RecorderPipeline: 900},
    "DOWNLOADER_MIDDLEWARES": MIDDLEWARES,
    "SPIDER_MIDDLEWARES": SPIDER_MIDDLEWARES,
    "EXTENSIONS_BASE": EXTENSIONS_BASE,
    "LOG_FORMATTER": OnlyFaults,
    "CONCURRENT_REQUESTS": 1,  # keeps the order of saved pages, and so their ids
    "CONCURRENT_ITEMS": 1,  # Scrapy's default starts 100 tasks for each page
    "LOG_LEVEL": "WARNING",
    "LOGSTATS_INTERVAL": 0,
    "METAREFRESH_ENABLED": False,  # a saved page with a meta refresh is still a page
}
