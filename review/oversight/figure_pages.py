"""Figures of the review and the models behind it, as a page and as JSON."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict

from review.web.charts import count_ticks, day_bars, ends_of, share_line
from review.web.dependencies import TheContext, TheDatabase, TheViewer, answer_page
from review.web.fields import refusals
from store.review import statistics
from store.review.item_query import Filter, State
from store.review.queue import count_items
from store.review.statistics import (
    Agreement,
    Day,
    DecisionTimes,
    Group,
    MissRate,
    SourceState,
    agreement,
    miss_rate,
)
from store.scores.scores import list_models, model_in_use, promotions

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

SERIES = ("flagged", "reviewed", "confirmed")
"""Of the chart over days; each is a class of the stylesheet."""


@pages.get("/figures")
def show_figures(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    person: TheViewer,
    days: Annotated[int, Query(ge=1, le=3_650)] = 30,
) -> Response:
    """Show the figures of the last days, each chart with the table behind it."""
    since = context.clock() - timedelta(days=days)
    each = statistics.days(db, since=since)
    labels = [day.day for day in each]
    bars, top = day_bars(labels, [(name, [getattr(day, name) for day in each]) for name in SERIES])
    shown = {
        "span": days,
        "days": each,
        "bars": bars,
        "top": top,
        "count_ticks": count_ticks(top),
        "day_ticks": ends_of(labels),
        "precision_line": share_line(labels, [day.precision for day in each]),
        "times": statistics.decision_times(db, since=since),
        "by_source": statistics.by_source(db),
        "by_substance": statistics.by_substance(db),
        "sources": statistics.source_states(db),
        "agreement": agreement(db),
        "misses": miss_rate(db),
        "states": {state: count_items(db, Filter(state=state)) for state in State},
    }
    return answer_page(request, "figures.html", shown)


api = APIRouter(prefix="/api", tags=["figures and settings"])


class Figures(BaseModel):
    """The figures of the review."""

    days: list[Day]
    decision_times: DecisionTimes
    by_source: list[Group]
    by_substance: list[Group]
    sources: list[SourceState]
    agreement: Agreement
    misses: MissRate
    states: dict[State, int]


class ModelRecord(BaseModel):
    """A trained model."""

    model_id: str
    created_at: datetime
    threshold: float
    is_in_use: bool
    card: dict[str, Any]


class PromotionRecord(BaseModel):
    """A promotion of a model: when, by whom and why."""

    model_config = ConfigDict(from_attributes=True)

    promotion_id: int
    model_id: str
    promoted_at: datetime
    promoted_by: str
    sentence: str


@api.get("/figures", responses=refusals())
def get_figures(
    db: TheDatabase,
    context: TheContext,
    person: TheViewer,
    days: Annotated[int, Query(ge=1, le=3_650)] = 30,
) -> Figures:
    """Return the figures of the last days."""
    since = context.clock() - timedelta(days=days)
    return Figures(
        days=statistics.days(db, since=since),
        decision_times=statistics.decision_times(db, since=since),
        by_source=statistics.by_source(db),
        by_substance=statistics.by_substance(db),
        sources=statistics.source_states(db),
        agreement=agreement(db),
        misses=miss_rate(db),
        states={state: count_items(db, Filter(state=state)) for state in State},
    )


@api.get("/models", responses=refusals())
def show_models(db: TheDatabase, person: TheViewer) -> list[ModelRecord]:
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


@api.get("/promotions", responses=refusals())
def show_promotions(db: TheDatabase, person: TheViewer) -> list[PromotionRecord]:
    """Return the promotions of models, oldest first."""
    return [PromotionRecord.model_validate(each) for each in promotions(db)]
