"""Claims and assignments: who has a listing on the screen, and who is to look at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store import rows, times
from store.database import transaction
from store.errors import N_, ListingsError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A listing is on somebody's screen."""

    listing_id: str
    reviewer: str
    claimed_at: datetime
    expires_at: datetime


class HeldByAnother(ListingsError):
    """A listing was to be decided while it is on somebody else's screen."""

    def __init__(self, claim: Claim) -> None:
        super().__init__(
            N_(
                "%(who)s has this listing open until %(time)s UTC, so nothing was written. Take it over "
                "first if it is yours to decide, or go on to the next."
            ),
            who=claim.reviewer,
            time=f"{claim.expires_at:%H:%M}",
        )
        self.claim = claim


def claim_of(db: Database, listing_id: str, *, now: datetime) -> Claim | None:
    """Return who holds a listing now, or None."""
    query = "SELECT * FROM claims WHERE listing_id = ? AND expires_at > ?"
    row = db.execute(query, [listing_id, times.to_text(now)]).fetchone()
    return None if row is None else _claim(row)


def claim(
    db: Database, listing_id: str, *, reviewer: str, lasts: timedelta, now: datetime, take_over: bool = False
) -> Claim:
    """Claim a listing, or renew one's own claim, and return the claim that holds now: perhaps another's.

    Args:
        db: The store.
        listing_id: Which.
        reviewer: For whom.
        lasts: How long.
        now: The present time.
        take_over: Claim it even from somebody who holds it.
    """
    with transaction(db):
        held = claim_of(db, listing_id, now=now)
        if held and held.reviewer != reviewer and not take_over:
            return held
        new = Claim(listing_id=listing_id, reviewer=reviewer, claimed_at=now, expires_at=now + lasts)
        db.execute(
            "INSERT INTO claims VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET reviewer = excluded.reviewer, "
            "claimed_at = excluded.claimed_at, expires_at = excluded.expires_at",
            [listing_id, reviewer, times.to_text(new.claimed_at), times.to_text(new.expires_at)],
        )
    return new


def release(db: Database, listing_id: str, *, reviewer: str) -> None:
    """Give up one's own claim; another's stays."""
    with transaction(db):
        db.execute("DELETE FROM claims WHERE listing_id = ? AND reviewer = ?", [listing_id, reviewer])


def release_all(db: Database, *, reviewer: str) -> None:
    """Give up all claims of a reviewer, as when they log out."""
    with transaction(db):
        db.execute("DELETE FROM claims WHERE reviewer = ?", [reviewer])


def claims_on(db: Database, listing_ids: Iterable[str], *, now: datetime) -> dict[str, Claim]:
    """Return the claims that hold now on any of these listings."""
    wanted = list(listing_ids)
    marks = ", ".join("?" * len(wanted))
    query = f"SELECT * FROM claims WHERE expires_at > ? AND listing_id IN ({marks})"  # noqa: S608 (marks only)
    return {row["listing_id"]: _claim(row) for row in db.execute(query, [times.to_text(now), *wanted])}


def assign(
    db: Database, listing_ids: Iterable[str], assignee: str, *, assigned_by: str, now: datetime
) -> int:
    """Assign listings to somebody; an empty assignee takes the assignment away. Return how many."""
    count = 0
    with transaction(db):
        for listing_id in listing_ids:
            if assignee:
                db.execute(
                    "INSERT INTO assignments VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                    "assignee = excluded.assignee, assigned_by = excluded.assigned_by, "
                    "assigned_at = excluded.assigned_at",
                    [listing_id, rows.clean(assignee), assigned_by, times.to_text(now)],
                )
            else:
                db.execute("DELETE FROM assignments WHERE listing_id = ?", [listing_id])
            count += 1
    return count


def _claim(row: rows.Row) -> Claim:
    return Claim(
        listing_id=row["listing_id"],
        reviewer=row["reviewer"],
        claimed_at=times.from_text(row["claimed_at"]),
        expires_at=times.from_text(row["expires_at"]),
    )
