"""Requests to the running service, its alarms, and the overview for operators.

`scheduler.health` fills in the overview; the terminal, the pages and the API show it. An alarm is
one row per problem, which stays open until the problem is resolved.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from store import rows, times
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.errors import N_, StoreError, UnknownRow, Word
from store.messages import counted
from store.model import RunOutcome
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from store.model import Run
    from store.review.statistics import SourceCounts


class Request(StrEnum):
    """A kind of request."""

    PAUSE = "pause"
    """Start no run of the source until it is resumed; its due times are recorded as skipped."""
    RESUME = "resume"
    RUN_NOW = "run_now"
    """Crawl the source at once, even if it is paused or not due."""


class SourcesUnreadable(StoreError):
    """The sources file cannot be used, so no request can be checked."""


class NotScheduled(StoreError):
    """The service does not know the source."""

    def __init__(self, source_id: str, scheduled: Sequence[str]) -> None:
        super().__init__(
            N_(
                "The sources file has no scheduled source '%(source)s'. Scheduled sources: %(scheduled)s. "
                "No request was made."
            ),
            source=source_id,
            scheduled=", ".join(scheduled) or Word(N_("none")),
        )


class NoServiceAtWork(StoreError):
    """No service is running that could start a crawl."""

    def __init__(self, database: Path, source_id: str) -> None:
        super().__init__(
            N_(
                "No service is running on %(database)s. Start one with `precursor-watch run`, or crawl by "
                "hand with `precursor-watch crawl %(source)s`."
            ),
            database=database,
            source=source_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """One request to the service."""

    request_id: int
    request: Request
    source_id: str
    asked_at: datetime
    asked_by: str
    answered_at: datetime | None = None
    answer: str = ""
    """The answer of the service; empty until it has answered."""


def ask(
    db: Database, request: Request, source_id: str, *, by: str, origin: Origin = BY_HAND, now: datetime
) -> int:
    """Record a request to the service, also in the audit log, and return its number."""
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
    """Record the answer of the service, which closes the request."""
    values = {"request_id": request_id, "answered_at": times.to_text(now), "sentence": rows.clean(sentence)}
    with transaction(db):
        rows.insert(db, "service_answers", values, ignore=True)


def open_requests(db: Database) -> list[ServiceRequest]:
    """Return the requests without an answer, oldest first."""
    query = """
        WHERE answered_at IS NULL ORDER BY request_id
    """
    return rows.select(db, ServiceRequest, _REQUESTS + query)


def list_requests(db: Database, *, limit: int = 20) -> list[ServiceRequest]:
    """Return the newest requests with their answers, newest first."""
    return rows.select(db, ServiceRequest, _REQUESTS + "ORDER BY request_id DESC LIMIT ?", [limit])


def pause_of(db: Database, source_id: str) -> ServiceRequest | None:
    """Return the request that pauses a source now, or None."""
    query = "WHERE source_id = ? AND request IN ('pause', 'resume') ORDER BY request_id DESC LIMIT 1"
    last = rows.find(db, ServiceRequest, _REQUESTS + query, [source_id])
    return last if last is not None and last.request is Request.PAUSE else None


_REQUESTS = """
    SELECT service_requests.*, answered_at, sentence AS answer
    FROM service_requests LEFT JOIN service_answers USING (request_id)
