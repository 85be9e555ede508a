"""What administrators do to users: the deeds behind page and API, each an entry of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from review.accounts.passwords import check_new_password, new_password
from store.accounts.sessions import end_session, sessions_of
from store.accounts.users import add_user, get_user, set_disabled, set_password, set_role, set_totp
from store.audit.audit import AuditAction
from store.database import transaction
from store.review import claims

if TYPE_CHECKING:
    from review.accounts.people import Person
    from review.web.desk import Desk
    from store.accounts.users import Role, User
    from store.database import Database


def add(db: Database, desk: Desk, person: Person, name: str, role: Role, password: str) -> User:
    """Add a user.

    Raises:
        PasswordUnfit: If the password would soon be guessed.
        UserNameUnfit: If nobody can be called so.
        UserNameTaken: If there is such a user.
    """
    check_new_password(password, name)
    password_hash = desk.passwords.hash(password)
    return add_user(
        db,
        name,
        role,
        password_hash=password_hash,
        actor=person.name,
        origin=person.origin,
        now=desk.clock(),
    )


def change(
    db: Database, desk: Desk, person: Person, name: str, *, role: Role | None, disabled: bool | None
) -> User:
    """Give a user another role, shut them out, or let them in again; None leaves as it is.

    Raises:
        UnknownUser: If there is none of that name.
        LastAdministrator: If nobody would be left to manage users.
    """
    now, origin = desk.clock(), person.origin
    with transaction(db):
        if role is not None:
            set_role(db, name, role, actor=person.name, origin=origin, now=now)
        if disabled is not None:
            set_disabled(db, name, disabled=disabled, actor=person.name, origin=origin, now=now)
        return get_user(db, name)


def renew_password(db: Database, desk: Desk, person: Person, name: str) -> str:
    """Replace a user's password by one made up, and return it; their sessions and tokens end.

    Raises:
        UnknownUser: If there is none of that name.
    """
    user, password = get_user(db, name), new_password(name)
    password_hash = desk.passwords.hash(password)
    set_password(db, user.name, password_hash, actor=person.name, origin=person.origin, now=desk.clock())
    return password


def end_sessions(db: Database, desk: Desk, person: Person, name: str) -> int:
    """End every session of a user and free what they had open; return how many ended.

    Raises:
        UnknownUser: If there is none of that name.
    """
    now, user = desk.clock(), get_user(db, name)
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
            for session in sessions_of(db, user, idle=desk.safety.idle, now=now)
        ]
        claims.release_all(db, reviewer=user.name)
    return sum(ended)


def drop_second_factor(db: Database, desk: Desk, person: Person, name: str) -> None:
    """Ask a user for no code any more, who lost what made them; their sessions end.

    Raises:
        UnknownUser: If there is none of that name.
    """
    set_totp(db, get_user(db, name).name, "", actor=person.name, origin=person.origin, now=desk.clock())
