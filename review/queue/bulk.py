"""Change several listings at once: a preview with boxes, then one verdict, assignee or case."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from review.queue.blinding import hidden_from, hides_verdicts
from review.queue.lists import Selection, TheList
from review.web.dependencies import (
    Person,
    TheContext,
    TheDatabase,
    TheLead,
    TheReviewer,
    answer_page,
    case_for,
    go,
    open_cases_for,
    with_done,
)
from review.web.errors import ReviewError, RoleTooLow, status_of
from review.web.fields import Given, Note, OrEmpty, Reason, RowId, refusals
from review.web.languages import N_, spoken
from store.accounts.users import Role, get_user, list_users
from store.audit.audit import AuditAction
from store.database import transaction
from store.review import workspace
from store.review.cases import holds_version, write_entry
from store.review.item_query import Filter
from store.review.listings import listing_file
from store.review.queue import ListedItem, count_items, count_settled, list_items, other_items
from store.review.verdicts import (
    Circumstances,
    ReasonUnfit,
    check_reason,
    give_verdict,
    standing_in_batch,
    undo_verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from review.web.dependencies import AppContext
    from store.database import Database


pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
api = APIRouter(prefix="/api/items", tags=["review"])


class ListChanged(ReviewError):
    """The list has changed since its preview."""

    def __init__(self) -> None:
        super().__init__(
            N_("The list has changed since it was shown, so nothing was written. Check it again.")
        )


MAX_AT_ONCE = 200
"""The most listings of one preview, each shown with its box; the first of the list."""

MAX_OTHERS = 100
"""The most listings of a preview that do not wait, and can only be filed or assigned."""


class BulkVerdict(BaseModel):
    """One verdict for a whole list, or for some of it."""

    decision: Given
    seen: str = Field(max_length=64)
    """The digest of the previewed listings."""
    reason_code: Reason = None
    note: Note = ""
    listing_ids: list[str] | None = None
    """The previewed listings that get the verdict; None for all."""


class NothingTicked(ReviewError):
    """No listing of the preview was ticked, or no verdict was chosen."""

    status = 422


class Done(BaseModel):
    """The number of changed listings."""

    count: int
    batch: str = ""
    """The id to undo it by."""


@pages.get("/bulk")
def preview(
    request: Request, db: TheDatabase, context: TheContext, where: TheList, person: TheReviewer
) -> Response:
    """Show the listings of a list with boxes to tick."""
    return _answer_preview(request, db, where, person, now=context.clock())


class Deed(BaseModel):
    """The form of the preview: the change of the ticked listings."""

    seen: str = Field(max_length=64)
    listing_id: list[str] = Field(default=[], max_length=MAX_AT_ONCE + MAX_OTHERS)
    decision: OrEmpty[Given] = None
    reason_code: Reason = None
    note: Note = ""
    case_id: OrEmpty[RowId] = None
    assignee: str = Field(default="", max_length=64)


@pages.post("/bulk")
def decide_all(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    where: TheList,
    person: TheReviewer,
    deed: Annotated[Deed, Form()],
) -> Response:
    """Give one verdict on every ticked listing; if the list has changed, show the preview again."""

    def decide() -> Done:
        if deed.decision is None:
            raise NothingTicked(N_("No verdict was chosen, so nothing was written. Choose one."))
        verdict = BulkVerdict(
            decision=deed.decision,
            seen=deed.seen,
            reason_code=deed.reason_code,
            note=deed.note,
            listing_ids=deed.listing_id,
        )
        return decide_listed(db, where, verdict, person, now=context.clock())

    return _answer_deed(request, db, context, where, person, deed, decide, "decided")


@pages.post("/bulk/assign")
def assign_all(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    where: TheList,
    person: TheLead,
    deed: Annotated[Deed, Form()],
) -> Response:
    """Assign every ticked listing."""

    def assign() -> Done:
        ticked, name = deed.listing_id, deed.assignee
        return assign_listed(db, where, deed.seen, name, person, ticked=ticked, now=context.clock())

    done = "all_assigned" if deed.assignee.strip() else "unassigned"
    return _answer_deed(request, db, context, where, person, deed, assign, done)


@pages.post("/bulk/file")
def file_all(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    where: TheList,
    person: TheReviewer,
    deed: Annotated[Deed, Form()],
) -> Response:
    """File every ticked listing in a case; listings that the case holds already stay unchanged."""

    def file() -> Done:
        if deed.case_id is None:
            raise NothingTicked(N_("No case was chosen, so nothing was written. Choose one."))
        return file_listed(db, context, where, deed, deed.case_id, person)

    return _answer_deed(request, db, context, where, person, deed, file, "all_filed")


def _answer_deed(
    request: Request,
    db: Database,
    context: AppContext,
    where: Selection,
    person: Person,
    deed: Deed,
    work: Callable[[], Done],
    done: str,
) -> Response:
    """Do the work and show the list, or show the preview as it is now, with the boxes as they were ticked."""
    try:
        return go(with_done(where.address(), done, work().count))
    except (ListChanged, ReasonUnfit, NothingTicked) as error:
        return _answer_preview(
            request,
            db,
            where,
            person,
            now=context.clock(),
            warned=spoken(error),
            status=status_of(error),
            ticked=deed.listing_id,
        )


@pages.post("/batches/{batch}/undo")
def take_back_all(
    db: TheDatabase, context: TheContext, where: TheList, person: TheReviewer, batch: str
) -> Response:
    """Undo the standing part of a batch; only a lead may undo another person's batch."""
    kind, count = undo_listed(db, batch, person, now=context.clock())
    done = {"verdict": "all_undone", "assign": "assigned_back", "file": "taken_out"}[kind]
    return go(with_done(where.address(), done, count))


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