"""


UNDER_WAY = "under way"

INTERRUPTED = "interrupted"

NEVER = "never"

BAD = frozenset(
    {RunOutcome.FAILED, RunOutcome.TIMED_OUT, RunOutcome.OUT_OF_MEMORY, RunOutcome.KILLED, INTERRUPTED}
)
"""The states that need attention; an interrupted run resumes when the service starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The usual range of a number."""

    low: float
    usual: float
    high: float
    runs: int
    """Number of runs that give the range."""

    def holds(self, value: float) -> bool:
        """Return whether a value is in the range."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """The state of one source."""

    source_id: str
    last_run: Run | None
    """The newest crawl that began."""
    standing: str
    """Outcome of the last run, or `UNDER_WAY`, `INTERRUPTED` or `NEVER`."""
    next_due: datetime | None
    """In UTC; None for a source without a schedule."""
    timezone: str
    """IANA name of the timezone of the schedule; empty without a schedule."""
    overdue: bool
    """Whether a due time has passed without a run."""
    paused_by: str | None = None
    """The person who paused the source."""
    usual_listings: Band | None = None
    """The usual number of listings of a crawl; None after too few crawls."""
    last_success_at: datetime | None = None
    """End of the newest successful crawl."""
    report: SourceCounts | None = None
    """Counts of pages and listings; None before the first crawl."""

    @property
    def is_well(self) -> bool:
        """Whether the source needs no attention."""
        return not self.overdue and self.standing not in BAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The state of the whole product, for one screen."""

    database: Path
    database_bytes: int
    disk_free_bytes: int
    """Free bytes on the disk of the database."""
    service: bool
    """Whether a service is running on the database."""
    alarms: tuple[Alarm, ...]
    """Standing alarms, oldest first."""
    model_id: str | None
    """The model in use."""
    queue: int
    """Listings that wait for a verdict."""
    unscored: int
    """New or changed listings that wait for a score."""
    scoring: str
    """State of the last scoring, like `SourceHealth.standing`."""
    last_score_run: Run | None
    unread_pictures: int
    """Kept pictures that wait to be read."""
    read_pictures: int
    """Pictures that were read, also in vain."""
    sources: tuple[SourceHealth, ...] = field(default=())
    """In the order of the sources file; empty if the file cannot be used."""
    sources_problem: str = ""
    """Why the sources file cannot be used; empty if it can."""

    @property
    def problems(self) -> list[str]:
        """Sentences on the problems that need attention; monitoring systems query whether there is any."""
        found = [self.sources_problem] if self.sources_problem else []
        if self.model_id is None and self.unscored:
            found.append(f"{counted(self.unscored, 'listing waits', 'listings wait')} for a first model.")
        if self.scoring in BAD:
            found.append(f"The last scoring ended badly: {self.scoring}.")
        for each in self.sources:
            if each.overdue:
                found.append(f"The crawl of {each.source_id} is overdue.")
            elif not each.is_well:
                found.append(f"The last crawl of {each.source_id} ended badly: {each.standing}.")
        if waiting := sum(alarm.acknowledged_at is None for alarm in self.alarms):
            found.append(f"{counted(waiting, 'active alarm is', 'active alarms are')} not acknowledged.")
        return found

    @property
    def is_well(self) -> bool:
        """Whether nothing needs attention."""
        return not self.problems


SERVICE = "service"
"""The author of events that no person caused."""


