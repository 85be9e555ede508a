"""Saved pages as Scrapy's only download handler: a saved crawl has no way to the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Headers
from scrapy.responsetypes import responsetypes

from crawler.archives.archive import Archive

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.archives.pages import SavedPage

ARCHIVE_SETTING = "SAVED_ARCHIVE"
"""Scrapy setting that holds the open `Archive`."""
PAGE_META = "saved_page"
"""Key of `request.meta`, and thus of `response.meta`, under which the handler leaves the `SavedPage`."""


class NotInArchive(IgnoreRequest):
    """A URL was asked for of which the archive holds no copy; Scrapy drops the request."""


class SavedPageHandler(BaseDownloadHandler):
    """Answers every http and https request from the archive, and nothing else."""

    def __init__(self, crawler: Crawler) -> None:
        """Take the archive from the crawler's settings.

        Raises:
            NotConfigured: If the setting holds none.
        """
        super().__init__(crawler)
        archive = crawler.settings.get(ARCHIVE_SETTING)
        if not isinstance(archive, Archive):
            message = f"The setting {ARCHIVE_SETTING} holds {archive!r}; expected an open Archive."
            raise NotConfigured(message)
        self._archive = archive

    async def download_request(self, request: Request) -> Response:
        """Return the saved response, and leave the `SavedPage` in `request.meta["saved_page"]`.

        Raises:
            NotInArchive: If the archive has no copy of the URL.
        """
        page = self._archive.fetch(request.url)
        if page is None:
            message = f"The archive holds no copy of {request.url}."
            raise NotInArchive(message)
        request.meta[PAGE_META] = page
        return _response(request.url, page)


class SavedRedirect(RedirectMiddleware):
    """Scrapy's, which asks for the page that a saved redirect leads to."""

    def _engine_started(self) -> None:
        """Look for no referrer to send on; Scrapy would warn that there is none."""


def saved_settings(archive: Archive) -> dict[str, object]:
    """Return the Scrapy settings under which a crawl reads `archive` and opens no socket.

    The archive stays the caller's to close, after the crawl.
    """
    handler = f"{SavedPageHandler.__module__}.{SavedPageHandler.__qualname__}"
    return {
        ARCHIVE_SETTING: archive,
        "DOWNLOAD_HANDLERS": {
            "http": handler,
            "https": handler,
            "data": None,
            "file": None,
            "ftp": None,
            "s3": None,
        },
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "HTTPPROXY_ENABLED": False,
        "HTTPCACHE_ENABLED": False,
        "DNSCACHE_ENABLED": False,
        "ROBOTSTXT_OBEY": False,  # robots.txt speaks to those who ask the site; here nobody does
        "COOKIES_ENABLED": False,
        "COMPRESSION_ENABLED": False,  # the archive gives bodies unpacked
        "RETRY_ENABLED": False,  # the same bytes would come again
        "AUTOTHROTTLE_ENABLED": False,
        "DOWNLOAD_DELAY": 0,
        "DOWNLOADER_STATS": False,  # nobody reads them, and they cost time for every page
        # First in, first out, whatever its host: the order of the pages, and so of the ids, is that of the
        # links, however long the reading of each page takes.
        "SCHEDULER_PRIORITY_QUEUE": "scrapy.pqueues.ScrapyPriorityQueue",
        "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",
        "SCHEDULER_START_MEMORY_QUEUE": None,
    }


def _response(url: str, page: SavedPage) -> Response:
    headers = Headers(page.headers)
    response_class = responsetypes.from_args(headers=headers, url=url, body=page.body)
    return response_class(url=url, status=page.status, headers=headers, body=page.body, flags=["saved"])
