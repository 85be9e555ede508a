"""Questions people ask of the store: what waits, one listing whole, a search, a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store import rows
from store.errors import UnknownRow
from store.review.searching import matching
from store.review.verdicts import verdicts_of
from store.scores.scores import current_score

if TYPE_CHECKING:
    from store.database import Database
    from store.model import Listing, QueueEntry, Score, Sighting, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingFile:
    """Everything kept about one listing."""

    listing: Listing
    sightings: tuple[Sighting, ...]
    """Newest first; never empty."""
    score_id: int | None
    score: Score | None
    """Of the newest sighting, by the model in use."""
    verdicts: tuple[Verdict, ...]
    """Oldest first."""
    archive: str
    """Absolute path of the archive in which the page of the newest sighting is kept; empty if unrecorded."""
    archive_sha256: str
    """As it was when crawled; empty for a folder."""
    locator: str
    """Where in the archive the page is."""
    payload_sha256: str
    """Of the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """What a source's crawls came to."""

    source_id: str
    last_crawl: str
    """How the newest crawl that was begun ended, e.g. `failed`; empty if it has not, or there is none."""
    pages: int
    """That the newest crawl which is done has met; while none is, the newest."""
    outcomes: dict[str, int]
    listings: int
    with_title: int
    with_price: int
    with_seller: int
    flagged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCounts:
    """A source in three numbers that are quickly told, however large the store is."""

    pages: int
    """That its newest crawl has met, if that has ended."""
    listings: int
    """Known of it."""
    flagged: int
    """Of these, by the model in use."""


def review_queue(db: Database, *, limit: int = 50, offset: int = 0) -> list[QueueEntry]:
    """Return what waits for a verdict, most likely offers first."""
    query = "SELECT * FROM review_queue LIMIT ? OFFSET ?"
    return [rows.queue_entry_from(row) for row in db.execute(query, [limit, offset])]


def count_queue(db: Database) -> int:
    """Return how many listings wait for a verdict."""
    query = "SELECT count(*) FROM review_items WHERE state = 'waiting' AND is_flagged"
    return int(db.execute(query).fetchone()[0])


def count_listings(db: Database) -> int:
    """Return how many listings the store knows."""
    return int(db.execute("SELECT count(*) FROM listings").fetchone()[0])


def next_in_queue(db: Database, *, p_offer: float, sighting_id: int) -> QueueEntry | None:
    """Return the entry that follows this place in queue order, else the first one, else None.

    The place is given by its values, because the entry that stood there may just have been judged.
    """
    query = """
        SELECT * FROM review_queue
        ORDER BY (p_offer, -sighting_id) >= (:p, -:sighting), p_offer DESC, sighting_id LIMIT 1
    """
    row = db.execute(query, {"p": p_offer, "sighting": sighting_id}).fetchone()
    return None if row is None or row["sighting_id"] == sighting_id else rows.queue_entry_from(row)


def listing_file(db: Database, listing_id: str) -> ListingFile:
    """Return everything kept about one listing.

    Raises:
        UnknownRow: If there is no such listing.
    """
    row = db.execute("SELECT * FROM listings WHERE listing_id = ?", [listing_id]).fetchone()
    if row is None:
        raise UnknownRow("listing", listing_id)
    query = "SELECT * FROM sightings WHERE listing_id = ? ORDER BY sighting_id DESC"
    sightings = tuple(rows.sighting_from(each) for each in db.execute(query, [listing_id]))
    page = _kept(db, sightings[0].page_id)
    score_id, score = current_score(db, sightings[0].sighting_id) or (None, None)
    return ListingFile(
        listing=rows.listing_from(row),
        sightings=sightings,
        score_id=score_id,
        score=score,
        verdicts=tuple(verdicts_of(db, listing_id)),
        archive=page["path"] or "",
        archive_sha256=page["sha256"] or "",
        locator=page["locator"],
        payload_sha256=page["payload_sha256"],
    )


def search(db: Database, terms: str, *, limit: int = 50) -> list[Sighting]:
    """Return the newest sightings of listings whose title, text or seller holds every term.

    Terms are split at white space and matched as parts of words, whatever their case, so `103-79` and
    `苯乙酸` are found. Anything a person types is a plain term; there is no query syntax to get wrong.
    """
    condition, arguments = matching(db, terms, "latest_sightings.sighting_id", {})
    query = f"SELECT * FROM latest_sightings WHERE {condition} ORDER BY sighting_id DESC LIMIT ?"  # noqa: S608 (no input in it)
    return [rows.sighting_from(row) for row in db.execute(query, [*arguments, limit])]


def report_sources(db: Database) -> list[SourceReport]:
    """Return, for each source, what its last whole crawl met and what is known of its listings."""
    query = """
        SELECT sources.source_id, max(run_id),
          coalesce(max(run_id) FILTER (WHERE outcome = 'done'), max(run_id))
        FROM sources LEFT JOIN run_log
          ON run_log.source_id = sources.source_id AND run_log.kind = 'crawl'
          AND coalesce(outcome, '') NOT IN ('skipped', 'missed')
        GROUP BY sources.source_id ORDER BY sources.source_id
    """
    return [_report_source(db, *row) for row in db.execute(query).fetchall()]


def count_sources(db: Database) -> dict[str, tuple[int, int]]:
    """Return, for each source that has any, how many listings are known and how many of them are flagged."""
    flagged = "SELECT source_id, count(*) FROM review_items WHERE is_flagged GROUP BY source_id"
    by_source = {row[0]: int(row[1]) for row in db.execute(flagged)}
    listings = "SELECT source_id, count(*) FROM listings GROUP BY source_id"
    return {row[0]: (int(row[1]), by_source.get(row[0], 0)) for row in db.execute(listings)}


def _kept(db: Database, page_id: int) -> rows.Row:
    """Return a page and the archive that its run was reading when it came to the page."""
    query = """
        SELECT locator, payload_sha256, path, sha256 FROM pages
        LEFT JOIN crawl_archives ON crawl_archives.run_id = pages.run_id AND recorded_at <= fetched_at
        WHERE page_id = ? ORDER BY archive_id DESC LIMIT 1
    """
    return db.execute(query, [page_id]).fetchone()


def _report_source(db: Database, source_id: str, last: int | None, run_id: int | None) -> SourceReport:
    ended = db.execute("SELECT outcome FROM run_endings WHERE run_id IS ?", [last]).fetchone()
    outcomes = "SELECT outcome, count(*) FROM pages WHERE run_id IS ? GROUP BY outcome ORDER BY 2 DESC, 1"
    counts = {row[0]: row[1] for row in db.execute(outcomes, [run_id])}
    fields = """
        SELECT count(*), sum(title <> ''), sum(price_amount IS NOT NULL), sum(seller_name <> '')
        FROM latest_sightings JOIN listings USING (listing_id) WHERE source_id = ?
    """
    listings, *filled = db.execute(fields, [source_id]).fetchone()
    flagged = """
        SELECT count(*) FROM scores JOIN latest_sightings USING (sighting_id) JOIN listings USING (listing_id)
        WHERE source_id = ? AND scores.model_id = (SELECT model_id FROM model_in_use)
          AND p_offer >= (SELECT threshold FROM model_in_use)
    """
    with_title, with_price, with_seller = (int(value or 0) for value in filled)
    return SourceReport(
        source_id=source_id,
        last_crawl=ended[0] if ended else "",
        pages=sum(counts.values()),
        outcomes=counts,
        listings=listings,
        with_title=with_title,
        with_price=with_price,
        with_seller=with_seller,
        flagged=int(db.execute(flagged, [source_id]).fetchone()[0]),
    )
