"""Failed log-ins, counted so that guessing is slow: by account, by address, and by both together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from store import times
from store.database import Database, transaction

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
