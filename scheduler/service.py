"""The service: APScheduler wakes a thread for a source when it is due; the thread waits for its children."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from threading import Thread
from typing import TYPE_CHECKING

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor as JobThreads
from apscheduler.schedulers.background import BackgroundScheduler

from crawler.sources import load_sources
from listings import times
from listings.locks import hold
from scheduler.due import cron_trigger
from scheduler.errors import NothingScheduled
from scheduler.work import ScheduledSource, Settings, Worker

if TYPE_CHECKING:
    from pathlib import Path
    from threading import Event

log = structlog.get_logger()


def serve(settings: Settings, stop: Event) -> None:
    """Crawl each source when it is due and score what no run has scored, until `stop` is set.

    Every source is looked at once at the start: an interrupted crawl or scoring goes on, and if due times
    passed meanwhile the newest is made up for. When `stop` is set nothing more begins, the children are asked
    to end, and this returns when all have.

    Raises:
        SourcesFileWrong: If the sources file cannot be used.
        ScheduleWrong: If a cron line cannot be used.
        NothingScheduled: If no source has a schedule.
        AlreadyUnderWay: If another service is at work on the same database.
    """
    sources = scheduled_sources(settings.sources_file)
    with hold(settings.database, "service"):
        worker = Worker(settings)
        scheduler = _scheduler(settings.parallel)
        for due in sources:
            trigger = cron_trigger(due.schedule)
            scheduler.add_job(_visit, trigger, args=(worker, due), next_run_time=times.utc_now())
        scheduler.start()
        log.info("service_started", sources=len(sources), database=str(settings.database))
        stop.wait()
        log.info("service_stopping")
        worker.stop()
        scheduler.shutdown(wait=True)
        log.info("service_stopped")


def run_once(settings: Settings, stop: Event) -> None:
    """Do everything that is due now, score what is new, and return; `stop` ends it early, in order.

    Raises:
        SchedulerError: As `serve`; so for the other errors.
    """
    sources = scheduled_sources(settings.sources_file)
    with hold(settings.database, "service"):
        worker = Worker(settings)
        Thread(target=_stop_when_asked, args=(worker, stop), daemon=True).start()
        with ThreadPoolExecutor(settings.parallel) as threads:
            list(threads.map(worker.crawl, sources))
        worker.score()


def scheduled_sources(path: Path) -> list[ScheduledSource]:
    """Return the sources that have a schedule.

    Raises:
        SourcesFileWrong: If the sources file cannot be used.
        ScheduleWrong: If a cron line cannot be used.
        NothingScheduled: If no source has a schedule.
    """
    found = [
        ScheduledSource(source=declared.source, schedule=declared.schedule)
        for declared in load_sources(path).values()
        if declared.schedule is not None
    ]
    if not found:
        raise NothingScheduled
    for due in found:
        cron_trigger(due.schedule)
    return found


def _scheduler(parallel: int) -> BackgroundScheduler:
    """Return a scheduler that leaves late and missed due times to `scheduler.due.plan`.

    So a job is begun however late it is (no misfire limit), once for all the times it was late (coalesce),
    and never beside itself.
    """
    return BackgroundScheduler(
        executors={"default": JobThreads(parallel)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone=UTC,
    )


def _visit(worker: Worker, due: ScheduledSource) -> None:
    has_crawled = worker.crawl(due)
    worker.score()
    if has_crawled:
        worker.skip_passed(due)


def _stop_when_asked(worker: Worker, stop: Event) -> None:
    stop.wait()
    worker.stop()
