"""One crawl of one source, in this process: archive in, rows out. Twisted allows one per process."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from scrapy.crawler import AsyncCrawlerProcess

from crawler.archives import open_archive
from crawler.archives.handler import saved_settings
from crawler.archives.kinds import EXPECTED
from crawler.errors import CrawlError
from crawler.markets import find_markets
from crawler.recorder import RECORDER_SETTING, Recorder, sentence_for
from crawler.settings import SHARED
from crawler.spider import MarketplaceSpider
from listings import locks, runs, times
from listings.archives import record_archive
from listings.database import open_database
from listings.errors import Interrupted
from listings.model import RunKind, RunOutcome
from listings.pages import count_changes, count_outcomes
from listings.sources import declare_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path
    from typing import Self

    from scrapy.crawler import Crawler

    from crawler.archives import Archive
    from crawler.sources import DeclaredSource
    from listings.database import Database
    from listings.model import Run


class CrawlBroken(CrawlError):
    """Scrapy ended a crawl for another reason than having finished it."""

    def __init__(self, source_id: str, reason: str) -> None:
        super().__init__(
            f"The crawl of {source_id} ended early: {reason}. What it had read is kept; run it again, "
            "and it begins anew."
        )


class NothingToCrawl(CrawlError):
    """An archive can be read, but holds nothing of what the crawl is to begin with."""

    @classmethod
    def at_all(cls, declared: DeclaredSource) -> Self:
        """Return the error for an archive without a page."""
        return cls(
            f"{declared.archive} holds no saved page; expected {EXPECTED}, with at least one page in it. "
            f"Correct `archive` of {declared.source.source_id} in the sources file."
        )

    @classmethod
    def at_start(cls, declared: DeclaredSource) -> Self:
        """Return the error for an archive that lacks every address to start from."""
        return cls(
            f"{declared.archive} holds none of the addresses to start from ({', '.join(declared.start)}); "
            f"expected at least one. Correct `start` of {declared.source.source_id} in the sources file, "
            "or leave it out to read every page."
        )


class CrawlStopped(Interrupted):
    """A crawl was asked to stop (SIGTERM, SIGINT) before it had finished."""

    def __init__(self, source_id: str) -> None:
        super().__init__(f"The crawl of {source_id} was stopped; it goes on at the next start.")


def crawl_source(
    database: Path,
    declared: DeclaredSource,
    *,
    due_at: datetime | None = None,
    now: Callable[[], datetime] = times.utc_now,
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Crawl a saved source into the store; an interrupted crawl of it is gone on with.

    Args:
        database: The store; created when it is not there.
        declared: The source and its archive.
        due_at: The schedule's time when the service asked for it.
        now: The clock.
        progress: Called after each page with (pages recorded so far, pages in the archive).

    Returns:
        The run, ended.

    Raises:
        AlreadyUnderWay: If another process is crawling this source.
        CrawlStopped: If the process was asked to stop; the run has no ending then, and is gone on with.
        ArchiveError: If nothing readable lies at the archive's path; the run says so too.
        NothingToCrawl: If no page is in it, or none of those at which to start; the run says so too.
    """
    source = declared.source
    with (
        locks.hold(database, locks.work_of(RunKind.CRAWL, source.source_id)),
        closing(open_database(database)) as db,
    ):
        declare_source(db, source, now=now())
        run = runs.begin_run(db, RunKind.CRAWL, source_id=source.source_id, due_at=due_at, now=now())
        try:
            _crawl(db, declared, run, now, progress)
        except CrawlStopped:
            raise
        except Exception as error:
            runs.end_run(db, run.run_id, RunOutcome.FAILED, str(error), now=now())
            raise
        outcomes, changes = count_outcomes(db, run.run_id), count_changes(db, run.run_id)
        counts: dict[str, int] = {"pages": sum(outcomes.values())} | {**outcomes} | {**changes}
        runs.end_run(
            db, run.run_id, RunOutcome.DONE, sentence_for(outcomes, changes), counts=counts, now=now()
        )
        return runs.get_run(db, run.run_id)


def _crawl(
    db: Database,
    declared: DeclaredSource,
    run: Run,
    now: Callable[[], datetime],
    progress: Callable[[int, int], None] | None,
) -> None:
    with open_archive(declared.archive, base_url=declared.base_url, manifest=declared.manifest) as archive:
        _expect_pages(archive, declared)
        recorder = Recorder(
            db,
            source_id=declared.source.source_id,
            run_id=run.run_id,
            archive=archive,
            now=now,
            progress=progress,
        )
        record_archive(db, run.run_id, declared.archive, now=now())
        for fault in archive.faults:
            recorder.record_fault(fault)
        find_markets()
        process = AsyncCrawlerProcess({**SHARED, **saved_settings(archive), RECORDER_SETTING: recorder})
        crawler = process.create_crawler(MarketplaceSpider)
        task = process.crawl(crawler, archive=archive, begin=declared.start)
        process.start()
        if not task.done():  # the second signal made Scrapy leave at once
            raise CrawlStopped(declared.source.source_id)
        if failure := task.exception():
            raise CrawlBroken(declared.source.source_id, str(failure)) from failure
        _expect_finished(declared.source.source_id, crawler)


def _expect_pages(archive: Archive, declared: DeclaredSource) -> None:
    if not len(archive) and not archive.faults:
        raise NothingToCrawl.at_all(declared)
    if declared.start and not any(url in archive for url in declared.start):
        raise NothingToCrawl.at_start(declared)


def _expect_finished(source_id: str, crawler: Crawler) -> None:
    stats = crawler.stats.get_stats() if crawler.stats else {}
    reason = stats.get("finish_reason")
    if reason == "finished" and not stats.get("spider_exceptions/count"):
        return
    # Scrapy gives the same reason for a signal and for its own breakdown; only the latter logs errors.
    if reason == "shutdown" and not stats.get("log_count/ERROR"):
        raise CrawlStopped(source_id)
    raise CrawlBroken(source_id, f"{reason}, see the log")
