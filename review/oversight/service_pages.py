"""The service for leads, as pages and as JSON: its state, alarms, runs with logs, and requests to it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from review.web.dependencies import (
    TheAdmin,
    TheContext,
    TheDatabase,
    TheLead,
    TheServiceApi,
    answer_page,
    go,
)
from review.web.fields import MAX_NOTE_CHARS, MAX_ROW, RowId, refusals
from review.web.languages import gettext as _
from review.web.languages import spoken
from review.web.providers import LOG_LINES, NewSource
from store.audit.audit import AuditAction
from store.crawl.runs import attempts_at, get_run, list_runs
from store.model import Run
from store.operations.service import (
    Alarm,
    Band,
    ServiceRequest,
    SourceHealth,
    SourcesUnreadable,
    acknowledge,
    list_alarms,
    list_requests,
    standing_alarms,
)
from store.operations.service import Request as Wish
from store.review.item_query import Filter
from store.review.queue import count_items
from store.review.statistics import SourceCounts

pages = APIRouter(prefix="/service", include_in_schema=False, default_response_class=HTMLResponse)

RUNS_A_PAGE = 50

MAX_SOURCE_CHARS = 200


class SourceForm(BaseModel):
    """The form for a new saved source."""

    source_id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    archive: Annotated[str, Field(min_length=1, max_length=500)]
    supplied_by: Annotated[str, Field(min_length=1, max_length=200)]
    permission: Annotated[str, Field(min_length=1, max_length=200)]
    """Reference of the permission to use the archive, e.g. a letter."""
    supplied_on: date
    wish: Literal["try", "add"] = "try"

    def source(self) -> NewSource:
        """Return the source that is described."""
        return NewSource(
            source_id=self.source_id,
            name=self.name.strip(),
            archive=self.archive.strip(),
            supplied_by=f"{self.supplied_by.strip()} ({self.permission.strip()})",
            supplied_on=self.supplied_on,
        )


@pages.get("")
def show_service(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    service_api: TheServiceApi,
    person: TheLead,
    done: str = "",
) -> Response:
    """Show the state of the service, the active alarms and the latest requests."""
    said = {
        "pause": _("Requested. The service starts no crawl of this source until you resume it."),
        "resume": _("Requested. The source is crawled again when it is due."),
        "run_now": _("Requested. The crawl starts within seconds."),
        "noted": _("Alarm acknowledged."),
    }
    shown = {
        "found": service_api.overview(db, context.clock()),
        "waiting": count_items(db, Filter(reviewer=person.name)),
        "now": context.clock(),
        "requests": list_requests(db, limit=10),
        "said": said.get(done, ""),
    }
    return answer_page(request, "service.html", shown)


@pages.get("/runs")
def show_runs(
    request: Request,
    db: TheDatabase,
    service_api: TheServiceApi,
    person: TheLead,
    before: Annotated[int, Query(ge=1, le=MAX_ROW)] = MAX_ROW,
) -> Response:
    """Show runs, newest first."""
    runs = list_runs(db, before=before, limit=RUNS_A_PAGE + 1)
    shown = {
        "runs": [(run, service_api.standing(run)) for run in runs[:RUNS_A_PAGE]],
        "older": runs[RUNS_A_PAGE - 1].run_id if len(runs) > RUNS_A_PAGE else None,
        "is_first": before == MAX_ROW,
    }
    return answer_page(request, "runs.html", shown)


@pages.get("/runs/{run_id}")
def show_run(
    request: Request,
    db: TheDatabase,
    service_api: TheServiceApi,
    person: TheLead,
    run_id: RowId,
) -> Response:
    """Show one run: its end, and the last log lines of each of its processes."""
    run = get_run(db, run_id)
    tried = [(each, service_api.log(run, each, LOG_LINES)) for each in attempts_at(db, run_id)]
    shown = {"run": run, "standing": service_api.standing(run), "tried": tried, "lines": LOG_LINES}
    return answer_page(request, "run.html", shown)


@pages.post("/requests")
def ask_for(
    db: TheDatabase,
    context: TheContext,
    service_api: TheServiceApi,
    person: TheLead,
    source_id: Annotated[str, Form(max_length=MAX_SOURCE_CHARS)],
    wish: Annotated[Wish, Form()],
) -> Response:
    """Ask the service to pause a source, resume it, or crawl it now."""
    service_api.ask(db, wish, source_id, by=person.name, origin=person.origin, now=context.clock())
    return go(f"/service?done={wish}")


@pages.post("/alarms/{alarm_id}/acknowledge")
def take_note(
    db: TheDatabase,
    context: TheContext,
    person: TheLead,
    alarm_id: RowId,
    note: Annotated[str, Form(max_length=MAX_NOTE_CHARS)] = "",
) -> Response:
    """Acknowledge an alarm."""
    acknowledge(db, alarm_id, by=person.name, note=note, origin=person.origin, now=context.clock())
    return go("/service?done=noted")


@pages.get("/sources/new")
def show_new_source(request: Request, service_api: TheServiceApi, person: TheAdmin) -> Response:
    """Show the form for a new saved source."""
    return answer_page(request, "new_source.html", {"typed": None, "trial": None, "warned": "", "said": ""})


@pages.post("/sources/new")
def add_source(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    service_api: TheServiceApi,
    person: TheAdmin,
    typed: Annotated[SourceForm, Form()],
) -> Response:
    """Show the listings that would be read from a new source, or declare the source."""
    shown: dict[str, object] = {"typed": typed, "trial": None, "warned": "", "said": ""}
    now, source = context.clock(), typed.source()
    try:
        if typed.wish == "try":
            shown["trial"] = service_api.try_source(source, now)
        else:
            service_api.add_source(source, now)
            said = {"archive": source.archive, "supplied_by": source.supplied_by}
            person.log(db, AuditAction.SETTING_CHANGED, f"source:{source.source_id}", said, now=now)
            shown["said"] = _("The source was added. Its next crawl reads the archive.")
    except SourcesUnreadable as error:
        return answer_page(request, "new_source.html", shown | {"warned": spoken(error)}, status=409)
    return answer_page(request, "new_source.html", shown)


def local_time(source: SourceHealth) -> str:
    """Return a source's next due time in its own zone, e.g. `2026-11-25 03:30 (America/Lima)`."""
    if source.next_due is None:
        return ""
    return f"{source.next_due.astimezone(ZoneInfo(source.timezone)):%Y-%m-%d %H:%M} ({source.timezone})"


