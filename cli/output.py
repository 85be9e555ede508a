"""Printing results on standard output: a table for people, JSON for programs."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from store import times
from store.messages import COMMANDS, harmless

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from store.database import Database


NO_END = 1_000_000
"""Columns of what is no terminal."""


@contextmanager
def reading(database: Path) -> Iterator[Database]:
    """Open a store that must exist, and close it after.

    Raises:
        StoreUnusable: If it is missing or cannot be used.
    """
    from store.database import open_database

    db = open_database(database, must_exist=True)
    try:
        yield db
    finally:
        db.close()


def print_json(value: object) -> None:
    """Print `value` as JSON; times are written as the store writes them, paths as text.

    What a terminal would obey is escaped, which leaves the value as it is.
    """
    text = json.dumps(value, ensure_ascii=False, indent=2, default=_plain)
    click.echo(COMMANDS.sub(lambda found: f"\\u{ord(found.group()):04x}", text))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, cut: Collection[str] = ()) -> None:
    """Print a table as wide as the terminal; nothing in a cell is taken for markup or a control.

    Into a file or a pipe each row is one line with every cell whole, unless COLUMNS says how wide.

    Args:
        headings: Of the columns.
        rows: A text for each column.
        cut: Columns that are cut with an ellipsis, so that each row is one line and the others whole;
            when none is named, long cells are folded.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        # A column that may be cut must count as one that may wrap, or rich shortens all alike.
        table.add_column(heading, overflow="fold", no_wrap=bool(cut) and heading not in cut)
    for row in rows:
        table.add_row(
            *(
                Text(cell, no_wrap=True, overflow="ellipsis") if heading in cut else Text(cell)
                for heading, cell in zip(headings, map(harmless, row), strict=True)
            )
        )
    if sys.stdout.isatty() or "COLUMNS" in os.environ:
        Console().print(table)
        return
    console = Console(width=NO_END)
    with console.capture() as printed:
        console.print(table)
    for line in printed.get().splitlines():
        click.echo(line.rstrip())


def minute(moment: datetime | None) -> str:
    """Return a time to the minute with its zone, e.g. `2026-11-02 08:00 UTC`; a dash for none."""
    return "-" if moment is None else f"{moment:%Y-%m-%d %H:%M %Z}"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return times.to_text(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON here; give it one in cli.output.")
