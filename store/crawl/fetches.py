"""Live crawls: each request with its permission, and what the next crawl needs to know of a page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from store import rows, times
from store.crawl.identity import canonical_url
from store.model import PageOutcome
from store.sqlite import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from store.sqlite import Database


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


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveReading:
    """How a page that came over the network was read."""

    reader: str
    """Hash of the code that read it; other code may read it otherwise."""
    etag: str = ""
    last_modified: str = ""
    links: tuple[str, ...] = ()
    """Addresses that were followed from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierPage:
    """A page as it was read the last time."""

    page_id: int
    outcome: PageOutcome
    sentence: str
    payload_sha256: str
    payload_bytes: int
    record_id: str
    has_listings: bool
    """Whether listings were seen on it, as its own or as rows without a page of their own."""
    reading: LiveReading


def insert_reading(db: Database, page_id: int, reading: LiveReading) -> None:
    """Write how a page was read, inside the transaction that writes the page."""
    values = {
        "page_id": page_id,
        "reader": reading.reader,
        "etag": rows.clean(reading.etag),
        "last_modified": rows.clean(reading.last_modified),
        "links": rows.clean(rows.to_json(reading.links)),
    }
    rows.insert(db, "page_readings", values)


def earlier_page(db: Database, source_id: str, url: str, *, reader: str) -> EarlierPage | None:
    """Return the page as the same code last read it, or None; also None when retention took its bytes away.

    A site asked whether such a page still holds would say yes, and nothing of it would be kept ever again.
    """
    query = """
        SELECT *, EXISTS (SELECT 1 FROM page_listings WHERE page_id = pages.page_id) AS has_listings,
            EXISTS (
                SELECT 1 FROM evidence_records JOIN evidence_tombstones USING (file)
                WHERE record_id = page_evidence.record_id
            ) AS is_purged
        FROM pages JOIN page_readings USING (page_id) JOIN page_evidence USING (page_id)
        WHERE source_id = ? AND url = ? ORDER BY page_id DESC LIMIT 1
    """
    row = db.execute(query, [source_id, rows.clean(url)]).fetchone()
    is_usable = row is not None and row["reader"] == reader and not row["is_purged"]
    return _earlier(row) if is_usable else None


def was_understood(db: Database, source_id: str, url: str) -> bool:
    """Return whether the last page that came from an address, in any run, was read as a listing or a list."""
    query = """
        SELECT outcome FROM pages WHERE source_id = ? AND url = ? AND outcome IN
            ('listing', 'category', 'layout_changed', 'not_understood', 'gone', 'empty')
        ORDER BY page_id DESC LIMIT 1
    """
    row = db.execute(query, [source_id, rows.clean(url)]).fetchone()
    understood = {PageOutcome.LISTING, PageOutcome.CATEGORY, PageOutcome.LAYOUT_CHANGED}
    return row is not None and row["outcome"] in understood


def standing_listings(db: Database, source_id: str) -> Iterator[str]:
    """Yield the addresses of pages that showed a listing when they last came, the oldest first.

    A page that did not come since, because the site was down or refused it, still counts as it last came.
    """
    query = """
        SELECT url FROM pages WHERE page_id IN (
            SELECT max(page_id) FROM pages WHERE source_id = ?
            AND outcome NOT IN ('refused', 'unreachable', 'blocked') GROUP BY url
        ) AND outcome = 'listing' ORDER BY page_id
    """
    for row in db.execute(query, [source_id]).fetchall():
        yield row["url"]


def count_known(db: Database, source_id: str) -> tuple[int, int]:
    """Return how many addresses of a source were read before, and how many came with a mark to ask with."""
    query = """
        SELECT count(DISTINCT url), count(DISTINCT CASE WHEN etag <> '' OR last_modified <> '' THEN url END)
        FROM pages JOIN page_readings USING (page_id) WHERE source_id = ?
    """
    row = db.execute(query, [source_id]).fetchone()
    return int(row[0]), int(row[1])


def readings_of(db: Database, run_id: int) -> Iterator[tuple[str, PageOutcome, tuple[str, ...]]]:
    """Yield address, outcome and links of each page that a run has recorded, in that order."""
    query = """
        SELECT url, outcome, links FROM pages JOIN page_readings USING (page_id)
        WHERE run_id = ? ORDER BY page_id
    """
    for row in db.execute(query, [run_id]).fetchall():
        yield row["url"], PageOutcome(row["outcome"]), tuple(json.loads(row["links"]))


def _earlier(row: rows.Row) -> EarlierPage:
    names = ("page_id", "sentence", "payload_sha256", "payload_bytes", "record_id")
    return EarlierPage(
        has_listings=bool(row["has_listings"]),
        outcome=PageOutcome(row["outcome"]),
        reading=LiveReading(
            reader=row["reader"],
            etag=row["etag"],
            last_modified=row["last_modified"],
            links=tuple(json.loads(row["links"])),
        ),
        **{name: row[name] for name in names},
    )
