"""The run ledger: one row for each due time, one ending for each run, and runs that go on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.store import ANDES, NOW
from store.crawl.runs import (
    DueTimeTaken,
    accounted_to,
    begin_run,
    end_run,
    get_run,
    latest_run,
    list_runs,
    record_not_run,
    unfinished_run,
)
from store.crawl.sources import declare_source
from store.errors import UnknownRow
from store.model import RunKind, RunOutcome

if TYPE_CHECKING:
    from datetime import datetime

    from store.database import Database
    from store.model import Run

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _declared(db: Database) -> None:
    declare_source(db, ANDES, now=NOW)


def crawl(db: Database, due_at: datetime | None = None, now: datetime = NOW) -> Run:
    """Begin a crawl of andes."""
    return begin_run(db, RunKind.CRAWL, source_id="andes", due_at=due_at, now=now)


def miss(db: Database, due_at: datetime, sentence: str = "Missed.") -> None:
    """Record that nothing was begun for a due time."""
    record_not_run(
        db,
        RunKind.CRAWL,
        source_id="andes",
        due_at=due_at,
        outcome=RunOutcome.MISSED,
        sentence=sentence,
    )


def test_a_run_without_an_ending_goes_on(db: Database) -> None:
    """After a power cut the run continues with its first due time."""
    first = crawl(db, due_at=NOW)
    again = crawl(db, due_at=NOW + HOUR, now=NOW + HOUR)
    assert (again.run_id, again.due_at, again.attempts) == (first.run_id, NOW, 2)


def test_an_ended_run_is_not_gone_on_with(db: Database) -> None:
    """The next one is new."""
    first = crawl(db)
    end_run(db, first.run_id, RunOutcome.DONE, "Done.", now=NOW)
    assert crawl(db).run_id != first.run_id


def test_runs_of_another_kind_or_source_are_not_gone_on_with(db: Database) -> None:
    """A crawl of one source has nothing to do with scoring."""
    crawled = crawl(db)
    scored = begin_run(db, RunKind.SCORE, now=NOW)
    assert scored.run_id != crawled.run_id
    assert begin_run(db, RunKind.SCORE, now=NOW).run_id == scored.run_id


def test_the_first_ending_stands(db: Database) -> None:
    """The child's own ending is not replaced by what its parent guessed."""
    run = crawl(db)
    end_run(db, run.run_id, RunOutcome.DONE, "Two pages.", counts={"pages": 2}, now=NOW + HOUR)
    end_run(db, run.run_id, RunOutcome.KILLED, "Gone.", now=NOW + 2 * HOUR)
    ended = get_run(db, run.run_id)
    assert (ended.outcome, ended.sentence, ended.counts) == (RunOutcome.DONE, "Two pages.", {"pages": 2})
    assert ended.ended_at == NOW + HOUR


def test_a_due_time_has_one_row(db: Database) -> None:
    """The first row of a due time is kept."""
    miss(db, NOW, "First.")
    miss(db, NOW, "Second.")
    run = crawl(db, due_at=NOW + HOUR)
    miss(db, NOW + HOUR)
    assert [each.sentence for each in list_runs(db)] == ["", "First."]
    assert get_run(db, run.run_id).ended_at is None


def test_a_due_time_that_is_accounted_for_is_not_begun_again(db: Database) -> None:
    """The sentence says when it was due and what to do; nothing is written."""
    miss(db, NOW)
    with pytest.raises(DueTimeTaken, match="2026-11-24T12:00"):
        crawl(db, due_at=NOW)
    assert len(list_runs(db)) == 1
    assert list_runs(db)[0].attempts == 0


def test_the_newest_due_time_is_what_is_accounted_for(db: Database) -> None:
    """A crawl by hand in between does not account for the due times before it."""
    assert accounted_to(db, RunKind.CRAWL, source_id="andes") is None
    by_hand = crawl(db, now=NOW + HOUR)
    assert accounted_to(db, RunKind.CRAWL, source_id="andes") == NOW + HOUR
    end_run(db, by_hand.run_id, RunOutcome.DONE, "Done.", now=NOW + HOUR)
    miss(db, NOW)
    assert accounted_to(db, RunKind.CRAWL, source_id="andes") == NOW
    assert accounted_to(db, RunKind.SCORE) is None


def test_the_latest_run_is_one_that_was_begun(db: Database) -> None:
    """A missed due time does not hide how the last crawl went; a failed one counts."""
    assert latest_run(db, RunKind.CRAWL, source_id="andes") is None
    run = crawl(db)
    miss(db, NOW)
    latest = latest_run(db, RunKind.CRAWL, source_id="andes")
    assert latest is not None
    assert latest.run_id == run.run_id


def test_the_unfinished_run_is_found_until_it_ends(db: Database) -> None:
    """The next attempt resumes this run."""
    run = crawl(db)
    assert unfinished_run(db, RunKind.CRAWL, source_id="andes") == run
    end_run(db, run.run_id, RunOutcome.DONE, "Fine.", now=NOW)
    assert unfinished_run(db, RunKind.CRAWL, source_id="andes") is None


def test_runs_are_listed_newest_first_up_to_a_limit(db: Database) -> None:
    """The limit counts rows."""
    for hours in range(3):
        miss(db, NOW + hours * HOUR)
    assert [run.due_at for run in list_runs(db, limit=2)] == [NOW + 2 * HOUR, NOW + HOUR]


def test_an_unknown_run_is_a_sentence(db: Database) -> None:
    """The message names the id."""
    with pytest.raises(UnknownRow, match="no run 99"):
        get_run(db, 99)
