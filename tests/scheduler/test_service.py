"""The service from start to stop, with a stand-in for the crawl."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

import pytest

from crawler.sources.sources import SourcesFileWrong
from fixtures.builders import store as build
from scheduler.jobs import NothingScheduled
from scheduler.service import run_once, serve
from store.crawl.runs import begin_run, list_runs, record_not_run
from store.crawl.sources import declare_source
from store.database import open_database
from store.locks import AlreadyUnderWay, hold
from store.model import RunKind, RunOutcome
from store.times import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scheduler.worker import Settings

pytestmark = pytest.mark.process


def outcomes(settings: Settings) -> set[tuple[RunKind, str | None, RunOutcome | None]]:
    """Return what the ledger says of every run."""
    with closing(open_database(settings.database)) as db:
        return {(run.kind, run.source_id, run.outcome) for run in list_runs(db)}


@pytest.mark.usefixtures("scorable")
def test_once_crawls_what_is_due_and_scores_it(settings: Settings, declare: Callable[..., None]) -> None:
    """A source that breaks does not keep the others from being crawled."""
    declare("andes", "breaks", "pontus")
    run_once(settings, Event())
    assert outcomes(settings) == {
        (RunKind.CRAWL, "by-hand", RunOutcome.DONE),
        (RunKind.CRAWL, "andes", RunOutcome.DONE),
        (RunKind.CRAWL, "breaks", RunOutcome.FAILED),
        (RunKind.CRAWL, "pontus", RunOutcome.DONE),
        (RunKind.SCORE, None, RunOutcome.DONE),
        (RunKind.LINK, None, RunOutcome.DONE),
    }


@pytest.mark.parametrize("work", [serve, run_once])
def test_a_stop_ends_the_children_in_order(
    settings: Settings, declare: Callable[..., None], ready: Path, work: Callable[[Settings, Event], None]
) -> None:
    """The crawl that runs is asked to end, its run waits for the next start, and nothing is scored."""
    declare("waits")
    stop = Event()
    with ThreadPoolExecutor(1) as thread:
        service = thread.submit(work, settings, stop)
        ready.read_text()
        stop.set()
        service.result()
    assert outcomes(settings) == {(RunKind.CRAWL, "waits", None)}


@pytest.mark.usefixtures("scorable")
def test_a_service_crawls_and_scores_what_is_due_when_it_starts(
    settings: Settings, declare: Callable[..., None], ready: Path
) -> None:
    """With one thread, the second source is begun when the first has been crawled and scored."""
    declare("andes", "waits")
    stop = Event()
    with ThreadPoolExecutor(1) as thread:
        service = thread.submit(serve, replace(settings, parallel=1), stop)
        ready.read_text()
        stop.set()
        service.result()
    assert outcomes(settings) == {
        (RunKind.CRAWL, "by-hand", RunOutcome.DONE),
        (RunKind.CRAWL, "andes", RunOutcome.DONE),
        (RunKind.SCORE, None, RunOutcome.DONE),
        (RunKind.LINK, None, RunOutcome.DONE),
        (RunKind.CRAWL, "waits", None),
    }


@pytest.mark.usefixtures("scorable")
def test_a_service_goes_on_with_an_interrupted_scoring_though_nothing_is_due(
    settings: Settings, declare: Callable[..., None], ready: Path
) -> None:
    """The first source has been crawled already; what waits for a score is scored after it was looked at."""
    declare("andes", "waits")
    with closing(open_database(settings.database)) as db:
        declare_source(db, build.ANDES, now=build.NOW)
        record_not_run(
            db, RunKind.CRAWL, source_id="andes", due_at=utc_now(), outcome=RunOutcome.MISSED, sentence="."
        )
        begin_run(db, RunKind.SCORE, now=utc_now())
    stop = Event()
    with ThreadPoolExecutor(1) as thread:
        service = thread.submit(serve, replace(settings, parallel=1), stop)
        ready.read_text()
        stop.set()
        service.result()
    with closing(open_database(settings.database)) as db:
        (scoring,) = (run for run in list_runs(db) if run.kind is RunKind.SCORE)
    assert (scoring.outcome, scoring.attempts) == (RunOutcome.DONE, 2)


@pytest.mark.parametrize("work", [serve, run_once])
def test_a_second_service_on_the_same_database_is_refused(
    settings: Settings, declare: Callable[..., None], work: Callable[[Settings, Event], None]
) -> None:
    """Two services would crawl everything twice."""
    declare("andes")
    with hold(settings.database, "service"), pytest.raises(AlreadyUnderWay, match="service"):
        work(settings, Event())


def test_a_missing_sources_file_is_named(settings: Settings) -> None:
    """The sentence names the file."""
    with pytest.raises(SourcesFileWrong, match=r"sources\.toml"):
        serve(settings, Event())


def test_a_wrong_cron_line_is_found_before_anything_begins(
    settings: Settings, declare: Callable[..., None]
) -> None:
    """One wrong line stops the start, with the line quoted."""
    declare("andes")
    text = settings.sources_file.read_text(encoding="utf-8")
    settings.sources_file.write_text(text.replace("0 0 1 1 *", "0 25 * * *"), encoding="utf-8")
    with pytest.raises(SourcesFileWrong, match=r"sources\.andes\.schedule\.cron is '0 25 "):
        serve(settings, Event())
    assert outcomes(settings) == set()


def test_a_sources_file_without_schedules_is_refused(
    settings: Settings, declare: Callable[..., None]
) -> None:
    """A service without any schedule would do nothing."""
    declare("andes")
    lines = settings.sources_file.read_text(encoding="utf-8").splitlines()
    kept = "\n".join(line for line in lines if not line.startswith("schedule"))
    settings.sources_file.write_text(kept, encoding="utf-8")
    with pytest.raises(NothingScheduled, match="schedule"):
        serve(settings, Event())
