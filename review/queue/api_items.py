"""Lists of review items, as the page's list has them; and deciding or assigning all of a list at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime  # noqa: TC003 (pydantic reads the annotations)
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from review.accounts.people import Person, TheLead, TheReviewer, TheViewer  # noqa: TC001 (so)
from review.queue.bulk import (
    MAX_AT_ONCE,
    BulkVerdict,
    assign_listed,
    decide_listed,
    digest_of,
    settled_in,
    touched_by,
    waiting_of,
)
from review.queue.hiding import hidden_from, hides_first
from review.queue.lists import TheList, read_place, write_place
from review.web.answers import refusals
from review.web.desk import TheDatabase, TheDesk  # noqa: TC001 (FastAPI reads them)
from store.model import Decision  # noqa: TC001 (so)
from store.review.item_filters import Filter, State
from store.review.review_items import ListedItem, count_items, facet_counts, list_items, next_item

router = APIRouter(prefix="/api/items", tags=["review"])

MAX_LIMIT = 200

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


class ItemRecord(BaseModel):
    """One row of a list. What is kept from a reviewer until they decide is null here too."""

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
    assignee: str


class ItemList(BaseModel):
    """A stretch of a list."""

    total: int
    """Of a search no more than 1,001, in the whole store no more than 301: beyond it, there are more.
    A search narrowed by more than words is counted among the newest listings, or as far as a page needs, and
    one made of a part of too many words among some of them; it is then one more than what was counted."""
    left: int
    """How many wait for who asks."""
    items: list[ItemRecord]
    later: str
    """Send it as `at` for the next stretch; empty at the end."""


class Touched(BaseModel):
    """What a verdict on the whole list would touch."""

    count: int
    limit: int
    total: int
    """How many of the list wait for who asks; of a search no more than 1,001."""
    settled: int
    """How many others it holds, already decided, disputed or for somebody else's second look: left alone."""
    listing_ids: list[str]
    seen: str
    """To be sent with the verdict: it is refused if the list has changed since."""


class BulkAssignment(BaseModel):
    """Who is to look at all of a list; an empty name takes assignments away."""

    model_config = ConfigDict(extra="forbid")

    seen: Annotated[str, Field(max_length=64)]
    assignee: Annotated[str, Field(max_length=64)] = ""


class Done(BaseModel):
    """How many listings were touched."""

    count: int


@router.get("", responses=refusals())
def show_items(db: TheDatabase, where: TheList, person: TheViewer, limit: Limit = 50) -> ItemList:
    """Return a list, filtered and sorted as the address says; without filters, what waits."""
    wanted = replace(where.wanted, reviewer=person.name)
    place = read_place(db, where)
    rows = list_items(db, wanted, sort=where.sort, after=place, is_included=True, limit=limit + 1)
    hide = hiding(db, person)
    return ItemList(
        total=count_items(db, wanted),
        left=count_items(db, Filter(reviewer=person.name)),
        items=[hide(row) for row in rows[:limit]],
        later=write_place(rows[limit].place) if len(rows) > limit else "",
    )


@router.get("/facets", responses=refusals())
def show_facets(db: TheDatabase, person: TheViewer, state: State | None = None) -> dict[str, dict[str, int]]:  # noqa: ARG001 (who asks must be logged in)
    """Return for each facet and value how many items are in a state; by default, how many wait."""
    return facet_counts(db, [state] if state else [State.WAITING, State.SECOND])


@router.get("/next", responses=refusals())
def show_next(db: TheDatabase, desk: TheDesk, where: TheList, person: TheViewer) -> ItemRecord | None:
    """Return the item after the place `at` that nobody else has open; null if nothing waits."""
    wanted = replace(where.wanted, reviewer=person.name)
    place = read_place(db, where)
    if place is None:
        first = list_items(db, wanted, sort=where.sort, limit=1)
        return hiding(db, person)(first[0]) if first else None
    item = next_item(db, wanted, sort=where.sort, place=place, now=desk.clock())
    return hiding(db, person)(item) if item else None


@router.get("/bulk", responses=refusals())
def preview(db: TheDatabase, desk: TheDesk, where: TheList, person: TheReviewer) -> Touched:
    """Return what a verdict on the whole list would touch."""
    touched = touched_by(db, where, person, now=desk.clock())
    return Touched(
        count=len(touched),
        limit=MAX_AT_ONCE,
        total=count_items(db, waiting_of(where, person)),
        settled=settled_in(db, where, person),
        listing_ids=[item.listing_id for item in touched],
        seen=digest_of(touched),
    )


@router.post("/bulk", responses=refusals(404, 409))
def decide_all(
    db: TheDatabase, desk: TheDesk, where: TheList, person: TheReviewer, verdict: BulkVerdict
) -> Done:
    """Give one verdict on every listing that the preview named, or on none."""
    return Done(count=decide_listed(db, where, verdict, person, now=desk.clock()))


@router.post("/assign", responses=refusals(409))
def assign_all(
    db: TheDatabase, desk: TheDesk, where: TheList, person: TheLead, wanted: BulkAssignment
) -> Done:
    """Assign every listing that the preview named to somebody, or none."""
    count = assign_listed(db, where, wanted.seen, wanted.assignee, person, now=desk.clock())
    return Done(count=count)


class Hiding:
    """Makes records of items for one reviewer, leaving out what is kept from them."""

    def __init__(self, db: TheDatabase, person: Person) -> None:
        self._name, self.hides = person.name, hidden_from(db, person.name)

    def __call__(self, item: ListedItem) -> ItemRecord:
        """Return the record of an item."""
        is_hidden = self.hides(item)
        is_blind = hides_first(item, reviewer=self._name)
        fields: dict[str, Any] = {
            name: getattr(item, name) for name in ItemRecord.model_fields if name != "score_hidden"
        }
        if is_hidden:
            fields |= {"p_offer": None, "is_flagged": None, "is_sample": None}
        if is_blind:
            fields |= {"decision": None, "decided_by": None}
        return ItemRecord(score_hidden=is_hidden, **fields)


def hiding(db: TheDatabase, person: Person) -> Hiding:
    """Return what is kept from this reviewer now."""
    return Hiding(db, person)
