"""Read, check, withdraw and re-approve the permissions and limits of live sources.

docs/live-crawling.md shows both as they stand in the sources file.
"""

from __future__ import annotations

import ipaddress
import math
import re
import unicodedata
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from crawler.errors import CrawlError
from crawler.live.scope import Scope, ScopeWrong
from store import times
from store.audit.audit import record
from store.audit.chain import AuditAction
from store.crawl.sources import (
    Basis,
    Permission,
    PermissionDecision,
    declare_source,
    list_decisions,
    record_decision,
    record_permission,
)
from store.database import open_database, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from store.database import Database
    from store.model import Source

ROBOT = "precursor-watch"
"""The product's name in robots.txt and in pages' rules for robots."""
MOST = 10**15
"""Upper bound of every number in a permission or in the limits."""
_TEXTS = frozenset({"basis", "reference", "approved_by", "read_by", "contact"})
_DAYS = frozenset({"valid_from", "valid_until"})
_LISTS = frozenset({"scope", "private_addresses", "asset_hosts"})
_WHOLE = frozenset(
    {"at_once", "max_pages", "max_bytes", "max_page_bytes", "retries", "blocked_in_a_row", "barren_pages"}
)
_MAY_BE_ZERO = frozenset({"retries"})
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Characters that count as letters or symbols but are invisible."""
_REQUIRED = {
    "basis": "its basis",
    "reference": "a reference (letter, order or ticket)",
    "approved_by": "who approved it",
    "valid_from": "its first day",
    "valid_until": "its last day",
    "scope": "the addresses it covers",
    "contact": "a contact for the site's operator",
    "seconds_between_requests": "a rate (seconds_between_requests)",
}


_CONTACT = re.compile(r"https?://[a-z0-9][a-z0-9.-]|[^\s@<>]@[a-z0-9]", re.IGNORECASE)
_WIDEST = {4: 8, 6: 7}
"""Shortest prefix of a private network, by version of IP: 10.0.0.0/8 and fc00::/7."""


class NotWithdrawn(CrawlError):
    """A permission to approve again had not been withdrawn."""

    def __init__(self, source_id: str) -> None:
        super().__init__(f"The permission of {source_id} was not withdrawn, so it needs no new approval.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The operator's own limits with their defaults; each is a key of `[sources.NAME.limits]`.

    The strictest of these limits, the permission and robots.txt applies.
    """

    seconds_between_requests: float = 1.0
    """Minimum, per host."""
    at_once: int = 1
    """Maximum of simultaneous requests per host."""
    max_pages: int = 10_000
    """Maximum of requests in one run."""
    max_bytes: int = 2_000_000_000
    """Maximum of received bytes in one run."""
    max_page_bytes: int = 20_000_000
    """Maximum of one body, as received and unpacked."""
    timeout_s: float = 60.0
    """From the request to the last byte of the answer."""
    retries: int = 2
    """How often a request is repeated after a failure or an overload of the site (HTTP 429, 5xx)."""
    backoff_s: float = 10.0
    """First wait after a failure, unless the site names one; doubled each time."""
    longest_wait_s: float = 600.0
    """Longest Retry-After that a crawl waits for; a longer one ends the crawl until its next start."""
    blocked_in_a_row: int = 5
    """Number of refusals in a row that ends the crawl, since the site does not want it."""
    barren_pages: int = 50
    """Number of barren pages in a row after which no more pages of their kind are requested."""

    def __post_init__(self) -> None:
        """Check every number.

        Raises:
            ValueError: If a number is not finite or not above 0; the message names its key.
        """
        for name in self.__slots__:
            if why := _fault_of(name, getattr(self, name)):
                raise ValueError(f"limits.{name} is {why}")


def stricter(limits: Limits, permission: Permission) -> Limits:
    """Return the limits, tightened where the permission is stricter."""
    values = {name: getattr(limits, name) for name in limits.__slots__}
    values["seconds_between_requests"] = max(
        limits.seconds_between_requests, permission.seconds_between_requests or 0.0
    )
    for name in ("at_once", "max_pages", "max_bytes"):
        values[name] = min(getattr(limits, name), getattr(permission, name))
    return Limits(**values)


