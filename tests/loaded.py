"""Importing this loads what a crawl loads only when it begins, so that processes forked from it need not."""

import gc
from importlib import import_module

from scrapy.settings import default_settings

from crawler.markets import find_markets
from crawler.workers.page_parser import load_everything

OURS = (
    "rich.progress", "cli.output", "cli.settings",
    "crawler.live.crawl", "crawler.workers.pool", "crawler.run.saved",
    "crawler.sources.sources", "scheduler.settings",
)  # fmt: skip
OF_SCRAPY = ("scrapy.dupefilters", "scrapy.pqueues", "scrapy.squeues", "scrapy.statscollectors")
"""What its settings name one by one."""
LEFT_OUT = ("telnet", "periodic_log")
"""Extensions that no crawl of ours has."""


def load() -> None:
    """Import everything, and read the list of public suffixes and what parsing a page needs."""
    parts = (
        *default_settings.DOWNLOADER_MIDDLEWARES_BASE,
        *default_settings.SPIDER_MIDDLEWARES_BASE,
        *default_settings.EXTENSIONS_BASE,
    )
    modules = {part.rpartition(".")[0] for part in parts}
    for name in sorted(modules.union(OURS, OF_SCRAPY)):
        if not name.endswith(LEFT_OUT):
            import_module(name)
    find_markets()
    load_everything()
    gc.freeze()


load()
