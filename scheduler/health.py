"""How each source fares: its last crawl, when it is due next, and whether a person should look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from listings.model import RunKind, RunOutcome
from listings.runs import accounted_to, latest_run
from scheduler.due import next_due, plan

if TYPE_CHECKING:
    from datetime import datetime

    from crawler.sources import DeclaredSource
    from listings.database import Database
    from listings.model import Run

LATE = timedelta(minutes=10)
"""A crawl may begin this much after its due time, for example behind others, before it counts as overdue."""

LONG = timedelta(hours=2)
"""A crawl without an ending that was asked for longer ago than this does not excuse a later due time."""

BAD_OUTCOMES = frozenset({RunOutcome.FAILED, RunOutcome.TIMED_OUT, RunOutcome.KILLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """What an operator asks about one source."""

    source_id: str
    last_run: Run | None
    """The newest crawl that was begun; without an ending it is under way or was interrupted."""
    next_due: datetime | None
    """In UTC; None for a source without a schedule."""
    timezone: str
    """IANA name of the schedule's zone; empty without a schedule."""
    overdue: bool
    """A due time has passed and nothing accounts for it."""

    @property
    def is_well(self) -> bool:
        """Whether nobody needs to look at this source."""
        return not self.overdue and ended_well(self.last_run)


def ended_well(run: Run | None) -> bool:
    """Return whether a run needs no look: none yet, under way, or ended otherwise than badly."""
    return run is None or run.outcome not in BAD_OUTCOMES


def source_health(db: Database, declared: DeclaredSource, *, now: datetime) -> SourceHealth:
    """Return how a source fares at `now`.

    Raises:
        ScheduleWrong: If its cron line cannot be used.
    """
    source_id = declared.source.source_id
    last_run = latest_run(db, RunKind.CRAWL, source_id=source_id)
    schedule = declared.schedule
    if schedule is None:
        return SourceHealth(source_id=source_id, last_run=last_run, next_due=None, timezone="", overdue=False)
    under_way = last_run is not None and last_run.ended_at is None and now - last_run.requested_at < LONG
    accounted = accounted_to(db, RunKind.CRAWL, source_id=source_id)
    waiting = plan(schedule, accounted_to=accounted, now=now - LATE).begin is not None
    return SourceHealth(
        source_id=source_id,
        last_run=last_run,
        next_due=next_due(schedule, after=now),
        timezone=schedule.timezone,
        overdue=waiting and not under_way,
    )
