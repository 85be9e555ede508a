"""Figures of the review and its models, and the notices of listings, as pages and as JSON."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from io import StringIO
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from review.web.charts import count_ticks, day_bars, ends_of, share_line
from review.web.dependencies import TheContext, TheDatabase, TheReviewer, TheViewer, answer_page
from review.web.fields import refusals
from store.audit import audit
from store.audit.audit import AuditAction
from store.messages import guard_cell
from store.model import Promotion
from store.review import statistics
from store.review.item_query import Filter, State
from store.review.notices import NoticeCount, NoticedListing, count_notices, noticed_listings
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

if TYPE_CHECKING:
    from collections.abc import Iterable


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
def show_promotions(db: TheDatabase, person: TheViewer) -> list[Promotion]:
    """Return the promotions of models, oldest first."""
    return promotions(db)


LONGEST = 200


@pages.get("/notices")
def show_notices(request: Request, db: TheDatabase, person: TheViewer) -> Response:
    """Show the number of listings for each notice."""
    return answer_page(request, "notices.html", {"counts": count_notices(db)})


@pages.post("/notices/export")
def export(
    db: TheDatabase,
    context: TheContext,
    person: TheReviewer,
    kind: Annotated[str, Form(max_length=LONGEST)] = "",
    code: Annotated[str, Form(max_length=LONGEST)] = "",
) -> Response:
    """Export the listings with a notice as CSV, and log the export."""
    now = context.clock()
    found = noticed_listings(db, kind, code)
    body = as_csv(found).encode()
    audit.record(
        db,
        AuditAction.EXPORTED,
        actor=person.name,
        origin=person.origin,
        subject="export:notices",
        details={"kind": kind, "code": code, "case": None, "listings": len(found),
                 "sha256": hashlib.sha256(body).hexdigest()},
        now=now,
    )  # fmt: skip
    headers = {"Content-Disposition": f'attachment; filename="notices-{now:%Y%m%dT%H%M%SZ}.csv"'}
    return Response(body, media_type="text/csv", headers=headers)


def as_csv(found: Iterable[NoticedListing]) -> str:
    """Return listings with notices as a CSV file, one line for each notice; no cell is a formula."""
    out = StringIO()
    writer = csv.DictWriter(out, [field.name for field in fields(NoticedListing)])
    writer.writeheader()
    for each in found:
        writer.writerow({name: guard_cell(str(value)) for name, value in asdict(each).items()})
    return out.getvalue()


@api.get("/notices", responses=refusals())
def get_notices(
    db: TheDatabase, person: TheViewer, kind: Annotated[str, Query(max_length=LONGEST)] = ""
) -> list[NoticeCount]:
    """Return the number of listings for each notice, by kind, the commonest first."""
    return count_notices(db, kind)
