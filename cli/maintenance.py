"""`backup`, `restore`, `verify`, `purge` and `retention`: data maintenance, by hand or by schedule."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.options import (
    AnyFolder,
    ExistingFolder,
    RowNumber,
    SentenceGroup,
    Statement,
    by_option,
    database_option,
    due_at_option,
    json_option,
    origin_of,
    recorded,
)
from cli.output import minute, open_store, print_records, progress_bar
from store.messages import counted
from store.model import RunKind
from store.times import utc_now

if TYPE_CHECKING:
    from datetime import datetime

    from scheduler.settings import MaintenanceSettings
    from store.operations.retention import Hold


@click.command("backup")
@database_option
@click.option(
    "--to",
    "backups",
    type=AnyFolder,
    help="The folder of backups.  [default: [maintenance] backup_folder or NAME.backups beside the database]",
)
@due_at_option
def backup_command(database: Path, backups: Path | None, due_at: datetime | None) -> None:
    """Back up the store, its evidence and its models, and check the copy.

    The service may keep running. Evidence in an earlier backup is not copied again. Only the newest
    [maintenance] keep_backups backups are kept.

    Example: precursor-watch backup --to /mnt/backups
    """
    from scheduler.maintenance.backup import backups_folder, make_backup, thin_backups

    settings = _settings()
    configured = Path(settings.backup_folder) if settings.backup_folder else backups_folder(database)
    folder = backups or configured
    with recorded(database, RunKind.BACKUP, due_at) as done:
        backup = make_backup(database, folder, now=utc_now())
        gone = thin_backups(folder, settings.keep_backups)
        done.sentence = backup.sentence + (
            f" {counted(len(gone), 'older backup', 'older backups')} deleted." if gone else ""
        )
    click.echo(done.sentence)
    click.echo(f"Restore it with: precursor-watch restore {backup.folder} --db PATH", err=True)


@click.command("restore")
@click.argument("backup", type=ExistingFolder)
@database_option
@by_option
@click.option("--replace", is_flag=True, help="Move the present data aside and keep it.")
@click.option("--check", is_flag=True, help="Only check that the backup is intact.")
def restore_command(backup: Path, database: Path, by: str, *, replace: bool, check: bool) -> None:
    """Check a backup, and restore it with its evidence and models.

    BACKUP is the folder of one backup, or the folder of all backups for the newest one. Nothing is
    overwritten: give a new path with --db, or --replace.

    Example: precursor-watch restore var/precursor-watch.db.backups --db var/restored.db
    """
    from scheduler.maintenance.backup import check_backup, list_backups, restore

    finished = list_backups(backup)
    folder = finished[-1] if finished else backup
    with progress_bar("checking") as show:
        if check:
            manifest = check_backup(folder, progress=show)
        else:
            manifest = restore(folder, database, replace=replace, by=by, now=utc_now(), progress=show)
    what = "is intact" if check else f"is restored as {database}"
    click.echo(f"The backup of {manifest.made_at} ({counted(len(manifest.files), 'file', 'files')}) {what}.")
    signed = f"signed by the key {manifest.signed_by}" if manifest.signed_by else "unsigned"
    click.echo(f"The manifest of the backup is {signed}.", err=True)
    if not check:
        click.echo("Check it with `precursor-watch verify`, and start the service again.", err=True)


@click.command("verify")
@database_option
@due_at_option
def verify_command(database: Path, due_at: datetime | None) -> None:
    """Check the database, the evidence, the models and the audit log, and report the first fault.

    If everything is intact, the database is optimised: its write-ahead log is merged and its statistics are
    updated. If more than [maintenance] vacuum_free_percent of the file is unused, the space is returned to
    the disk.

    Example: precursor-watch verify
    """
    from scheduler.maintenance.upkeep import check_everything

    with recorded(database, RunKind.VERIFY, due_at) as done, progress_bar("checking") as show:
        done.sentence = check_everything(
            database, vacuum_free_percent=_settings().vacuum_free_percent, progress=show
        )
    click.echo(done.sentence)


@click.command("purge")
@database_option
@by_option
@click.option("--dry-run", is_flag=True, help="List the files to delete, and delete nothing.")
@due_at_option
def purge_command(database: Path, by: str, *, dry_run: bool, due_at: datetime | None) -> None:
    """Delete evidence, contacts and logs older than [maintenance] evidence_days and log_days.

    Contacts that only sightings of that age state are removed too, under the same protection.

    A WARC file is deleted only if no listing in it was ever flagged or reviewed, no later page refers to it,
    and it is under no legal hold (`precursor-watch retention`). The store keeps its hash, the reason, the
    time and the person, so that `evidence verify` can account for the file.

    Example: precursor-watch purge --dry-run
    """
    from scheduler.maintenance.upkeep import find_purgeable, purge

    settings = _settings()
    if dry_run:
        found = find_purgeable(database, settings, now=utc_now())
        for each in found.evidence:
            click.echo(f"{each.file}  {each.opened_at:%Y-%m-%d}  {each.source_id}  {each.bytes:,} bytes")
        for path in found.logs:
            click.echo(str(path))
        click.echo(f"Would delete: {found.sentence}")
        return
    with recorded(database, RunKind.PURGE, due_at) as done:
        gone = purge(database, settings, by=by, origin=origin_of(due_at), now=utc_now())
        done.sentence = f"Deleted: {gone.sentence}"
    click.echo(done.sentence)


@click.group("retention", cls=SentenceGroup)
def retention_command() -> None:
    """Place and release legal holds; `purge` deletes nothing under a hold.

    Example: precursor-watch retention hold andes --reason "Case 2026-114"
    """


@retention_command.command()
@database_option
@by_option
@click.argument("source")
@click.option("--reason", required=True, type=Statement, help="The case or order behind the hold.")
def hold(database: Path, by: str, source: str, reason: str) -> None:
    """Keep everything from SOURCE, or from `all` sources, until the hold is released.

    Example: precursor-watch retention hold andes --reason "Case 2026-114" --by ada
    """
    from store.operations.retention import EVERY_SOURCE, place_hold

    with open_store(database) as db:
        source_id = EVERY_SOURCE if source == "all" else source
        hold_id = place_hold(db, source_id, reason=reason, by=by, now=utc_now())
    which = "all sources" if source == "all" else source
    click.echo(f"Hold {hold_id} keeps everything from {which}: {reason}")


@retention_command.command()
@database_option
@by_option
@click.argument("number", type=RowNumber)
def release(database: Path, by: str, number: int) -> None:
    """Release a hold.

    NUMBER is in the first column of `retention holds`. The next purge may delete the data under the hold.

    Example: precursor-watch retention release 3 --by ada
    """
    from store.operations.retention import release_hold

    with open_store(database) as db:
        release_hold(db, number, by=by, now=utc_now())
    click.echo(f"Hold {number} is released.")


@retention_command.command()
@database_option
@json_option
def holds(database: Path, as_json: bool) -> None:
    """List all holds, including released ones.

    Example: precursor-watch retention holds
    """
    from store.operations.retention import list_holds

    with open_store(database) as db:
        found = list_holds(db)
    headings = ("hold", "source", "reason", "placed", "released")
    print_records(found, headings, _hold_cells, as_json=as_json, empty="There are no holds.")


def _hold_cells(each: Hold) -> tuple[str, ...]:
    return (
        str(each.hold_id),
        each.source_id or "all",
        each.reason,
        f"{minute(each.placed_at)} {each.placed_by}",
        "-" if each.released_by is None else f"{minute(each.released_at)} {each.released_by}",
    )


def _settings() -> MaintenanceSettings:
    from cli.settings import load_settings
    from scheduler.settings import MaintenanceSettings

    return load_settings(MaintenanceSettings)
