"""Users and their roles. Each change is an entry of the audit log.

Verdicts keep the name of the user, so a user is disabled, never deleted or renamed. The store keeps only the
hash of a password; `review.accounts.credentials` makes and checks it.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from store import rows, times
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.errors import N_, StoreError
from store.model import Role as Role  # noqa: PLC0414 (re-exported)
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?", re.ASCII)
"""Allowed user names: only ASCII lower-case letters, digits and `._-`, so that no two names look alike."""


class UserNameUnfit(StoreError):
    """The name of a user is not allowed."""

    def __init__(self, name: str) -> None:
        super().__init__(
            N_(
                "%(name)s is not a valid user name. A name has 1 to 64 lower-case letters a-z, digits, dots, "
                "hyphens or underscores, and begins and ends with a letter or digit."
            ),
            name=repr(name),
        )


class UserNameTaken(StoreError):
    """A user of this name already exists."""

    def __init__(self, name: str) -> None:
        super().__init__(
            N_("User %(name)s exists already. `precursor-watch users list` shows all users."), name=name
        )


class UnknownUser(StoreError):
    """There is no such user."""

    def __init__(self, name: object) -> None:
        super().__init__(
            N_("There is no user %(name)s. `precursor-watch users list` shows all users."), name=name
        )


class LastAdministrator(StoreError):
    """Without this user, nobody could manage users."""

    def __init__(self, name: str) -> None:
        super().__init__(
            N_(
                "%(name)s is the only administrator who may log in, so nothing was changed. "
                "Make another administrator first with `precursor-watch users role`."
            ),
            name=name,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user of the review app."""

    user_id: int
    name: str
    """The name in verdicts."""
    role: Role
    has_totp: bool
    """Whether log-in needs a code in addition to the password."""
    disabled_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The secrets that a log-in is checked against."""

    user: User
    password_hash: str
    totp_sealed: str
    totp_last_step: int


def add_user(
    db: Database,
    name: str,
    role: Role,
    *,
    password_hash: str,
    actor: str,
    origin: Origin = BY_HAND,
    now: datetime,
) -> User:
    """Add a user.

    Raises:
        UserNameUnfit: If the name does not match `NAME`.
        UserNameTaken: If there is a user of this name.
    """
    if not NAME.fullmatch(name):
        raise UserNameUnfit(name)
    with transaction(db):
        if _row(db, name) is not None:
            raise UserNameTaken(name)
        db.conn.execute(
            "INSERT INTO users (name, role, password_hash, created_at) VALUES (?, ?, ?, ?)",
            [name, role, password_hash, times.to_text(now)],
        )
        user = get_user(db, name)
        audit.record(
            db,
            AuditAction.USER_ADDED,
            actor=actor,
            origin=origin,
            subject=f"user:{name}",
            details={"role": role},
            now=now,
        )
    return user


def list_users(db: Database) -> list[User]:
    """Return all users, by name."""
    return [user_from(row) for row in db.execute("SELECT * FROM users ORDER BY name")]


def get_user(db: Database, name: str) -> User:
    """Return one user.

    Raises:
        UnknownUser: If there is no such user.
    """
    return credentials(db, name).user


def credentials(db: Database, name: str) -> Credentials:
    """Return the secrets that a log-in of a user is checked against.

    Raises:
        UnknownUser: If there is no such user.
    """
    row = _row(db, name)
    if row is None:
        raise UnknownUser(name)
    return rows.read(Credentials, row, user=user_from(row))


def has_user(db: Database, name: str) -> bool:
    """Return whether there is a user of this name, ignoring case."""
    return _row(db, name) is not None


def is_name(name: str) -> bool:
    """Return whether a user may have this name."""
    return NAME.fullmatch(name) is not None


def has_administrator(db: Database) -> bool:
    """Return whether any administrator may log in."""
    return _administrators(db) > 0


def set_role(
    db: Database, name: str, role: Role, *, actor: str, origin: Origin = BY_HAND, now: datetime
) -> None:
    """Give a user another role, from the next request on.

    Raises:
        UnknownUser: If there is no such user.
        LastAdministrator: If the change would leave no administrator.
    """
    with transaction(db):
        before = get_user(db, name).role
        if role is not Role.ADMIN:
            _refuse_last_administrator(db, name)
        _change(db, name, {"role": role}, {"role": role, "before": before}, actor, origin, now)


def set_disabled(
    db: Database, name: str, *, disabled: bool, actor: str, origin: Origin = BY_HAND, now: datetime
) -> None:
    """Disable or enable a user; disabling ends all sessions and tokens of the user for good.

    Raises:
        UnknownUser: If there is no such user.
        LastAdministrator: If the change would leave no administrator.
    """
    with transaction(db):
        if disabled:
            _refuse_last_administrator(db, name)
        at = times.to_text(now) if disabled else None
        _change(db, name, {"disabled_at": at}, {"disabled": disabled}, actor, origin, now)
        if disabled:
            _end_all(db, name, now, tokens=True)


def set_password(
    db: Database,
    name: str,
    password_hash: str,
    *,
    keep_session: int | None = None,
    actor: str,
    origin: Origin = BY_HAND,
    now: datetime,
) -> None:
    """Replace a password and end all sessions and tokens, because somebody else may have known the password.

    `password_hash` is in PHC form. The session `keep_session`, which changed the password, stays.

    Raises:
        UnknownUser: If there is no such user.
    """
    with transaction(db):
        _change(db, name, {"password_hash": password_hash}, {"password": "replaced"}, actor, origin, now)
        _end_all(db, name, now, keep_session=keep_session, tokens=True)


def rehash_password(db: Database, user: User, password_hash: str) -> None:
    """Store the same password with a hash of current strength; this is not a change for the audit log."""
    with transaction(db):
        db.conn.execute("UPDATE users SET password_hash = ? WHERE user_id = ?", [password_hash, user.user_id])


def set_totp(
    db: Database,
    name: str,
    sealed: str,
    *,
    recovery_codes: Iterable[str] = (),
    keep_session: int | None = None,
    actor: str,
    origin: Origin = BY_HAND,
    now: datetime,
) -> None:
    """Set the sealed seed of a user's codes, or turn codes off if it is empty; all sessions end.

    Each of the `recovery_codes` lets the user in once; only their hashes are stored. The session
    `keep_session`, which set the codes up, stays.

    Raises:
        UnknownUser: If there is no such user.
    """
    hashes = json.dumps([_code_hash(code) for code in recovery_codes])
    with transaction(db):
        values = {"totp_sealed": sealed, "totp_last_step": 0, "recovery_hashes": hashes if sealed else None}
        _change(db, name, values, {"totp": bool(sealed)}, actor, origin, now)
        _end_all(db, name, now, keep_session=keep_session)


def use_recovery_code(db: Database, user: User, code: str, *, origin: Origin, now: datetime) -> bool:
    """Use up a recovery code and log it; return False if the user has no such code left."""
    with transaction(db):
        query = "SELECT recovery_hashes FROM users WHERE user_id = ?"
        left = json.loads(db.execute(query, [user.user_id]).fetchone()[0] or "[]")
        if _code_hash(code) not in left:
            return False
        left.remove(_code_hash(code))
        values, said = {"recovery_hashes": json.dumps(left)}, {"recovery_codes_left": len(left)}
        _change(db, user.name, values, said, user.name, origin, now)
    return True


def _code_hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def use_totp_step(db: Database, user: User, step: int) -> bool:
    """Mark the code of a time step as used; return False if this or a later code was already used."""
    with transaction(db):
        changed = db.conn.execute(
            "UPDATE users SET totp_last_step = :step WHERE user_id = :user AND totp_last_step < :step",
            {"step": step, "user": user.user_id},
        )
    return changed.rowcount == 1


def _change(
    db: Database,
    name: str,
    values: Mapping[str, object],
    said: Mapping[str, object],
    actor: str,
    origin: Origin,
    now: datetime,
) -> None:
    user = get_user(db, name)
    setting = ", ".join(f"{column} = ?" for column in values)
    db.conn.execute(f"UPDATE users SET {setting} WHERE user_id = ?", [*values.values(), user.user_id])  # noqa: S608 (no input in it)
    audit.record(
        db,
        AuditAction.USER_CHANGED,
        actor=actor,
        origin=origin,
        subject=f"user:{user.name}",
        details=said,
        now=now,
    )


def _end_all(
    db: Database, name: str, now: datetime, *, keep_session: int | None = None, tokens: bool = False
) -> None:
    values = {"at": times.to_text(now), "user": get_user(db, name).user_id, "keep": keep_session or 0}
    db.conn.execute(
        "UPDATE sessions SET ended_at = :at"
        " WHERE user_id = :user AND ended_at IS NULL AND session_id <> :keep",
        values,
    )
    if tokens:
        db.conn.execute(
            "UPDATE api_tokens SET revoked_at = :at WHERE user_id = :user AND revoked_at IS NULL", values
        )


def _refuse_last_administrator(db: Database, name: str) -> None:
    user = get_user(db, name)
    if user.role is Role.ADMIN and user.disabled_at is None and _administrators(db) == 1:
        raise LastAdministrator(user.name)


def _administrators(db: Database) -> int:
    query = "SELECT count(*) FROM users WHERE role = 'admin' AND disabled_at IS NULL"
    return int(db.execute(query).fetchone()[0])


def _row(db: Database, name: str) -> Any:
    return db.execute("SELECT * FROM users WHERE name = ?", [rows.clean(name)]).fetchone()


def user_from(row: Any) -> User:
    """Read a user from a row with the columns of `users`."""
    return rows.read(User, row, has_totp=bool(row["totp_sealed"]))
