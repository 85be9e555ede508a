"""What commands share: options, kinds of numbers, groups, and the run in the ledger of each maintenance."""

from __future__ import annotations

import getpass
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from store.model import LAST_ROW, RunOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from store.audit.audit import Origin
    from store.model import RunKind

PROGRAM = (sys.executable, "-P", "-m", "cli")
"""This program, to be followed by a command. -P keeps the present folder off Python's path: it may hold
evidence, and a `click.py` saved there would be run otherwise."""

SENTENCE_CHARS = 400
"""Longer than any first sentence of a help text; click would cut each to the rest of one line."""


class SentenceGroup(click.Group):
    """A group that lists each command with the whole first sentence of its help."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write every command with its first sentence."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [
            (name, command.get_short_help_str(SENTENCE_CHARS))
            for name, command in found
            if command is not None and not command.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class _RowNumber(click.ParamType[int]):
    """A number that the database can count to; help shows `NUMBER` and no upper bound."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number, or fail with what is wrong with it."""
        return click.IntRange(1, LAST_ROW).convert(value, param, ctx)


RowNumber = _RowNumber()
"""The number of a row, or how many rows."""

Seed = click.IntRange(0, 2**32 - 1)
"""A seed that both NumPy and scikit-learn take."""


class _Path(click.Path):
    """A path that is not empty and does not lead back to itself."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, or fail with what is wrong with it."""
        if not str(value):
            self.fail("The path is empty; give the name of a file or folder.", param, ctx)
        try:
            Path(value).resolve()
        except RuntimeError:
            self.fail(f"{value} is a link that leads back to itself.", param, ctx)
        except OSError:  # a name too long, a folder that may not be read: whoever opens it says so
            pass
        return super().convert(value, param, ctx)


AnyFile = _Path(dir_okay=False, path_type=Path)
AnyFolder = _Path(file_okay=False, path_type=Path)
ExistingFile = _Path(exists=True, dir_okay=False, path_type=Path)
ExistingFolder = _Path(exists=True, file_okay=False, path_type=Path)
ExistingPath = _Path(exists=True, path_type=Path)

DEFAULT_DATABASE = Path("var/precursor-watch.db")
DEFAULT_SOURCES = Path("sources.toml")
PERSON_VARIABLES = ["PRECURSOR_WATCH_REVIEWER", "USER"]

database_option = click.option(
    "--db",
    "database",
    type=AnyFile,
    default=DEFAULT_DATABASE,
    envvar="PRECURSOR_WATCH_DB",
    show_default=True,
    show_envvar=True,
    help="The database file.",
)

sources_option = click.option(
    "--sources",
    "sources_file",
    type=AnyFile,
    default=DEFAULT_SOURCES,
    envvar="PRECURSOR_WATCH_SOURCES",
    show_default=True,
    show_envvar=True,
    help="The file that declares the sources.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")

reviewer_option = click.option(
    "--reviewer",
    envvar=PERSON_VARIABLES,
    default="reviewer",
    show_default=True,
    show_envvar=True,
    help="Who decides; kept in the record.",
)


def system_user() -> str:
    """Return the user this process runs as, where no variable names a person, as in cron."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a number without a name, as in some containers
        return "unnamed"


def _named(_context: click.Context, _option: click.Parameter, name: str) -> str:
    if not name.strip():
        raise click.BadParameter("No person is named; give a name, so that the record says who asked.")
    return name.strip()


by_option = click.option(
    "--by",
    callback=_named,
    envvar=PERSON_VARIABLES,
    default=system_user,
    show_default="the system's user",
    show_envvar=True,
    help="Who asks; kept in the record.",
)


def cluster_option(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option `--cluster`; its value is None when it is not given."""
    return click.option(
        "--cluster",
        is_flag=False,
        flag_value="auto",
        metavar="[ADDRESS]",
        help=f"{what} on the Ray cluster at HOST:PORT, on the one that runs on this machine (no address), "
        'or on one begun for this command ("local"). See docs/scale.md.',
    )


due_at_option = click.option(
    "--due-at", type=click.DateTime(["%Y-%m-%dT%H:%M:%S"]), hidden=True, help="The scheduled time, in UTC."
)


def in_utc(due_at: datetime | None) -> datetime | None:
    """Return the value of `due_at_option` with its time zone."""
    return None if due_at is None else due_at.replace(tzinfo=UTC)


def origin_of(due_at: datetime | None) -> Origin:
    """Return who began a piece of work: the service, which gives the due time, or a person."""
    from store.audit.audit import Origin, Via

    return Origin(via=Via.CLI if due_at is None else Via.SERVICE)


@dataclass(slots=True)
class Done:
    """The result of a maintenance run, filled in by the command."""

    sentence: str = ""


@contextmanager
def recorded(database: Path, kind: RunKind, due_at: datetime | None) -> Iterator[Done]:
    """Keep a run in the ledger while inside; an error becomes the run's outcome and is raised again.

    Raises:
        AlreadyUnderWay: If another process does the same work.
    """
    from store.crawl.runs import begin_run, end_run
    from store.database import open_database
    from store.locks import hold, work_of
    from store.operations.backup import naming_faults
    from store.times import utc_now

    with (
        hold(database, work_of(kind)),
        naming_faults(database),
        closing(open_database(database, must_exist=True)) as db,
    ):
        run, done = begin_run(db, kind, due_at=in_utc(due_at), now=utc_now()), Done()
        try:
            yield done
        except Exception as error:
            end_run(db, run.run_id, RunOutcome.FAILED, str(error), now=utc_now())
            raise
        end_run(db, run.run_id, RunOutcome.DONE, done.sentence, now=utc_now())
