"""The JSON API: the queue, one listing whole, and a verdict. Described at `/openapi.json`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime  # noqa: TC003 (pydantic reads the annotations)
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel, ConfigDict

from listings.model import Decision, QueueEntry, ReasonCode  # noqa: TC001 (so)
from listings.queue import count_queue, listing_file, review_queue
from review.decide import NewVerdict, give
from review.desk import TheDatabase, TheDesk  # noqa: TC001 (FastAPI reads them)
from review.lists import MAX_PAGE
from review.safety import check_same_origin

router = APIRouter(prefix="/api", tags=["review"])

MAX_LIMIT = 200


class Queue(BaseModel):
    """A stretch of the queue, most likely offers first."""

    total: int
    listings: list[QueueEntry]


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


class Problem(BaseModel):
    """Why a request was refused, in one sentence."""

    detail: str


_UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}
_REFUSED: dict[int | str, dict[str, Any]] = {status: {"model": Problem} for status in (403, 404, 409)}


@router.get("/queue")
def list_queue(
    db: TheDatabase,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
    offset: Annotated[int, Query(ge=0, le=MAX_PAGE)] = 0,
) -> Queue:
    """Return what waits for a verdict."""
    entries = review_queue(db, limit=limit, offset=offset)
    return Queue(total=count_queue(db), listings=entries)


@router.get("/listings/{listing_id}", responses=_UNKNOWN)
def get_listing(db: TheDatabase, listing_id: str) -> dict[str, Any]:
    """Return everything kept about one listing: sightings, score with reasons, verdicts, evidence."""
    whole: dict[str, Any] = jsonable_encoder(asdict(listing_file(db, listing_id)))
    return whole


@router.post("/verdicts", status_code=201, responses=_REFUSED)
def add_verdict(request: Request, db: TheDatabase, desk: TheDesk, verdict: NewVerdict) -> GivenVerdict:
    """Write a verdict. The Origin header must name this app, and the body must be application/json."""
    check_same_origin(request)
    given = give(db, verdict, reviewer=desk.reviewer, now=desk.clock())
    return GivenVerdict.model_validate(given)
