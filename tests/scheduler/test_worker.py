"""One round for a source: every due time gets one row, however its child process ends."""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from cli.options import PROGRAM
from crawler.sources.sources import Schedule
from fixtures.builders import store as build
from scheduler.jobs import Job, WorkLimits
from scheduler.worker import Settings, Worker
from store.crawl.runs import begin_run, list_runs, record_not_run
from store.crawl.sources import declare_source
from store.database import open_database
from store.locks import hold
from store.model import Run, RunKind, RunOutcome, Source, SourceKind
from store.scores.law_imports import bring_law

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.process

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NIGHTS = [datetime(2026, 11, day, 3, 30, tzinfo=UTC) for day in (21, 22, 23, 24)]


def scheduled(name: str, cron: str = "30 3 * * *") -> Job:
    """Return the crawl of a source that is due each night; its name says how the stand-in behaves."""
    from_file = Source(
        source_id=name, kind=SourceKind.SAVED, name=name, supplied_by="A. Nowak", supplied_on="2026-11-02"
    )
    return Job(
        kind=RunKind.CRAWL,
        source=from_file,
        schedule=Schedule(cron=cron, timezone="UTC"),
        arguments=("crawl", name),
        limits=WorkLimits().for_kind(RunKind.CRAWL),
    )


def source(name: str) -> Source:
    """Return the source of a crawl."""
    found = scheduled(name).source
    assert found is not None
    return found


def worker(settings: Settings) -> Worker:
    """Return a worker for whom it is always noon."""
    return Worker(settings, now=lambda: NOON)


def crawls(settings: Settings) -> list[Run]:
    """Return the rows of the ledger that are crawls, oldest first."""
    with closing(open_database(settings.database)) as db:
        return [run for run in reversed(list_runs(db)) if run.kind is RunKind.CRAWL]


def begin(settings: Settings, name: str, due_at: datetime | None) -> None:
    """Leave a run without an ending, as a power cut does."""
    with closing(open_database(settings.database)) as db:
        declare_source(db, source(name), now=NIGHTS[0])
        begin_run(db, RunKind.CRAWL, source_id=name, due_at=due_at, now=NIGHTS[0])


def account(settings: Settings, name: str, due_at: datetime) -> None:
    """Leave a row that accounts for a due time."""
    with closing(open_database(settings.database)) as db:
        declare_source(db, source(name), now=due_at)
        record_not_run(
            db, RunKind.CRAWL, source_id=name, due_at=due_at, outcome=RunOutcome.MISSED, sentence="Before."
        )


def test_a_source_without_any_run_is_crawled_at_once(settings: Settings) -> None:
    """The child writes its own ending, and nothing is added to it."""
    assert worker(settings).do(scheduled("andes"))
    (run,) = crawls(settings)
    assert (run.outcome, run.sentence, run.due_at) == (RunOutcome.DONE, "One page.", NOON)


def test_a_source_that_is_not_due_is_left_alone(settings: Settings) -> None:
    """Looking twice at the same time crawls once."""
    busy = worker(settings)
    assert busy.do(scheduled("andes"))
    assert not busy.do(scheduled("andes"))
    assert len(crawls(settings)) == 1


def test_after_three_nights_away_one_crawl_stands_for_all(settings: Settings) -> None:
    """The newest due time is crawled for, the others say missed."""
    account(settings, "andes", NIGHTS[0])
    worker(settings).do(scheduled("andes"))
    assert [(run.due_at, run.outcome) for run in crawls(settings)[1:]] == [
        (NIGHTS[1], RunOutcome.MISSED),
        (NIGHTS[2], RunOutcome.MISSED),
        (NIGHTS[3], RunOutcome.DONE),
    ]


@pytest.mark.parametrize(
    ("name", "outcome", "said"),
    [
        ("killed", RunOutcome.KILLED, "SIGKILL"),
        ("breaks", RunOutcome.FAILED, "it broke"),
        ("forgets", RunOutcome.FAILED, "without recording an outcome"),
        ("refuses", RunOutcome.FAILED, "the archive is missing"),
    ],
)
def test_a_child_that_dies_without_an_ending_gets_one(
    settings: Settings, name: str, outcome: RunOutcome, said: str
) -> None:
    """The due time has exactly one row, also when the child died before it wrote any."""
    worker(settings).do(scheduled(name))
    (run,) = crawls(settings)
    assert (run.outcome, run.due_at) == (outcome, NOON)
    assert said in run.sentence


