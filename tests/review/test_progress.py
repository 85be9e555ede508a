"""Counting a reviewer's day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from listings.database import open_database
from listings.model import Decision
from listings.queue import review_queue
from listings.verdicts import give_verdict, undo_verdict
from review.progress import done_today
from tests.review.store import NOW

if TYPE_CHECKING:
    from pathlib import Path


def test_only_own_standing_verdicts_of_the_day_count(database: Path) -> None:
    """Yesterday's, another reviewer's and those taken back are left out."""
    db = open_database(database)
    sightings = [entry.sighting_id for entry in review_queue(db)]
    assert done_today(db, "ada", NOW) == 0
    give_verdict(db, sightings[0], Decision.OFFER, reviewer="ada", now=NOW - timedelta(days=1))
    given = [give_verdict(db, each, Decision.OFFER, reviewer="ada", now=NOW) for each in sightings[1:4]]
    give_verdict(db, sightings[4], Decision.OFFER, reviewer="bo", now=NOW)
    undo_verdict(db, given[0].verdict_id, reviewer="bo", now=NOW)
    assert done_today(db, "ada", NOW) == 2
    db.close()
