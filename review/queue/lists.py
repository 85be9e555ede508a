"""The list beside the item: its filters, order and place, all of which stand in the address."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from review.listing.masking import masks_for
from review.queue.blinding import hidden_from, hides_verdicts
from review.web.dependencies import Person, TheContext, TheDatabase, TheLead, ThePerson, TheViewer
from review.web.fields import OrEmpty, RowId, refusals
from store.model import Decision, QueueEntry
from store.review.item_query import NARROWING, Filter, Place, Sort, State
from store.review.queue import (
    ListedItem,
    count_items,
    count_queue,
    facet_counts,
    first_found,
    list_items,
    next_item,
    place_of,
    place_of_sighting,
    review_queue,
)
from store.review.verdicts import count_standing
from store.review.workspace import hidden_share, review_settings

if TYPE_CHECKING:
    from store.database import Database


PAGE_SIZE = 25
"""Rows on one page of the list."""

MAX_DIGITS = 19
"""A number with fewer digits is within SQLite's integers."""

MAX_PAGE = 1_000_000
"""Far beyond any queue; keeps an offset of the API within SQLite's integers."""

Text = Annotated[str, Field(max_length=200)]

Share = Annotated[float, Field(ge=0, le=1)]

Day = Annotated[str, Field(pattern=r"^(\d{4}-\d\d-\d\d)?$")]


class ListQuery(BaseModel):
    """A list as named by its address; empty fields of a form do not narrow the list."""

    model_config = ConfigDict(frozen=True)

    q: Text = ""
    source: Text = ""
    family: Text = ""
    tier: OrEmpty[Annotated[int, Field(ge=1, le=9)]] = None
    p_from: OrEmpty[Share] = None
    p_to: OrEmpty[Share] = None
    kind: Text = ""
    notice: Text = ""
    language: Text = ""
    seller: Text = ""
    supplier: OrEmpty[RowId] = None
    changed: Literal["", "1"] = ""
    since: Day = ""
    until: Day = ""
    state: Literal["", "all", "every"] | State = ""
    assignee: Text = ""
    decision: Text = ""
    sort: OrEmpty[Sort] = None
    """None for the order that a lead chose for everyone."""
    at: Annotated[str, Field(max_length=300)] = ""
    """The place of the first row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The selection of an address: the filters of a list, its order and its first row."""

    wanted: Filter
    sort: Sort = Sort.LIKELY
    usual: Sort = Sort.LIKELY
    """The order of a list whose address names none."""
    at: str = ""

    @property
    def terms(self) -> str:
        """The words of the search."""
        return self.wanted.terms

    @property
    def narrowing(self) -> dict[str, object]:
        """The parameters that narrow and sort the list, by name."""
        return _narrowing(self.wanted, self.sort, self.usual)

    @property
    def query(self) -> str:
        """The list without its place, as it stands behind the question mark."""
        return urlencode(self.narrowing)

    @property
    def is_narrowed(self) -> bool:
        """Whether the list differs from the waiting listings."""
        return bool(self.narrowing)

    def address(self, listing_id: str = "", *, at: str | None = None, path: str = "/") -> str:
        """Return the address of a listing, or of the list's first, with this list beside it."""
        at = self.at if at is None else at
        named = self.narrowing | ({"at": at} if at else {})
        path = f"/listings/{listing_id}" if listing_id else path
        return f"{path}?{urlencode(named)}" if named else path

    def without(self, name: str) -> str:
        """Return the address of the list without one of the filters."""
        return f"/?{urlencode({key: value for key, value in self.narrowing.items() if key != name})}"


@lru_cache(maxsize=256)
def _narrowing(wanted: Filter, sort: Sort, usual: Sort) -> dict[str, object]:
    named = asdict(wanted)
    named["q"] = named.pop("terms")
    named = {name: value for name, value in named.items() if name in NARROWING and value not in {"", None}}
    return named | ({} if sort is usual else {"sort": str(sort)})


def selection_of(
    query: Annotated[ListQuery, Query()], db: TheDatabase, context: TheContext, person: ThePerson
) -> Selection:
    """Return the list of an address for the user."""
    named = query.model_dump(exclude={"q", "sort", "at"}) | {"terms": query.q.strip()}
    named |= {"state": str(query.state), "reviewer": person.name}
    named["names"] = tuple(context.reference.names(named["terms"]).items()) if named["terms"] else ()
    wanted = Filter(**named, hidden_share=hidden_share(db, person.name))
    usual = Sort.WORTH if review_settings(db).worth_first else Sort.LIKELY
    return Selection(wanted=wanted, sort=query.sort or usual, usual=usual, at=query.at)


