"""Declared sources of pages, and the permissions to crawl live sites."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from store import rows, times
from store.model import Source
from store.sqlite import Database, transaction


def declare_source(db: Database, source: Source, *, now: datetime) -> None:
    """Record the declaration of a source if it differs from the last one.

    Earlier declarations stay, because a crawl is judged by the declaration in force when it began.
    """
    with transaction(db):
        if declared_source(db, source.source_id) == source:
            return
        dated = rows.columns_of(source) | {"declared_at": times.to_text(now)}
        rows.insert(db, "sources", dated, ignore=True)
        rows.insert(db, "source_declarations", dated)


def declared_source(db: Database, source_id: str) -> Source | None:
    """Return the last declaration of a source, or None."""
    return rows.find(db, Source, "SELECT * FROM declared_sources WHERE source_id = ?", [source_id])


class Basis(StrEnum):
    """The grounds on which a site may be crawled."""

    CONSENT = "consent"
    """The operator of the site agreed."""
    ORDER = "order"
    """A court or an agency ordered it."""
    OWN_SITE = "own_site"
    """The site is our own."""
    TERMS = "terms"
    """The person named in `read_by` read the terms of the site and found that they allow crawling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """A written permission to crawl one source. An empty field means that the permission leaves it open."""

    basis: str = ""
    """A value of `Basis`."""
    reference: str = ""
    """The letter, order or ticket, e.g. `Order 2026-114 of the 3rd court`."""
    approved_by: str = ""
    read_by: str = ""
    """The person who read the terms; for the basis `terms`."""
    valid_from: date | None = None
    valid_until: date | None = None
    """The last valid day; it ends at midnight UTC."""
    scope: tuple[str, ...] = ()
    """URL prefixes, each matched up to a `/` or `?`; requests outside them are refused."""
    contact: str = ""
    """A web or e-mail address at which the site can reach us, sent with every request."""
    seconds_between_requests: float | None = None
    """Least delay between requests to one host."""
    at_once: int = 1
    """Most concurrent requests to one host."""
    max_pages: int = 10_000
    """Most requests in one run, including robots.txt, redirects and retries."""
    max_bytes: int = 2_000_000_000
    """Most bytes received in one run."""
    private_addresses: tuple[str, ...] = ()
    """IP addresses or networks outside the public internet that may be reached."""
    asset_hosts: tuple[str, ...] = ()
    """URL prefixes outside the scope from which a drawn page may request its scripts, styles and data."""

    @property
    def permission_id(self) -> str:
        """First 16 hexadecimal digits of the hash of the document, so any change makes another permission."""
        return hashlib.sha256(rows.to_json(self.document).encode()).hexdigest()[:16]

    @property
    def document(self) -> dict[str, Any]:
        """The whole permission in JSON form."""
        days = {"valid_from": _day(self.valid_from), "valid_until": _day(self.valid_until)}
        document = asdict(self) | days
        if not self.asset_hosts:  # a permission from before this field keeps its id
            del document["asset_hosts"]
        return dict(sorted(document.items()))


def record_permission(db: Database, source_id: str, permission: Permission, *, now: datetime) -> str:
    """Record the permission that a source is crawled under, once, and return its id."""
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
class PermissionDecision:
    """A permission withdrawn before its last day, or approved again."""

    permission_id: str
    source_id: str
    reference: str
    scope: tuple[str, ...]
    """Scope of the permission at the time of the decision, like `reference`."""
    is_approval: bool
    decided_at: datetime
    decided_by: str
    reason: str


def record_decision(
    db: Database, permission_id: str, *, is_approval: bool, by: str, reason: str, now: datetime
) -> None:
    """Record a withdrawal or an approval of a permission that `record_permission` has recorded."""
    values = {
        "permission_id": permission_id,
        "decision": "approved" if is_approval else "withdrawn",
        "decided_at": times.to_text(now),
        "decided_by": rows.clean(by),
        "reason": rows.clean(reason),
    }
    with transaction(db):
        rows.insert(db, "permission_decisions", values)


def list_decisions(db: Database) -> list[PermissionDecision]:
    """Return every decision on a permission of any source, oldest first."""
    query = """
        SELECT permission_id, source_id, document, decision, decided_at, decided_by, reason
        FROM permission_decisions JOIN permissions USING (permission_id) ORDER BY decision_id
    """
    found = []
    for row in db.execute(query):
        document = json.loads(row["document"])
        found.append(
            PermissionDecision(
                permission_id=row["permission_id"],
                source_id=row["source_id"],
                reference=document["reference"],
                scope=tuple(document["scope"]),
                is_approval=row["decision"] == "approved",
                decided_at=times.from_text(row["decided_at"]),
                decided_by=row["decided_by"],
                reason=row["reason"],
            )
        )
    return found


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()
