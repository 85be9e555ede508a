"""One crawl of one source, in this process: archive in, rows out. Twisted allows one per process."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from crawler.archives import open_archive
from crawler.archives.handler import saved_settings
from crawler.archives.kinds import EXPECTED
from crawler.errors import CrawlError
from crawler.evidence.keeper import EvidenceKeeper
from crawler.evidence.seal import seal_interrupted
from crawler.process import CrawlBroken, CrawlStopped, run_spider
from crawler.recorder import Recorder, sentence_for
from crawler.settings import SHARED
from crawler.spider import MarketplaceSpider
from listings import locks, runs, times
from listings.archives import record_archive
from listings.database import open_database
from listings.evidence import evidence_folder
from listings.model import RunKind, RunOutcome
from listings.pages import count_changes, count_outcomes
from listings.sources import declare_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path
    from typing import Self

    from crawler.archives import Archive
    from crawler.sources import DeclaredSource
    from listings.database import Database
    from listings.model import Run


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
            _crawl(db, declared, run, database, now, progress)
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
    database: Path,
    now: Callable[[], datetime],
    progress: Callable[[int, int], None] | None,
) -> None:
    source_id, folder = declared.source.source_id, evidence_folder(database)
    seal_interrupted(db, folder, source_id, now=now())
    with (
        open_archive(
            _archive_of(declared), base_url=declared.base_url, manifest=declared.manifest
        ) as archive,
        EvidenceKeeper(
            db, folder, source_id=source_id, run_id=run.run_id, now=now, notes=_about(declared, run)
        ) as keeper,
    ):
        _expect_pages(archive, declared)
        recorder = Recorder(
            db,
            source_id=source_id,
            run_id=run.run_id,
            reachable=archive,
            keeper=keeper,
            now=now,
            progress=lambda count: progress(count, len(archive)) if progress else None,
        )
        record_archive(db, run.run_id, _archive_of(declared), now=now())
        for fault in archive.faults:
            recorder.record_fault(fault)
        reason = run_spider(
            source_id,
            {**SHARED, **saved_settings(archive)},
            recorder,
            MarketplaceSpider,
            archive=archive,
            begin=declared.start,
        )
        if reason != "finished":
            raise CrawlBroken(source_id, f"{reason}, see the log")


def _expect_pages(archive: Archive, declared: DeclaredSource) -> None:
    if not len(archive) and not archive.faults:
        raise NothingToCrawl.at_all(declared)
    if declared.start and not any(url in archive for url in declared.start):
        raise NothingToCrawl.at_start(declared)


def _archive_of(declared: DeclaredSource) -> Path:
    assert declared.archive is not None
    return declared.archive


def _about(declared: DeclaredSource, run: Run) -> dict[str, str]:
    source = declared.source
    return {
        "description": f"Saved pages of {source.name}, as read by crawl {run.run_id}",
        "source": source.source_id,
        "run": str(run.run_id),
        "supplied-by": source.supplied_by,
        "supplied-on": source.supplied_on,
        "archive": str(_archive_of(declared).name),
    }
