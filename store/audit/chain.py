"""Form of the audit log: the words for actions, and the hashes that chain the entries.

Apart from `store.audit.audit`, which writes and reads the log, because the migrations use this and because
the command line needs the words without opening a store.

Entry: SHA-256 of `FORMAT` and the JSON list of the entry's columns, the hash of the entry before among them.
Row: SHA-256 of the JSON object of its columns that are not NULL, by name. So a column that a later release
adds to a table leaves the hashes of older rows as they were; give it no default other than NULL.
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlite_utils import Database

FORMAT = "precursor-watch audit 1"
"""Stands before what is hashed. A change of the format is a new number, checked beside the old one."""

BEGINNING = "0" * 64
"""What the first entry carries as the hash of the entry before."""

COLUMNS = ("entry_id", "at", "actor", "via", "address", "action", "subject", "details", "rows", "previous")
"""Of `audit_log`, in the order in which they are hashed."""

KEYS = {
    "verdicts": "verdict_id", "scores": "score_id", "sightings": "sighting_id", "pages": "page_id",
    "promotions": "promotion_id", "legal_holds": "hold_id", "legal_hold_releases": "hold_id",
    "service_requests": "request_id",
}  # fmt: skip
"""Tables whose rows an entry may vouch for, with their keys."""


class AuditAction(StrEnum):
    """What an entry says was done. To log something new, add a word here and call `record`."""

    LOG_BEGUN = "log_begun"
    """The first entry; it vouches for all verdicts and promotions before it."""
    VERDICT_GIVEN = "verdict_given"
    VERDICT_UNDONE = "verdict_undone"
    LISTING_VIEWED = "listing_viewed"
    CASE_VIEWED = "case_viewed"
    CASE_CHANGED = "case_changed"
    PAGE_VIEWED = "page_viewed"
    """The page as kept was shown."""
    SEARCHED = "searched"
    CLAIMED = "claimed"
    RELEASED = "released"
    ASSIGNED = "assigned"
    EXPORTED = "exported"
    SETTING_CHANGED = "setting_changed"
    MODEL_TRAINED = "model_trained"
    """A retraining kept a candidate, whether or not it came into use."""
    MODEL_PROMOTED = "model_promoted"
    """Rolling back is putting an earlier one in use again."""
    LABELS_IMPORTED = "labels_imported"
    HOLD_PLACED = "hold_placed"
    HOLD_RELEASED = "hold_released"
    EVIDENCE_PURGED = "evidence_purged"
    """Retention took one WARC file away."""
    STORE_RESTORED = "store_restored"
    """A backup took the place of what was there; what was written after it is not in this log."""
    SERVICE_ASKED = "service_asked"
    """To pause a source, resume it, or crawl it now."""
    ALARM_ACKNOWLEDGED = "alarm_acknowledged"
    PERMISSION_WITHDRAWN = "permission_withdrawn"
    """Of a live source; nothing more may be asked of its site under it."""
    LOGGED_IN = "logged_in"
    LOGIN_FAILED = "login_failed"
    LOGIN_BLOCKED = "login_blocked"
    """Too many failures; noted once for each account or address and window."""
    LOGGED_OUT = "logged_out"
    SESSION_REVOKED = "session_revoked"
    ACCESS_REFUSED = "access_refused"
    """The role was too low."""
    USER_ADDED = "user_added"
    USER_CHANGED = "user_changed"
    TOKEN_ISSUED = "token_issued"  # noqa: S105 (a word, not a token)
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 (so)


class Via(StrEnum):
    """By what door somebody acts."""

    WEB = "web"
    API = "api"
    CLI = "cli"
    """By hand, on the machine itself: the name is what the person said, and nobody checked it."""
    SERVICE = "service"
    UPGRADE = "upgrade"


def entry_row(  # noqa: PLR0913 (the columns of a table)
    *,
    entry_id: int,
    at: str,
    actor: str,
    via: str,
    action: str,
    previous: str,
    address: str = "",
    subject: str = "",
    details: Mapping[str, object] | None = None,
    rows: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the columns of an entry, all but its hash."""
    return {
        "entry_id": entry_id,
        "at": at,
        "actor": actor,
        "via": via,
        "address": address,
        "action": action,
        "subject": subject,
        "details": canonical(details or {}),
        "rows": canonical(rows or {}),
        "previous": previous,
    }


def entry_hash(row: Mapping[str, Any]) -> str:
    """Return the hash that an entry with these columns must carry."""
    return _sha256(FORMAT + canonical([row[name] for name in COLUMNS]))


def row_hash(db: Database, table: str, row_id: int) -> str | None:
    """Return the hash of a row, or None if it is not there.

    Args:
        db: The store.
        table: One of `KEYS`.
        row_id: Its key.
    """
    found = db.conn.execute(f"SELECT * FROM {table} WHERE {KEYS[table]} = ?", [row_id])  # noqa: S608 (of KEYS)
    names = [column[0] for column in found.description]
    row = found.fetchone()
    return None if row is None else _hash_of(names, row)


def digest_of_rows(db: Database, table: str, *, up_to: int | None = None) -> dict[str, Any]:
    """Return how many rows there are up to a key (all, if None), the last key, and one hash over them all."""
    key = KEYS[table]
    where = "" if up_to is None else f" WHERE {key} <= {int(up_to)}"
    found = db.conn.execute(f"SELECT * FROM {table}{where} ORDER BY {key}")  # noqa: S608 (of KEYS)
    names = [column[0] for column in found.description]
    running, count, last = hashlib.sha256(), 0, 0
    for row in found:
        running.update(_hash_of(names, row).encode())
        count, last = count + 1, row[names.index(key)]
    return {"count": count, "last": last, "sha256": running.hexdigest()}


def canonical(value: object) -> str:
    """Return the one JSON text of a value that is hashed and kept."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True)


def _hash_of(names: list[str], row: Any) -> str:
    return _sha256(
        canonical({name: value for name, value in zip(names, row, strict=True) if value is not None})
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
