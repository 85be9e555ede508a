"""What reviewers work with: claims, assignments, drafts, saved views, preferences, review settings."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from store import rows, times
from store.errors import N_, StoreError, UnknownRow
from store.sqlite import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from store.sqlite import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A listing is on somebody's screen."""

    listing_id: str
    reviewer: str
    claimed_at: datetime
    expires_at: datetime


class HeldByAnother(StoreError):
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


class SettingRefused(StoreError):
    """A setting was given a value it cannot have."""

    def __init__(self, name: str, value: float) -> None:
        low, high = BOUNDS.get(name, (0, 0))
        super().__init__(
            N_("%(name)s cannot be %(value)s: it lies between %(low)s and %(high)s. Nothing was changed."),
            name=name,
            value=f"{value:g}",
            low=f"{low:g}",
            high=f"{high:g}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSettings:
    """What is in force."""

    second_share: float = 0.1
    """Of first verdicts, how many go to a second reviewer besides escalations, from 0 to 1."""
    hidden_share: float = 0.1
    """Of flagged listings, how many are shown without their score to everyone, from 0 to 1. Samples from
    below the line never show it; they can only stay unknown among others that do not."""
    claim_minutes: float = 10
    """How long a listing on somebody's screen is kept for them."""


BOUNDS = {"second_share": (0.0, 1.0), "hidden_share": (0.0, 1.0), "claim_minutes": (1.0, 480.0)}
"""The lowest and highest value of each setting."""


def review_settings(db: Database) -> ReviewSettings:
    """Return the settings in force."""
    query = "SELECT name, value FROM review_settings ORDER BY setting_id"
    stored = {row["name"]: float(row["value"]) for row in db.execute(query)}
    known = {field.name for field in fields(ReviewSettings)}
    return ReviewSettings(**{name: value for name, value in stored.items() if name in known})


def change_setting(db: Database, name: str, value: float, *, changed_by: str, now: datetime) -> None:
    """Put a value in force.

    Raises:
        SettingRefused: If there is no such setting or it cannot have this value.
    """
    low, high = BOUNDS.get(name, (1.0, 0.0))
    if not low <= value <= high:
        raise SettingRefused(name, value)
    values = {"name": name, "value": repr(value), "changed_by": rows.clean(changed_by)}
    with transaction(db):
        rows.insert(db, "review_settings", values | {"changed_at": times.to_text(now)})


def preferences(db: Database, reviewer: str) -> dict[str, str]:
    """Return what a reviewer chose for themselves, e.g. the language of the pages."""
    query = "SELECT name, value FROM preferences WHERE reviewer = ?"
    return {row["name"]: row["value"] for row in db.execute(query, [reviewer])}


def prefer(db: Database, reviewer: str, name: str, value: str) -> None:
    """Keep what a reviewer chose; the earlier choice is forgotten."""
    with transaction(db):
        db.execute(
            "INSERT INTO preferences VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            [reviewer, name, rows.clean(value)],
        )
