"""The pages: the queue beside the item, and the forms on them. They work without JavaScript.

A form that was taken in answers with a redirect, so that reload and Back never send it twice. With
JavaScript htmx follows the same links and forms and swaps the body: there is one set of pages.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from review.accounts.people import TheReviewer, TheViewer  # noqa: TC001 (FastAPI reads them)
from review.listing.inert import make_inert
from review.listing.item_page import Message, answer_item, around_item
from review.queue.decide import Begun, Draft, RowId, give, redo, undo
from review.queue.hiding import veil
from review.queue.lists import TheList, address_after_verdict, read_list
from review.web.desk import TheDatabase, TheDesk, answer_page, desk_of
from review.web.languages import gettext as _
from review.web.languages import spoken
from store.audit import audit
from store.audit.audit import AuditAction
from store.database import transaction
from store.review import claims, related
from store.review.drafts import keep_draft
from store.review.queue import count_listings, listing_file
from store.review.reason_codes import ReasonUnfit
from store.review.review_items import place_of
from store.review.review_settings import review_settings
from store.review.verdicts import StaleScreen, get_verdict
from store.scores.models import model_in_use

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/")
def show_list(request: Request, db: TheDatabase, where: TheList, person: TheViewer) -> Response:
    """Show the list and its first listing, or say that nothing waits."""
    now = desk_of(request).clock()
    page = read_list(db, where, reviewer=person.name)
    held = claims.claims_on(db, [row.listing_id for row in page.rows], now=now)
    free = [
        row for row in page.rows if row.listing_id not in held or held[row.listing_id].reviewer == person.name
    ]
    if page.rows:
        first = (free or page.rows)[0].listing_id
        return answer_item(request, db, person, page.where, first, page=page)
    shown = {"known": count_listings(db), "model": model_in_use(db)}
    return answer_page(request, "empty.html", shown | around_item(request, db, person, page))


@router.get("/listings/{listing_id}")
def show_listing(
    request: Request, db: TheDatabase, where: TheList, person: TheViewer, listing_id: str, done: str = ""
) -> Response:
    """Show one listing beside the list."""
    said = {
        "undone": _("Taken back. The listing waits again; nothing of the first verdict was erased."),
        "redone": _("Given again."),
        "taken": _("It is yours now."),
        "filed": _("Written into the case."),
        "assigned": _("Assigned."),
    }.get(done, "")
    return answer_item(request, db, person, where, listing_id, Message(said=said))


@router.post("/listings/{listing_id}/verdict")
def take_verdict(
    request: Request,
    db: TheDatabase,
    desk: TheDesk,
    where: TheList,
    person: TheReviewer,
    listing_id: str,
    draft: Annotated[Draft, Form()],
) -> Response:
    """Write a verdict and go on to the next listing; refuse it, nothing lost, if it cannot be meant so."""
    now = desk.clock()
    place = place_of(db, listing_id, where.wanted, where.sort)
    try:
        give(db, draft, person, now=now)
    except (StaleScreen, claims.HeldByAnother, ReasonUnfit) as error:
        status = 422 if isinstance(error, ReasonUnfit) else 409
        refused = Message(warned=spoken(error), draft=draft, status=status)
        return answer_item(request, db, person, where, listing_id, refused)
    return go(address_after_verdict(db, where, listing_id, place, reviewer=person.name, now=now))


@router.post("/verdicts/{verdict_id}/undo")
def take_back(
    db: TheDatabase, desk: TheDesk, where: TheList, person: TheReviewer, verdict_id: RowId
) -> Response:
    """Take a verdict back and show its listing again; another's only for a lead."""
    undone = undo(db, verdict_id, person, now=desk.clock())
    return go(with_done(where.address(undone.listing_id), "undone"))


@router.post("/verdicts/{verdict_id}/redo")
def give_again(
    request: Request,
    db: TheDatabase,
    desk: TheDesk,
    where: TheList,
    person: TheReviewer,
    verdict_id: RowId,
) -> Response:
    """Give a verdict that was taken back once more, and show its listing."""
    verdict = get_verdict(db, verdict_id)
    try:
        redo(db, verdict_id, person, now=desk.clock())
    except StaleScreen as error:
        refused = Message(warned=spoken(error), status=409)
        return answer_item(request, db, person, where, verdict.listing_id, refused)
    return go(with_done(where.address(verdict.listing_id), "redone"))


@router.post("/listings/{listing_id}/draft", status_code=204)
def take_draft(
    db: TheDatabase,
    desk: TheDesk,
    person: TheReviewer,
    listing_id: str,
    begun: Annotated[Begun, Form()],
) -> Response:
    """Keep what was written beside a listing, so that a reload loses nothing."""
    keep_draft(db, listing_id, person.name, begun.as_kept(), now=desk.clock())
    return Response(status_code=204)


@router.post("/listings/{listing_id}/claim")
def take_over(
    db: TheDatabase, desk: TheDesk, where: TheList, person: TheReviewer, listing_id: str
) -> Response:
    """Take over a listing that somebody else has open; the log says so."""
    now = desk.clock()
    file = listing_file(db, listing_id)
    with transaction(db):
        held = claims.claim_of(db, listing_id, now=now)
        lasts = timedelta(minutes=review_settings(db).claim_minutes)
        claims.claim(db, listing_id, reviewer=person.name, lasts=lasts, now=now, take_over=True)
        audit.record(
            db,
            AuditAction.CLAIMED,
            actor=person.name,
            origin=person.origin,
            subject=f"listing:{file.listing.listing_id}",
            details={"from": held.reviewer if held else None},
            now=now,
        )
    return go(with_done(where.address(listing_id), "taken"))


@router.get("/listings/{listing_id}/near")
def show_near(request: Request, db: TheDatabase, person: TheViewer, listing_id: str) -> Response:
    """Show listings that say nearly the same, as a piece of the item's page."""
    newest = listing_file(db, listing_id).sightings[0]
    near = veil(db, related.near_duplicates(db, newest), person.name, listing_id)
    return answer_page(request, "near.html", {"near": near})


@router.get("/listings/{listing_id}/page")
def show_kept_page(
    request: Request, db: TheDatabase, desk: TheDesk, where: TheList, person: TheViewer, listing_id: str
) -> Response:
    """Show the page as it is kept, made harmless, in a frame without any rights."""
    file = listing_file(db, listing_id)
    newest = file.sightings[0]
    kept = desk.reference.page(db, newest.page_id)
    audit.record(
        db,
        AuditAction.PAGE_VIEWED,
        actor=person.name,
        origin=person.origin,
        subject=f"listing:{listing_id}",
        details={"page_id": newest.page_id, "evidence_sha256": file.payload_sha256},
        now=desk.clock(),
    )
    shown = {
        "file": file,
        "back": where.address(listing_id),
        "inert": make_inert(kept.html) if kept else "",
        "sha256": kept.sha256 if kept else "",
    }
    return answer_page(request, "kept_page.html", shown)


def go(address: str) -> RedirectResponse:
    """Answer a form that was taken in."""
    return RedirectResponse(address, status_code=303)


def with_done(address: str, done: str) -> str:
    """Return the address with a word by which the next page says what was done."""
    return f"{address}{'&' if '?' in address else '?'}done={done}"
