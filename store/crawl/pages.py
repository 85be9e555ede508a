"""Record the pages of a crawl and the listings on each page, whether new, changed or unchanged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store import rows, times
from store.crawl.drawings import PageDrawing, insert_drawing
from store.crawl.fetches import LiveReading, insert_reading
from store.crawl.identity import canonical_url, content_hash, listing_id, listing_text, text_hash
from store.crawl.pictures import KeptPicture, record_pictures
from store.model import Change, DigestFinding, DigestResult, ListingContent, Page, PageOutcome
from store.review.search import index_text
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    """Record a page and its listings in one transaction.

    A page that the run has already recorded does not change, so an interrupted run can start over. Within one
    run, the page of an item counts for a listing, otherwise the first row of a list.

    Args:
        db: The store.
        page: The page.
        seen: The listings on the page.
        record_id: The evidence record with the bytes of the page.
        reading: The data that the next live crawl needs about the page.
        same_as: An earlier page with the same bytes; its listings are on this page too, unchanged.
        digest: The digests that the archive states and the page does not match.
        drawing: How a browser drew the page.

    Returns:
        The number of new, changed and unchanged listings; all 0 for a page recorded before.
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
