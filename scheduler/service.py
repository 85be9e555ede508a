"""The service: APScheduler starts a thread for each due job, and the thread waits for its child processes.

A separate loop, timed by a monotonic clock, handles changes of the sources file, requests, due times without
a wake-up, alarms, and pings.
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
from scheduler.digests import send_digests
from scheduler.due import Later, spread_of, trigger_of
from scheduler.jobs import crawl_jobs, maintenance_jobs
from scheduler.metrics import serving
from scheduler.worker import Worker
from store import times
from store.audit import audit
from store.audit.audit import AuditAction, Origin, Via
from store.database import Connections, open_database
from store.errors import StoreError, StoreUnwritable
from store.locks import hold
from store.model import RunKind
from store.operations.service import SERVICE, Request, answer, open_requests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
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
"""Interval for checking requests, the sources file and the system clock, in seconds."""

SWEEP_S = 60.0
"""Interval for finding due times without a run, and for the alarm checks, in seconds."""

SETTINGS_FILE = "settings:file"
"""The subject of audit entries about the settings."""

SECRETS = ("urls", "weekly_urls", "ping_url", "digest_mail")
"""Alarm settings that may hold a password; they stay out of the audit log, which many people read."""

ANSWERS = {
    Request.PAUSE: "The source is paused.",
    Request.RESUME: "The source is resumed.",
    Request.RUN_NOW: "The crawl is starting.",
}


class Service:
    """The jobs of one database, with their scheduler and worker."""

    def __init__(self, settings: Settings, scheduler: BaseScheduler, worker: Worker) -> None:
        """Read the sources, and add their jobs to a scheduler that has not started.

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
        """Why the present sources file is invalid; empty if it is valid."""
        for job in self.jobs.values():
            self._schedule(job, at_once=True)

    @property
    def jobs(self) -> dict[str, Job]:
        """All jobs with a schedule, by name."""
        return {**self._crawls, **self._maintenance}

    def look(self) -> None:
        """Handle a changed sources file, open requests, and a system clock that was set back."""
        now = times.utc_now()
        if now < self._last_look - timedelta(seconds=LOOP_S):
            log.warning("clock_set_back", by=str(self._last_look - now))
            for job in self.jobs.values():
                self._schedule(job, at_once=False)
        self._last_look = now
        # Compare the content, not the date: a file that was only touched is not reloaded.
        before, self._digest = self._digest, _digest(self._settings.sources_file)
        if self._digest != before:
            self.reload()
        with self._worker.store() as db:
            for request in open_requests(db):
                # Answer first: if the answer cannot be written, the request stays open for the next look.
                answer(db, request.request_id, self._answer_to(request), now=times.utc_now())
                self._take_up(request)

    def store(self) -> AbstractContextManager[Database]:
        """Return the open store, for a `with` block."""
        return self._worker.store()

    def sweep(self) -> None:
        """Start due jobs that have not started, e.g. because no wake-up came."""
        for job in self._worker.waiting(self.jobs.values()):
            self._scheduler.add_job(self._visit, args=(job,), id=f"swept-{job.name}", replace_existing=True)

    def reload(self) -> None:
        """Reload the sources file; if it is invalid, keep the old jobs."""
        before = self._crawls
        try:
            self._crawls = crawl_jobs(self._settings.sources_file, self._settings.limits)
        except StoreError as error:
            self.sources_problem = str(error)
            log.error("sources_file_invalid", error=str(error))  # noqa: TRY400 (a sentence, no traceback)
            return
        self.sources_problem = ""
        for name in before.keys() - self._crawls.keys():
            self._scheduler.remove_job(name)
        for name, job in self._crawls.items():
            if job != before.get(name):
                self._schedule(job, at_once=name not in before)
        log.info("sources_file_reloaded", crawls=len(self._crawls))

    def _take_up(self, request: ServiceRequest) -> None:
        if request.request is Request.RUN_NOW and (job := self._crawl_of(request.source_id)):
            self._scheduler.add_job(
                self._do_now, args=(job, request), id=f"request-{request.request_id}", replace_existing=True
            )

    def _answer_to(self, request: ServiceRequest) -> str:
        if self._crawl_of(request.source_id) is None:
            return f"The sources file has no source {request.source_id!r} with a schedule."
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
            self._worker.read_pictures()
            self._worker.score()
            self._worker.link()
        if has_done:
            self._worker.skip_passed(job)

    def _do_now(self, job: Job, request: ServiceRequest) -> None:
        log.info("request_done", request_id=request.request_id, result=self._worker.do_now(job, request))
        self._worker.read_pictures()
        self._worker.score()
        self._worker.link()


