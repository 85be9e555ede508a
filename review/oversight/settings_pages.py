"""Set preferences of reviewers, and shares and samples for all."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from review.web.dependencies import Person, TheContext, TheDatabase, TheLead, TheViewer, answer_page, go
from review.web.fields import refusals
from review.web.languages import LANGUAGES
from review.web.preferences import check_zone, key_actions, read_keys, write_keys, zones
from store.accounts.users import Role
from store.audit.audit import AuditAction
from store.database import transaction
from store.model import NOTICE_KINDS
from store.review.statistics import Draw, draw_sample, list_draws, miss_rate
from store.review.workspace import (
    BOUNDS,
    ReviewSettings,
    change_setting,
    prefer,
    preferences,
    review_settings,
)

if TYPE_CHECKING:
    from review.web.dependencies import AppContext
    from store.database import Database


pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

A_YEAR = 365 * 24 * 3600
"""Seconds for which the browser keeps language and theme."""

MAX_SAMPLE = 2_000
MOST_KEYS = 100


@pages.get("/settings")
def show_settings(request: Request, db: TheDatabase, person: TheViewer) -> Response:
    """Show the settings."""
    shown = {
        "settings": review_settings(db),
        "hide_score": preferences(db, person.name).get("hide_score") == "1",
        "chosen_language": request.cookies.get("language", ""),
        "draws": list_draws(db),
        "misses": miss_rate(db),
        "may_lead": person.may(Role.LEAD),
        "max_sample": MAX_SAMPLE,
        "time_zone": person.preferences.get("time_zone", ""),
        "zones": zones(),
        "key_actions": key_actions(),
        "own_keys": read_keys(person.preferences.get("keys", "")),
    }
    return answer_page(request, "settings.html", shown)


@pages.post("/settings/mine")
def set_mine(
    db: TheDatabase,
    context: TheContext,
    person: TheViewer,
    hide_score: Annotated[str, Form(max_length=1)] = "",
    language: Annotated[str, Form(max_length=8)] = "",
    theme: Annotated[str, Form(max_length=8)] = "",
    time_zone: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Save a reviewer's own settings."""
    with transaction(db):
        prefer(db, person.name, "time_zone", check_zone(time_zone.strip()))
        prefer(db, person.name, "hide_score", "1" if hide_score else "")
        if language in LANGUAGES:
            prefer(db, person.name, "language", language)  # of digests, which no browser asks for
    answer = go("/settings")
    for name, value, allowed in (
        ("language", language, set(LANGUAGES)),
        ("theme", theme, {"light", "dark", "auto"}),
    ):
        kept = value if value in allowed else ""
        answer.set_cookie(
            name, kept, max_age=A_YEAR, httponly=True, samesite="strict", secure=context.safety.is_https
        )
    return answer


@pages.post("/settings/keys")
def set_keys(
    db: TheDatabase, person: TheViewer, own: Annotated[list[str], Form(max_length=MOST_KEYS)]
) -> Response:
    """Save a person's own keys, given in the order of `key_actions`; empty ones are the usual keys."""
    chosen = {usual: each for usual, each in zip(key_actions(), own, strict=False) if each}
    prefer(db, person.name, "keys", write_keys(chosen))
    return go("/settings")


@pages.post("/settings/all")
def set_for_all(
    db: TheDatabase,
    context: TheContext,
    person: TheLead,
    second_percent: Annotated[float, Form(ge=0, le=100)],
    hidden_percent: Annotated[float, Form(ge=0, le=100)],
    claim_minutes: Annotated[float, Form(ge=1, le=480)],
    queue_order: Annotated[Literal["likely", "worth"] | None, Form()] = None,
    weekly: Annotated[Literal["reviewed", "all"] | None, Form()] = None,
) -> Response:
    """Change the settings for everyone, and log each change."""
    change_for_all(db, context, person, "second_share", second_percent / 100)
    change_for_all(db, context, person, "hidden_share", hidden_percent / 100)
    change_for_all(db, context, person, "claim_minutes", claim_minutes)
    if queue_order is not None:
        change_for_all(db, context, person, "worth_first", float(queue_order == "worth"))
    if weekly:
        change_for_all(db, context, person, "weekly_unreviewed", float(weekly == "all"))
    return go("/settings")


@pages.post("/settings/pictures")
def choose_pictures(
    db: TheDatabase,
    context: TheContext,
    person: TheLead,
    pictures: Annotated[Literal["shown", "blurred"], Form()],
) -> Response:
    """Choose whether pictures of listings are blurred until a person asks for them, and log the change."""
    change_for_all(db, context, person, "blur_pictures", float(pictures == "blurred"))
    return go("/settings")


@pages.post("/settings/notices")
def choose_notices(
    db: TheDatabase,
    context: TheContext,
    person: TheLead,
    flagged: Annotated[list[Literal["watch", "equipment", "rule", "class", "picture"]] | None, Form()] = None,
) -> Response:
    """Choose which kinds of notices put a listing into everyone's queue, and log each change."""
    for kind in NOTICE_KINDS:
        change_for_all(db, context, person, f"flag_{kind}", float(kind in (flagged or ())))
    return go("/settings")


