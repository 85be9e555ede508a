"""One crawl of a saved source, from its archive to rows, without network access."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Headers
from scrapy.responsetypes import responsetypes
from scrapy.spidermiddlewares.start import StartSpiderMiddleware

from crawler.archives import Archive, open_archive, why_no_page
from crawler.errors import CrawlError
from crawler.evidence.keeper import EvidenceKeeper
from crawler.run.process import (
    MIDDLEWARES,
    SHARED,
    SPIDER_MIDDLEWARES,
    CrawlBroken,
    QuietRedirect,
    run_spider,
)
from crawler.run.recorder import Recorder
from crawler.run.spider import PAGE_META, MarketplaceSpider, RoomMiddleware
from crawler.workers.page_parser import parse_here
from store.crawl.evidence import record_archive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.archives import ArchiveContents, SavedPage
    from crawler.run.process import PageSink
    from crawler.sources.sources import DeclaredSource
    from crawler.workers.page_parser import Parse
    from store.database import Database
    from store.model import Run

ARCHIVE_SETTING = "SAVED_ARCHIVE"
"""Scrapy setting that holds the open `Archive`."""


class NothingToCrawl(CrawlError):
    """An archive has no readable page, or none of the start pages."""

    @classmethod
    def at_all(cls, declared: DeclaredSource, archive: Archive) -> Self:
        """Return the error for an archive without a readable page."""
        mend = "Supply a whole copy, or correct" if archive.faults else "Correct"
        return cls(
            f"{why_no_page(archive_of(declared), archive.faults)} "
            f"{mend} `archive` of {declared.source.source_id} in the sources file."
        )

    @classmethod
    def at_start(cls, declared: DeclaredSource) -> Self:
        """Return the error for an archive without any start page."""
        return cls(
            f"{declared.archive} has none of the start addresses ({', '.join(declared.start)}); "
            f"expected at least one. Correct `start` of {declared.source.source_id} in the sources file, "
            "or leave it out to read every page."
        )


def crawl_saved(
    db: Database,
    declared: DeclaredSource,
    run: Run,
    folder: Path,
    *,
    now: Callable[[], datetime],
    progress: Callable[[int, int], None] | None,
    parse: Parse,
) -> None:
    """Crawl a saved source without network access.

    An interrupted run is repeated, without storing any page twice. `progress` is called after each page with
    (pages recorded so far, pages in the archive).

    Raises:
        NothingToCrawl: If the archive has no page, or no start page; its unreadable entries are recorded
            nevertheless.
        CrawlStopped: If a signal stopped the process.
        CrawlBroken: If a page could not be stored, or Scrapy failed.
    """
    with (
        open_declared(declared) as archive,
        recording(db, declared, run, folder, archive, now=now, progress=progress) as recorder,
    ):
        run_saved(declared, archive, recorder, parse)


@contextmanager
def recording(
    db: Database,
    declared: DeclaredSource,
    run: Run,
    folder: Path,
    archive: Archive | ArchiveContents,
    *,
    now: Callable[[], datetime],
    progress: Callable[[int, int], None] | None,
) -> Iterator[Recorder]:
    """Provide the recorder of a saved source's pages, and record its archive and unreadable entries.

    The archive is open, or the index of one that is read elsewhere. For `progress` see `crawl_saved`.
    """
    source_id, run_id = declared.source.source_id, run.run_id
    notes = _file_notes(declared, run)
    with EvidenceKeeper(db, folder, source_id=source_id, run_id=run_id, now=now, notes=notes) as keeper:
        recorder = Recorder(
            db,
            source_id=source_id,
            run_id=run_id,
            reachable=archive,
            keeper=keeper,
            now=now,
            progress=lambda count: progress(count, len(archive)) if progress else None,
        )
        record_archive(db, run_id, archive_of(declared), now=now())
        for fault in archive.faults:
            recorder.record_fault(fault)
        yield recorder


def open_declared(declared: DeclaredSource) -> Archive:
    """Open the archive of a saved source, which the caller must close."""
    return open_archive(
        archive_of(declared),
        base_url=declared.base_url,
        manifest=declared.manifest,
        has_assets=declared.rendering is not None,
    )


def run_saved(declared: DeclaredSource, archive: Archive, sink: PageSink, parse: Parse = parse_here) -> None:
    """Crawl an open archive and send its pages to a sink: the recorder, or a `BatchSender`.

    It raises the errors of `crawl_saved`.
    """
    source_id = declared.source.source_id
    _expect_pages(archive, declared)
    reason = run_spider(
        source_id,
        _settings(archive),
        sink,
        MarketplaceSpider,
        archive=archive,
        begin=declared.start,
        parse=parse,
        rendering=declared.rendering,
    )
    if reason != "finished":
        raise CrawlBroken(source_id, reason)


def _settings(archive: Archive) -> dict[str, object]:
    middlewares = {**MIDDLEWARES, RedirectMiddleware: None, QuietRedirect: 600, RoomMiddleware: 1_000}
    # Saved pages share one queue, so the middleware that marks start requests is useless.
    passed_by = {**SPIDER_MIDDLEWARES, StartSpiderMiddleware: None}
    parts = {"DOWNLOADER_MIDDLEWARES": middlewares, "SPIDER_MIDDLEWARES": passed_by}
    return {**SHARED, **saved_settings(archive), **parts}


def _expect_pages(archive: Archive, declared: DeclaredSource) -> None:
    if not len(archive):
        raise NothingToCrawl.at_all(declared, archive)
    if declared.start and not any(url in archive for url in declared.start):
        raise NothingToCrawl.at_start(declared)


def archive_of(declared: DeclaredSource) -> Path:
    """Return the path of a saved source's archive."""
    assert declared.archive is not None
    return declared.archive


