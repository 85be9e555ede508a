"""Cases: listings, sellers and notes under one number, with sheets to print."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from review.cases.bundle import missing_evidence
from review.cases.exported import case_listings, journal, missing_parts
from review.cases.sheets import answer_sheet, make_sheet
from review.listing.item import content_changes
from review.listing.masking import NO_MASKS, masks_for
from review.queue.lists import TheList
from review.web.dependencies import (
    Person,
    TheContext,
    TheDatabase,
    TheReviewer,
    TheViewer,
    answer_page,
    case_for,
    cases_for,
    go,
    with_done,
)
from review.web.fields import MAX_NOTE_CHARS, RowId, refusals
from review.web.languages import gettext as _
from review.web.translations import word
from store.accounts.users import Role, get_user, list_users
from store.audit.audit import AuditAction
from store.database import transaction
from store.review.cases import open_case, write_entry
from store.review.item_query import State
from store.review.listings import listing_file

if TYPE_CHECKING:
    from review.listing.masking import Masks
    from review.web.dependencies import AppContext
    from store.database import Database


pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Kind = Literal[
    "listing",
    "listing_removed",
    "seller",
    "seller_removed",
    "note",
    "closed",
    "reopened",
    "handed_over",
    "member",
    "member_removed",
]


@pages.get("/cases")
def show_cases(request: Request, db: TheDatabase, person: TheViewer) -> Response:
    """Show the cases of the user, or every case to a lead."""
    return answer_page(request, "cases.html", {"cases": cases_for(db, person)})


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
    request: Request, db: TheDatabase, context: TheContext, person: TheViewer, case_id: RowId, done: str = ""
) -> Response:
    """Show one case with the contents and gaps of its file, and log the view."""
    now = context.clock()
    case = case_for(db, case_id, person, now=now)
    note_view(db, case_id, person, now)
    masks = masks_for(context, person)
    found = masks(case_listings(db, case, person.name))
    case = masks(case)
    users = list_users(db)
    said = {
        "listing": _("Added to the case."),
        "listing_removed": _("Listing removed. The journal keeps it."),
        "seller": _("Seller added."),
        "seller_removed": _("Seller removed. The journal keeps it."),
        "note": _("Note added."),
        "closed": _("Case closed."),
        "reopened": _("Case reopened."),
        "handed_over": _("Case handed over."),
        "member": _("Member added."),
        "member_removed": _("Member removed. The journal keeps what they wrote."),
    }.get(done, "")
    missing: dict[str, list[str]] = {}
    for each in [
        *missing_evidence(db, found, context.reference.evidence),
        *missing_parts(found, person.name),
    ]:
        if each.part in {"page", "newer page", "pictures"}:
            lacking = f"{word('missing', each.part)}: {_(each.why) % each.values}"
            missing.setdefault(lacking, []).append(each.listing_id)
    shown = {
        "case": case,
        "found": [
            (
                each,
                content_changes(each.sighting.content, each.filed.newest.sighting.content)
                if each.filed and each.filed.newest
                else (),
            )
            for each in found
        ],
        "journal": journal(db, case),
        "missing": missing,
        "open_count": sum(each.state is not State.DECIDED for each in found),
        "changed_count": sum(bool(each.filed and each.filed.is_changed) for each in found),
        "hidden_count": sum(each.is_blind or each.score_hidden for each in found),
        "titles": {each.listing.listing_id: each.sighting.content.title for each in found},
        "people": [user.name for user in users if user.role.includes(Role.REVIEWER)],
        "strangers": [user.name for user in users if user.name not in case.members],
        "said": said,
    }
    return answer_page(request, "case.html", shown)


@pages.post("/cases/{case_id}")
def change_case(
    db: TheDatabase,
    context: TheContext,
    person: TheReviewer,
    case_id: RowId,
    kind: Annotated[Kind, Form()],
    listing_id: Annotated[str, Form(max_length=64)] = "",
    note: Annotated[str, Form(max_length=MAX_NOTE_CHARS)] = "",
    handed_to: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Write a line into a case's journal; name a seller by one of the seller's listings."""
    line = NewLine(kind=kind, listing_id=listing_id, note=note, handed_to=handed_to)
    write_line(db, context, person, case_id, line)
    return go(f"/cases/{case_id}?done={kind}")


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
    write_line(db, context, person, case_id, NewLine(kind="listing", listing_id=listing_id))
    return go(with_done(where.address(listing_id), "filed"))


