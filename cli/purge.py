"""`precursor-watch purge`: what retention lets go is taken away, with a tombstone for each WARC file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.care import due_at_option, origin_of, recorded
from cli.options import asked_by_option, database_option

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@click.command("purge")
@database_option
@asked_by_option
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@due_at_option
def command(database: Path, by: str, *, dry_run: bool, due_at: datetime | None) -> None:
    """Take away what [maintenance] evidence_days and log_days let go.

    Evidence goes only where nothing in its WARC file was ever flagged or judged, no later page repeats it and
    no hold stands (`precursor-watch retention`). Its hash, the reason, who and when stay in the store, and
    `evidence verify` knows of it.

    Example: precursor-watch purge --dry-run
    """
    from cli.settings import load_settings
    from scheduler.maintenance.upkeep import find_purgeable, purge
    from scheduler.settings import MaintenanceSettings
    from store import times
    from store.model import RunKind

    care = load_settings(MaintenanceSettings)
    if dry_run:
        found = find_purgeable(database, care, now=times.utc_now())
        for each in found.evidence:
            click.echo(f"{each.file}  {each.opened_at:%Y-%m-%d}  {each.source_id}  {each.bytes:,} bytes")
        for path in found.logs:
            click.echo(str(path))
        click.echo(f"Would go: {found.sentence}")
        return
    with recorded(database, RunKind.PURGE, due_at) as done:
        done.sentence = (
            f"Gone: {purge(database, care, by=by, origin=origin_of(due_at), now=times.utc_now()).sentence}"
        )
    click.echo(done.sentence)
