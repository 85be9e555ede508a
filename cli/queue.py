"""`queue`: what waits for a verdict."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli.options import RowNumber, database_option, json_option
from listings.model import LAST_ROW

if TYPE_CHECKING:
    from pathlib import Path

    from listings.model import QueueEntry


@click.command(name="queue")
@click.option("--limit", type=RowNumber, default=50, show_default=True, help="Rows at most.")
@click.option("--offset", type=click.IntRange(0, LAST_ROW), default=0, help="Rows to pass over first.")
@database_option
@json_option
def command(limit: int, offset: int, database: Path, *, as_json: bool) -> None:
    """Show the flagged listings that nobody has judged as they now read, most likely offers first.

    Example: precursor-watch queue --limit 20
    """
    from cli.output import print_json, print_table, reading
    from listings.queue import count_queue, review_queue

    with reading(database) as db:
        entries, waiting = review_queue(db, limit=limit, offset=offset), count_queue(db)
    if as_json:
        print_json({"waiting": waiting, "entries": [asdict(entry) for entry in entries]})
        return
    headings = ("P", "TIER", "SUBSTANCE", "TITLE", "SOURCE", "LISTING")
    print_table(headings, map(_row, entries), cut=("SUBSTANCE", "TITLE"))
    click.echo(f"{waiting} waiting.", err=True)


def _row(entry: QueueEntry) -> tuple[str, ...]:
    tier = "-" if entry.tier is None else str(entry.tier)
    substance = entry.substances[0] if entry.substances else "(none named)"
    return (f"{entry.p_offer:.2f}", tier, substance, entry.title, entry.source_id, entry.listing_id)
