"""Store claims, assignments, drafts, preferences, review settings and batches."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from store import rows, times
from store.errors import N_, StoreError, UnknownRow
from store.review.notices import refresh_flags
from store.sqlite import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from store.sqlite import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A listing that a reviewer has open."""

    listing_id: str
    reviewer: str
    claimed_at: datetime
    expires_at: datetime


class HeldByAnother(StoreError):
    """Somebody else has the listing open."""

    def __init__(self, claim: Claim) -> None:
        super().__init__(
            N_(
                "%(who)s has this listing open until %(time)s UTC, so nothing was written. Take it over "
                "first if you are to decide it, or continue with the next listing."
            ),
            who=claim.reviewer,
            time=f"{claim.expires_at:%H:%M}",
        )
        self.claim = claim


def claim_of(db: Database, listing_id: str, *, now: datetime) -> Claim | None:
    """Return the current claim on a listing, or None."""
    query = "SELECT * FROM claims WHERE listing_id = ? AND expires_at > ?"
    return rows.find(db, Claim, query, [listing_id, times.to_text(now)])


def claim(
    db: Database, listing_id: str, *, reviewer: str, lasts: timedelta, now: datetime, take_over: bool = False
) -> Claim:
    """Claim a listing or renew a claim, and return the current claim, which may be somebody else's.

    `take_over` replaces the claim of somebody else.
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
    """End the claim of a reviewer on a listing; claims of others stay."""
    with transaction(db):
        db.execute("DELETE FROM claims WHERE listing_id = ? AND reviewer = ?", [listing_id, reviewer])


def release_all(db: Database, *, reviewer: str) -> None:
    """End all claims of a reviewer, for example at log-out."""
    with transaction(db):
        db.execute("DELETE FROM claims WHERE reviewer = ?", [reviewer])


def claims_on(db: Database, listing_ids: Iterable[str], *, now: datetime) -> dict[str, Claim]:
    """Return the current claims on these listings, by listing."""
    wanted = list(listing_ids)
    marks = ", ".join("?" * len(wanted))
    query = f"SELECT * FROM claims WHERE expires_at > ? AND listing_id IN ({marks})"  # noqa: S608 (marks only)
    return {found.listing_id: found for found in rows.select(db, Claim, query, [times.to_text(now), *wanted])}


def assign(
    db: Database, listing_ids: Iterable[str], assignee: str, *, assigned_by: str, now: datetime
) -> int:
    """Assign listings, or remove assignments if `assignee` is empty; return the number of listings."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDraft:
    """An unfinished verdict: the reason, note and substance so far."""

    reason_code: str = ""
    note: str = ""
    substance: str = ""


def assignee_of(db: Database, listing_id: str) -> str:
    """Return the person to whom a listing is assigned, or an empty string."""
    row = db.execute("SELECT assignee FROM assignments WHERE listing_id = ?", [listing_id]).fetchone()
    return "" if row is None else str(row[0])


