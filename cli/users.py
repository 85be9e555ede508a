"""`users`: manage users, their roles, and their tokens for the JSON API."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from cli.options import RowNumber, SentenceGroup, Statement, by_option, database_option, json_option
from cli.output import minute, open_store, print_json, print_records, print_table
from store.model import Role
from store.times import utc_now

if TYPE_CHECKING:
    from pathlib import Path

    from store.accounts.sessions import Token
    from store.accounts.users import User

role_choice = click.Choice([role.value for role in Role])
stdin_option = click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the password from standard input instead of prompting for it.",
)


@click.group("users", cls=SentenceGroup)
def command() -> None:
    """Manage users: viewers read, reviewers give verdicts and export, leads assign, admins manage users.

    Every change is recorded in the audit log. Users are never deleted, because verdicts name them.

    Example: precursor-watch users add ada --role admin
    """


@command.command("add")
@click.argument("name")
@click.option(
    "--role",
    type=role_choice,
    default=Role.REVIEWER.value,
    show_default=True,
    help="The user's role; see docs/security.md.",
)
@stdin_option
@click.option("--generate", is_flag=True, help="Generate a password and print it, once.")
@by_option
@database_option
def add_command(
    name: str, role: str, *, password_stdin: bool, generate: bool, by: str, database: Path
) -> None:
    """Add a user, and prompt for the password.

    Example: precursor-watch users add ada --role lead
    """
    from store.accounts.users import add_user
    from store.database import open_database

    _refuse_name(name, database)
    password, password_hash = _new_password(name, from_stdin=password_stdin, generate=generate)
    with closing(open_database(database)) as db:  # created only now: an aborted prompt leaves no file
        add_user(db, name, Role(role), password_hash=password_hash, actor=by, now=utc_now())
    click.echo(f"{name} can log in as {role}.", err=True)
    if generate:
        click.echo(password)


@command.command("list")
@database_option
@json_option
def list_command(database: Path, *, as_json: bool) -> None:
    """List the users.

    Example: precursor-watch users list
    """
    from store.accounts.users import list_users

    with open_store(database) as db:
        users = list_users(db)
    print_records(users, ("NAME", "ROLE", "SECOND FACTOR", "STATE", "ADDED"), _user_cells, as_json=as_json)


@command.command("role")
@click.argument("name")
@click.argument("role", type=role_choice)
@by_option
@database_option
def role_command(name: str, role: str, by: str, database: Path) -> None:
    """Change a user's role, with immediate effect.

    Example: precursor-watch users role bo lead
    """
    from store.accounts.users import set_role

    with open_store(database) as db:
        set_role(db, name, Role(role), actor=by, now=utc_now())
    click.echo(f"{name} is now {role}.", err=True)


@command.command("disable")
@click.argument("name")
@by_option
@database_option
def disable_command(name: str, by: str, database: Path) -> None:
    """Disable a user, and end their sessions and tokens for good.

    Example: precursor-watch users disable bo
    """
    _set_disabled(database, name, by, disabled=True)
    click.echo(f"{name} can no longer log in; all their sessions and tokens have ended.", err=True)


@command.command("enable")
@click.argument("name")
@by_option
@database_option
def enable_command(name: str, by: str, database: Path) -> None:
    """Let a disabled user log in again.

    Example: precursor-watch users enable bo
    """
    _set_disabled(database, name, by, disabled=False)
    click.echo(f"{name} can log in again.", err=True)


@command.command("password")
@click.argument("name")
@stdin_option
@click.option("--generate", is_flag=True, help="Generate a password and print it, once.")
@by_option
@database_option
def password_command(name: str, *, password_stdin: bool, generate: bool, by: str, database: Path) -> None:
    """Replace a user's password, and end all their sessions and tokens.

    Example: precursor-watch users password bo
    """
    from store.accounts.users import get_user, set_password

    with open_store(database) as db:
        user = get_user(db, name)
        password, password_hash = _new_password(user.name, from_stdin=password_stdin, generate=generate)
        set_password(db, user.name, password_hash, actor=by, now=utc_now())
    click.echo(f"{user.name} has a new password; all their sessions and tokens have ended.", err=True)
    if generate:
        click.echo(password)


@command.command("totp")
@click.argument("name")
@click.option("--off", is_flag=True, help="Turn the second factor off.")
@by_option
@database_option
def totp_command(name: str, *, off: bool, by: str, database: Path) -> None:
    """Set up a second factor, and print the address for an authenticator app once.

    Example: precursor-watch users totp ada
    """
    from review.accounts.credentials import address_of_seed, new_seed, seal
    from review.web.settings import load_key
    from store.accounts.users import get_user, set_totp

    with open_store(database) as db:
        user = get_user(db, name)
        seed = "" if off else new_seed()
        sealed = "" if off else seal(load_key(database), seed)
        set_totp(db, user.name, sealed, actor=by, now=utc_now())
    if off:
        click.echo(
            f"{user.name} logs in without a code from now on; all their sessions have ended.", err=True
        )
        return
    click.echo(f"{user.name} needs a code to log in from now on. Add this to an authenticator app:", err=True)
    click.echo(address_of_seed(seed, user.name))


@command.group("token", cls=SentenceGroup)
def token_command() -> None:
    """Manage tokens, which give a user's programs access to the JSON API.

    Example: precursor-watch users token add ada --purpose "nightly export"
    """


@token_command.command("add")
@click.argument("name")
@click.option("--purpose", required=True, type=Statement, help="Purpose of the token, shown in the list.")
@click.option(
    "--days", type=click.IntRange(1, 366), default=90, show_default=True, help="Days until the token expires."
)
@by_option
@database_option
def token_add_command(name: str, purpose: str, days: int, by: str, database: Path) -> None:
    """Create a token and print it once; only its hash is stored.

    Example: precursor-watch users token add ada --purpose "nightly export" --days 30
    """
    from review.web.forms import new_token
    from store.accounts.sessions import issue_token

    key = new_token()
    with open_store(database) as db:
        lasting = timedelta(days=days)
        token = issue_token(db, name, key, purpose=purpose, lasting=lasting, actor=by, now=utc_now())
    click.echo(
        f"Token {token.token_id} of {token.user.name}, valid until {minute(token.expires_at)}, shown once:",
        err=True,
    )
    click.echo(key)


@token_command.command("list")
@click.argument("name", required=False)
@database_option
@json_option
def token_list_command(name: str | None, database: Path, *, as_json: bool) -> None:
    """List the tokens of one user or of all users, without the secrets.

    Example: precursor-watch users token list ada
    """
    from store.accounts.sessions import tokens_of
    from store.accounts.users import get_user

    with open_store(database) as db:
        tokens = tokens_of(db, get_user(db, name) if name else None)
    if as_json:
        print_json([_token_record(token) for token in tokens])
        return
    now = utc_now()
    rows = [
        (
            str(token.token_id),
            token.user.name,
            token.purpose,
            "revoked" if token.revoked_at else "expired" if token.expires_at <= now else "valid",
            minute(token.expires_at),
            minute(token.last_used_at),
        )
        for token in tokens
    ]
    print_table(("TOKEN", "USER", "PURPOSE", "STATE", "EXPIRES", "LAST USED"), rows, cut=("PURPOSE",))


@token_command.command("revoke")
@click.argument("token_id", type=RowNumber, metavar="TOKEN")
@by_option
@database_option
def token_revoke_command(token_id: int, by: str, database: Path) -> None:
    """Revoke a token, with immediate effect.

    Example: precursor-watch users token revoke 3
    """
    from store.accounts.sessions import revoke_token

    with open_store(database) as db:
        ended = revoke_token(db, token_id, actor=by, now=utc_now())
    click.echo(f"Token {token_id} {'is' if ended else 'was already'} revoked.", err=True)


def _set_disabled(database: Path, name: str, by: str, *, disabled: bool) -> None:
    from store.accounts.users import set_disabled

    with open_store(database) as db:
        set_disabled(db, name, disabled=disabled, actor=by, now=utc_now())


def _refuse_name(name: str, database: Path) -> None:
    """Refuse an unfit or taken name before prompting for a password."""
    from store.accounts.users import UserNameTaken, UserNameUnfit, has_user, is_name

    if not is_name(name):
        raise UserNameUnfit(name)
    if database.exists():
        with open_store(database) as db:
            if has_user(db, name):
                raise UserNameTaken(name)


def _new_password(name: str, *, from_stdin: bool, generate: bool) -> tuple[str, str]:
    """Return a password (prompted for, read or generated) and its hash."""
    from review.accounts.credentials import Passwords, check_new_password, new_password

    if generate:
        password = new_password(name)
    elif from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    check_new_password(password, name)
    return password, Passwords().hash(password)


def _user_cells(user: User) -> tuple[str, ...]:
    return (
        user.name,
        user.role,
        "yes" if user.has_totp else "no",
        f"disabled {minute(user.disabled_at)}" if user.disabled_at else "active",
        minute(user.created_at),
    )


def _token_record(token: Token) -> dict[str, object]:
    fields = ("token_id", "purpose", "created_at", "expires_at", "last_used_at", "revoked_at")
    return {"user": token.user.name, **{name: getattr(token, name) for name in fields}}
