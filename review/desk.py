"""What every request is given: the store, who reviews, the time, and how a page is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from listings.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from jinja2 import Environment

    from review.connections import Connections
    from review.safety import FormTokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The one reviewer's desk that this process serves."""

    connections: Connections
    reviewer: str
    clock: Callable[[], datetime]
    templates: Environment
    tokens: FormTokens


def desk_of(request: Request) -> Desk:
    """Return the desk that `create_app` set up."""
    desk: Desk = request.app.state.desk
    return desk


def lend_database(request: Request) -> Iterator[Database]:
    """Lend the request a connection until its answer is ready."""
    with desk_of(request).connections.borrow() as db:
        yield db


TheDesk = Annotated[Desk, Depends(desk_of)]
TheDatabase = Annotated[Database, Depends(lend_database)]


def answer_page(
    request: Request, template: str, shown: Mapping[str, object], *, status: int = 200
) -> HTMLResponse:
    """Render a template as the answer, its forms tied to the browser that asked."""
    desk = desk_of(request)
    session = desk.tokens.session_of(request)
    body = desk.templates.get_template(template).render(
        reviewer=desk.reviewer, form_token=desk.tokens.token(session), **shown
    )
    response = HTMLResponse(body, status_code=status)
    desk.tokens.issue(request, response, session)
    return response
