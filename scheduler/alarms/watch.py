"""One look: what is found becomes alarms, raised once and resolved when well again, and people are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from scheduler.alarms.checks import find_all
from scheduler.alarms.messages import Unsent, compose, is_quiet, send
from store.operations.alarms import Alarm, Settled, record_told, settle, untold_alarms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from scheduler.alarms.look import Look
    from scheduler.alarms.settings import AlarmSettings
    from store.database import Database

log = structlog.get_logger()


def watch(look: Look) -> Settled:
    """Look at everything once, and settle which alarms stand."""
    found = find_all(look)
    settled = settle(look.db, found.findings, kinds=found.kinds, now=look.now)
    for alarm in settled.raised:
        log.warning("alarm_raised", alarm_id=alarm.alarm_id, kind=alarm.kind, sentence=alarm.sentence)
    for alarm in settled.resolved:
        log.info("alarm_resolved", alarm_id=alarm.alarm_id, kind=alarm.kind)
    return settled


def tell(
    db: Database,
    settings: AlarmSettings,
    *,
    now: datetime,
    deliver: Callable[[Sequence[str], str, str], None] = send,
) -> tuple[Alarm, ...]:
    """Tell people of what they were not told yet, in one message, when its time has come.

    Nothing goes out in the quiet hours, nor before the first of it is as old as the digest allows. A message
    that could not be delivered is tried again at the next look.

    Returns:
        What they were told of.
    """
    alarms = untold_alarms(db)
    if not settings.urls or not alarms or is_quiet(settings, now) or not _is_ripe(alarms, settings, now):
        return ()
    title, body = compose(alarms)
    try:
        deliver(settings.urls, title, body)
    except Unsent as error:
        log.warning("alarm_message_unsent", error=str(error))
        return ()
    record_told(db, alarms, now=now)
    return tuple(alarms)


def _is_ripe(alarms: Sequence[Alarm], settings: AlarmSettings, now: datetime) -> bool:
    first = min(alarm.resolved_at or alarm.raised_at for alarm in alarms)
    return (now - first).total_seconds() >= settings.digest_minutes * 60
