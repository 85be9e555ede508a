"""`precursor-watch runs`: the newest runs and how they ended."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli.options import RowNumber, database_option, json_option
from cli.output import minute, print_json, print_table, reading

if TYPE_CHECKING:
    from pathlib import Path

    from store.model import Run


@click.command("runs")
@database_option
@json_option
@click.option("--limit", type=RowNumber, default=20, show_default=True, help="How many to show.")
def command(database: Path, as_json: bool, limit: int) -> None:
    """Show the newest runs, newest first, each with how it ended.

    Example: precursor-watch runs --limit 50
    """
    from scheduler.health import standing
    from store.crawl.runs import list_runs

    with reading(database) as db:
        runs = list_runs(db, limit=limit)
    if as_json:
        print_json([{**asdict(run), "standing": standing(run, database)} for run in runs])
    elif runs:
        print_table(
            ("run", "what", "source", "due", "ended", "outcome", "sentence"),
            [_cells(run, standing(run, database)) for run in runs],
        )
    else:
        click.echo("There is no run yet; begin with `precursor-watch crawl`.")


def _cells(run: Run, stands: str) -> tuple[str, ...]:
    return (
        str(run.run_id),
        run.kind,
        run.source_id or "-",
        "by hand" if run.due_at is None else minute(run.due_at),
        minute(run.ended_at),
        stands,
        run.sentence,
    )
