"""`precursor-watch users token`: keys with which a user's own programs use the JSON API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import RowNumber, by_option, database_option, json_option

if TYPE_CHECKING:
    from pathlib import Path

    from store.accounts.sessions import Token


@click.group("token")
def token_command() -> None:
    """Tokens with which a user's own programs use the JSON API.

    Example: precursor-watch users token add ada --purpose "nightly export"
    """


@token_command.command("add")
@click.argument("name")
@click.option("--purpose", required=True, help="What it is for; shown in the list.")
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="How long it holds.")
@by_option
@database_option
def token_add_command(name: str, purpose: str, days: int, actor: str, database: Path) -> None:
    """Make a token and print it, once; only a hash is kept.

    Example: precursor-watch users token add ada --purpose "nightly export" --days 30
    """
    from datetime import timedelta

    from cli.output import minute, reading
    from review.web.forms import new_token
    from store.accounts.sessions import issue_token
    from store.times import utc_now

    key = new_token()
    with reading(database) as db:
        lasting = timedelta(days=days)
        token = issue_token(db, name, key, purpose=purpose, lasting=lasting, actor=actor, now=utc_now())
    click.echo(
        f"Token {token.token_id} of {token.user.name} holds until {minute(token.expires_at)}; shown once:",
        err=True,
    )
    click.echo(key)


@token_command.command("list")
@click.argument("name", required=False)
@database_option
@json_option
def token_list_command(name: str | None, database: Path, *, as_json: bool) -> None:
    """List tokens, of one user or of all, without the secrets.

    Example: precursor-watch users token list ada
    """
    from cli.output import minute, print_json, print_table, reading
    from store.accounts.sessions import tokens_of
    from store.accounts.users import get_user
    from store.times import utc_now

    with reading(database) as db:
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
            "revoked" if token.revoked_at else "expired" if token.expires_at <= now else "holds",
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
def token_revoke_command(token_id: int, actor: str, database: Path) -> None:
    """End a token at once.

    Example: precursor-watch users token revoke 3
    """
    from cli.output import reading
    from store.accounts.sessions import revoke_token
    from store.times import utc_now

    with reading(database) as db:
        ended = revoke_token(db, token_id, actor=actor, now=utc_now())
    click.echo(f"Token {token_id} {'is' if ended else 'was already'} revoked.", err=True)


def _token_record(token: Token) -> dict[str, object]:
    fields = ("token_id", "purpose", "created_at", "expires_at", "last_used_at", "revoked_at")
    return {"user": token.user.name, **{name: getattr(token, name) for name in fields}}
