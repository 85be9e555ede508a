"""Users, for administrators."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (pydantic reads the annotations)
from typing import TYPE_CHECKING, Annotated, Self

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from listings.database import transaction
from listings.tokens import revoke_token, tokens_of
from listings.users import NAME, Role, add_user, get_user, list_users, set_disabled, set_role
from review.api.answers import refusals
from review.api.records import RowNumber, TokenRecord
from review.desk import TheDatabase, TheDesk  # noqa: TC001 (FastAPI reads them)
from review.security.passwords import MAX_CHARS, MIN_CHARS, check_new_password
from review.security.people import TheAdmin  # noqa: TC001 (so)

if TYPE_CHECKING:
    from listings.users import User

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


@router.get("/users", responses=refusals())
def all_users(db: TheDatabase, person: TheAdmin) -> list[UserRecord]:  # noqa: ARG001 (who asks must be one)
    """Return every user by name."""
    return [UserRecord.of(user) for user in list_users(db)]


@router.post("/users", status_code=201, responses=refusals(409))
def new_user(db: TheDatabase, desk: TheDesk, person: TheAdmin, wanted: NewUser) -> UserRecord:
    """Add a user."""
    check_new_password(wanted.password, wanted.name)
    user = add_user(
        db,
        wanted.name,
        wanted.role,
        password_hash=desk.passwords.hash(wanted.password),
        actor=person.name,
        origin=person.origin,
        now=desk.clock(),
    )
    return UserRecord.of(user)


@router.patch("/users/{name}", responses=refusals(404, 409))
def change_user(
    db: TheDatabase, desk: TheDesk, person: TheAdmin, name: TheName, change: UserChange
) -> UserRecord:
    """Give a user another role, shut them out, or let them in again."""
    now, origin = desk.clock(), person.origin
    with transaction(db):
        if change.role is not None:
            set_role(db, name, change.role, actor=person.name, origin=origin, now=now)
        if change.disabled is not None:
            set_disabled(db, name, disabled=change.disabled, actor=person.name, origin=origin, now=now)
        return UserRecord.of(get_user(db, name))


@router.get("/tokens", responses=refusals())
def all_tokens(db: TheDatabase, person: TheAdmin) -> list[TokenRecord]:  # noqa: ARG001 (so)
    """Return everybody's tokens, newest first, without their secrets."""
    return [TokenRecord.of(token) for token in tokens_of(db)]


@router.delete("/tokens/{token_id}", status_code=204, responses=refusals(404))
def end_any_token(db: TheDatabase, desk: TheDesk, person: TheAdmin, token_id: RowNumber) -> Response:
    """End anybody's token."""
    revoke_token(db, token_id, actor=person.name, origin=person.origin, now=desk.clock())
    return Response(status_code=204)
