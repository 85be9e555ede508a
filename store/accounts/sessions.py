"""Failed log-ins, sessions of the review app, and API tokens.

The store keeps only a hash of each session key and token, so a copy of the database opens no session.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from store import rows, times
from store.accounts.users import User, get_user, user_from
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.errors import UnknownRow
from store.sqlite import Database, transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits on failed log-ins within a window; beyond them, log-ins are refused without a password check."""

    window: timedelta = timedelta(minutes=15)
    pair: int = 5
    """For one account from one address, such as a user who mistypes."""
    account: int = 20
    """For one account from all addresses, against guessing from many places. Higher than `pair`, so that
    locking out another person takes more effort than locking out oneself."""
    address: int = 40
    """For all accounts from one address, against guessing with a list of names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A log-in attempt, allowed or refused."""

    failure_id: int | None
    """The attempt counts as a failure until `forgive` removes it; None if refused."""
    wait: timedelta
    """Time until the next attempt is allowed, if refused."""
    is_first_refusal: bool = False
    """Whether this is the first refusal in its window, which the audit log records."""


def begin_attempt(db: Database, account: str, address: str, *, limits: Limits, now: datetime) -> Attempt:
    """Count a log-in attempt before the password is checked, so that simultaneous attempts count too.

    `account` is the name as typed, which may not be that of a user.
    """
    since, account_hash = times.to_text(now - limits.window), hash_account(account)
    values = {"since": since, "account": account_hash, "address": address}
    with transaction(db):
        db.conn.execute("DELETE FROM login_failures WHERE failed_at <= ?", [since])
        # The clock was set back: failures with a future time count from now, or they would block until then.
        at = times.to_text(now)
        db.conn.execute("UPDATE login_failures SET failed_at = ?1 WHERE failed_at > ?1", [at])
        for condition, most in (
            ("account_hash = :account AND address = :address", limits.pair),
            ("account_hash = :account", limits.account),
            ("address = :address", limits.address),
        ):
            query = f"""
                SELECT failed_at FROM login_failures WHERE {condition}
                ORDER BY failed_at DESC, failure_id DESC LIMIT 1 OFFSET {most - 1}
            """  # noqa: S608 (constants)
            oldest = db.execute(query, values).fetchone()
            if oldest is not None:
                wait = times.from_text(oldest[0]) + limits.window - now
                return _refused(db, account_hash, address, wait, now)
        done = db.conn.execute(
            "INSERT INTO login_failures (account_hash, address, failed_at) VALUES (?, ?, ?)",
            [account_hash, address, times.to_text(now)],
        )
    return Attempt(failure_id=done.lastrowid, wait=timedelta())


def _refused(db: Database, account_hash: str, address: str, wait: timedelta, now: datetime) -> Attempt:
    """Return a refusal, and mark the first refusal in a window by a row that does not count as a failure."""
    mark = hash_account(f"refused {account_hash}")
    noted = db.execute(
        "SELECT 1 FROM login_failures WHERE account_hash = ? AND address = ?", [mark, f"refused {address}"]
    ).fetchone()
    if noted is None:
        db.conn.execute(
            "INSERT INTO login_failures (account_hash, address, failed_at) VALUES (?, ?, ?)",
            [mark, f"refused {address}", times.to_text(now)],
        )
    return Attempt(failure_id=None, wait=wait, is_first_refusal=noted is None)


def forgive(db: Database, account: str, address: str) -> None:
    """Delete the failures of an account from an address after a successful log-in."""
    with transaction(db):
        db.conn.execute(
            "DELETE FROM login_failures WHERE account_hash = ? AND address = ?",
            [hash_account(account), address],
        )


def hash_account(account: str) -> str:
    """Return the hash of a typed name, because people type passwords into the wrong field."""
    return hashlib.sha256(account.strip().casefold().encode("utf-8", "replace")).hexdigest()


NOTED_EVERY = timedelta(minutes=1)
"""Precision of the time of the last request; a write per request would cost too much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that is still valid."""

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
    """Begin a session, record the log-in in the audit log, and return the number of the session.

    The browser will send `key`; the store keeps only its hash. `lasting` is the longest duration.
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
    """Return the valid session of a key and record its use, or None."""
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
    """Return the valid sessions of a user, last used first."""
    query = """
        SELECT sessions.session_id, began_at, last_seen_at, ends_at, address, agent, users.*
        FROM sessions JOIN users USING (user_id)
        WHERE user_id = ? AND ended_at IS NULL AND ends_at > ? AND last_seen_at > ? ORDER BY last_seen_at DESC
    """
    found = db.execute(query, [user.user_id, times.to_text(now), times.to_text(now - idle)])
    return [_session_from(row) for row in found]


def end_session(
    db: Database, session_id: int, action: AuditAction, *, actor: str, origin: Origin, now: datetime
) -> bool:
    """End a session for good; return False if it had ended before."""
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
    """Return the hash of a session key or token, whose 256 random bits need no salt."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def _session_from(row: Any) -> Session:
    return rows.read(Session, row, user=user_from(row))


LONGEST = timedelta(days=366)
"""Longest life of a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token, without the secret itself."""

    token_id: int
    user: User
    purpose: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    """Precise to the minute."""
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
    """Add a token of a user; the caller shows the key once, and the store keeps its hash.

    Raises:
        UnknownUser: If there is no such user.
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
    """Return the valid token of a key and record its use, or None."""
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
    """Return a token, valid or not.

    Raises:
        UnknownRow: If there is no such token.
    """
    row = db.execute(f"{_TOKENS} WHERE token_id = ?", [token_id]).fetchone()
    if row is None:
        raise UnknownRow("token", token_id)
    return _token_from(row)


def tokens_of(db: Database, user: User | None = None) -> list[Token]:
    """Return all tokens of a user, or of all users, newest first, valid or not."""
    where = "" if user is None else "WHERE user_id = ?"
    found = db.execute(f"{_TOKENS} {where} ORDER BY token_id DESC", [] if user is None else [user.user_id])
    return [_token_from(row) for row in found]


def revoke_token(db: Database, token_id: int, *, actor: str, origin: Origin = BY_HAND, now: datetime) -> bool:
    """Revoke a token for good; return False if it was revoked before.

    Raises:
        UnknownRow: If there is no such token.
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
    return rows.read(Token, row, user=user_from(row), created_at=times.from_text(row["issued_at"]))
