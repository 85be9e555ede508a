"""`precursor-watch verify`: whether everything kept is still what was kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.care import due_at_option, recorded
from cli.options import database_option

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@click.command("verify")
@database_option
@due_at_option
def command(database: Path, due_at: datetime | None) -> None:
    """Check the database, the evidence and the audit chain; name the first thing that is wrong.

    When all is whole the database is tended: its write-ahead log folded in, its statistics brought up to
    date, and what it holds for nothing given back to the disk if that is more than
    [maintenance] vacuum_free_percent of it.

    Example: precursor-watch verify
    """
    from cli.progress import progress_bar
    from cli.settings import load_settings
    from scheduler.maintenance.upkeep import check_everything
    from scheduler.settings import MaintenanceSettings
    from store.model import RunKind

    with recorded(database, RunKind.VERIFY, due_at) as done, progress_bar("checking") as show:
        done.sentence = check_everything(
            database,
            vacuum_free_percent=load_settings(MaintenanceSettings).vacuum_free_percent,
            progress=show,
        )
    click.echo(done.sentence)
