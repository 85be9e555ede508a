"""The command group `precursor-watch`; a command is imported only when it is called or listed."""

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
from store.messages import harmless

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = (
    "crawl", "pictures", "score", "score-archive", "link", "suppliers", "queue", "verdict", "terms",
    "notices", "labels", "retrain", "evaluate", "models", "gazetteer", "law",
    "serve", "users", "audit",
    "run", "schedule", "status", "runs", "logs", "alerts", "doctor",
    "sources", "permissions", "try-page", "teach", "evidence", "dossier", "weekly", "cases",
    "backup", "restore", "verify", "retention", "purge", "install-units",
    "report", "demo",
)  # fmt: skip
"""Every command, in the order of the help text."""

SISTERS = {
    "crawl": ("pictures",),
    "score": ("score-archive",),
    "queue": ("verdict", "notices"),
    "retrain": ("labels",),
    "run": ("install-units",),
    "schedule": ("runs", "logs"),
    "status": ("doctor", "report", "alerts"),
    "sources": ("permissions",),
    "suppliers": ("link", "dossier", "weekly"),
    "maintenance": ("backup", "restore", "verify", "retention", "purge"),
}
"""Commands that are in a module of another name, by module."""


def module_of(name: str) -> str:
    """Return the module of `cli` that holds a command."""
    return next((module for module, names in SISTERS.items() if name in names), name.replace("-", "_"))


def load_command(name: str) -> click.Command:
    """Import a command: `command` in the module of its name, or e.g. `verdict_command` in another module."""
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
        """Find the called command; suggest similar names if there is none."""
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand as error:  # click itself suggests only imported commands
            raise NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from error

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the command names in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a command, or None for an unknown name."""
        return load_command(cmd_name) if cmd_name in COMMANDS else None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="precursor-watch")
def group() -> None:
    """Watch marketplaces for offers of precursor chemicals.

    `crawl` reads pages, `score` flags listings, people review the flagged listings (`queue`, `verdict`,
    `serve`), and `retrain` trains a better model on their verdicts.

    Results go to standard output, progress and messages to standard error.
    Exit codes: 0 done, 1 failed, 2 misuse.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; print an expected failure as one sentence and exit with 1."""
    _make_output_safe()
    words = sys.argv[1:] if arguments is None else list(arguments)
    for word in words:
        if "\0" in word or not _is_utf8(word):
            click.echo(f"Usage: precursor-watch COMMAND ...\n\nError: {word!a} is not valid UTF-8.", err=True)
            sys.exit(2)
    _warn_of_variables()
    with exit_with_sentence():
        try:
            group.main(args=words, prog_name="precursor-watch")
        finally:
            sys.stdout.flush()  # here, so that a full device is reported as any other refusal


def _warn_of_variables() -> None:
    if any(name.startswith("PRECURSOR_WATCH_") for name in os.environ):
        from cli.settings import unknown_variables

        for sentence in unknown_variables(os.environ):
            click.echo(f"precursor-watch: {harmless(sentence)}", err=True)


def _make_output_safe() -> None:
    """Discard output if standard output is closed; escape characters that the terminal cannot encode."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (open until exit)
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
