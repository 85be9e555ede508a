"""`precursor-watch retention`: legal holds, under which nothing of a source is taken away."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli.groups import SentenceGroup
from cli.options import RowNumber, asked_by_option, database_option, json_option
from cli.output import minute, print_json, print_table, reading

if TYPE_CHECKING:
    from pathlib import Path


@click.group("retention", cls=SentenceGroup)
def command() -> None:
    """Place and release legal holds; `purge` takes away what no hold and no rule keeps.

    Example: precursor-watch retention hold andes --reason "Case 2026-114"
    """


@command.command()
@database_option
@asked_by_option
@click.argument("source")
@click.option("--reason", required=True, help="The case or order it rests on.")
def hold(database: Path, by: str, source: str, reason: str) -> None:
    """Keep everything of SOURCE until the hold is released; `all` keeps everything.

    Example: precursor-watch retention hold andes --reason "Case 2026-114" --by ada
    """
    from store import times
    from store.operations.retention import EVERY_SOURCE, place_hold

    with reading(database) as db:
        source_id = EVERY_SOURCE if source == "all" else source
        hold_id = place_hold(db, source_id, reason=reason, by=by, now=times.utc_now())
    click.echo(f"Hold {hold_id} keeps everything of {source}: {reason}")


@command.command()
@database_option
@asked_by_option
@click.argument("number", type=RowNumber)
def release(database: Path, by: str, number: int) -> None:
    """Release a hold.

    NUMBER is in the first column of `retention holds`. What retention lets go of may then be purged.

    Example: precursor-watch retention release 3 --by ada
    """
    from store import times
    from store.operations.retention import release_hold

    with reading(database) as db:
        release_hold(db, number, by=by, now=times.utc_now())
    click.echo(f"Hold {number} is released.")


@command.command()
@database_option
@json_option
def holds(database: Path, as_json: bool) -> None:
    """Show all holds, those that were released too.

    Example: precursor-watch retention holds
    """
    from store.operations.retention import list_holds

    with reading(database) as db:
        found = list_holds(db)
    if as_json:
        print_json([asdict(each) for each in found])
    elif found:
        print_table(
            ("hold", "source", "reason", "placed", "released"),
            [
                (
                    str(each.hold_id),
                    each.source_id or "all",
                    each.reason,
                    f"{minute(each.placed_at)} {each.placed_by}",
                    "-" if each.released_by is None else f"{minute(each.released_at)} {each.released_by}",
                )
                for each in found
            ],
        )
    else:
        click.echo("There is no hold.")
