"""What a reviewer has begun and not finished: drafts of verdicts, and lists they come back to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store import rows, times
from store.database import transaction
from store.errors import UnknownRow

if TYPE_CHECKING:
    from datetime import datetime

    from store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDraft:
    """What was typed and chosen beside a listing before a verdict was given."""

    reason_code: str = ""
    note: str = ""
    substance: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A filtered list under a name."""

    view_id: int
    name: str
    query: str
    """As it stands in the address, without the question mark."""


def keep_draft(db: Database, listing_id: str, reviewer: str, draft: KeptDraft, *, now: datetime) -> None:
    """Keep a draft; one in which nothing is written is forgotten.

    Raises:
        UnknownRow: If there is no such listing.
    """
    with transaction(db):
        if db.execute("SELECT 1 FROM listings WHERE listing_id = ?", [listing_id]).fetchone() is None:
            raise UnknownRow("listing", listing_id)
        forget_draft(db, listing_id, reviewer)
        if draft != KeptDraft():
            values = [draft.reason_code, rows.clean(draft.note), rows.clean(draft.substance)]
            db.execute(
                "INSERT INTO drafts VALUES (?, ?, ?, ?, ?, ?)",
                [listing_id, reviewer, *values, times.to_text(now)],
            )


def draft_of(db: Database, listing_id: str, reviewer: str) -> KeptDraft | None:
    """Return a reviewer's draft beside a listing, or None."""
    query = "SELECT reason_code, note, substance FROM drafts WHERE listing_id = ? AND reviewer = ?"
    row = db.execute(query, [listing_id, reviewer]).fetchone()
    return None if row is None else KeptDraft(**dict(row))


def forget_draft(db: Database, listing_id: str, reviewer: str) -> None:
    """Forget a draft, as when its verdict is given."""
    with transaction(db):
        db.execute("DELETE FROM drafts WHERE listing_id = ? AND reviewer = ?", [listing_id, reviewer])


def save_view(db: Database, reviewer: str, name: str, query: str, *, now: datetime) -> None:
    """Keep a list under a name; the same name again replaces it."""
    with transaction(db):
        db.execute(
            "INSERT INTO saved_views (reviewer, name, query, saved_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (reviewer, name) DO UPDATE SET query = excluded.query, saved_at = excluded.saved_at",
            [reviewer, rows.clean(name.strip()), rows.clean(query), times.to_text(now)],
        )


def saved_views(db: Database, reviewer: str) -> list[SavedView]:
    """Return a reviewer's saved lists by name."""
    query = "SELECT view_id, name, query FROM saved_views WHERE reviewer = ? ORDER BY name"
    return [SavedView(**dict(row)) for row in db.execute(query, [reviewer])]


def forget_view(db: Database, reviewer: str, view_id: int) -> None:
    """Forget one of a reviewer's saved lists; another's is left alone."""
    with transaction(db):
        db.execute("DELETE FROM saved_views WHERE view_id = ? AND reviewer = ?", [view_id, reviewer])
