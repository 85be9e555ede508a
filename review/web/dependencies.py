"""Give routes the store, the shared state of the app, and the user of the request."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from review.web.errors import LoginNeeded, NotOperated, RoleTooLow, SessionNeeded
from review.web.forms import API, new_key, sent_token
from review.web.languages import ASKED, choose_language
from review.web.preferences import PREFERRED, preferred_by
from review.web.providers import NO_REFERENCE, Reference, ServiceApi
from store.accounts.sessions import find_session, find_token
from store.accounts.users import Role
from store.audit import audit
from store.audit.audit import AuditAction, Origin, Via
from store.database import Connections, Database
from store.errors import StoreError, UnknownRow
from store.model import MAY_SEE_CONTACTS
from store.review.cases import cases_of, get_case, list_cases, open_cases
from store.review.watchlists import count_new
from store.review.workspace import preferences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from jinja2 import Environment

    from review.accounts.credentials import Passwords
    from review.web.forms import Cookies
    from review.web.settings import Safety
    from store.accounts.sessions import Session
    from store.accounts.users import User
    from store.review.cases import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class AppContext:
    """The state that all requests of this process share."""

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


async def get_context(request: Request) -> AppContext:
    """Return the context; async, so that FastAPI starts no thread for it."""
    return context_of(request)


def lend_database(request: Request) -> Iterator[Database]:
    """Lend the request a connection until its answer is ready."""
    with context_of(request).connections.borrow() as db:
        yield db


async def set_language(request: Request) -> None:
    """Choose the language of the answer."""
    ask_language(request)


def ask_language(request: Request) -> None:
    """Choose the language of the answer: the reviewer's choice, else the browser's."""
    accepted = request.headers.get("accept-language", "")
    ASKED.set(choose_language(request.cookies.get("language", ""), accepted))


TheContext = Annotated[AppContext, Depends(get_context)]

TheDatabase = Annotated[Database, Depends(lend_database)]


def answer_page(
    request: Request, template: str, shown: Mapping[str, object], *, status: int = 200
) -> HTMLResponse:
    """Render a template as the answer, its forms tied to the browser that asked.

    Every template gets `person`, the user (None before the login), `form_token`, and `count_news`, which
    counts the new matches in the lists that the user follows.
    """
    context = context_of(request)
    key = context.cookies.read(request)
    drawn_for = key or new_key()
    theme = request.cookies.get("theme", "")
    person: Person | None = getattr(request.state, "person", None)
    PREFERRED.set(preferred_by(person.preferences if person else {}, request))
    body = context.templates.get_template(template).render(
        person=person,
        form_token=context.cookies.form_token(drawn_for),
        theme=theme if theme in {"light", "dark"} else "auto",
        here=request.url.path,
        count_news=lambda: _count_news(context, person) if person else 0,  # parts of pages show no number
        **shown,
    )
    response = HTMLResponse(body, status_code=status)
    if key is None:
        context.cookies.write(response, drawn_for)
    return response


def _count_news(context: AppContext, person: Person) -> int:
    with suppress(StoreError), context.connections.borrow() as db:
        return sum(count_new(db, person.name).values())
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The user who sent the request."""

    user: User
    origin: Origin
    session: Session | None
    """None for a request with a token."""
    preferences: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name in verdicts and in the audit log."""
        return self.user.name

    def may(self, role: Role) -> bool:
        """Return whether the user has this role or a higher one."""
        return self.user.role.includes(role)

    def log(
        self,
        db: Database,
        action: AuditAction,
        subject: str,
        details: Mapping[str, object] | None = None,
        *,
        now: datetime,
    ) -> None:
        """Write an entry of this person into the audit log."""
        audit.record(
            db, action, actor=self.name, origin=self.origin, subject=subject, details=details, now=now
        )


def cases_for(db: Database, person: Person) -> list[Case]:
    """Return the cases that a person may see, newest first: one's own, and for a lead every case."""
    return list_cases(db, _member(person))


def open_cases_for(db: Database, person: Person) -> list[tuple[int, str]]:
    """Return id and number of the cases that a person may see and that are not closed, newest first."""
    return open_cases(db, _member(person))


