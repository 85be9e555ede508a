"""One verdict or one assignee for a whole list: a preview, then the change if the list is still the same."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from review.queue.lists import TheList, Where
from review.web.dependencies import (
    Person,
    TheContext,
    TheDatabase,
    TheLead,
    TheReviewer,
    answer_page,
    go,
    with_done,
)
from review.web.errors import ReviewError
from review.web.fields import Given, Note, Reason, refusals
from review.web.languages import N_, spoken
from store.accounts.users import get_user
from store.audit import audit
from store.audit.audit import AuditAction
from store.database import transaction
from store.review import workspace
from store.review.item_query import Filter
from store.review.listings import listing_file
from store.review.queue import ListedItem, count_items, count_settled, list_items
from store.review.verdicts import Circumstances, ReasonUnfit, check_reason, give_verdict

if TYPE_CHECKING:
    from store.database import Database


pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
api = APIRouter(prefix="/api/items", tags=["review"])


class ListChanged(ReviewError):
    """A list is no longer what was shown before it was to be decided."""

    def __init__(self) -> None:
        super().__init__(
            N_("The list has changed since it was shown, so nothing was written. Check it again.")
        )


MAX_AT_ONCE = 500
"""So many listings one bulk verdict touches, at most; the first of the list, most likely first."""


SHOWN = 50
"""Of them, the preview shows so many."""


class BulkVerdict(BaseModel):
    """One verdict for a whole list."""

    decision: Given
    seen: str = Field(max_length=64)
    """What the preview listed."""
    reason_code: Reason = None
    note: Note = ""


@pages.get("/bulk")
def preview(
    request: Request, db: TheDatabase, context: TheContext, where: TheList, person: TheReviewer
) -> Response:
    """Show which listings a verdict on the whole list would touch."""
    return _answer_preview(request, db, where, person, now=context.clock())


@pages.post("/bulk")
def decide_all(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    where: TheList,
    person: TheReviewer,
    form: Annotated[BulkVerdict, Form()],
) -> Response:
    """Give one verdict on every listing of the preview; if the list is no longer that one, show it anew."""
    now = context.clock()
    try:
        decide_listed(db, where, form, person, now=now)
    except (ListChanged, ReasonUnfit) as error:
        status = 422 if isinstance(error, ReasonUnfit) else 409
        return _answer_preview(request, db, where, person, now=now, warned=spoken(error), status=status)
    return go("/")


@pages.post("/bulk/assign")
def assign_all(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    where: TheList,
    person: TheLead,
    seen: Annotated[str, Form(max_length=64)],
    assignee: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Assign every listing of the preview to somebody."""
    now = context.clock()
    try:
        assign_listed(db, where, seen, assignee, person, now=now)
    except ListChanged as error:
        return _answer_preview(request, db, where, person, now=now, warned=spoken(error), status=409)
    return go(where.address())


