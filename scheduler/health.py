"""How each source fares: its last crawl, when it is due next, and whether a person should look."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from scheduler.alarms.bands import HISTORY, usual_band
from scheduler.due import next_due, plan
from store.crawl.runs import accounted_to, done_runs, latest_run
from store.locks import is_held, work_of
from store.model import RunKind
from store.operations.overview import INTERRUPTED, NEVER, UNDER_WAY, SourceHealth
from store.operations.requests import pause_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from crawler.sources.sources import DeclaredSource
    from store.database import Database
    from store.model import Run

LATE = timedelta(minutes=10)
"""A crawl may begin this much after its due time, for example behind others, before it counts as overdue."""


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
    done = done_runs(db, RunKind.CRAWL, source_id=source_id, limit=HISTORY)
    pause = pause_of(db, source_id)
    health = SourceHealth(
        source_id=source_id,
        last_run=last_run,
        standing=stands,
        next_due=None,
        timezone="",
        overdue=False,
        paused_by=pause.asked_by if pause else None,
        usual_listings=usual_band([listings_met(run) for run in done]),
        last_success_at=done[0].ended_at if done else None,
    )
    schedule = declared.schedule
    if schedule is None:
        return health
    accounted = accounted_to(db, RunKind.CRAWL, source_id=source_id, until=now)
    waiting = plan(schedule, accounted_to=accounted, now=now - LATE).begin is not None
    return replace(
        health,
        next_due=next_due(schedule, after=now),
        timezone=schedule.timezone,
        overdue=waiting and stands != UNDER_WAY and pause is None,
    )


def listings_met(run: Run) -> int:
    """Return how many listings a crawl met."""
    changes = sum(run.counts.get(name, 0) for name in ("new", "changed", "unchanged"))
    return run.counts.get("listings", changes)
