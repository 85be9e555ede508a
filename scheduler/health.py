"""The state of each source and of the whole service, for `status`, the service page and the API."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

from crawler.errors import CrawlError
from crawler.sources.sources import load_sources
from scheduler.due import ScheduleWrong, next_due, plan
from store.crawl.pictures import count_read, count_unread
from store.crawl.runs import accounted_to, done_runs, latest_run
from store.locks import is_held, work_of
from store.model import RunKind
from store.operations.service import (
    INTERRUPTED,
    NEVER,
    UNDER_WAY,
    Band,
    Overview,
    SourceHealth,
    pause_of,
    standing_alarms,
)
from store.review.queue import count_queue
from store.review.statistics import SourceCounts, count_sources
from store.scores.scores import count_awaiting, model_in_use

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from crawler.sources.sources import DeclaredSource
    from store.database import Database
    from store.model import Run

LATE = timedelta(minutes=10)
"""The tolerated delay of a crawl, e.g. behind other crawls, before it counts as overdue."""

HISTORY = 30
"""The maximum number of runs behind a band."""

MIN_HISTORY = 5
"""The minimum number of runs behind a band; with fewer, nothing is unusual."""

SPREADS = 4.0
"""The half-width of a band, in robust standard deviations."""

MAD_TO_SD = 1.4826
"""The ratio of the standard deviation to the median absolute deviation of a normal distribution."""

LEAST_SHARE = 0.25
"""The minimum half-width as a share of the median: a source that always gave 40 may give 30."""

LEAST_COUNT = 3.0
"""The minimum half-width of a band of small counts."""


def overview(db: Database, database: Path, sources_file: Path, *, now: datetime) -> Overview:
    """Return the state of everything at `now`, including any problem with the sources file."""
    scored, model = latest_run(db, RunKind.SCORE), model_in_use(db)
    sources, problem = _sources(db, database, sources_file, now)
    return Overview(
        database=database,
        database_bytes=database.stat().st_size,
        disk_free_bytes=shutil.disk_usage(database.resolve().parent).free,
        service=is_held(database, "service"),
        alarms=tuple(standing_alarms(db)),
        model_id=None if model is None else model.model_id,
        queue=count_queue(db),
        unscored=count_awaiting(db),
        scoring=standing(scored, database),
        last_score_run=scored,
        unread_pictures=count_unread(db),
        read_pictures=count_read(db),
        sources=sources,
        sources_problem=problem,
    )


def standing(run: Run | None, database: Path) -> str:
    """Return a run's outcome, or by its lock whether an unfinished run is under way or interrupted."""
    if run is None:
        return NEVER
    if run.outcome:
        return run.outcome
    return UNDER_WAY if is_held(database, work_of(run.kind, run.source_id)) else INTERRUPTED


def source_health(db: Database, declared: DeclaredSource, *, database: Path, now: datetime) -> SourceHealth:
    """Return the state of a source at `now`; `database` is the path of `db`, for its locks.

    Raises:
        ScheduleWrong: If the cron line is invalid.
    """
    source_id = declared.source.source_id
    last_run = latest_run(db, RunKind.CRAWL, source_id=source_id)
    state = standing(last_run, database)
    done = done_runs(db, RunKind.CRAWL, source_id=source_id, limit=HISTORY)
    pause = pause_of(db, source_id)
    health = SourceHealth(
        source_id=source_id,
        last_run=last_run,
        standing=state,
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
        overdue=waiting and state != UNDER_WAY and pause is None,
    )


def listings_met(run: Run) -> int:
    """Return how many listings a crawl found."""
    changes = sum(run.counts.get(name, 0) for name in ("new", "changed", "unchanged"))
    return run.counts.get("listings", changes)


def usual_band(history: Sequence[float], *, least: float = LEAST_COUNT) -> Band | None:
    """Return the band around the median of past values, or None if there are too few.

    `least` is the minimum half-width, in the unit of the values.

    The width is based on the median absolute deviation, so that a bad day in the history does not widen it.

    >>> usual_band([40, 42, 38, 41, 40])
    Band(low=30.0, usual=40, high=50.0, runs=5)
    >>> usual_band([40, 42]) is None
    True
    """
    if len(history) < MIN_HISTORY:
        return None
    middle = median(history)
    spread = MAD_TO_SD * median(abs(value - middle) for value in history)
    half = max(SPREADS * spread, LEAST_SHARE * middle, least)
    return Band(low=max(0.0, middle - half), usual=middle, high=middle + half, runs=len(history))


def _sources(
    db: Database, database: Path, sources_file: Path, now: datetime
) -> tuple[tuple[SourceHealth, ...], str]:
    counts = count_sources(db)
    try:
        health = [
            source_health(db, each, database=database, now=now)
            for each in load_sources(sources_file).values()
        ]
    except (CrawlError, ScheduleWrong) as error:
        return (), str(error)
    return tuple(replace(each, report=_report(each, counts)) for each in health), ""


def _report(health: SourceHealth, counts: Mapping[str, tuple[int, int]]) -> SourceCounts | None:
    if health.last_run is None:
        return None
    listings, flagged = counts.get(health.source_id, (0, 0))
    return SourceCounts(pages=health.last_run.counts.get("pages", 0), listings=listings, flagged=flagged)
