"""One screen about everything: for `status`, the page of the service, and the API."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from crawler.errors import CrawlError
from crawler.sources.sources import load_sources
from scheduler.errors import SchedulerError
from scheduler.health import source_health, standing
from store.crawl.runs import latest_run
from store.locks import is_held
from store.model import RunKind
from store.operations.alarms import standing_alarms
from store.operations.overview import Overview, SourceHealth
from store.review.queue import SourceCounts, count_queue, count_sources
from store.scores.models import model_in_use
from store.scores.scores import count_awaiting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from store.database import Database


def overview(db: Database, database: Path, sources_file: Path, *, now: datetime) -> Overview:
    """Return how everything stands at `now`; a sources file that cannot be used is part of the answer."""
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
        sources=sources,
        sources_problem=problem,
    )


def _sources(
    db: Database, database: Path, sources_file: Path, now: datetime
) -> tuple[tuple[SourceHealth, ...], str]:
    counts = count_sources(db)
    try:
        health = [
            source_health(db, each, database=database, now=now)
            for each in load_sources(sources_file).values()
        ]
    except (CrawlError, SchedulerError) as error:
        return (), str(error)
    return tuple(replace(each, report=_report(each, counts)) for each in health), ""


def _report(health: SourceHealth, counts: Mapping[str, tuple[int, int]]) -> SourceCounts | None:
    if health.last_run is None:
        return None
    listings, flagged = counts.get(health.source_id, (0, 0))
    return SourceCounts(pages=health.last_run.counts.get("pages", 0), listings=listings, flagged=flagged)
