"""Whether a permission holds: complete, in date, and what is wrong with it in a sentence."""

from __future__ import annotations

import ipaddress
from contextlib import closing
from typing import TYPE_CHECKING

from crawler.live.scope import Scope, ScopeWrong
from store import times
from store.audit.audit import record
from store.audit.chain import AuditAction
from store.crawl.permissions import (
    Basis,
    Permission,
    Withdrawal,
    record_permission,
    withdraw_permission,
    withdrawal_of,
)
from store.crawl.sources import declare_source
from store.database import open_database, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from crawler.sources.sources import DeclaredSource
    from store.database import Database

_NAMED = {
    "basis": "its basis",
    "reference": "a reference (letter, order or ticket)",
    "approved_by": "who approved it",
    "valid_from": "from when it holds",
    "valid_until": "until when it holds",
    "scope": "the addresses it covers",
    "contact": "a contact for the site's operator",
    "seconds_between_requests": "a rate (seconds_between_requests)",
}


def problem(permission: Permission | None, now: datetime) -> str:
    """Return why nothing may be asked for under a permission now, in words; empty when it holds.

    A permission that does not say what it must is none: nothing is assumed in its place.
    """
    if permission is None:
        return "there is no permission; write one, or crawl a saved copy"
    if lacking := [words for name, words in _NAMED.items() if getattr(permission, name) in {None, "", ()}]:
        return f"its permission does not say {', '.join(lacking)}"
    if wrong := next(_wrong(permission), ""):
        return wrong
    assert permission.valid_from is not None
    assert permission.valid_until is not None
    if now.date() < permission.valid_from:
        return f"its permission holds from {permission.valid_from} on; today is {now.date()}"
    if now.date() > permission.valid_until:
        return f"its permission ended on {permission.valid_until}; today is {now.date()}"
    return ""


def withdrawn(db: Database, permission_id: str) -> str:
    """Return in words that a permission was withdrawn; empty when it was not."""
    found = withdrawal_of(db, permission_id)
    if found is None:
        return ""
    at = f"{found.withdrawn_at:%Y-%m-%d %H:%M} UTC"
    return f"its permission was withdrawn on {at} by {found.withdrawn_by} ({found.reason})"


def problem_in(database: Path, permission: Permission | None, now: datetime) -> str:
    """Return as `problem` does, also whether a store knows that the permission was withdrawn.

    A store that is not there yet is not made.
    """
    why = problem(permission, now)
    if why or permission is None or not database.exists():
        return why
    with closing(open_database(database)) as db:
        return withdrawn(db, permission.permission_id)


def withdraw(database: Path, declared: DeclaredSource, *, by: str, reason: str) -> str:
    """Take a source's permission back, and return in words that it is; the first withdrawal stands."""
    assert declared.permission is not None
    now, source_id = times.utc_now(), declared.source.source_id
    with closing(open_database(database)) as db:
        declare_source(db, declared.source, now=now)
        permission_id = record_permission(db, source_id, declared.permission, now=now)
        withdrawal = Withdrawal(withdrawn_at=now, withdrawn_by=by.strip(), reason=reason.strip())
        with transaction(db):
            if withdrawal_of(db, permission_id) is None:
                withdraw_permission(db, permission_id, withdrawal)
                details = {"source": source_id, "reason": withdrawal.reason}
                subject = f"permission:{permission_id}"
                record(
                    db,
                    AuditAction.PERMISSION_WITHDRAWN,
                    actor=withdrawal.withdrawn_by,
                    subject=subject,
                    details=details,
                    now=now,
                )
        return withdrawn(db, permission_id)


def _wrong(permission: Permission) -> Iterator[str]:
    if permission.basis not in set(Basis):
        yield f"its basis is {permission.basis!r}, which is none of {', '.join(Basis)}"
    if permission.basis == Basis.TERMS and not permission.read_by:
        yield "it rests on the site's terms, but does not say who read them (read_by)"
    if permission.valid_from and permission.valid_until and permission.valid_from > permission.valid_until:
        yield f"its permission ends on {permission.valid_until}, before it begins on {permission.valid_from}"
    try:
        Scope(permission.scope)
    except ScopeWrong as error:
        yield str(error)
    yield from _wrong_contact(permission.contact)
    yield from _wrong_numbers(permission)


def _wrong_contact(contact: str) -> Iterator[str]:
    if not contact.isascii() or not contact.isprintable():
        yield f"its contact {contact!r} cannot be sent in a header; give ASCII"
    if not any(mark in contact for mark in ("@", "https://", "http://")):
        yield f"its contact {contact!r} is no e-mail and no web address"


def _wrong_numbers(permission: Permission) -> Iterator[str]:
    for name in ("seconds_between_requests", "at_once", "max_pages", "max_bytes"):
        number = getattr(permission, name) or 0
        if number <= 0:
            yield f"its {name} is {number}, which is not above 0"
    for address in permission.private_addresses:
        try:
            ipaddress.ip_network(address)
        except ValueError:
            yield f"its private address {address!r} is no IP address or network"
