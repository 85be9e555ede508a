"""`precursor-watch backup`: store, evidence and models, copied while they are in use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.care import due_at_option, recorded
from cli.options import database_option

if TYPE_CHECKING:
    from datetime import datetime


@click.command("backup")
@database_option
@click.option(
    "--to",
    "backups",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of backups.  [default: [maintenance] backup_folder or NAME.backups beside the database]",
)
@due_at_option
def command(database: Path, backups: Path | None, due_at: datetime | None) -> None:
    """Back up the store, its evidence and its models, and check what was written.

    The service may run meanwhile. Evidence that is there from an earlier backup is not copied again. Of
    older backups as many are kept as [maintenance] keep_backups says.

    Example: precursor-watch backup --to /mnt/backups
    """
    from cli.settings import load_settings
    from scheduler.maintenance.backup import backups_folder, make_backup, thin_backups
    from scheduler.settings import MaintenanceSettings
    from store import times
    from store.model import RunKind

    care = load_settings(MaintenanceSettings)
    folder = backups or (Path(care.backup_folder) if care.backup_folder else backups_folder(database))
    with recorded(database, RunKind.BACKUP, due_at) as done:
        backup = make_backup(database, folder, now=times.utc_now())
        gone = thin_backups(folder, care.keep_backups)
        done.sentence = backup.sentence + (f" {len(gone)} older taken away." if gone else "")
    click.echo(done.sentence)
    click.echo(f"Restore it with: precursor-watch restore {backup.folder} --db PATH", err=True)
