"""The service: APScheduler wakes a thread for a job when it is due; the thread waits for its children.

Beside it one loop, timed by a clock that nobody can put forward or back, looks after the service itself:
the sources file, what people ask, due times that no wake-up came for, the alarms, and the sign of life.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, timedelta
from threading import Thread
from typing import TYPE_CHECKING

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor as JobThreads
from apscheduler.schedulers.background import BackgroundScheduler

from scheduler.due import spread_of, trigger_of
from scheduler.jobs import care_jobs, crawl_jobs
from scheduler.metrics import serving
from scheduler.noted import note_settings
from scheduler.sources_file import SourcesFile
from scheduler.triggers import Later
from scheduler.warden import Warden
from scheduler.work import Settings, Worker
from store import times
from store.database import open_database
from store.errors import ListingsError, StoreUnwritable
from store.locks import hold
from store.model import RunKind
from store.operations.requests import Request, answer, open_requests

if TYPE_CHECKING:
    from threading import Event

    from apscheduler.schedulers.base import BaseScheduler

    from scheduler.jobs import Job
    from store.database import Database
    from store.operations.requests import ServiceRequest

log = structlog.get_logger()

LOOK_S = 2.0
"""How often the loop looks for requests, an edited sources file and a clock that was put back."""


class Service:
    """The jobs, who does them, and what is looked after; one for a database."""

    def __init__(self, settings: Settings, scheduler: BaseScheduler, worker: Worker) -> None:
        """Read the sources and add their jobs to a scheduler that has not been started.

        Raises:
            SourcesFileWrong: If the sources file cannot be used.
            ScheduleWrong: If a cron line cannot be used.
            NothingScheduled: If no source has a schedule.
        """
        self._settings = settings
        self._scheduler = scheduler
        self._worker = worker
        self._file = SourcesFile(settings.sources_file)
        self._crawls = crawl_jobs(settings.sources_file, settings.limits)
        self._care = care_jobs(settings.care, settings.limits) if settings.care else {}
        self._last_look = times.utc_now()
        for job in self.jobs.values():
            self._schedule(job, at_once=True)

    @property
    def jobs(self) -> dict[str, Job]:
        """Everything that is done by a schedule, by name."""
        return {**self._crawls, **self._care}

    @property
    def sources_problem(self) -> str:
        """Why the sources file as it is now cannot be used; empty when it can."""
        return self._file.problem

    def look(self) -> None:
        """Take up an edited sources file and what people ask, and mend what a changed clock did."""
        now = times.utc_now()
        if now < self._last_look - timedelta(seconds=LOOK_S):
            log.warning("clock_put_back", by=str(self._last_look - now))
            self._schedule_all_anew()
        self._last_look = now
        if self._file.has_changed():
            self.reload()
        with closing(open_database(self._settings.database)) as db:
            for request in open_requests(db):
                # Answered first: an answer that cannot be written leaves the request for the next look.
                answer(db, request.request_id, self._answer_to(request), now=times.utc_now())
                self._take_up(request)

    def sweep(self) -> None:
        """Begin what is due and was not begun, because a look at it failed or no wake-up came."""
        for job in self._worker.waiting(self.jobs.values()):
            self._at_once(job, f"swept-{job.name}")

    def reload(self) -> None:
        """Take up the sources file as it is now; one that cannot be used leaves the old jobs as they are."""
        before = self._crawls
        try:
            self._crawls = crawl_jobs(self._settings.sources_file, self._settings.limits)
        except ListingsError as error:
            self._file.problem = str(error)
            log.error("sources_file_unusable", error=str(error))  # noqa: TRY400 (a sentence, no traceback)
            return
        self._file.problem = ""
        for name in before.keys() - self._crawls.keys():
            self._scheduler.remove_job(name)
        for name, job in self._crawls.items():
            if job != before.get(name):
                self._schedule(job, at_once=name not in before)
        log.info("sources_file_taken_up", crawls=len(self._crawls))

    def _take_up(self, request: ServiceRequest) -> None:
        if request.request is Request.RUN_NOW and (job := self._crawl_of(request.source_id)):
            self._scheduler.add_job(
                self._do_now, args=(job, request), id=f"request-{request.request_id}", replace_existing=True
            )

    def _answer_to(self, request: ServiceRequest) -> str:
        if self._crawl_of(request.source_id) is None:
            return f"No source {request.source_id!r} with a schedule is in the sources file."
        said = {
            Request.PAUSE: "It is paused.",
            Request.RESUME: "It is resumed.",
            Request.RUN_NOW: "It begins.",
        }
        return said[request.request]

    def _crawl_of(self, source_id: str) -> Job | None:
        return next((job for job in self._crawls.values() if job.source_id == source_id), None)

    def _schedule(self, job: Job, *, at_once: bool) -> None:
        trigger = Later(trigger_of(job.schedule), spread_of(job.name, self._settings.spread))
        extra = {"next_run_time": times.utc_now()} if at_once else {}
        self._scheduler.add_job(
            self._visit, trigger, args=(job,), id=job.name, replace_existing=True, **extra
        )

    def _schedule_all_anew(self) -> None:
        for job in self.jobs.values():
            self._schedule(job, at_once=False)

    def _at_once(self, job: Job, job_id: str) -> None:
        self._scheduler.add_job(self._visit, args=(job,), id=job_id, replace_existing=True)

    def _visit(self, job: Job) -> None:
        has_done = self._worker.do(job)
        if job.kind is RunKind.CRAWL:
            self._worker.score()
        if has_done:
            self._worker.skip_passed(job)

    def _do_now(self, job: Job, request: ServiceRequest) -> None:
        log.info("request_done", request_id=request.request_id, said=self._worker.do_now(job, request))
        self._worker.score()


def serve(settings: Settings, stop: Event, reload: Event | None = None) -> None:
    """Crawl each source when it is due and score what no run has scored, until `stop` is set.

    Every source is looked at once at the start: an interrupted crawl or scoring goes on, and if due times
    passed meanwhile the newest is made up for. When `stop` is set nothing more begins, the children are asked
    to end, and this returns when all have.

    Args:
        settings: Of the service.
        stop: Ends it.
        reload: When set, the sources file is taken up though its date has not changed (SIGHUP).

    Raises:
        SourcesFileWrong: If the sources file cannot be used.
        ScheduleWrong: If a cron line cannot be used.
        NothingScheduled: If no source has a schedule.
        AlreadyUnderWay: If another service is at work on the same database.
        PortTaken: If the port for metrics cannot be had.
    """
    # The store is kept open, or each look's close would be the last one and fold the write-ahead log.
    with hold(settings.database, "service"), closing(open_database(settings.database)) as db:
        _note_settings(db, settings)
        worker = Worker(settings)
        scheduler = _scheduler(settings.parallel)
        service = Service(settings, scheduler, worker)
        warden = Warden(settings, service)
        with serving(settings.database, settings.metrics_port, warden.looked_at):
            scheduler.start()
            log.info("service_started", jobs=len(service.jobs), database=str(settings.database))
            while not stop.wait(LOOK_S):
                if reload is not None and reload.is_set():
                    reload.clear()
                    service.reload()
                warden.look()
            log.info("service_stopping")
            worker.stop()
            scheduler.shutdown(wait=True)
            warden.close()
            log.info("service_stopped")


def run_once(settings: Settings, stop: Event) -> None:
    """Do everything that is due now, score what is new, and return; `stop` ends it early, in order.

    Raises:
        SchedulerError: As `serve`; so for the other errors.
    """
    jobs = crawl_jobs(settings.sources_file, settings.limits)
    with hold(settings.database, "service"):
        worker = Worker(settings)
        Thread(target=_stop_when_asked, args=(worker, stop), daemon=True).start()
        with ThreadPoolExecutor(settings.parallel) as threads:
            list(threads.map(worker.do, jobs.values()))
        worker.score()


def _note_settings(db: Database, settings: Settings) -> None:
    """Note what is set; a disk that is full now is no reason not to begin, and the next start notes it."""
    try:
        note_settings(db, settings, now=times.utc_now())
    except StoreUnwritable as error:
        log.warning("settings_not_noted", error=str(error))


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


def _stop_when_asked(worker: Worker, stop: Event) -> None:
    stop.wait()
    worker.stop()
