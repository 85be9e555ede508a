"""A listing with its history, related listings, and decided listings for export."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from store import rows
from store.crawl.evidence import EvidenceRecord, chain_of, get_record, record_of_page
from store.crawl.pages import digest_finding, drawing_of
from store.crawl.pictures import ListingPicture, pictures_of
from store.errors import UnknownRow
from store.model import Decision, DigestFinding, Listing, Score, Sighting, Stage, Verdict
from store.review.cases import Filed
from store.review.item_query import State
from store.review.notices import Notice, notices_of
from store.review.office_terms import OfficeHit, hits_of
from store.review.search import plain, words_in
from store.review.verdicts import get_verdict, verdicts_of
from store.scores.scores import current_score

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from store.sqlite import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingFile:
    """All stored data about one listing."""

    listing: Listing
    sightings: tuple[Sighting, ...]
    """Sightings, newest first; never empty."""
    score_id: int | None
    score: Score | None
    """Score of the newest sighting by the model in use."""
    office_hits: tuple[OfficeHit, ...]
    """Office terms in the newest sighting."""
    notices: tuple[Notice, ...]
    pictures: tuple[ListingPicture, ...]
    """Kept pictures of the newest sighting, in page order."""
    verdicts: tuple[Verdict, ...]
    """Oldest first."""
    archive: str
    """Absolute path of the archive with the page of the newest sighting; empty if unrecorded."""
    archive_sha256: str
    """Hash of the archive when it was crawled; empty for a folder."""
    locator: str
    """Position of the page in the archive."""
    payload_sha256: str
    """Hash of the body of the page."""


def listing_file(db: Database, listing_id: str) -> ListingFile:
    """Return all stored data about one listing.

    Raises:
        UnknownRow: If there is no such listing.
    """
    listing = rows.find(db, Listing, "SELECT * FROM listings WHERE listing_id = ?", [listing_id])
    if listing is None:
        raise UnknownRow("listing", listing_id)
    query = "SELECT * FROM sightings WHERE listing_id = ? ORDER BY sighting_id DESC"
    sightings = tuple(rows.sighting_from(each) for each in db.execute(query, [listing_id]))
    page = _kept(db, sightings[0].page_id)
    score_id, score = current_score(db, sightings[0].sighting_id) or (None, None)
    return ListingFile(
        listing=listing,
        sightings=sightings,
        score_id=score_id,
        score=score,
        office_hits=tuple(hits_of(db, sightings[0].sighting_id)),
        notices=tuple(notices_of(db, sightings[0].sighting_id)),
        pictures=tuple(pictures_of(db, sightings[0].sighting_id)),
        verdicts=tuple(verdicts_of(db, listing_id)),
        archive=page["path"] or "",
        archive_sha256=page["sha256"] or "",
        locator=page["locator"],
        payload_sha256=page["payload_sha256"],
    )


def _kept(db: Database, page_id: int) -> rows.Row:
    """Return a page and the archive that its run was reading at that time."""
    query = """
        SELECT locator, payload_sha256, path, sha256 FROM pages
        LEFT JOIN crawl_archives ON crawl_archives.run_id = pages.run_id AND recorded_at <= fetched_at
        WHERE page_id = ? ORDER BY archive_id DESC LIMIT 1
    """
    return db.execute(query, [page_id]).fetchone()


MAX_CANDIDATES = 200
"""Most texts to compare."""

LIKE = 0.5
"""Jaccard similarity of three-word shingles at which two texts are near-duplicates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A related listing."""

    listing_id: str
    source_id: str
    title: str
    price_text: str
    seen_at: datetime
    p_offer: float | None
    is_flagged: bool | None
    """None, like `p_offer`, if the score is hidden from the reviewer."""
    likeness: float | None = None
    """Similarity of the texts, from 0 to 1; None for other listings of a seller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The price of a listing at one time."""

    seen_at: datetime
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """The crawl that fetched a page, its source and its permission."""

    run_id: int
    began_at: datetime
    ended_at: datetime | None
    outcome: str
    sentence: str
    counts: Mapping[str, int]
    """Counts that the crawl wrote at its end."""
    source_name: str
    source_kind: str
    supplied_by: str
    supplied_on: str
    permission: dict[str, str]
    """Id, basis, reference, approver and days of the permission; empty for a saved source."""
    record_file: str
    """The WARC file with the page; empty if the bytes are not stored."""
    record_id: str
    page_url: str
    page_id: int
    payload_sha256: str
    fetched_at: datetime
    captured_at: datetime | None
    digest: DigestFinding | None
    """Digests that the archive states and the page does not match."""


def others_of_seller(db: Database, sighting: Sighting, source_id: str, *, limit: int = 8) -> list[Neighbour]:
    """Return other listings of the same seller on the same site; none if the seller has no name."""
    if not sighting.content.seller_name:
        return []
    query = f"""
        {_LINE} WHERE sightings.seller_name = ? AND sightings.seller_name <> ''
          AND sightings.listing_id <> ? AND listings.source_id = ?
          AND {_IS_NEWEST} ORDER BY sightings.listing_id LIMIT ?
    """
    found = db.execute(query, [sighting.content.seller_name, sighting.listing_id, source_id, limit])
    return [rows.read(Neighbour, row, likeness=None) for row in found]


def same_text(db: Database, sighting: Sighting, *, limit: int = 8) -> list[Neighbour]:
    """Return listings on any site with the same text."""
    query = f"""
        {_LINE} WHERE sightings.text_hash = ? AND sightings.listing_id <> ? AND {_IS_NEWEST} LIMIT ?
    """
    found = db.execute(query, [sighting.text_hash, sighting.listing_id, limit])
    return [rows.read(Neighbour, row, likeness=1.0) for row in found]


def near_duplicates(db: Database, sighting: Sighting, *, limit: int = 8) -> list[Neighbour]:
    """Return listings with a similar text, most similar first.

    The full-text index finds candidates that share the longest words of the title; then shingles of three
    words compare the texts.
    """
    words = sorted(dict.fromkeys(words_in(plain(sighting.content.title))), key=len)
    if not words:
        return []
    match = " ".join(f'"{word}"' for word in words[-3:])
    query = f"""
        {_LINE} WHERE sightings.sighting_id IN (
            SELECT rowid FROM said_fts WHERE said_fts MATCH ? ORDER BY rowid DESC LIMIT {MAX_CANDIDATES}
        ) AND sightings.listing_id <> ? AND {_IS_NEWEST}
    """  # noqa: S608 (no input in it)
    own = _shingles(sighting.text)
    alike = [
        (_likeness(own, _shingles(row["text"])), row)
        for row in db.execute(query, [f"title : ({match})", sighting.listing_id])
    ]
    near = sorted((each for each in alike if each[0] >= LIKE), key=lambda each: -each[0])
    return [rows.read(Neighbour, row, likeness=likeness) for likeness, row in near[:limit]]


def prices(sightings: Iterable[Sighting]) -> list[Price]:
    """Return the prices of a listing over time, oldest first, in its current currency."""
    seen = [each for each in sightings if each.content.price_amount is not None]
    if not seen:
        return []
    currency = seen[0].content.currency
    return [
        Price(seen_at=each.seen_at, amount=each.content.price_amount, currency=currency)
        for each in reversed(seen)
        if each.content.currency == currency and each.content.price_amount is not None
    ]


def provenance(db: Database, page_id: int) -> Provenance:
    """Return the crawl that fetched a page, its permission, and the position of the bytes."""
    query = """
        SELECT page_id, pages.run_id, requested_at AS began_at, ended_at,
               ifnull(run_log.outcome, '') AS outcome, ifnull(run_log.sentence, '') AS sentence,
               ifnull(counts, '{}') AS counts,
               pages.url AS page_url, pages.fetched_at, captured_at, pages.payload_sha256,
               ifnull(file, '') AS record_file, ifnull(record_id, '') AS record_id
        FROM pages JOIN run_log USING (run_id)
        LEFT JOIN page_evidence USING (page_id) LEFT JOIN evidence_records USING (record_id)
        WHERE page_id = ?
    """
    row = db.execute(query, [page_id]).fetchone()
    permission = _permission(db, row["run_id"], row["page_url"])
    declared = _declaration_of(db, page_id)
    return rows.read(Provenance, row, **declared, permission=permission, digest=digest_finding(db, page_id))


def _declaration_of(db: Database, page_id: int) -> dict[str, object]:
    """Return the declaration of the source that the crawl of a page read.

    It is the last one before the process began that fetched the page; for older stores, which lack it, the
    first one.
    """
    query = """
        SELECT pages.source_id, max(started_at) AS started_at
        FROM pages LEFT JOIN run_attempts
            ON run_attempts.run_id = pages.run_id AND started_at <= fetched_at
        WHERE page_id = ?
    """
    page = db.execute(query, [page_id]).fetchone()
    columns = "name AS source_name, kind AS source_kind, supplied_by, supplied_on"
    last = f"""
        SELECT {columns} FROM source_declarations WHERE source_id = ? AND declared_at <= ?
        ORDER BY declaration_id DESC LIMIT 1
    """  # noqa: S608 (no input in it)
    first = f"""
        SELECT {columns} FROM source_declarations WHERE source_id = ? ORDER BY declaration_id LIMIT 1
    """  # noqa: S608 (so)
    found = db.execute(last, [page["source_id"], page["started_at"]]).fetchone()
    return dict(found or db.execute(first, [page["source_id"]]).fetchone())


_IS_NEWEST = """NOT EXISTS (
    SELECT 1 FROM sightings AS later
    WHERE later.listing_id = sightings.listing_id AND later.sighting_id > sightings.sighting_id
)"""

_LINE = """
    SELECT sightings.listing_id, listings.source_id, title, price_text, seen_at, text, p_offer,
           ifnull(p_offer >= threshold, 0) AS is_flagged
    FROM sightings JOIN listings USING (listing_id)
    LEFT JOIN scores ON scores.sighting_id = sightings.sighting_id
        AND scores.model_id = (SELECT model_id FROM model_in_use)
