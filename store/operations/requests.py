"""What people ask of the running service: to pause a source, resume it, or crawl it now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime  # noqa: TC003 (the API reads the annotations)
from enum import StrEnum
from typing import TYPE_CHECKING

from store import rows, times
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.database import Database, transaction
from store.errors import N_, ListingsError, Word

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Request(StrEnum):
    """What can be asked."""

    PAUSE = "pause"
    """Nothing is begun for the source until it is resumed; its due times are skipped, with the reason."""
    RESUME = "resume"
    RUN_NOW = "run_now"
    """Crawl it at once, due or not, paused or not."""


class SourcesUnreadable(ListingsError):
    """The sources file cannot be used, so nobody knows what could be asked."""


class NotScheduled(ListingsError):
    """Something was asked of a source that the service does not know."""

    def __init__(self, source_id: str, scheduled: Sequence[str]) -> None:
        super().__init__(
            N_(
                "There is no source '%(source)s' with a schedule in the sources file; those with one are "
                "%(scheduled)s. Nothing was asked."
            ),
            source=source_id,
            scheduled=", ".join(scheduled) or Word(N_("none")),
        )


class NoServiceAtWork(ListingsError):
    """A crawl was asked for, and nobody is there to begin it."""

    def __init__(self, database: Path, source_id: str) -> None:
        super().__init__(
            N_(
                "No service is at work on %(database)s; start one with `precursor-watch run`, or crawl by "
                "hand with `precursor-watch crawl %(source)s`."
            ),
            database=database,
            source=source_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """One request."""

    request_id: int
    request: Request
    source_id: str
    asked_at: datetime
    asked_by: str
    answered_at: datetime | None = None
    answer: str = ""
    """What the service made of it; empty while it has not looked."""


def ask(
    db: Database, request: Request, source_id: str, *, by: str, origin: Origin = BY_HAND, now: datetime
) -> int:
    """Write a request for the service to find, and return its number; the audit log says who asked."""
    values = {"request": request, "source_id": source_id, "asked_at": times.to_text(now)}
    with transaction(db):
        request_id = rows.insert(db, "service_requests", {**values, "asked_by": rows.clean(by)})
        assert request_id is not None
        audit.record(
            db,
            AuditAction.SERVICE_ASKED,
            actor=by,
            origin=origin,
            subject=f"source:{source_id}",
            details={"request": request},
            rows=[("service_requests", request_id)],
            now=now,
        )
    return request_id


def answer(db: Database, request_id: int, sentence: str, *, now: datetime) -> None:
    """Write what the service made of a request; it is not open any more then."""
    values = {"request_id": request_id, "answered_at": times.to_text(now), "sentence": rows.clean(sentence)}
    with transaction(db):
        rows.insert(db, "service_answers", values, ignore=True)


def open_requests(db: Database) -> list[ServiceRequest]:
    """Return the requests that have no answer, oldest first."""
    query = """
        SELECT * FROM service_requests
        WHERE NOT EXISTS (SELECT 1 FROM service_answers AS a WHERE a.request_id = service_requests.request_id)
        ORDER BY request_id
    """
    return [_from(row) for row in db.execute(query)]


def list_requests(db: Database, *, limit: int = 20) -> list[ServiceRequest]:
    """Return the newest requests with their answers, newest first."""
    query = """
        SELECT * FROM service_requests LEFT JOIN service_answers USING (request_id)
        ORDER BY request_id DESC LIMIT ?
    """
    return [
        replace(
            _from(row),
            answered_at=None if row["answered_at"] is None else times.from_text(row["answered_at"]),
            answer=row["sentence"] or "",
        )
        for row in db.execute(query, [limit])
    ]


def pause_of(db: Database, source_id: str) -> ServiceRequest | None:
    """Return the request that a source is paused by now, or None."""
    query = """
        SELECT * FROM service_requests WHERE source_id = ? AND request IN ('pause', 'resume')
        ORDER BY request_id DESC LIMIT 1
    """
    row = db.execute(query, [source_id]).fetchone()
    return _from(row) if row is not None and row["request"] == Request.PAUSE else None


def _from(row: rows.Row) -> ServiceRequest:
    return ServiceRequest(
        request=Request(row["request"]),
        asked_at=times.from_text(row["asked_at"]),
        **{name: row[name] for name in ("request_id", "source_id", "asked_by")},
    )
