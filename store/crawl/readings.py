"""What a live crawl remembers of a page: how to ask whether it changed, and what to do if it did not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from store import rows
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.database import Database


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
