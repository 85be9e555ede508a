"""Record the pages of a crawl with their listings, drawings and requests, and the data for the next crawl."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from store import rows, times
from store.crawl.identity import canonical_url, content_hash, listing_id, listing_text, text_hash
from store.crawl.pictures import KeptPicture, record_pictures
from store.model import Change, DigestFinding, DigestResult, ListingContent, Page, PageOutcome
from store.review.search import index_text
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from store.sqlite import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenListing:
    """A listing as one page showed it."""

    url: str
    """URL of the item; for a list row without a URL, that of the list page with `#row`."""
    content: ListingContent
    is_row: bool = False
    """Whether the listing is a row of a list, which has fewer details than the page of the item."""
    pictures: tuple[KeptPicture, ...] = ()
    """Its pictures whose bytes are kept."""


def record_page(
    db: Database,
    page: Page,
    seen: Sequence[SeenListing] = (),
    *,
    record_id: str | None = None,
    reading: LiveReading | None = None,
    same_as: int | None = None,
    digest: DigestFinding | None = None,
    drawing: PageDrawing | None = None,
) -> dict[Change, int]:
    """Record a page and its listings in one transaction; return the number of listings by change.

    A page that the run has already recorded does not change, so an interrupted run can start over. Within one
    run, the page of an item counts for a listing, otherwise the first row of a list. `record_id` is the
    evidence record with the bytes of the page. The listings of the page `same_as`, an earlier one with the
    same bytes, are on this page too, unchanged. All numbers are 0 for a page recorded before.
    """
    tally = dict.fromkeys(Change, 0)
    with transaction(db):
        page_id = rows.insert(db, "pages", rows.columns_of(page), ignore=True)
        if page_id is not None:
            for listing in seen:
                if change := _record_listing(db, page, page_id, listing):
                    tally[change] += 1
            if record_id is not None:
                rows.insert(db, "page_evidence", {"page_id": page_id, "record_id": record_id})
            if reading is not None:
                insert_reading(db, page_id, reading)
            if digest is not None:
                rows.insert(db, "page_digests", {"page_id": page_id, **rows.columns_of(digest)})
            if drawing is not None:
                insert_drawing(db, page_id, drawing)
            if same_as is not None:
                tally[Change.UNCHANGED] += _repeat_listings(db, page_id, same_as)
    return tally


def record_more(db: Database, page: Page, seen: Sequence[SeenListing]) -> None:
    """Add listings to a recorded page of the run: list rows whose item pages the crawl never met."""
    with transaction(db):
        query = "SELECT page_id FROM pages WHERE run_id = ? AND url = ?"
        found = db.execute(query, [page.run_id, rows.clean(page.url)]).fetchone()
        for listing in seen if found is not None else ():
            _record_listing(db, page, found["page_id"], listing)


def recorded_urls(db: Database, run_id: int) -> set[str]:
    """Return the URLs of all pages that a run has recorded."""
    return {row[0] for row in db.execute("SELECT url FROM pages WHERE run_id = ?", [run_id])}


def latest_pages(db: Database, source_id: str, *, limit: int) -> list[tuple[int, str, PageOutcome]]:
    """Return the number, URL and outcome of the newest stored page of each URL, listings first."""
    query = """
        SELECT max(page_id) AS page_id, url, outcome FROM pages JOIN page_evidence USING (page_id)
        WHERE source_id = ? AND outcome IN ('listing', 'category', 'not_understood', 'layout_changed')
        GROUP BY url ORDER BY outcome <> 'listing', page_id DESC LIMIT ?
    """
    return [(row[0], row[1], PageOutcome(row[2])) for row in db.execute(query, [source_id, limit])]


def page_at(db: Database, source_id: str, url: str) -> int | None:
    """Return the newest stored page of a source at an address, or None."""
    query = (
        "SELECT max(page_id) FROM pages JOIN page_evidence USING (page_id) WHERE source_id = ? AND url = ?"
    )
    found: int | None = db.execute(query, [source_id, rows.clean(url)]).fetchone()[0]
    return found


def page_with_payload(db: Database, source_id: str, payload_sha256: str) -> int | None:
    """Return the newest stored page of a source whose unpacked body has a hash, or None."""
    query = """
        SELECT max(page_id) FROM pages JOIN page_evidence USING (page_id)
        WHERE source_id = ? AND payload_sha256 = ?
    """
    row = db.execute(query, [source_id, payload_sha256]).fetchone()
    return None if row is None else row[0]


def count_outcomes(db: Database, run_id: int) -> dict[PageOutcome, int]:
    """Return the number of pages of a run by outcome."""
    query = "SELECT outcome, count(*) FROM pages WHERE run_id = ? GROUP BY outcome ORDER BY outcome"
    return {PageOutcome(row[0]): row[1] for row in db.execute(query, [run_id])}


def count_digests(db: Database, run_id: int) -> dict[DigestResult, int]:
    """Return how many pages of a run do not match a stated digest, or were not compared; without zeros."""
    query = """
        SELECT result, count(*) FROM page_digests JOIN pages USING (page_id)
        WHERE run_id = ? GROUP BY result ORDER BY result
    """
    return {DigestResult(row[0]): row[1] for row in db.execute(query, [run_id])}


def digest_finding(db: Database, page_id: int) -> DigestFinding | None:
    """Return the stated digests that a page does not match; None if all match or none is stated."""
    query = "SELECT result, details FROM page_digests WHERE page_id = ?"
    return rows.find(db, DigestFinding, query, [page_id])


def count_changes(db: Database, run_id: int) -> dict[Change, int]:
    """Return the number of new, changed and unchanged listings of a run."""
    query = """
        SELECT change, count(*) FROM page_listings JOIN pages USING (page_id)
        WHERE run_id = ? GROUP BY change
    """
    found = {Change(row[0]): row[1] for row in db.execute(query, [run_id])}
    return {change: found.get(change, 0) for change in Change}


def _record_listing(db: Database, page: Page, page_id: int, seen: SeenListing) -> Change | None:
    identity = listing_id(page.source_id, seen.url, seen.content.item_id, seen.content.title)
    change = _change(db, page.run_id, identity, seen)
    if change is Change.NEW:
        _insert_listing(db, identity, page, seen)
    if change is not Change.UNCHANGED:
        _insert_sighting(db, identity, page, page_id, seen.content)
    record_pictures(db, identity, seen.pictures)
    link = {"page_id": page_id, "listing_id": identity, "change": change}
    return change if rows.insert(db, "page_listings", link, ignore=True) is not None else None


def _change(db: Database, run_id: int, identity: str, seen: SeenListing) -> Change:
    query = """
        SELECT content_hash, outcome FROM sightings JOIN pages USING (page_id)
        WHERE listing_id = ? ORDER BY sighting_id DESC LIMIT 1
    """
    latest = db.execute(query, [identity]).fetchone()
    if latest is None:
        return Change.NEW
    if seen.is_row and latest["outcome"] == PageOutcome.LISTING:
        return Change.UNCHANGED
    if latest["content_hash"] == content_hash(seen.content) or _was_seen_in(db, run_id, identity, seen):
        return Change.UNCHANGED
    return Change.CHANGED


def _repeat_listings(db: Database, page_id: int, same_as: int) -> int:
    query = "SELECT listing_id FROM page_listings WHERE page_id = ?"
    repeated = [row[0] for row in db.execute(query, [same_as]).fetchall()]
    for listing in repeated:
        link = {"page_id": page_id, "listing_id": listing, "change": Change.UNCHANGED}
        rows.insert(db, "page_listings", link, ignore=True)
    return len(repeated)


def _was_seen_in(db: Database, run_id: int, identity: str, seen: SeenListing) -> bool:
    """Return whether this run has already met the listing in this form: as a row, or on its own page."""
    query = """
        SELECT 1 FROM page_listings JOIN pages USING (page_id)
        WHERE listing_id = ? AND run_id = ? AND (outcome <> 'listing') = ? LIMIT 1
    """
    return db.execute(query, [identity, run_id, seen.is_row]).fetchone() is not None


def _insert_listing(db: Database, identity: str, page: Page, seen: SeenListing) -> None:
    values = {
        "listing_id": identity,
        "source_id": page.source_id,
        "url": rows.clean(canonical_url(seen.url)),
        "item_id": rows.clean(seen.content.item_id),
        "first_seen_at": times.to_text(page.fetched_at),
    }
    rows.insert(db, "listings", values)


def _insert_sighting(db: Database, identity: str, page: Page, page_id: int, content: ListingContent) -> None:
    text = rows.clean(listing_text(content))
    values = {
        "listing_id": identity,
        "page_id": page_id,
        "run_id": page.run_id,
        "seen_at": times.to_text(page.fetched_at),
        **rows.columns_of(content),
        "content_hash": content_hash(content),
        "text": text,
        "text_hash": text_hash(text),
    }
    sighting_id = int(rows.insert(db, "sightings", values) or 0)
    index_text(db, sighting_id, str(values["title"]), text, str(values["seller_name"]))


def count_seen_fields(db: Database, run_id: int) -> dict[str, int]:
    """Count the listings of a crawl, and those with a known title, price and seller."""
    query = """
        SELECT count(*) AS listings, sum(title <> '') AS with_title, sum(price_text <> '') AS with_price,
               sum(seller_name <> '') AS with_seller
        FROM (SELECT DISTINCT listing_id FROM pages JOIN page_listings USING (page_id) WHERE run_id = ?)
        JOIN latest_sightings USING (listing_id)
    """
    row = db.execute(query, [run_id]).fetchone()
    return {name: int(row[name] or 0) for name in ("listings", "with_title", "with_price", "with_seller")}


Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels of the screenshot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDrawing:
    """How a page looked when a browser had drawn it."""

    plain_record_id: str | None
    """The evidence record of the response before any script ran."""
    view_record_id: str
    """The evidence record of the screenshot, a PNG."""
    boxes: Mapping[str, Box]
    """Where each field of the page's own listing was read."""
    requests: int
    """Number of requests of the page that were answered."""
    refused: int
    """Number of requests of the page that were not: outside the permission, or never allowed."""
    drawn_with: str
    """Name and version of the browser."""


def insert_drawing(db: Database, page_id: int, drawing: PageDrawing) -> None:
    """Store how a page was drawn, inside the transaction that records the page."""
    rows.insert(db, "page_drawings", {"page_id": page_id, **rows.columns_of(drawing)})


def drawing_of(db: Database, page_id: int) -> PageDrawing | None:
    """Return how a page was drawn, or None if it was read as it came."""
    return rows.find(db, PageDrawing, "SELECT * FROM page_drawings WHERE page_id = ?", [page_id])


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
