"""The worker: runs due jobs in child processes, and records the outcome of every due time."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING

import structlog

from classifier.gazetteer.law import Law
from crawler.pictures import missing_packages
from scheduler.children import Children, Exit, explain, logs_folder
from scheduler.due import due_times, plan
from scheduler.jobs import WorkLimits
from scheduler.settings import AlarmSettings
from store import times
from store.crawl.pictures import count_unread as count_unread_pictures
from store.crawl.runs import (
    accounted_to,
    begin_run,
    end_run,
    is_accounted,
    latest_run,
    record_not_run,
    unfinished_run,
)
from store.crawl.sources import declare_source
from store.database import Connections, Database, open_database, transaction
from store.locks import AlreadyUnderWay, hold, work_of
from store.model import RunKind, RunOutcome
from store.operations.service import pause_of
from store.review.notices import are_pictures_due
from store.review.office_terms import are_terms_due
from store.scores.law_imports import is_rescoring_due
from store.scores.scores import count_awaiting, model_in_use
from store.suppliers.accounts import CONTACTS, count_unread, unread_pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from scheduler.children import Limits, OverLimit
    from scheduler.jobs import Job
    from scheduler.settings import MaintenanceSettings
    from store.operations.service import ServiceRequest

log = structlog.get_logger()

MISSED = "It did not start in time; the next run replaces it."
SKIPPED = "The previous run had not ended."


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of the service, filled in by the command line."""

    command: tuple[str, ...]
    """Our command line without a subcommand, e.g. `(sys.executable, "-P", "-m", "cli")`."""
    database: Path
    sources_file: Path
    parallel: int = 2
    """The number of sources to crawl in parallel."""
    per_host: int = 1
    """The number of sources of one host to crawl in parallel."""
    spread: timedelta = timedelta(0)
    """The period over which work due at the same minute is spread."""
    limits: WorkLimits = field(default_factory=WorkLimits)
    stop_grace: timedelta = timedelta(seconds=30)
    """The time from SIGTERM to SIGKILL for a child."""
    metrics_port: int = 0
    """The port on 127.0.0.1 for metrics and the health check; 0 serves neither."""
    alarms: AlarmSettings = field(default_factory=AlarmSettings)
    maintenance: MaintenanceSettings | None = None
    """None schedules no maintenance."""
    law: Law = field(default_factory=Law)
    """The lists that count."""
    systematic_names: bool = False
    """Whether scoring reads systematic names."""


