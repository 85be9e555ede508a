"""The service and its runs, for leads: what `status`, `runs`, `logs`, `alerts` and `schedule` say and do."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (pydantic reads the annotations)
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from review.accounts.people import TheLead  # noqa: TC001 (so)
from review.oversight.operating import LOG_LINES, TheOperating
from review.oversight.service import MAX_SOURCE_CHARS
from review.queue.decide import MAX_NOTE_CHARS, MAX_ROW
from review.web.answers import refusals
from review.web.desk import TheDatabase, TheDesk  # noqa: TC001 (FastAPI reads them)
from review.web.records import RowNumber  # noqa: TC001 (so)
from store.crawl.runs import attempts_at, get_run, list_runs
from store.model import Run  # noqa: TC001 (so)
from store.operations.alarms import Alarm, acknowledge, list_alarms, standing_alarms
from store.operations.overview import Band  # noqa: TC001 (so)
from store.operations.requests import Request, ServiceRequest, list_requests
from store.review.queue import SourceCounts  # noqa: TC001 (so)

router = APIRouter(prefix="/api", tags=["service"])

MAX_LIMIT = 200
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


class SourceRecord(BaseModel):
    """How one source fares."""

    model_config = ConfigDict(from_attributes=True)

    source_id: str
    last_run: Run | None
    standing: str
    """Of the last run: its outcome, or `under way`, `interrupted` or `never`."""
    next_due: datetime | None
    timezone: str
    overdue: bool
    paused_by: str | None
    usual_listings: Band | None
    last_success_at: datetime | None
    report: SourceCounts | None
    is_well: bool


class ServiceRecord(BaseModel):
    """How everything stands."""

    model_config = ConfigDict(from_attributes=True)

    is_well: bool
    """Whether nobody needs to look; `precursor-watch status` exits with 0 then."""
    service: bool
    alarms: list[Alarm]
    queue: int
    unscored: int
    scoring: str
    last_score_run: Run | None
    model_id: str | None
    database_bytes: int
    disk_free_bytes: int
    sources: list[SourceRecord]
    sources_problem: str


class RunRecord(BaseModel):
    """A run, and whether it is under way."""

    run: Run
    standing: str


class AttemptRecord(BaseModel):
    """A process that worked on a run."""

    started_at: datetime
    pid: int
    interrupted: str
    log: list[str] | None
    """The last lines that it wrote; null when it left no log."""


class RunWithLog(RunRecord):
    """A run with the end of its logs."""

    attempts: list[AttemptRecord]


class Wish(BaseModel):
    """What the service shall do."""

    model_config = ConfigDict(extra="forbid")

    source_id: Annotated[str, Field(min_length=1, max_length=MAX_SOURCE_CHARS)]
    request: Request


class Note(BaseModel):
    """What is being done about an alarm."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=MAX_NOTE_CHARS)] = ""


class Asked(BaseModel):
    """That something was asked; the service answers within seconds, if it is at work."""

    request_id: int

    @classmethod
    def of(cls, request_id: int) -> Self:
        """Return the record of a request."""
        return cls(request_id=request_id)


@router.get("/service", responses=refusals(409))
def show_service(
    db: TheDatabase,
    desk: TheDesk,
    operating: TheOperating,
    person: TheLead,  # noqa: ARG001 (who asks must be one)
) -> ServiceRecord:
    """Return how everything stands: each source, queue, model, disk and the alarms that stand."""
    return ServiceRecord.model_validate(operating.overview(db, desk.clock()))


@router.get("/service/requests", responses=refusals())
def show_requests(
    db: TheDatabase,
    person: TheLead,  # noqa: ARG001 (so)
    limit: Limit = 20,
) -> list[ServiceRequest]:
    """Return what was asked of the service with its answers, newest first."""
    return list_requests(db, limit=limit)


@router.post("/service/requests", status_code=201, responses=refusals(404, 409))
def ask_for(db: TheDatabase, desk: TheDesk, operating: TheOperating, person: TheLead, wish: Wish) -> Asked:
    """Ask the service to pause a source, resume it, or crawl it now."""
    now = desk.clock()
    return Asked.of(
        operating.ask(db, wish.request, wish.source_id, by=person.name, origin=person.origin, now=now)
    )


@router.get("/alarms", responses=refusals())
def show_alarms(
    db: TheDatabase,
    person: TheLead,  # noqa: ARG001 (so)
    limit: Limit = 50,
    *,
    standing: bool = True,
) -> list[Alarm]:
    """Return the alarms that stand, oldest first; or with `standing=false` all of them, newest first."""
    return standing_alarms(db)[:limit] if standing else list_alarms(db, limit=limit)


@router.post("/alarms/{alarm_id}/acknowledge", responses=refusals(404, 409))
def take_note(db: TheDatabase, desk: TheDesk, person: TheLead, alarm_id: RowNumber, note: Note) -> Alarm:
    """Write that one has taken note of an alarm."""
    return acknowledge(db, alarm_id, by=person.name, note=note.note, origin=person.origin, now=desk.clock())


@router.get("/runs", responses=refusals(409))
def show_runs(
    db: TheDatabase,
    operating: TheOperating,
    person: TheLead,  # noqa: ARG001 (so)
    before: Annotated[int, Query(ge=1, le=MAX_ROW)] = MAX_ROW,
    limit: Limit = 50,
) -> list[RunRecord]:
    """Return runs, newest first; `before` a number, for the next page."""
    runs = list_runs(db, before=before, limit=limit)
    return [RunRecord(run=run, standing=operating.standing(run)) for run in runs]


@router.get("/runs/{run_id}", responses=refusals(404, 409))
def show_run(
    db: TheDatabase,
    operating: TheOperating,
    person: TheLead,  # noqa: ARG001 (so)
    run_id: RowNumber,
) -> RunWithLog:
    """Return one run with the last lines that each of its processes wrote."""
    run = get_run(db, run_id)
    attempts = [
        AttemptRecord(
            started_at=each.started_at,
            pid=each.pid,
            interrupted=each.interrupted,
            log=operating.log(run, each, LOG_LINES),
        )
        for each in attempts_at(db, run_id)
    ]
    return RunWithLog(run=run, standing=operating.standing(run), attempts=attempts)
