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
    """The list has changed since its preview."""

    def __init__(self) -> None:
        super().__init__(
            N_("The list has changed since it was shown, so nothing was written. Check it again.")
        )


MAX_AT_ONCE = 500
"""The most listings of one bulk verdict; the first of the list, most likely offers first."""

SHOWN = 50
"""The most listings that the preview shows."""


class BulkVerdict(BaseModel):
    """One verdict for a whole list."""

    decision: Given
    seen: str = Field(max_length=64)
    """The digest of the previewed listings."""
    reason_code: Reason = None
    note: Note = ""


@pages.get("/bulk")
def preview(
    request: Request, db: TheDatabase, context: TheContext, where: TheList, person: TheReviewer
) -> Response:
    """Show the listings that a bulk verdict would decide."""
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
    """Give one verdict on every previewed listing; if the list has changed, show the preview again."""
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
    """Assign every previewed listing."""
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
    """Assign one listing; an empty name removes the assignment."""
    file = listing_file(db, listing_id)
    assign_to(db, [file.listing.listing_id], assignee, person, context.clock())
    return go(with_done(where.address(listing_id), "assigned"))


def decide_listed(db: Database, where: Where, form: BulkVerdict, person: Person, *, now: datetime) -> int:
    """Give one verdict on all previewed listings, or on none; return their number.

    Raises:
        ListChanged: If the list is no longer what the preview showed.
        ReasonUnfit: If the reason contradicts the decision.
    """
    with transaction(db):
        touched = _touched_as_seen(db, where, form.seen, person, now=now)
        check_reason(form.decision, form.reason_code)
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
    """Assign all previewed listings, or none; return their number.

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
            person.log(
                db, AuditAction.ASSIGNED, f"listing:{listing_id}", {"assignee": assignee.strip()}, now=now
            )


def waiting_of(where: Where, person: Person) -> Filter:
    """Return the filter of the listings in a list that wait for this person.

    Decided and disputed listings are judged one by one, by somebody who sees the verdicts.
    """
    return replace(where.wanted, reviewer=person.name, is_open=True)


def touched_by(db: Database, where: Where, person: Person, *, now: datetime) -> list[ListedItem]:
    """Return the waiting listings of a list that nobody else has open."""
    found = list_items(db, waiting_of(where, person), limit=MAX_AT_ONCE)
    held = workspace.claims_on(db, [item.listing_id for item in found], now=now)
    others = {listing_id for listing_id, claim in held.items() if claim.reviewer != person.name}
    return [item for item in found if item.listing_id not in others]


def settled_in(db: Database, where: Where, person: Person) -> int:
    """Return the number of listings in a list that do not wait for this person."""
    return count_settled(db, replace(where.wanted, reviewer=person.name))


def digest_of(touched: list[ListedItem]) -> str:
    """Return a digest of the previewed listings, which the form sends back."""
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
    """The listings that a bulk verdict would decide."""

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
    """The assignee of a whole list; an empty name removes the assignments."""

    model_config = ConfigDict(extra="forbid")

    seen: Annotated[str, Field(max_length=64)]
    assignee: Annotated[str, Field(max_length=64)] = ""


class Done(BaseModel):
    """The number of changed listings."""

    count: int


@api.get("/bulk", responses=refusals())
def get_preview(db: TheDatabase, context: TheContext, where: TheList, person: TheReviewer) -> Touched:
    """Return the listings that a bulk verdict would decide."""
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
