"""The audit log, for leads: filtered, newest first, as a page and as JSON."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from review.queue.blinding import hide_log_verdicts
from review.web.dependencies import TheAdmin, TheContext, TheDatabase, TheLead, answer_page
from review.web.fields import MAX_ROW, OrEmpty, refusals
from store.accounts.users import list_users
from store.audit import audit
from store.audit.audit import AuditAction, AuditEntry, head, list_entries
from store.crawl.runs import latest_run
from store.model import RunKind

if TYPE_CHECKING:
    from review.web.dependencies import Person
    from store.database import Database


pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

PAGE_SIZE = 50

_Text = Annotated[str, Field(max_length=200)]


class LogQuery(BaseModel):
    """The filters of the log; an empty field does not filter."""

    model_config = ConfigDict(frozen=True)

    actor: OrEmpty[_Text] = None
    action: OrEmpty[AuditAction] = None
    subject: OrEmpty[_Text] = None
    since: OrEmpty[date] = None
    until: OrEmpty[date] = None
    """The last day, UTC."""
    before: Annotated[int | None, Field(ge=1, le=MAX_ROW)] = None


@pages.get("/audit")
def show_log(
    request: Request, db: TheDatabase, person: TheLead, query: Annotated[LogQuery, Query()]
) -> Response:
    """Show entries, newest first."""
    entries = read_entries(db, query, person, limit=PAGE_SIZE + 1)
    named = query.model_dump(exclude={"before"})
    given = {name: str(value) for name, value in named.items() if value is not None}
    older = given | {"before": str(entries[PAGE_SIZE - 1].entry_id)} if len(entries) > PAGE_SIZE else None
    shown = {
        "entries": entries[:PAGE_SIZE],
        "given": dict.fromkeys(named, "") | given,
        "is_narrowed": bool(given),
        "is_first": query.before is None,
        "newest": f"/audit?{urlencode(given)}",
        "older": f"/audit?{urlencode(older)}" if older else "",
        "people": [user.name for user in list_users(db)],
        "actions": list(AuditAction),
        "count": head(db)[0],
        "verified": latest_run(db, RunKind.VERIFY),
    }
    return answer_page(request, "audit.html", shown)


def read_entries(db: Database, wanted: LogQuery, person: Person, *, limit: int) -> list[AuditEntry]:
    """Return entries, newest first, as this person may see them."""
    found = list_entries(
        db,
        actor=wanted.actor,
        action=wanted.action,
        subject=wanted.subject,
        since=_begin_of(wanted.since),
        until=None if wanted.until is None else _end_of(wanted.until),
        before=wanted.before,
        limit=limit,
    )
    return hide_log_verdicts(db, found, person.name)


def _begin_of(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, UTC)


def _end_of(day: date) -> datetime | None:
    return None if day == date.max else _begin_of(day + timedelta(days=1))


api = APIRouter(prefix="/api/audit", tags=["administration"])

MAX_LIMIT = 1_000


class LogPart(LogQuery):
    """The filters of the log with a limit; `before` is for the next page."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 50


class Anchor(BaseModel):
    """The anchor to write down elsewhere, for `precursor-watch audit verify --anchor`."""

    anchor: str
    """Number and hash of the newest entry of the log, and of the newest line of the record."""
    taken_at: datetime


@api.get("", responses=refusals())
def read_log(db: TheDatabase, person: TheLead, wanted: Annotated[LogPart, Query()]) -> list[AuditEntry]:
    """Return entries, newest first, that fit all that is given.

    What somebody decided that who asks is to check blind is left out.
    """
    return read_entries(db, wanted, person, limit=wanted.limit)


@api.get("/anchor", responses=refusals())
def take_anchor(db: TheDatabase, context: TheContext, person: TheAdmin) -> Anchor:
    """Return an anchor, to be kept elsewhere."""
    return Anchor(anchor=audit.take_anchor(db), taken_at=context.clock())
