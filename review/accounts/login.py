"""Logging in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from review.accounts import credentials as codes
from review.accounts.credentials import MAX_CHARS, check_new_password
from review.web.dependencies import TheContext, TheDatabase, TheViewer, address_of_client, answer_page
from review.web.errors import LoginBlocked, LoginRefused, PasswordWrong
from review.web.forms import new_key
from review.web.languages import spoken
from store.accounts import sessions
from store.accounts.sessions import begin_session, end_session
from store.accounts.users import NAME, UnknownUser, credentials, rehash_password, set_password
from store.audit import audit
from store.audit.audit import AuditAction, Origin, Via
from store.database import transaction
from store.review import workspace

if TYPE_CHECKING:
    from review.web.dependencies import AppContext, Person
    from store.accounts.users import Credentials, User
    from store.database import Database


pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

OPEN = ("/login",)
"""Pages that need no login."""


class Entry(BaseModel):
    """The login form."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(max_length=64)] = ""
    password: Annotated[str, Field(max_length=MAX_CHARS)] = ""
    code: Annotated[str, Field(max_length=16)] = ""
    """Of the second factor, or a recovery code."""
    next: Annotated[str, Field(max_length=2_000)] = ""
    """The address to go to after the login."""
    form_token: str = ""


@pages.get("/login")
def show_login(request: Request, next: Annotated[str, Field(max_length=2_000)] = "") -> Response:  # noqa: A002 (as in the address)
    """Show the login form."""
    return answer_page(request, "login.html", {"sentence": "", "next": next})


@pages.post("/login")
def log_in(
    request: Request, db: TheDatabase, context: TheContext, entry: Annotated[Entry, Form()]
) -> Response:
    """Begin a session under a new key, and redirect to the wanted page."""
    origin = Origin(via=Via.WEB, address=address_of_client(request))
    try:
        user = check_entry(db, context, entry, origin)
    except LoginRefused as error:
        return answer_page(request, "login.html", {"sentence": spoken(error), "next": entry.next}, status=401)
    except LoginBlocked as error:
        answer = answer_page(
            request, "login.html", {"sentence": spoken(error), "next": entry.next}, status=429
        )
        answer.headers["Retry-After"] = str(max(1, int(error.wait.total_seconds())))
        return answer
    key, agent = new_key(), request.headers.get("user-agent", "")
    begin_session(
        db, user, key, lasting=context.safety.longest, origin=origin, agent=agent, now=context.clock()
    )
    response = RedirectResponse(_within(entry.next), status_code=303)
    context.cookies.write(response, key)
    return response


@pages.post("/logout")
def log_out(db: TheDatabase, context: TheContext, person: TheViewer) -> Response:
    """End the session and release the user's claims."""
    if person.session:
        with transaction(db):
            workspace.release_all(db, reviewer=person.name)
            end_session(
                db,
                person.session.session_id,
                AuditAction.LOGGED_OUT,
                actor=person.name,
                origin=person.origin,
                now=context.clock(),
            )
    response = RedirectResponse("/login", status_code=303)
    context.cookies.clear(response)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def check_entry(db: Database, context: AppContext, entry: Entry, origin: Origin) -> User:
    """Return the user with this name, password and code.

    An unknown name takes as long and counts as much as a wrong password.

    Raises:
        LoginRefused: If something is wrong.
        LoginBlocked: If too many log-ins failed before; the password was not looked at.
    """
    now, name = context.clock(), entry.name.strip().lower()
    attempt = sessions.begin_attempt(db, name, origin.address, limits=context.safety.limits, now=now)
    kept = _known(db, name)
    if attempt.failure_id is None:
        if attempt.is_first_refusal:
            _note(db, AuditAction.LOGIN_BLOCKED, kept, origin, context)
        raise LoginBlocked(attempt.wait)
    is_right = context.passwords.matches(kept.password_hash if kept else None, entry.password)
    if (
        kept is None
        or not is_right
        or kept.user.disabled_at
        or not codes.accept(db, context.key, kept, entry.code, origin, now)
    ):
        _note(db, AuditAction.LOGIN_FAILED, kept, origin, context)
        raise LoginRefused
    sessions.forgive(db, name, origin.address)
    if context.passwords.is_outdated(kept.password_hash):
        rehash_password(db, kept.user, context.passwords.hash(entry.password))
    return kept.user


def change_password(db: Database, context: AppContext, person: Person, *, current: str, new: str) -> None:
    """Change one's own password, and end all other sessions and tokens.

    The password now is asked for, and guesses counted.

    Raises:
        PasswordUnfit: If the new one would soon be guessed.
        PasswordWrong: If the one now is wrong.
        LoginBlocked: If it was wrong too often.
    """
    check_new_password(new, person.name)
    check_own_password(db, context, person, current)
    set_password(
        db,
        person.name,
        context.passwords.hash(new),
        keep_session=person.session.session_id if person.session else None,
        actor=person.name,
        origin=person.origin,
        now=context.clock(),
    )


def check_own_password(db: Database, context: AppContext, person: Person, current: str) -> None:
    """Check a user's own password before a change of password or second factor; count guesses.

    Raises:
        PasswordWrong: If it is wrong.
        LoginBlocked: If it was wrong too often.
    """
    attempt = sessions.begin_attempt(
        db, person.name, person.origin.address, limits=context.safety.limits, now=context.clock()
    )
    kept = credentials(db, person.name)
    if attempt.failure_id is None:
        raise LoginBlocked(attempt.wait)
    if not context.passwords.matches(kept.password_hash, current):
        _note(db, AuditAction.LOGIN_FAILED, kept, person.origin, context)
        raise PasswordWrong
    sessions.forgive(db, person.name, person.origin.address)


def send_to_login(request: Request, sentence: str) -> Response:
    """Send a request without a login to the login form, and back afterwards."""
    if request.headers.get("hx-request") and not request.headers.get("hx-boosted"):
        here = urlsplit(request.headers.get("hx-current-url", ""))
        going = f"{here.path}?{here.query}" if here.query else here.path
        return Response(status_code=401, headers={"HX-Redirect": f"/login?{urlencode({'next': going})}"})
    if request.method in {"GET", "HEAD"}:
        going = own_address(request)
        address = "/login" if going == "/" else f"/login?{urlencode({'next': going})}"
        return RedirectResponse(address, status_code=303)
    return answer_page(request, "login.html", {"sentence": sentence, "next": _page_of(request)}, status=401)


def _page_of(request: Request) -> str:
    """Return the address of the page whose form was sent; empty if the browser does not say it."""
    said = request.headers.get("hx-current-url") or request.headers.get("referer", "")
    page = urlsplit(said)
    if page.netloc != request.url.netloc:
        return ""
    going = f"{page.path}?{page.query}" if page.query else page.path
    return "" if page.path == "/login" else going


def own_address(request: Request) -> str:
    """Return the path and query that were asked for."""
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def _known(db: Database, name: str) -> Credentials | None:
    if not NAME.fullmatch(name):
        return None
    try:
        return credentials(db, name)
    except UnknownUser:
        return None


def _note(
    db: Database, action: AuditAction, kept: Credentials | None, origin: Origin, context: AppContext
) -> None:
    """Log a failure, without an unknown name, which may be a password in the wrong field."""
    name = kept.user.name if kept else "(nobody of that name)"
    audit.record(db, action, actor=name, origin=origin, subject=f"user:{name}", now=context.clock())


def _within(address: str) -> str:
    """Return an address within the app, else the first page: no login redirects elsewhere."""
    plain = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if plain and "\\" not in address else "/"