api = APIRouter(prefix="/api", tags=["service"])

MAX_LIMIT = 200

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


class SourceRecord(BaseModel):
    """The state of one source."""

    model_config = ConfigDict(from_attributes=True)

    source_id: str
    last_run: Run | None
    standing: str
    """The outcome of the last run, or `under way`, `interrupted` or `never`."""
    next_due: datetime | None
    timezone: str
    overdue: bool
    paused_by: str | None
    usual_listings: Band | None
    last_success_at: datetime | None
    report: SourceCounts | None
    is_well: bool


class ServiceRecord(BaseModel):
    """The state of the service, its sources and the store."""

    model_config = ConfigDict(from_attributes=True)

    is_well: bool
    """Whether nothing needs attention; `precursor-watch status` exits with 0 then."""
    service: bool
    alarms: list[Alarm]
    queue: int
    """How many listings wait for a verdict of the user, as the queue counts them."""
    unscored: int
    scoring: str
    last_score_run: Run | None
    unread_pictures: int
    read_pictures: int
    model_id: str | None
    database_bytes: int
    disk_free_bytes: int
    sources: list[SourceRecord]
    sources_problem: str


class RunRecord(BaseModel):
    """A run and its state."""

    run: Run
    standing: str


class AttemptRecord(BaseModel):
    """A process of a run."""

    started_at: datetime
    pid: int
    interrupted: str
    log: list[str] | None
    """The last lines of its log; null if there is no log."""


