"""A user's own account: password, sessions and tokens, as a page and as JSON."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Self

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from review.accounts.credentials import (
    MAX_CHARS,
    address_of_seed,
    draw_seed,
    new_recovery_codes,
    new_seed,
    seal,
    step_of,
    unseal,
)
from review.accounts.login import change_password, check_own_password
from review.web.dependencies import Person, TheContext, TheDatabase, TheViewer, TheVisitor, answer_page
from review.web.errors import LoginBlocked, PasswordUnfit, PasswordWrong
from review.web.fields import RowId, refusals
from review.web.forms import new_token
from review.web.languages import gettext as _
from review.web.languages import spoken
from store.accounts.sessions import (
    LONGEST,
    end_session,
    get_token,
    issue_token,
    revoke_token,
    sessions_of,
    tokens_of,
)
from store.accounts.users import Role, get_user, set_totp, use_totp_step
from store.audit.audit import AuditAction
from store.database import transaction
from store.errors import UnknownRow

if TYPE_CHECKING:
    from review.web.dependencies import AppContext
    from store.accounts.sessions import Token
    from store.database import Database


pages = APIRouter(prefix="/account", include_in_schema=False, default_response_class=HTMLResponse)

Secret = Annotated[str, Form(max_length=MAX_CHARS)]


@pages.get("")
def show_account(
    request: Request, db: TheDatabase, context: TheContext, person: TheVisitor, done: str = ""
) -> Response:
    """Show the account."""
    return _answer(request, db, context, person, done=done)


@pages.post("/password")
def replace_password(
    request: Request, db: TheDatabase, context: TheContext, person: TheVisitor, current: Secret, new: Secret
) -> Response:
    """Change the password; all other sessions and tokens end."""
    try:
        change_password(db, context, person, current=current, new=new)
    except (PasswordUnfit, PasswordWrong, LoginBlocked) as error:
        return _answer(request, db, context, person, warned=spoken(error), status=error.status)
    return RedirectResponse("/account?done=password", status_code=303)


@pages.post("/second-factor/begin")
def begin_second_factor(
    request: Request, db: TheDatabase, context: TheContext, person: TheVisitor
) -> Response:
    """Show a new seed as a picture and in letters; nothing is stored before a code proves that it arrived."""
    return _answer(request, db, context, person, sealed=seal(context.key, new_seed()))


@pages.post("/second-factor")
def set_up_second_factor(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    person: TheVisitor,
    sealed: Annotated[str, Form(max_length=400)],
    code: Annotated[str, Form(max_length=16)],
    current: Secret,
) -> Response:
    """Set up the second factor, end the other sessions, and show the recovery codes once."""
    seed = unseal(context.key, sealed)
    step = step_of(seed, code, context.clock()) if seed else None
    if step is None:
        said = _("The code is not the one that the app shows now. Nothing was changed. Try the next code.")
        return _answer(request, db, context, person, warned=said, sealed=sealed if seed else "", status=403)
    try:
        check_own_password(db, context, person, current)
    except (PasswordWrong, LoginBlocked) as error:
        return _answer(request, db, context, person, warned=spoken(error), sealed=sealed, status=error.status)
    recovery = new_recovery_codes()
    with transaction(db):
        set_totp(
            db,
            person.name,
            sealed,
            recovery_codes=recovery,
            keep_session=person.session.session_id if person.session else None,
            actor=person.name,
            origin=person.origin,
            now=context.clock(),
        )
        use_totp_step(db, person.user, step)
    person = replace(person, user=get_user(db, person.name))
    request.state.person = person
    return _answer(request, db, context, person, recovery=recovery)


@pages.post("/tokens")
def make_token(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    person: TheVisitor,
    purpose: Annotated[str, Form(min_length=1, max_length=200)],
    days: Annotated[int, Form(ge=1, le=LONGEST.days)] = 90,
) -> Response:
    """Create a token and show it once; the browser asks before it reloads the answer."""
    key, _ = issue_own_token(db, context, person, purpose=purpose, lasting=timedelta(days=days))
    return _answer(request, db, context, person, new_key=key)


@pages.post("/tokens/revoke")
def end_token(
    db: TheDatabase, context: TheContext, person: TheVisitor, token_id: Annotated[RowId, Form()]
) -> Response:
    """Revoke one's own token."""
    revoke_own_token(db, context, person, token_id)
    return RedirectResponse("/account?done=token", status_code=303)


@pages.post("/sessions/revoke")
def revoke_session(
    db: TheDatabase, context: TheContext, person: TheVisitor, session_id: Annotated[RowId, Form()]
) -> Response:
    """End one's own session."""
    end_own_session(db, context, person, session_id)
    return RedirectResponse("/account?done=session", status_code=303)


def _answer(
    request: Request, db: Database, context: AppContext, person: Person, *, status: int = 200, **said: object
) -> Response:
    """Answer with the account; `said` holds what is said on it besides: see `nothing`."""
    now = context.clock()
    sealed = str(said.get("sealed", ""))
    seed = unseal(context.key, sealed) if sealed else None
    shown = {
        "tokens": [
            each for each in tokens_of(db, person.user) if not each.revoked_at and each.expires_at > now
        ],
        "sessions": sessions_of(db, person.user, idle=context.safety.idle, now=now),
        "longest": LONGEST.days,
        "seed": seed,
        "picture": draw_seed(address_of_seed(seed, person.name)) if seed else "",
    }
    nothing = {"done": "", "warned": "", "new_key": "", "sealed": "", "recovery": None}
    return answer_page(request, "account.html", shown | nothing | said, status=status)