def decide_listed(
    db: Database, where: Selection, form: BulkVerdict, person: Person, *, now: datetime
) -> Done:
    """Give one verdict on all previewed listings, or the chosen ones, or on none.

    Raises:
        ListChanged: If the list is no longer what the preview showed.
        NothingTicked: If none of them was chosen.
        ReasonUnfit: If the reason contradicts the decision.
    """
    with transaction(db):
        waiting, _others = _listed_as_seen(db, where, form.seen, person, now=now)
        chosen = _chosen(waiting, form.listing_ids)
        check_reason(form.decision, form.reason_code)
        circumstances = Circumstances(batch=secrets.token_hex(8), origin=person.origin)
        for item in chosen:
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
    return Done(batch=circumstances.batch, count=len(chosen))


def undo_listed(db: Database, batch: str, person: Person, *, now: datetime) -> tuple[str, int]:
    """Undo the standing part of a batch, or nothing; return its kind and the number of listings.

    Verdicts are undone, listings go back to whom they were assigned before, and filed listings are taken out
    of the case. What somebody has changed since stays.

    Raises:
        UnknownRow: If there is no such batch.
        RoleTooLow: If the batch is somebody else's.
    """
    with transaction(db):
        found = workspace.find_batch(db, batch)
        given = [] if found else standing_in_batch(db, batch)
        doers = {found.done_by} if found else {each.reviewer for each in given}
        if doers - {person.name} and not person.may(Role.LEAD):
            raise RoleTooLow(person.name, person.user.role, Role.LEAD)
        for verdict in given:
            undo_verdict(db, verdict.verdict_id, reviewer=person.name, origin=person.origin, now=now)
        if found is None:
            return "verdict", len(given)
        if found.undone_at:
            return found.kind, 0
        workspace.record_batch_undo(db, batch, undone_by=person.name, now=now)
        undo = _assign_back if found.kind == "assign" else _take_out
        return found.kind, sum(undo(db, each, person, now) for each in found.details)


