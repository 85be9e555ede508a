"""Who asks: the user of a request, by session or token, and whether their role suffices."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from review.web.desk import TheDatabase, TheDesk, desk_of
from review.web.errors import LoginNeeded, RoleTooLow, SessionNeeded
from store.accounts.sessions import find_session
from store.accounts.tokens import find_token
from store.accounts.users import Role
from store.audit import audit
from store.audit.audit import AuditAction, Origin, Via
from store.errors import ListingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from review.web.desk import Desk
    from store.accounts.sessions import Session
    from store.accounts.users import User
    from store.database import Database

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


def identify(request: Request, db: TheDatabase, desk: TheDesk) -> Person:
    """Return who asks, by a token under `/api/`, else by the session cookie.

    Raises:
        LoginNeeded: If the request carries neither, or neither holds.
    """
    person = (
        _by_token(request, db, desk) if "authorization" in request.headers else _by_session(request, db, desk)
    )
    request.state.person = person
    return person


def recognize(request: Request) -> None:
    """Note who asks, for a page that is for everybody; nobody if none is logged in or the store is gone."""
    desk = desk_of(request)
    with suppress(ListingsError), desk.connections.borrow() as db:
        request.state.person = _by_session(request, db, desk)


def needs(role: Role) -> Callable[..., Person]:
    """Return the dependency that lets in whoever has this role or a higher one."""

    def check(request: Request, db: TheDatabase, desk: TheDesk, person: ThePerson) -> Person:
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
                now=desk.clock(),
            )
            raise RoleTooLow(person.name, person.user.role, role)
        return person

    check.role = role  # type: ignore[attr-defined]  # read by the test that every route asks for one
    return check


def _by_token(request: Request, db: Database, desk: Desk) -> Person:
    scheme, _, key = request.headers["authorization"].partition(" ")
    if scheme.lower() != "bearer" or not request.url.path.startswith(API):
        raise LoginNeeded
    token = find_token(db, key.strip(), now=desk.clock())
    if token is None:
        raise LoginNeeded
    return Person(user=token.user, origin=_origin(request, Via.API), session=None)


def _by_session(request: Request, db: Database, desk: Desk) -> Person:
    key = desk.cookies.read(request)
    session = find_session(db, key, idle=desk.safety.idle, now=desk.clock()) if key else None
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
