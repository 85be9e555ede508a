"""The users as pages, for administrators: who there is, and one user's role, password, codes and sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, Response

from review.accounts import managing
from review.accounts.passwords import new_password
from review.accounts.people import TheAdmin  # noqa: TC001 (FastAPI reads it)
from review.queue.pages import go
from review.web.desk import TheDatabase, TheDesk, answer_page
from review.web.languages import ngettext, spoken
from store.accounts.sessions import sessions_of
from store.accounts.tokens import tokens_of
from store.accounts.users import LastAdministrator, Role, UserNameTaken, UserNameUnfit, get_user, list_users

if TYPE_CHECKING:
    from review.web.desk import Desk
    from store.database import Database

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse, prefix="/users")

_Name = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("")
def show_users(request: Request, db: TheDatabase, person: TheAdmin) -> Response:  # noqa: ARG001 (who asks must be one)
    """Show every user."""
    return _answer_users(request, db)


@router.post("")
def add_one(
    request: Request,
    db: TheDatabase,
    desk: TheDesk,
    person: TheAdmin,
    name: Annotated[str, Form(max_length=64)],
    role: Annotated[Role, Form()] = Role.REVIEWER,
) -> Response:
    """Add a user with a password that is made up and shown once."""
    name = name.strip()
    password = new_password(name)
    try:
        user = managing.add(db, desk, person, name, role, password)
    except (UserNameTaken, UserNameUnfit) as error:
        status = 409 if isinstance(error, UserNameTaken) else 422
        return _answer_users(request, db, warned=spoken(error), typed=name, status=status)
    return _answer_user(request, db, desk, user.name, new_key=password, done="added")


@router.get("/{name}")
def show_user(
    request: Request,
    db: TheDatabase,
    desk: TheDesk,
    person: TheAdmin,  # noqa: ARG001 (who asks must be one)
    name: _Name,
    done: str = "",
) -> Response:
    """Show one user and what can be done."""
    return _answer_user(request, db, desk, name, done=done)


@router.post("/{name}/role")
def give_role(
    request: Request,
    db: TheDatabase,
    desk: TheDesk,
    person: TheAdmin,
    name: _Name,
    role: Annotated[Role, Form()],
) -> Response:
    """Give a user another role."""
    try:
        managing.change(db, desk, person, name, role=role, disabled=None)
    except LastAdministrator as error:
        return _answer_user(request, db, desk, name, warned=spoken(error), status=409)
    return go(f"/users/{get_user(db, name).name}?done=role")


@router.post("/{name}/disabled")
def shut_out(
    request: Request,
    db: TheDatabase,
    desk: TheDesk,
    person: TheAdmin,
    name: _Name,
    disabled: Annotated[bool, Form()],
) -> Response:
    """Shut a user out, or let them in again."""
    try:
        managing.change(db, desk, person, name, role=None, disabled=disabled)
    except LastAdministrator as error:
        return _answer_user(request, db, desk, name, warned=spoken(error), status=409)
    return go(f"/users/{get_user(db, name).name}?done={'disabled' if disabled else 'enabled'}")


@router.post("/{name}/password")
def make_password(
    request: Request, db: TheDatabase, desk: TheDesk, person: TheAdmin, name: _Name
) -> Response:
    """Give a user a password that is made up and shown once."""
    password = managing.renew_password(db, desk, person, name)
    return _answer_user(request, db, desk, name, new_key=password, done="password")


@router.post("/{name}/sessions/end")
def end_their_sessions(db: TheDatabase, desk: TheDesk, person: TheAdmin, name: _Name) -> Response:
    """End every session of a user."""
    managing.end_sessions(db, desk, person, name)
    return go(f"/users/{get_user(db, name).name}?done=sessions")


@router.post("/{name}/second-factor/off")
def drop_codes(db: TheDatabase, desk: TheDesk, person: TheAdmin, name: _Name) -> Response:
    """Ask a user for no code any more."""
    managing.drop_second_factor(db, desk, person, name)
    return go(f"/users/{get_user(db, name).name}?done=codes")


def _answer_users(
    request: Request, db: Database, *, warned: str = "", typed: str = "", status: int = 200
) -> Response:
    users = list_users(db)
    shown = {
        "users": users,
        "count": ngettext("%(num)s user", "%(num)s users", len(users)) % {"num": len(users)},
        "warned": warned,
        "typed": typed,
        "roles": list(Role),
    }
    return answer_page(request, "users.html", shown, status=status)


def _answer_user(
    request: Request,
    db: Database,
    desk: Desk,
    name: str,
    *,
    done: str = "",
    new_key: str = "",
    warned: str = "",
    status: int = 200,
) -> Response:
    user = get_user(db, name)
    shown = {
        "user": user,
        "sessions": sessions_of(db, user, idle=desk.safety.idle, now=desk.clock()),
        "tokens": [each for each in tokens_of(db, user) if each.revoked_at is None],
        "roles": list(Role),
        "done": done,
        "new_key": new_key,
        "warned": warned,
    }
    return answer_page(request, "user.html", shown, status=status)
