"""Asking the running service for something: what can be asked, said before it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.errors import CrawlError
from crawler.sources.sources import load_sources
from store.audit.audit import BY_HAND, Origin
from store.locks import is_held
from store.operations.requests import NoServiceAtWork, NotScheduled, Request, SourcesUnreadable, ask

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from store.database import Database


def ask_service(
    db: Database,
    request: Request,
    source_id: str,
    *,
    database: Path,
    sources_file: Path,
    by: str,
    origin: Origin = BY_HAND,
    now: datetime,
) -> int:
    """Write a request for the service, if it can do it, and return its number.

    Raises:
        SourcesUnreadable: If the sources file cannot be used.
        NotScheduled: If it has no such source with a schedule.
        NoServiceAtWork: If a crawl is asked for and nobody is there to begin it.
    """
    try:
        declared = load_sources(sources_file)
    except CrawlError as error:
        raise SourcesUnreadable(str(error)) from error
    scheduled = [name for name, each in declared.items() if each.schedule is not None]
    if source_id not in scheduled:
        raise NotScheduled(source_id, scheduled)
    if request is Request.RUN_NOW and not is_held(database, "service"):
        raise NoServiceAtWork(database, source_id)
    return ask(db, request, source_id, by=by, origin=origin, now=now)
