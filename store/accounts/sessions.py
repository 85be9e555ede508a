"""How users get in: failed log-ins, sessions of the review app, and API tokens."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from store import rows, times
from store.accounts.users import User, get_user, user_from
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.errors import UnknownRow
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many failures are borne within a window before log-ins are refused unseen."""

    window: timedelta = timedelta(minutes=15)
    pair: int = 5
    """For one account from one address: somebody who mistypes."""
    account: int = 20
    """For one account from anywhere: guessing from many places. Higher, so that it is dearer to shut out
    another person than to be shut out oneself."""
    address: int = 40
    """From one address for any account: guessing along a list of names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What became of the wish to try a log-in."""

    failure_id: int | None
    """Counted as a failure until `forgive` takes it back; None if refused."""
    wait: timedelta
    """How long until the next try, if refused."""
    is_first_refusal: bool = False
    """Whether this is the first refusal of its window, which the audit log notes."""


def begin_attempt(db: Database, account: str, address: str, *, limits: Limits, now: datetime) -> Attempt:
    """Count an attempt before the password is looked at, so that attempts side by side are counted too.

    Args:
        db: The store.
        account: The name as typed, whether there is such a user or not: both are counted alike.
        address: IP address.
        limits: How many failures are borne.
        now: When.
    """
    since, account_hash = times.to_text(now - limits.window), hash_account(account)
    values = {"since": since, "account": account_hash, "address": address}
    with transaction(db):
        db.conn.execute("DELETE FROM login_failures WHERE failed_at <= ?", [since])
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
    """Return a refusal; a row that counts as nobody's failure marks that this window's was noted."""
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
    """Forget the failures of an account from an address, after a log-in that succeeded."""
    with transaction(db):
        db.conn.execute(
            "DELETE FROM login_failures WHERE account_hash = ? AND address = ?",
            [hash_account(account), address],
        )


def hash_account(account: str) -> str:
    """Return what is kept of a typed name: people type passwords into the wrong field."""
    return hashlib.sha256(account.strip().casefold().encode("utf-8", "replace")).hexdigest()


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
