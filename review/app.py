"""The review app, put together: routes, templates, safety, and errors as sentences."""

from __future__ import annotations

from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from listings.errors import ListingsError, StoreUnusable, UnknownRow
from listings.times import utc_now
from listings.verdicts import AlreadyUndone, StaleScreen, reviewer_name
from review import api, pages, words
from review.connections import Connections
from review.decide import MAX_NOTE_CHARS
from review.desk import Desk, answer_page
from review.errors import ForeignRequest, FormExpired
from review.marking import cut, spell_unseen
from review.safety import HEADERS, LOOPBACK_HOSTS, FormTokens, SafeHeaders

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from fastapi import Request, Response

FOLDER = Path(__file__).parent

STATUS = {
    UnknownRow: 404,
    AlreadyUndone: 409,
    StaleScreen: 409,
    FormExpired: 403,
    ForeignRequest: 403,
    StoreUnusable: 503,
}
"""The HTTP status of each expected error; its message is the sentence shown."""


def create_app(database: Path, *, reviewer: str, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """Build the review app over a store.

    Args:
        database: The store's file; opened when the first page is asked for.
        reviewer: Who decides; written with every verdict.
        clock: Returns the present time, aware.

    Raises:
        ReviewerUnnamed: If the reviewer's name is blank.
    """
    connections = Connections(database)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        """Close the connections when the app stops."""
        yield
        connections.close()

    app = FastAPI(title="precursor-watch review", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.desk = Desk(
        connections=connections,
        reviewer=reviewer_name(reviewer),
        clock=clock,
        templates=build_templates(),
        tokens=FormTokens(),
    )
    app.include_router(pages.router)
    app.include_router(api.router)
    app.mount("/static", StaticFiles(directory=FOLDER / "static"))
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK_HOSTS, www_redirect=False)
    app.add_middleware(SafeHeaders)
    for error in (ListingsError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(error, answer_error)
    return app


def build_templates() -> Environment:
    """Return the templates: whatever they print is escaped and shows, and a missing name is an error."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=spell_unseen,
    )
    environment.filters |= {
        "decision": words.decision_words,
        "reason": words.reason_words,
        "tier": words.tier_words,
        "when": words.when,
        "defang": words.defang,
        "cut": cut,
    }
    environment.globals |= {
        "DECISIONS": words.DECISIONS,
        "REASONS": words.REASONS,
        "KEYS": words.KEYS,
        "MAX_NOTE_CHARS": MAX_NOTE_CHARS,
    }
    return environment


def answer_error(request: Request, error: Exception) -> Response:
    """Answer any error with its status and a sentence: as JSON under `/api/`, else as a page."""
    status, sentence = explain(error)
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": sentence}, status_code=status, headers=HEADERS)
    title = HTTPStatus(status).phrase
    response = answer_page(request, "error.html", {"title": title, "sentence": sentence}, status=status)
    response.headers.update(HEADERS)  # an unexpected error is answered outside of every middleware
    return response


def explain(error: Exception) -> tuple[int, str]:
    """Return the HTTP status and the sentence for an error."""
    if isinstance(error, ListingsError):
        return STATUS.get(type(error), 500), str(error)
    if isinstance(error, RequestValidationError):
        wrong = "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in error.errors())
        return 422, f"The request was not understood, and nothing was written. {wrong}."
    if isinstance(error, HTTPException):
        if error.status_code == HTTPStatus.NOT_FOUND:
            return 404, "There is no such page here. Go back to the queue, or search for the listing."
        return error.status_code, f"The request was refused: {error.detail}."
    return 500, "Something failed that should not have; nothing was written. The program's output says more."
