"""The audit log, for leads; its anchor, for administrators."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (pydantic reads the annotations)
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from review.accounts.people import TheAdmin, TheLead  # noqa: TC001 (so)
from review.oversight.audit_pages import LogQuery, read_entries
from review.web.answers import refusals
from review.web.desk import TheDatabase, TheDesk  # noqa: TC001 (FastAPI reads them)
from store.audit.audit import AuditAction, AuditEntry, Via, head

router = APIRouter(prefix="/api/audit", tags=["administration"])

MAX_LIMIT = 1_000


class LogPart(LogQuery):
    """Which entries, and how many at most; `before` is for the next page."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 50


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
def read_log(db: TheDatabase, person: TheLead, wanted: Annotated[LogPart, Query()]) -> list[EntryRecord]:
    """Return entries, newest first, that fit all that is given.

    What somebody decided that who asks is to check blind is left out.
    """
    found = read_entries(db, wanted, person, limit=wanted.limit)
    return [EntryRecord(**{name: getattr(entry, name) for name in AuditEntry.__slots__}) for entry in found]


@router.get("/anchor", responses=refusals())
def take_anchor(db: TheDatabase, desk: TheDesk, person: TheAdmin) -> Anchor:  # noqa: ARG001 (so)
    """Return the newest entry's number and hash."""
    entry_id, entry_hash = head(db)
    return Anchor(anchor=f"{entry_id}:{entry_hash}", taken_at=desk.clock())
