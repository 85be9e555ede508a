"""The queue, one listing whole, and a verdict."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime  # noqa: TC003 (pydantic reads the annotations)
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel, ConfigDict

from listings import audit
from listings.model import Decision, QueueEntry, ReasonCode  # noqa: TC001 (so)
from listings.queue import count_queue, listing_file, review_queue
from review.api.answers import refusals
from review.decide import NewVerdict, give
from review.desk import TheDatabase, TheDesk  # noqa: TC001 (FastAPI reads them)
from review.lists import MAX_PAGE
from review.security.people import TheReviewer, TheViewer  # noqa: TC001 (so)

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


@router.get("/queue", responses=refusals())
def list_queue(
    db: TheDatabase,
    person: TheViewer,  # noqa: ARG001 (who asks must be logged in)
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
    offset: Annotated[int, Query(ge=0, le=MAX_PAGE)] = 0,
) -> Queue:
    """Return what waits for a verdict."""
    entries = review_queue(db, limit=limit, offset=offset)
    return Queue(total=count_queue(db), listings=entries)


@router.get("/listings/{listing_id}", responses=refusals(404))
def get_listing(db: TheDatabase, desk: TheDesk, person: TheViewer, listing_id: str) -> dict[str, Any]:
    """Return everything kept about one listing: sightings, score with reasons, verdicts, evidence."""
    file = listing_file(db, listing_id)
    audit.record_view(
        db,
        sighting_id=file.sightings[0].sighting_id,
        score_id=file.score_id,
        actor=person.name,
        origin=person.origin,
        now=desk.clock(),
    )
    whole: dict[str, Any] = jsonable_encoder(asdict(file))
    return whole


@router.post("/verdicts", status_code=201, responses=refusals(404, 409))
def add_verdict(db: TheDatabase, desk: TheDesk, person: TheReviewer, verdict: NewVerdict) -> GivenVerdict:
    """Write a verdict about a listing as it was shown."""
    return GivenVerdict.model_validate(give(db, verdict, person, now=desk.clock()))
