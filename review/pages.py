"""The pages: the queue beside the item, and the forms on them. They work without JavaScript.

A form that was taken in answers with a redirect, so that reload and Back never send it twice. With
JavaScript htmx follows the same links and forms and swaps the body: there is one set of pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from listings.models import model_in_use
from listings.queue import count_listings, listing_file
from listings.verdicts import StaleScreen, latest_undoable, undo_verdict
from review.decide import Draft, RowId, give
from review.desk import TheDatabase, TheDesk, answer_page, desk_of
from review.errors import FormExpired
from review.items import read_item
from review.lists import MAX_PAGE, Where, address_after_verdict, read_list
from review.progress import done_today

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
def show_list(request: Request, db: TheDatabase, where: TheList) -> Response:
    """Show the list and its first listing, or say that nothing waits."""
    rows = read_list(db, where)
    if rows.rows:
        return _answer_item(request, db, rows.where, rows.rows[0].listing_id)
    shown = _around(request, db, rows) | {"known": count_listings(db), "model": model_in_use(db)}
    return answer_page(request, "empty.html", shown)


@router.get("/listings/{listing_id}")
def show_listing(
    request: Request, db: TheDatabase, where: TheList, listing_id: str, undone: RowId | None = None
) -> Response:
    """Show one listing beside the list."""
    said = "Taken back. The listing waits again; nothing of the first verdict was erased." if undone else ""
    return _answer_item(request, db, where, listing_id, said=said)


@router.post("/listings/{listing_id}/verdict")
def take_verdict(
    request: Request,
    db: TheDatabase,
    desk: TheDesk,
    where: TheList,
    listing_id: str,
    draft: Annotated[Draft, Form()],
) -> Response:
    """Write a verdict and go on to the next listing; refuse it, nothing lost, if the screen was stale."""
    try:
        desk.tokens.check(request, draft.form_token)
        give(db, draft, reviewer=desk.reviewer, now=desk.clock())
    except FormExpired as error:
        return _answer_item(request, db, where, listing_id, warned=str(error), draft=draft, status=403)
    except StaleScreen as error:
        return _answer_item(request, db, where, listing_id, warned=str(error), draft=draft, status=409)
    return _go(address_after_verdict(db, where, listing_file(db, listing_id)))


@router.post("/verdicts/{verdict_id}/undo")
def take_back(
    request: Request,
    db: TheDatabase,
    desk: TheDesk,
    where: TheList,
    verdict_id: RowId,
    form_token: Annotated[str, Form()] = "",
) -> Response:
    """Take a verdict back and show its listing again."""
    desk.tokens.check(request, form_token)
    undo = undo_verdict(db, verdict_id, reviewer=desk.reviewer, now=desk.clock())
    address = where.address(undo.listing_id)
    return _go(f"{address}{'&' if '?' in address else '?'}undone={verdict_id}")


def _answer_item(
    request: Request,
    db: Database,
    where: Where,
    listing_id: str,
    *,
    said: str = "",
    warned: str = "",
    draft: Draft | None = None,
    status: int = 200,
) -> Response:
    item = read_item(listing_file(db, listing_id))
    shown = {"item": item, "said": said, "warned": warned, "draft": draft}
    return answer_page(
        request, "item.html", shown | _around(request, db, read_list(db, where)), status=status
    )


def _around(request: Request, db: Database, rows: ListPage) -> dict[str, object]:
    """Return what stands around the item on every page."""
    desk = desk_of(request)
    return {
        "list": rows,
        "done_today": done_today(db, desk.reviewer, desk.clock()),
        "last": _last_verdict(db, desk.reviewer),
    }


def _last_verdict(db: Database, reviewer: str) -> LastVerdict | None:
    verdict = latest_undoable(db, reviewer)
    if verdict is None:
        return None
    seen = listing_file(db, verdict.listing_id).sightings[0]
    return LastVerdict(verdict=verdict, title=seen.content.title)


def _go(address: str) -> RedirectResponse:
    return RedirectResponse(address, status_code=303)