@pages.post("/listings/{listing_id}/assign")
def assign_one(
    db: TheDatabase,
    context: TheContext,
    where: TheList,
    person: TheLead,
    listing_id: str,
    assignee: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Assign one listing; an empty name takes the assignment away."""
    file = listing_file(db, listing_id)
    assign_to(db, [file.listing.listing_id], assignee, person, context.clock())
    return go(with_done(where.address(listing_id), "assigned"))


def decide_listed(db: Database, where: Where, form: BulkVerdict, person: Person, *, now: datetime) -> int:
    """Give one verdict on all that the preview listed, or none; return how many.

    Raises:
        ListChanged: If the list is no longer what the preview showed.
        ReasonUnfit: If the reason contradicts the decision.
    """
    check_reason(form.decision, form.reason_code)
    with transaction(db):
        touched = _touched_as_seen(db, where, form.seen, person, now=now)
        circumstances = Circumstances(batch=secrets.token_hex(8), origin=person.origin)
        for item in touched:
            give_verdict(
                db,
                item.sighting_id,
                form.decision,
                score_id=item.score_id,
                reason_code=form.reason_code,
                note=form.note.strip(),
                reviewer=person.name,
                circumstances=circumstances,
                now=now,
            )
    return len(touched)


def assign_listed(
    db: Database, where: Where, seen: str, assignee: str, person: Person, *, now: datetime
) -> int:
    """Assign all that the preview listed, or none; return how many.

    Raises:
        ListChanged: If the list is no longer what the preview showed.
    """
    with transaction(db):
        touched = _touched_as_seen(db, where, seen, person, now=now)
        assign_to(db, [item.listing_id for item in touched], assignee, person, now)
    return len(touched)


def _touched_as_seen(
    db: Database, where: Where, seen: str, person: Person, *, now: datetime
) -> list[ListedItem]:
    touched = touched_by(db, where, person, now=now)
    if digest_of(touched) != seen:
        raise ListChanged
    return touched


def assign_to(db: Database, listing_ids: list[str], assignee: str, person: Person, now: datetime) -> None:
    """Assign listings to a user, and log it; an empty name removes the assignment.

    Raises:
        UnknownUser: If there is no such user.
    """
    if assignee.strip():
        get_user(db, assignee.strip())
    with transaction(db):
        workspace.assign(db, listing_ids, assignee.strip(), assigned_by=person.name, now=now)
        for listing_id in listing_ids:
            audit.record(
                db,
                AuditAction.ASSIGNED,
                actor=person.name,
                origin=person.origin,
                subject=f"listing:{listing_id}",
                details={"assignee": assignee.strip()},
                now=now,
            )


def waiting_of(where: Where, person: Person) -> Filter:
    """Return what of a list a deed on all of it may touch: what waits for this person, of a search too.

    What others have decided, or dispute, is judged one by one, by somebody who sees what they said.
    """
    return replace(where.wanted, reviewer=person.name, is_open=True)


def touched_by(db: Database, where: Where, person: Person, *, now: datetime) -> list[ListedItem]:
    """Return what a bulk verdict touches: what waits in the list, but nothing that somebody else has open."""
    found = list_items(db, waiting_of(where, person), limit=MAX_AT_ONCE)
    held = workspace.claims_on(db, [item.listing_id for item in found], now=now)
    others = {listing_id for listing_id, claim in held.items() if claim.reviewer != person.name}
    return [item for item in found if item.listing_id not in others]


def settled_in(db: Database, where: Where, person: Person) -> int:
    """Return how many review items of a list are left alone because they do not wait for this person."""
    return count_settled(db, replace(where.wanted, reviewer=person.name))


def digest_of(touched: list[ListedItem]) -> str:
    """Return what the preview's form carries, by which the server knows what was seen."""
    named = [(item.listing_id, item.sighting_id, item.score_id) for item in touched]
    return hashlib.sha256(repr(named).encode()).hexdigest()


def _answer_preview(
    request: Request,
    db: Database,
    where: Where,
    person: Person,
    *,
    now: datetime,
    warned: str = "",
    status: int = 200,
) -> Response:
    touched = touched_by(db, where, person, now=now)
    shown = {
        "where": where,
        "rows": touched[:SHOWN],
        "count": len(touched),
        "total": count_items(db, waiting_of(where, person)),
        "settled": settled_in(db, where, person),
        "seen": digest_of(touched),
        "warned": warned,
        "limit": MAX_AT_ONCE,
    }
    return answer_page(request, "bulk.html", shown, status=status)


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


@api.get("/bulk", responses=refusals())
def get_preview(db: TheDatabase, context: TheContext, where: TheList, person: TheReviewer) -> Touched:
    """Return what a verdict on the whole list would touch."""
    touched = touched_by(db, where, person, now=context.clock())
    return Touched(
        count=len(touched),
        limit=MAX_AT_ONCE,
        total=count_items(db, waiting_of(where, person)),
        settled=settled_in(db, where, person),
        listing_ids=[item.listing_id for item in touched],
        seen=digest_of(touched),
    )


@api.post("/bulk", responses=refusals(404, 409))
def post_verdicts(
    db: TheDatabase, context: TheContext, where: TheList, person: TheReviewer, verdict: BulkVerdict
) -> Done:
    """Give one verdict on every listing that the get_preview named, or on none."""
    return Done(count=decide_listed(db, where, verdict, person, now=context.clock()))


@api.post("/assign", responses=refusals(409))
def post_assignee(
    db: TheDatabase, context: TheContext, where: TheList, person: TheLead, wanted: BulkAssignment
) -> Done:
    """Assign every listing that the get_preview named to somebody, or none."""
    count = assign_listed(db, where, wanted.seen, wanted.assignee, person, now=context.clock())
    return Done(count=count)
