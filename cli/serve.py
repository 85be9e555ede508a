"""`precursor-watch serve`: the review app, on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import database_option, reviewer_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@database_option
@reviewer_option
@click.option("--host", default="127.0.0.1", show_default=True, help="127.0.0.1, ::1 or localhost.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8080, show_default=True, help="0 takes a free one."
)
def command(database: Path, reviewer: str, host: str, port: int) -> None:
    r"""Review what was flagged, in the browser.

    \b
    Example: precursor-watch serve --reviewer ada
    """
    from review.serve import serve

    def announce(address: str) -> None:
        click.echo(f"Reviewing as {reviewer} at {address} (stop with Ctrl+C)", err=True)

    serve(database, host, port, reviewer, announce=announce)
