"""How each source fares: its last crawl, when it is due next, and whether a person should look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from listings.locks import is_held, work_of
from listings.model import RunKind, RunOutcome
from listings.runs import accounted_to, latest_run
from scheduler.due import next_due, plan

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from crawler.sources import DeclaredSource
    from listings.database import Database
    from listings.model import Run

LATE = timedelta(minutes=10)
"""A crawl may begin this much after its due time, for example behind others, before it counts as overdue."""

UNDER_WAY = "under way"
INTERRUPTED = "interrupted"
NEVER = "never"

BAD = frozenset({RunOutcome.FAILED, RunOutcome.TIMED_OUT, RunOutcome.KILLED, INTERRUPTED})
"""The standings at which a person should look; an interrupted run goes on when the service is started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """What an operator asks about one source."""

    source_id: str
    last_run: Run | None
    """The newest crawl that was begun."""
    standing: str
    """Of the last run, as `standing` returns it."""
    next_due: datetime | None
    """In UTC; None for a source without a schedule."""
    timezone: str
    """IANA name of the schedule's zone; empty without a schedule."""
    overdue: bool
    """A due time has passed and nothing accounts for it."""

    @property
    def is_well(self) -> bool:
        """Whether nobody needs to look at this source."""
        return not self.overdue and self.standing not in BAD


def standing(run: Run | None, database: Path) -> str:
    """Return how a run came out, or for one without an ending whether its lock is held: under way, or not."""
    if run is None:
        return NEVER
    if run.outcome:
        return run.outcome
    return UNDER_WAY if is_held(database, work_of(run.kind, run.source_id)) else INTERRUPTED


def source_health(db: Database, declared: DeclaredSource, *, database: Path, now: datetime) -> SourceHealth:
    """Return how a source fares at `now`; `database` is where `db` lies, for its locks.

    Raises:
        ScheduleWrong: If its cron line cannot be used.
    """
    source_id = declared.source.source_id
    last_run = latest_run(db, RunKind.CRAWL, source_id=source_id)
    stands = standing(last_run, database)
    schedule = declared.schedule
    if schedule is None:
        return SourceHealth(
            source_id=source_id,
            last_run=last_run,
            standing=stands,
            next_due=None,
            timezone="",
            overdue=False,
        )
    accounted = accounted_to(db, RunKind.CRAWL, source_id=source_id)
    waiting = plan(schedule, accounted_to=accounted, now=now - LATE).begin is not None
    return SourceHealth(
        source_id=source_id,
        last_run=last_run,
        standing=stands,
        next_due=next_due(schedule, after=now),
        timezone=schedule.timezone,
        overdue=waiting and stands != UNDER_WAY,
    )
