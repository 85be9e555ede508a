"""What people may do to their own tokens and sessions, and to nobody else's: one rule for pages and API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from review.web.forms import new_token
from store.accounts.sessions import end_session, sessions_of
from store.accounts.tokens import get_token, issue_token, revoke_token
from store.audit.audit import AuditAction
from store.errors import UnknownRow

if TYPE_CHECKING:
    from datetime import timedelta

    from review.accounts.people import Person
    from review.web.desk import Desk
    from store.accounts.tokens import Token
    from store.database import Database


def issue_own_token(
    db: Database, desk: Desk, person: Person, *, purpose: str, lasting: timedelta
) -> tuple[str, Token]:
    """Make a token of one's own; return its secret, which is kept nowhere, and the token."""
    key = new_token()
    token = issue_token(
        db,
        person.name,
        key,
        purpose=purpose,
        lasting=lasting,
        actor=person.name,
        origin=person.origin,
        now=desk.clock(),
    )
    return key, token


def revoke_own_token(db: Database, desk: Desk, person: Person, token_id: int) -> None:
    """End a token of one's own.

    Raises:
        UnknownRow: If there is none of that number, or it is somebody else's.
    """
    if get_token(db, token_id).user.user_id != person.user.user_id:
        raise UnknownRow("token", token_id)
    revoke_token(db, token_id, actor=person.name, origin=person.origin, now=desk.clock())


def end_own_session(db: Database, desk: Desk, person: Person, session_id: int) -> None:
    """End a session of one's own.

    Raises:
        UnknownRow: If there is none of that number that holds, or it is somebody else's.
    """
    own = {each.session_id for each in sessions_of(db, person.user, idle=desk.safety.idle, now=desk.clock())}
    if session_id not in own:
        raise UnknownRow("session", session_id)
    end_session(
        db,
        session_id,
        AuditAction.SESSION_REVOKED,
        actor=person.name,
        origin=person.origin,
        now=desk.clock(),
    )