class AlreadyAcknowledged(StoreError):
    """The alarm is already acknowledged."""

    def __init__(self, alarm: Alarm) -> None:
        super().__init__(
            N_("Alarm %(number)s was already acknowledged by %(who)s at %(time)s UTC. Nothing was changed."),
            number=alarm.alarm_id,
            who=alarm.acknowledged_by,
            time=f"{alarm.acknowledged_at:%Y-%m-%d %H:%M}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A current problem."""

    kind: str
    """Kind of the problem, e.g. `run_failed`; `scheduler.checks` defines all kinds."""
    subject: str = ""
    """Id of the source; empty for the whole product."""
    sentence: str
    """A sentence with the finding, the expected state, and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A raised finding with its history."""

    alarm_id: int
    kind: str
    subject: str
    sentence: str
    raised_at: datetime
    sent_at: datetime | None = None
    """Time of the message about the alarm."""
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    resolved_at: datetime | None = None
    resolution_sent_at: datetime | None = None
    """Time of the message about the resolution."""

    @property
    def is_active(self) -> bool:
        """Whether the alarm is not resolved yet."""
        return self.resolved_at is None


_ALARMS = "SELECT *, told_at AS sent_at, told_resolved_at AS resolution_sent_at FROM alarm_log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The alarms that a check raised and resolved."""

    raised: tuple[Alarm, ...]
    resolved: tuple[Alarm, ...]


def settle(db: Database, findings: Iterable[Finding], *, kinds: Collection[str], now: datetime) -> Settled:
    """Raise an alarm for each new finding, and resolve each standing alarm without a finding.

    A standing alarm keeps its sentence, so one problem is one alarm however often it is found. `kinds` are
    the kinds that were checked; alarms of other kinds do not change.
    """
    found = {(each.kind, each.subject): each for each in findings}
    with transaction(db):
        standing = {(each.kind, each.subject): each for each in standing_alarms(db) if each.kind in kinds}
        raised = [_raise(db, each, now) for key, each in found.items() if key not in standing]
        gone = [each.alarm_id for key, each in standing.items() if key not in found]
        for alarm_id in gone:
            _record(db, alarm_id, "resolved", by=SERVICE, now=now)
    return Settled(
        raised=tuple(get_alarm(db, each) for each in raised),
        resolved=tuple(get_alarm(db, each) for each in gone),
    )


def acknowledge(
    db: Database, alarm_id: int, *, by: str, note: str = "", origin: Origin = BY_HAND, now: datetime
) -> Alarm:
    """Record that a person has acknowledged an alarm, also in the audit log.

    Raises:
        UnknownRow: If there is no such alarm.
        AlreadyAcknowledged: If the alarm was acknowledged before.
    """
    with transaction(db):
        alarm = get_alarm(db, alarm_id)
        if alarm.acknowledged_at is not None:
            raise AlreadyAcknowledged(alarm)
        _record(db, alarm_id, "acknowledged", by=by, note=note, now=now)
        audit.record(
            db,
            AuditAction.ALARM_ACKNOWLEDGED,
            actor=by,
            origin=origin,
            subject=f"alarm:{alarm_id}",
            details={"kind": alarm.kind, "about": alarm.subject, "note": note},
            now=now,
        )
    return get_alarm(db, alarm_id)


def record_notified(db: Database, alarms: Iterable[Alarm], *, now: datetime) -> None:
    """Record that a message about the raising or the resolution of these alarms was sent."""
    with transaction(db):
        for alarm in alarms:
            _record(db, alarm.alarm_id, "told" if alarm.is_active else "told_resolved", by=SERVICE, now=now)


def get_alarm(db: Database, alarm_id: int) -> Alarm:
    """Return one alarm with its history.

    Raises:
        UnknownRow: If there is no such alarm.
    """
    alarm = rows.find(db, Alarm, f"{_ALARMS} WHERE alarm_id = ?", [alarm_id])
    if alarm is None:
        raise UnknownRow("alarm", alarm_id)
    return alarm


def list_alarms(db: Database, *, limit: int = 50) -> list[Alarm]:
    """Return the newest alarms, newest first, standing or not."""
    return rows.select(db, Alarm, f"{_ALARMS} ORDER BY alarm_id DESC LIMIT ?", [limit])


def standing_alarms(db: Database) -> list[Alarm]:
    """Return the alarms that are not resolved, oldest first."""
    query = f"""
        {_ALARMS} WHERE alarm_id IN (
            SELECT alarm_id FROM alarms EXCEPT SELECT alarm_id FROM alarm_events WHERE event = 'resolved'
        ) ORDER BY alarm_id
    """  # noqa: S608 (no input in it)
    return rows.select(db, Alarm, query)


def unnotified_alarms(db: Database) -> list[Alarm]:
    """Return standing alarms without a message, and resolved alarms without a message on their resolution."""
    query = f"""{_ALARMS}
        WHERE (resolved_at IS NULL AND told_at IS NULL)
           OR (resolved_at IS NOT NULL AND told_at IS NOT NULL AND told_resolved_at IS NULL)
        ORDER BY alarm_id
    """
    return rows.select(db, Alarm, query)


def _raise(db: Database, finding: Finding, now: datetime) -> int:
    values = {"kind": finding.kind, "subject": finding.subject, "raised_at": times.to_text(now)}
    alarm_id = rows.insert(db, "alarms", {**values, "sentence": rows.clean(finding.sentence)})
    assert alarm_id is not None
    return alarm_id


def _record(db: Database, alarm_id: int, event: str, *, by: str, note: str = "", now: datetime) -> None:
    values = {"alarm_id": alarm_id, "event": event, "happened_at": times.to_text(now)}
    rows.insert(db, "alarm_events", {**values, "by": rows.clean(by), "note": rows.clean(note)}, ignore=True)
