"""`runs` and `logs`: list the newest runs, and print the logs of a run."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli.options import RowNumber, database_option, json_option
from cli.output import minute, open_store, print_json, print_table
from store.messages import harmless

if TYPE_CHECKING:
    from pathlib import Path

    from store.model import Run


@click.command("runs")
@database_option
@json_option
@click.option("--limit", type=RowNumber, default=20, show_default=True, help="Maximum number of runs.")
def command(database: Path, as_json: bool, limit: int) -> None:
    """List the newest runs with their outcomes.

    Example: precursor-watch runs --limit 50
    """
    from scheduler.health import standing
    from store.crawl.runs import list_runs

    with open_store(database) as db:
        runs = [(run, standing(run, database)) for run in list_runs(db, limit=limit)]
    if as_json:
        print_json([{**asdict(run), "standing": state} for run, state in runs])
    elif runs:
        headings = ("run", "kind", "source", "due", "ended", "outcome", "message")
        print_table(headings, [_cells(run, state) for run, state in runs])
    else:
        click.echo("There are no runs yet; start with `precursor-watch crawl`.")


@click.command("logs")
@click.argument("run", type=RowNumber)
@database_option
@click.option("--lines", type=RowNumber, help="Only the last lines of each log, this many.")
def logs_command(run: int, database: Path, lines: int | None) -> None:
    """Print the outcome of run number RUN and the log of each of its processes.

    Only runs of the service have logs; a run by hand writes to its terminal.

    Example: precursor-watch logs 42 --lines 20
    """
    from scheduler.children import log_of, read_log
    from store.crawl.runs import attempts_at, get_run

    with open_store(database) as db:
        found, attempts = get_run(db, run), attempts_at(db, run)
    what = f"{found.kind} of {found.source_id}" if found.source_id else found.kind
    ended = f"Run {found.run_id}, {what}: {found.outcome or 'not ended'}. {found.sentence}"
    click.echo(ended.rstrip(), err=True)
    for attempt in attempts:
        ending = f"; {attempt.interrupted}" if attempt.interrupted else ""
        click.echo(f"-- process {attempt.pid}, started {minute(attempt.started_at)}{ending}", err=True)
        path = log_of(database, found, attempt)
        if path is None:
            click.echo("   No log: the process was started by hand, or its log was purged.", err=True)
            continue
        for line in read_log(path, lines=lines):
            click.echo(harmless(line))


def _cells(run: Run, state: str) -> tuple[str, ...]:
    return (
        str(run.run_id),
        run.kind,
        run.source_id or "-",
        "by hand" if run.due_at is None else minute(run.due_at),
        minute(run.ended_at),
        state,
        run.sentence,
    )