"""


def _permission(db: Database, run_id: int, url: str) -> dict[str, str]:
    query = """
        SELECT permission_id, basis, reference, approved_by, valid_from, valid_until
        FROM fetches JOIN permissions USING (permission_id)
        WHERE run_id = ? ORDER BY url = ? DESC, fetch_id DESC LIMIT 1
    """
    row = db.execute(query, [run_id, url]).fetchone()
    return {} if row is None else dict(row)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = _words(text[:4_000])
    return {tuple(words[at : at + 3]) for at in range(max(1, len(words) - 2))}


def _likeness(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A listing to be handed on: decided, or filed in a case, with the sighting that this was about."""

    listing: Listing
    sighting: Sighting
    state: State
    """Of the review of this text."""
    verdict: Verdict | None
    """The standing verdict on this text; None if there is none, or if it is hidden from the reader."""
    verdicts: tuple[Verdict, ...]
    """All verdicts, oldest first; of hidden ones only the reader's own."""
    score: Score | None
    """The score that was shown, or pinned; None if there is none, or if it is hidden from the reader."""
    score_id: int | None
    office_hits: tuple[OfficeHit, ...]
    """Office terms in the sighting."""
    pictures: tuple[ListingPicture, ...]
    """The kept pictures of the sighting."""
    source_name: str
    supplied_by: str
    supplied_on: str
    page_id: int
    page_url: str
    payload_sha256: str
    fetched_at: datetime
    captured_at: datetime | None
    digest: DigestFinding | None = None
    """The digests stated by the archive that the page does not match, or was not compared with."""
    is_blind: bool = False
    """Whether the verdicts are hidden from the reader."""
    score_hidden: bool = False
    filed: Filed | None = None
    """For a listing of a case."""


