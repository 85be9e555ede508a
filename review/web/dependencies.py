"""What FastAPI hands to the routes: the store, the shared state of the app, and the user who asks."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from review.web.errors import LoginNeeded, NotOperated, RoleTooLow, SessionNeeded
from review.web.forms import new_key
from review.web.languages import ASKED, choose_language
from review.web.providers import NO_REFERENCE, Reference, ServiceApi
from store.accounts.sessions import find_session, find_token
from store.accounts.users import Role
from store.audit import audit
from store.audit.audit import AuditAction, Origin, Via
from store.database import Database, open_database
from store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from jinja2 import Environment

    from review.accounts.credentials import Passwords
    from review.web.forms import Cookies
    from review.web.settings import Safety
    from store.accounts.sessions import Session
    from store.accounts.users import User


class Connections:
    """Open connections to one store, lent out one borrower at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: SimpleQueue[Database] = SimpleQueue()

    @contextmanager
    def borrow(self) -> Iterator[Database]:
        """Lend an idle connection, or open one when all are out.

        Raises:
            StoreUnusable: If the database file is not there or not ours.
        """
        try:
            db = self._idle.get_nowait()
        except Empty:
            db = open_database(self._path, must_exist=True)
        try:
            yield db
        finally:
            self._idle.put(db)

    def close(self) -> None:
        """Close the connections that are not lent out."""
        while not self._idle.empty():
            self._idle.get_nowait().close()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppContext:
    """What every request of this process shares."""

    connections: Connections
    clock: Callable[[], datetime]
    templates: Environment
    safety: Safety
    cookies: Cookies
    passwords: Passwords
    key: bytes
    """The app's secret; see `review.web.settings.derive`."""
    reference: Reference = NO_REFERENCE
    """The law and the kept pages."""
    service_api: ServiceApi | None = None
    """The service; `review.web.providers.service_api_of` reads it."""


def context_of(request: Request) -> AppContext:
    """Return the context that `create_app` set up."""
    context: AppContext = request.app.state.context
    return context


async def give_context(request: Request) -> AppContext:
    """Return the context, without the way to a thread and back that FastAPI takes with what is not async."""
    return context_of(request)


def lend_database(request: Request) -> Iterator[Database]:
    """Lend the request a connection until its answer is ready."""
    with context_of(request).connections.borrow() as db:
        yield db


async def set_language(request: Request) -> None:
    """Choose the language of all that the answer says."""
    ask_language(request)


def ask_language(request: Request) -> None:
    """Choose the language of what is said from here on: as the reviewer chose, else as the browser asks."""
    accepted = request.headers.get("accept-language", "")
    ASKED.set(choose_language(request.cookies.get("language", ""), accepted))


TheContext = Annotated[AppContext, Depends(give_context)]


TheDatabase = Annotated[Database, Depends(lend_database)]


def answer_page(
    request: Request, template: str, shown: Mapping[str, object], *, status: int = 200
) -> HTMLResponse:
    """Render a template as the answer, its forms tied to the browser that asked.

    Every template is given `person`, who asks (None before the log-in), and `form_token`.
    """
    context = context_of(request)
    key = context.cookies.read(request)
    drawn_for = key or new_key()
    theme = request.cookies.get("theme", "")
    body = context.templates.get_template(template).render(
        person=getattr(request.state, "person", None),
        form_token=context.cookies.form_token(drawn_for),
        theme=theme if theme in {"light", "dark"} else "auto",
        here=request.url.path,
        **shown,
    )
    response = HTMLResponse(body, status_code=status)
    if key is None:
        context.cookies.write(response, drawn_for)
    return response


API = ("/api/", "/openapi.json")
"""Where tokens are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The user who asks."""

    user: User
    origin: Origin
    session: Session | None
    """None when they ask by token."""

    @property
    def name(self) -> str:
        """As it stands with verdicts and in the audit log."""
        return self.user.name

    def may(self, role: Role) -> bool:
        """Whether they may do what `role` may: for templates that leave out what would be refused."""
        return self.user.role.includes(role)


