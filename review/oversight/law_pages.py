"""The lists of the law: their state, what takes effect soon, and imports that a lead accepts or rejects."""

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
from store.scores.law_imports import (
    LawImport,
    LawImportRefused,
    Preview,
    decide_import,
    get_import,
    list_imports,
    preview,
    waiting_import,
)

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
api = APIRouter(prefix="/api/law-imports", tags=["figures and settings"])

_Decision = Literal["accepted", "rejected"]


class LawImportRecord(BaseModel):
    """An import of the law, without its rows."""

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
    """What a lead decides on an import."""

    model_config = ConfigDict(extra="forbid")

    decision: _Decision
    why: Annotated[str, Field(min_length=1, max_length=500)]


@pages.get("/law")
def show_law(request: Request, db: TheDatabase, context: TheContext, person: TheViewer) -> Response:
    """Show the lists and the imports."""
    return _answer(request, db, context, person)


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
        return _answer(request, db, context, person, warned=spoken(error), status=409)
    return go("/law")


def _answer(
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
        "preview": preview(db, waiting) if waiting and may_lead else None,
        "warned": warned,
        "may_lead": may_lead,
    }
    return answer_page(request, "law.html", shown, status=status)


@api.get("", responses=refusals())
def list_law_imports(db: TheDatabase, person: TheViewer) -> list[LawImportRecord]:
    """Return every import of the law, newest first."""
    return [LawImportRecord.model_validate(each) for each in list_imports(db)]


@api.get("/{law_import_id}/preview", responses=refusals(404))
def show_preview(db: TheDatabase, person: TheLead, law_import_id: RowId) -> Preview | None:
    """Return what a waiting import would change; null if it was decided, or no model is in use."""
    found: LawImport = get_import(db, law_import_id)
    return None if found.decision else preview(db, found)


@api.post("/{law_import_id}/decision", responses=refusals(404, 409))
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
