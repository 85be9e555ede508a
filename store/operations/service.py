"""The service: what people request of it, and the overview that operators see."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from store import rows, times
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.errors import N_, StoreError, Word
from store.model import RunOutcome
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from store.model import Run
    from store.operations.alarms import Alarm
    from store.review.statistics import SourceCounts


class Request(StrEnum):
    """What can be asked."""

    PAUSE = "pause"
    """Nothing is begun for the source until it is resumed; its due times are skipped, with the reason."""
    RESUME = "resume"
    RUN_NOW = "run_now"
    """Crawl it at once, due or not, paused or not."""


class SourcesUnreadable(StoreError):
    """The sources file cannot be used, so nobody knows what could be asked."""


class NotScheduled(StoreError):
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


class NoServiceAtWork(StoreError):
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


UNDER_WAY = "under way"

INTERRUPTED = "interrupted"

NEVER = "never"

BAD = frozenset(
    {RunOutcome.FAILED, RunOutcome.TIMED_OUT, RunOutcome.OUT_OF_MEMORY, RunOutcome.KILLED, INTERRUPTED}
)
"""The standings at which a person should look; an interrupted run goes on when the service is started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What is ordinary of a number."""

    low: float
    usual: float
    high: float
    runs: int
    """How many it was learnt from."""

    def holds(self, value: float) -> bool:
        """Return whether a value is ordinary."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """What an operator asks about one source."""

    source_id: str
    last_run: Run | None
    """The newest crawl that was begun."""
    standing: str
    """Of the last run: its outcome, or `UNDER_WAY`, `INTERRUPTED` or `NEVER`."""
    next_due: datetime | None
    """In UTC; None for a source without a schedule."""
    timezone: str
    """IANA name of the schedule's zone; empty without a schedule."""
    overdue: bool
    """A due time has passed and nothing accounts for it."""
    paused_by: str | None = None
    """Who asked that nothing be begun for it."""
    usual_listings: Band | None = None
    """How many listings its crawls usually meet; None while too few are done to say."""
    last_success_at: datetime | None = None
    """When the newest crawl that did its work ended."""
    report: SourceCounts | None = None
    """What is known of it; None before its first crawl."""

    @property
    def is_well(self) -> bool:
        """Whether nobody needs to look at this source."""
        return not self.overdue and self.standing not in BAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything on one screen."""

    database: Path
    database_bytes: int
    disk_free_bytes: int
    """Where the database lies."""
    service: bool
    """Whether one is at work on it."""
    alarms: tuple[Alarm, ...]
    """Those that stand, oldest first."""
    model_id: str | None
    """In use."""
    queue: int
    """Listings that wait for a verdict."""
    unscored: int
    """New or changed listings that wait for a score."""
    scoring: str
    """Standing of the last scoring."""
    last_score_run: Run | None
    sources: tuple[SourceHealth, ...] = field(default=())
    """In the order of the sources file; none when it cannot be used."""
    sources_problem: str = ""
    """Why the sources file cannot be used; empty when it can."""

    @property
    def is_well(self) -> bool:
        """Whether nobody needs to look: what a monitoring system is told."""
        wants_model = self.model_id is None and self.unscored > 0
        is_alarmed = any(alarm.acknowledged_at is None for alarm in self.alarms)
        return not (self.sources_problem or wants_model or is_alarmed or self.scoring in BAD) and all(
            each.is_well for each in self.sources
        )