def reviewed_listings(db: Database, *, decision: str = "") -> Iterator[Reviewed]:
    """Yield the decided listings; listings that wait for a second or settling verdict are left out.

    An empty `decision` stands for all.
    """
    query = """
        SELECT verdict_id FROM review_items
        WHERE state = 'decided' AND (? = '' OR decision = ?) ORDER BY verdict_id
    """
    for row in db.execute(query, [decision, decision]).fetchall():
        given = get_verdict(db, row["verdict_id"])
        sighting = db.execute("SELECT * FROM sightings WHERE sighting_id = ?", [given.sighting_id]).fetchone()
        yield _reviewed(
            db,
            rows.sighting_from(sighting),
            state=State.DECIDED,
            verdict=given,
            score=rows.find(db, Score, "SELECT * FROM scores WHERE score_id = ?", [given.score_id]),
            score_id=given.score_id,
        )


def reviewed_listing(db: Database, listing_id: str) -> Reviewed:
    """Return a listing as it reads now, with the standing verdict on this text, whatever its state.

    Raises:
        UnknownRow: If there is no such listing.
    """
    file = listing_file(db, listing_id)
    newest = file.sightings[0]
    state, verdict = review_of_text(db, listing_id, newest.text_hash)
    return _reviewed(db, newest, state=state, verdict=verdict, score=file.score, score_id=file.score_id)


