"""Cases, and handing on what was decided."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (pydantic reads the annotations)
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from review.accounts.people import TheReviewer, TheViewer  # noqa: TC001 (so)
from review.cases.casework import log_change, note_view, write_line
from review.cases.handing_on import export
from review.queue.decide import MAX_NOTE_CHARS
from review.web.answers import refusals
from review.web.desk import TheDatabase, TheDesk  # noqa: TC001 (FastAPI reads them)
from review.web.records import RowNumber  # noqa: TC001 (so)
from store.database import transaction
from store.review.cases import get_case, list_cases, open_case
from store.review.queue import listing_file

router = APIRouter(prefix="/api", tags=["cases and exports"])


class CaseLine(BaseModel):
    """One line of a case's journal."""

    model_config = ConfigDict(from_attributes=True)

    entry_id: int
    kind: str
    listing_id: str | None
    source_id: str | None
    seller_name: str
    note: str
    written_by: str
    written_at: datetime


class CaseRecord(BaseModel):
    """A case and what it holds now."""

    model_config = ConfigDict(from_attributes=True)

    case_id: int
    number: str
    title: str
    opened_by: str
    opened_at: datetime
    is_closed: bool
    listings: list[str]
    sellers: list[tuple[str, str]]
    """Source and name."""
    entries: list[CaseLine]
    """The journal, oldest first."""


class NewCase(BaseModel):
    """A case to be opened, under the office's own number."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, Field(min_length=1, max_length=60)]
    title: Annotated[str, Field(max_length=200)] = ""


class NewLine(BaseModel):
    """A line to be written into a case's journal; a seller is named by one of their listings."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["listing", "listing_removed", "seller", "seller_removed", "note", "closed", "reopened"]
    listing_id: Annotated[str, Field(max_length=64)] = ""
    note: Annotated[str, Field(max_length=MAX_NOTE_CHARS)] = ""


class Export(BaseModel):
    """What is to be handed on, and in what form."""

    model_config = ConfigDict(extra="forbid")

    form: Literal["csv", "jsonl", "ftm", "zip"]
    decision: Literal["", "offer", "not_offer", "unsure"] = ""
    case_id: RowNumber | None = None


@router.get("/cases", responses=refusals())
def all_cases(db: TheDatabase, person: TheViewer) -> list[CaseRecord]:  # noqa: ARG001 (who asks must be logged in)
    """Return every case, newest first."""
    return [CaseRecord.model_validate(case) for case in list_cases(db)]


@router.post("/cases", status_code=201, responses=refusals(409))
def new_case(db: TheDatabase, desk: TheDesk, person: TheReviewer, wanted: NewCase) -> CaseRecord:
    """Open a case."""
    now = desk.clock()
    with transaction(db):
        case_id = open_case(db, wanted.number, wanted.title, opened_by=person.name, now=now)
        log_change(db, case_id, person, {"kind": "opened", "number": wanted.number}, now)
    return CaseRecord.model_validate(get_case(db, case_id))


@router.get("/cases/{case_id}", responses=refusals(404))
def one_case(db: TheDatabase, desk: TheDesk, person: TheViewer, case_id: RowNumber) -> CaseRecord:
    """Return one case; the log notes the view."""
    case = get_case(db, case_id)
    note_view(db, case_id, person, desk.clock())
    return CaseRecord.model_validate(case)


@router.post("/cases/{case_id}/entries", status_code=201, responses=refusals(404, 409))
def write_case(
    db: TheDatabase, desk: TheDesk, person: TheReviewer, case_id: RowNumber, line: NewLine
) -> CaseRecord:
    """Write a line into a case's journal."""
    seller = None
    if line.kind.startswith("seller"):
        file = listing_file(db, line.listing_id)
        seller = (file.listing.source_id, file.sightings[0].content.seller_name)
    write_line(
        db,
        desk.clock(),
        person,
        case_id,
        line.kind,
        listing_id=line.listing_id or None,
        seller=seller,
        note=line.note,
    )
    return CaseRecord.model_validate(get_case(db, case_id))


@router.post(
    "/exports",
    responses=refusals(404, 409)
    | {200: {"content": {"text/csv": {}, "application/x-ndjson": {}, "application/zip": {}}}},
    response_class=Response,
)
def hand_on(db: TheDatabase, desk: TheDesk, person: TheReviewer, wanted: Export) -> Response:
    """Hand on what was decided, as CSV, JSON lines, FollowTheMoney or a ZIP of evidence; it is logged."""
    case_id = "" if wanted.case_id is None else str(wanted.case_id)
    return export(db, desk, person, wanted.form, wanted.decision, case_id)
