"""One look at a source: crawl it in a child process if it is due, and account for every due time."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from threading import Lock
from typing import TYPE_CHECKING

import structlog

from listings import times
from listings.database import Database, open_database, transaction
from listings.locks import AlreadyUnderWay, hold, work_of
from listings.model import RunKind, RunOutcome
from listings.models import model_in_use
from listings.runs import accounted_to, begin_run, end_run, latest_run, record_not_run, unfinished_run
from listings.scores import count_awaiting
from listings.sources import declare_source
from scheduler.children import Children, Exit, explain
from scheduler.due import due_times, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from crawler.sources import Schedule
    from listings.model import Source

log = structlog.get_logger()

MISSED = "Nothing began it in time; the next run stands for it."
SKIPPED = "The run before it had not ended."
TIMED_OUT = Exit(code=0, timed_out=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the service needs to know; the composition root fills it in."""

    command: tuple[str, ...]
    """Our own command line, e.g. `(sys.executable, "-P", "-m", "cli")`; the subcommand is added to it."""
    database: Path
    sources_file: Path
    parallel: int = 2
    """How many sources are crawled at the same time."""
    crawl_limit: timedelta = timedelta(hours=2)
    score_limit: timedelta = timedelta(hours=2)
    stop_grace: timedelta = timedelta(seconds=30)
    """How long a child may take to stop when asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledSource:
    """A source that has a schedule."""

    source: Source
    schedule: Schedule


class Worker:
    """Does what is due and writes how it ended; made for several threads, one source in each."""

    def __init__(self, settings: Settings, now: Callable[[], datetime] = times.utc_now) -> None:
        """Begin with no child running; `now` tells the time."""
        self._settings = settings
        self._now = now
        self._children = Children(settings.stop_grace)
        self._scoring = Lock()
        self._has_told = False

    def crawl(self, due: ScheduledSource) -> bool:
        """Go on with an interrupted crawl of a source, then crawl it if its schedule says so.

        Returns:
            Whether anything was crawled.
        """
        source_id = due.source.source_id
        with self._store() as db:
            declare_source(db, due.source, now=self._now())
            interrupted = unfinished_run(db, RunKind.CRAWL, source_id=source_id)
            if interrupted is not None and not self._crawl(db, source_id, interrupted.due_at):
                return False
            decided = plan(due.schedule, accounted_to=_accounted_to(db, source_id), now=self._now())
            _record_not_run(db, source_id, decided.missed, RunOutcome.MISSED, MISSED)
            begun = decided.begin is not None and self._crawl(db, source_id, decided.begin)
            return begun or interrupted is not None

    def score(self) -> bool:
        """Go on with an interrupted scoring and score what waits, one child at a time.

        Before the first model nothing can be scored, which is logged once.

        Returns:
            Whether anything was done.
        """
        with self._scoring, self._store() as db:
            waiting = count_awaiting(db)
            if model_in_use(db) is None:
                self._tell_once_that_a_model_is_wanted(waiting)
                return False
            if waiting == 0 and unfinished_run(db, RunKind.SCORE) is None:
                return False
            return self._run(db, RunKind.SCORE, None, ("score",), self._settings.score_limit) is not None

    def _tell_once_that_a_model_is_wanted(self, waiting: int) -> None:
        if not self._has_told:
            log.warning("no_model_in_use", waiting=waiting, do="precursor-watch retrain")
            self._has_told = True

    def skip_passed(self, due: ScheduledSource) -> None:
        """Write that the due times which passed during the work just done for a source were skipped."""
        source_id = due.source.source_id
        with self._store() as db:
            if (after := _accounted_to(db, source_id)) is not None:
                passed = due_times(due.schedule, after=after, until=self._now())
                _record_not_run(db, source_id, passed, RunOutcome.SKIPPED, SKIPPED)

    def stop(self) -> None:
        """Begin nothing more and end every child, gracefully at first; returns when all are gone."""
        self._children.stop()

    def _crawl(self, db: Database, source_id: str, due_at: datetime | None) -> bool:
        arguments: tuple[str, ...] = ("crawl", source_id, "--sources", str(self._settings.sources_file))
        if due_at is not None:
            arguments += ("--due-at", f"{due_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}")
        ended = self._run(db, RunKind.CRAWL, source_id, arguments, self._settings.crawl_limit)
        if ended is not None and due_at is not None:
            _record_not_run(db, source_id, [due_at], *ended)
        return ended is not None

    def _run(
        self,
        db: Database,
        kind: RunKind,
        source_id: str | None,
        arguments: tuple[str, ...],
        limit: timedelta,
    ) -> tuple[RunOutcome, str] | None:
        """Run a child to its end and return how it ended for a run that has no row.

        Returns:
            None for a child that was not begun, or was asked to stop: its run has no ending then, so that
            the next start goes on with it.
        """
        work = work_of(kind, source_id)
        database = self._settings.database

        before = latest_run(db, kind, source_id=source_id)

        def end_unfinished(outcome: RunOutcome, sentence: str) -> None:
            if run := unfinished_run(db, kind, source_id=source_id):
                end_run(db, run.run_id, outcome, sentence, now=self._now())

        log.info("child_begun", work=work)
        child = self._children.run(
            (*self._settings.command, *arguments, "--db", str(database)),
            limit=limit,
            log=database.with_name(database.name + ".logs") / f"{work}.log",
            # Written first, because the first ending stands: a child that stops in order would say so.
            before_time_out=lambda: end_unfinished(*explain(TIMED_OUT, limit)),
        )
        if child is None:
            return None
        tell = log.info if child.code == 0 else log.warning
        tell("child_ended", work=work, exit_code=child.code, last_line=child.last_line)
        if child.interrupted:
            return None
        ended = explain(child, limit)
        try:
            with hold(database, work):
                end_unfinished(*ended)
                if (
                    source_id is None and latest_run(db, kind) == before
                ):  # a source's due time has its own row
                    run = begin_run(db, kind, now=self._now())
                    end_run(db, run.run_id, *ended, now=self._now())
        except AlreadyUnderWay as error:
            return RunOutcome.SKIPPED, str(error)
        return ended

    @contextmanager
    def _store(self) -> Iterator[Database]:
        db = open_database(self._settings.database)
        try:
            yield db
        finally:
            db.close()


def _accounted_to(db: Database, source_id: str) -> datetime | None:
    return accounted_to(db, RunKind.CRAWL, source_id=source_id)


def _record_not_run(
    db: Database, source_id: str, due: Iterable[datetime], outcome: RunOutcome, sentence: str
) -> None:
    with transaction(db):
        for moment in due:
            record_not_run(
                db, RunKind.CRAWL, source_id=source_id, due_at=moment, outcome=outcome, sentence=sentence
            )
