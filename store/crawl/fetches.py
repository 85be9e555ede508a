"""Every request of a live crawl, sent or refused, with the permission it ran under."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from store import rows, times
from store.crawl.identity import canonical_url
from store.database import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from store.database import Database


REDIRECTED_TO = "To "
"""Begins the sentence of a redirect; the rest is read again when an interrupted run goes on."""


class FetchOutcome(StrEnum):
    """What became of a request."""

    FETCHED = "fetched"
    """An answer came, whatever its status."""
    NOT_MODIFIED = "not_modified"
    """The site says that what is kept still holds (HTTP 304)."""
    REDIRECTED = "redirected"
    REFUSED = "refused"
    """Not sent: permission, robots.txt, address, budget or a trap spoke against it."""
    FAILED = "failed"
    """No whole answer came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """One request."""

    run_id: int
    permission_id: str | None
    url: str
    asked_at: datetime
    outcome: FetchOutcome
    http_status: int | None = None
    address: str = ""
    """IP address that answered."""
    bytes: int = 0
    """Of the body as it came."""
    sentence: str = ""
    """For a person: why it was refused or failed, or `REDIRECTED_TO` and the header Location as it came."""
    record_id: str | None = None
    """Of the evidence."""


def record_fetches(db: Database, fetches: Iterable[Fetch]) -> None:
    """Write what became of requests."""
    with transaction(db):
        for fetch in fetches:
            values = {name: getattr(fetch, name) for name in fetch.__slots__}
            values |= {
                "url": rows.clean(fetch.url),
                "sentence": rows.clean(fetch.sentence),
                "asked_at": times.to_text(fetch.asked_at),
            }
            rows.insert(db, "fetches", values)


def count_fetches(db: Database, run_id: int) -> dict[FetchOutcome, int]:
    """Return how many requests of a run came to what; those that did not occur are left out."""
    query = "SELECT outcome, count(*) FROM fetches WHERE run_id = ? GROUP BY outcome ORDER BY outcome"
    return {FetchOutcome(row[0]): row[1] for row in db.execute(query, [run_id])}


def bytes_fetched(db: Database, run_id: int) -> tuple[int, int]:
    """Return how many requests a run has sent, and how many bytes it received."""
    query = "SELECT count(*), coalesce(sum(bytes), 0) FROM fetches WHERE run_id = ? AND outcome <> 'refused'"
    row = db.execute(query, [run_id]).fetchone()
    return int(row[0]), int(row[1])


def last_fetched(db: Database, url: str) -> tuple[datetime, int, str] | None:
    """Return when an address was last answered for, with which status, and the id of the evidence."""
    query = """
        SELECT asked_at, http_status, record_id FROM fetches
        WHERE url = ? AND record_id IS NOT NULL ORDER BY fetch_id DESC LIMIT 1
    """
    row = db.execute(query, [rows.clean(url)]).fetchone()
    return None if row is None else (times.from_text(row[0]), int(row[1]), str(row[2]))


def last_said(db: Database, url: str) -> str:
    """Return why the last request for an address was refused or failed; empty when it was not."""
    query = "SELECT sentence FROM fetches WHERE url = ? ORDER BY fetch_id DESC LIMIT 1"
    row = db.execute(query, [rows.clean(url)]).fetchone()
    return "" if row is None else str(row[0])


def addresses_settled(db: Database, run_id: int) -> set[str]:
    """Return the addresses that a run need not ask for again: each has a page, or led to one that has.

    A redirect alone settles nothing: the run may have ended before the page behind it came.
    """
    settled = {row[0] for row in db.execute("SELECT url FROM pages WHERE run_id = ?", [run_id])}
    query = "SELECT url, sentence FROM fetches WHERE run_id = ? AND outcome = 'redirected'"
    leads = {url: _led_to(url, sentence) for url, sentence in db.execute(query, [run_id]).fetchall()}
    reached = {canonical_url(url) for url in settled}
    while found := {url for url, to in leads.items() if url not in settled and to in reached}:
        settled |= found
        reached |= {canonical_url(url) for url in found}
    return settled


def _led_to(url: str, sentence: str) -> str:
    try:
        return canonical_url(urljoin(url, sentence.removeprefix(REDIRECTED_TO).strip()))
    except ValueError:  # no address, so no page can be behind it
        return ""
