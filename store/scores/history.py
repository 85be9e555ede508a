"""Every listing as it stands now, in order and in batches: what a candidate model is tried on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store.model import Decision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.database import Database
    from store.rows import Row

BATCH = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A listing as last seen, with what the model in use and people say of it."""

    sighting_id: int
    listing_id: str
    url: str
    title: str
    text: str
    p_offer: float | None
    """By the model in use; None when it has not scored it."""
    decision: Decision | None
    """Of the verdict that stands on the listing as it now reads."""


def standing_listings(db: Database) -> Iterator[list[Standing]]:
    """Yield batches of listings as last seen; no more than a batch is in memory at once."""
    query = """
        SELECT latest_sightings.sighting_id, latest_sightings.listing_id, url, title, text, p_offer, decision
        FROM latest_sightings
        JOIN listings USING (listing_id)
        LEFT JOIN scores ON scores.sighting_id = latest_sightings.sighting_id
            AND scores.model_id = (SELECT model_id FROM model_in_use)
        LEFT JOIN standing_verdicts ON standing_verdicts.listing_id = latest_sightings.listing_id
            AND standing_verdicts.text_hash = latest_sightings.text_hash
        WHERE latest_sightings.sighting_id > ?
        ORDER BY latest_sightings.sighting_id LIMIT ?
    """
    last = 0
    while batch := [_standing(row) for row in db.execute(query, [last, BATCH])]:
        yield batch
        last = batch[-1].sighting_id


def _standing(row: Row) -> Standing:
    fields = {name: row[name] for name in Standing.__slots__ if name != "decision"}
    return Standing(decision=None if row["decision"] is None else Decision(row["decision"]), **fields)