def read_permission(table: Mapping[str, Any]) -> Permission:
    """Return a permission as written in the file; use `problem` to check whether it is valid.

    Raises:
        ValueError: If a key is unknown or its value has the wrong type; the message names the key.
    """
    _check_keys("permission", table, Permission.__slots__)
    for name, value in table.items():
        if why := _type_fault(name, value):
            raise ValueError(f"{name} is {why}")
    values: dict[str, Any] = {
        name: tuple(value) if name in _LISTS else value for name, value in table.items()
    }
    return Permission(**values)


def read_limits(table: Mapping[str, Any]) -> Limits:
    """Return limits as written in the file.

    Raises:
        ValueError: If a key is unknown, or its value is not a number above 0; the message names the key.
    """
    _check_keys("limits", table, Limits.__slots__)
    return Limits(**table)


def user_agent(permission: Permission) -> str:
    """Return the user agent: product, version, and a contact for the site's operator."""
    return f"{ROBOT}/{version(ROBOT)} (+{permission.contact})"


def problem(permission: Permission | None, now: datetime) -> str:
    """Return the reason why a permission is not valid now; empty if it is.

    A permission without one of its required values is invalid; there are no defaults.
    """
    if permission is None:
        return "there is no permission; write one, or crawl a saved copy"
    return next(_faults(permission), "") or outside_its_days(permission, now)


def outside_its_days(permission: Permission, now: datetime) -> str:
    """Return the sentence about a permission that is not valid today; empty if it is, and without days."""
    if permission.valid_from is None or permission.valid_until is None:
        return ""
    if now.date() < permission.valid_from:
        return f"its permission begins on {permission.valid_from}; today is {now.date()}"
    if now.date() > permission.valid_until:
        return f"its permission ended on {permission.valid_until}; today is {now.date()}"
    return ""


def withdrawn(db: Database, source_id: str, permission: Permission) -> str:
    """Return the sentence about a permission's withdrawal; empty if it is not withdrawn.

    A withdrawal binds the permission's reference, so neither an edited table nor another source name makes
    the permission valid again. Only a named person's approval of the present wording does, and a later change
    of the table needs another approval.
    """
    holding: PermissionDecision | None = None
    for each in list_decisions(db):
        if each.is_approval:
            holding = None if each.permission_id == permission.permission_id else holding
        elif holding is None and _binds(each, source_id, permission):
            holding = each
    if holding is None:
        return ""
    at = f"{holding.decided_at:%Y-%m-%d %H:%M} UTC"
    return f"its permission was withdrawn on {at} by {holding.decided_by} ({holding.reason})"


def problem_in(database: Path, source_id: str, permission: Permission | None, now: datetime) -> str:
    """Return the same as `problem`, after also checking the store for a withdrawal.

    A missing store is not created.
    """
    why = problem(permission, now)
    if why or permission is None or not database.exists():
        return why
    with closing(open_database(database)) as db:
        return withdrawn(db, source_id, permission)


def withdraw(database: Path, source: Source, permission: Permission, *, by: str, reason: str) -> str:
    """Withdraw a source's permission, and return the sentence about it; the first withdrawal is kept.

    Raises:
        ValueError: If `by` or `reason` has no visible character.
    """
    with closing(open_database(database)) as db, transaction(db):
        if not withdrawn(db, source.source_id, permission):
            _decide(db, source, permission, by=by, reason=reason, is_approval=False)
        return withdrawn(db, source.source_id, permission)


def approve_again(database: Path, source: Source, permission: Permission, *, by: str, reason: str) -> None:
    """Make a withdrawn permission valid again, in its present wording.

    Raises:
        NotWithdrawn: If the permission is not withdrawn.
        ValueError: If `by` or `reason` has no visible character.
    """
    with closing(open_database(database)) as db, transaction(db):
        if not withdrawn(db, source.source_id, permission):
            raise NotWithdrawn(source.source_id)
        _decide(db, source, permission, by=by, reason=reason, is_approval=True)


def _decide(
    db: Database, source: Source, permission: Permission, *, by: str, reason: str, is_approval: bool
) -> None:
    for name, value in (("by", by), ("reason", reason)):
        if _is_blank(value):
            raise ValueError(f"{name} must not be empty")
    now = times.utc_now()
    declare_source(db, source, now=now)
    permission_id = record_permission(db, source.source_id, permission, now=now)
    record_decision(db, permission_id, is_approval=is_approval, by=by.strip(), reason=reason.strip(), now=now)
    record(
        db,
        AuditAction.PERMISSION_APPROVED if is_approval else AuditAction.PERMISSION_WITHDRAWN,
        actor=by.strip(),
        subject=f"permission:{permission_id}",
        details={"source": source.source_id, "reason": reason.strip()},
        now=now,
    )


