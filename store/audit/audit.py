"""The audit log: who did what, when, and what was on their screen. Append-only and chained by hashes.

What changes the record of a listing writes its own entry, in the same transaction (`store.review.verdicts`,
`store.scores.scores`, `store.accounts.users`), so no caller can forget it. What only looks calls `record`
itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from store import times
from store.audit.chain import BEGINNING, COLUMNS, entry_hash, entry_row, head_of_record, row_hash
from store.audit.chain import AuditAction as AuditAction  # noqa: PLC0414 (found here too)
from store.audit.chain import Via as Via  # noqa: PLC0414 (so)
from store.database import Database, transaction
from store.rows import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """From where somebody acts."""

    via: Via = Via.CLI
    address: str = ""
    """IP address; empty on the machine itself."""


LAST = 2**63 - 1
"""No entry has a higher number."""

BY_HAND = Origin()
"""From the command line."""


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

    Args:
        db: The store.
        action: What was done.
        actor: Who did it: a user's name.
        origin: From where.
        subject: What it was done to, as `kind:id`, e.g. `listing:5f0c9a7be1d2c3f4`.
        details: What was on the screen or was chosen; JSON values. No secrets: the log is read by many.
        rows: Table (of `store.audit.chain.KEYS`) and key of rows that the entry vouches for.
        now: When.
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
    now: datetime,
) -> int:
    """Write that a listing was shown to somebody, with this sighting and score."""
    listing_id, shown, rows = on_screen(db, sighting_id, score_id)
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
    """Return the listing of a sighting, what a reviewer is shown of it, and the rows that this comes from.

    Shown are score, model and threshold, and the SHA-256 of the text and of the page as kept.
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
    """Return entries, newest first, that fit all that is given.

    Args:
        db: The store.
        actor: Who did it.
        action: What was done.
        subject: What it was done to.
        since: Only entries from then on.
        until: Only entries before.
        before: Only entries with a lower number, for the next page.
        limit: At most so many.
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
    return [_entry_from(row) for row in db.execute(query, [*given.values(), limit])]


def head(db: Database) -> tuple[int, str]:
    """Return the number and the hash of the newest entry."""
    row = db.execute("SELECT entry_id, hash FROM audit_log ORDER BY entry_id DESC LIMIT 1").fetchone()
    return (0, BEGINNING) if row is None else (int(row[0]), str(row[1]))


def take_anchor(db: Database) -> str:
    """Return the anchor to keep elsewhere, `ENTRY:HASH+LINE:HASH`: the newest entry and line of the record.

    The record has a line for each row that was ever written to an evidential table, and for the schema. So
    nothing up to here can be changed, cut off or written anew without another hash.
    """
    entry_id, entry = head(db)
    line, hash_ = head_of_record(db)
    return f"{entry_id}:{entry}+{line}:{hash_}"


def _first_since(db: Database, moment: datetime) -> int:
    """Return the number of the first entry from a time on, or the one after the last: numbers have no gap."""
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


def _entry_from(row: Any) -> AuditEntry:
    texts = {name: row[name] for name in ("entry_id", "actor", "address", "subject", "hash")}
    return AuditEntry(
        at=times.from_text(row["at"]),
        via=Via(row["via"]),
        action=AuditAction(row["action"]),
        details=json.loads(row["details"]),
        **texts,
    )
