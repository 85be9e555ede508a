"""The search of the review app, for tests that look at the sightings behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.review.item_query import Filter
from store.review.queue import list_items
from store.rows import sighting_from

if TYPE_CHECKING:
    from store.database import Database
    from store.model import Sighting


def search(db: Database, terms: str, *, limit: int = 50) -> list[Sighting]:
    """Return the newest sightings of the listings in the store that match every word, newest first."""
    found = list_items(db, Filter(terms=terms), limit=limit)
    query = "SELECT * FROM sightings WHERE sighting_id = ?"
    return [sighting_from(db.execute(query, [each.sighting_id]).fetchone()) for each in found]
