"""Options, parameter types and groups that commands share, and the run record of maintenance commands."""

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
"""The command line of this program, without a command. -P keeps the working directory off Python's path:
it may hold evidence, and Python would import a `click.py` saved there."""

SENTENCE_CHARS = 400
"""Longer than any first sentence of a help text; by default click cuts it to one line."""


class SentenceGroup(click.Group):
    """A group that lists each command with the whole first sentence of its help."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with the first sentence of its help."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [
            (name, command.get_short_help_str(SENTENCE_CHARS))
            for name, command in found
            if command is not None and not command.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class _RowNumber(click.ParamType[int]):
    """A positive 64-bit number; the help shows `NUMBER` without an upper bound."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number, or fail with the reason."""
        try:
            number = int(value)
        except ValueError:
            self.fail(f"{value!r} is not a whole number.", param, ctx)
        return click.IntRange(1, LAST_ROW).convert(number, param, ctx)


class _Statement(click.ParamType[str]):
    """Text that goes into the record; it must say something."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text without blanks around it, or fail if nothing is left."""
        if not (text := str(value).strip()):
            self.fail("it must not be empty, because it goes into the record.", param, ctx)
        return text


Statement = _Statement()
"""A reason or a purpose."""

RowNumber = _RowNumber()
"""A row's number, or a count of rows."""

Seed = click.IntRange(0, 2**32 - 1)
"""A seed that both NumPy and scikit-learn accept."""


class _Path(click.Path):
    """A path that is not empty and not a circular link."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, or fail with the reason."""
        if not str(value):
            self.fail("The path is empty; give the name of a file or folder.", param, ctx)
        try:
            Path(value).resolve()
        except RuntimeError:
            self.fail(f"{value} is a link that leads back to itself.", param, ctx)
        except OSError:  # e.g. a name that is too long: opening the path reports it
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
    help="Name of the reviewer, for the record.",
)


def system_user() -> str:
    """Return the system user of this process, e.g. in cron, where no variable names a person."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user ID without a name, as in some containers
        return "unnamed"


def _named(_context: click.Context, _option: click.Parameter, name: str) -> str:
    if not name.strip():
        raise click.BadParameter("The name is empty; give your name.")
    return name.strip()


by_option = click.option(
    "--by",
    callback=_named,
    envvar=PERSON_VARIABLES,
    default=system_user,
    show_default="the system's user",
    show_envvar=True,
    help="Your name, for the record.",
)


def cluster_option(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option `--cluster`; the value is None without the option."""
    return click.option(
        "--cluster",
        is_flag=False,
        flag_value="auto",
        metavar="[ADDRESS]",
        help=f"{what} on a Ray cluster: the one at HOST:PORT, the one running on this machine (no address), "
        'or one started for this command ("local"). See docs/scale.md.',
    )


due_at_option = click.option(
    "--due-at", type=click.DateTime(["%Y-%m-%dT%H:%M:%S"]), hidden=True, help="The scheduled time, in UTC."
)


def in_utc(due_at: datetime | None) -> datetime | None:
    """Return the value of `due_at_option` as a time in UTC."""
    return None if due_at is None else due_at.replace(tzinfo=UTC)


def origin_of(due_at: datetime | None) -> Origin:
    """Return the origin of a run: the service if it has a due time, otherwise a person."""
    from store.audit.audit import Origin, Via

    return Origin(via=Via.CLI if due_at is None else Via.SERVICE)


@dataclass(slots=True)
class Done:
    """The result of a maintenance run; the command fills it in."""

    sentence: str = ""
    is_resumed: bool = False
    """Whether an earlier attempt of this run was interrupted."""


@contextmanager
def recorded(database: Path, kind: RunKind, due_at: datetime | None) -> Iterator[Done]:
    """Record the enclosed work as a run; an error becomes the run's outcome and is raised again.

    Raises:
        AlreadyUnderWay: If another process does the same work.
    """
    from store.crawl.runs import begin_run, end_run
    from store.database import open_database
    from store.locks import hold, work_of
    from store.operations.integrity import naming_faults
    from store.times import utc_now

    with (
        hold(database, work_of(kind)),
        naming_faults(database),
        closing(open_database(database, must_exist=True)) as db,
    ):
        run = begin_run(db, kind, due_at=in_utc(due_at), now=utc_now())
        done = Done(is_resumed=run.attempts > 1)
        try:
            yield done
        except Exception as error:
            end_run(db, run.run_id, RunOutcome.FAILED, str(error), now=utc_now())
            raise
        end_run(db, run.run_id, RunOutcome.DONE, done.sentence, now=utc_now())
