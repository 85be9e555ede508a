"""Scrapy's settings, in one place: what every crawl shares."""

from __future__ import annotations

from crawler.recorder import RecorderPipeline

SHARED = {
    "ADDONS": {"scrapy_poet.Addon": 300},
    "SCRAPY_POET_DISCOVER": ["crawler.markets"],
    "ITEM_PIPELINES": {RecorderPipeline: 900},
    "HTTPERROR_ALLOW_ALL": True,  # a 404 is a page outcome, not a silence
    "CONCURRENT_REQUESTS": 1,  # saved pages come at once; one at a time keeps their order, and so the ids
    "CONCURRENT_ITEMS": 1,  # a page is recorded alone; Scrapy would begin 100 tasks for each
    "LOG_LEVEL": "WARNING",
    "LOGSTATS_INTERVAL": 0,
    "URLLENGTH_LIMIT": 0,  # none: what an archive holds is read under however long an address
    "METAREFRESH_ENABLED": False,  # a saved page that reloads itself, or hops on, is still a page
}
