"""What every request is given: the store, the time, and how a page is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from review.listing.reference import NO_REFERENCE, Reference
from review.web.forms import new_key
from review.web.languages import ASKED, choose_language
from store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from jinja2 import Environment

    from review.accounts.passwords import Passwords
    from review.oversight.operating import Operating
    from review.web.connections import Connections
    from review.web.forms import Cookies
    from review.web.settings import Safety


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every request of this process shares."""

    connections: Connections
    clock: Callable[[], datetime]
    templates: Environment
    safety: Safety
    cookies: Cookies
    passwords: Passwords
    key: bytes
    """The app's secret; see `review.web.keys.derive`."""
    reference: Reference = NO_REFERENCE
    """The law and the kept pages."""
    operating: Operating | None = None
    """The service; `review.oversight.operating.operating_of` reads it."""


def desk_of(request: Request) -> Desk:
    """Return the desk that `create_app` set up."""
    desk: Desk = request.app.state.desk
    return desk


async def show_desk(request: Request) -> Desk:
    """Return the desk, without the way to a thread and back that FastAPI takes with what is not async."""
    return desk_of(request)


def lend_database(request: Request) -> Iterator[Database]:
    """Lend the request a connection until its answer is ready."""
    with desk_of(request).connections.borrow() as db:
        yield db


async def set_language(request: Request) -> None:
    """Choose the language of all that the answer says."""
    ask_language(request)


def ask_language(request: Request) -> None:
    """Choose the language of what is said from here on: as the reviewer chose, else as the browser asks."""
    accepted = request.headers.get("accept-language", "")
    ASKED.set(choose_language(request.cookies.get("language", ""), accepted))


TheDesk = Annotated[Desk, Depends(show_desk)]
TheDatabase = Annotated[Database, Depends(lend_database)]


def answer_page(
    request: Request, template: str, shown: Mapping[str, object], *, status: int = 200
) -> HTMLResponse:
    """Render a template as the answer, its forms tied to the browser that asked.

    Every template is given `person`, who asks (None before the log-in), and `form_token`.
    """
    desk = desk_of(request)
    key = desk.cookies.read(request)
    drawn_for = key or new_key()
    theme = request.cookies.get("theme", "")
    body = desk.templates.get_template(template).render(
        person=getattr(request.state, "person", None),
        form_token=desk.cookies.form_token(drawn_for),
        theme=theme if theme in {"light", "dark"} else "auto",
        here=request.url.path,
        **shown,
    )
    response = HTMLResponse(body, status_code=status)
    if key is None:
        desk.cookies.write(response, drawn_for)
    return response
