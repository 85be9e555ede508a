"""The list beside the item: one page of the queue, or what a search found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from listings.queue import count_queue, next_in_queue, review_queue, search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listings.database import Database
    from listings.model import QueueEntry, Sighting
    from listings.queue import ListingFile

PAGE_SIZE = 25
"""Rows on one page of the queue."""

MAX_PAGE = 1_000_000
"""Far beyond any queue; keeps an offset within SQLite's integers."""

MAX_HITS = 50
"""A search shows its newest hits, at most this many; more words narrow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the list."""

    listing_id: str
    title: str
    seller_name: str
    price_text: str
    language: str
    p_offer: float | None = None
    """None in a search, which looks at listings whether scored or not."""
    substances: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What the list shows, as it stands in the address."""

    page: int = 1
    terms: str = ""
    """What is searched for; empty for the queue."""

    def address(self, listing_id: str = "", *, page: int = 0) -> str:
        """Return the address of a listing, or of the list's first, with this list beside it."""
        named: dict[str, object] = {"q": self.terms} if self.terms else {}
        if not self.terms and (page or self.page) > 1:
            named["page"] = page or self.page
        path = f"/listings/{listing_id}" if listing_id else "/"
        return f"{path}?{urlencode(named)}" if named else path


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """The rows to show, and where its neighbours lie."""

    where: Where
    rows: tuple[Row, ...]
    total: int
    """Of the whole queue, or of the hits shown."""
    left: int
    """How many listings wait for a verdict."""
    earlier: Row | None = None
    """The row before the first, on the page before."""
    later: Row | None = None
    """The row after the last, on the page after."""

    @property
    def first(self) -> int:
        """The place of the first row, counted from 1."""
        return (self.where.page - 1) * PAGE_SIZE + 1

    def before(self, listing_id: str) -> str:
        """Return the address of the row before a listing; empty if there is none."""
        at = self._place(listing_id)
        if at is not None and at > 0:
            return self.where.address(self.rows[at - 1].listing_id)
        return self.where.address(self.earlier.listing_id, page=self.where.page - 1) if self.earlier else ""

    def after(self, listing_id: str) -> str:
        """Return the address of the row after a listing; empty if there is none.

        After a listing that is not in the list comes the first row.
        """
        at = self._place(listing_id)
        at = -1 if at is None else at
        if at + 1 < len(self.rows):
            return self.where.address(self.rows[at + 1].listing_id)
        return self.where.address(self.later.listing_id, page=self.where.page + 1) if self.later else ""

    def _place(self, listing_id: str) -> int | None:
        return next((at for at, row in enumerate(self.rows) if row.listing_id == listing_id), None)


def read_list(db: Database, where: Where) -> ListPage:
    """Return the page of the queue, or the hits, that `where` names; past the end, the last page."""
    left = count_queue(db)
    if where.terms:
        hits = tuple(_row_of_hit(hit) for hit in search(db, where.terms, limit=MAX_HITS))
        return ListPage(where=Where(terms=where.terms), rows=hits, total=len(hits), left=left)
    page = max(1, min(where.page, -(-left // PAGE_SIZE)))
    start = (page - 1) * PAGE_SIZE
    lead = min(start, 1)
    rows = _rows(review_queue(db, limit=lead + PAGE_SIZE + 1, offset=start - lead))
    shown = rows[lead : lead + PAGE_SIZE]
    return ListPage(
        where=Where(page=page),
        rows=shown,
        total=left,
        left=left,
        earlier=rows[0] if lead and rows else None,
        later=rows[lead + PAGE_SIZE] if len(rows) > lead + PAGE_SIZE else None,
    )


def address_after_verdict(db: Database, where: Where, judged: ListingFile) -> str:
    """Return where the reviewer goes on: the next hit of a search, or the next in the queue.

    A judged listing has left the queue already, so its follower has moved up onto the page shown.
    """
    if where.terms:
        listing_id = judged.listing.listing_id
        return read_list(db, where).after(listing_id) or where.address(listing_id)
    if judged.score is None:
        return where.address()
    sighting_id = judged.sightings[0].sighting_id
    entry = next_in_queue(db, p_offer=judged.score.p_offer, sighting_id=sighting_id)
    if entry is None:
        return "/"
    began_again = (entry.p_offer, -entry.sighting_id) > (judged.score.p_offer, -sighting_id)
    return Where(page=1 if began_again else where.page).address(entry.listing_id)


def _rows(entries: Sequence[QueueEntry]) -> tuple[Row, ...]:
    return tuple(
        Row(
            listing_id=entry.listing_id,
            title=entry.title,
            seller_name=entry.seller_name,
            price_text=entry.price_text,
            language=entry.language,
            p_offer=entry.p_offer,
            substances=entry.substances,
        )
        for entry in entries
    )


def _row_of_hit(hit: Sighting) -> Row:
    return Row(
        listing_id=hit.listing_id,
        title=hit.content.title,
        seller_name=hit.content.seller_name,
        price_text=hit.content.price_text,
        language=hit.content.language,
    )
