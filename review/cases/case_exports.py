"""Export decided listings and whole cases: the form, and its files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict

from review.cases.bundle import make_bundle, make_wacz
from review.cases.exported import WRITERS, as_seen_by, case_listings, missing_parts
from review.cases.sheets import NoPdf, make_sheet
from review.web.dependencies import (
    Person,
    TheContext,
    TheDatabase,
    TheReviewer,
    TheViewer,
    answer_page,
    case_for,
    cases_for,
)
from review.web.errors import ReviewError
from review.web.fields import RowId, refusals
from review.web.languages import N_
from store.accounts.users import get_user
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, list_entries
from store.model import Decision
from store.review.listings import reviewed_listings

if TYPE_CHECKING:
    from datetime import datetime

    from fastapi import FastAPI

    from review.web.dependencies import AppContext
    from store.database import Database
    from store.review.cases import Case
    from store.review.listings import Reviewed


pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
api = APIRouter(prefix="/api", tags=["cases and exports"])

Format = Literal["csv", "jsonl", "ftm", "zip", "wacz", "pdf"]

SENT = "export_sent"
"""The cookie that tells the page's script that the file it asked for has come."""


class CaseIsWhole(ReviewError):
    """A verdict was chosen for the export of a case."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "A case is exported whole, decided or not, so a verdict cannot be chosen with it. Nothing "
                "was exported. Leave the verdict open, or leave out the case."
            )
        )


class NoCaseForPdf(ReviewError):
    """A PDF was asked for without a case."""

    def __init__(self) -> None:
        super().__init__(N_("A PDF is made of a case. Nothing was exported. Choose a case."))


@pages.get("/exports")
def show_exports(request: Request, db: TheDatabase, person: TheViewer) -> Response:
    """Show the export form and the earlier exports."""
    cases = cases_for(db, person)
    numbers = {None, *(case.number for case in cases)}
    before = list_entries(db, action=AuditAction.EXPORTED, limit=20)
    shown = {
        "cases": cases,
        "before": [entry for entry in before if entry.details.get("case") in numbers],
        "has_followthemoney": find_spec("followthemoney") is not None,
        "count": sum(1 for _ in reviewed_listings(db)),
    }
    return answer_page(request, "exports.html", shown)


@pages.post("/exports")
def export(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    person: TheReviewer,
    form: Annotated[Format, Form()],
    decision: Annotated[Literal["", "offer", "not_offer", "unsure"], Form()] = "",
    case_id: Annotated[str, Form(pattern=r"^\d{0,15}$")] = "",
    sent: Annotated[str, Form(pattern=r"^[a-z0-9]{0,32}$")] = "",
) -> Response:
    """Export the decided listings, of one verdict if chosen, or a whole case, and log the export."""
    answer = make_export(request, db, context, person, form, decision, int(case_id) if case_id else None)
    if sent:
        answer.set_cookie(SENT, sent, max_age=60, samesite="strict")
    return answer


class Export(BaseModel):
    """The listings to export, and the format."""

    model_config = ConfigDict(extra="forbid")

    form: Format
    decision: Literal["", "offer", "not_offer", "unsure"] = ""
    case_id: RowId | None = None


@api.post(
    "/exports",
    responses=refusals(404, 409)
    | {
        200: {
            "content": {
                "text/csv": {},
                "application/x-ndjson": {},
                "application/zip": {},
                "application/wacz": {},
                "application/pdf": {},
            }
        }
    },
    response_class=Response,
)
def hand_on(
    request: Request, db: TheDatabase, context: TheContext, person: TheReviewer, wanted: Export
) -> Response:
    """Export decided listings, or a whole case with its undecided listings, and log the export.

    The formats are CSV, JSON lines, FollowTheMoney, evidence ZIP, WACZ and, of a case, PDF/A.
    """
    return make_export(request, db, context, person, wanted.form, wanted.decision, wanted.case_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """The body of an export."""

    body: bytes
    media: str
    ending: str
    details: dict[str, object] = field(default_factory=dict)
    """For the audit log."""


def make_export(
    request: Request,
    db: Database,
    context: AppContext,
    person: Person,
    form: Format,
    decision: str,
    case_id: int | None,
) -> Response:
    """Return an export as an attachment, and log it.

    Raises:
        CaseIsWhole: If a verdict is chosen with a case.
        NoCaseForPdf: If a PDF is asked for without a case.
        NoPdf: If WeasyPrint cannot be used here.
        NoFollowTheMoney: If the library of that format is not installed.
        UnknownRow: If there is no such case, or it is not for this person.
    """
    now = context.clock()
    case = None if case_id is None else case_for(db, case_id, person, now=now)
    if case is not None and decision:
        raise CaseIsWhole
    if case is None and form == "pdf":
        raise NoCaseForPdf
    found = (
        as_seen_by(
            db, list(reviewed_listings(db, decision=Decision(decision) if decision else "")), person.name
        )
        if case is None
        else case_listings(db, case, person.name)
    )
    made = _made(request, db, context, person, form, found, case, now)
    details: dict[str, object] = {"decision": decision, "case": case.number if case else None}
    if case is not None:
        details["undecided"] = sum(each.part == "verdict" for each in missing_parts(found, person.name))
        details["changed_since_filed"] = sum(bool(each.filed and each.filed.is_changed) for each in found)
    audit.record(
        db,
        AuditAction.EXPORTED,
        actor=person.name,
        origin=person.origin,
        subject=f"export:{form}",
        details=details
        | made.details
        | {"listings": len(found), "sha256": hashlib.sha256(made.body).hexdigest()},
        rows=[("verdicts", each.verdict.verdict_id) for each in found if each.verdict],
        now=now,
    )
    name = f"precursor-watch-{now:%Y%m%dT%H%M%SZ}.{made.ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(made.body, media_type=made.media, headers=headers)


def export_by_hand(app: FastAPI, db: Database, case_id: int, form: Format, by: str) -> bytes:
    """Return the export of a case as a user would get it from the app, and log it as done by hand.

    Raises:
        UnknownUser: If there is no user of that name.
    """
    person = Person(user=get_user(db, by), origin=BY_HAND, session=None)
    scope = {"type": "http", "app": app, "path": "/exports", "headers": [], "query_string": b""}
    request = Request(scope | {"state": {"person": person}})
    made = make_export(request, db, app.state.context, person, form, "", case_id)
    return bytes(made.body)


def _made(
    request: Request,
    db: Database,
    context: AppContext,
    person: Person,
    form: Format,
    found: list[Reviewed],
    case: Case | None,
    now: datetime,
) -> _File:
    if form in WRITERS:
        write, media, ending = WRITERS[form]
        return _File(body="".join(write(found)).encode(), media=media, ending=ending)
    if form == "pdf":
        sheet = make_sheet(request, db, context, person, None, case)
        return _File(body=sheet.body, media="application/pdf", ending="pdf")
    pdf, undrawn = b"", ""
    if case is not None:
        try:
            sheet = make_sheet(request, db, context, person, None, case)
            pdf, undrawn = sheet.body, sheet.undrawn
        except NoPdf:  # the bundle says that it lacks the PDF
            pdf = b""
    evidence = context.reference.evidence
    if form == "wacz":
        made = make_wacz(db, found, evidence, by=person.name, case=case, pdf=pdf, now=now)
        media = "application/wacz"
    else:
        made = make_bundle(
            db,
            found,
            evidence,
            by=person.name,
            anchor=audit.take_anchor(db),
            case=case,
            pdf=pdf,
            undrawn=undrawn,
            now=now,
        )
        media = "application/zip"
    details = {
        "manifest_sha256": made.manifest_sha256,
        "records": made.records,
        "without_page": made.missing,
    }
    return _File(body=made.body, media=media, ending=form, details=details)
