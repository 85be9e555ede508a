"""The dashboard: how much was flagged, reviewed and confirmed, how far people agree, and what is missed."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from review.accounts.people import TheViewer  # noqa: TC001 (FastAPI reads it)
from review.oversight.plots import count_ticks, day_bars, ends_of, share_line
from review.web.desk import TheDatabase, TheDesk, answer_page
from store.review import dashboard
from store.review.item_filters import Filter, State
from store.review.review_items import count_items
from store.review.samples import miss_rate
from store.review.second_review import agreement

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

SERIES = ("flagged", "reviewed", "confirmed")
"""Of the chart over days; each is a class of the stylesheet."""


@router.get("/figures")
def show_figures(
    request: Request,
    db: TheDatabase,
    desk: TheDesk,
    person: TheViewer,  # noqa: ARG001 (must be logged in)
    days: Annotated[int, Query(ge=1, le=3_650)] = 30,
) -> Response:
    """Show the figures of the last days, each chart with the table behind it."""
    since = desk.clock() - timedelta(days=days)
    each = dashboard.days(db, since=since)
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
        "times": dashboard.decision_times(db, since=since),
        "by_source": dashboard.by_source(db),
        "by_substance": dashboard.by_substance(db),
        "sources": dashboard.source_states(db),
        "agreement": agreement(db),
        "misses": miss_rate(db),
        "states": {state: count_items(db, Filter(state=state)) for state in State},
    }
    return answer_page(request, "figures.html", shown)
