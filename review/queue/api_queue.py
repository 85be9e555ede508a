"""The queue as the model leaves it: what is flagged and unjudged.

`review.queue.api_items` filters and sorts.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from review.accounts.people import TheLead  # noqa: TC001 (so)
from review.queue.lists import MAX_PAGE
from review.web.answers import refusals
from review.web.desk import TheDatabase  # noqa: TC001 (FastAPI reads it)
from store.model import QueueEntry  # noqa: TC001 (pydantic reads the annotations)
from store.review.queue import count_queue, review_queue

router = APIRouter(prefix="/api/queue", tags=["review"])

MAX_LIMIT = 200


class Queue(BaseModel):
    """A stretch of the queue, most likely offers first."""

    total: int
    listings: list[QueueEntry]


@router.get("", responses=refusals())
def list_queue(
    db: TheDatabase,
    person: TheLead,  # noqa: ARG001 (scores stand here that reviewers are not to see before they decide)
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
    offset: Annotated[int, Query(ge=0, le=MAX_PAGE)] = 0,
) -> Queue:
    """Return what waits for a verdict with its scores, also those that are hidden from reviewers."""
    entries = review_queue(db, limit=limit, offset=offset)
    return Queue(total=count_queue(db), listings=entries)
