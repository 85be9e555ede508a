"""Due times of a schedule, and the handling of missed ones, as pure functions of the time.

When clocks change, APScheduler 3.11 behaves as follows, and `tests/scheduler/test_due.py` checks it: a local
time that is skipped in spring is due once, an hour later by the wall clock (02:30 at 03:30); a local time
that occurs twice in autumn is due twice, one hour apart.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from crawler.sources.sources import WEEKDAYS, cron_problem
from store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.sources.sources import Schedule

LOOK_BACK = timedelta(days=31)
"""Of the due times before this period, only the first is recorded."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)


class ScheduleWrong(StoreError):
    """A cron line is invalid; the message quotes it and gives the reason."""

    def __init__(self, cron: str, found: str) -> None:
        super().__init__(f"The schedule {cron!r} is invalid: {found}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The handling of the due times without a recorded run."""

    begin: datetime | None = None
    """The due time to crawl for now, in whole seconds; None if nothing is due."""
    missed: tuple[datetime, ...] = ()
    """Earlier due times, oldest first, to record as missed."""


def plan(schedule: Schedule, *, accounted_to: datetime | None, now: datetime) -> Plan:
    """Return the due time to start now, and the earlier ones to record as missed.

    A crawl reads the present state of a source, so one crawl covers all due times that have passed: the
    newest starts, the earlier ones are missed. A source without any run is due at once. `accounted_to` is the
    newest due time with a row in the ledger; None before the first run.

    Raises:
        ScheduleWrong: If the cron line cannot be used.
    """
    if accounted_to is None:
        return Plan(begin=now.replace(microsecond=0))
    passed = tuple(due_times(schedule, after=accounted_to, until=now))
    return Plan(begin=passed[-1], missed=passed[:-1]) if passed else Plan()


def due_times(schedule: Schedule, *, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the due times in (`after`, `until`], in UTC: the first, and the times of the last `LOOK_BACK`.

    Raises:
        ScheduleWrong: If the cron line cannot be used.
    """
    trigger = trigger_of(schedule)
    moment = _next(trigger, after)
    while moment is not None and moment <= until:
        yield moment
        moment = _next(trigger, max(moment, until - LOOK_BACK))


def next_due(schedule: Schedule, *, after: datetime) -> datetime | None:
    """Return the first due time after `after`, in UTC; None for a date that does not exist (30 February).

    Raises:
        ScheduleWrong: If the cron line cannot be used.
    """
    return _next(trigger_of(schedule), after)


def next_times(schedule: Schedule, *, after: datetime, count: int) -> list[datetime]:
    """Return the first `count` due times after `after`, in UTC, or fewer if there are no more.

    Raises:
        ScheduleWrong: If the cron line cannot be used.
    """
    found: list[datetime] = []
    while len(found) < count and (moment := next_due(schedule, after=found[-1] if found else after)):
        found.append(moment)
    return found


@cache
def trigger_of(schedule: Schedule) -> CronTrigger | IntervalTrigger:
    """Return APScheduler's trigger for a schedule of either kind.

    Raises:
        ScheduleWrong: If the cron line cannot be used.
    """
    if schedule.every_minutes:
        return IntervalTrigger(minutes=schedule.every_minutes, start_date=_EPOCH, timezone=UTC)
    return cron_trigger(schedule)


def spread_of(name: str, within: timedelta) -> timedelta:
    """Return the delay between a due time and the start of work, constant for each name.

    Like systemd's FixedRandomDelay: work that is due at the same minute is spread over `within`, at
    predictable times.

    >>> spread_of("crawl-andes", timedelta(0))
    datetime.timedelta(0)
    """
    return within * (zlib.crc32(name.encode()) / 2**32)


class Later(BaseTrigger):  # type: ignore[misc]  # APScheduler 3.11 has no types
    """Fires `by` after each due time of `trigger`; APScheduler's own jitter can fire before the due time."""

    __slots__ = ("_by", "_trigger")

    def __init__(self, trigger: BaseTrigger, by: timedelta) -> None:
        self._trigger = trigger
        self._by = by

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """Return the next time after `previous` and not before `now`, or None if there is none."""
        before = None if previous is None else previous - self._by
        found: datetime | None = self._trigger.get_next_fire_time(before, now - self._by)
        return None if found is None else found + self._by


@cache
def cron_trigger(schedule: Schedule) -> CronTrigger:
    """Return APScheduler's trigger for a cron line, with the semantics of cron.

    APScheduler numbers weekdays from Monday, and requires day of month *and* day of week to match, where cron
    accepts either. So numbers become names here, and a line that restricts both is refused.

    Raises:
        ScheduleWrong: If the line does not have five valid fields, or restricts both kinds of day.
    """
    if why := cron_problem(schedule.cron):
        raise ScheduleWrong(schedule.cron, why)
    return CronTrigger.from_crontab(_readable(schedule.cron), timezone=ZoneInfo(schedule.timezone))


def _readable(cron: str) -> str:
    *others, weekday = cron.lower().split()
    return " ".join((*others, _name_weekdays(weekday)))


def _next(trigger: CronTrigger | IntervalTrigger, after: datetime) -> datetime | None:
    found: datetime | None = trigger.get_next_fire_time(None, after.astimezone(UTC) + _INSTANT)
    return None if found is None else found.astimezone(UTC)


def _name_weekdays(field: str) -> str:
    if field == "*":
        return field
    return ",".join(WEEKDAYS[number % 7] for part in field.split(",") for number in _weekday_numbers(part))


def _weekday_numbers(part: str) -> range:
    days, _, step = part.partition("/")
    first, dash, last = ("0", "-", "6") if days == "*" else days.partition("-")
    begin = _weekday_number(first)
    end = _weekday_number(last) if dash else (6 if step else begin)
    if end < begin:
        end += 7
    return range(begin, end + 1, int(step or 1))


def _weekday_number(text: str) -> int:
    return WEEKDAYS.index(text) if text in WEEKDAYS else int(text)