class Watchdog:
    """Does the regular duties of a service, called by its loop; a failed duty does not stop the others.

    Slow duties (messages and pings) have their own thread, and are skipped while the previous round is still
    running.
    """

    def __init__(
        self, settings: Settings, service: Service, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start with every duty due.

        Raises:
            AlarmAddressWrong: If an alarm address is invalid.
            QuietHoursWrong: If the quiet hours are invalid.
        """
        check_addresses(settings.alarms.urls)
        if settings.alarms.digest_mail:
            check_addresses([settings.alarms.digest_mail.replace("{address}", "a@b.example")])
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
        """Do every duty that is due."""
        self._looked_at = self._clock()
        self._do("look", 0.0, self._service.look)
        self._do("sweep", SWEEP_S, self._service.sweep)
        self._do("watch", SWEEP_S, self.watch)
        if self._sending is None or self._sending.done():
            self._sending = self._thread.submit(self._send)

    def watch(self) -> None:
        """Run the checks, and raise or resolve alarms."""
        if not self._service.sources_problem:
            self._declared = load_sources(self._settings.sources_file)
        with self._service.store() as db:
            update_alarms(
                CheckContext(
                    db=db,
                    database=self._settings.database,
                    sources=self._declared,
                    now=times.utc_now(),
                    settings=self._settings.alarms,
                    sources_problem=self._service.sources_problem,
                    law=self._settings.law,
                )
            )

    def close(self) -> None:
        """Wait for a message that is being sent."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _send(self) -> None:
        self._do("messages", SWEEP_S, self._tell)
        self._do("digests", SWEEP_S, self._send_digests)
        if self._settings.alarms.ping_url:
            self._do("ping", self._settings.alarms.ping_minutes * 60, self._ping)

    def _tell(self) -> None:
        with self._service.store() as db:
            tell(db, self._settings.alarms, now=times.utc_now())

    def _send_digests(self) -> None:
        with self._service.store() as db:
            send_digests(db, self._settings.alarms, now=times.utc_now())

    def _ping(self) -> None:
        try:
            ping(self._settings.alarms.ping_url)
        except PingUnanswered as error:
            log.warning("ping_unanswered", error=str(error))

    def _do(self, duty: str, interval_s: float, work: Callable[[], None]) -> None:
        """Do a duty unless it was done less than `interval_s` ago; log a failure, and retry later."""
        now = self._clock()
        if now - self._done_at.get(duty, -1e9) < interval_s:
            return
        self._done_at[duty] = now
        try:
            work()
        except StoreError as error:
            log.warning("duty_failed", duty=duty, error=str(error))
        except Exception:
            log.exception("duty_failed", duty=duty)


def serve(settings: Settings, stop: Event, reload: Event | None = None) -> None:
    """Crawl each source when it is due and score the new sightings, until `stop` is set.

    At the start every source is checked: an interrupted crawl or scoring resumes, and if due times have
    passed, the source is crawled for the newest one. When `stop` is set, no more work starts, the children
    are stopped, and the call returns when all have ended. `reload` reloads the sources file even if it has
    not changed (SIGHUP).

    Raises:
        SourcesFileWrong: If the sources file is invalid.
        ScheduleWrong: If a cron line is invalid.
        NothingScheduled: If no source has a schedule.
        AlreadyUnderWay: If another service is running on the same database.
        PortTaken: If the port for metrics is not available.
    """
    # Keep one connection open: closing the last one would merge the write-ahead log, at every look.
    with (
        hold(settings.database, "service"),
        closing(open_database(settings.database)) as db,
        closing(Connections(settings.database)) as connections,
    ):
        try:
            audit_settings(db, settings, now=times.utc_now())
        except (
            StoreUnwritable
        ) as error:  # a full disk must not prevent the start; the next start records them
            log.warning("settings_not_recorded", error=str(error))
        worker = Worker(settings, connections=connections)
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
    """Do every crawl that is due now, score and link new sightings, and return; `stop` ends the work early.

    Raises the same errors as `serve`.
    """
    jobs = crawl_jobs(settings.sources_file, settings.limits)
    with hold(settings.database, "service"):
        worker = Worker(settings)
        Thread(target=_stop_when_asked, args=(worker, stop), daemon=True).start()
        with ThreadPoolExecutor(settings.parallel) as threads:
            list(threads.map(worker.do, jobs.values()))
        worker.read_pictures()
        worker.score()
        worker.link()


def audit_settings(db: Database, settings: Settings, *, now: datetime) -> bool:
    """Record `[maintenance]` and `[alarms]` in the audit log if they have changed.

    The author of a change is unknown, but the log shows when e.g. a shorter retention took effect. Return
    whether they had.
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

    It starts a job however late it is (no misfire limit), only once for several late times (coalesce), and
    never twice at the same time.
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