def reviewed_as_filed(db: Database, filed: Filed) -> Reviewed:
    """Return a listing of a case as pinned, with the standing verdict on that text, whatever its state."""
    state, verdict = review_of_text(db, filed.listing_id, filed.pinned.sighting.text_hash)
    pinned = filed.pinned
    return _reviewed(
        db,
        pinned.sighting,
        state=state,
        verdict=verdict,
        score=pinned.score,
        score_id=pinned.score_id,
        filed=filed,
    )


def review_of_text(db: Database, listing_id: str, text_hash: str) -> tuple[State, Verdict | None]:
    """Return the state of the review of one text of a listing, and the standing verdict on the text.

    For the newest text this is what `review_items` holds; see `review_items_now`.
    """
    history = verdicts_of(db, listing_id)
    undone = {each.undoes for each in history}
    given = [
        each for each in history if each.decision is not Decision.UNDONE and each.verdict_id not in undone
    ]
    of_text = "SELECT 1 FROM sightings WHERE sighting_id = ? AND text_hash = ?"
    standing = next(
        (
            each
            for each in reversed(given)
            if each.stage is not Stage.SECOND
            and db.execute(of_text, [each.sighting_id, text_hash]).fetchone() is not None
        ),
        None,
    )
    if standing is None:
        return State.WAITING, None
    asked = db.execute("SELECT 1 FROM second_reviews WHERE verdict_id = ?", [standing.verdict_id]).fetchone()
    if asked is None:
        return State.DECIDED, standing
    seconds = [each for each in given if each.answers == standing.verdict_id and each.stage is Stage.SECOND]
    if not seconds:
        return State.SECOND, standing
    agree = seconds[-1].decision is standing.decision and standing.decision is not Decision.ESCALATE
    return (State.DECIDED if agree else State.ADJUDICATION), standing


def evidence_of(db: Database, page_id: int) -> list[EvidenceRecord]:
    """Return the evidence records of a page, each followed by the records that it repeats.

    The page of a browser has more than one: the drawn document, its screenshot, and the plain response.
    """
    record, drawing = record_of_page(db, page_id), drawing_of(db, page_id)
    others = (drawing.view_record_id, drawing.plain_record_id or "") if drawing else ()
    records = [record, *(get_record(db, each) for each in others)]
    return [kept for each in records if each for kept in chain_of(db, each)]


def _reviewed(
    db: Database,
    sighting: Sighting,
    *,
    state: State,
    verdict: Verdict | None,
    score: Score | None,
    score_id: int | None,
    filed: Filed | None = None,
) -> Reviewed:
    query = """
        SELECT page_id, url AS page_url, payload_sha256, fetched_at, captured_at FROM pages
        WHERE page_id = ?
    """
    declared = _declaration_of(db, sighting.page_id)
    listing_id = sighting.listing_id
    return rows.read(
        Reviewed,
        db.execute(query, [sighting.page_id]).fetchone(),
        listing=rows.find(db, Listing, "SELECT * FROM listings WHERE listing_id = ?", [listing_id]),
        sighting=sighting,
        state=state,
        verdict=verdict,
        verdicts=tuple(verdicts_of(db, listing_id)),
        score=score,
        score_id=score_id,
        office_hits=tuple(hits_of(db, sighting.sighting_id)),
        pictures=tuple(pictures_of(db, sighting.sighting_id)),
        source_name=declared["source_name"],
        supplied_by=declared["supplied_by"],
        supplied_on=declared["supplied_on"],
        digest=digest_finding(db, sighting.page_id),
        is_blind=False,
        score_hidden=False,
        filed=filed,
    )
