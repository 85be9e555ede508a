"""Saved lists and watch-lists: saved, followed, looked at and sent as digests; as pages and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from review.web.dependencies import TheContext, TheDatabase, TheViewer, answer_page, go, with_done
from review.web.fields import RowId, refusals
from review.web.languages import ASKED, catalogue, gettext, spoken
from review.web.translations import chosen_words, narrowing_words
from store.review import watchlists
from store.review.item_query import NARROWING
from store.review.watchlists import DigestSettings, DigestSettingsWrong, SavedView
from store.review.workspace import prefer, preferences

if TYPE_CHECKING:
    from review.web.dependencies import AppContext

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
api = APIRouter(prefix="/api/me", tags=["figures and settings"])

_Text = Annotated[str, Form(max_length=200)]


class NewView(BaseModel):
    """A list to save under a name."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=60, pattern=r"\S")]
    query: Annotated[str, Field(max_length=2_000)] = ""
    """As it stands in the address, without the question mark."""
    is_followed: bool = False
    """Whether new matches are counted, marked and sent as a digest."""


class DigestPreferences(BaseModel):
    """Where and when one gets digests."""

    model_config = ConfigDict(extra="forbid")

    address: Annotated[str, Field(max_length=300)] = ""
    """Address of e-mail, or `https://` address of a webhook; empty for no digests."""
    times: Annotated[str, Field(max_length=200)] = "08:00"
    quiet_hours: Annotated[str, Field(max_length=20)] = ""
    timezone: Annotated[str, Field(max_length=60)] = "UTC"