def _assign_back(db: Database, done: Mapping[str, Any], person: Person, now: datetime) -> bool:
    """Assign a listing to whom it was assigned before, unless somebody has assigned it since."""
    if workspace.assignee_of(db, done["listing_id"]) != done["assignee"]:
        return False
    workspace.assign(db, [done["listing_id"]], done["before"], assigned_by=person.name, now=now)
    subject = f"listing:{done['listing_id']}"
    person.log(db, AuditAction.ASSIGNED, subject, {"assignee": done["before"], "undone": True}, now=now)
    return True


def _take_out(db: Database, done: Mapping[str, Any], person: Person, now: datetime) -> bool:
    """Take a filed listing out of its case, unless the case held an earlier version or holds it no longer."""
    case_id, listing_id = done["case_id"], done["listing_id"]
    if done["was_held"] or listing_id not in case_for(db, case_id, person, now=now).listings:
        return False
    write_entry(db, case_id, "listing_removed", listing_id=listing_id, written_by=person.name, now=now)
    said = {"kind": "listing_removed", "listing_id": listing_id, "undone": True}
    person.log(db, AuditAction.CASE_CHANGED, f"case:{case_id}", said, now=now)
    return True


def assign_listed(
    db: Database,
    where: Selection,
    seen: str,
    assignee: str,
    person: Person,
    *,
    ticked: list[str] | None = None,
    now: datetime,
) -> Done:
    """Assign all previewed listings that wait, or the ticked ones, or none.

    Raises:
        ListChanged: If the list is no longer what the preview showed.
        NothingTicked: If none of them was ticked.
    """
    with transaction(db):
        waiting, others = _listed_as_seen(db, where, seen, person, now=now)
        chosen = waiting if ticked is None else _chosen([*waiting, *others], ticked)
        name = assignee.strip()
        details = [
            {"listing_id": item.listing_id, "assignee": name, "before": item.assignee} for item in chosen
        ]
        assign_to(db, [item.listing_id for item in chosen], name, person, now)
        batch = workspace.record_batch(db, "assign", details, done_by=person.name, now=now)
    return Done(batch=batch, count=len(chosen))


def file_listed(
    db: Database, context: AppContext, where: Selection, deed: Deed, case_id: int, person: Person
) -> Done:
    """File the ticked listings in a case, or none; count the listings or versions new to the case.

    Raises:
        ListChanged: If the list is no longer what the preview showed.
        NothingTicked: If none of them was ticked.
        CaseRefused: If the case is closed.
    """
    now, details = context.clock(), []
    with transaction(db):
        held = case_for(db, case_id, person, now=now).listings
        waiting, others = _listed_as_seen(db, where, deed.seen, person, now=now)
        for item in _chosen([*waiting, *others], deed.listing_id):
            if holds_version(db, case_id, item.listing_id, item.sighting_id):
                continue
            listing_id, law = item.listing_id, context.reference.law(item.substances)
            write_entry(
                db, case_id, "listing", listing_id=listing_id, law=law, written_by=person.name, now=now
            )
            said = {"kind": "listing", "listing_id": listing_id}
            person.log(db, AuditAction.CASE_CHANGED, f"case:{case_id}", said, now=now)
            details.append({"listing_id": listing_id, "case_id": case_id, "was_held": listing_id in held})
        batch = workspace.record_batch(db, "file", details, done_by=person.name, now=now)
    return Done(batch=batch, count=len(details))


def _chosen(listed: list[ListedItem], ticked: list[str] | None) -> list[ListedItem]:
    chosen = listed if ticked is None else [item for item in listed if item.listing_id in set(ticked)]
    if not chosen and ticked is not None:
        raise NothingTicked(N_("No listing was ticked, so nothing was written. Tick at least one."))
    return chosen


def _listed_as_seen(
    db: Database, where: Selection, seen: str, person: Person, *, now: datetime
) -> tuple[list[ListedItem], list[ListedItem]]:
    waiting = touched_by(db, where, person, now=now)
    if digest_of(waiting) != seen:
        raise ListChanged
    return waiting, others_in(db, where, waiting)


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


