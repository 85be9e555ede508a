"""Live crawls: each request with its permission, and the data that the next crawl needs about a page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from store import rows, times
from store.crawl.identity import canonical_url
from store.model import PageOutcome
from store.sqlite import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from store.sqlite import Database


REDIRECTED_TO = "To "
"""Prefix of the sentence of a redirect; a resumed run parses the rest."""


class FetchOutcome(StrEnum):
    """The outcome of a request."""

    FETCHED = "fetched"
    """The site answered, with any status."""
    NOT_MODIFIED = "not_modified"
    """The stored page is still current (HTTP 304)."""
    REDIRECTED = "redirected"
    REFUSED = "refused"
    """Not sent, because of the permission, robots.txt, the address, a budget or a trap."""
    FAILED = "failed"
    """No complete answer arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """One request of a live crawl."""

    run_id: int
    permission_id: str | None
    url: str
    asked_at: datetime
    outcome: FetchOutcome
    http_status: int | None = None
    address: str = ""
    """IP address that answered."""
    bytes: int = 0
    """Size of the body as received."""
    sentence: str = ""
    """Why the request was refused or failed, or `REDIRECTED_TO` and the Location header."""
    record_id: str | None = None
    """The evidence record of the answer."""


def record_fetches(db: Database, fetches: Iterable[Fetch]) -> None:
    """Record requests and their outcomes."""
    with transaction(db):
        for fetch in fetches:
            rows.insert(db, "fetches", rows.columns_of(fetch))


def bytes_fetched(db: Database, run_id: int) -> tuple[int, int]:
    """Return the number of requests that a run has sent and of bytes that it has received."""
    query = "SELECT count(*), coalesce(sum(bytes), 0) FROM fetches WHERE run_id = ? AND outcome <> 'refused'"
    row = db.execute(query, [run_id]).fetchone()
    return int(row[0]), int(row[1])


def last_fetched(db: Database, url: str) -> tuple[datetime, int, str] | None:
    """Return time, HTTP status and evidence record of the last answer for a URL, or None."""
    query = """
        SELECT asked_at, http_status, record_id FROM fetches
        WHERE url = ? AND record_id IS NOT NULL ORDER BY fetch_id DESC LIMIT 1
    """
    row = db.execute(query, [rows.clean(url)]).fetchone()
    return None if row is None else (times.from_text(row[0]), int(row[1]), str(row[2]))


def last_said(db: Database, url: str) -> str:
    """Return why the last request for a URL was refused or failed; empty if it succeeded."""
    query = "SELECT sentence FROM fetches WHERE url = ? ORDER BY fetch_id DESC LIMIT 1"
    row = db.execute(query, [rows.clean(url)]).fetchone()
    return "" if row is None else str(row[0])


def addresses_settled(db: Database, run_id: int) -> set[str]:
    """Return the URLs that a run need not request again: each has a page, or redirects to one.

    A redirect alone does not count, because the run may have ended before it fetched the target.
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
    except ValueError:  # not a URL, so no page can be there
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveReading:
    """The data that the next live crawl needs about a page."""

    reader: str
    """Hash of the extracting code; other code may extract the page differently."""
    etag: str = ""
    last_modified: str = ""
    links: tuple[str, ...] = ()
    """URLs that the crawl followed from the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierPage:
    """The last extraction of a page."""

    page_id: int
    outcome: PageOutcome
    sentence: str
    payload_sha256: str
    payload_bytes: int
    record_id: str
    has_listings: bool
    """Whether the page showed listings, including rows of a list."""
    reading: LiveReading


def insert_reading(db: Database, page_id: int, reading: LiveReading) -> None:
    """Store the data for the next crawl, inside the transaction that records the page."""
    rows.insert(db, "page_readings", {"page_id": page_id, **rows.columns_of(reading)})


def earlier_page(db: Database, source_id: str, url: str, *, reader: str) -> EarlierPage | None:
    """Return the last extraction of a page by the same code, or None.

    Also None if retention removed the bytes: the site would answer that the page is unchanged, and its bytes
    would never be stored again.
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
    return rows.read(EarlierPage, row, reading=rows.read(LiveReading, row)) if is_usable else None


def was_understood(db: Database, source_id: str, url: str) -> bool:
    """Return whether the last page fetched from a URL, in any run, was a listing or a list."""
    query = """
        SELECT outcome FROM pages WHERE source_id = ? AND url = ? AND outcome IN
            ('listing', 'category', 'layout_changed', 'not_understood', 'gone', 'empty')
        ORDER BY page_id DESC LIMIT 1
    """
    row = db.execute(query, [source_id, rows.clean(url)]).fetchone()
    understood = {PageOutcome.LISTING, PageOutcome.CATEGORY, PageOutcome.LAYOUT_CHANGED}
    return row is not None and row["outcome"] in understood


def known_listing_urls(db: Database, source_id: str) -> Iterator[str]:
    """Yield the URLs of pages that were listings when last fetched, oldest first.

    Failed and refused fetches do not count.
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
    """Return the number of extracted URLs of a source, and of those with an ETag or Last-Modified."""
    query = """
        SELECT count(DISTINCT url), count(DISTINCT CASE WHEN etag <> '' OR last_modified <> '' THEN url END)
        FROM pages JOIN page_readings USING (page_id) WHERE source_id = ?
    """
    row = db.execute(query, [source_id]).fetchone()
    return int(row[0]), int(row[1])


def readings_of(db: Database, run_id: int) -> Iterator[tuple[str, PageOutcome, tuple[str, ...]]]:
    """Yield URL, outcome and links of each page that a run has recorded, in order."""
    query = """
        SELECT url, outcome, links FROM pages JOIN page_readings USING (page_id)
        WHERE run_id = ? ORDER BY page_id
    """
    for row in db.execute(query, [run_id]).fetchall():
        yield row["url"], PageOutcome(row["outcome"]), tuple(json.loads(row["links"]))