@pages.get("/listings/{listing_id}/sheet")
def show_sheet(
    request: Request, db: TheDatabase, context: TheContext, person: TheViewer, listing_id: str
) -> Response:
    """Show a listing as a printable sheet."""
    return answer_sheet(request, db, context, person, listing_id, None)


@pages.get("/listings/{listing_id}/sheet.pdf")
def send_sheet(
    request: Request, db: TheDatabase, context: TheContext, person: TheViewer, listing_id: str
) -> Response:
    """Send a listing's sheet as PDF."""
    body = make_sheet(request, db, context, person, listing_id, None).body
    return _attached(body, f"listing-{listing_id}")


@pages.get("/cases/{case_id}/sheet")
def show_case_sheet(
    request: Request, db: TheDatabase, context: TheContext, person: TheViewer, case_id: RowId
) -> Response:
    """Show a case as a printable sheet."""
    now = context.clock()
    case = case_for(db, case_id, person, now=now)
    note_view(db, case_id, person, now)
    return answer_sheet(request, db, context, person, None, case)


@pages.get("/cases/{case_id}/sheet.pdf")
def send_case_sheet(
    request: Request, db: TheDatabase, context: TheContext, person: TheViewer, case_id: RowId
) -> Response:
    """Send a case as PDF."""
    now = context.clock()
    case = case_for(db, case_id, person, now=now)
    note_view(db, case_id, person, now)
    return _attached(make_sheet(request, db, context, person, None, case).body, f"case-{case_id}")


