"""Cases: listings, sellers and notes under one number; and sheets of them to print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from review.accounts.people import Person, TheReviewer, TheViewer  # noqa: TC001 (FastAPI reads them)
from review.cases.sheets import answer_sheet, to_pdf
from review.queue.decide import MAX_NOTE_CHARS, RowId
from review.queue.lists import TheList  # noqa: TC001 (FastAPI reads it)
from review.queue.pages import go, with_done
from review.web.desk import TheDatabase, TheDesk, answer_page
from store.audit import audit
from store.audit.audit import AuditAction
from store.database import transaction
from store.review.cases import get_case, list_cases, open_case, write_entry
from store.review.queue import listing_file

if TYPE_CHECKING:
    from datetime import datetime

    from store.database import Database

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

SHEET_CSS = Path(__file__).parents[1] / "static" / "sheet.css"


@router.get("/cases")
def show_cases(request: Request, db: TheDatabase, person: TheViewer) -> Response:  # noqa: ARG001 (must be logged in)
    """Show every case."""
    return answer_page(request, "cases.html", {"cases": list_cases(db)})


@router.post("/cases")
def begin_case(
    db: TheDatabase,
    desk: TheDesk,
    person: TheReviewer,
    number: Annotated[str, Form(max_length=60)],
    title: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Open a case."""
    now = desk.clock()
    with transaction(db):
        case_id = open_case(db, number, title, opened_by=person.name, now=now)
        log_change(db, case_id, person, {"kind": "opened", "number": number}, now)
    return go(f"/cases/{case_id}")


@router.get("/cases/{case_id}")
def show_case(
    request: Request, db: TheDatabase, desk: TheDesk, person: TheViewer, case_id: RowId
) -> Response:
    """Show one case; the log notes that it was looked at."""
    case = get_case(db, case_id)
    note_view(db, case_id, person, desk.clock())
    held = [listing_file(db, listing_id) for listing_id in case.listings]
    return answer_page(request, "case.html", {"case": case, "held": held})


@router.post("/cases/{case_id}")
def change_case(
    db: TheDatabase,
    desk: TheDesk,
    person: TheReviewer,
    case_id: RowId,
    kind: Annotated[
        Literal["listing", "listing_removed", "seller", "seller_removed", "note", "closed", "reopened"],
        Form(),
    ],
    listing_id: Annotated[str, Form(max_length=64)] = "",
    note: Annotated[str, Form(max_length=MAX_NOTE_CHARS)] = "",
) -> Response:
    """Write a line into a case's journal; a seller is named by one of their listings."""
    seller = None
    if kind.startswith("seller"):
        file = listing_file(db, listing_id)
        seller = (file.listing.source_id, file.sightings[0].content.seller_name)
    write_line(
        db, desk.clock(), person, case_id, kind, listing_id=listing_id or None, seller=seller, note=note
    )
    return go(f"/cases/{case_id}")


@router.post("/listings/{listing_id}/case")
def file_listing(
    db: TheDatabase,
    desk: TheDesk,
    where: TheList,
    person: TheReviewer,
    listing_id: str,
    case_id: Annotated[RowId, Form()],
) -> Response:
    """Put a listing into a case."""
    write_line(db, desk.clock(), person, case_id, "listing", listing_id=listing_id)
    return go(with_done(where.address(listing_id), "filed"))


@router.get("/listings/{listing_id}/sheet")
def show_sheet(
    request: Request, db: TheDatabase, desk: TheDesk, person: TheViewer, listing_id: str
) -> Response:
    """Show a listing as a sheet to print."""
    return answer_sheet(request, db, desk, person, [listing_id], None)


@router.get("/listings/{listing_id}/sheet.pdf")
def send_sheet(
    request: Request, db: TheDatabase, desk: TheDesk, person: TheViewer, listing_id: str
) -> Response:
    """Send a listing's sheet as PDF."""
    return _pdf(answer_sheet(request, db, desk, person, [listing_id], None), f"listing-{listing_id}")


@router.get("/cases/{case_id}/sheet")
def show_case_sheet(
    request: Request, db: TheDatabase, desk: TheDesk, person: TheViewer, case_id: RowId
) -> Response:
    """Show all of a case as a sheet to print."""
    case = get_case(db, case_id)
    note_view(db, case_id, person, desk.clock())
    return answer_sheet(request, db, desk, person, case.listings, case)


@router.get("/cases/{case_id}/sheet.pdf")
def send_case_sheet(
    request: Request, db: TheDatabase, desk: TheDesk, person: TheViewer, case_id: RowId
) -> Response:
    """Send all of a case as PDF."""
    case = get_case(db, case_id)
    note_view(db, case_id, person, desk.clock())
    return _pdf(answer_sheet(request, db, desk, person, case.listings, case), f"case-{case_id}")


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
    audit.record(
        db,
        AuditAction.CASE_CHANGED,
        actor=person.name,
        origin=person.origin,
        subject=f"case:{case_id}",
        details=details,
        now=now,
    )


def note_view(db: Database, case_id: int, person: Person, now: datetime) -> None:
    """Log that a case was looked at."""
    audit.record(
        db,
        AuditAction.CASE_VIEWED,
        actor=person.name,
        origin=person.origin,
        subject=f"case:{case_id}",
        now=now,
    )
