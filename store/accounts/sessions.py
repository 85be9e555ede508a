"""Sessions of the review app: begun at a log-in, ended by log-out, idleness, age or revocation.

The store keeps only a hash of what a browser carries, so a copy of the database opens no session.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from store import times
from store.accounts.users import User, user_from
from store.audit import audit
from store.audit.audit import AuditAction, Origin
from store.database import Database, transaction

if TYPE_CHECKING:
    from datetime import datetime

NOTED_EVERY = timedelta(minutes=1)
"""How exactly the time of the last request is kept: a write for each request would be too dear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A log-in that still holds."""

    session_id: int
    user: User
    began_at: datetime
    last_seen_at: datetime
    ends_at: datetime
    address: str
    agent: str


def begin_session(
    db: Database, user: User, key: str, *, lasting: timedelta, origin: Origin, agent: str, now: datetime
) -> int:
    """Write a session and its log-in, and return its number.

    Args:
        db: The store.
        user: Whose.
        key: What the browser will carry; only its hash is kept.
        lasting: How long at most.
        origin: From where.
        agent: How the browser names itself.
        now: When.
    """
    at = times.to_text(now)
    with transaction(db):
        done = db.conn.execute(
            "INSERT INTO sessions (key_hash, user_id, began_at, last_seen_at, ends_at, address, agent)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [hash_key(key), user.user_id, at, at, times.to_text(now + lasting), origin.address, agent[:300]],
        )
        session_id = int(done.lastrowid or 0)
        audit.record(
            db,
            AuditAction.LOGGED_IN,
            actor=user.name,
            origin=origin,
            subject=f"session:{session_id}",
            details={"role": user.role, "second_factor": user.has_totp},
            now=now,
        )
    return session_id


def find_session(db: Database, key: str, *, idle: timedelta, now: datetime) -> Session | None:
    """Return the session that a browser carries if it holds, noting that it was used; else None."""
    query = """
        SELECT sessions.session_id, began_at, last_seen_at, ends_at, address, agent, users.*
        FROM sessions JOIN users USING (user_id)
        WHERE key_hash = ? AND ended_at IS NULL AND disabled_at IS NULL AND ends_at > ? AND last_seen_at > ?
    """
    row = db.execute(query, [hash_key(key), times.to_text(now), times.to_text(now - idle)]).fetchone()
    if row is None:
        return None
    session = _session_from(row)
    if now - session.last_seen_at >= NOTED_EVERY:
        with transaction(db):
            db.conn.execute(
                "UPDATE sessions SET last_seen_at = ? WHERE session_id = ?",
                [times.to_text(now), session.session_id],
            )
    return session


def sessions_of(db: Database, user: User, *, idle: timedelta, now: datetime) -> list[Session]:
    """Return the sessions of a user that hold, the last used first."""
    query = """
        SELECT sessions.session_id, began_at, last_seen_at, ends_at, address, agent, users.*
        FROM sessions JOIN users USING (user_id)
        WHERE user_id = ? AND ended_at IS NULL AND ends_at > ? AND last_seen_at > ? ORDER BY last_seen_at DESC
    """
    rows = db.execute(query, [user.user_id, times.to_text(now), times.to_text(now - idle)])
    return [_session_from(row) for row in rows]


def end_session(
    db: Database, session_id: int, action: AuditAction, *, actor: str, origin: Origin, now: datetime
) -> bool:
    """End a session now and for good; False if there is none that holds.

    Args:
        db: The store.
        session_id: Which.
        action: `LOGGED_OUT` or `SESSION_REVOKED`.
        actor: Who ends it.
        origin: From where.
        now: When.
    """
    with transaction(db):
        done = db.conn.execute(
            "UPDATE sessions SET ended_at = ? WHERE session_id = ? AND ended_at IS NULL",
            [times.to_text(now), session_id],
        )
        if done.rowcount:
            subject = f"session:{session_id}"
            audit.record(db, action, actor=actor, origin=origin, subject=subject, now=now)
    return bool(done.rowcount)


def hash_key(key: str) -> str:
    """Return what is kept of a session's or token's key. It has 256 random bits, so no salt is needed."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def _session_from(row: Any) -> Session:
    moments = {name: times.from_text(row[name]) for name in ("began_at", "last_seen_at", "ends_at")}
    return Session(
        session_id=row["session_id"],
        user=user_from(row),
        address=row["address"],
        agent=row["agent"],
        **moments,
    )
