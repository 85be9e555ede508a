"""Crawl one source in this process, with a row for the run. Twisted allows one crawl per process."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING

from crawler.evidence.keeper import seal_interrupted
from crawler.run.process import CrawlStopped
from crawler.run.recorder import sentence_for
from crawler.run.remote import ingest_remote
from crawler.run.saved import crawl_saved
from crawler.sources.sources import check_supplied
from crawler.teach.following import TaughtParse
from crawler.teach.pages import body_of_case
from crawler.workers.page_parser import parse_here
from store import locks, times
from store.crawl import runs
from store.crawl.evidence import evidence_folder
from store.crawl.pages import count_changes, count_digests, count_outcomes, count_seen_fields
from store.crawl.sources import declare_source
from store.database import open_database
from store.errors import StoreUnwritable
from store.locks import reserve_disk
from store.model import RunKind, RunOutcome, SourceKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from crawler.run.remote import RemoteMessage
    from crawler.sources.sources import DeclaredSource
    from crawler.workers.page_parser import Parse
    from store.database import Database
    from store.model import Run


def crawl_source(
    database: Path,
    declared: DeclaredSource,
    *,
    due_at: datetime | None = None,
    now: Callable[[], datetime] = times.utc_now,
    progress: Callable[[int, int], None] | None = None,
    names: Mapping[str, Sequence[str]] | None = None,
    messages: Iterator[RemoteMessage] | None = None,
    parse: Parse = parse_here,
) -> Run:
    """Crawl a source into the store; resume an interrupted crawl of the source.

    Args:
        database: The store; created when missing.
        declared: The source and its archive.
        due_at: The scheduled time, when the service starts the crawl.
        now: The clock.
        progress: Called after each page with (pages recorded so far, pages known so far).
        names: For a live source in a rehearsal, IP addresses of hosts that replace those of name servers.
        messages: The messages of a remote reader, for a source read elsewhere (`crawler.run.remote`).
        parse: Parses a page, by default in this process; see `crawler.workers.pool.parsing`.

    Returns:
        The ended run.

    Raises:
        NotSuppliedYet: If the archive was supplied on a future day; no run begins.
        AlreadyUnderWay: If another process is crawling the source.
        CrawlStopped: If a signal stopped the process; the run stays open, and the next crawl resumes it.
        ArchiveError: If no archive at the path can be opened; the run records the reason.
        NothingToCrawl: If the archive has no page, or no start page; the run records the reason.
        NotPermitted: If a live source has no valid permission now; the run records the reason.
        CrawlEnded: If the permission ended during the crawl, or the site asked for a pause.
    """
    source = declared.source
    check_supplied(declared, now())
    work = locks.work_of(RunKind.CRAWL, source.source_id)
    with (
        locks.hold(database, work),
        reserve_disk(database, work) as free_reserve,
        closing(open_database(database)) as db,
    ):
        declare_source(db, source, now=now())
        run = runs.begin_run(db, RunKind.CRAWL, source_id=source.source_id, due_at=due_at, now=now())
        try:
            seal_interrupted(db, evidence_folder(database), source.source_id, now=now())
            following = TaughtParse(
                parse,
                declared,
                lambda case: body_of_case(db, database, declared, case),
                set_aside_before=_set_aside_before(db, source.source_id),
            )
            if messages is None:
                said = _crawl(db, declared, run, database, now, progress, names, following)
            else:
                folder, said = evidence_folder(database), ""
                noted = _noted(messages, following)
                ingest_remote(db, declared, run, folder, noted, now=now, progress=progress)
        except CrawlStopped:
            raise
        except Exception as error:
            free_reserve()
            with suppress(StoreUnwritable):  # the first error is the better reason
                runs.end_run(db, run.run_id, RunOutcome.FAILED, str(error), now=now())
            raise
        outcomes, changes = count_outcomes(db, run.run_id), count_changes(db, run.run_id)
        digests = count_digests(db, run.run_id)
        counts: dict[str, int] = {"pages": sum(outcomes.values())} | {**outcomes} | {**changes}
        counts |= count_seen_fields(db, run.run_id) | following.run_counts()
        counts |= {f"digest_{result}": count for result, count in digests.items()}
        runs.end_run(
            db,
            run.run_id,
            RunOutcome.DONE,
            " ".join(filter(None, (sentence_for(outcomes, changes, digests), said, following.set_aside))),
            counts=counts,
            now=now(),
        )
        return runs.get_run(db, run.run_id)


def _set_aside_before(db: Database, source_id: str) -> int:
    """Return the identity of the declared reader that the source's last crawl set aside, or 0."""
    last = runs.done_runs(db, RunKind.CRAWL, source_id=source_id, limit=1)
    return last[0].counts.get("reader_set_aside", 0) if last else 0


def _noted(messages: Iterator[RemoteMessage], following: TaughtParse) -> Iterator[RemoteMessage]:
    for message in messages:
        for page in message.pages:
            following.note(page.extracted)
        yield message


def _crawl(
    db: Database,
    declared: DeclaredSource,
    run: Run,
    database: Path,
    now: Callable[[], datetime],
    progress: Callable[[int, int], None] | None,
    names: Mapping[str, Sequence[str]] | None,
    parse: Parse,
) -> str:
    folder = evidence_folder(database)
    if declared.source.kind is SourceKind.SAVED:
        crawl_saved(db, declared, run, folder, now=now, progress=progress, parse=parse)
        return ""
    # Imported here, so that a crawl of a saved source never loads code that opens connections.
    from crawler.live.crawl import crawl_live

    return crawl_live(db, declared, run, folder, now=now, progress=progress, names=names, parse=parse)