def test_a_child_over_its_limit_is_recorded_as_timed_out(settings: Settings) -> None:
    """Even one that had no time to begin its run."""
    hasty = replace(settings, limits=WorkLimits(crawl=timedelta(0)), stop_grace=timedelta(0))
    worker(hasty).do(scheduled("andes"))
    (run,) = crawls(settings)
    assert run.outcome is RunOutcome.TIMED_OUT


def test_a_child_that_stops_in_order_at_its_limit_is_timed_out_not_interrupted(
    settings: Settings, ready: Path
) -> None:
    """A crawl that takes too long would take too long again, so it is not gone on with."""
    reader = os.open(ready, os.O_RDWR)
    worker(replace(settings, limits=WorkLimits(crawl=timedelta(seconds=2)))).do(scheduled("waits"))
    os.close(reader)
    (run,) = crawls(settings)
    assert (run.outcome, run.due_at) == (RunOutcome.TIMED_OUT, NOON)


def test_an_interrupted_crawl_goes_on_before_the_next_begins(settings: Settings) -> None:
    """The run of the power cut is ended by a second attempt; then last night's is made up for."""
    begin(settings, "andes", NIGHTS[1])
    worker(settings).do(scheduled("andes"))
    assert [(run.due_at, run.outcome, run.attempts) for run in crawls(settings)] == [
        (NIGHTS[1], RunOutcome.DONE, 2),
        (NIGHTS[2], RunOutcome.MISSED, 0),
        (NIGHTS[3], RunOutcome.DONE, 1),
    ]


def test_an_interrupted_crawl_by_hand_goes_on(settings: Settings) -> None:
    """A run without a due time is resumed as well."""
    begin(settings, "andes", None)
    account(settings, "andes", NIGHTS[3])
    assert worker(settings).do(scheduled("andes"))
    assert [(run.due_at, run.outcome) for run in crawls(settings)] == [
        (None, RunOutcome.DONE),
        (NIGHTS[3], RunOutcome.MISSED),
    ]


def test_a_crawl_under_way_elsewhere_is_not_ended_from_here(settings: Settings) -> None:
    """The holder of a source's lock owns its run; the due time is recorded as skipped."""
    begin(settings, "andes", NIGHTS[2])
    with hold(settings.database, "crawl-andes"):
        worker(settings).do(scheduled("andes"))
    under_way, skipped = crawls(settings)
    assert under_way.ended_at is None
    assert (skipped.due_at, skipped.outcome) == (NIGHTS[3], RunOutcome.SKIPPED)
    assert "Another process" in skipped.sentence


def test_due_times_that_pass_during_the_work_are_skipped(settings: Settings) -> None:
    """After a crawl that took all night, the times it slept through have rows that say so."""
    account(settings, "andes", NIGHTS[1])
    worker(settings).skip_passed(scheduled("andes"))
    assert [(run.due_at, run.outcome) for run in crawls(settings)[1:]] == [
        (NIGHTS[2], RunOutcome.SKIPPED),
        (NIGHTS[3], RunOutcome.SKIPPED),
    ]


@pytest.mark.parametrize(("name", "grace"), [("waits", timedelta(hours=1)), ("stubborn", timedelta(0))])
def test_a_crawl_that_was_stopped_is_gone_on_with_at_the_next_start(
    settings: Settings, ready: Path, name: str, grace: timedelta
) -> None:
    """A child that stops or is killed leaves its run open until the next start."""
    busy = worker(replace(settings, stop_grace=grace))
    with ThreadPoolExecutor(1) as thread:
        crawl = thread.submit(busy.do, scheduled(name))
        ready.read_text()
        busy.stop()
        assert not crawl.result()
    assert not busy.do(scheduled("andes")), "nothing else can be begun"
    (run,) = crawls(settings)
    assert run.ended_at is None
    ready.unlink()
    os.mkfifo(ready)
    with ThreadPoolExecutor(1) as thread:
        next_start = worker(replace(settings, stop_grace=grace))
        crawl = thread.submit(next_start.do, scheduled(name))
        ready.read_text()
        next_start.stop()
        crawl.result()
    (resumed,) = crawls(settings)
    assert (resumed.run_id, resumed.due_at, resumed.attempts) == (run.run_id, run.due_at, 2)


