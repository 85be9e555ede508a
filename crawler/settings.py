"""Scrapy's settings, in one place: what every crawl shares."""

from __future__ import annotations

from typing import Any

from crawler.pipeline import RecorderPipeline

_DOWNLOADER = "scrapy.downloadermiddlewares"
_SPIDER = "scrapy.spidermiddlewares"

# What only matters to a server that is asked, and costs time for every page.
MIDDLEWARES: dict[Any, int | None] = {
    f"{_DOWNLOADER}.defaultheaders.DefaultHeadersMiddleware": None,
    f"{_DOWNLOADER}.downloadtimeout.DownloadTimeoutMiddleware": None,
    f"{_DOWNLOADER}.httpauth.HttpAuthMiddleware": None,
    f"{_DOWNLOADER}.offsite.OffsiteMiddleware": None,
    f"{_DOWNLOADER}.useragent.UserAgentMiddleware": None,
}

SHARED = {
    "ITEM_PIPELINES": {RecorderPipeline: 900},
    "DOWNLOADER_MIDDLEWARES": MIDDLEWARES,
    "SPIDER_MIDDLEWARES": {
        f"{_SPIDER}.depth.DepthMiddleware": None,
        f"{_SPIDER}.httperror.HttpErrorMiddleware": None,  # a 404 is a page outcome, not a silence
        f"{_SPIDER}.urllength.UrlLengthMiddleware": None,  # an archive's addresses are as long as they are
    },
    "CONCURRENT_REQUESTS": 1,  # saved pages come at once; one at a time keeps their order, and so the ids
    "CONCURRENT_ITEMS": 1,  # a page is recorded alone; Scrapy would begin 100 tasks for each
    "LOG_LEVEL": "WARNING",
    "LOGSTATS_INTERVAL": 0,
    "METAREFRESH_ENABLED": False,  # a saved page that reloads itself, or hops on, is still a page
}
