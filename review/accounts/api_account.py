"""One's own account: who one is, tokens, sessions, password."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from review.accounts.entering import change_password
from review.accounts.own import end_own_session, issue_own_token, revoke_own_token
from review.accounts.passwords import MAX_CHARS
from review.accounts.people import TheViewer, TheVisitor  # noqa: TC001 (so)
from review.web.answers import refusals
from review.web.desk import TheDatabase, TheDesk  # noqa: TC001 (FastAPI reads them)
from review.web.records import RowNumber, TokenRecord
from store.accounts.sessions import sessions_of
from store.accounts.tokens import LONGEST, tokens_of
from store.accounts.users import Role  # noqa: TC001 (so)

router = APIRouter(prefix="/api/me", tags=["account"])


class Me(BaseModel):
    """Who asks."""

    name: str
    role: Role
    second_factor: bool


class NewToken(BaseModel):
    """What a token is for."""

    model_config = ConfigDict(extra="forbid")

    purpose: Annotated[str, Field(min_length=1, max_length=200)]
    days: Annotated[int, Field(ge=1, le=LONGEST.days)] = 90


class IssuedToken(TokenRecord):
    """A token with its secret, which is shown only now."""

    token: str


class SessionRecord(BaseModel):
    """A session that holds."""

    session_id: int
    began_at: datetime
    last_seen_at: datetime
    ends_at: datetime
    address: str
    agent: str
    """As the browser names itself."""
    is_this_one: bool


class NewPassword(BaseModel):
    """The password now and the one to come."""

    model_config = ConfigDict(extra="forbid")

    current: Annotated[str, Field(max_length=MAX_CHARS)]
    new: Annotated[str, Field(max_length=MAX_CHARS)]


@router.get("", responses=refusals())
def show_me(person: TheViewer) -> Me:
    """Return who asks."""
    return Me(name=person.name, role=person.user.role, second_factor=person.user.has_totp)


@router.get("/tokens", responses=refusals())
def list_tokens(db: TheDatabase, person: TheViewer) -> list[TokenRecord]:
    """Return one's own tokens, newest first, without their secrets."""
    return [TokenRecord.of(token) for token in tokens_of(db, person.user)]


@router.post("/tokens", status_code=201, responses=refusals())
def add_token(db: TheDatabase, desk: TheDesk, person: TheVisitor, wanted: NewToken) -> IssuedToken:
    """Make a token of one's own; its secret is in this answer and nowhere else. Needs a session, no token."""
    key, token = issue_own_token(
        db, desk, person, purpose=wanted.purpose, lasting=timedelta(days=wanted.days)
    )
    return IssuedToken(token=key, **TokenRecord.of(token).model_dump())


@router.delete("/tokens/{token_id}", status_code=204, responses=refusals(404))
def end_token(db: TheDatabase, desk: TheDesk, person: TheViewer, token_id: RowNumber) -> Response:
    """End a token of one's own."""
    revoke_own_token(db, desk, person, token_id)
    return Response(status_code=204)


@router.get("/sessions", responses=refusals())
def list_sessions(db: TheDatabase, desk: TheDesk, person: TheViewer) -> list[SessionRecord]:
    """Return one's own sessions that hold, the last used first."""
    here = person.session.session_id if person.session else 0
    found = sessions_of(db, person.user, idle=desk.safety.idle, now=desk.clock())
    fields = ("session_id", "began_at", "last_seen_at", "ends_at", "address", "agent")
    return [
        SessionRecord(is_this_one=each.session_id == here, **{name: getattr(each, name) for name in fields})
        for each in found
    ]


@router.delete("/sessions/{session_id}", status_code=204, responses=refusals(404))
def revoke_session(db: TheDatabase, desk: TheDesk, person: TheViewer, session_id: RowNumber) -> Response:
    """End a session of one's own."""
    end_own_session(db, desk, person, session_id)
    return Response(status_code=204)


@router.post("/password", status_code=204, responses=refusals(429))
def replace_password(db: TheDatabase, desk: TheDesk, person: TheVisitor, passwords: NewPassword) -> Response:
    """Replace one's own password; every other session, every token ends. Needs a session."""
    change_password(db, desk, person, current=passwords.current, new=passwords.new)
    return Response(status_code=204)
