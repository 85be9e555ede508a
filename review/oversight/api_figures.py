"""Figures of the review, and what reviewers and leads set."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel, ConfigDict, Field

from review.accounts.people import TheLead, TheViewer  # noqa: TC001 (so)
from review.oversight.choices import MAX_SAMPLE, change_for_all, draw_for_all
from review.web.answers import refusals
from review.web.desk import TheDatabase, TheDesk  # noqa: TC001 (FastAPI reads them)
from review.web.records import RowNumber  # noqa: TC001 (so)
from store.database import transaction
from store.review import dashboard
from store.review.dashboard import Day, DecisionTimes, Group, SourceState  # noqa: TC001 (so)
from store.review.drafts import SavedView, forget_view, save_view, saved_views
from store.review.item_filters import Filter, State
from store.review.review_items import count_items
from store.review.review_settings import BOUNDS, ReviewSettings, prefer, preferences, review_settings
from store.review.samples import Draw, MissRate, list_draws, miss_rate
from store.review.second_review import Agreement, agreement
from store.scores.models import list_models, model_in_use, promotions

router = APIRouter(prefix="/api", tags=["figures and settings"])


class Figures(BaseModel):
    """What the dashboard shows."""

    days: list[Day]
    decision_times: DecisionTimes
    by_source: list[Group]
    by_substance: list[Group]
    sources: list[SourceState]
    agreement: Agreement
    misses: MissRate
    states: dict[State, int]


def _within(name: str) -> Any:
    low, high = BOUNDS[name]
    return Field(ge=low, le=high)


class SettingsChange(BaseModel):
    """What shall hold for everyone from now on; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    second_share: Annotated[float | None, _within("second_share")] = None
    hidden_share: Annotated[float | None, _within("hidden_share")] = None
    claim_minutes: Annotated[float | None, _within("claim_minutes")] = None


class Preferences(BaseModel):
    """What one chose for oneself."""

    model_config = ConfigDict(extra="forbid")

    hide_score: bool


class NewView(BaseModel):
    """A list to be kept under a name."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=60, pattern=r"\S")]
    query: Annotated[str, Field(max_length=2_000)] = ""
    """As it stands in the address, without the question mark."""


class NewSample(BaseModel):
    """How many listings are to be drawn from below the line."""

    model_config = ConfigDict(extra="forbid")

    size: Annotated[int, Field(ge=1, le=MAX_SAMPLE)]


class ModelRecord(BaseModel):
    """A trained model."""

    model_id: str
    created_at: datetime
    threshold: float
    is_in_use: bool
    card: dict[str, Any]


class PromotionRecord(BaseModel):
    """When a model was put in use, by whom and why."""

    model_config = ConfigDict(from_attributes=True)

    promotion_id: int
    model_id: str
    promoted_at: datetime
    promoted_by: str
    sentence: str


@router.get("/figures", responses=refusals())
def show_figures(
    db: TheDatabase,
    desk: TheDesk,
    person: TheViewer,  # noqa: ARG001 (who asks must be logged in)
    days: Annotated[int, Query(ge=1, le=3_650)] = 30,
) -> Figures:
    """Return the figures of the last days."""
    since = desk.clock() - timedelta(days=days)
    return Figures(
        days=dashboard.days(db, since=since),
        decision_times=dashboard.decision_times(db, since=since),
        by_source=dashboard.by_source(db),
        by_substance=dashboard.by_substance(db),
        sources=dashboard.source_states(db),
        agreement=agreement(db),
        misses=miss_rate(db),
        states={state: count_items(db, Filter(state=state)) for state in State},
    )


@router.get("/models", responses=refusals())
def show_models(db: TheDatabase, person: TheViewer) -> list[ModelRecord]:  # noqa: ARG001 (so)
    """Return every trained model with its card, newest first."""
    in_use = model_in_use(db)
    return [
        ModelRecord(
            model_id=model.model_id,
            created_at=model.created_at,
            threshold=model.threshold,
            is_in_use=in_use is not None and model.model_id == in_use.model_id,
            card=jsonable_encoder(model.card),
        )
        for model in list_models(db)
    ]


@router.get("/promotions", responses=refusals())
def show_promotions(db: TheDatabase, person: TheViewer) -> list[PromotionRecord]:  # noqa: ARG001 (so)
    """Return when which model was put in use, oldest first."""
    return [PromotionRecord.model_validate(each) for each in promotions(db)]


@router.get("/settings", responses=refusals())
def show_settings(db: TheDatabase, person: TheViewer) -> ReviewSettings:  # noqa: ARG001 (so)
    """Return what holds for everyone."""
    return review_settings(db)


@router.patch("/settings", responses=refusals())
def change_settings(
    db: TheDatabase, desk: TheDesk, person: TheLead, change: SettingsChange
) -> ReviewSettings:
    """Put shares and times in force for everyone; the log notes each."""
    with transaction(db):
        for name, value in change.model_dump(exclude_none=True).items():
            change_for_all(db, desk, person, name, value)
        return review_settings(db)


@router.get("/samples", responses=refusals())
def show_samples(db: TheDatabase, person: TheViewer) -> list[Draw]:  # noqa: ARG001 (so)
    """Return every random draw from below the line, newest first."""
    return list_draws(db)


@router.post("/samples", status_code=201, responses=refusals(409))
def draw(db: TheDatabase, desk: TheDesk, person: TheLead, wanted: NewSample) -> Draw:
    """Draw a random sample from below the line into the queue."""
    return draw_for_all(db, person, wanted.size, seed=secrets.randbelow(2**31), now=desk.clock())


@router.get("/me/preferences", responses=refusals())
def show_preferences(db: TheDatabase, person: TheViewer) -> Preferences:
    """Return what one chose for oneself."""
    return Preferences(hide_score=preferences(db, person.name).get("hide_score") == "1")


@router.put("/me/preferences", responses=refusals())
def set_preferences(db: TheDatabase, person: TheViewer, wanted: Preferences) -> Preferences:
    """Keep what one chooses for oneself."""
    prefer(db, person.name, "hide_score", "1" if wanted.hide_score else "")
    return wanted


@router.get("/me/views", responses=refusals())
def show_views(db: TheDatabase, person: TheViewer) -> list[SavedView]:
    """Return one's saved lists by name."""
    return saved_views(db, person.name)


@router.post("/me/views", status_code=201, responses=refusals())
def add_view(db: TheDatabase, desk: TheDesk, person: TheViewer, wanted: NewView) -> list[SavedView]:
    """Keep a list under a name, and return all of them; the same name again replaces it."""
    save_view(db, person.name, wanted.name, wanted.query, now=desk.clock())
    return saved_views(db, person.name)


@router.delete("/me/views/{view_id}", status_code=204, responses=refusals())
def drop_view(db: TheDatabase, person: TheViewer, view_id: RowNumber) -> Response:
    """Forget one of one's saved lists, if it is there."""
    forget_view(db, person.name, view_id)
    return Response(status_code=204)
