"""`precursor-watch`: the group of all commands, each imported only when it is called or listed."""

from __future__ import annotations

import importlib
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.exceptions import NoSuchCommand

from cli.options import SentenceGroup
from cli.output import exit_with_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = (
    "crawl", "score", "score-archive", "queue", "verdict", "labels", "retrain", "evaluate", "models",
    "gazetteer",
    "serve", "users", "audit",
    "run", "schedule", "status", "runs", "logs", "alerts", "doctor",
    "sources", "permissions", "try-page", "evidence",
    "backup", "restore", "verify", "retention", "purge", "install-units",
    "report", "demo",
)  # fmt: skip
"""Every command in the order a listing meets them."""

SISTERS = {
    "score": ("score-archive",),
    "queue": ("verdict",),
    "run": ("install-units",),
    "runs": ("logs",),
    "status": ("doctor", "report"),
    "sources": ("permissions",),
    "maintenance": ("backup", "restore", "verify", "retention", "purge"),
}
"""The modules that hold more than one command; of each, the commands that are not called like the module."""


def module_of(name: str) -> str:
    """Return the module of `cli` that holds a command."""
    return next((module for module, names in SISTERS.items() if name in names), name.replace("-", "_"))


def load_command(name: str) -> click.Command:
    """Import and return a command: `command` of its own module, or e.g. `verdict_command` of another."""
    module, own = module_of(name), name.replace("-", "_")
    command: click.Command = getattr(
        importlib.import_module(f"cli.{module}"), "command" if module == own else f"{own}_command"
    )
    return command


class LazyGroup(SentenceGroup):
    """A group whose commands are in modules of this package."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; where there is none, name those that are spelled nearly so."""
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand as error:  # click looks among the commands that were imported: none
            raise NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from error

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the command names in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one command, or None if there is none of that name."""
        return load_command(cmd_name) if cmd_name in COMMANDS else None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="precursor-watch")
def group() -> None:
    """Watch marketplaces for offers of precursor chemicals.

    Saved pages go in (crawl), listings are scored (score), people judge the flagged ones (queue, verdict,
    serve), and their verdicts train a better model (retrain).

    Results go to standard output, progress and messages to standard error.
    Exit codes: 0 done, 1 failed, 2 misuse.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; an expected failure becomes one sentence and exit code 1.

    Args:
        arguments: Without the program's name; None takes those of the process.
    """
    _make_output_safe()
    words = sys.argv[1:] if arguments is None else list(arguments)
    for word in words:
        if "\0" in word or not _is_utf8(word):
            click.echo(f"Usage: precursor-watch COMMAND ...\n\nError: {word!a} is no UTF-8 text.", err=True)
            sys.exit(2)
    with exit_with_sentence():
        group.main(args=words, prog_name="precursor-watch")


def _make_output_safe() -> None:
    """Write nowhere where standard output is closed, and escape what a terminal's encoding cannot show."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (until the end)
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _is_utf8(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


if __name__ == "__main__":
    main()
