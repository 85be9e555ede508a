"""Verdicts: a person's decisions. A change of mind and an undo are new rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listings import rows, times
from listings.database import Database, transaction
from listings.errors import ListingsError, UnknownRow
from listings.model import Decision

if TYPE_CHECKING:
    from datetime import datetime

    from listings.model import ReasonCode, Verdict


class AlreadyUndone(ListingsError):
    """The verdict to take back was taken back before."""

    def __init__(self, verdict_id: int) -> None:
        super().__init__(
            f"Verdict {verdict_id} was already taken back, or is itself an undo; nothing was changed."
        )


class StaleScreen(ListingsError):
    """The listing was seen with other content after the reviewer's screen was drawn."""

    def __init__(self, listing_id: str) -> None:
        super().__init__(
            f"Listing {listing_id} has changed since it was shown; look at it as it stands now, then decide."
        )


def give_verdict(
    db: Database,
    sighting_id: int,
    decision: Decision,
    *,
    reason_code: ReasonCode | None = None,
    note: str = "",
    reviewer: str,
    now: datetime,
) -> Verdict:
    """Write a person's decision about a listing as the sighting shows it.

    The score of the model in use is kept with it, as what was on the screen.

    Raises:
        UnknownRow: If there is no such sighting.
        StaleScreen: If a later sighting of the listing exists.
    """
    if decision is Decision.UNDONE:
        raise ValueError("An undo names the verdict it takes back: call undo_verdict.")
    with transaction(db):
        row = db.execute("SELECT listing_id FROM sightings WHERE sighting_id = ?", [sighting_id]).fetchone()
        if row is None:
            raise UnknownRow("sighting", sighting_id)
        if _latest_sighting(db, row[0]) != sighting_id:
            raise StaleScreen(row[0])
        verdict_id = rows.insert(
            db,
            "verdicts",
            {
                "listing_id": row[0],
                "sighting_id": sighting_id,
                "score_id": _score_on_screen(db, sighting_id),
                "decision": decision,
                "reason_code": reason_code,
                "note": rows.clean(note),
                "reviewer": reviewer,
                "decided_at": times.to_text(now),
            },
        )
    return get_verdict(db, int(verdict_id or 0))


def undo_verdict(db: Database, verdict_id: int, *, reviewer: str, now: datetime) -> Verdict:
    """Take a verdict back by a new row that names it; the listing returns to the queue.

    Raises:
        UnknownRow: If there is no such verdict.
        AlreadyUndone: If it was taken back before or is itself an undo.
    """
    with transaction(db):
        verdict = get_verdict(db, verdict_id)
        undone = db.execute("SELECT 1 FROM verdicts WHERE undoes = ?", [verdict_id]).fetchone()
        if undone or verdict.decision is Decision.UNDONE:
            raise AlreadyUndone(verdict_id)
        new_id = rows.insert(
            db,
            "verdicts",
            {
                "listing_id": verdict.listing_id,
                "sighting_id": verdict.sighting_id,
                "score_id": verdict.score_id,
                "decision": Decision.UNDONE,
                "note": "",
                "reviewer": reviewer,
                "decided_at": times.to_text(now),
                "undoes": verdict_id,
            },
        )
    return get_verdict(db, int(new_id or 0))


def get_verdict(db: Database, verdict_id: int) -> Verdict:
    """Return one verdict.

    Raises:
        UnknownRow: If there is no such verdict.
    """
    row = db.execute("SELECT * FROM verdicts WHERE verdict_id = ?", [verdict_id]).fetchone()
    if row is None:
        raise UnknownRow("verdict", verdict_id)
    return rows.verdict_from(row)


def verdicts_of(db: Database, listing_id: str) -> list[Verdict]:
    """Return every verdict about a listing, undone ones and undos included, oldest first."""
    query = "SELECT * FROM verdicts WHERE listing_id = ? ORDER BY verdict_id"
    return [rows.verdict_from(row) for row in db.execute(query, [listing_id])]


def latest_undoable(db: Database, reviewer: str) -> Verdict | None:
    """Return this reviewer's newest verdict that can still be taken back, or None."""
    query = """
        SELECT * FROM verdicts
        WHERE reviewer = ? AND decision <> 'undone'
          AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = verdicts.verdict_id)
        ORDER BY verdict_id DESC LIMIT 1
    """
    row = db.execute(query, [reviewer]).fetchone()
    return None if row is None else rows.verdict_from(row)


def count_standing(db: Database, reviewer: str, *, since: datetime) -> int:
    """Return how many of a reviewer's verdicts given since then have not been taken back."""
    query = """
        SELECT count(*) FROM verdicts
        WHERE reviewer = ? AND decided_at >= ? AND decision <> 'undone'
          AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = verdicts.verdict_id)
    """
    return int(db.execute(query, [reviewer, times.to_text(since)]).fetchone()[0])


def _latest_sighting(db: Database, listing_id: str) -> int:
    query = "SELECT max(sighting_id) FROM sightings WHERE listing_id = ?"
    return int(db.execute(query, [listing_id]).fetchone()[0])


def _score_on_screen(db: Database, sighting_id: int) -> int | None:
    query = """
        SELECT score_id FROM scores
        WHERE sighting_id = ? AND model_id = (SELECT model_id FROM model_in_use)
    """
    row = db.execute(query, [sighting_id]).fetchone()
    return None if row is None else int(row[0])
