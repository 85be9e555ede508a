"""What the review app shows of the service and does not know itself: the functions behind the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from review.web.providers import ServiceApi

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from store.audit.audit import Origin
    from store.crawl.runs import Attempt
    from store.database import Database
    from store.model import Run
    from store.operations.service import Overview, Request


def operating_for(database: Path, sources_file: Path) -> ServiceApi:
    """Return what the app is handed for a store and the file that declares its sources."""
    from scheduler.health import overview, standing
    from scheduler.jobs import ask_service

    def find(db: Database, now: datetime) -> Overview:
        return overview(db, database, sources_file, now=now)

    def ask(db: Database, request: Request, source_id: str, *, by: str, origin: Origin, now: datetime) -> int:
        return ask_service(
            db,
            request,
            source_id,
            database=database,
            sources_file=sources_file,
            by=by,
            origin=origin,
            now=now,
        )

    return ServiceApi(
        overview=find,
        standing=lambda run: standing(run, database),
        log=lambda run, attempt, lines: last_lines(database, run, attempt, lines),
        ask=ask,
    )


def last_lines(database: Path, run: Run, attempt: Attempt, lines: int) -> list[str] | None:
    """Return the end of the log of one attempt at a run, or None when there is none."""
    from scheduler.children import log_of, read_log

    path = log_of(database, run, attempt)
    try:
        return None if path is None else read_log(path, lines=lines)
    except FileNotFoundError:  # purged between the look and the reading
        return None
