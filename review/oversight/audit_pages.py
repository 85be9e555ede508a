"""The audit log as a page: who did what, filtered, newest first, and whether the chain was found whole."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from review.accounts.people import TheLead  # noqa: TC001 (FastAPI reads it)
from review.queue.decide import MAX_ROW
from review.queue.hiding import veil_log
from review.web.desk import TheDatabase, answer_page
from store.accounts.users import list_users
from store.audit.audit import AuditAction, AuditEntry, head, list_entries
from store.crawl.runs import latest_run
from store.model import RunKind

if TYPE_CHECKING:
    from review.accounts.people import Person
    from store.database import Database

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

PAGE_SIZE = 50


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


_Text = Annotated[str | None, BeforeValidator(_none_if_empty), Field(max_length=200)]
_Day = Annotated[date | None, BeforeValidator(_none_if_empty)]


class LogQuery(BaseModel):
    """Which entries the address asks for; what a form leaves empty does not narrow them."""

    model_config = ConfigDict(frozen=True)

    actor: _Text = None
    action: Annotated[AuditAction | None, BeforeValidator(_none_if_empty)] = None
    subject: _Text = None
    since: _Day = None
    until: _Day = None
    """The last day, UTC."""
    before: Annotated[int | None, Field(ge=1, le=MAX_ROW)] = None


@router.get("/audit")
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
    return veil_log(db, found, person.name)


def _begin_of(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, UTC)


def _end_of(day: date) -> datetime | None:
    return None if day == date.max else _begin_of(day + timedelta(days=1))
