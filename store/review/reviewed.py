"""What people have decided, ready to be handed on. Nothing that nobody looked at is in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store import rows, times
from store.review.verdicts import verdicts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from store.crawl.evidence import EvidenceRecord
    from store.database import Database
    from store.model import Listing, Score, Sighting, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A listing that has been decided, as it read when it was."""

    listing: Listing
    sighting: Sighting
    verdict: Verdict
    """That stands."""
    verdicts: tuple[Verdict, ...]
    """The whole history, oldest first."""
    score: Score | None
    """What was on the screen."""
    source_name: str
    page_id: int
    page_url: str
    payload_sha256: str
    fetched_at: datetime
    captured_at: datetime | None


def reviewed_listings(
    db: Database, *, decision: str = "", listing_ids: Iterable[str] | None = None
) -> Iterator[Reviewed]:
    """Yield listings that are decided: nothing that waits, for a second look or for somebody to settle it.

    Args:
        db: The store.
        decision: Only these; empty for all.
        listing_ids: Only these; None for all.
    """
    query = """
        SELECT verdict_id, listing_id FROM review_items
        WHERE state = 'decided' AND (? = '' OR decision = ?) ORDER BY verdict_id
    """
    wanted = None if listing_ids is None else set(listing_ids)
    for verdict_id, listing_id in db.execute(query, [decision, decision]).fetchall():
        if wanted is None or listing_id in wanted:
            yield _reviewed(db, verdict_id)


def evidence_of(db: Database, page_id: int) -> list[EvidenceRecord]:
    """Return the record of a page and, if it only repeats another, that one too, down to the payload."""
    from store.crawl.evidence import chain_of, record_of_page

    record = record_of_page(db, page_id)
    return [] if record is None else chain_of(db, record)


def _reviewed(db: Database, verdict_id: int) -> Reviewed:
    query = """
        SELECT verdicts.listing_id, verdicts.sighting_id, verdicts.score_id, sources.name, page_id,
               pages.url AS page_url, payload_sha256, fetched_at, captured_at
        FROM verdicts JOIN sightings USING (sighting_id) JOIN pages USING (page_id)
        JOIN sources ON sources.source_id = pages.source_id WHERE verdict_id = ?
    """
    row = db.execute(query, [verdict_id]).fetchone()
    history = tuple(verdicts_of(db, row["listing_id"]))
    listing = db.execute("SELECT * FROM listings WHERE listing_id = ?", [row["listing_id"]]).fetchone()
    sighting = db.execute("SELECT * FROM sightings WHERE sighting_id = ?", [row["sighting_id"]]).fetchone()
    score = db.execute("SELECT * FROM scores WHERE score_id = ?", [row["score_id"]]).fetchone()
    return Reviewed(
        listing=rows.listing_from(listing),
        sighting=rows.sighting_from(sighting),
        verdict=next(each for each in history if each.verdict_id == verdict_id),
        verdicts=history,
        score=None if score is None else rows.score_from(score),
        source_name=row["name"],
        page_id=row["page_id"],
        page_url=row["page_url"],
        payload_sha256=row["payload_sha256"],
        fetched_at=times.from_text(row["fetched_at"]),
        captured_at=None if row["captured_at"] is None else times.from_text(row["captured_at"]),
    )
