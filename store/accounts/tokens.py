"""Tokens with which a user's own programs use the JSON API. Shown once when made; only a hash is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from store import rows, times
from store.accounts.sessions import NOTED_EVERY, hash_key
from store.accounts.users import User, get_user, user_from
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.database import Database, transaction
from store.errors import UnknownRow

if TYPE_CHECKING:
    from datetime import datetime

LONGEST = timedelta(days=366)
"""No token lasts longer; it is made anew then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token, without the secret itself."""

    token_id: int
    user: User
    purpose: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    """To the minute."""
    revoked_at: datetime | None


def issue_token(
    db: Database,
    name: str,
    key: str,
    *,
    purpose: str,
    lasting: timedelta,
    actor: str,
    origin: Origin = BY_HAND,
    now: datetime,
) -> Token:
    """Write a token of a user; its key is shown once by the caller and kept as a hash.

    Raises:
        UnknownUser: If there is none of that name.
    """
    with transaction(db):
        user = get_user(db, name)
        done = db.conn.execute(
            "INSERT INTO api_tokens (key_hash, user_id, purpose, created_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?)",
            [
                hash_key(key),
                user.user_id,
                rows.clean(purpose),
                times.to_text(now),
                times.to_text(now + min(lasting, LONGEST)),
            ],
        )
        token = get_token(db, int(done.lastrowid or 0))
        audit.record(
            db,
            AuditAction.TOKEN_ISSUED,
            actor=actor,
            origin=origin,
            subject=f"token:{token.token_id}",
            details={"user": user.name, "purpose": purpose, "expires_at": times.to_text(token.expires_at)},
            now=now,
        )
    return token


def find_token(db: Database, key: str, *, now: datetime) -> Token | None:
    """Return the token with this key if it holds, noting that it was used; else None."""
    query = f"{_TOKENS} WHERE key_hash = ? AND revoked_at IS NULL AND expires_at > ? AND disabled_at IS NULL"
    row = db.execute(query, [hash_key(key), times.to_text(now)]).fetchone()
    if row is None:
        return None
    token = _token_from(row)
    if token.last_used_at is None or now - token.last_used_at >= NOTED_EVERY:
        with transaction(db):
            db.conn.execute(
                "UPDATE api_tokens SET last_used_at = ? WHERE token_id = ?",
                [times.to_text(now), token.token_id],
            )
    return token


def get_token(db: Database, token_id: int) -> Token:
    """Return a token, whether it holds or not.

    Raises:
        UnknownRow: If there is none of that number.
    """
    row = db.execute(f"{_TOKENS} WHERE token_id = ?", [token_id]).fetchone()
    if row is None:
        raise UnknownRow("token", token_id)
    return _token_from(row)


def tokens_of(db: Database, user: User | None = None) -> list[Token]:
    """Return the tokens of a user, or of all, newest first, also those that hold no longer."""
    where = "" if user is None else "WHERE user_id = ?"
    found = db.execute(f"{_TOKENS} {where} ORDER BY token_id DESC", [] if user is None else [user.user_id])
    return [_token_from(row) for row in found]


def revoke_token(db: Database, token_id: int, *, actor: str, origin: Origin = BY_HAND, now: datetime) -> bool:
    """End a token now and for good; False if it was revoked before.

    Raises:
        UnknownRow: If there is none of that number.
    """
    with transaction(db):
        token = get_token(db, token_id)
        done = db.conn.execute(
            "UPDATE api_tokens SET revoked_at = ? WHERE token_id = ? AND revoked_at IS NULL",
            [times.to_text(now), token_id],
        )
        if done.rowcount:
            audit.record(
                db,
                AuditAction.TOKEN_REVOKED,
                actor=actor,
                origin=origin,
                subject=f"token:{token_id}",
                details={"user": token.user.name},
                now=now,
            )
    return bool(done.rowcount)


_TOKENS = """
    SELECT token_id, purpose, expires_at, last_used_at, revoked_at, api_tokens.created_at AS issued_at,
           users.*
    FROM api_tokens JOIN users USING (user_id)
"""


def _token_from(row: Any) -> Token:
    def moment(name: str) -> datetime | None:
        return None if row[name] is None else times.from_text(row[name])

    return Token(
        token_id=row["token_id"],
        user=user_from(row),
        purpose=row["purpose"],
        created_at=times.from_text(row["issued_at"]),
        expires_at=times.from_text(row["expires_at"]),
        last_used_at=moment("last_used_at"),
        revoked_at=moment("revoked_at"),
    )
