"""`precursor-watch restore`: a backup put in place, checked whole first."""

from __future__ import annotations

from pathlib import Path

import click

from cli.options import asked_by_option, database_option
from store.messages import counted


@click.command("restore")
@click.argument("backup", type=click.Path(exists=True, file_okay=False, path_type=Path))
@database_option
@asked_by_option
@click.option("--replace", is_flag=True, help="Move what is there aside, and keep it.")
@click.option("--check", is_flag=True, help="Only check that the backup is whole.")
def command(backup: Path, database: Path, by: str, *, replace: bool, check: bool) -> None:
    """Check a backup and put it in place, with its evidence and models.

    BACKUP is the folder of one backup, or the folder of backups, of which the newest is taken. Nothing is
    written over: give another --db, or --replace.

    Example: precursor-watch restore var/precursor-watch.db.backups --db var/restored.db
    """
    from cli.progress import progress_bar
    from scheduler.maintenance.backup import list_backups
    from scheduler.maintenance.restore import check_backup, restore
    from store import times

    finished = list_backups(backup)
    folder = finished[-1] if finished else backup
    with progress_bar("checking") as show:
        if check:
            manifest = check_backup(folder, progress=show)
        else:
            manifest = restore(folder, database, replace=replace, by=by, now=times.utc_now(), progress=show)
    what = "is whole" if check else f"is restored as {database}"
    click.echo(f"The backup of {manifest.made_at} ({counted(len(manifest.files), 'file', 'files')}) {what}.")
    if not check:
        click.echo("Check it with `precursor-watch verify`, and start the service again.", err=True)
