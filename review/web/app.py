"""The review app, put together: routes, templates, guards, and errors as sentences."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import Depends, FastAPI, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from review.accounts import login, own_account, user_admin
from review.accounts.credentials import Passwords
from review.cases import case_exports, case_files
from review.help import help_pages
from review.listing import item_page, listing_api, page_view
from review.listing.safe_text import cut, mark_lookalikes, spell_invisible
from review.listing.score_reasons import kind_words, signal_words
from review.oversight import (
    audit_log,
    figure_pages,
    law_pages,
    service_pages,
    settings_pages,
    teach_pages,
)
from review.queue import bulk, decide, lists, watchlist_pages
from review.suppliers import supplier_pages
from review.web import languages, preferences
from review.web import translations as words
from review.web.dependencies import (
    AppContext,
    TheViewer,
    answer_page,
    ask_language,
    recognize,
    set_language,
)
from review.web.errors import LoginNeeded, status_of
from review.web.fields import MAX_NOTE_CHARS, MAX_SUBSTANCE_CHARS, check_query, name_problems
from review.web.forms import Cookies, check_form
from review.web.guards import (
    HEADERS,
    BoundedBodies,
    HeadAsGet,
    OnlyEncrypted,
    OnlyThroughProxy,
    SafeHeaders,
    methods_of,
)
from review.web.languages import gettext as _
from review.web.providers import NO_REFERENCE, Reference
from review.web.settings import Safety, load_key
from review.web.translations import chosen_words, law_words, narrowing_words, run_words
from store.database import Connections
from store.errors import N_, StoreError, UnknownRow, fill
from store.review.verdicts import fitting_decisions
from store.suppliers.profile import MOST_POINTS
from store.times import utc_now

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from fastapi import Response

    from review.web.providers import ServiceApi


FOLDER = Path(__file__).parents[1]

MODULES = (
    decide, lists, watchlist_pages, item_page, page_view, listing_api, bulk, case_files, case_exports,
    figure_pages, settings_pages, law_pages, login, own_account, user_admin,
    audit_log, service_pages, help_pages, supplier_pages, teach_pages,
)  # fmt: skip
"""Modules with routes: each has a router `pages`, a router `api`, or both."""

ROOMS = ("queue", "listing", "cases", "suppliers", "accounts", "oversight", "help", "web")
"""Folders with templates."""

BEARER = HTTPBearer(auto_error=False, description="A token, from `precursor-watch users token add`.")
"""For the description; `review.web.dependencies` reads the header."""


def create_app(
    database: Path,
    *,
    safety: Safety | None = None,
    clock: Callable[[], datetime] = utc_now,
    passwords: Passwords | None = None,
    reference: Reference = NO_REFERENCE,
    service_api: ServiceApi | None = None,
) -> FastAPI:
    """Build the review app over a store.

    The database is opened when the first page is asked for; the app's secret lies beside it. Without
    `service_api` the pages of the service say that it is missing.

    Raises:
        KeyFileUnusable: If the app's secret cannot be read or made.
    """
    safety = safety or Safety()
    key = load_key(database)
    connections = Connections(database)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        """Close the connections when the app stops."""
        yield
        connections.close()

    routed = all_routes()
    app = FastAPI(openapi_url=None, lifespan=lifespan, routes=list(routed.routes))
    app.openapi = routed.openapi  # type: ignore[method-assign]  # FastAPI's own way to describe otherwise
    app.state.context = AppContext(
        connections=connections,
        clock=clock,
        templates=build_templates(),
        safety=safety,
        cookies=Cookies(key, safety),
        passwords=passwords or Passwords(),
        key=key,
        reference=reference,
        service_api=service_api,
    )
    guard(app, safety)
    for error in (StoreError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(error, answer_error)
    return app


@cache
def all_routes() -> FastAPI:
    """Return the routes, which every app of this process shares.

    Reading their annotations takes half a second, and none of them knows a store: once a process is enough.
    """
    routed = FastAPI(
        title="precursor-watch review",
        openapi_url=None,
        dependencies=[Depends(set_language), Depends(check_form)],
    )
    for module in MODULES:
        if hasattr(module, "pages"):
            routed.include_router(module.pages)
        if hasattr(module, "api"):
            routed.include_router(module.api, dependencies=[Security(BEARER), Depends(check_query)])
    routed.add_api_route(
        "/openapi.json",
        describe_api,
        include_in_schema=False,
        dependencies=[Security(BEARER), Depends(check_query)],
    )
    routed.mount("/static", StaticFiles(directory=FOLDER / "static"))
    return routed


def describe_api(request: Request, person: TheViewer) -> dict[str, Any]:
    """Return the OpenAPI document, for users who may use the API."""
    document: dict[str, Any] = request.app.openapi()
    return document


def guard(app: FastAPI, safety: Safety) -> None:
    """Add the middleware; the one added last handles a request first."""
    app.add_middleware(BoundedBodies)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=safety.hosts, www_redirect=False)
    if safety.trusted_proxies:
        if safety.is_https:
            app.add_middleware(OnlyEncrypted, public_url=safety.public_url)
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(safety.trusted_proxies))
        app.add_middleware(OnlyThroughProxy, proxies=safety.trusted_proxies)
    app.add_middleware(SafeHeaders, is_https=safety.is_https)
    app.add_middleware(HeadAsGet)


def answer_error(request: Request, error: Exception) -> Response:
    """Answer any error with its status and a sentence: as JSON under `/api/`, else as a page."""
    ask_language(request)  # an address that leads nowhere has asked for none yet
    is_api = request.url.path.startswith("/api/")
    status, sentence = explain(error, for_program=is_api)
    more = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        taken = ", ".join(methods_of(request.app.routes, request.url.path))
        more = {"Allow": taken}
        sentence = _("This address accepts %(taken)s, not %(method)s. Nothing was written.") % {
            "taken": taken, "method": request.method,
        }  # fmt: skip
    if is_api:
        if isinstance(error, LoginNeeded):
            sentence += _(" Programs send a valid token as `Authorization: Bearer`.")
        headers = HEADERS | more
        return JSONResponse({"detail": sentence}, status_code=status, headers=headers)
    if isinstance(error, LoginNeeded):
        return login.send_to_login(request, sentence)
    if getattr(request.state, "person", None) is None and status < HTTPStatus.INTERNAL_SERVER_ERROR:
        recognize(
            request
        )  # an address that leads nowhere, or a form that expired, has not asked who is there
    title = words.word("titles", str(status), HTTPStatus(status).phrase)
    shown = {
        "title": title,
        "sentence": sentence,
        "kept": getattr(error, "kept", {}),
        "resend_to": login.own_address(request),
    }
    response = answer_page(request, "error.html", shown, status=status)
    response.headers.update(HEADERS | more)  # an unexpected error is answered outside of every middleware
    return response


def explain(error: Exception, *, for_program: bool = False) -> tuple[int, str]:
    """Return the HTTP status and the sentence for an error, for a program with the names of its fields."""
    if isinstance(error, UnknownRow):  # its own sentence names a command, for who is at the command line
        return 404, fill(
            N_(
                "There is no %(kind)s %(row_id)s. Check that the address is complete, or search "
                "from the queue."
            ),
            error.values,
            _,
        )
    if isinstance(error, StoreError):
        return status_of(error), languages.spoken(error)
    if isinstance(error, RequestValidationError):
        wrong = name_problems(error.errors(), for_program=for_program)
        return 422, _("The request was not understood, and nothing was written. %(wrong)s.") % {
            "wrong": wrong
        }
    if isinstance(error, HTTPException):
        if error.status_code == HTTPStatus.NOT_FOUND:
            return 404, _("This page does not exist. Go back to the queue, or search for the listing.")
        return error.status_code, _("The request was refused: %(found)s.") % {"found": error.detail}
    return 500, _("An unexpected error occurred, and nothing was written. The server's log has the details.")


@cache
def build_templates() -> Environment:
    """Return the templates: all output is escaped and visible, and a missing name is an error.

    Templates know no store, and compiling takes 0.1 s a page: once a process is enough.
    """
    environment = Environment(
        loader=FileSystemLoader([FOLDER / room / "templates" for room in ROOMS]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=spell_invisible,
    )
    languages.install(environment)
    environment.filters |= {
        "decision": words.decision_words,
        "reason": words.reason_words,
        "tier": words.tier_words,
        "kind": kind_words,
        "sign": signal_words,
        "law": law_words,
        "run": run_words,
        "narrowing": narrowing_words,
        "chosen": chosen_words,
        "when": preferences.when,
        "key": preferences.preferred_key,
        "age": words.age,
        "standing": words.standing_words,
        "outcome": words.outcome_words,
        "local_time": service_pages.local_time,
        "lang": words.language_tag,
        "defang": words.defang,
        "cut": cut,
        "fits": fitting_decisions,
        "alike": mark_lookalikes,
    }
    environment.globals |= {name.upper(): table for name, table in words.word_tables().items()}
    environment.globals |= {
        "LANGUAGES": languages.LANGUAGES,
        "language": languages.ASKED.get,
        "MOST_POINTS": MOST_POINTS,
        "MAX_NOTE_CHARS": MAX_NOTE_CHARS,
        "MAX_SUBSTANCE_CHARS": MAX_SUBSTANCE_CHARS,
        "meaning": help_pages.meaning,
    }
    return environment
