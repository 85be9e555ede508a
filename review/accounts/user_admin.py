"""Manage users, by pages and by JSON."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from review.accounts.credentials import MAX_CHARS, MIN_CHARS, check_new_password, new_password
from review.accounts.own_account import TokenRecord
from review.web.dependencies import TheAdmin, TheContext, TheDatabase, TheVisitor, answer_page, go
from review.web.errors import status_of
from review.web.fields import RowId, refusals
from review.web.languages import ngettext, spoken
from store.accounts.sessions import end_session, revoke_token, sessions_of, tokens_of
from store.accounts.users import (
    NAME,
    LastAdministrator,
    Role,
    UserNameTaken,
    UserNameUnfit,
    add_user,
    get_user,
    list_users,
    set_disabled,
    set_password,
    set_role,
    set_totp,
)
from store.audit.audit import AuditAction
from store.database import transaction
from store.review import workspace

if TYPE_CHECKING:
    from review.web.dependencies import AppContext, Person
    from store.accounts.users import User
    from store.database import Database


pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse, prefix="/users")

UserPath = Annotated[str, Path(min_length=1, max_length=64)]


@pages.get("")
def show_users(request: Request, db: TheDatabase, person: TheAdmin) -> Response:
    """Show every user."""
    return _answer_users(request, db)


@pages.post("")
def show_added(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    person: TheAdmin,
    name: Annotated[str, Form(max_length=64)],
    role: Annotated[Role, Form()] = Role.REVIEWER,
) -> Response:
    """Add a user with a generated password, and show it once."""
    name = name.strip()
    password = new_password(name)
    try:
        user = add_one(db, context, person, name, role, password)
    except (UserNameTaken, UserNameUnfit) as error:
        return _answer_users(request, db, warned=spoken(error), typed=name, status=status_of(error))
    return _answer_user(request, db, context, user.name, new_key=password, done="added")


@pages.get("/{name}")
def show_user(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    person: TheAdmin,
    name: UserPath,
    done: str = "",
) -> Response:
    """Show one user and the possible actions."""
    return _answer_user(request, db, context, name, done=done)


@pages.post("/{name}/role")
def give_role(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    person: TheAdmin,
    name: UserPath,
    role: Annotated[Role, Form()],
) -> Response:
    """Give a user another role."""
    try:
        change_account(db, context, person, name, role=role, disabled=None)
    except LastAdministrator as error:
        return _answer_user(request, db, context, name, warned=spoken(error), status=409)
    return go(f"/users/{get_user(db, name).name}?done=role")


@pages.post("/{name}/disabled")
def shut_out(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    person: TheAdmin,
    name: UserPath,
    disabled: Annotated[bool, Form()],
) -> Response:
    """Disable or enable a user's access."""
    try:
        change_account(db, context, person, name, role=None, disabled=disabled)
    except LastAdministrator as error:
        return _answer_user(request, db, context, name, warned=spoken(error), status=409)
    return go(f"/users/{get_user(db, name).name}?done={'disabled' if disabled else 'enabled'}")


@pages.post("/{name}/password")
def make_password(
    request: Request, db: TheDatabase, context: TheContext, person: TheAdmin, name: UserPath
) -> Response:
    """Give a user a generated password, and show it once."""
    password = renew_password(db, context, person, name)
    return _answer_user(request, db, context, name, new_key=password, done="password")


@pages.post("/{name}/sessions/end")
def end_their_sessions(db: TheDatabase, context: TheContext, person: TheAdmin, name: UserPath) -> Response:
    """End every session of a user."""
    end_sessions(db, context, person, name)
    return go(f"/users/{get_user(db, name).name}?done=sessions")


@pages.post("/{name}/second-factor/off")
def drop_codes(db: TheDatabase, context: TheContext, person: TheAdmin, name: UserPath) -> Response:
    """Remove a user's second factor."""
    drop_second_factor(db, context, person, name)
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
    context: AppContext,
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
        "sessions": sessions_of(db, user, idle=context.safety.idle, now=context.clock()),
        "tokens": [each for each in tokens_of(db, user) if each.revoked_at is None],
        "roles": list(Role),
        "done": done,
        "new_key": new_key,
        "warned": warned,
    }
    return answer_page(request, "user.html", shown, status=status)


api = APIRouter(prefix="/api", tags=["administration"])

UserName = Annotated[str, Field(pattern=f"^{NAME.pattern}$", max_length=64)]


class UserRecord(BaseModel):
    """A user."""

    name: str
    role: Role
    second_factor: bool
    disabled_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> Self:
        """Return the record of a user."""
        fields = ("name", "role", "disabled_at", "created_at")
        return cls(second_factor=user.has_totp, **{name: getattr(user, name) for name in fields})


class NewUser(BaseModel):
    """A new user."""

    model_config = ConfigDict(extra="forbid")

    name: UserName
    role: Role = Role.REVIEWER
    password: Annotated[str, Field(min_length=MIN_CHARS, max_length=MAX_CHARS)]


class UserChange(BaseModel):
    """A change of a user; omitted fields stay."""

    model_config = ConfigDict(extra="forbid")

    role: Role | None = None
    disabled: bool | None = None


class Ended(BaseModel):
    """The number of ended sessions."""

    count: int


