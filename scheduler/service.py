"""The service: APScheduler wakes a thread for a job when it is due, and the thread waits for its children.

Beside it one loop, timed by a monotonic clock, looks after the service itself: an edited sources file,
people's requests, due times that no wake-up came for, the alarms, and the sign of life.
"""

from __future__ import annotations

import hashlib
import json
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, timedelta
from threading import Thread
from typing import TYPE_CHECKING

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor as JobThreads
from apscheduler.schedulers.background import BackgroundScheduler

from crawler.sources.sources import load_sources
from scheduler.alarms import PingUnanswered, check_addresses, is_quiet, ping, tell, update_alarms
from scheduler.checks import CheckContext
from scheduler.due import Later, spread_of, trigger_of
from scheduler.jobs import crawl_jobs, maintenance_jobs
from scheduler.metrics import serving
from scheduler.worker import Worker
from store import times
from store.audit import audit
from store.audit.audit import AuditAction, Origin, Via
from store.database import open_database
from store.errors import StoreError, StoreUnwritable
from store.locks import hold
from store.model import RunKind
from store.operations.alarms import SERVICE
from store.operations.service import Request, answer, open_requests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path
    from threading import Event

    from apscheduler.schedulers.base import BaseScheduler

    from crawler.sources.sources import DeclaredSource
    from scheduler.jobs import Job
    from scheduler.worker import Settings
    from store.database import Database
    from store.operations.service import ServiceRequest

log = structlog.get_logger()

LOOP_S = 2.0
"""How often the loop looks for requests, an edited sources file and a clock that was put back."""

SWEEP_S = 60.0
"""How often the loop looks for due times without a row, and does the checks."""

SETTINGS_FILE = "settings:file"
"""The subject of the audit entry about the settings."""

SECRETS = ("urls", "ping_url")
"""Alarm settings that may hold a password; many people read the audit log."""

ANSWERS = {Request.PAUSE: "It is paused.", Request.RESUME: "It is resumed.", Request.RUN_NOW: "It begins."}


class Service:
    """The jobs of one database, and the scheduler and worker that do them."""

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
        self._digest = _digest(settings.sources_file)
        self._crawls = crawl_jobs(settings.sources_file, settings.limits)
        maintenance = settings.maintenance
        self._maintenance = maintenance_jobs(maintenance, settings.limits) if maintenance else {}
        self._last_look = times.utc_now()
        self.sources_problem = ""
        """Why the sources file as it is now cannot be used; empty when it can."""
        for job in self.jobs.values():
            self._schedule(job, at_once=True)

    @property
    def jobs(self) -> dict[str, Job]:
        """Every job with a schedule, by name."""
        return {**self._crawls, **self._maintenance}

    def look(self) -> None:
        """Take up an edited sources file and people's requests, and mend what a changed clock did."""
        now = times.utc_now()
        if now < self._last_look - timedelta(seconds=LOOP_S):
            log.warning("clock_put_back", by=str(self._last_look - now))
            for job in self.jobs.values():
                self._schedule(job, at_once=False)
        self._last_look = now
        # The content counts and not the date: a file that was only touched is not taken up again.
        before, self._digest = self._digest, _digest(self._settings.sources_file)
        if self._digest != before:
            self.reload()
        with closing(open_database(self._settings.database)) as db:
            for request in open_requests(db):
                # Answered first: an answer that cannot be written leaves the request for the next look.
                answer(db, request.request_id, self._answer_to(request), now=times.utc_now())
                self._take_up(request)

    def sweep(self) -> None:
        """Begin jobs that are due and were not begun, because a look failed or no wake-up came."""
        for job in self._worker.waiting(self.jobs.values()):
            self._scheduler.add_job(self._visit, args=(job,), id=f"swept-{job.name}", replace_existing=True)

    def reload(self) -> None:
        """Take up the sources file as it is now; one that cannot be used leaves the old jobs as they are."""
        before = self._crawls
        try:
            self._crawls = crawl_jobs(self._settings.sources_file, self._settings.limits)
        except StoreError as error:
            self.sources_problem = str(error)
            log.error("sources_file_unusable", error=str(error))  # noqa: TRY400 (a sentence, no traceback)
            return
        self.sources_problem = ""
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
        return ANSWERS[request.request]

    def _crawl_of(self, source_id: str) -> Job | None:
        return next((job for job in self._crawls.values() if job.source_id == source_id), None)

    def _schedule(self, job: Job, *, at_once: bool) -> None:
        trigger = Later(trigger_of(job.schedule), spread_of(job.name, self._settings.spread))
        extra = {"next_run_time": times.utc_now()} if at_once else {}
        self._scheduler.add_job(
            self._visit, trigger, args=(job,), id=job.name, replace_existing=True, **extra
        )

    def _visit(self, job: Job) -> None:
        has_done = self._worker.do(job)
        if job.kind is RunKind.CRAWL:
            self._worker.score()
        if has_done:
            self._worker.skip_passed(job)

    def _do_now(self, job: Job, request: ServiceRequest) -> None:
        log.info("request_done", request_id=request.request_id, said=self._worker.do_now(job, request))
        self._worker.score()


