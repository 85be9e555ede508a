"""The first page of the queue, and verdicts: given, taken back and given again, as pages and as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from review.listing.item_page import Message, answer_item, around_item, said_of
from review.queue.lists import TheList, address_after_verdict, read_list
from review.web.dependencies import (
    TheContext,
    TheDatabase,
    TheReviewer,
    TheViewer,
    answer_page,
    context_of,
    go,
    with_done,
)
from review.web.errors import RoleTooLow, status_of
from review.web.fields import (
    MAX_ROW,
    DraftForm,
    Given,
    Moment,
    OrEmpty,
    RowId,
    refusals,
)
from review.web.languages import spoken
from store.accounts.users import Role
from store.database import transaction
from store.model import Decision, ReasonCode, Stage
from store.review import workspace
from store.review.queue import place_of
from store.review.statistics import count_listings
from store.review.verdicts import (
    Circumstances,
    ReasonUnfit,
    StaleScreen,
    get_verdict,
    give_verdict,
    listing_of,
    redo_verdict,
    undo_verdict,
)
from store.review.workspace import HeldByAnother, claim_of, release
from store.scores.scores import model_in_use

if TYPE_CHECKING:
    from review.web.dependencies import Person
    from store.database import Database
    from store.model import Verdict


pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@pages.get("/")
def show_list(
    request: Request,
    db: TheDatabase,
    where: TheList,
    person: TheViewer,
    done: str = "",
    count: Annotated[int, Query(ge=0, le=MAX_ROW)] = 0,
) -> Response:
    """Show the list and its first listing, or say that nothing waits."""
    now = context_of(request).clock()
    page = read_list(db, where, reviewer=person.name)
    held = workspace.claims_on(db, [row.listing_id for row in page.rows], now=now)
    free = [
        row for row in page.rows if row.listing_id not in held or held[row.listing_id].reviewer == person.name
    ]
    if page.rows:
        first = (free or page.rows)[0].listing_id
        said = Message(said=said_of(done, count))
        return answer_item(request, db, person, page.where, first, said, page=page)
    shown = {"said": said_of(done, count), "known": count_listings(db), "model": model_in_use(db)}
    return answer_page(request, "empty.html", shown | around_item(request, db, person, page))


@pages.post("/listings/{listing_id}/verdict")
def take_verdict(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    where: TheList,
    person: TheReviewer,
    listing_id: str,
    draft: Annotated[Draft, Form()],
) -> Response:
    """Write a verdict and show the next listing; if the verdict is refused, keep the draft."""
    now = context.clock()
    place = place_of(db, listing_id, where.wanted, where.sort)
    try:
        give(db, draft, person, now=now)
    except (StaleScreen, workspace.HeldByAnother, ReasonUnfit) as error:
        refused = Message(warned=spoken(error), draft=draft.as_kept(), status=status_of(error))
        return answer_item(request, db, person, where, listing_id, refused)
    return go(address_after_verdict(db, where, listing_id, place, reviewer=person.name, now=now))


@pages.post("/verdicts/{verdict_id}/undo")
def take_back(
    db: TheDatabase, context: TheContext, where: TheList, person: TheReviewer, verdict_id: RowId
) -> Response:
    """Undo a verdict and show its listing again; only a lead may undo another's."""
    undone = undo(db, verdict_id, person, now=context.clock())
    return go(with_done(where.address(undone.listing_id), "undone"))


@pages.post("/verdicts/{verdict_id}/redo")
def give_again(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    where: TheList,
    person: TheReviewer,
    verdict_id: RowId,
) -> Response:
    """Give an undone verdict again, and show its listing."""
    verdict = get_verdict(db, verdict_id)
    try:
        redo(db, verdict_id, person, now=context.clock())
    except StaleScreen as error:
        refused = Message(warned=spoken(error), status=409)
        return answer_item(request, db, person, where, verdict.listing_id, refused)
    return go(with_done(where.address(verdict.listing_id), "redone"))


api = APIRouter(prefix="/api/verdicts", tags=["review"])


class GivenVerdict(BaseModel):
    """A stored verdict."""

    model_config = ConfigDict(from_attributes=True)

    verdict_id: int
    listing_id: str
    sighting_id: int
    score_id: int | None
    decision: Decision
    reason_code: ReasonCode | None
    note: str
    reviewer: str
    decided_at: datetime
    undoes: int | None
    stage: Stage
    answers: int | None
    """Of a second or settling one: the first verdict."""
    substance: str


