"""Cases: listings, sellers and notes under one number, with sheets to print."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from review.listing.item import read_item
from review.queue.blinding import hidden_from, hides_verdicts
from review.queue.lists import TheList
from review.web.dependencies import (
    Person,
    TheContext,
    TheDatabase,
    TheReviewer,
    TheViewer,
    answer_page,
    go,
    with_done,
)
from review.web.errors import ReviewError
from review.web.fields import MAX_NOTE_CHARS, RowId, refusals
from review.web.languages import N_
from store.audit import audit
from store.audit.audit import AuditAction
from store.database import transaction
from store.review import listings
from store.review.cases import get_case, list_cases, open_case, write_entry
from store.review.listings import listing_file
from store.review.queue import item_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from review.web.dependencies import AppContext
    from store.database import Database
    from store.review.cases import Case


pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

SHEET_CSS = Path(__file__).parents[1] / "static" / "sheet.css"


@pages.get("/cases")
def show_cases(request: Request, db: TheDatabase, person: TheViewer) -> Response:
    """Show every case."""
    return answer_page(request, "cases.html", {"cases": list_cases(db)})


@pages.post("/cases")
def begin_case(
    db: TheDatabase,
    context: TheContext,
    person: TheReviewer,
    number: Annotated[str, Form(max_length=60)],
    title: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Open a case."""
    now = context.clock()
    with transaction(db):
        case_id = open_case(db, number, title, opened_by=person.name, now=now)
        log_change(db, case_id, person, {"kind": "opened", "number": number}, now)
    return go(f"/cases/{case_id}")


@pages.get("/cases/{case_id}")
def show_case(
    request: Request, db: TheDatabase, context: TheContext, person: TheViewer, case_id: RowId
) -> Response:
    """Show one case, and log the view."""
    case = get_case(db, case_id)
    note_view(db, case_id, person, context.clock())
    held = [listing_file(db, listing_id) for listing_id in case.listings]
    return answer_page(request, "case.html", {"case": case, "held": held})


@pages.post("/cases/{case_id}")
def change_case(
    db: TheDatabase,
    context: TheContext,
    person: TheReviewer,
    case_id: RowId,
    kind: Annotated[
        Literal["listing", "listing_removed", "seller", "seller_removed", "note", "closed", "reopened"],
        Form(),
    ],
    listing_id: Annotated[str, Form(max_length=64)] = "",
    note: Annotated[str, Form(max_length=MAX_NOTE_CHARS)] = "",
) -> Response:
    """Write a line into a case's journal; name a seller by one of the seller's listings."""
    seller = None
    if kind.startswith("seller"):
        file = listing_file(db, listing_id)
        seller = (file.listing.source_id, file.sightings[0].content.seller_name)
    write_line(
        db, context.clock(), person, case_id, kind, listing_id=listing_id or None, seller=seller, note=note
    )
    return go(f"/cases/{case_id}")


@pages.post("/listings/{listing_id}/case")
def file_listing(
    db: TheDatabase,
    context: TheContext,
    where: TheList,
    person: TheReviewer,
    listing_id: str,
    case_id: Annotated[RowId, Form()],
) -> Response:
    """Put a listing into a case."""
    write_line(db, context.clock(), person, case_id, "listing", listing_id=listing_id)
    return go(with_done(where.address(listing_id), "filed"))


@pages.get("/listings/{listing_id}/sheet")
def show_sheet(
    request: Request, db: TheDatabase, context: TheContext, person: TheViewer, listing_id: str
) -> Response:
    """Show a listing as a printable sheet."""
    return answer_sheet(request, db, context, person, [listing_id], None)


@pages.get("/listings/{listing_id}/sheet.pdf")
def send_sheet(
    request: Request, db: TheDatabase, context: TheContext, person: TheViewer, listing_id: str
) -> Response:
    """Send a listing's sheet as PDF."""
    return _pdf(answer_sheet(request, db, context, person, [listing_id], None), f"listing-{listing_id}")


@pages.get("/cases/{case_id}/sheet")
def show_case_sheet(
    request: Request, db: TheDatabase, context: TheContext, person: TheViewer, case_id: RowId
) -> Response:
    """Show a case as a printable sheet."""
    case = get_case(db, case_id)
    note_view(db, case_id, person, context.clock())
    return answer_sheet(request, db, context, person, case.listings, case)


@pages.get("/cases/{case_id}/sheet.pdf")
def send_case_sheet(
    request: Request, db: TheDatabase, context: TheContext, person: TheViewer, case_id: RowId
) -> Response:
    """Send a case as PDF."""
    case = get_case(db, case_id)
    note_view(db, case_id, person, context.clock())
    return _pdf(answer_sheet(request, db, context, person, case.listings, case), f"case-{case_id}")


def _pdf(sheet: Response, name: str) -> Response:
    body = to_pdf(bytes(sheet.body), SHEET_CSS.read_text(encoding="utf-8"))
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'}
    return Response(body, media_type="application/pdf", headers=headers)


