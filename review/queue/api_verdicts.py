"""Verdicts: given, taken back, given again."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (pydantic reads the annotations)

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from review.accounts.people import TheReviewer  # noqa: TC001 (so)
from review.queue.decide import NewVerdict, give, redo, undo
from review.web.answers import refusals
from review.web.desk import TheDatabase, TheDesk  # noqa: TC001 (FastAPI reads them)
from review.web.records import RowNumber  # noqa: TC001 (so)
from store.model import Decision, ReasonCode, Stage  # noqa: TC001 (so)

router = APIRouter(prefix="/api/verdicts", tags=["review"])


class GivenVerdict(BaseModel):
    """A verdict as it was written."""

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


@router.post("", status_code=201, responses=refusals(404, 409))
def add_verdict(db: TheDatabase, desk: TheDesk, person: TheReviewer, verdict: NewVerdict) -> GivenVerdict:
    """Write a verdict about a listing as it was shown; not if it changed since, or another has it open."""
    return GivenVerdict.model_validate(give(db, verdict, person, now=desk.clock()))


@router.post("/{verdict_id}/undo", status_code=201, responses=refusals(404, 409))
def undo_verdict(db: TheDatabase, desk: TheDesk, person: TheReviewer, verdict_id: RowNumber) -> GivenVerdict:
    """Take a verdict back, by a new one that names it; another's only as a lead."""
    return GivenVerdict.model_validate(undo(db, verdict_id, person, now=desk.clock()))


@router.post("/{verdict_id}/redo", status_code=201, responses=refusals(404, 409))
def redo_verdict(db: TheDatabase, desk: TheDesk, person: TheReviewer, verdict_id: RowNumber) -> GivenVerdict:
    """Give one's own verdict, which was taken back, once more."""
    return GivenVerdict.model_validate(redo(db, verdict_id, person, now=desk.clock()))
