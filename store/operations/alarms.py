"""Alarms: one row for each thing found wrong, standing until it is well again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from store import rows, times
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.errors import N_, StoreError, UnknownRow
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

SERVICE = "service"
"""Who did what no person did."""


class AlreadyAcknowledged(StoreError):
    """An alarm is acknowledged once; the first person to do so has it."""

    def __init__(self, alarm: Alarm) -> None:
        super().__init__(
            N_(
                "Alarm %(number)s was acknowledged by %(who)s at %(time)s UTC; there is nothing more to do "
                "here."
            ),
            number=alarm.alarm_id,
            who=alarm.acknowledged_by,
            time=f"{alarm.acknowledged_at:%Y-%m-%d %H:%M}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong, as it is found now."""

    kind: str
    """What, e.g. `run_failed`; `scheduler.checks` has them all."""
    subject: str = ""
    """A source's id; empty for the whole product."""
    sentence: str
    """For a person: what was found, what was expected, what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A finding that was raised, and what became of it."""

    alarm_id: int
    kind: str
    subject: str
    sentence: str
    raised_at: datetime
    told_at: datetime | None = None
    """When a message about it went out."""
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    resolved_at: datetime | None = None
    told_resolved_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether it is not well again yet."""
        return self.resolved_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a look changed."""

    raised: tuple[Alarm, ...]
    resolved: tuple[Alarm, ...]


def settle(db: Database, findings: Iterable[Finding], *, kinds: Collection[str], now: datetime) -> Settled:
    """Raise what is found and does not stand yet; resolve what stands and is no longer found.

    The sentence of a standing alarm stays as it was raised, so that one fault is one alarm however often
    it is found.

    Args:
        db: The store.
        findings: All that is wrong now, of the given kinds.
        kinds: What was looked for; alarms of other kinds are left alone.
        now: The present time.
    """
    found = {(each.kind, each.subject): each for each in findings}
    with transaction(db):
        standing = {(each.kind, each.subject): each for each in standing_alarms(db) if each.kind in kinds}
        raised = [_raise(db, each, now) for key, each in found.items() if key not in standing]
        well = [each.alarm_id for key, each in standing.items() if key not in found]
        for alarm_id in well:
            _record(db, alarm_id, "resolved", by=SERVICE, now=now)
    return Settled(
        raised=tuple(get_alarm(db, each) for each in raised),
        resolved=tuple(get_alarm(db, each) for each in well),
    )


def acknowledge(
    db: Database, alarm_id: int, *, by: str, note: str = "", origin: Origin = BY_HAND, now: datetime
) -> Alarm:
    """Write that a person has taken note of an alarm; so does the audit log.

    Raises:
        UnknownRow: If there is no such alarm.
        AlreadyAcknowledged: If somebody has before.
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


def record_told(db: Database, alarms: Iterable[Alarm], *, now: datetime) -> None:
    """Write that a message about these alarms went out: that they are raised, or are well again."""
    with transaction(db):
        for alarm in alarms:
            _record(db, alarm.alarm_id, "told" if alarm.stands else "told_resolved", by=SERVICE, now=now)


def get_alarm(db: Database, alarm_id: int) -> Alarm:
    """Return one alarm with what became of it.

    Raises:
        UnknownRow: If there is no such alarm.
    """
    row = db.execute("SELECT * FROM alarm_log WHERE alarm_id = ?", [alarm_id]).fetchone()
    if row is None:
        raise UnknownRow("alarm", alarm_id)
    return _alarm_from(row)


def list_alarms(db: Database, *, limit: int = 50) -> list[Alarm]:
    """Return the newest alarms, newest first, standing or not."""
    query = "SELECT * FROM alarm_log ORDER BY alarm_id DESC LIMIT ?"
    return [_alarm_from(row) for row in db.execute(query, [limit])]


def standing_alarms(db: Database) -> list[Alarm]:
    """Return the alarms that are not resolved, oldest first."""
    query = """
        SELECT * FROM alarm_log WHERE alarm_id IN (
            SELECT alarm_id FROM alarms EXCEPT SELECT alarm_id FROM alarm_events WHERE event = 'resolved'
        ) ORDER BY alarm_id
    """
    return [_alarm_from(row) for row in db.execute(query)]


def untold_alarms(db: Database) -> list[Alarm]:
    """Return standing alarms that nobody was told of, and ended ones that somebody was told began."""
    query = """
        SELECT * FROM alarm_log
        WHERE (resolved_at IS NULL AND told_at IS NULL)
           OR (resolved_at IS NOT NULL AND told_at IS NOT NULL AND told_resolved_at IS NULL)
        ORDER BY alarm_id
    """
    return [_alarm_from(row) for row in db.execute(query)]


def _raise(db: Database, finding: Finding, now: datetime) -> int:
    values = {"kind": finding.kind, "subject": finding.subject, "raised_at": times.to_text(now)}
    alarm_id = rows.insert(db, "alarms", {**values, "sentence": rows.clean(finding.sentence)})
    assert alarm_id is not None
    return alarm_id


def _record(db: Database, alarm_id: int, event: str, *, by: str, note: str = "", now: datetime) -> None:
    values = {"alarm_id": alarm_id, "event": event, "happened_at": times.to_text(now)}
    rows.insert(db, "alarm_events", {**values, "by": rows.clean(by), "note": rows.clean(note)}, ignore=True)


def _alarm_from(row: rows.Row) -> Alarm:
    moments = ("told_at", "acknowledged_at", "resolved_at", "told_resolved_at")
    became: dict[str, Any] = {
        name: None if row[name] is None else times.from_text(row[name]) for name in moments
    }
    return Alarm(
        **{name: row[name] for name in ("alarm_id", "kind", "subject", "sentence", "acknowledged_by")},
        raised_at=times.from_text(row["raised_at"]),
        **became,
    )
