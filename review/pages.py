"""The pages: the queue beside the item, and the forms on them. They work without JavaScript.

A form that was taken in answers with a redirect, so that reload and Back never send it twice. With
JavaScript htmx follows the same links and forms and swaps the body: there is one set of pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from listings import audit
from listings.models import model_in_use
from listings.queue import count_listings, listing_file
from listings.verdicts import StaleScreen, latest_undoable, undo_verdict
from review.decide import Draft, RowId, give
from review.desk import TheDatabase, TheDesk, answer_page, desk_of
from review.items import read_item
from review.lists import MAX_PAGE, Where, address_after_verdict, read_list
from review.progress import done_today
from review.security.people import Person, TheReviewer, TheViewer  # noqa: TC001 (FastAPI reads them)

if TYPE_CHECKING:
    from listings.database import Database
    from listings.model import Verdict
    from review.lists import ListPage

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


def where_of(
    page: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 1, q: Annotated[str, Query(max_length=200)] = ""
) -> Where:
    """Return which list the address asks for."""
    return Where(page=page, terms=q.strip())


TheList = Annotated[Where, Depends(where_of)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LastVerdict:
    """The reviewer's newest verdict that can still be undone, for the line above the item."""

    verdict: Verdict
    title: str


@router.get("/")
def show_list(request: Request, db: TheDatabase, where: TheList, person: TheViewer) -> Response:
    """Show the list and its first listing, or say that nothing waits."""
    rows = read_list(db, where)
    if rows.rows:
        return _answer_item(request, db, person, rows.where, rows.rows[0].listing_id)
    shown = _around(request, db, person, rows) | {"known": count_listings(db), "model": model_in_use(db)}
    return answer_page(request, "empty.html", shown)


@router.get("/listings/{listing_id}")
def show_listing(
    request: Request,
    db: TheDatabase,
    where: TheList,
    person: TheViewer,
    listing_id: str,
    undone: RowId | None = None,
) -> Response:
    """Show one listing beside the list."""
    said = "Taken back. The listing waits again; nothing of the first verdict was erased." if undone else ""
    return _answer_item(request, db, person, where, listing_id, said=said)


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
    """Write a verdict and go on to the next listing; refuse it, nothing lost, if the screen was stale."""
    try:
        give(db, draft, person, now=desk.clock())
    except StaleScreen as error:
        return _answer_item(
            request, db, person, where, listing_id, warned=str(error), draft=draft, status=409
        )
    return _go(address_after_verdict(db, where, listing_file(db, listing_id)))


@router.post("/verdicts/{verdict_id}/undo")
def take_back(
    db: TheDatabase,
    desk: TheDesk,
    where: TheList,
    person: TheReviewer,
    verdict_id: RowId,
) -> Response:
    """Take a verdict back and show its listing again."""
    undo = undo_verdict(db, verdict_id, reviewer=person.name, origin=person.origin, now=desk.clock())
    address = where.address(undo.listing_id)
    return _go(f"{address}{'&' if '?' in address else '?'}undone={verdict_id}")


def _answer_item(  # noqa: PLR0913 (what stands on the page)
    request: Request,
    db: Database,
    person: Person,
    where: Where,
    listing_id: str,
    *,
    said: str = "",
    warned: str = "",
    draft: Draft | None = None,
    status: int = 200,
) -> Response:
    item = read_item(listing_file(db, listing_id))
    audit.record_view(
        db,
        sighting_id=item.file.sightings[0].sighting_id,
        score_id=item.file.score_id,
        actor=person.name,
        origin=person.origin,
        now=desk_of(request).clock(),
    )
    shown = {"item": item, "said": said, "warned": warned, "draft": draft}
    around = _around(request, db, person, read_list(db, where))
    return answer_page(request, "item.html", shown | around, status=status)


def _around(request: Request, db: Database, person: Person, rows: ListPage) -> dict[str, object]:
    """Return what stands around the item on every page."""
    return {
        "list": rows,
        "done_today": done_today(db, person.name, desk_of(request).clock()),
        "last": _last_verdict(db, person.name),
    }


def _last_verdict(db: Database, reviewer: str) -> LastVerdict | None:
    verdict = latest_undoable(db, reviewer)
    if verdict is None:
        return None
    seen = listing_file(db, verdict.listing_id).sightings[0]
    return LastVerdict(verdict=verdict, title=seen.content.title)


def _go(address: str) -> RedirectResponse:
    return RedirectResponse(address, status_code=303)
