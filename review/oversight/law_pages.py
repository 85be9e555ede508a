"""Show legal lists, imports and office terms, and take decisions of leads: pages and JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from review.web.dependencies import TheContext, TheDatabase, TheLead, TheViewer, answer_page, go
from review.web.fields import RowId, refusals
from review.web.languages import spoken
from store.accounts.users import Role
from store.review import office_terms
from store.review.office_terms import LONGEST, OfficeTerm, OfficeTermRefused, Reach
from store.scores.law_imports import (
    LawImportRefused,
    Preview,
    decide_import,
    get_import,
    kept_preview,
    list_imports,
    waiting_import,
)

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
api = APIRouter(prefix="/api", tags=["figures and settings"])

_Decision = Literal["accepted", "rejected"]


class LawImportRecord(BaseModel):
    """An imported list, without its rows."""

    model_config = ConfigDict(from_attributes=True)

    law_import_id: int
    file_name: str
    why: str
    brought_by: str
    brought_at: datetime
    decision: _Decision | None
    decided_why: str | None
    decided_by: str | None
    decided_at: datetime | None
    newly_flagged: int | None


class LawDecision(BaseModel):
    """The decision of a lead on an import."""

    model_config = ConfigDict(extra="forbid")

    decision: _Decision
    why: Annotated[str, Field(min_length=1, max_length=500)]


@pages.get("/law")
def show_law(request: Request, db: TheDatabase, context: TheContext, person: TheViewer) -> Response:
    """Show the lists and the imports."""
    return _answer_law(request, db, context, person)


@pages.post("/law/{law_import_id}")
def decide(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    person: TheLead,
    law_import_id: RowId,
    decision: Annotated[_Decision, Form()],
    why: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Accept or reject an import."""
    now = context.clock()
    try:
        decide_import(db, law_import_id, decision, why=why, by=person.name, origin=person.origin, now=now)
    except LawImportRefused as error:
        return _answer_law(request, db, context, person, warned=spoken(error), status=409)
    return go("/law")


def _answer_law(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    person: TheViewer,
    *,
    warned: str = "",
    status: int = 200,
) -> Response:
    imports, waiting, may_lead = list_imports(db), waiting_import(db), person.may(Role.LEAD)
    shown = {
        "state": context.reference.law_state(db, context.clock().date()),
        "imports": imports,
        "waiting": waiting,
        "preview": kept_preview(db, waiting) if waiting and may_lead else None,
        "warned": warned,
        "may_lead": may_lead,
    }
    return answer_page(request, "law.html", shown, status=status)


@api.get("/law-imports", responses=refusals())
def list_law_imports(db: TheDatabase, person: TheViewer) -> list[LawImportRecord]:
    """Return every imported list, newest first."""
    return [LawImportRecord.model_validate(each) for each in list_imports(db)]


@api.get("/law-imports/{law_import_id}/preview", responses=refusals(404))
def show_preview(db: TheDatabase, person: TheLead, law_import_id: RowId) -> Preview | None:
    """Return the changes of a waiting import as last counted; null if decided, or no model is in use."""
    found = get_import(db, law_import_id)
    return None if found.decision else kept_preview(db, found)


@api.post("/law-imports/{law_import_id}/decision", responses=refusals(404, 409))
def decide_law_import(
    db: TheDatabase, context: TheContext, person: TheLead, law_import_id: RowId, wanted: LawDecision
) -> LawImportRecord:
    """Accept an import, so that it counts from now on, or reject it."""
    decided = decide_import(
        db,
        law_import_id,
        wanted.decision,
        why=wanted.why,
        by=person.name,
        origin=person.origin,
        now=context.clock(),
    )
    return LawImportRecord.model_validate(decided)


_Term = Annotated[str, Field(min_length=1, max_length=LONGEST)]

_Why = Annotated[str, Field(min_length=1, max_length=500)]