def cases_with(db: Database, listing_id: str, person: Person) -> list[Case]:
    """Return the cases that a person may see and that contain a listing."""
    return cases_of(db, listing_id, _member(person))


def case_for(db: Database, case_id: int, person: Person, *, now: datetime) -> Case:
    """Return a case to one of its members, or to a lead, whose override the audit log records.

    Raises:
        UnknownRow: If there is no such case, or it is not for this person.
    """
    case = get_case(db, case_id)
    if person.name not in case.members:
        if _member(person):
            raise UnknownRow("case", case_id)
        person.log(
            db, AuditAction.CASE_OVERRIDDEN, f"case:{case_id}", {"members": list(case.members)}, now=now
        )
    return case


def _member(person: Person) -> str | None:
    """Return whose cases a person may see; None for a lead, who may see all."""
    return None if person.may(Role.LEAD) else person.name


def address_of_client(request: Request) -> str:
    """Return the client's IP address."""
    return request.client.host if request.client else ""


def identify(request: Request, db: TheDatabase, context: TheContext) -> Person:
    """Return the user of a token under `/api/`, else of the session cookie.

    Raises:
        LoginNeeded: If the request has neither, or neither is valid.
    """
    key = sent_token(request)
    person = _by_session(request, db, context) if key is None else _by_token(request, db, context, key)
    person = replace(person, preferences=preferences(db, person.name))
    request.state.person = person
    return person


def recognize(request: Request) -> None:
    """Note the user on a page open to everybody; nobody if there is no login or no store."""
    context = context_of(request)
    with suppress(StoreError), context.connections.borrow() as db:
        person = _by_session(request, db, context)
        request.state.person = replace(person, preferences=preferences(db, person.name))


def needs(role: Role) -> Callable[..., Person]:
    """Return the dependency that admits users with this role or a higher one."""

    def check(request: Request, db: TheDatabase, context: TheContext, person: ThePerson) -> Person:
        """Return the user.

        Raises:
            RoleTooLow: If the role is too low; the audit log records the refusal.
        """
        if not person.may(role):
            person.log(
                db,
                AuditAction.ACCESS_REFUSED,
                f"page:{request.url.path}",
                {"method": request.method, "needs": role, "has": person.user.role},
                now=context.clock(),
            )
            raise RoleTooLow(person.name, person.user.role, role)
        return person

    check.role = role  # type: ignore[attr-defined]  # read by the test that every route asks for one
    return check


def _by_token(request: Request, db: Database, context: AppContext, key: str) -> Person:
    token = find_token(db, key, now=context.clock())
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
    """Return the user of a session: a token may create no token and change no password.

    Raises:
        SessionNeeded: If the request carries a token.
    """
    if person.session is None:
        raise SessionNeeded
    return person


visit.role = Role.VIEWER  # type: ignore[attr-defined]  # read by the test that every route asks for one


ThePerson = Annotated[Person, Depends(identify)]

TheVisitor = Annotated[Person, Depends(visit)]

TheViewer = Annotated[Person, Depends(needs(Role.VIEWER))]

TheReviewer = Annotated[Person, Depends(needs(Role.REVIEWER))]

TheContactViewer = Annotated[Person, Depends(needs(MAY_SEE_CONTACTS))]

TheLead = Annotated[Person, Depends(needs(Role.LEAD))]

TheAdmin = Annotated[Person, Depends(needs(Role.ADMIN))]


async def service_api_of(context: TheContext) -> ServiceApi:
    """Return the service API that the app was built with.

    Raises:
        NotOperated: If the app was built without one.
    """
    if context.service_api is None:
        raise NotOperated
    return context.service_api


TheServiceApi = Annotated[ServiceApi, Depends(service_api_of)]


def go(address: str) -> RedirectResponse:
    """Redirect after a form was accepted, so that reload and Back never send the form twice."""
    return RedirectResponse(address, status_code=303)


def with_done(address: str, done: str, count: int | None = None) -> str:
    """Return the address with a word, and a number, that make the next page confirm the action."""
    named = f"done={done}" if count is None else f"done={done}&count={count}"
    return f"{address}{'&' if '?' in address else '?'}{named}"