api = APIRouter(prefix="/api/me", tags=["account"])


class Me(BaseModel):
    """The user."""

    name: str
    role: Role
    second_factor: bool


class NewToken(BaseModel):
    """The purpose of a token."""

    model_config = ConfigDict(extra="forbid")

    purpose: Annotated[str, Field(min_length=1, max_length=200)]
    days: Annotated[int, Field(ge=1, le=LONGEST.days)] = 90


class TokenRecord(BaseModel):
    """A token, without its secret."""

    token_id: int
    user: str
    purpose: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, token: Token) -> Self:
        """Return the record of a token."""
        fields = ("token_id", "purpose", "created_at", "expires_at", "last_used_at", "revoked_at")
        return cls(user=token.user.name, **{name: getattr(token, name) for name in fields})


class IssuedToken(TokenRecord):
    """A token with its secret, which is shown only now."""

    token: str


class SessionRecord(BaseModel):
    """A valid session."""

    session_id: int
    began_at: datetime
    last_seen_at: datetime
    ends_at: datetime
    address: str
    agent: str
    """As the browser names itself."""
    is_this_one: bool


class NewPassword(BaseModel):
    """The current and the new password."""

    model_config = ConfigDict(extra="forbid")

    current: Annotated[str, Field(max_length=MAX_CHARS)]
    new: Annotated[str, Field(max_length=MAX_CHARS)]


@api.get("", responses=refusals())
def show_me(person: TheViewer) -> Me:
    """Return the user."""
    return Me(name=person.name, role=person.user.role, second_factor=person.user.has_totp)


@api.get("/tokens", responses=refusals())
def list_tokens(db: TheDatabase, person: TheViewer) -> list[TokenRecord]:
    """Return one's own tokens, newest first, without their secrets."""
    return [TokenRecord.of(token) for token in tokens_of(db, person.user)]


@api.post("/tokens", status_code=201, responses=refusals())
def add_token(db: TheDatabase, context: TheContext, person: TheVisitor, wanted: NewToken) -> IssuedToken:
    """Create a token for oneself; only this answer has its secret. Needs a session."""
    key, token = issue_own_token(
        db, context, person, purpose=wanted.purpose, lasting=timedelta(days=wanted.days)
    )
    return IssuedToken(token=key, **TokenRecord.of(token).model_dump())


@api.delete("/tokens/{token_id}", status_code=204, responses=refusals(404))
def delete_token(db: TheDatabase, context: TheContext, person: TheViewer, token_id: RowId) -> Response:
    """Revoke one's own token."""
    revoke_own_token(db, context, person, token_id)
    return Response(status_code=204)


@api.get("/sessions", responses=refusals())
def list_sessions(db: TheDatabase, context: TheContext, person: TheViewer) -> list[SessionRecord]:
    """Return one's own valid sessions, the last used first."""
    here = person.session.session_id if person.session else 0
    found = sessions_of(db, person.user, idle=context.safety.idle, now=context.clock())
    fields = ("session_id", "began_at", "last_seen_at", "ends_at", "address", "agent")
    return [
        SessionRecord(is_this_one=each.session_id == here, **{name: getattr(each, name) for name in fields})
        for each in found
    ]


@api.delete("/sessions/{session_id}", status_code=204, responses=refusals(404))
def delete_session(db: TheDatabase, context: TheContext, person: TheViewer, session_id: RowId) -> Response:
    """End one's own session."""
    end_own_session(db, context, person, session_id)
    return Response(status_code=204)


@api.post("/password", status_code=204, responses=refusals(429))
def post_password(
    db: TheDatabase, context: TheContext, person: TheVisitor, passwords: NewPassword
) -> Response:
    """Change one's own password; all other sessions and tokens end. Needs a session."""
    change_password(db, context, person, current=passwords.current, new=passwords.new)
    return Response(status_code=204)


def issue_own_token(
    db: Database, context: AppContext, person: Person, *, purpose: str, lasting: timedelta
) -> tuple[str, Token]:
    """Create a token for oneself; return its secret, which is stored nowhere, and the token."""
    key = new_token()
    token = issue_token(
        db,
        person.name,
        key,
        purpose=purpose,
        lasting=lasting,
        actor=person.name,
        origin=person.origin,
        now=context.clock(),
    )
    return key, token


def revoke_own_token(db: Database, context: AppContext, person: Person, token_id: int) -> None:
    """Revoke one's own token.

    Raises:
        UnknownRow: If there is none of that number, or it is somebody else's.
    """
    if get_token(db, token_id).user.user_id != person.user.user_id:
        raise UnknownRow("token", token_id)
    revoke_token(db, token_id, actor=person.name, origin=person.origin, now=context.clock())


def end_own_session(db: Database, context: AppContext, person: Person, session_id: int) -> None:
    """End one's own session.

    Raises:
        UnknownRow: If there is none of that number that holds, or it is somebody else's.
    """
    own = {
        each.session_id
        for each in sessions_of(db, person.user, idle=context.safety.idle, now=context.clock())
    }
    if session_id not in own:
        raise UnknownRow("session", session_id)
    end_session(
        db,
        session_id,
        AuditAction.SESSION_REVOKED,
        actor=person.name,
        origin=person.origin,
        now=context.clock(),
    )