class NewOfficeTerm(BaseModel):
    """A term to add."""

    model_config = ConfigDict(extra="forbid")

    term: _Term
    why: _Why
    substance: Annotated[str, Field(max_length=200)] = ""
    """The substance that the office takes the term to mean, if any."""
    is_confirmed: bool = False
    """Add the term even if it names many stored listings."""


class Retirement(BaseModel):
    """Why a term is retired."""

    model_config = ConfigDict(extra="forbid")

    why: _Why


@pages.get("/office-terms")
def show_terms(request: Request, db: TheDatabase, person: TheViewer) -> Response:
    """Show the terms."""
    return _answer_terms(request, db, person)


@pages.post("/office-terms")
def take_term(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    person: TheLead,
    term: Annotated[str, Form(max_length=LONGEST)] = "",
    why: Annotated[str, Form(max_length=500)] = "",
    substance: Annotated[str, Form(max_length=200)] = "",
    step: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """Show the listings that a term would find, and add the term once they were seen."""
    typed = {"term": term, "why": why, "substance": substance}
    try:
        checked = office_terms.check_term(db, term)
        if step != "add":
            return _answer_terms(request, db, person, typed=typed, reach=office_terms.reach_of(db, checked))
        office_terms.add_term(
            db,
            term,
            why=why,
            substance=substance,
            is_confirmed=True,
            by=person.name,
            origin=person.origin,
            now=context.clock(),
        )
    except OfficeTermRefused as error:
        return _answer_terms(request, db, person, typed=typed, warned=spoken(error), status=409)
    return go("/office-terms")


@pages.post("/office-terms/{office_term_id}/retire")
def take_back_term(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    person: TheLead,
    office_term_id: RowId,
    why: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Retire a term."""
    now = context.clock()
    try:
        office_terms.retire_term(db, office_term_id, why=why, by=person.name, origin=person.origin, now=now)
    except OfficeTermRefused as error:
        return _answer_terms(request, db, person, warned=spoken(error), status=409)
    return go("/office-terms")


def _answer_terms(
    request: Request,
    db: TheDatabase,
    person: TheViewer,
    *,
    typed: dict[str, str] | None = None,
    reach: Reach | None = None,
    warned: str = "",
    status: int = 200,
) -> Response:
    shown = {
        "terms": office_terms.list_terms(db),
        "typed": typed or {"term": "", "why": "", "substance": ""},
        "reach": reach,
        "counted": office_terms.COUNTED,
        "longest": LONGEST,
        "warned": warned,
        "may_lead": person.may(Role.LEAD),
    }
    return answer_page(request, "office_terms.html", shown, status=status)


@api.get("/office-terms", responses=refusals())
def list_office_terms(db: TheDatabase, person: TheViewer) -> list[OfficeTerm]:
    """Return every term, retired ones too, newest first."""
    return office_terms.list_terms(db)


@api.get("/office-terms/reach", responses=refusals(409))
def show_reach(db: TheDatabase, person: TheLead, term: _Term) -> Reach:
    """Return how many stored listings a term would put before a person."""
    return office_terms.reach_of(db, office_terms.check_term(db, term))


@api.post("/office-terms", status_code=201, responses=refusals(409))
def add_office_term(
    db: TheDatabase, context: TheContext, person: TheLead, wanted: NewOfficeTerm
) -> OfficeTerm:
    """Add a term; it counts from the next scoring on."""
    return office_terms.add_term(
        db,
        wanted.term,
        why=wanted.why,
        substance=wanted.substance,
        is_confirmed=wanted.is_confirmed,
        by=person.name,
        origin=person.origin,
        now=context.clock(),
    )


@api.post("/office-terms/{office_term_id}/retire", responses=refusals(404, 409))
def retire_office_term(
    db: TheDatabase, context: TheContext, person: TheLead, office_term_id: RowId, wanted: Retirement
) -> OfficeTerm:
    """Retire a term."""
    return office_terms.retire_term(
        db, office_term_id, why=wanted.why, by=person.name, origin=person.origin, now=context.clock()
    )
