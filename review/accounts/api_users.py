"""Users, for administrators."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (pydantic reads the annotations)
from typing import TYPE_CHECKING, Annotated, Self

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from review.accounts import managing
from review.accounts.passwords import MAX_CHARS, MIN_CHARS
from review.accounts.people import TheAdmin, TheVisitor  # noqa: TC001 (so)
from review.web.answers import refusals
from review.web.desk import TheDatabase, TheDesk  # noqa: TC001 (FastAPI reads them)
from review.web.records import RowNumber, TokenRecord
from store.accounts.tokens import revoke_token, tokens_of
from store.accounts.users import NAME, Role, list_users

if TYPE_CHECKING:
    from store.accounts.users import User

router = APIRouter(prefix="/api", tags=["administration"])

UserName = Annotated[str, Field(pattern=f"^{NAME.pattern}$", max_length=64)]
TheName = Annotated[str, Path(min_length=1, max_length=64)]


class UserRecord(BaseModel):
    """Somebody who may log in, or might."""

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
    """Somebody who shall be able to log in."""

    model_config = ConfigDict(extra="forbid")

    name: UserName
    role: Role = Role.REVIEWER
    password: Annotated[str, Field(min_length=MIN_CHARS, max_length=MAX_CHARS)]


class UserChange(BaseModel):
    """What shall be otherwise; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    role: Role | None = None
    disabled: bool | None = None


class Ended(BaseModel):
    """How many ended."""

    count: int


class NewPassword(BaseModel):
    """What to hand over; nobody can read it again."""

    password: str


@router.get("/users", responses=refusals())
def all_users(db: TheDatabase, person: TheAdmin) -> list[UserRecord]:  # noqa: ARG001 (who asks must be one)
    """Return every user by name."""
    return [UserRecord.of(user) for user in list_users(db)]


@router.post("/users", status_code=201, responses=refusals(409))
def new_user(
    db: TheDatabase,
    desk: TheDesk,
    person: TheAdmin,
    visitor: TheVisitor,  # noqa: ARG001 (a stolen token must not become a password)
    wanted: NewUser,
) -> UserRecord:
    """Add a user."""
    return UserRecord.of(managing.add(db, desk, person, wanted.name, wanted.role, wanted.password))


@router.patch("/users/{name}", responses=refusals(404, 409))
def change_user(
    db: TheDatabase, desk: TheDesk, person: TheAdmin, name: TheName, change: UserChange
) -> UserRecord:
    """Give a user another role, shut them out, or let them in again."""
    changed = managing.change(db, desk, person, name, role=change.role, disabled=change.disabled)
    return UserRecord.of(changed)


@router.delete("/users/{name}/sessions", responses=refusals(404))
def end_their_sessions(db: TheDatabase, desk: TheDesk, person: TheAdmin, name: TheName) -> Ended:
    """End every session of a user."""
    return Ended(count=managing.end_sessions(db, desk, person, name))


@router.delete("/users/{name}/second-factor", status_code=204, responses=refusals(404))
def drop_codes(
    db: TheDatabase,
    desk: TheDesk,
    person: TheAdmin,
    visitor: TheVisitor,  # noqa: ARG001 (nor take the second factor from a password)
    name: TheName,
) -> Response:
    """Ask a user for no code any more, who lost what made them; their sessions end."""
    managing.drop_second_factor(db, desk, person, name)
    return Response(status_code=204)


@router.post("/users/{name}/password", responses=refusals(404))
def make_password(
    db: TheDatabase,
    desk: TheDesk,
    person: TheAdmin,
    visitor: TheVisitor,  # noqa: ARG001 (a stolen token must not become a password)
    name: TheName,
) -> NewPassword:
    """Give a user a password that is made up, and return it, once; their sessions and tokens end."""
    return NewPassword(password=managing.renew_password(db, desk, person, name))


@router.get("/tokens", responses=refusals())
def all_tokens(db: TheDatabase, person: TheAdmin) -> list[TokenRecord]:  # noqa: ARG001 (so)
    """Return everybody's tokens, newest first, without their secrets."""
    return [TokenRecord.of(token) for token in tokens_of(db)]


@router.delete("/tokens/{token_id}", status_code=204, responses=refusals(404))
def end_any_token(db: TheDatabase, desk: TheDesk, person: TheAdmin, token_id: RowNumber) -> Response:
    """End anybody's token."""
    revoke_token(db, token_id, actor=person.name, origin=person.origin, now=desk.clock())
    return Response(status_code=204)