class Watchdog:
    """Looks after a service, called again and again by its loop; one failing duty never ends another.

    Duties that may take long (messages, the ping) have a thread of their own, and are left out while the
    last one has not ended.
    """

    def __init__(
        self, settings: Settings, service: Service, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with every duty to be done.

        Args:
            settings: Of the service.
            service: The service to look after.
            clock: Seconds, from a clock that nobody can set.

        Raises:
            AlarmAddressWrong: If an address for messages cannot be used.
            QuietHoursWrong: If the quiet hours cannot be read.
        """
        check_addresses(settings.alarms.urls)
        is_quiet(settings.alarms, times.utc_now())
        self._settings = settings
        self._service = service
        self._clock = clock
        self._looked_at = clock()
        self._done_at: dict[str, float] = {}
        self._declared: Mapping[str, DeclaredSource] = load_sources(settings.sources_file)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="alarms")
        self._sending: Future[None] | None = None

    def looked_at(self) -> float:
        """Return when `look` was last called, by the watchdog's clock."""
        return self._looked_at

    def look(self) -> None:
        """Do every duty whose time has come."""
        self._looked_at = self._clock()
        self._do("look", 0.0, self._service.look)
        self._do("sweep", SWEEP_S, self._service.sweep)
        self._do("watch", SWEEP_S, self.watch)
        if self._sending is None or self._sending.done():
            self._sending = self._thread.submit(self._send)

    def watch(self) -> None:
        """Do the checks, and settle which alarms stand."""
        if not self._service.sources_problem:
            self._declared = load_sources(self._settings.sources_file)
        with closing(open_database(self._settings.database)) as db:
            update_alarms(
                CheckContext(
                    db=db,
                    database=self._settings.database,
                    sources=self._declared,
                    now=times.utc_now(),
                    settings=self._settings.alarms,
                    sources_problem=self._service.sources_problem,
                )
            )

    def close(self) -> None:
        """Wait for a message that is being sent."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _send(self) -> None:
        self._do("messages", SWEEP_S, self._tell)
        if self._settings.alarms.ping_url:
            self._do("ping", self._settings.alarms.ping_minutes * 60, self._ping)

    def _tell(self) -> None:
        with closing(open_database(self._settings.database)) as db:
            tell(db, self._settings.alarms, now=times.utc_now())

    def _ping(self) -> None:
        try:
            ping(self._settings.alarms.ping_url)
        except PingUnanswered as error:
            log.warning("ping_unanswered", error=str(error))

    def _do(self, duty: str, interval_s: float, work: Callable[[], None]) -> None:
        """Do a duty unless it was done less than `interval_s` ago; a failure is logged and tried again."""
        now = self._clock()
        if now - self._done_at.get(duty, -1e9) < interval_s:
            return
        self._done_at[duty] = now
        try:
            work()
        except StoreError as error:
            log.warning("look_failed", look=duty, error=str(error))
        except Exception:
            log.exception("look_failed", look=duty)


def serve(settings: Settings, stop: Event, reload: Event | None = None) -> None:
    """Crawl each source when it is due and score the new sightings, until `stop` is set.

    Every source is looked at once at the start: an interrupted crawl or scoring is resumed, and if due times
    passed meanwhile, the source is crawled for the newest. When `stop` is set nothing more begins, the
    children are asked to end, and this returns when all have ended.

    Args:
        settings: Of the service.
        stop: Ends the service.
        reload: When set, the sources file is taken up though it has not changed (SIGHUP).

    Raises:
        SourcesFileWrong: If the sources file cannot be used.
        ScheduleWrong: If a cron line cannot be used.
        NothingScheduled: If no source has a schedule.
        AlreadyUnderWay: If another service is at work on the same database.
        PortTaken: If the port for metrics cannot be had.
    """
    # The store is kept open, or each look's close would be the last one and fold the write-ahead log.
    with hold(settings.database, "service"), closing(open_database(settings.database)) as db:
        try:
            audit_settings(db, settings, now=times.utc_now())
        except StoreUnwritable as error:  # a full disk must not stop the start; the next start records them
            log.warning("settings_not_noted", error=str(error))
        worker = Worker(settings)
        scheduler = _scheduler(settings.parallel)
        service = Service(settings, scheduler, worker)
        watchdog = Watchdog(settings, service)
        with serving(settings.database, settings.metrics_port, watchdog.looked_at):
            scheduler.start()
            log.info("service_started", jobs=len(service.jobs), database=str(settings.database))
            while not stop.wait(LOOP_S):
                if reload is not None and reload.is_set():
                    reload.clear()
                    service.reload()
                watchdog.look()
            log.info("service_stopping")
            worker.stop()
            scheduler.shutdown(wait=True)
            watchdog.close()
            log.info("service_stopped")


def run_once(settings: Settings, stop: Event) -> None:
    """Do every job that is due now, score the new sightings, and return; `stop` ends it early, in order.

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


def audit_settings(db: Database, settings: Settings, *, now: datetime) -> bool:
    """Record `[maintenance]` and `[alarms]` in the audit log, if they differ from the last record.

    Nobody can tell who edits a file, but the log can tell when a shorter retention or fewer alarms came into
    force.

    Returns:
        Whether anything was new.
    """
    alarms = {name: value for name, value in asdict(settings.alarms).items() if name not in SECRETS}
    maintenance = asdict(settings.maintenance) if settings.maintenance else None
    details = {"maintenance": maintenance, "alarms": alarms}
    last = audit.list_entries(db, action=AuditAction.SETTING_CHANGED, subject=SETTINGS_FILE, limit=1)
    if last and last[0].details == json.loads(json.dumps(details)):
        return False
    audit.record(
        db,
        AuditAction.SETTING_CHANGED,
        actor=SERVICE,
        origin=Origin(via=Via.SERVICE),
        subject=SETTINGS_FILE,
        details=details,
        now=now,
    )
    return True


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


def _digest(path: Path) -> bytes:
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return b""