class RunWithLog(RunRecord):
    """A run with the end of its logs."""

    attempts: list[AttemptRecord]


class NewRequest(BaseModel):
    """A request to the service."""

    model_config = ConfigDict(extra="forbid")

    source_id: Annotated[str, Field(min_length=1, max_length=MAX_SOURCE_CHARS)]
    request: Wish


class AlarmNote(BaseModel):
    """A note on an alarm."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=MAX_NOTE_CHARS)] = ""


class Asked(BaseModel):
    """A request that was sent; a running service answers within seconds."""

    request_id: int

    @classmethod
    def of(cls, request_id: int) -> Self:
        """Return the record of a request."""
        return cls(request_id=request_id)


@api.get("/service", responses=refusals(409))
def get_service(
    db: TheDatabase,
    context: TheContext,
    service_api: TheServiceApi,
    person: TheLead,
) -> ServiceRecord:
    """Return the state of each source, the queue, the model and the disk, with the active alarms."""
    found = ServiceRecord.model_validate(service_api.overview(db, context.clock()))
    return found.model_copy(update={"queue": count_items(db, Filter(reviewer=person.name))})


@api.get("/service/requests", responses=refusals())
def show_requests(
    db: TheDatabase,
    person: TheLead,
    limit: Limit = 20,
) -> list[ServiceRequest]:
    """Return the requests to the service with their answers, newest first."""
    return list_requests(db, limit=limit)


@api.post("/service/requests", status_code=201, responses=refusals(404, 409))
def post_request(
    db: TheDatabase, context: TheContext, service_api: TheServiceApi, person: TheLead, wish: NewRequest
) -> Asked:
    """Ask the service to pause a source, resume it, or crawl it now."""
    now = context.clock()
    return Asked.of(
        service_api.ask(db, wish.request, wish.source_id, by=person.name, origin=person.origin, now=now)
    )


@api.get("/alarms", responses=refusals())
def show_alarms(
    db: TheDatabase,
    person: TheLead,
    limit: Limit = 50,
    *,
    standing: bool = True,
) -> list[Alarm]:
    """Return the active alarms, oldest first; with `standing=false` all alarms, newest first."""
    return standing_alarms(db)[:limit] if standing else list_alarms(db, limit=limit)


@api.post("/alarms/{alarm_id}/acknowledge", responses=refusals(404, 409))
def post_note(
    db: TheDatabase, context: TheContext, person: TheLead, alarm_id: RowId, note: AlarmNote
) -> Alarm:
    """Acknowledge an alarm."""
    return acknowledge(
        db, alarm_id, by=person.name, note=note.note, origin=person.origin, now=context.clock()
    )


@api.get("/runs", responses=refusals(409))
def get_runs(
    db: TheDatabase,
    service_api: TheServiceApi,
    person: TheLead,
    before: Annotated[int, Query(ge=1, le=MAX_ROW)] = MAX_ROW,
    limit: Limit = 50,
) -> list[RunRecord]:
    """Return runs, newest first; `before` a number, for the next page."""
    runs = list_runs(db, before=before, limit=limit)
    return [RunRecord(run=run, standing=service_api.standing(run)) for run in runs]


@api.get("/runs/{run_id}", responses=refusals(404, 409))
def get_run_record(
    db: TheDatabase,
    service_api: TheServiceApi,
    person: TheLead,
    run_id: RowId,
) -> RunWithLog:
    """Return one run with the last lines that each of its processes wrote."""
    run = get_run(db, run_id)
    attempts = [
        AttemptRecord(
            started_at=each.started_at,
            pid=each.pid,
            interrupted=each.interrupted,
            log=service_api.log(run, each, LOG_LINES),
        )
        for each in attempts_at(db, run_id)
    ]
    return RunWithLog(run=run, standing=service_api.standing(run), attempts=attempts)
