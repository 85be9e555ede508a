"""Labels: what the standing verdicts teach, as the next training run reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from listings import times
from listings.model import Decision

if TYPE_CHECKING:
    from datetime import datetime

    from listings.database import Database

TEACHING = {Decision.OFFER: 1, Decision.NOT_OFFER: 0}
"""Decisions that settle the label; *unsure* and *escalate* teach nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One judged text."""

    listing_id: str
    source_id: str
    seller_name: str
    text: str
    text_hash: str
    label: int
    """1 for an offer, 0 for none."""
    decided_at: datetime


def standing_labels(db: Database) -> list[Label]:
    """Return the standing verdicts that settle a label, in the order they were given."""
    query = """
        SELECT standing_verdicts.listing_id, source_id, seller_name, sightings.text,
               standing_verdicts.text_hash, decision, decided_at
        FROM standing_verdicts
        JOIN sightings USING (sighting_id)
        JOIN listings ON listings.listing_id = standing_verdicts.listing_id
        WHERE decision IN ('offer', 'not_offer')
        ORDER BY verdict_id
    """
    return [
        Label(
            listing_id=row["listing_id"],
            source_id=row["source_id"],
            seller_name=row["seller_name"],
            text=row["text"],
            text_hash=row["text_hash"],
            label=TEACHING[Decision(row["decision"])],
            decided_at=times.from_text(row["decided_at"]),
        )
        for row in db.execute(query)
    ]
