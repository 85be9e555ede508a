"""One crawl of a saved source: archive in, rows out, and no way to the network."""

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
from crawler.run.process import MIDDLEWARES, SHARED, SPIDER_MIDDLEWARES, CrawlBroken, run_spider
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


class NothingToCrawl(CrawlError):
    """An archive holds nothing of what the crawl is to begin with, or nothing that can be read."""

    @classmethod
    def at_all(cls, declared: DeclaredSource, archive: Archive) -> Self:
        """Return the error for an archive without a page, or none of whose entries can be read."""
        mend = "Supply a whole copy, or correct" if archive.faults else "Correct"
        return cls(
            f"{why_no_page(archive_of(declared), archive.faults)} "
            f"{mend} `archive` of {declared.source.source_id} in the sources file."
        )

    @classmethod
    def at_start(cls, declared: DeclaredSource) -> Self:
        """Return the error for an archive that lacks every address to start from."""
        return cls(
            f"{declared.archive} holds none of the addresses to start from ({', '.join(declared.start)}); "
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
    """Crawl a saved source; there is no way to the network from here.

    Args:
        db: The open store.
        declared: The source, with its archive.
        run: The run; one that was interrupted is gone over again.
        folder: Of the evidence.
        now: The clock.
        progress: Called after each page with (pages recorded so far, pages in the archive).
        parse: Parses a page.

    Raises:
        NothingToCrawl: If no page is in the archive, or none of those at which to start; what of it could
            not be read is written all the same.
        CrawlStopped: If the process was asked to stop.
        CrawlBroken: If a page could not be kept, or Scrapy failed.
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
    """Give the recorder of a saved source's pages, and write what is to be said of its archive.

    Args:
        db: The open store.
        declared: The source.
        run: The run.
        folder: Of the evidence.
        archive: What may be met as a page, and what could not be read; read here or elsewhere.
        now: The clock.
        progress: Called after each page with (pages recorded so far, pages in the archive).
    """
    source_id, run_id = declared.source.source_id, run.run_id
    notes = _about(declared, run)
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
    """Open the archive of a saved source, to be closed by the caller."""
    return open_archive(archive_of(declared), base_url=declared.base_url, manifest=declared.manifest)


def run_saved(declared: DeclaredSource, archive: Archive, sink: PageSink, parse: Parse = parse_here) -> None:
    """Have the spider read a saved source, and everything it meets taken by a sink.

    Args:
        declared: The source.
        archive: Its archive, open.
        sink: The recorder, or what stands in its place.
        parse: Parses a page.

    Raises:
        NothingToCrawl: As `crawl_saved`.
        CrawlStopped: As `crawl_saved`.
        CrawlBroken: As `crawl_saved`.
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
    )
    if reason != "finished":
        raise CrawlBroken(source_id, reason)


def _settings(archive: Archive) -> dict[str, object]:
    middlewares = {**MIDDLEWARES, RedirectMiddleware: None, SavedRedirect: 600, RoomMiddleware: 1_000}
    # What is saved comes in one queue, so that nothing asks which requests were the first.
    passed_by = {**SPIDER_MIDDLEWARES, StartSpiderMiddleware: None}
    parts = {"DOWNLOADER_MIDDLEWARES": middlewares, "SPIDER_MIDDLEWARES": passed_by}
    return {**SHARED, **saved_settings(archive), **parts}


def _expect_pages(archive: Archive, declared: DeclaredSource) -> None:
    if not len(archive):
        raise NothingToCrawl.at_all(declared, archive)
    if declared.start and not any(url in archive for url in declared.start):
        raise NothingToCrawl.at_start(declared)


def archive_of(declared: DeclaredSource) -> Path:
    """Return where a saved source's archive lies."""
    assert declared.archive is not None
    return declared.archive


def _about(declared: DeclaredSource, run: Run) -> dict[str, str]:
    """Return what stands at the head of each evidence file of a crawl."""
    source = declared.source
    return {
        "description": f"Saved pages of {source.name}, as parse by crawl {run.run_id}",
        "source": source.source_id,
        "run": str(run.run_id),
        "supplied-by": source.supplied_by,
        "supplied-on": source.supplied_on,
        "archive": str(archive_of(declared).name),
    }


ARCHIVE_SETTING = "SAVED_ARCHIVE"
"""Scrapy setting that holds the open `Archive`."""


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