class NewPassword(BaseModel):
    """A generated password, which nobody can read again."""

    password: str


@api.get("/users", responses=refusals())
def all_users(db: TheDatabase, person: TheAdmin) -> list[UserRecord]:
    """Return every user by name."""
    return [UserRecord.of(user) for user in list_users(db)]


@api.post("/users", status_code=201, responses=refusals(409))
def new_user(
    db: TheDatabase,
    context: TheContext,
    person: TheAdmin,
    visitor: TheVisitor,
    wanted: NewUser,
) -> UserRecord:
    """Add a user."""
    return UserRecord.of(add_one(db, context, person, wanted.name, wanted.role, wanted.password))


@api.patch("/users/{name}", responses=refusals(404, 409))
def change_user(
    db: TheDatabase,
    context: TheContext,
    person: TheAdmin,
    visitor: TheVisitor,
    name: UserPath,
    change: UserChange,
) -> UserRecord:
    """Change a user's role or access. A token may not: the change would outlast it."""
    changed = change_account(db, context, person, name, role=change.role, disabled=change.disabled)
    return UserRecord.of(changed)


@api.delete("/users/{name}/sessions", responses=refusals(404))
def delete_sessions(db: TheDatabase, context: TheContext, person: TheAdmin, name: UserPath) -> Ended:
    """End every session of a user."""
    return Ended(count=end_sessions(db, context, person, name))


@api.delete("/users/{name}/second-factor", status_code=204, responses=refusals(404))
def delete_second_factor(
    db: TheDatabase,
    context: TheContext,
    person: TheAdmin,
    visitor: TheVisitor,
    name: UserPath,
) -> Response:
    """Remove the second factor of a user who lost the device; the user's sessions end."""
    drop_second_factor(db, context, person, name)
    return Response(status_code=204)


@api.post("/users/{name}/password", responses=refusals(404))
def post_password(
    db: TheDatabase,
    context: TheContext,
    person: TheAdmin,
    visitor: TheVisitor,
    name: UserPath,
) -> NewPassword:
    """Give a user a generated password, and return it once; the user's sessions and tokens end."""
    return NewPassword(password=renew_password(db, context, person, name))


@api.get("/tokens", responses=refusals())
def all_tokens(db: TheDatabase, person: TheAdmin) -> list[TokenRecord]:
    """Return all users' tokens, newest first, without their secrets."""
    return [TokenRecord.of(token) for token in tokens_of(db)]


@api.delete("/tokens/{token_id}", status_code=204, responses=refusals(404))
def end_any_token(db: TheDatabase, context: TheContext, person: TheAdmin, token_id: RowId) -> Response:
    """Revoke any user's token."""
    revoke_token(db, token_id, actor=person.name, origin=person.origin, now=context.clock())
    return Response(status_code=204)


def add_one(db: Database, context: AppContext, person: Person, name: str, role: Role, password: str) -> User:
    """Add a user.

    Raises:
        PasswordUnfit: If the password would soon be guessed.
        UserNameUnfit: If nobody can be called so.
        UserNameTaken: If there is such a user.
    """
    check_new_password(password, name)
    password_hash = context.passwords.hash(password)
    return add_user(
        db,
        name,
        role,
        password_hash=password_hash,
        actor=person.name,
        origin=person.origin,
        now=context.clock(),
    )


def change_account(
    db: Database, context: AppContext, person: Person, name: str, *, role: Role | None, disabled: bool | None
) -> User:
    """Change a user's role or access; None changes nothing.

    Raises:
        UnknownUser: If there is none of that name.
        LastAdministrator: If nobody would be left to manage users.
    """
    now, origin = context.clock(), person.origin
    with transaction(db):
        if role is not None:
            set_role(db, name, role, actor=person.name, origin=origin, now=now)
        if disabled is not None:
            set_disabled(db, name, disabled=disabled, actor=person.name, origin=origin, now=now)
        return get_user(db, name)


def renew_password(db: Database, context: AppContext, person: Person, name: str) -> str:
    """Give a user a generated password, and return it; the user's sessions and tokens end.

    Raises:
        UnknownUser: If there is none of that name.
    """
    user, password = get_user(db, name), new_password(name)
    password_hash = context.passwords.hash(password)
    set_password(db, user.name, password_hash, actor=person.name, origin=person.origin, now=context.clock())
    return password


def end_sessions(db: Database, context: AppContext, person: Person, name: str) -> int:
    """End every session of a user and release the user's claims; return the number of sessions.

    Raises:
        UnknownUser: If there is none of that name.
    """
    now, user = context.clock(), get_user(db, name)
    with transaction(db):
        ended = [
            end_session(
                db,
                session.session_id,
                AuditAction.SESSION_REVOKED,
                actor=person.name,
                origin=person.origin,
                now=now,
            )
            for session in sessions_of(db, user, idle=context.safety.idle, now=now)
        ]
        workspace.release_all(db, reviewer=user.name)
    return sum(ended)


def drop_second_factor(db: Database, context: AppContext, person: Person, name: str) -> None:
    """Remove the second factor of a user who lost the device; the user's sessions end.

    Raises:
        UnknownUser: If there is none of that name.
    """
    set_totp(db, get_user(db, name).name, "", actor=person.name, origin=person.origin, now=context.clock())
