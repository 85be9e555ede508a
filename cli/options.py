"""Options and kinds of numbers that several commands share, each option with its variable and its default."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import click

from store.model import LAST_ROW


class _RowNumber(click.ParamType[int]):
    """A number that the database can count to; help says `NUMBER`, and not up to where."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number, or end with what is wrong with it."""
        return click.IntRange(1, LAST_ROW).convert(value, param, ctx)


RowNumber = _RowNumber()
"""What is asked of the database by a number: a row, or how many rows."""

Seed = click.IntRange(0, 2**32 - 1)
"""What NumPy and scikit-learn both take to begin from."""

DEFAULT_DATABASE = Path("var/precursor-watch.db")
DEFAULT_SOURCES = Path("sources.toml")

database_option = click.option(
    "--db",
    "database",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT_DATABASE,
    envvar="PRECURSOR_WATCH_DB",
    show_default=True,
    show_envvar=True,
    help="The database file.",
)

sources_option = click.option(
    "--sources",
    "sources_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT_SOURCES,
    envvar="PRECURSOR_WATCH_SOURCES",
    show_default=True,
    show_envvar=True,
    help="The file that declares the sources.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")

reviewer_option = click.option(
    "--reviewer",
    envvar=["PRECURSOR_WATCH_REVIEWER", "USER"],
    default="reviewer",
    show_default=True,
    show_envvar=True,
    help="Who decides; kept with it.",
)


def system_user() -> str:
    """Return under whom the system runs this, where neither variable says who it is, as in cron."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a number without a name, as in some containers
        return "unnamed"


def _named(_context: click.Context, _option: click.Parameter, name: str) -> str:
    if not name.strip():
        raise click.BadParameter("No person is named; give one, so that the record says who asked.")
    return name.strip()


asked_by_option = click.option(
    "--by",
    callback=_named,
    envvar=["PRECURSOR_WATCH_REVIEWER", "USER"],
    default=system_user,
    show_default="the system's user",
    show_envvar=True,
    help="Who asks; kept with it.",
)

by_option = click.option(
    "--by",
    "actor",
    envvar=["PRECURSOR_WATCH_REVIEWER", "USER"],
    default=system_user,
    show_default="the system's user",
    show_envvar=True,
    help="Who does this; kept in the audit log.",
)
