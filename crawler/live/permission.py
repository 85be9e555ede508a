"""Permissions and limits of live sources: read from the sources file, checked, withdrawn.

[sources.andes-live]
name = "Andes Clasificados"
live = true
start = ["https://andes.example/quimicos/"]

[sources.andes-live.permission]
basis = "consent"                      # consent, order, own_site, terms
reference = "Letter of 2 October 2026, no. 114"
approved_by = "J. Rojas, head of unit"
read_by = "M. Soto, legal"             # who read the terms; for the basis `terms`
valid_from = 2026-10-05
valid_until = 2027-03-31
scope = ["https://andes.example/quimicos/"]
contact = "https://agency.example/monitor"
seconds_between_requests = 5
at_once = 1                            # optional, like all that follow
max_pages = 2000
max_bytes = 500_000_000
private_addresses = ["10.1.2.3"]

[sources.andes-live.limits]            # optional; the operator's own bounds, see `Limits`
timeout_s = 30
"""

from __future__ import annotations

import ipaddress
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from crawler.live.scope import Scope, ScopeWrong
from store import times
from store.audit.audit import record
from store.audit.chain import AuditAction
from store.crawl.sources import (
    Basis,
    Permission,
    Withdrawal,
    declare_source,
    record_permission,
    withdraw_permission,
    withdrawal_of,
)
from store.database import open_database, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from store.database import Database
    from store.model import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds with their defaults; each is a key of `[sources.NAME.limits]`."""

    seconds_between_requests: float = 1.0
    """To one host, at least."""
    at_once: int = 1
    """Requests under way to one host, at most."""
    max_pages: int = 10_000
    """Requests in one run, at most."""
    max_bytes: int = 2_000_000_000
    """Bytes received in one run, at most."""
    max_page_bytes: int = 20_000_000
    """Of one body, as it comes and unpacked."""
    timeout_s: float = 60.0
    """From the request to the last byte of the answer."""
    retries: int = 2
    """How often a request is repeated after a failure or a busy site (HTTP 429, 5xx)."""
    backoff_s: float = 10.0
    """First wait after a failure where the site names none; doubled each time."""
    longest_wait_s: float = 600.0
    """A site that asks for more (Retry-After) ends the crawl; the next goes there again."""
    blocked_in_a_row: int = 5
    """So many refusals one after the other end the crawl: it is not wanted there."""
    barren_pages: int = 50
    """So many pages of one form that lead to nothing new, and no more of that form are asked for."""


def stricter(limits: Limits, permission: Permission) -> Limits:
    """Return the limits, made as strict as the permission where that is stricter."""
    values = {name: getattr(limits, name) for name in limits.__slots__}
    values["seconds_between_requests"] = max(
        limits.seconds_between_requests, permission.seconds_between_requests or 0.0
    )
    for name in ("at_once", "max_pages", "max_bytes"):
        values[name] = min(getattr(limits, name), getattr(permission, name))
    return Limits(**values)


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


def withdraw(database: Path, source: Source, permission: Permission, *, by: str, reason: str) -> str:
    """Take a source's permission back, and return in words that it is; the first withdrawal stands."""
    now, source_id = times.utc_now(), source.source_id
    with closing(open_database(database)) as db:
        declare_source(db, source, now=now)
        permission_id = record_permission(db, source_id, permission, now=now)
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


_TEXT = ("basis", "reference", "approved_by", "read_by", "contact")
_DAYS = ("valid_from", "valid_until")
_LISTS = ("scope", "private_addresses")
_WHOLE = frozenset(
    {"at_once", "max_pages", "max_bytes", "max_page_bytes", "retries", "blocked_in_a_row", "barren_pages"}
)


def read_permission(table: Mapping[str, Any]) -> Permission:
    """Return a permission as the file has it; whether it holds is another question.

    Raises:
        ValueError: If a key is unknown or its value of the wrong kind; the message names the key.
    """
    for name, value in table.items():
        if name in _TEXT:
            _expect(name, value, is_right=isinstance(value, str), kind="a text")
        elif name in _DAYS:
            is_day = isinstance(value, date) and not isinstance(value, datetime)
            _expect(name, value, is_right=is_day, kind="a date like 2026-10-05")
        elif name in _LISTS:
            is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
            _expect(name, value, is_right=is_list, kind="a list of texts")
        elif name in Permission.__slots__:
            _expect_number(name, value)
        else:
            known = ", ".join(Permission.__slots__)
            raise ValueError(f"permission has an unknown key {name!r}; it knows {known}")
    values: dict[str, Any] = {
        name: tuple(value) if name in _LISTS else value for name, value in table.items()
    }
    return Permission(**values)


def read_limits(table: Mapping[str, Any]) -> Limits:
    """Return limits as the file has them.

    Raises:
        ValueError: If a key is unknown, or its value no number above 0; the message names the key.
    """
    for name, value in table.items():
        if name not in Limits.__slots__:
            known = ", ".join(Limits.__slots__)
            raise ValueError(f"limits has an unknown key {name!r}; it knows {known}")
        _expect_number(name, value)
        if value <= 0 and name != "retries":
            raise ValueError(f"limits.{name} is {value}, which is not above 0")
    return Limits(**table)


def _expect_number(name: str, value: object) -> None:
    kinds = int if name in _WHOLE else (int, float)
    is_number = isinstance(value, kinds) and not isinstance(value, bool)
    _expect(name, value, is_right=is_number, kind="a whole number" if name in _WHOLE else "a number")


def _expect(name: str, value: object, *, is_right: bool, kind: str) -> None:
    if not is_right:
        raise ValueError(f"{name} is {value!r}, not {kind}")


ROBOT = "precursor-watch"
"""Our name before robots.txt and in the word of a page to robots."""


def user_agent(permission: Permission) -> str:
    """Return the product, its version, and where the site's operator can reach us."""
    return f"{ROBOT}/{version(ROBOT)} (+{permission.contact})"