def address_of_client(request: Request) -> str:
    """Return the IP address that asks."""
    return request.client.host if request.client else ""


def identify(request: Request, db: TheDatabase, context: TheContext) -> Person:
    """Return who asks, by a token under `/api/`, else by the session cookie.

    Raises:
        LoginNeeded: If the request carries neither, or neither holds.
    """
    person = (
        _by_token(request, db, context)
        if "authorization" in request.headers
        else _by_session(request, db, context)
    )
    request.state.person = person
    return person


def recognize(request: Request) -> None:
    """Note who asks, for a page that is for everybody; nobody if none is logged in or the store is gone."""
    context = context_of(request)
    with suppress(StoreError), context.connections.borrow() as db:
        request.state.person = _by_session(request, db, context)


def needs(role: Role) -> Callable[..., Person]:
    """Return the dependency that lets in whoever has this role or a higher one."""

    def check(request: Request, db: TheDatabase, context: TheContext, person: ThePerson) -> Person:
        """Return who asks.

        Raises:
            RoleTooLow: If their role does not suffice; the audit log notes it.
        """
        if not person.may(role):
            audit.record(
                db,
                AuditAction.ACCESS_REFUSED,
                actor=person.name,
                origin=person.origin,
                subject=f"page:{request.url.path}",
                details={"method": request.method, "needs": role, "has": person.user.role},
                now=context.clock(),
            )
            raise RoleTooLow(person.name, person.user.role, role)
        return person

    check.role = role  # type: ignore[attr-defined]  # read by the test that every route asks for one
    return check


def _by_token(request: Request, db: Database, context: AppContext) -> Person:
    scheme, _, key = request.headers["authorization"].partition(" ")
    if scheme.lower() != "bearer" or not request.url.path.startswith(API):
        raise LoginNeeded
    token = find_token(db, key.strip(), now=context.clock())
    if token is None:
        raise LoginNeeded
    return Person(user=token.user, origin=_origin(request, Via.API), session=None)


def _by_session(request: Request, db: Database, context: AppContext) -> Person:
    key = context.cookies.read(request)
    session = find_session(db, key, idle=context.safety.idle, now=context.clock()) if key else None
    if session is None:
        raise LoginNeeded
    via = Via.API if request.url.path.startswith(API) else Via.WEB
    return Person(user=session.user, origin=_origin(request, via), session=session)


def _origin(request: Request, via: Via) -> Origin:
    return Origin(via=via, address=address_of_client(request))


async def visit(person: ThePerson) -> Person:
    """Return who asks, if they logged in themselves: a token makes no tokens and changes no password.

    Raises:
        SessionNeeded: If they ask by token.
    """
    if person.session is None:
        raise SessionNeeded
    return person


visit.role = Role.VIEWER  # type: ignore[attr-defined]  # read by the test that every route asks for one


ThePerson = Annotated[Person, Depends(identify)]


TheVisitor = Annotated[Person, Depends(visit)]


TheViewer = Annotated[Person, Depends(needs(Role.VIEWER))]


TheReviewer = Annotated[Person, Depends(needs(Role.REVIEWER))]


TheLead = Annotated[Person, Depends(needs(Role.LEAD))]


TheAdmin = Annotated[Person, Depends(needs(Role.ADMIN))]


async def service_api_of(context: TheContext) -> ServiceApi:
    """Return what the app was handed.

    Raises:
        NotOperated: If it was handed nothing.
    """
    if context.service_api is None:
        raise NotOperated
    return context.service_api


TheServiceApi = Annotated[ServiceApi, Depends(service_api_of)]


def go(address: str) -> RedirectResponse:
    """Answer a form that was taken in."""
    return RedirectResponse(address, status_code=303)


def with_done(address: str, done: str) -> str:
    """Return the address with a word by which the next page says what was done."""
    return f"{address}{'&' if '?' in address else '?'}done={done}"