def waiting_of(where: Selection, person: Person) -> Filter:
    """Return the filter of the listings in a list that wait for this person.

    Decided and disputed listings are judged one by one, by somebody who sees the verdicts.
    """
    return replace(where.wanted, reviewer=person.name, is_open=True)


def touched_by(db: Database, where: Selection, person: Person, *, now: datetime) -> list[ListedItem]:
    """Return the waiting listings of a list that nobody else has open."""
    found = list_items(db, waiting_of(where, person), sort=where.sort, limit=MAX_AT_ONCE)
    held = workspace.claims_on(db, [item.listing_id for item in found], now=now)
    others = {listing_id for listing_id, claim in held.items() if claim.reviewer != person.name}
    return [item for item in found if item.listing_id not in others]


def others_in(db: Database, where: Selection, waiting: list[ListedItem]) -> list[ListedItem]:
    """Return the first listings of a list that do not wait for this person or are open elsewhere."""
    known = {item.sighting_id for item in waiting}
    return other_items(db, where.wanted, known, sort=where.sort, limit=MAX_OTHERS)


def settled_in(db: Database, where: Selection, person: Person) -> int:
    """Return the number of listings in a list that do not wait for this person."""
    return count_settled(db, replace(where.wanted, reviewer=person.name))


def digest_of(touched: list[ListedItem]) -> str:
    """Return a digest of the previewed listings, which the form sends back."""
    named = [(item.listing_id, item.sighting_id, item.score_id) for item in touched]
    return hashlib.sha256(repr(named).encode()).hexdigest()


def _answer_preview(
    request: Request,
    db: Database,
    where: Selection,
    person: Person,
    *,
    now: datetime,
    warned: str = "",
    status: int = 200,
    ticked: list[str] | None = None,
) -> Response:
    waiting = touched_by(db, where, person, now=now)
    shown = {
        "where": where,
        "waiting": waiting,
        "others": others_in(db, where, waiting),
        "ticked": None if ticked is None else set(ticked),
        "total": count_items(db, waiting_of(where, person)),
        "settled": settled_in(db, where, person),
        "seen": digest_of(waiting),
        "warned": warned,
        "limit": MAX_AT_ONCE,
        "hides": hidden_from(db, person.name),
        "hides_verdicts": lambda item: hides_verdicts(item, reviewer=person.name),
        "open_cases": open_cases_for(db, person),
        "people": [user.name for user in list_users(db)],
    }
    return answer_page(request, "bulk.html", shown, status=status)


class Touched(BaseModel):
    """The listings that a bulk verdict would decide."""

    count: int
    limit: int
    total: int
    """How many of the list wait for who asks; of a search no more than 1,001."""
    settled: int
    """How many others it holds, decided, disputed or for somebody else's second review: left alone."""
    listing_ids: list[str]
    seen: str
    """To be sent with the verdict: it is refused if the list has changed since."""


class BulkAssignment(BaseModel):
    """The assignee of a whole list; an empty name removes the assignments."""

    model_config = ConfigDict(extra="forbid")

    seen: Annotated[str, Field(max_length=64)]
    assignee: Annotated[str, Field(max_length=64)] = ""


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
    """Give one verdict on every previewed listing, or on the listings of `listing_ids`, or on none."""
    return decide_listed(db, where, verdict, person, now=context.clock())


@api.post("/bulk/{batch}/undo", responses=refusals(404))
def post_undo(db: TheDatabase, context: TheContext, person: TheReviewer, batch: str) -> Done:
    """Undo the standing part of a batch; only a lead may undo another person's batch."""
    return Done(count=undo_listed(db, batch, person, now=context.clock())[1])


@api.post("/assign", responses=refusals(409))
def post_assignee(
    db: TheDatabase, context: TheContext, where: TheList, person: TheLead, wanted: BulkAssignment
) -> Done:
    """Assign every previewed listing to somebody, or none."""
    return assign_listed(db, where, wanted.seen, wanted.assignee, person, now=context.clock())
