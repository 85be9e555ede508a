"""`precursor-watch logs`: what a run's processes wrote while they worked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import RowNumber, database_option
from cli.output import minute, reading
from store.messages import harmless

if TYPE_CHECKING:
    from pathlib import Path

    from store.model import Run


@click.command("logs")
@click.argument("run", type=RowNumber)
@database_option
@click.option("--lines", type=RowNumber, help="Only so many of the last lines of each process.")
def command(run: int, database: Path, lines: int | None) -> None:
    """Show how run number RUN ended and what each process that worked on it wrote.

    Only runs that the service began have logs; a run by hand writes to its terminal.

    Example: precursor-watch logs 42 --lines 20
    """
    from scheduler.children import log_of, read_log
    from store.crawl.runs import attempts_at, get_run

    with reading(database) as db:
        found, attempts = get_run(db, run), attempts_at(db, run)
    click.echo(_heading(found), err=True)
    for attempt in attempts:
        ending = f"; {attempt.interrupted}" if attempt.interrupted else ""
        click.echo(f"-- process {attempt.pid}, begun {minute(attempt.started_at)}{ending}", err=True)
        path = log_of(database, found, attempt)
        if path is None:
            click.echo("   It left no log: it was begun by hand, or its log was purged.", err=True)
            continue
        for line in read_log(path, lines=lines):
            click.echo(harmless(line))


def _heading(run: Run) -> str:
    what = f"{run.kind} of {run.source_id}" if run.source_id else run.kind
    return f"Run {run.run_id}, {what}: {run.outcome or 'no ending yet'}. {run.sentence}".rstrip()
