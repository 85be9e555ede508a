"""A trigger that wakes a while after the due times of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apscheduler.triggers.base import BaseTrigger

if TYPE_CHECKING:
    from datetime import datetime, timedelta


class Later(BaseTrigger):  # type: ignore[misc]  # APScheduler 3.11 has no types
    """Fires `by` after each due time of `trigger`; APScheduler's own jitter may fire before it."""

    __slots__ = ("_by", "_trigger")

    def __init__(self, trigger: BaseTrigger, by: timedelta) -> None:
        self._trigger = trigger
        self._by = by

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """Return the next time later than `previous`, not before `now`; None when there is none."""
        before = None if previous is None else previous - self._by
        found: datetime | None = self._trigger.get_next_fire_time(before, now - self._by)
        return None if found is None else found + self._by
