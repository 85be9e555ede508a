"""The page of one's own account: password, sessions, tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from review.accounts.entering import change_password
from review.accounts.own import end_own_session, issue_own_token, revoke_own_token
from review.accounts.passwords import MAX_CHARS
from review.accounts.people import Person, TheVisitor  # noqa: TC001 (FastAPI reads them)
from review.web.desk import TheDatabase, TheDesk, answer_page
from review.web.errors import LoginBlocked, PasswordUnfit, PasswordWrong
from review.web.languages import spoken
from store.accounts.sessions import sessions_of
from store.accounts.tokens import LONGEST, tokens_of

if TYPE_CHECKING:
    from review.web.desk import Desk
    from store.database import Database

router = APIRouter(prefix="/account", include_in_schema=False, default_response_class=HTMLResponse)

RowNumber = Annotated[int, Form(ge=1, lt=2**63)]
Secret = Annotated[str, Form(max_length=MAX_CHARS)]


@router.get("")
def show_account(
    request: Request, db: TheDatabase, desk: TheDesk, person: TheVisitor, done: str = ""
) -> Response:
    """Show the account."""
    return _answer(request, db, desk, person, done=done)


@router.post("/password")
def replace_password(
    request: Request, db: TheDatabase, desk: TheDesk, person: TheVisitor, current: Secret, new: Secret
) -> Response:
    """Replace the password; every other session and every token ends."""
    try:
        change_password(db, desk, person, current=current, new=new)
    except (PasswordUnfit, PasswordWrong) as error:
        return _answer(request, db, desk, person, warned=spoken(error), status=403)
    except LoginBlocked as error:
        return _answer(request, db, desk, person, warned=spoken(error), status=429)
    return RedirectResponse("/account?done=password", status_code=303)


@router.post("/tokens")
def make_token(
    request: Request,
    db: TheDatabase,
    desk: TheDesk,
    person: TheVisitor,
    purpose: Annotated[str, Form(min_length=1, max_length=200)],
    days: Annotated[int, Form(ge=1, le=LONGEST.days)] = 90,
) -> Response:
    """Make a token and show it, this once: reloading the answer asks the browser first."""
    key, _ = issue_own_token(db, desk, person, purpose=purpose, lasting=timedelta(days=days))
    return _answer(request, db, desk, person, new_key=key)


@router.post("/tokens/revoke")
def end_token(db: TheDatabase, desk: TheDesk, person: TheVisitor, token_id: RowNumber) -> Response:
    """End a token of one's own."""
    revoke_own_token(db, desk, person, token_id)
    return RedirectResponse("/account?done=token", status_code=303)


@router.post("/sessions/revoke")
def revoke_session(db: TheDatabase, desk: TheDesk, person: TheVisitor, session_id: RowNumber) -> Response:
    """End a session of one's own."""
    end_own_session(db, desk, person, session_id)
    return RedirectResponse("/account?done=session", status_code=303)


def _answer(
    request: Request,
    db: Database,
    desk: Desk,
    person: Person,
    *,
    done: str = "",
    warned: str = "",
    new_key: str = "",
    status: int = 200,
) -> Response:
    now = desk.clock()
    shown = {
        "tokens": [
            each for each in tokens_of(db, person.user) if not each.revoked_at and each.expires_at > now
        ],
        "sessions": sessions_of(db, person.user, idle=desk.safety.idle, now=now),
        "done": done,
        "warned": warned,
        "new_key": new_key,
        "longest": LONGEST.days,
    }
    return answer_page(request, "account.html", shown, status=status)