def _attached(body: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'}
    return Response(body, media_type="application/pdf", headers=headers)


def write_line(db: Database, context: AppContext, person: Person, case_id: int, line: NewLine) -> None:
    """Write a line into a case's journal, and log it.

    Raises:
        UnknownRow: If there is no such case or listing.
        UnknownUser: If somebody is named who is no user.
        CaseRefused: If the case takes no such line.
    """
    now, is_listing = context.clock(), line.kind.startswith("listing")
    seller, law = None, []
    with transaction(db):
        if line.kind.startswith("seller"):
            file = listing_file(db, line.listing_id)
            seller = (file.listing.source_id, file.sightings[0].content.seller_name)
        if line.kind == "listing" and line.listing_id:
            score = listing_file(db, line.listing_id).score
            law = context.reference.law(score.reasons.substances if score else ())
        case_for(db, case_id, person, now=now)
        names_user = line.kind in {"handed_over", "member", "member_removed"}
        if names_user and line.handed_to.strip():
            get_user(db, line.handed_to.strip())
        write_entry(
            db,
            case_id,
            line.kind,
            listing_id=line.listing_id or None if is_listing else None,
            seller=seller,
            note=line.note,
            law=law,
            handed_to=line.handed_to if names_user else "",
            written_by=person.name,
            now=now,
        )
        said: dict[str, object] = {"kind": line.kind, "listing_id": line.listing_id or None, "seller": seller}
        if line.handed_to:
            said["handed_to"] = line.handed_to
        log_change(db, case_id, person, said, now)


def log_change(db: Database, case_id: int, person: Person, details: dict[str, object], now: datetime) -> None:
    """Log a change of a case."""
    person.log(db, AuditAction.CASE_CHANGED, f"case:{case_id}", details, now=now)


def note_view(db: Database, case_id: int, person: Person, now: datetime) -> None:
    """Log a view of a case."""
    person.log(db, AuditAction.CASE_VIEWED, f"case:{case_id}", now=now)


api = APIRouter(prefix="/api", tags=["cases and exports"])


class CaseLine(BaseModel):
    """One line of a case's journal; `changed` is a change of a filed listing that a crawl saw."""

    entry_id: int | None
    """Null for a change that a crawl saw."""
    kind: str
    listing_id: str | None
    source_id: str | None
    seller_name: str
    note: str
    handed_to: str
    written_by: str
    written_at: datetime
    sighting_id: int | None
    """What was pinned, or what the crawl saw."""
    payload_sha256: str
    run_id: int | None


class FiledListing(BaseModel):
    """A listing of a case, as pinned and as it reads now. Values hidden from the reader are null."""

    listing_id: str
    filed_at: datetime
    filed_by: str
    sighting_id: int
    payload_sha256: str
    text_sha256: str
    score_id: int | None
    p_offer: float | None
    model_id: str | None
    law: list[dict[str, str]]
    state: State
    """Of the review of the pinned text."""
    score_hidden: bool
    verdict_hidden: bool
    is_changed: bool
    """Whether the listing has changed since it was filed."""
    newer_sighting_id: int | None
    newer_payload_sha256: str | None


class CaseRecord(BaseModel):
    """A case and its content."""

    case_id: int
    number: str
    title: str
    opened_by: str
    opened_at: datetime
    kept_by: str
    members: list[str]
    """Who may see the case, besides leads."""
    is_closed: bool
    listings: list[str]
    sellers: list[tuple[str, str]]
    """Source and name."""
    filed: list[FiledListing]
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

    kind: Kind
    listing_id: Annotated[str, Field(max_length=64)] = ""
    note: Annotated[str, Field(max_length=MAX_NOTE_CHARS)] = ""
    handed_to: Annotated[str, Field(max_length=64)] = ""
    """Of `handed_over`, `member` and `member_removed`: the user who keeps, joins or leaves the case."""


def read_case(
    db: Database, case_id: int, reader: Person, *, masks: Masks = NO_MASKS, now: datetime
) -> CaseRecord:
    """Return a case as this reader may see it.

    Raises:
        UnknownRow: If there is no such case, or it is not for this reader.
    """
    case = masks(case_for(db, case_id, reader, now=now))
    filed = []
    for each in case_listings(db, case, reader.name):
        assert each.filed is not None
        newest, pin = each.filed.newest, each.filed
        filed.append(
            FiledListing(
                listing_id=each.listing.listing_id,
                filed_at=pin.entry.written_at,
                filed_by=pin.entry.written_by,
                sighting_id=each.sighting.sighting_id,
                payload_sha256=each.payload_sha256,
                text_sha256=each.sighting.text_hash,
                score_id=each.score_id,
                p_offer=each.score.p_offer if each.score else None,
                model_id=each.score.model_id if each.score else None,
                law=[dict(entry) for entry in pin.entry.law],
                state=each.state,
                score_hidden=each.score_hidden,
                verdict_hidden=each.is_blind,
                is_changed=pin.is_changed,
                newer_sighting_id=newest.sighting.sighting_id if newest else None,
                newer_payload_sha256=newest.payload_sha256 if newest else None,
            )
        )
    lines = []
    for line in journal(db, case):
        said = asdict(line)
        said |= {"written_by": said.pop("by"), "written_at": said.pop("at")}
        said |= {name: said[name] or None for name in ("listing_id", "source_id")}
        lines.append(CaseLine(**said))
    return CaseRecord(
        case_id=case.case_id,
        number=case.number,
        title=case.title,
        opened_by=case.opened_by,
        opened_at=case.opened_at,
        kept_by=case.kept_by,
        members=list(case.members),
        is_closed=case.is_closed,
        listings=list(case.listings),
        sellers=list(case.sellers),
        filed=filed,
        entries=lines,
    )


@api.get("/cases", responses=refusals())
def all_cases(db: TheDatabase, context: TheContext, person: TheViewer) -> list[CaseRecord]:
    """Return the cases of the user, or every case to a lead, newest first."""
    now = context.clock()
    return [
        read_case(db, case.case_id, person, masks=masks_for(context, person), now=now)
        for case in cases_for(db, person)
    ]


@api.post("/cases", status_code=201, responses=refusals(409))
def new_case(db: TheDatabase, context: TheContext, person: TheReviewer, wanted: NewCase) -> CaseRecord:
    """Open a case."""
    now = context.clock()
    with transaction(db):
        case_id = open_case(db, wanted.number, wanted.title, opened_by=person.name, now=now)
        log_change(db, case_id, person, {"kind": "opened", "number": wanted.number}, now)
    return read_case(db, case_id, person, masks=masks_for(context, person), now=now)


@api.get("/cases/{case_id}", responses=refusals(404))
def one_case(db: TheDatabase, context: TheContext, person: TheViewer, case_id: RowId) -> CaseRecord:
    """Return one case, and log the view."""
    now = context.clock()
    found = read_case(db, case_id, person, masks=masks_for(context, person), now=now)
    note_view(db, case_id, person, now)
    return found


@api.post("/cases/{case_id}/entries", status_code=201, responses=refusals(404, 409))
def write_case(
    db: TheDatabase, context: TheContext, person: TheReviewer, case_id: RowId, line: NewLine
) -> CaseRecord:
    """Write a line into a case's journal."""
    write_line(db, context, person, case_id, line)
    return read_case(db, case_id, person, masks=masks_for(context, person), now=context.clock())
