"""Where pages may come from: declared sources, and the permissions to crawl live sites."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from store import rows, times
from store.model import Source, SourceKind
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from datetime import date, datetime


def declare_source(db: Database, source: Source, *, now: datetime) -> None:
    """Write the source as it is declared now, if it was not declared in these words last.

    Earlier declarations stay: a crawl is read beside what was declared when it began.
    """
    values = {name: rows.clean(str(value)) for name, value in asdict(source).items()}
    with transaction(db):
        if declared_source(db, source.source_id) == source:
            return
        dated = values | {"declared_at": times.to_text(now)}
        rows.insert(db, "sources", dated, ignore=True)
        rows.insert(db, "source_declarations", dated)


def declared_source(db: Database, source_id: str) -> Source | None:
    """Return a source as it was declared last, or None when it never was."""
    row = db.execute("SELECT * FROM declared_sources WHERE source_id = ?", [source_id]).fetchone()
    if row is None:
        return None
    texts = {name: row[name] for name in ("source_id", "name", "supplied_by", "supplied_on")}
    return Source(kind=SourceKind(row["kind"]), **texts)


class Basis(StrEnum):
    """Why a site may be crawled."""

    CONSENT = "consent"
    """The operator agreed."""
    ORDER = "order"
    """A court or an agency ordered it."""
    OWN_SITE = "own_site"
    """The site is our own."""
    TERMS = "terms"
    """Somebody, named in `read_by`, read the site's terms and found that they allow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """A written permission to crawl one source. An empty field means that it does not say."""

    basis: str = ""
    """A value of `Basis`."""
    reference: str = ""
    """Of the letter, order or ticket, e.g. `Order 2026-114 of the 3rd court`."""
    approved_by: str = ""
    read_by: str = ""
    """Who read the terms; for the basis `terms`."""
    valid_from: date | None = None
    valid_until: date | None = None
    """The last day, to its end in UTC."""
    scope: tuple[str, ...] = ()
    """Addresses; what begins with one of them, up to a `/` or `?`, may be asked for."""
    contact: str = ""
    """A web or e-mail address at which the site can reach us; every request carries it."""
    seconds_between_requests: float | None = None
    """To one host, at least."""
    at_once: int = 1
    """Requests under way to one host, at most."""
    max_pages: int = 10_000
    """Requests in one run, at most, robots.txt, redirects and repetitions included."""
    max_bytes: int = 2_000_000_000
    """Bytes received in one run, at most."""
    private_addresses: tuple[str, ...] = ()
    """IP addresses or networks, not of the public internet, that may be reached all the same."""

    @property
    def permission_id(self) -> str:
        """First 16 hexadecimal digits of the hash of all that it says: another word is another permission."""
        return hashlib.sha256(rows.to_json(self.document).encode()).hexdigest()[:16]

    @property
    def document(self) -> dict[str, Any]:
        """All that it says, as JSON has it."""
        days = {"valid_from": _day(self.valid_from), "valid_until": _day(self.valid_until)}
        return dict(sorted((asdict(self) | days).items()))


def record_permission(db: Database, source_id: str, permission: Permission, *, now: datetime) -> str:
    """Write the permission that a source is crawled under, once, and return its id."""
    document = permission.document
    columns = ("basis", "reference", "approved_by", "valid_from", "valid_until")
    values = {
        "permission_id": permission.permission_id,
        "source_id": source_id,
        **{name: rows.clean(document[name]) for name in columns},
        "document": rows.clean(rows.to_json(document)),
        "recorded_at": times.to_text(now),
    }
    with transaction(db):
        rows.insert(db, "permissions", values, ignore=True)
    return permission.permission_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A permission taken back before its last day."""

    withdrawn_at: datetime
    withdrawn_by: str
    reason: str


def withdraw_permission(db: Database, permission_id: str, withdrawal: Withdrawal) -> None:
    """Write that a permission holds no longer; the first withdrawal stands.

    A permission that was never crawled under is recorded first, see `record_permission`.
    """
    values = {
        "permission_id": permission_id,
        "withdrawn_at": times.to_text(withdrawal.withdrawn_at),
        "withdrawn_by": rows.clean(withdrawal.withdrawn_by),
        "reason": rows.clean(withdrawal.reason),
    }
    with transaction(db):
        rows.insert(db, "permission_withdrawals", values, ignore=True)


def withdrawal_of(db: Database, permission_id: str) -> Withdrawal | None:
    """Return how a permission was withdrawn, or None when it was not."""
    query = "SELECT * FROM permission_withdrawals WHERE permission_id = ?"
    row = db.execute(query, [permission_id]).fetchone()
    if row is None:
        return None
    return Withdrawal(
        withdrawn_at=times.from_text(row["withdrawn_at"]),
        withdrawn_by=row["withdrawn_by"],
        reason=row["reason"],
    )


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()