@api.post("", status_code=201, responses=refusals(404, 409))
def post_verdict(
    db: TheDatabase, context: TheContext, person: TheReviewer, verdict: NewVerdict
) -> GivenVerdict:
    """Write a verdict, unless the listing has changed since it was shown or somebody else has it open."""
    return GivenVerdict.model_validate(give(db, verdict, person, now=context.clock()))


@api.post("/{verdict_id}/undo", status_code=201, responses=refusals(404, 409))
def post_undo(db: TheDatabase, context: TheContext, person: TheReviewer, verdict_id: RowId) -> GivenVerdict:
    """Undo a verdict by a new one that names it; only a lead may undo another's."""
    return GivenVerdict.model_validate(undo(db, verdict_id, person, now=context.clock()))


@api.post("/{verdict_id}/redo", status_code=201, responses=refusals(404, 409))
def post_redo(db: TheDatabase, context: TheContext, person: TheReviewer, verdict_id: RowId) -> GivenVerdict:
    """Give one's own undone verdict again."""
    return GivenVerdict.model_validate(redo(db, verdict_id, person, now=context.clock()))


class NewVerdict(DraftForm):
    """A verdict, and the sighting and score on the screen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sighting_id: RowId
    """The sighting that was shown; a later one makes the screen stale."""
    score_id: OrEmpty[RowId] = None
    """The score that was shown; None when the listing had none."""
    decision: Given


class Draft(NewVerdict):
    """A verdict from the page's form."""

    form_token: str = ""
    """Checked by `review.web.forms` before."""
    last_verdict: Annotated[int, Field(ge=0, le=MAX_ROW)] = 0
    """The newest verdict on the listing when the page was made."""
    shown_at: OrEmpty[Moment] = None
    score_hidden: bool = False


def give(db: Database, verdict: NewVerdict, person: Person, *, now: datetime) -> Verdict:
    """Write a verdict, unless the listing has changed since the reviewer saw it.

    Raises:
        UnknownRow: If there is no such sighting.
        StaleScreen: If the listing has been seen, scored or judged otherwise since.
        HeldByAnother: If it is on somebody else's screen.
    """
    with transaction(db):
        listing_id = listing_of(db, verdict.sighting_id)
        held = claim_of(db, listing_id, now=now)
        if held and held.reviewer != person.name:
            raise HeldByAnother(held)
        given = give_verdict(
            db,
            verdict.sighting_id,
            verdict.decision,
            score_id=verdict.score_id,
            reason_code=verdict.reason_code,
            note=verdict.note.strip(),
            reviewer=person.name,
            circumstances=_circumstances(verdict, person),
            now=now,
        )
        release(db, listing_id, reviewer=person.name)
    return given


def undo(db: Database, verdict_id: int, person: Person, *, now: datetime) -> Verdict:
    """Undo a verdict; only a lead may undo another's.

    Raises:
        UnknownRow: If there is no such verdict.
        RoleTooLow: If it is somebody else's.
        AlreadyUndone: If it was taken back before.
    """
    if get_verdict(db, verdict_id).reviewer != person.name and not person.may(Role.LEAD):
        raise RoleTooLow(person.name, person.user.role, Role.LEAD)
    return undo_verdict(db, verdict_id, reviewer=person.name, origin=person.origin, now=now)


def redo(db: Database, verdict_id: int, person: Person, *, now: datetime) -> Verdict:
    """Give one's own undone verdict again.

    Raises:
        UnknownRow: If there is no such verdict.
        RoleTooLow: If it is somebody else's.
        StaleScreen: If the listing has been seen, scored or judged otherwise since.
    """
    if get_verdict(db, verdict_id).reviewer != person.name:
        raise RoleTooLow(person.name, person.user.role, Role.LEAD)
    return redo_verdict(db, verdict_id, reviewer=person.name, origin=person.origin, now=now)


def _circumstances(verdict: NewVerdict, person: Person) -> Circumstances:
    if not isinstance(verdict, Draft):
        return Circumstances(substance=verdict.substance.strip(), origin=person.origin)
    shown_at = verdict.shown_at if verdict.shown_at and verdict.shown_at.tzinfo else None
    return Circumstances(
        substance=verdict.substance.strip(),
        shown_at=shown_at,
        score_hidden=verdict.score_hidden,
        last_verdict=verdict.last_verdict,
        origin=person.origin,
    )