def _file_notes(declared: DeclaredSource, run: Run) -> dict[str, str]:
    """Return the notes for the head of each evidence file."""
    source = declared.source
    return {
        "description": f"Saved pages of {source.name}, as parsed by crawl {run.run_id}",
        "source": source.source_id,
        "run": str(run.run_id),
        "supplied-by": source.supplied_by,
        "supplied-on": source.supplied_on,
        "archive": str(archive_of(declared).name),
    }


class NotInArchive(IgnoreRequest):
    """The archive has no copy of a URL; Scrapy drops the request."""


class SavedPageHandler(BaseDownloadHandler):
    """Answers every http and https request from the archive alone."""

    def __init__(self, crawler: Crawler) -> None:
        """Take the archive from the crawler's settings.

        Raises:
            NotConfigured: If the setting holds no archive.
        """
        super().__init__(crawler)
        archive = crawler.settings.get(ARCHIVE_SETTING)
        if not isinstance(archive, Archive):
            message = f"The setting {ARCHIVE_SETTING} holds {archive!r}; expected an open Archive."
            raise NotConfigured(message)
        self._archive = archive

    async def download_request(self, request: Request) -> Response:
        """Return the saved response, and put the `SavedPage` into `request.meta["saved_page"]`.

        Raises:
            NotInArchive: If the archive has no copy of the URL.
        """
        page = self._archive.fetch(request.url)
        if page is None:
            message = f"The archive has no copy of {request.url}."
            raise NotInArchive(message)
        request.meta[PAGE_META] = page
        return _response(request.url, page)


def saved_settings(archive: Archive) -> dict[str, object]:
    """Return the Scrapy settings for a crawl of an archive that opens no socket.

    The caller closes the archive after the crawl.
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
        "ROBOTSTXT_OBEY": False,  # no request goes to the site
        "COOKIES_ENABLED": False,
        "COMPRESSION_ENABLED": False,  # the archive returns unpacked bodies
        "RETRY_ENABLED": False,  # the archive would return the same bytes
        "AUTOTHROTTLE_ENABLED": False,
        "DOWNLOAD_DELAY": 0,
        "DOWNLOADER_STATS": False,  # unused, and costs time for every page
        # First in, first out, for all hosts: pages, and so their ids, keep the order of the links, however
        # long each page takes to parse.
        "SCHEDULER_PRIORITY_QUEUE": "scrapy.pqueues.ScrapyPriorityQueue",
        "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",
        "SCHEDULER_START_MEMORY_QUEUE": None,
    }


def _response(url: str, page: SavedPage) -> Response:
    headers = Headers(page.headers)
    response_class = responsetypes.from_args(headers=headers, url=url, body=page.body)
    return response_class(url=url, status=page.status, headers=headers, body=page.body, flags=["saved"])