@pages.post("/settings/sample")
def take_sample(
    db: TheDatabase,
    context: TheContext,
    person: TheLead,
    size: Annotated[int, Form(ge=1, le=MAX_SAMPLE)],
) -> Response:
    """Draw a random sample from below the threshold into the queue."""
    draw_for_all(db, person, size, seed=secrets.randbelow(2**31), now=context.clock())
    return go("/settings")


def draw_for_all(db: Database, person: Person, size: int, *, seed: int, now: datetime) -> Draw:
    """Draw a random sample from below the threshold into the queue, and log it."""
    with transaction(db):
        draw = draw_sample(db, size, seed=seed, drawn_by=person.name, now=now)
        person.log(
            db,
            AuditAction.SETTING_CHANGED,
            f"sample:{draw.draw_id}",
            {"size": draw.size, "population": draw.population, "seed": draw.seed},
            now=now,
        )
    return draw


def change_for_all(db: Database, context: AppContext, person: Person, name: str, value: float) -> None:
    """Change a setting for everyone, and log the change; do nothing if the value is the same."""
    now = context.clock()
    with transaction(db):
        before = getattr(review_settings(db), name)
        if before == value:
            return
        change_setting(db, name, value, changed_by=person.name, now=now)
        person.log(
            db, AuditAction.SETTING_CHANGED, f"setting:{name}", {"before": before, "after": value}, now=now
        )


api = APIRouter(prefix="/api", tags=["figures and settings"])


def _within(name: str) -> Any:
    low, high = BOUNDS[name]
    return Field(ge=low, le=high)


class SettingsChange(BaseModel):
    """New settings for everyone; omitted ones stay."""

    model_config = ConfigDict(extra="forbid", strict=True)

    second_share: Annotated[float | None, _within("second_share")] = None
    hidden_share: Annotated[float | None, _within("hidden_share")] = None
    worth_first: Literal[0, 1] | None = None
    flag_watch: Literal[0, 1] | None = None
    flag_equipment: Literal[0, 1] | None = None
    flag_rule: Literal[0, 1] | None = None
    flag_class: Literal[0, 1] | None = None
    flag_picture: Literal[0, 1] | None = None
    blur_pictures: Literal[0, 1] | None = None
    weekly_unreviewed: Literal[0, 1] | None = None
    claim_minutes: Annotated[float | None, _within("claim_minutes")] = None


class Preferences(BaseModel):
    """A user's own settings."""

    model_config = ConfigDict(extra="forbid")

    hide_score: bool
    time_zone: Annotated[str, Field(max_length=64)] | None = None
    """IANA name; empty for the browser's. If left out, it stays."""
    keys: dict[str, str] | None = None
    """The own key by the usual one. If left out, they stay."""


class NewSample(BaseModel):
    """The number of listings to draw from below the threshold."""

    model_config = ConfigDict(extra="forbid")

    size: Annotated[int, Field(ge=1, le=MAX_SAMPLE)]


@api.get("/settings", responses=refusals())
def get_settings(db: TheDatabase, person: TheViewer) -> ReviewSettings:
    """Return the settings for everyone."""
    return review_settings(db)


@api.patch("/settings", responses=refusals())
def change_settings(
    db: TheDatabase, context: TheContext, person: TheLead, change: SettingsChange
) -> ReviewSettings:
    """Change the settings for everyone, and log each change."""
    with transaction(db):
        for name, value in change.model_dump(exclude_none=True).items():
            change_for_all(db, context, person, name, value)
        return review_settings(db)


@api.get("/samples", responses=refusals())
def show_samples(db: TheDatabase, person: TheViewer) -> list[Draw]:
    """Return every random draw from below the threshold, newest first."""
    return list_draws(db)


@api.post("/samples", status_code=201, responses=refusals(409))
def draw(db: TheDatabase, context: TheContext, person: TheLead, wanted: NewSample) -> Draw:
    """Draw a random sample from below the threshold into the queue."""
    return draw_for_all(db, person, wanted.size, seed=secrets.randbelow(2**31), now=context.clock())


@api.get("/me/preferences", responses=refusals())
def show_preferences(db: TheDatabase, person: TheViewer) -> Preferences:
    """Return one's own settings."""
    own = preferences(db, person.name)
    return Preferences(
        hide_score=own.get("hide_score") == "1",
        time_zone=own.get("time_zone", ""),
        keys=read_keys(own.get("keys", "")),
    )


@api.put("/me/preferences", responses=refusals(409))
def set_preferences(db: TheDatabase, person: TheViewer, wanted: Preferences) -> Preferences:
    """Save one's own settings."""
    with transaction(db):
        prefer(db, person.name, "hide_score", "1" if wanted.hide_score else "")
        if wanted.time_zone is not None:
            prefer(db, person.name, "time_zone", check_zone(wanted.time_zone))
        if wanted.keys is not None:
            prefer(db, person.name, "keys", write_keys(wanted.keys))
    return show_preferences(db, person)