@pages.post("/views")
def keep_view(
    db: TheDatabase,
    context: TheContext,
    person: TheViewer,
    query: Annotated[str, Form(max_length=2_000)] = "",
    name: Annotated[str, Form(max_length=60)] = "",
    follow: Annotated[str, Form(max_length=1)] = "",
    back: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    """Save the list, under the name of its filters if none is given, and follow it if that is asked for."""
    name = name.strip() or name_of(query)
    names = names_of(context, query)
    now = context.clock()
    watchlists.save_view(db, person.name, name, query, is_followed=bool(follow), names=names, now=now)
    where = back if back.startswith("/listings/") else f"/?{query}"
    return go(with_done(where, "followed") if follow else where)


@pages.post("/views/{view_id}/forget")
def drop_view(
    db: TheDatabase, person: TheViewer, view_id: RowId, back: Annotated[str, Form(max_length=10)] = ""
) -> Response:
    """Delete a saved list."""
    watchlists.forget_view(db, person.name, view_id)
    return go("/lists" if back == "/lists" else "/")


@pages.post("/views/{view_id}/follow")
def follow(
    db: TheDatabase,
    context: TheContext,
    person: TheViewer,
    view_id: RowId,
    follow: Annotated[str, Form(max_length=1)] = "",
) -> Response:
    """Follow a saved list, or follow it no longer."""
    watchlists.follow_view(db, person.name, view_id, is_followed=bool(follow), now=context.clock())
    return go("/lists")


@pages.get("/lists")
def show_lists(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    person: TheViewer,
    done: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """Show the saved lists, their new listings, and the digests."""
    said = {
        "test": gettext(
            "The test digest is waiting to be sent. The service sends it within a minute or two."
        ),
        "saved": gettext("Saved."),
    }.get(done, "")
    return _answer(request, db, context, person, said=said)


@pages.post("/lists/digest")
def take_settings(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    person: TheViewer,
    address: Annotated[str, Form(max_length=300)] = "",
    times: _Text = "",
    quiet_hours: Annotated[str, Form(max_length=20)] = "",
    timezone: Annotated[str, Form(max_length=60)] = "UTC",
) -> Response:
    """Save the settings of one's digests."""
    typed = DigestPreferences(
        address=address, times=times, quiet_hours=quiet_hours, timezone=timezone or "UTC"
    )
    wanted = DigestSettings(reviewer=person.name, **typed.model_dump())
    try:
        watchlists.set_digests(db, wanted, now=context.clock())
    except DigestSettingsWrong as error:
        return _answer(request, db, context, person, typed=wanted, warned=spoken(error), status=409)
    prefer(db, person.name, "language", ASKED.get())
    return go("/lists?done=saved")


@pages.post("/lists/test")
def send_test(db: TheDatabase, context: TheContext, person: TheViewer) -> Response:
    """Let the service send the digest as a test."""
    url = context.safety.public_url
    watchlists.make_digest(db, person.name, "test", review_url=url, catalogue=catalogue, now=context.clock())
    return go("/lists?done=test")


def name_of(query: str) -> str:
    """Return the name of a list by its filters, e.g. `Seller: Norte`."""
    found = (
        f"{narrowing_words(key)}: {chosen_words(value, key)}"
        for key, value in parse_qsl(query)
        if key in NARROWING
    )
    return (", ".join(found) or gettext("Queue"))[:60]


def names_of(context: AppContext, query: str) -> dict[str, str]:
    """Return the words of a list's search that mean a substance, each with its name."""
    terms = watchlists.filter_of(query).terms
    return dict(context.reference.names(terms)) if terms else {}


def _answer(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    person: TheViewer,
    *,
    typed: DigestSettings | None = None,
    said: str = "",
    warned: str = "",
    status: int = 200,
) -> Response:
    settings = watchlists.digest_settings(db, person.name)
    title, body, _new = watchlists.compose(
        db, person.name, review_url=context.safety.public_url, catalogue=catalogue
    )
    shown = {
        "views": watchlists.saved_views(db, person.name),
        "new": watchlists.count_new(db, person.name),
        "most": watchlists.MOST_NEW,
        "settings": typed or settings,
        "has_address": bool(settings.address),
        "preview": f"{title}\n\n{body}",
        "digest_language": preferences(db, person.name).get("language", "en"),
        "digests": watchlists.list_digests(db, person.name),
        "said": said,
        "warned": warned,
    }
    return answer_page(request, "lists.html", shown, status=status)


@api.get("/views", responses=refusals())
def show_views(db: TheDatabase, person: TheViewer) -> list[SavedView]:
    """Return one's saved lists by name."""
    return watchlists.saved_views(db, person.name)


@api.post("/views", status_code=201, responses=refusals())
def add_view(db: TheDatabase, context: TheContext, person: TheViewer, wanted: NewView) -> list[SavedView]:
    """Save a list under a name, replacing one of the same name; return all saved lists."""
    watchlists.save_view(
        db,
        person.name,
        wanted.name,
        wanted.query,
        is_followed=wanted.is_followed,
        names=names_of(context, wanted.query),
        now=context.clock(),
    )
    return watchlists.saved_views(db, person.name)


@api.delete("/views/{view_id}", status_code=204, responses=refusals())
def delete_view(db: TheDatabase, person: TheViewer, view_id: RowId) -> Response:
    """Delete one of one's saved lists, if it exists."""
    watchlists.forget_view(db, person.name, view_id)
    return Response(status_code=204)


@api.get("/new", responses=refusals())
def show_new(db: TheDatabase, person: TheViewer) -> dict[int, int]:
    """Return the number of new matches, at most 100, of each list that one follows."""
    return watchlists.count_new(db, person.name)


@api.get("/digest", responses=refusals())
def show_digest(db: TheDatabase, person: TheViewer) -> DigestPreferences:
    """Return the settings of one's digests."""
    found = watchlists.digest_settings(db, person.name)
    return DigestPreferences(**{name: getattr(found, name) for name in DigestPreferences.model_fields})


@api.put("/digest", responses=refusals(409))
def set_digest(
    db: TheDatabase, context: TheContext, person: TheViewer, wanted: DigestPreferences
) -> DigestPreferences:
    """Save the settings of one's digests."""
    settings = DigestSettings(reviewer=person.name, **wanted.model_dump())
    watchlists.set_digests(db, settings, now=context.clock())
    prefer(db, person.name, "language", ASKED.get())
    return wanted
