"""Scrapy's settings, in one place: what every crawl shares."""

from __future__ import annotations

from typing import Any

from scrapy.logformatter import LogFormatter
from scrapy.settings import default_settings

from crawler.run.pipeline import RecorderPipeline

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
