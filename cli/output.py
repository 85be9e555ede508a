"""The output of commands: results as tables or JSON, progress bars, and failures as sentences."""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from store.errors import Interrupted, StoreError
from store.messages import COMMANDS, harmless, reason_of
from store.times import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from _typeshed import DataclassInstance
    from rich.progress import Progress, TaskID

    from store.database import Database

    Item = TypeVar("Item", bound=DataclassInstance)

NO_END = 1_000_000
"""Width in columns of an output that is not a terminal."""


class CommandFailed(StoreError):
    """A command failed; the message says why and what to do."""


@contextmanager
def exit_with_sentence() -> Iterator[None]:
    """Print an expected error as a sentence and exit with 1, or with 130 for interrupted work.

    A system error, such as a wrong path or a full disk, is expected too. Any other error shows a traceback.
    A closed pipe (`precursor-watch queue | head`) ends the command quietly.
    """
    try:
        yield
    except StoreError as error:
        print(f"precursor-watch: {harmless(str(error))}", file=sys.stderr)  # noqa: T201
        sys.exit(error.EXIT_CODE if isinstance(error, Interrupted) else 1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except RecursionError:
        print("precursor-watch: A file is nested too deeply to read.", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except OSError as error:
        print(f"precursor-watch: {harmless(_refusal(error))}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except Exception as error:
        from store.operations.integrity import is_damage

        if not is_damage(error):
            raise
        print(  # noqa: T201
            f"precursor-watch: The database is damaged: {harmless(str(error))}. Stop the service, keep the "
            "file as it is, and restore the last backup with `precursor-watch restore`.",
            file=sys.stderr,
        )
        sys.exit(1)


@contextmanager
def open_store(database: Path) -> Iterator[Database]:
    """Open an existing store, and close it at the end.

    Raises:
        StoreUnusable: If the database is missing or cannot be used.
        StoreDamaged: If a read finds the database damaged.
        StoreUnwritable: If the disk is full or fails.
    """
    from store.database import open_database
    from store.operations.integrity import naming_faults

    with naming_faults(database), closing(open_database(database, must_exist=True)) as db:
        yield db


def print_records(
    items: Sequence[Item],
    headings: Sequence[str],
    cells: Callable[[Item], Sequence[str]],
    *,
    as_json: bool,
    empty: str = "",
    cut: Collection[str] = (),
) -> None:
    """Print dataclasses as a JSON list of all their fields, or as a table.

    `empty` is printed if there are no rows; `cut` is as for `print_table`.
    """
    if as_json:
        print_json([asdict(item) for item in items])
    elif empty and not items:
        click.echo(empty)
    else:
        print_table(headings, map(cells, items), cut=cut)


def print_json(value: object) -> None:
    """Print `value` as JSON, with times as in the store and paths as text.

    Terminal control characters are escaped; the parsed value stays the same.
    """
    text = json.dumps(value, ensure_ascii=False, indent=2, default=_plain)
    click.echo(COMMANDS.sub(lambda found: f"\\u{ord(found.group()):04x}", text))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, cut: Collection[str] = ()) -> None:
    """Print a table as wide as the terminal; markup and control characters in cells have no effect.

    In a file or a pipe each row is one full line, unless COLUMNS sets a width. The columns `cut` are
    shortened with an ellipsis, so that each row fits one line; otherwise long cells wrap.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        # Columns to cut must be allowed to wrap, or rich shortens all columns alike.
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
    """Return a time to the minute with its zone, e.g. `2026-11-02 08:00 UTC`, or a dash for None."""
    return "-" if moment is None else f"{moment:%Y-%m-%d %H:%M %Z}"


@contextmanager
def progress_bar(what: str, *, total: int | None = None) -> Iterator[Callable[[int, int | None], None]]:
    """Show a progress bar; yield a function that takes the count so far and the total, if known."""
    with _bars() as bars:
        task = bars.add_task(what, total=total)

        def show(done: int, of: int | None = None) -> None:
            bars.update(task, completed=done, total=of if of is not None else total)

        yield show


@contextmanager
def step_bars(*, has_lines: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """Show a progress bar for each step; yield a function that takes the step, the count and the total.

    With `has_lines`, print a line for each step if standard error is not a terminal, which shows no bars.
    """
    with _bars() as bars:
        tasks: dict[str, TaskID] = {}

        def show(step: str, done: int, of: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step)
                if has_lines and bars.disable:
                    click.echo(f"{step}: {of:,}", err=True)
            bars.update(tasks[step], completed=done, total=of)

        yield show


def summing(show: Callable[[int, int | None], None]) -> Callable[[int], None]:
    """Return a function that adds up the counts of its calls and shows the sum."""
    done = 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        show(done, None)

    return step


def _bars() -> Progress:
    """Return progress bars on standard error, hidden if it is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, (Path, date)):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON; add a conversion in cli.output.")


def _refusal(error: OSError) -> str:
    """Return a sentence on a system error, with its paths if it names any."""
    paths = [str(path) for path in (error.filename, error.filename2) if path is not None]
    said = reason_of(error)
    if not paths:
        return f"System error: {said}."
    return (
        f"{' or '.join(paths)} cannot be used: {said}; check the path, the permissions of this user and "
        "the free disk space."
    )
