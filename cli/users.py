"""`precursor-watch users`: who may log in, and as what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.groups import SentenceGroup
from cli.options import by_option, database_option, json_option
from cli.user_tokens import token_command
from store.model import Role

if TYPE_CHECKING:
    from pathlib import Path

role_choice = click.Choice([role.value for role in Role])
stdin_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it."
)


@click.group("users", cls=SentenceGroup)
def command() -> None:
    """Users of the review app: viewers look, reviewers decide, leads assign and export, admins manage users.

    Every change is an entry of the audit log. Nobody is ever deleted, because verdicts name them.

    Example: precursor-watch users add ada --role admin
    """


command.add_command(token_command)


@command.command("add")
@click.argument("name")
@click.option(
    "--role",
    type=role_choice,
    default=Role.REVIEWER.value,
    show_default=True,
    help="What they may do, see docs/security.md.",
)
@stdin_option
@click.option("--generate", is_flag=True, help="Make up a password and print it, once.")
@by_option
@database_option
def add_command(
    name: str, role: str, *, password_stdin: bool, generate: bool, actor: str, database: Path
) -> None:
    """Add a user; the password is asked for.

    Example: precursor-watch users add ada --role lead
    """
    from contextlib import closing

    from store.accounts.users import add_user
    from store.database import open_database
    from store.times import utc_now

    _refuse_name(name, database)
    password, password_hash = _new_password(name, from_stdin=password_stdin, generate=generate)
    with closing(open_database(database)) as db:  # made now, if it is new: whoever gives up leaves none
        add_user(db, name, Role(role), password_hash=password_hash, actor=actor, now=utc_now())
    click.echo(f"{name} may log in as {role}.", err=True)
    if generate:
        click.echo(password)


@command.command("list")
@database_option
@json_option
def list_command(database: Path, *, as_json: bool) -> None:
    """List the users.

    Example: precursor-watch users list
    """
    from dataclasses import asdict

    from cli.output import minute, print_json, print_table, reading
    from store.accounts.users import list_users

    with reading(database) as db:
        users = list_users(db)
    if as_json:
        print_json([asdict(user) for user in users])
        return
    rows = [
        (
            user.name,
            user.role,
            "yes" if user.has_totp else "no",
            f"disabled {minute(user.disabled_at)}" if user.disabled_at else "may log in",
            minute(user.created_at),
        )
        for user in users
    ]
    print_table(("NAME", "ROLE", "SECOND FACTOR", "STATE", "ADDED"), rows)


@command.command("role")
@click.argument("name")
@click.argument("role", type=role_choice)
@by_option
@database_option
def role_command(name: str, role: str, actor: str, database: Path) -> None:
    """Give a user another role; it holds at once.

    Example: precursor-watch users role bo lead
    """
    from cli.output import reading
    from store.accounts.users import set_role
    from store.times import utc_now

    with reading(database) as db:
        set_role(db, name, Role(role), actor=actor, now=utc_now())
    click.echo(f"{name} is now {role}.", err=True)


@command.command("disable")
@click.argument("name")
@by_option
@database_option
def disable_command(name: str, actor: str, database: Path) -> None:
    """Shut a user out at once; their sessions and tokens end for good.

    Example: precursor-watch users disable bo
    """
    _set_disabled(database, name, actor, disabled=True)
    click.echo(f"{name} may no longer log in; sessions and tokens have ended.", err=True)


@command.command("enable")
@click.argument("name")
@by_option
@database_option
def enable_command(name: str, actor: str, database: Path) -> None:
    """Let a disabled user log in again.

    Example: precursor-watch users enable bo
    """
    _set_disabled(database, name, actor, disabled=False)
    click.echo(f"{name} may log in again.", err=True)


@command.command("password")
@click.argument("name")
@stdin_option
@click.option("--generate", is_flag=True, help="Make up a password and print it, once.")
@by_option
@database_option
def password_command(name: str, *, password_stdin: bool, generate: bool, actor: str, database: Path) -> None:
    """Replace a user's password; every session and token they had ends.

    Example: precursor-watch users password bo
    """
    from cli.output import reading
    from store.accounts.users import get_user, set_password
    from store.times import utc_now

    with reading(database) as db:
        user = get_user(db, name)
        password, password_hash = _new_password(user.name, from_stdin=password_stdin, generate=generate)
        set_password(db, user.name, password_hash, actor=actor, now=utc_now())
    click.echo(f"{user.name} has a new password; every session and token of theirs has ended.", err=True)
    if generate:
        click.echo(password)


@command.command("totp")
@click.argument("name")
@click.option("--off", is_flag=True, help="Ask for no code any more.")
@by_option
@database_option
def totp_command(name: str, *, off: bool, actor: str, database: Path) -> None:
    """Set up a second factor: print the address that an authenticator app reads, once.

    Example: precursor-watch users totp ada
    """
    from cli.output import reading
    from review.accounts.credentials import address_of_seed, new_seed, seal
    from review.web.settings import load_key
    from store.accounts.users import get_user, set_totp
    from store.times import utc_now

    with reading(database) as db:
        user = get_user(db, name)
        seed = "" if off else new_seed()
        sealed = "" if off else seal(load_key(database), seed)
        set_totp(db, user.name, sealed, actor=actor, now=utc_now())
    if off:
        click.echo(f"{user.name} is asked for no code any more; every session of theirs has ended.", err=True)
        return
    click.echo(f"{user.name} is asked for a code from now on. Put this into an authenticator app:", err=True)
    click.echo(address_of_seed(seed, user.name))


def _set_disabled(database: Path, name: str, actor: str, *, disabled: bool) -> None:
    from cli.output import reading
    from store.accounts.users import set_disabled
    from store.times import utc_now

    with reading(database) as db:
        set_disabled(db, name, disabled=disabled, actor=actor, now=utc_now())


def _refuse_name(name: str, database: Path) -> None:
    """Refuse a name that is unfit or taken before a password is asked for."""
    from cli.output import reading
    from store.accounts.users import UserNameTaken, UserNameUnfit, has_user, is_name

    if not is_name(name):
        raise UserNameUnfit(name)
    if database.exists():
        with reading(database) as db:
            if has_user(db, name):
                raise UserNameTaken(name)


def _new_password(name: str, *, from_stdin: bool, generate: bool) -> tuple[str, str]:
    """Return a password, asked for, read or made up, and its hash."""
    import sys

    from review.accounts.credentials import Passwords, check_new_password, new_password

    if generate:
        password = new_password(name)
    elif from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    check_new_password(password, name)
    return password, Passwords().hash(password)