def keep_draft(db: Database, listing_id: str, reviewer: str, draft: KeptDraft, *, now: datetime) -> None:
    """Save a draft, or delete it if it is empty.

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
    """Return the draft of a reviewer on a listing, or None."""
    query = "SELECT reason_code, note, substance FROM drafts WHERE listing_id = ? AND reviewer = ?"
    return rows.find(db, KeptDraft, query, [listing_id, reviewer])


def forget_draft(db: Database, listing_id: str, reviewer: str) -> None:
    """Delete a draft, for example when its verdict is given."""
    with transaction(db):
        db.execute("DELETE FROM drafts WHERE listing_id = ? AND reviewer = ?", [listing_id, reviewer])


class SettingRefused(StoreError):
    """The value of a setting is out of bounds."""

    def __init__(self, name: str, value: float) -> None:
        low, high = BOUNDS.get(name, (0, 0))
        super().__init__(
            N_("%(name)s cannot be %(value)s: it must be between %(low)s and %(high)s. Nothing was changed."),
            name=name,
            value=f"{value:g}",
            low=f"{low:g}",
            high=f"{high:g}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSettings:
    """The settings of the review. Each change is a new row; the newest is in force."""

    second_share: float = 0.1
    """Share of first verdicts, in addition to escalations, that go to a second reviewer, from 0 to 1."""
    hidden_share: float = 0.1
    """Share of flagged listings that are shown without a score, from 0 to 1. Samples from below the threshold
    never show their score; the hidden scores of flagged listings keep reviewers from recognising samples."""
    worth_first: float = 0
    """1 if the queue begins with the items of the highest expected worth, 0 if with the likeliest."""
    weekly_unreviewed: float = 0
    """1 if the weekly report on suppliers tells what nobody reviewed too, 0 if it leaves it out."""
    flag_watch: float = 0
    """1 if a notice of this kind puts a listing before a person, 0 if it is only shown and counted."""
    flag_equipment: float = 0
    flag_rule: float = 0
    flag_class: float = 1
    flag_picture: float = 1
    blur_pictures: float = 0
    """1 if pictures are blurred until a person asks for them, 0 if they are shown at once."""
    claim_minutes: float = 10
    """Minutes that a claim lasts after the reviewer last viewed the listing."""


BOUNDS = {
    "second_share": (0.0, 1.0), "hidden_share": (0.0, 1.0), "worth_first": (0.0, 1.0),
    "weekly_unreviewed": (0.0, 1.0),
    "flag_watch": (0.0, 1.0), "flag_equipment": (0.0, 1.0), "flag_rule": (0.0, 1.0), "flag_class": (0.0, 1.0),
    "flag_picture": (0.0, 1.0), "blur_pictures": (0.0, 1.0),
    "claim_minutes": (1.0, 480.0),
}  # fmt: skip
"""The lowest and highest value of each setting."""


def review_settings(db: Database) -> ReviewSettings:
    """Return the settings in force."""
    query = "SELECT name, value FROM review_settings ORDER BY setting_id"
    stored = {row["name"]: float(row["value"]) for row in db.execute(query)}
    known = {field.name for field in fields(ReviewSettings)}
    return ReviewSettings(**{name: value for name, value in stored.items() if name in known})


def change_setting(db: Database, name: str, value: float, *, changed_by: str, now: datetime) -> None:
    """Change a setting.

    Raises:
        SettingRefused: If there is no such setting, or the value is out of bounds.
    """
    low, high = BOUNDS.get(name, (1.0, 0.0))
    if not low <= value <= high:
        raise SettingRefused(name, value)
    values = {"name": name, "value": repr(value), "changed_by": rows.clean(changed_by)}
    with transaction(db):
        rows.insert(db, "review_settings", values | {"changed_at": times.to_text(now)})
        if name.startswith("flag_"):
            refresh_flags(db, name.removeprefix("flag_"))


def preferences(db: Database, reviewer: str) -> dict[str, str]:
    """Return the preferences of a reviewer, e.g. the language of the pages."""
    query = "SELECT name, value FROM preferences WHERE reviewer = ?"
    return {row["name"]: row["value"] for row in db.execute(query, [reviewer])}


def prefer(db: Database, reviewer: str, name: str, value: str) -> None:
    """Set a preference of a reviewer."""
    with transaction(db):
        db.execute(
            "INSERT INTO preferences VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            [reviewer, name, rows.clean(value)],
        )


def hidden_share(db: Database, reviewer: str) -> float:
    """Return the share of flagged listings whose score is hidden from this reviewer, from 0 to 1.

    This is the share set for everyone, or 1 for a reviewer who chose to see no scores before deciding.
    """
    always = preferences(db, reviewer).get("hide_score") == "1"
    return 1.0 if always else review_settings(db).hidden_share


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneBatch:
    """An assignment or a filing of several listings at once."""

    batch: str
    kind: str
    """`assign` or `file`."""
    details: tuple[Mapping[str, Any], ...]
    """For each listing, what was done, and how it was before."""
    done_by: str
    done_at: datetime
    undone_at: datetime | None


def record_batch(
    db: Database, kind: str, details: Sequence[Mapping[str, object]], *, done_by: str, now: datetime
) -> str:
    """Record a change of several listings, so that it can be undone; return the id."""
    batch = secrets.token_hex(8)
    values = {"batch": batch, "kind": kind, "details": rows.to_json(list(details)), "done_by": done_by}
    rows.insert(db, "batches", values | {"done_at": times.to_text(now)})
    return batch


def find_batch(db: Database, batch: str) -> DoneBatch | None:
    """Return an assignment or filing by its id; None if there is none, as for a batch of verdicts."""
    return rows.find(db, DoneBatch, f"{_BATCHES} WHERE batch = ?", [batch])


def latest_batch(db: Database, person: str) -> DoneBatch | None:
    """Return the newest assignment or filing of a person that was not undone; None after a later verdict."""
    query = f"""
        {_BATCHES} WHERE done_by = ? AND undone_at IS NULL AND done_at > ifnull((
            SELECT decided_at FROM verdicts WHERE reviewer = ? ORDER BY verdict_id DESC LIMIT 1
        ), '') ORDER BY done_at DESC LIMIT 1
    """  # noqa: S608 (no input)
    return rows.find(db, DoneBatch, query, [person, person])


def record_batch_undo(db: Database, batch: str, *, undone_by: str, now: datetime) -> None:
    """Record that an assignment or filing was undone."""
    values = {"batch": batch, "undone_by": undone_by, "undone_at": times.to_text(now)}
    rows.insert(db, "batch_undos", values)


_BATCHES = "SELECT batches.*, undone_at FROM batches LEFT JOIN batch_undos USING (batch)"
