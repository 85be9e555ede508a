"""The audit log: each action with its actor, time and screen contents. Append-only and chained by hashes.

Functions that change the store write their own entry in the same transaction (`store.review.verdicts`,
`store.scores.scores`, `store.accounts.users`), so no caller can forget it. Code that only shows data calls
`record` itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from store import times
from store.audit.chain import BEGINNING, COLUMNS, entry_hash, entry_row, head_of_record, row_hash
from store.audit.chain import AuditAction as AuditAction  # noqa: PLC0414 (re-exported)
from store.audit.chain import Via as Via  # noqa: PLC0414 (re-exported)
from store.database import Database, transaction
from store.rows import clean, select

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The channel and address of an action."""

    via: Via = Via.CLI
    address: str = ""
    """IP address; empty for local actions."""


LAST = 2**63 - 1
"""The highest possible number of an entry."""

BY_HAND = Origin()
"""An action from the command line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One entry of the log."""

    entry_id: int
    at: datetime
    actor: str
    via: Via
    address: str
    action: AuditAction
    subject: str
    details: Mapping[str, Any] = field(default_factory=dict)
    hash: str


def record(
    db: Database,
    action: AuditAction,
    *,
    actor: str,
    origin: Origin = BY_HAND,
    subject: str = "",
    details: Mapping[str, object] | None = None,
    rows: Iterable[tuple[str, int]] = (),
    now: datetime,
) -> int:
    """Write an entry, within the caller's transaction if there is one, and return its number.

    `subject` is `kind:id`, e.g. `listing:5f0c9a7be1d2c3f4`. `details` are JSON values without secrets: many
    people read the log. `rows` are table (of `store.audit.chain.KEYS`) and key of rows that the entry vouches
    for.
    """
    with transaction(db):
        last = db.conn.execute(
            "SELECT entry_id, hash FROM audit_log ORDER BY entry_id DESC LIMIT 1"
        ).fetchone()
        row = entry_row(
            entry_id=(last[0] if last else 0) + 1,
            at=times.to_text(now),
            actor=clean(actor),
            via=origin.via,
            address=origin.address,
            action=action,
            subject=clean(subject),
            details=json.loads(clean(json.dumps(details or {}, ensure_ascii=False))),
            rows={f"{table}/{row_id}": row_hash(db, table, row_id) or "" for table, row_id in rows},
            previous=last[1] if last else BEGINNING,
        )
        columns = ", ".join((*COLUMNS, "hash"))
        marks = ", ".join("?" * (len(COLUMNS) + 1))
        values = [*(row[name] for name in COLUMNS), entry_hash(row)]
        db.conn.execute(f"INSERT INTO audit_log ({columns}) VALUES ({marks})", values)  # noqa: S608 (no input in it)
    return int(row["entry_id"])


def record_view(
    db: Database,
    *,
    sighting_id: int,
    score_id: int | None,
    actor: str,
    origin: Origin,
    is_masked: bool = False,
    now: datetime,
) -> int:
    """Record that a listing was shown to a user, with this sighting and score.

    The entry names the contacts in the text by number, or says that they were masked.
    """
    listing_id, shown, rows = on_screen(db, sighting_id, score_id)
    query = "SELECT DISTINCT contact_id FROM contact_mentions WHERE sighting_id = ? ORDER BY contact_id"
    shown["contacts"] = "masked" if is_masked else [row[0] for row in db.execute(query, [sighting_id])]
    return record(
        db,
        AuditAction.LISTING_VIEWED,
        actor=actor,
        origin=origin,
        subject=f"listing:{listing_id}",
        details=shown,
        rows=rows,
        now=now,
    )


def on_screen(
    db: Database, sighting_id: int, score_id: int | None
) -> tuple[str, dict[str, object], list[tuple[str, int]]]:
    """Return the listing of a sighting, the data on the reviewer's screen, and the rows of these data.

    The screen has score, model and threshold, and the SHA-256 of the text and of the stored page.
    """
    query = """
        SELECT listing_id, page_id, text_hash, payload_sha256, score_id, p_offer, threshold, model_id
        FROM sightings JOIN pages USING (page_id)
        LEFT JOIN scores ON scores.score_id = :score AND scores.sighting_id = sightings.sighting_id
        WHERE sightings.sighting_id = :sighting
    """
    row = db.execute(query, {"sighting": sighting_id, "score": score_id}).fetchone()
    shown = {
        "sighting_id": sighting_id,
        "score_id": row["score_id"],
        "p_offer": row["p_offer"],
        "threshold": row["threshold"],
        "model_id": row["model_id"],
        "text_sha256": row["text_hash"],
        "evidence_sha256": row["payload_sha256"],
    }
    rows = [("sightings", sighting_id), ("pages", int(row["page_id"]))]
    if row["score_id"] is not None:
        rows.append(("scores", int(row["score_id"])))
    return str(row["listing_id"]), shown, rows


def list_entries(
    db: Database,
    *,
    actor: str | None = None,
    action: AuditAction | None = None,
    subject: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[AuditEntry]:
    """Return the entries that match all given conditions, newest first.

    `since` belongs to the period, `until` does not. `before` is the number of an entry, for the next page.
    """
    if until is not None:
        before = min(before or LAST, _first_since(db, until))
    first = None if since is None else _first_since(db, since)
    fits = {
        "actor = ?": actor, "action = ?": action, "subject = ?": subject,
        "entry_id < ?": before, "entry_id >= ?": first,
    }  # fmt: skip
    given = {condition: value for condition, value in fits.items() if value is not None}
    where = f"WHERE {' AND '.join(given)}" if given else ""
    query = f"SELECT * FROM audit_log {where} ORDER BY entry_id DESC LIMIT ?"  # noqa: S608 (no input in it)
    return select(db, AuditEntry, query, [*given.values(), limit])


def head(db: Database) -> tuple[int, str]:
    """Return the number and the hash of the newest entry."""
    row = db.execute("SELECT entry_id, hash FROM audit_log ORDER BY entry_id DESC LIMIT 1").fetchone()
    return (0, BEGINNING) if row is None else (int(row[0]), str(row[1]))


def take_anchor(db: Database) -> str:
    """Return an anchor, `ENTRY:HASH+LINE:HASH`: the newest entry and the newest line of the record.

    The operator keeps anchors outside the store. The record has a line for each row ever written to an
    evidential table, and for the schema, so any change, cut or rewrite up to the anchor changes a hash.
    """
    entry_id, entry = head(db)
    line, hash_ = head_of_record(db)
    return f"{entry_id}:{entry}+{line}:{hash_}"


def _first_since(db: Database, moment: datetime) -> int:
    """Return the number of the first entry at or after a time, or the next number if there is none."""
    at = times.to_text(moment)
    low, high = 1, head(db)[0] + 1
    while low < high:
        middle = (low + high) // 2
        row = db.execute("SELECT at FROM audit_log WHERE entry_id = ?", [middle]).fetchone()
        if row["at"] < at:
            low = middle + 1
        else:
            high = middle
    return low