def _binds(withdrawal: PermissionDecision, source_id: str, permission: Permission) -> bool:
    """Return whether a withdrawal covers a permission: the same one, or one of the site's same reference."""
    if withdrawal.permission_id == permission.permission_id:
        return True
    is_same_site = withdrawal.source_id == source_id or not _hosts(withdrawal.scope).isdisjoint(
        _hosts(permission.scope)
    )
    return is_same_site and _bare(withdrawal.reference) == _bare(permission.reference)


def _hosts(scope: tuple[str, ...]) -> set[str]:
    try:
        return set(Scope(scope).hosts)
    except ScopeWrong:
        return set()


def _bare(text: str) -> str:
    """Return the letters and digits of a text in a form that ignores case and spelling variants."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum() and character not in _FILLERS)


def _is_blank(value: object) -> bool:
    if isinstance(value, str):
        return not _bare(value)
    return value is None or value == ()


def _fault_of(name: str, value: object) -> str:
    """Return the fault of a value in a permission or in the limits, or empty text.

    Both share one schema: printable texts, valid dates, and finite numbers within bounds.
    """
    if why := _type_fault(name, value):
        return why
    if isinstance(value, str) and not value.isprintable():
        return f"{value!r}, which has invisible characters"
    if isinstance(value, (int, float)):
        if value < 0 or (not value and name not in _MAY_BE_ZERO):
            return f"{value}, which is not above 0"
        return f"larger than {MOST:,}" if value > MOST else ""
    return ""


def _type_fault(name: str, value: object) -> str:
    """Return the expected type if a value has another one, or empty text."""
    if name in _TEXTS:
        is_right, expected = isinstance(value, str), "a text"
    elif name in _DAYS:
        is_right = isinstance(value, date) and not isinstance(value, datetime)
        expected = "a date like 2026-10-05"
    elif name in _LISTS:
        is_right = isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value)
        expected = "a list of texts"
    else:
        kinds, expected = (int, "a whole number") if name in _WHOLE else ((int, float), "a number")
        is_right = isinstance(value, kinds) and not isinstance(value, bool)
        if isinstance(value, float) and is_right and not math.isfinite(value):
            return f"{value}, which is not a finite number"
    return "" if is_right else f"{value!r}, not {expected}"


def _check_keys(what: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
    for name in table:
        if name not in known:
            raise ValueError(f"{what} has an unknown key {name!r}; it knows {', '.join(known)}")


def _faults(permission: Permission) -> Iterator[str]:
    """Yield the faults of a permission that do not depend on the date: first of form, then of content."""
    values = {name: getattr(permission, name) for name in permission.__slots__}
    if lacking := [words for name, words in _REQUIRED.items() if _is_blank(values[name])]:
        yield f"its permission does not say {', '.join(lacking)}"
    for name, value in values.items():
        if not _is_blank(value) and (why := _fault_of(name, value)):
            yield f"its {name} is {why}"
    yield from _terms_faults(permission)
    if not permission.contact.isascii():
        yield f"its contact {permission.contact!r} cannot be sent in a header; use ASCII"
    if not _CONTACT.search(permission.contact):
        yield f"its contact {permission.contact!r} is neither an e-mail address nor a web address"
    for address in permission.private_addresses:
        try:
            network = ipaddress.ip_network(address)
        except ValueError:
            yield f"its private address {address!r} is not an IP address or network"
        else:
            if network.prefixlen < _WIDEST[network.version]:
                yield f"its private address {address!r} has {network.num_addresses:,} addresses; name fewer"


def _terms_faults(permission: Permission) -> Iterator[str]:
    if permission.basis not in set(Basis):
        yield f"its basis is {permission.basis!r}, not one of {', '.join(Basis)}"
    if permission.basis == Basis.TERMS and _is_blank(permission.read_by):
        yield "its basis is the site's terms, but it does not say who read them (read_by)"
    if permission.valid_from and permission.valid_until and permission.valid_from > permission.valid_until:
        yield f"its permission ends on {permission.valid_until}, before it begins on {permission.valid_from}"
    for name in ("scope", "asset_hosts"):
        try:
            Scope(getattr(permission, name))
        except ScopeWrong as error:
            yield str(error) if name == "scope" else f"in its {name}, {error}"