class Worker:
    """Runs due jobs and records their outcomes; thread-safe, with one job per thread."""

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], datetime] = times.utc_now,
        children: Children | None = None,
        connections: Connections | None = None,
    ) -> None:
        """Start without running children; `now` returns the time.

        Without `connections`, the store is opened anew for each piece of work.
        """
        self._settings = settings
        self._connections = connections
        self._now = now
        self._children = children or Children(settings.stop_grace)
        self._locks = WorkLocks(settings.per_host)
        self._scoring = Lock()
        self._linking = Lock()
        self._reading = Lock()
        self._has_told = False
        self._began_at = now()

    def store(self) -> AbstractContextManager[Database]:
        """Return the open store, for a `with` block."""
        if self._connections:
            return self._connections.borrow()
        return closing(open_database(self._settings.database))

    def do(self, job: Job) -> bool:
        """Resume an interrupted run of a job, then start the job if it is due; return whether work was done.

        Due times of a paused source are recorded as skipped.
        """
        with self._locks.alone(job.name) as is_ours:
            return is_ours and self._do(job)

    def do_now(self, job: Job, request: ServiceRequest) -> str:
        """Do a job on request, whether or not it is due, and return the result as a sentence."""
        with self._locks.alone(job.name) as is_ours, self.store() as db:
            if not is_ours:
                return f"{job.name} was already running; it was not started again."
            self._declare(db, job)
            ended = self._run(db, job, None)
        if ended is None:
            return f"{job.name} was stopped before its end."
        return f"{job.name}, requested by {request.asked_by}, has ended; see `precursor-watch runs`."

    def score(self) -> bool:
        """Resume an interrupted scoring or score the waiting listings, one child at a time.

        Before the first model nothing can be scored; that is logged once. Return whether any work was done.
        """
        with self._scoring, self.store() as db:
            waiting = count_awaiting(db)
            if (in_use := model_in_use(db)) is None:
                self._tell_once_that_a_model_is_wanted(waiting)
                return False
            is_due = waiting > 0 or are_terms_due(db) or is_rescoring_due(db)
            is_due = is_due or are_pictures_due(db, in_use.model_id)
            if not is_due and unfinished_run(db, RunKind.SCORE) is None:
                return False
            return self._child(db, RunKind.SCORE, None, ("score",), has_row=False) is not None

    def read_pictures(self) -> bool:
        """Resume an interrupted reading, or read the new pictures if the packages for it are installed.

        Return whether any work was done.
        """
        with self._reading, self.store() as db:
            if missing_packages() or not (count_unread_pictures(db) or unfinished_run(db, RunKind.PICTURES)):
                return False
            return self._child(db, RunKind.PICTURES, None, ("pictures",), has_row=False) is not None

    def link(self) -> bool:
        """Resume an interrupted linking, or read and link the sellers of new sightings, one child at a time.

        Return whether any work was done.
        """
        with self._linking, self.store() as db:
            is_due = count_unread(db, CONTACTS) or unread_pictures(db, limit=1)
            if not is_due and unfinished_run(db, RunKind.LINK) is None:
                return False
            return self._child(db, RunKind.LINK, None, ("link",), has_row=False) is not None

    def skip_passed(self, job: Job) -> None:
        """Record the due times that passed during a job's own run as skipped."""
        with self.store() as db:
            if (after := self._accounted_to(db, job)) is not None:
                passed = due_times(job.schedule, after=after, until=self._now())
                self._record_not_run(db, job, passed, RunOutcome.SKIPPED, SKIPPED)

    def waiting(self, jobs: Iterable[Job]) -> list[Job]:
        """Return the jobs with a due time that has passed without a run."""
        with self.store() as db:
            return [
                job
                for job in jobs
                if plan(job.schedule, accounted_to=self._accounted_to(db, job), now=self._now()).begin
            ]

    def stop(self) -> None:
        """Start no more work, stop every child, and return when all have ended."""
        self._children.stop()

    def _do(self, job: Job) -> bool:
        with self.store() as db:
            self._declare(db, job)
            if job.source_id and (pause := pause_of(db, job.source_id)):
                self._skip_paused(db, job, pause)
                return False
            interrupted = unfinished_run(db, job.kind, source_id=job.source_id)
            if interrupted is not None and not self._run(db, job, interrupted.due_at):
                return False
            decided = plan(job.schedule, accounted_to=self._accounted_to(db, job), now=self._now())
            self._record_not_run(db, job, decided.missed, RunOutcome.MISSED, MISSED)
            begun = decided.begin is not None and self._begin(db, job, decided.begin)
            return begun or interrupted is not None

    def _begin(self, db: Database, job: Job, due_at: datetime) -> bool:
        if is_accounted(db, job.kind, source_id=job.source_id, due_at=due_at):
            return False  # the clock was ahead and has been set back
        return self._run(db, job, due_at) is not None

    def _skip_paused(self, db: Database, job: Job, pause: ServiceRequest) -> None:
        decided = plan(job.schedule, accounted_to=self._accounted_to(db, job), now=self._now())
        passed = [*decided.missed, *([decided.begin] if decided.begin else [])]
        sentence = f"{pause.asked_by} paused it at {pause.asked_at:%Y-%m-%d %H:%M} UTC."
        self._record_not_run(db, job, passed, RunOutcome.SKIPPED, sentence)

    def _run(self, db: Database, job: Job, due_at: datetime | None) -> tuple[RunOutcome, str] | None:
        arguments = job.arguments
        if due_at is not None:
            arguments += ("--due-at", f"{due_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}")
        with self._locks.on_hosts_of(job):
            ended = self._child(db, job.kind, job.source_id, arguments, has_row=due_at is not None)
        if ended is not None and due_at is not None:
            self._record_not_run(db, job, [due_at], *ended)
        return ended

    def _child(
        self,
        db: Database,
        kind: RunKind,
        source_id: str | None,
        arguments: tuple[str, ...],
        *,
        has_row: bool,
    ) -> tuple[RunOutcome, str] | None:
        """Run a child to its end and return its outcome, for the row of its due time.

        With `has_row`, the caller writes a row for a child that dies before it writes one; otherwise the row
        is written here. Return None for a child that was not started or was stopped: its run has no end, so
        the next start resumes it.
        """
        work, database = work_of(kind, source_id), self._settings.database
        limits = self._settings.limits.for_kind(kind)
        before = latest_run(db, kind, source_id=source_id)

        def end_unfinished(outcome: RunOutcome, sentence: str) -> None:
            if run := unfinished_run(db, kind, source_id=source_id):
                end_run(db, run.run_id, outcome, sentence, now=self._now())

        def end_over_limit(over: OverLimit) -> None:
            # Write this outcome before stopping the child: the first one counts, and the child may write one.
            end_unfinished(*explain(Exit(code=0, over=over), limits))

        child = self._run_child(arguments, work, limits, end_over_limit)
        if child is None or child.interrupted:
            return None
        ended = explain(child, limits)
        try:
            with hold(database, work):
                end_unfinished(*ended)
                if not has_row and latest_run(db, kind, source_id=source_id) == before:
                    run = begin_run(db, kind, source_id=source_id, now=self._now())
                    end_run(db, run.run_id, *ended, now=self._now())
        except AlreadyUnderWay as error:
            return RunOutcome.SKIPPED, str(error)
        return ended

    def _run_child(
        self,
        arguments: tuple[str, ...],
        work: str,
        limits: Limits,
        end_over_limit: Callable[[OverLimit], None],
    ) -> Exit | None:
        log.info("child_started", work=work)
        child = self._children.run(
            (*self._settings.command, *arguments, "--db", str(self._settings.database)),
            limits=limits,
            logs=logs_folder(self._settings.database),
            work=work,
            before_the_end=end_over_limit,
        )
        if child is not None:
            tell = log.info if child.code == 0 else log.warning
            tell("child_ended", work=work, exit_code=child.code, last_line=child.last_line)
        return child

    def _declare(self, db: Database, job: Job) -> None:
        if job.source is not None:
            declare_source(db, job.source, now=self._now())

    def _accounted_to(self, db: Database, job: Job) -> datetime | None:
        found = accounted_to(db, job.kind, source_id=job.source_id, until=self._now())
        return self._began_at if found is None and not job.is_due_at_once else found

    def _record_not_run(
        self, db: Database, job: Job, due: Iterable[datetime], outcome: RunOutcome, sentence: str
    ) -> None:
        with transaction(db):
            for moment in due:
                record_not_run(
                    db,
                    job.kind,
                    source_id=job.source_id,
                    due_at=moment,
                    outcome=outcome,
                    sentence=sentence,
                    now=self._now(),
                )

    def _tell_once_that_a_model_is_wanted(self, waiting: int) -> None:
        if not self._has_told:
            log.warning("no_model_in_use", waiting=waiting, do="precursor-watch retrain")
            self._has_told = True


class WorkLocks:
    """Locks between threads of this process, by work and by host; `store.locks` is for processes."""

    def __init__(self, per_host: int) -> None:
        """Allow `per_host` concurrent crawls of one host."""
        self._per_host = per_host
        self._lock = Lock()
        self._names: dict[str, Lock] = {}
        self._hosts: dict[str, BoundedSemaphore] = {}

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Lock the work of this name against other threads; yield False if another thread has the lock."""
        with self._lock:
            lock = self._names.setdefault(name, Lock())
        is_ours = lock.acquire(blocking=False)
        try:
            yield is_ours
        finally:
            if is_ours:
                lock.release()

    @contextmanager
    def on_hosts_of(self, job: Job) -> Iterator[None]:
        """Wait until every host of a job is free; hosts are locked in sorted order to avoid a deadlock."""
        with self._lock:
            semaphores = [
                self._hosts.setdefault(host, BoundedSemaphore(self._per_host)) for host in sorted(job.hosts)
            ]
        with ExitStack() as stack:
            for semaphore in semaphores:
                stack.enter_context(semaphore)
            yield
