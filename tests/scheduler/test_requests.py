"""Requests of people and of the sources file to the running service, without waiting."""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine

from fixtures.service_days.children import WorldChildren
from fixtures.service_days.clock import Clock, ManualScheduler, manual_scheduler
from fixtures.service_days.world import BEGINNING
from scheduler.due import spread_of
from scheduler.service import Service, audit_settings
from scheduler.settings import AlarmSettings, MaintenanceSettings
from scheduler.worker import Settings, Worker
from store.audit.audit import AuditAction, list_entries
from store.audit.verification import verify
from store.crawl.runs import list_runs
from store.database import open_database
from store.model import Run, RunKind, RunOutcome
from store.operations.service import Request, answer, ask, open_requests, pause_of
from store.times import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCES = """
[sources.andes]
name = "andes"
archive = "andes"
supplied_by = "A. Nowak"
supplied_on = 2027-01-31
schedule = { every_minutes = 60 }
"""
HOUR = timedelta(hours=1)


class Turned:
    """A service whose clock and scheduler a test turns."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.scheduler: ManualScheduler = manual_scheduler()
        self.children = WorldChildren(settings.database, clock)
        self.service = Service(settings, self.scheduler, Worker(settings, children=self.children))
        self.scheduler.start()
        self.scheduler.turn()

    def pass_time(self, span: timedelta) -> None:
        """Advance the clock, then run all due work."""
        self.clock.advance(span)
        self.service.look()
        self.scheduler.turn()

    def ask(self, request: Request) -> None:
        """Ask for something of the source andes."""
        with closing(open_database(self.settings.database)) as db:
            ask(db, request, "andes", by="ada", now=utc_now())

    def runs(self) -> list[Run]:
        """Return its crawls, oldest first."""
        with closing(open_database(self.settings.database)) as db:
            return [run for run in reversed(list_runs(db, limit=100)) if run.kind is RunKind.CRAWL]


@pytest.fixture
def turned(store_path: Path) -> Iterator[Turned]:
    """A service at the beginning of an hour, with one source that is due each hour, crawled once."""
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    file = store_path.with_name("sources.toml")
    file.write_text(SOURCES, encoding="utf-8")
    settings = Settings(command=("precursor-watch",), database=store_path, sources_file=file)
    with time_machine.travel(BEGINNING, tick=False) as traveller:
        yield Turned(settings, Clock(traveller, BEGINNING))


def test_a_paused_source_is_skipped_with_who_and_when(turned: Turned) -> None:
    """Each due time has its row, and after it is resumed it is crawled again."""
    turned.ask(Request.PAUSE)
    turned.pass_time(HOUR)
    turned.ask(Request.RESUME)
    turned.pass_time(HOUR)
    assert [run.outcome for run in turned.runs()] == [RunOutcome.DONE, RunOutcome.SKIPPED, RunOutcome.DONE]
    assert "ada paused it at 2027-02-01 00:04 UTC." in turned.runs()[1].sentence
    with closing(open_database(turned.settings.database)) as db:
        asked = list_entries(db, actor="ada", action=AuditAction.SERVICE_ASKED)
        assert [each.details["request"] for each in asked] == ["resume", "pause"]
        assert verify(db).rows == 2


def test_a_source_is_crawled_now_when_a_person_asks(turned: Turned) -> None:
    """Due or not, paused or not; the run has no due time, and the request an answer."""
    turned.ask(Request.PAUSE)
    turned.ask(Request.RUN_NOW)
    turned.pass_time(timedelta(minutes=1))
    turned.scheduler.turn()
    first, asked = turned.runs()
    assert (first.due_at, asked.due_at, asked.outcome) == (BEGINNING, None, RunOutcome.DONE)
    with closing(open_database(turned.settings.database)) as db:
        assert open_requests(db) == []


def test_an_edited_sources_file_is_taken_up_without_a_restart(turned: Turned) -> None:
    """A new source is crawled at once, one that was taken out no more."""
    edited = SOURCES.replace("andes", "pontus").encode()
    turned.settings.sources_file.write_bytes(edited)
    turned.pass_time(timedelta(minutes=1))
    turned.pass_time(HOUR)
    assert [run.source_id for run in turned.runs()] == ["andes", "pontus", "pontus"]


def test_a_broken_edit_leaves_the_sources_as_they_were(turned: Turned) -> None:
    """The problem is known, and gone when the file is mended."""
    turned.settings.sources_file.write_text("[sources", encoding="utf-8")
    turned.pass_time(HOUR)
    assert len(turned.runs()) == 2
    assert "sources.toml cannot be used" in turned.service.sources_problem
    turned.settings.sources_file.write_text(SOURCES, encoding="utf-8")
    turned.pass_time(HOUR)
    assert turned.service.sources_problem == ""


def test_settings_are_noted_when_the_service_begins_with_something_new(turned: Turned) -> None:
    """Once for each change, without the addresses, which may hold a password."""
    told = replace(
        turned.settings, alarms=AlarmSettings(urls=("json://x:secret@h",)), maintenance=MaintenanceSettings()
    )
    shorter = replace(told, maintenance=MaintenanceSettings(evidence_days=30))
    with closing(open_database(turned.settings.database)) as db:
        assert [audit_settings(db, each, now=BEGINNING) for each in (told, told, shorter)] == [
            True, False, True,
        ]  # fmt: skip
        (newest, _) = list_entries(db, action=AuditAction.SETTING_CHANGED)
    assert newest.details["maintenance"]["evidence_days"] == 30
    assert "secret" not in str(newest.details)


@pytest.mark.parametrize("wrong", [timedelta(hours=3), timedelta(hours=-3)])
def test_a_clock_that_was_put_wrong_and_right_again_costs_no_due_time(
    turned: Turned, wrong: timedelta
) -> None:
    """Every hour of the day has exactly one row in the end, and crawls go on."""
    turned.pass_time(HOUR)
    turned.clock.put(wrong)
    turned.pass_time(timedelta(minutes=10))
    turned.clock.put(timedelta(0))
    for _ in range(6):
        turned.pass_time(HOUR)
    due = [run.due_at for run in turned.runs() if run.due_at and run.due_at >= BEGINNING]
    assert sorted(due) == [BEGINNING + HOUR * hours for hours in range(8)]
    assert turned.runs()[-1].outcome is RunOutcome.DONE


def test_what_could_not_be_begun_is_swept_up(turned: Turned) -> None:
    """The disk was full when it was due; an hour is not waited for the next."""
    turned.children.is_dead = True
    turned.pass_time(HOUR)
    turned.children.is_dead = False
    turned.service.sweep()
    turned.scheduler.turn()
    assert [run.due_at for run in turned.runs()] == [BEGINNING, BEGINNING + HOUR]


def test_a_request_for_a_source_that_is_not_there_is_answered(turned: Turned) -> None:
    """The answer gives the reason, and no crawl starts."""
    with closing(open_database(turned.settings.database)) as db:
        ask(db, Request.RUN_NOW, "nowhere", by="ada", now=utc_now())
    turned.pass_time(timedelta(minutes=1))
    with closing(open_database(turned.settings.database)) as db:
        (said,) = db.execute("SELECT sentence FROM service_answers").fetchone()
    assert "no source 'nowhere'" in said


def test_work_is_spread_and_always_at_the_same_place(turned: Turned) -> None:
    """Two sources due at midnight begin at different minutes; the due time in the ledger is midnight."""
    within = timedelta(minutes=30)
    places = {spread_of(name, within) for name in ("crawl-andes", "crawl-pontus")}
    assert len(places) == 2
    assert all(timedelta(0) <= place < within for place in places)
    spread = Turned(replace(turned.settings, spread=within), turned.clock)
    spread.pass_time(HOUR - timedelta(minutes=4))
    assert len(spread.runs()) == 1
    spread.pass_time(within)
    assert spread.runs()[-1].due_at == BEGINNING + HOUR


def test_a_pause_is_answered_once_and_stands(turned: Turned) -> None:
    """Answering does not end it."""
    turned.ask(Request.PAUSE)
    turned.pass_time(timedelta(minutes=1))
    with closing(open_database(turned.settings.database)) as db:
        assert open_requests(db) == []
        answer(db, 1, "Again.", now=utc_now())
        pause = pause_of(db, "andes")
    assert pause is not None
    assert pause.asked_by == "ada"