TheList = Annotated[Selection, Depends(selection_of)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """One page of a list, with its neighbours."""

    where: Selection
    rows: tuple[ListedItem, ...]
    total: int
    """Of the list; of a search in the whole store as far as it is counted."""
    left: int
    """How many wait for this reviewer."""
    is_more: bool = False
    """Whether there may be more than `total`."""
    earlier: tuple[ListedItem, ...] = ()
    """The page before."""
    later: ListedItem | None = None
    """The row after the last."""
    new_after: int | None = None
    """Later sightings are marked as new; None if the reviewer does not follow this list."""

    @property
    def earlier_address(self) -> str:
        """The address of the page before; empty if this is the first."""
        return self.where.address(at=write_place(self.earlier[0].place)) if self.earlier else ""

    @property
    def later_address(self) -> str:
        """The address of the page after; empty if this is the last."""
        return self.where.address(at=write_place(self.later.place)) if self.later else ""

    def before(self, listing_id: str) -> str:
        """Return the address of the row before a listing; empty if there is none."""
        at = self._place(listing_id)
        if at is not None and at > 0:
            return self.where.address(self.rows[at - 1].listing_id)
        if not self.earlier:
            return ""
        return self.where.address(self.earlier[-1].listing_id, at=write_place(self.earlier[0].place))

    def after(self, listing_id: str) -> str:
        """Return the address of the row after a listing; empty if there is none.

        After a listing that is not in the list comes the first row.
        """
        at = self._place(listing_id)
        at = -1 if at is None else at
        if at + 1 < len(self.rows):
            return self.where.address(self.rows[at + 1].listing_id)
        later = self.later
        return self.where.address(later.listing_id, at=write_place(later.place)) if later else ""

    def _place(self, listing_id: str) -> int | None:
        return next((at for at, row in enumerate(self.rows) if row.listing_id == listing_id), None)


def read_list(db: Database, where: Selection, *, reviewer: str, listing_id: str = "") -> ListPage:
    """Return a page of the list; it starts at `listing_id` if it would not contain the listing otherwise."""
    wanted = replace(where.wanted, reviewer=reviewer)
    place = read_place(db, where)
    found = first_found(db, wanted, limit=PAGE_SIZE + 1) if wanted.is_store_wide else None
    rows = found.items if found and place is None else _rows(db, where, wanted, place)
    if listing_id and all(row.listing_id != listing_id for row in rows[:PAGE_SIZE]):
        place = place_of(db, listing_id, wanted, where.sort)
        if where.at or not rows or (place and _is_beyond(place, rows, where.sort)):
            rows = _rows(db, where, wanted, place)
    if not rows and where.at:
        place, rows = None, _rows(db, where, wanted, None)
    first = rows[0].place if rows else None
    earlier = (
        list_items(db, wanted, sort=where.sort, before=first, limit=PAGE_SIZE) if first and place else []
    )
    return ListPage(
        where=replace(where, at=write_place(first) if earlier and first else ""),
        rows=tuple(rows[:PAGE_SIZE]),
        total=found.total if found else count_items(db, wanted),
        is_more=bool(found and found.is_more),
        left=count_items(db, Filter(reviewer=reviewer)),
        earlier=tuple(earlier),
        later=rows[PAGE_SIZE] if len(rows) > PAGE_SIZE else None,
    )


def address_after_verdict(
    db: Database, where: Selection, listing_id: str, place: Place | None, *, reviewer: str, now: datetime
) -> str:
    """Return the address of the next listing in the list that nobody else has open.

    `place` is where the listing stood before it was judged.
    """
    wanted = replace(where.wanted, reviewer=reviewer)
    follower = place and next_item(db, wanted, sort=where.sort, place=place, now=now)
    if follower:
        return where.address(follower.listing_id)
    return where.address(listing_id) if where.is_narrowed else "/"


def write_place(place: Place | None) -> str:
    """Return a place for an address; empty for none.

    The address holds only the sighting: the sort value may be a hidden score.
    """
    return "" if place is None else str(place.sighting_id)


def read_place(db: Database, where: Selection) -> Place | None:
    """Return the place in a list's address; None if there is none or its sighting no longer exists."""
    at = where.at
    if not (at.isascii() and at.isdecimal() and len(at) < MAX_DIGITS):
        return None
    return place_of_sighting(db, int(at), where.wanted, where.sort)


def _rows(db: Database, where: Selection, wanted: Filter, place: Place | None) -> list[ListedItem]:
    return list_items(db, wanted, sort=where.sort, after=place, is_included=True, limit=PAGE_SIZE + 1)


def _is_beyond(place: Place, rows: list[ListedItem], sort: Sort) -> bool:
    """Return whether a place lies behind the rows of the first page."""
    last = rows[-1].place
    if type(place.value) is not type(last.value) or len(rows) <= PAGE_SIZE:
        return False
    here, there = (place.value, place.sighting_id), (last.value, last.sighting_id)
    return here > there if sort in {Sort.OLDEST, Sort.SELLER} else place.value < last.value  # type: ignore[operator]


def done_today(db: Database, reviewer: str, now: datetime) -> int:
    """Return how many of a reviewer's verdicts since midnight UTC stand."""
    return count_standing(db, reviewer, since=now.replace(hour=0, minute=0, second=0, microsecond=0))


api = APIRouter(prefix="/api", tags=["review"])

MAX_LIMIT = 200

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


class ItemRecord(BaseModel):
    """One row of a list. Values hidden from the reviewer are null."""

    model_config = ConfigDict(from_attributes=True)

    listing_id: str
    sighting_id: int
    source_id: str
    title: str
    seller_name: str
    price_text: str
    language: str
    seen_at: datetime
    p_offer: float | None
    score_hidden: bool
    substances: list[str]
    is_flagged: bool | None
    is_sample: bool | None
    state: State | None
    decision: Decision | None
    decided_by: str | None
    verdict_hidden: bool
    """Whether there is a verdict that the user is to check blind."""
    is_changed: bool
    """Whether the listing has changed since a verdict on it."""
    assignee: str


class ItemList(BaseModel):
    """One page of a list."""

    total: int
    """Of a search no more than 1,001, in the whole store no more than 301: beyond it, there are more.
    A search narrowed by more than words is counted among the newest listings, or as far as a page needs, and
    one made of a part of too many words among some of them; it is then one more than what was counted."""
    left: int
    """The number of listings waiting for the user."""
    items: list[ItemRecord]
    later: str
    """Send it as `at` for the next stretch; empty at the end."""


@api.get("/items", responses=refusals())
def show_items(
    db: TheDatabase, context: TheContext, where: TheList, person: TheViewer, limit: Limit = 50
) -> ItemList:
    """Return a filtered and sorted list; without filters, the waiting listings."""
    wanted = replace(where.wanted, reviewer=person.name)
    place = read_place(db, where)
    rows = list_items(db, wanted, sort=where.sort, after=place, is_included=True, limit=limit + 1)
    hide, masks = record_maker(db, person), masks_for(context, person)
    return ItemList(
        total=count_items(db, wanted),
        left=count_items(db, Filter(reviewer=person.name)),
        items=[hide(masks(row)) for row in rows[:limit]],
        later=write_place(rows[limit].place) if len(rows) > limit else "",
    )


@api.get("/items/facets", responses=refusals())
def show_facets(db: TheDatabase, person: TheViewer, state: State | None = None) -> dict[str, dict[str, int]]:
    """Return for each facet and value how many items are in a state; by default, how many wait."""
    return facet_counts(db, [state] if state else [State.WAITING, State.SECOND])


@api.get("/items/next", responses=refusals())
def show_next(db: TheDatabase, context: TheContext, where: TheList, person: TheViewer) -> ItemRecord | None:
    """Return the item after the place `at` that nobody else has open; null if nothing waits."""
    wanted = replace(where.wanted, reviewer=person.name)
    place, masks = read_place(db, where), masks_for(context, person)
    if place is None:
        first = list_items(db, wanted, sort=where.sort, limit=1)
        return record_maker(db, person)(masks(first[0])) if first else None
    item = next_item(db, wanted, sort=where.sort, place=place, now=context.clock())
    return record_maker(db, person)(masks(item)) if item else None


class RecordMaker:
    """Turns items into records for one reviewer, without hidden values."""

    def __init__(self, db: TheDatabase, person: Person) -> None:
        self._name, self.hides = person.name, hidden_from(db, person.name)

    def __call__(self, item: ListedItem) -> ItemRecord:
        """Return the record of an item."""
        is_hidden = self.hides(item)
        is_blind = hides_verdicts(item, reviewer=self._name)
        fields: dict[str, Any] = {
            name: getattr(item, name)
            for name in ItemRecord.model_fields
            if name not in {"score_hidden", "verdict_hidden"}
        }
        if is_hidden:
            fields |= {"p_offer": None, "is_flagged": None, "is_sample": None}
        if is_blind:
            fields |= {"decision": None, "decided_by": None}
        return ItemRecord(score_hidden=is_hidden, verdict_hidden=is_blind, **fields)


def record_maker(db: TheDatabase, person: Person) -> RecordMaker:
    """Return the converter of items for this reviewer."""
    return RecordMaker(db, person)


class Queue(BaseModel):
    """One page of the queue, most likely offers first."""

    total: int
    listings: list[QueueEntry]


@api.get("/queue", responses=refusals())
def list_queue(
    db: TheDatabase,
    person: TheLead,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
    offset: Annotated[int, Query(ge=0, le=MAX_PAGE)] = 0,
) -> Queue:
    """Return the waiting listings with their scores, including scores hidden from reviewers."""
    entries = review_queue(db, limit=limit, offset=offset)
    return Queue(total=count_queue(db), listings=entries)
