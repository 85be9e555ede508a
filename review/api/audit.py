"""The audit log, for administrators."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (pydantic reads the annotations)
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from listings.audit import AuditAction, AuditEntry, Via, head, list_entries
from review.api.answers import refusals
from review.decide import MAX_ROW
from review.desk import TheDatabase, TheDesk  # noqa: TC001 (FastAPI reads them)
from review.security.people import TheAdmin  # noqa: TC001 (so)

router = APIRouter(prefix="/api/audit", tags=["administration"])

MAX_LIMIT = 1_000

Word = Annotated[str | None, Query(max_length=200)]


class EntryRecord(BaseModel):
    """One entry of the log."""

    entry_id: int
    at: datetime
    actor: str
    via: Via
    address: str
    action: AuditAction
    subject: str
    details: dict[str, Any]
    hash: str


class Anchor(BaseModel):
    """What to write down elsewhere; `precursor-watch audit verify --anchor` takes it."""

    anchor: str
    """Number of the newest entry, a colon, its hash."""
    taken_at: datetime


@router.get("", responses=refusals())
def read_log(
    db: TheDatabase,
    person: TheAdmin,  # noqa: ARG001 (who asks must be one)
    actor: Word = None,
    action: AuditAction | None = None,
    subject: Word = None,
    before: Annotated[int | None, Query(ge=1, le=MAX_ROW)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
) -> list[EntryRecord]:
    """Return entries, newest first, that fit all that is given; `before` is for the next page."""
    found = list_entries(db, actor=actor, action=action, subject=subject, before=before, limit=limit)
    return [EntryRecord(**{name: getattr(entry, name) for name in AuditEntry.__slots__}) for entry in found]


@router.get("/anchor", responses=refusals())
def take_anchor(db: TheDatabase, desk: TheDesk, person: TheAdmin) -> Anchor:  # noqa: ARG001 (so)
    """Return the newest entry's number and hash."""
    entry_id, entry_hash = head(db)
    return Anchor(anchor=f"{entry_id}:{entry_hash}", taken_at=desk.clock())