def test_a_crawl_that_a_person_stopped_is_not_begun_again_at_once(settings: Settings, ready: Path) -> None:
    """The run keeps its due time, and no other is begun beside it, though one is due."""
    begin(settings, "waits", NIGHTS[2])
    with ThreadPoolExecutor(1) as thread:
        crawl = thread.submit(worker(settings).do, scheduled("waits"))
        ready.read_text()
        with closing(open_database(settings.database)) as db:
            pid = db.execute("SELECT max(rowid), pid FROM run_attempts").fetchone()[1]
        os.kill(pid, signal.SIGTERM)
        assert not crawl.result()
    (run,) = crawls(settings)
    assert (run.due_at, run.ended_at) == (NIGHTS[2], None)


def scorings(settings: Settings) -> list[Run]:
    """Return the rows of the ledger that are scorings, oldest first."""
    with closing(open_database(settings.database)) as db:
        return [run for run in reversed(list_runs(db)) if run.kind is RunKind.SCORE]


@pytest.mark.usefixtures("scorable")
def test_scoring_has_its_own_row(settings: Settings) -> None:
    """The child writes it, and nothing is added."""
    assert worker(settings).score()
    (run,) = scorings(settings)
    assert (run.outcome, run.sentence) == (RunOutcome.DONE, "Nothing to score.")


def test_an_interrupted_scoring_is_gone_on_with_though_nothing_waits(settings: Settings) -> None:
    """Killed between its last score and its ending, it needs the ending; then there is nothing to do."""
    with closing(open_database(settings.database)) as db:
        build.use(db)
        begin_run(db, RunKind.SCORE, now=NIGHTS[0])
    assert worker(settings).score()
    assert not worker(settings).score()
    (run,) = scorings(settings)
    assert (run.outcome, run.attempts) == (RunOutcome.DONE, 2)


@pytest.mark.usefixtures("scorable")
def test_an_import_of_the_law_has_the_history_scored(settings: Settings) -> None:
    """Though every sighting has a score under the present law."""
    with closing(open_database(settings.database)) as db:
        build.score_all(db, 0.01)
    assert not worker(settings).score()
    with closing(open_database(settings.database)) as db:
        bring_law(db, "us.csv", [{"substance": "Acetone"}], why="a rule", by="ada", now=NIGHTS[0])
    assert worker(settings).score()


@pytest.mark.usefixtures("waiting")
def test_before_the_first_model_no_scoring_is_begun_and_the_log_says_so_once(settings: Settings) -> None:
    """The log and `status` say how to train a model."""
    busy = worker(settings)
    with capture_logs() as logged:
        assert not busy.score()
        assert not busy.score()
    assert [(entry["event"], entry["waiting"]) for entry in logged] == [("no_model_in_use", 1)]
    assert scorings(settings) == []


@pytest.mark.usefixtures("waiting")
def test_new_sightings_are_linked_once(settings: Settings) -> None:
    """Sellers are read without a model too; a second look finds nothing to do."""
    busy = worker(replace(settings, command=PROGRAM))
    assert busy.link()
    assert not busy.link()
    with closing(open_database(settings.database)) as db:
        (run,) = (run for run in list_runs(db) if run.kind is RunKind.LINK)
    assert run.outcome is RunOutcome.DONE


@pytest.mark.usefixtures("scorable")
def test_the_real_scoring_that_cannot_begin_has_a_row_that_says_why(settings: Settings) -> None:
    """The files of the model are missing, so one run has failed with that reason."""
    assert worker(replace(settings, command=PROGRAM)).score()
    (run,) = scorings(settings)
    assert run.outcome is RunOutcome.FAILED
    assert "models/aaaaaaaaaaaa" in run.sentence


@pytest.mark.usefixtures("scorable")
@pytest.mark.parametrize("had_one_before", [True, False])
def test_a_scoring_that_dies_before_its_row_gets_one(settings: Settings, *, had_one_before: bool) -> None:
    """A child that could not import its program gets its own failed run."""
    if had_one_before:
        worker(settings).score()
    code = "import sys; sys.exit('precursor-watch: no model in use')"
    assert worker(replace(settings, command=(sys.executable, "-c", code))).score()
    run = scorings(settings)[-1]
    assert len(scorings(settings)) == 1 + had_one_before
    assert run.outcome is RunOutcome.FAILED
    assert "exit code 1. Last line of the log: precursor-watch: no model in use" in run.sentence
