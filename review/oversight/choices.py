"""What reviewers set for themselves, and leads for all: saved lists, preferences, shares, samples."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from review.accounts.people import Person, TheLead, TheViewer  # noqa: TC001 (FastAPI reads them)
from review.queue.decide import RowId  # noqa: TC001 (FastAPI reads it)
from review.queue.pages import go
from review.web.desk import TheDatabase, TheDesk, answer_page
from review.web.languages import LANGUAGES
from store.accounts.users import Role
from store.audit import audit
from store.audit.audit import AuditAction
from store.database import transaction
from store.review.drafts import forget_view, save_view
from store.review.review_settings import change_setting, prefer, preferences, review_settings
from store.review.samples import draw_sample, list_draws, miss_rate

if TYPE_CHECKING:
    from datetime import datetime

    from review.web.desk import Desk
    from store.database import Database
    from store.review.samples import Draw

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

A_YEAR = 365 * 24 * 3600
"""Seconds for which the browser keeps language and theme."""

MAX_SAMPLE = 2_000


@router.post("/views")
def keep_view(
    db: TheDatabase,
    desk: TheDesk,
    person: TheViewer,
    name: Annotated[str, Form(min_length=1, max_length=60)],
    query: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    """Keep the list under a name."""
    save_view(db, person.name, name, query, now=desk.clock())
    return go(f"/?{query}")


@router.post("/views/{view_id}/forget")
def drop_view(db: TheDatabase, person: TheViewer, view_id: RowId) -> Response:
    """Forget a saved list."""
    forget_view(db, person.name, view_id)
    return go("/")


@router.get("/settings")
def show_settings(request: Request, db: TheDatabase, person: TheViewer) -> Response:
    """Show what the reviewer and the lead can set."""
    shown = {
        "settings": review_settings(db),
        "hide_score": preferences(db, person.name).get("hide_score") == "1",
        "chosen_language": request.cookies.get("language", ""),
        "draws": list_draws(db),
        "misses": miss_rate(db),
        "may_lead": person.may(Role.LEAD),
        "max_sample": MAX_SAMPLE,
    }
    return answer_page(request, "settings.html", shown)


@router.post("/settings/mine")
def set_mine(
    db: TheDatabase,
    desk: TheDesk,
    person: TheViewer,
    hide_score: Annotated[str, Form(max_length=1)] = "",
    language: Annotated[str, Form(max_length=8)] = "",
    theme: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """Keep what a reviewer chose for themselves."""
    prefer(db, person.name, "hide_score", "1" if hide_score else "")
    answer = go("/settings")
    for name, value, allowed in (
        ("language", language, set(LANGUAGES)),
        ("theme", theme, {"light", "dark", "auto"}),
    ):
        kept = value if value in allowed else ""
        answer.set_cookie(
            name, kept, max_age=A_YEAR, httponly=True, samesite="strict", secure=desk.safety.is_https
        )
    return answer


@router.post("/settings/all")
def set_for_all(
    db: TheDatabase,
    desk: TheDesk,
    person: TheLead,
    second_percent: Annotated[float, Form(ge=0, le=100)],
    hidden_percent: Annotated[float, Form(ge=0, le=100)],
    claim_minutes: Annotated[float, Form(ge=1, le=480)],
) -> Response:
    """Put shares and times in force for everyone; what changes is logged."""
    change_for_all(db, desk, person, "second_share", second_percent / 100)
    change_for_all(db, desk, person, "hidden_share", hidden_percent / 100)
    change_for_all(db, desk, person, "claim_minutes", claim_minutes)
    return go("/settings")


@router.post("/settings/sample")
def take_sample(
    db: TheDatabase,
    desk: TheDesk,
    person: TheLead,
    size: Annotated[int, Form(ge=1, le=MAX_SAMPLE)],
) -> Response:
    """Draw a random sample from below the line into the queue."""
    draw_for_all(db, person, size, seed=secrets.randbelow(2**31), now=desk.clock())
    return go("/settings")


def draw_for_all(db: Database, person: Person, size: int, *, seed: int, now: datetime) -> Draw:
    """Draw a random sample from below the line into the queue, and log it."""
    with transaction(db):
        draw = draw_sample(db, size, seed=seed, drawn_by=person.name, now=now)
        audit.record(
            db,
            AuditAction.SETTING_CHANGED,
            actor=person.name,
            origin=person.origin,
            subject=f"sample:{draw.draw_id}",
            details={"size": draw.size, "population": draw.population, "seed": draw.seed},
            now=now,
        )
    return draw


def change_for_all(db: Database, desk: Desk, person: Person, name: str, value: float) -> None:
    """Put a setting in force for everyone, and log it; one that has this value already is let be."""
    now = desk.clock()
    with transaction(db):
        before = getattr(review_settings(db), name)
        if before == value:
            return
        change_setting(db, name, value, changed_by=person.name, now=now)
        audit.record(
            db,
            AuditAction.SETTING_CHANGED,
            actor=person.name,
            origin=person.origin,
            subject=f"setting:{name}",
            details={"before": before, "after": value},
            now=now,
        )