def write_line(
    db: Database,
    now: datetime,
    person: Person,
    case_id: int,
    kind: str,
    *,
    listing_id: str | None = None,
    seller: tuple[str, str] | None = None,
    note: str = "",
) -> None:
    """Write a line into a case's journal, and log it."""
    with transaction(db):
        is_listing = kind.startswith("listing")
        write_entry(
            db,
            case_id,
            kind,
            listing_id=listing_id if is_listing else None,
            seller=seller,
            note=note,
            written_by=person.name,
            now=now,
        )
        log_change(db, case_id, person, {"kind": kind, "listing_id": listing_id, "seller": seller}, now)


def log_change(db: Database, case_id: int, person: Person, details: dict[str, object], now: datetime) -> None:
    """Log a change of a case."""
    person.log(db, AuditAction.CASE_CHANGED, f"case:{case_id}", details, now=now)


def note_view(db: Database, case_id: int, person: Person, now: datetime) -> None:
    """Log a view of a case."""
    person.log(db, AuditAction.CASE_VIEWED, f"case:{case_id}", now=now)


class NoPdf(ReviewError):
    """The libraries for PDF files are missing."""

    def __init__(self, found: str) -> None:
        super().__init__(
            N_(
                "The PDF could not be made: %(found)s. WeasyPrint needs Pango (Debian: apt-get "
                "install libpangoft2-1.0-0). You can print the sheet from the browser instead."
            ),
            found=found,
        )


def answer_sheet(
    request: Request,
    db: Database,
    context: AppContext,
    person: Person,
    listing_ids: Sequence[str],
    case: Case | None,
) -> Response:
    """Answer with the sheet of these listings, as HTML."""
    hides = hidden_from(db, person.name)
    parts = []
    for listing_id in listing_ids:
        file, row = listing_file(db, listing_id), item_of(db, listing_id)
        is_blind = hides_verdicts(row, reviewer=person.name)
        audit.record_view(
            db,
            sighting_id=file.sightings[0].sighting_id,
            score_id=file.score_id,
            actor=person.name,
            origin=person.origin,
            now=context.clock(),
        )
        names = file.score.reasons.substances if file.score else ()
        parts.append(
            {
                "item": read_item(file),
                "row": row,
                "score_hidden": hides(row),
                "is_blind": is_blind,
                "verdicts": [v for v in file.verdicts if not is_blind or v.reviewer == person.name],
                "is_decided": row is not None and row.state == "decided",
                "provenance": listings.provenance(db, file.sightings[0].page_id),
                "law": context.reference.law(names),
            }
        )
    return answer_page(request, "sheet.html", {"parts": parts, "case": case, "now": context.clock()})


def to_pdf(html: bytes, css: str) -> bytes:
    """Return a sheet as PDF; no address in it is ever fetched.

    Raises:
        NoPdf: If WeasyPrint cannot be used here.
    """
    try:
        from weasyprint import CSS, HTML
    except (ImportError, OSError) as error:
        raise NoPdf(str(error).splitlines()[0]) from error
    document = HTML(string=html.decode(), url_fetcher=_fetch_nothing, base_url=None)
    pdf: bytes = document.write_pdf(stylesheets=[CSS(string=css, url_fetcher=_fetch_nothing)])
    return pdf


def _fetch_nothing(url: str, *_: object, **__: object) -> dict[str, object]:
    raise ValueError(f"A sheet fetches nothing, and {url[:80]} is an address.")


api = APIRouter(prefix="/api", tags=["cases and exports"])


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
    """A case and its content."""

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
    """A new line of a case's journal; a seller is named by one of the seller's listings."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["listing", "listing_removed", "seller", "seller_removed", "note", "closed", "reopened"]
    listing_id: Annotated[str, Field(max_length=64)] = ""
    note: Annotated[str, Field(max_length=MAX_NOTE_CHARS)] = ""


@api.get("/cases", responses=refusals())
def all_cases(db: TheDatabase, person: TheViewer) -> list[CaseRecord]:
    """Return every case, newest first."""
    return [CaseRecord.model_validate(case) for case in list_cases(db)]


@api.post("/cases", status_code=201, responses=refusals(409))
def new_case(db: TheDatabase, context: TheContext, person: TheReviewer, wanted: NewCase) -> CaseRecord:
    """Open a case."""
    now = context.clock()
    with transaction(db):
        case_id = open_case(db, wanted.number, wanted.title, opened_by=person.name, now=now)
        log_change(db, case_id, person, {"kind": "opened", "number": wanted.number}, now)
    return CaseRecord.model_validate(get_case(db, case_id))


@api.get("/cases/{case_id}", responses=refusals(404))
def one_case(db: TheDatabase, context: TheContext, person: TheViewer, case_id: RowId) -> CaseRecord:
    """Return one case, and log the view."""
    case = get_case(db, case_id)
    note_view(db, case_id, person, context.clock())
    return CaseRecord.model_validate(case)


@api.post("/cases/{case_id}/entries", status_code=201, responses=refusals(404, 409))
def write_case(
    db: TheDatabase, context: TheContext, person: TheReviewer, case_id: RowId, line: NewLine
) -> CaseRecord:
    """Write a line into a case's journal."""
    seller = None
    if line.kind.startswith("seller"):
        file = listing_file(db, line.listing_id)
        seller = (file.listing.source_id, file.sightings[0].content.seller_name)
    write_line(
        db,
        context.clock(),
        person,
        case_id,
        line.kind,
        listing_id=line.listing_id or None,
        seller=seller,
        note=line.note,
    )
    return CaseRecord.model_validate(get_case(db, case_id))
