"""Live sources for the tests: permissions that name 127.0.0.1, and limits that lose no time."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from crawler.live.permission import Limits
from crawler.sources.sources import DeclaredSource
from fixtures.misbehaving.server import LOOPBACK
from store.crawl.sources import Permission
from store.model import Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import Sequence

QUICK = 0.001
"""Seconds between requests."""


def permit(*scope: str, **changes: Any) -> Permission:
    """Return a permission that holds on the day of the tests, with some changes."""
    says: dict[str, Any] = {
        "basis": "own_site",
        "reference": "Ticket 7",
        "approved_by": "the tests",
        "valid_from": date(2026, 11, 1),
        "valid_until": date(2026, 11, 30),
        "scope": scope,
        "contact": "https://tests.example/monitor",
        "seconds_between_requests": QUICK,
        "at_once": 4,
        "private_addresses": (LOOPBACK,),
    }
    return Permission(**says | changes)


def live(
    *start: str,
    permission: Permission | None,
    source_id: str = "live",
    limits: dict[str, Any] | None = None,
) -> DeclaredSource:
    """Return a live source as the sources file would declare it."""
    bounds: dict[str, Any] = {
        "seconds_between_requests": QUICK,
        "at_once": 4,
        "timeout_s": 60.0,
        "retries": 0,
        "backoff_s": 0.01,
    }
    source = Source(
        source_id=source_id, kind=SourceKind.LIVE, name=source_id, supplied_by="-", supplied_on="2026-11-24"
    )
    return DeclaredSource(
        source=source, start=start, permission=permission, limits=Limits(**bounds | (limits or {}))
    )


def everywhere(*hosts: str) -> dict[str, Sequence[str]]:
    """Return the names of hosts that are all played on this machine."""
    return dict.fromkeys(hosts, (LOOPBACK,))
