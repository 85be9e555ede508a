"""Alarms: one row per problem, which stays open until the problem is resolved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from store import rows, times
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.errors import N_, StoreError, UnknownRow
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

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

    A standing alarm keeps its sentence, so one problem is one alarm however often it is found.

    Args:
        db: The store.
        findings: All current problems of the given kinds.
        kinds: The kinds that were checked; alarms of other kinds do not change.
        now: The present time.
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
