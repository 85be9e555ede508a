"""The service as leads see it: how all stands, alarms, runs with their logs, and asking for something."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from review.accounts.people import TheLead  # noqa: TC001 (FastAPI reads it)
from review.oversight.operating import LOG_LINES, TheOperating
from review.queue.decide import MAX_NOTE_CHARS, MAX_ROW, RowId
from review.queue.pages import go
from review.web.desk import TheDatabase, TheDesk, answer_page
from review.web.languages import gettext as _
from store.crawl.runs import attempts_at, get_run, list_runs
from store.operations.alarms import acknowledge
from store.operations.overview import SourceHealth  # noqa: TC001 (a filter's annotation)
from store.operations.requests import Request as Wish
from store.operations.requests import list_requests

router = APIRouter(prefix="/service", include_in_schema=False, default_response_class=HTMLResponse)

RUNS_A_PAGE = 50
MAX_SOURCE_CHARS = 200


@router.get("")
def show_service(
    request: Request,
    db: TheDatabase,
    desk: TheDesk,
    operating: TheOperating,
    person: TheLead,  # noqa: ARG001 (must be one)
    done: str = "",
) -> Response:
    """Show what `status` shows, the alarms that stand, and what was asked of the service."""
    said = {
        "pause": _("Asked. The service begins nothing for it until it is resumed."),
        "resume": _("Asked. It is crawled again when it is due."),
        "run_now": _("Asked. The service begins within seconds."),
        "noted": _("You have taken note of it."),
    }
    shown = {
        "found": operating.overview(db, desk.clock()),
        "now": desk.clock(),
        "requests": list_requests(db, limit=10),
        "said": said.get(done, ""),
    }
    return answer_page(request, "service.html", shown)


@router.get("/runs")
def show_runs(
    request: Request,
    db: TheDatabase,
    operating: TheOperating,
    person: TheLead,  # noqa: ARG001 (so)
    before: Annotated[int, Query(ge=1, le=MAX_ROW)] = MAX_ROW,
) -> Response:
    """Show runs, newest first."""
    runs = list_runs(db, before=before, limit=RUNS_A_PAGE + 1)
    shown = {
        "runs": [(run, operating.standing(run)) for run in runs[:RUNS_A_PAGE]],
        "older": runs[RUNS_A_PAGE - 1].run_id if len(runs) > RUNS_A_PAGE else None,
        "is_first": before == MAX_ROW,
    }
    return answer_page(request, "runs.html", shown)


@router.get("/runs/{run_id}")
def show_run(
    request: Request,
    db: TheDatabase,
    operating: TheOperating,
    person: TheLead,  # noqa: ARG001 (so)
    run_id: RowId,
) -> Response:
    """Show one run: how it ended, and the end of what each of its processes wrote."""
    run = get_run(db, run_id)
    tried = [(each, operating.log(run, each, LOG_LINES)) for each in attempts_at(db, run_id)]
    shown = {"run": run, "standing": operating.standing(run), "tried": tried, "lines": LOG_LINES}
    return answer_page(request, "run.html", shown)


@router.post("/requests")
def ask_for(
    db: TheDatabase,
    desk: TheDesk,
    operating: TheOperating,
    person: TheLead,
    source_id: Annotated[str, Form(max_length=MAX_SOURCE_CHARS)],
    wish: Annotated[Wish, Form()],
) -> Response:
    """Ask the service to pause a source, resume it, or crawl it now."""
    operating.ask(db, wish, source_id, by=person.name, origin=person.origin, now=desk.clock())
    return go(f"/service?done={wish}")


@router.post("/alarms/{alarm_id}/acknowledge")
def take_note(
    db: TheDatabase,
    desk: TheDesk,
    person: TheLead,
    alarm_id: RowId,
    note: Annotated[str, Form(max_length=MAX_NOTE_CHARS)] = "",
) -> Response:
    """Write that one has taken note of an alarm."""
    acknowledge(db, alarm_id, by=person.name, note=note, origin=person.origin, now=desk.clock())
    return go("/service?done=noted")


def local_time(source: SourceHealth) -> str:
    """Return when a source is due next in its own zone, e.g. `2026-11-25 03:30 (America/Lima)`."""
    if source.next_due is None:
        return ""
    return f"{source.next_due.astimezone(ZoneInfo(source.timezone)):%Y-%m-%d %H:%M} ({source.timezone})"
