"""Counting a reviewer's day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fixtures.builders.review_store import NOW
from fixtures.builders.store import judge
from review.queue.lists import done_today
from store.database import open_database
from store.review.queue import review_queue
from store.review.verdicts import undo_verdict

if TYPE_CHECKING:
    from pathlib import Path


def test_only_own_standing_verdicts_of_the_day_count(database: Path) -> None:
    """Yesterday's, another reviewer's and those taken back are left out."""
    db = open_database(database)
    sightings = [entry.sighting_id for entry in review_queue(db)]
    assert done_today(db, "ada", NOW) == 0
    judge(db, sightings[0], now=NOW - timedelta(days=1))
    given = [judge(db, each, now=NOW) for each in sightings[1:4]]
    judge(db, sightings[4], reviewer="bo", now=NOW)
    undo_verdict(db, given[0].verdict_id, reviewer="bo", now=NOW)
    assert done_today(db, "ada", NOW) == 2
    db.close()
