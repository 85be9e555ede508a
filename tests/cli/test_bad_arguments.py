"""Bad values for each option and argument of the quick commands: a sentence, never a traceback."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click
import pytest

from cli.main import load_command
from tests.cli.calls import call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TRIED = (
    "queue", "verdict", "labels", "audit", "schedule", "status", "runs", "logs", "alerts", "sources",
    "permissions", "backup", "restore", "verify", "retention", "purge", "report",
)  # fmt: skip
"""Commands that neither begin to serve, crawl or train when a bad value is taken, nor load a model."""

PATHS = ("", "a\0b", "loop", "x" * 5_000, "\udcff", ".", "loop/below")
WORDS = ("", "\0", "\udcff", "nan", "inf", "-1", "9" * 20, "1e400", "\u202e", "x" * 5_000)
GIVEN = {
    "listing_id": "5f0c9a7be1d2c3f4", "decision": "offer", "query": "acetone", "page": "1", "number": "1",
    "run": "1", "name": "ada", "role": "lead", "source": "andes", "token_id": "1", "model_id": "3f0c9a7be1d2",
    "reason": "none", "by": "ada", "purpose": "test",
}  # fmt: skip
"""Values of what a command requires, by its parameter's name; a path gets the file `given`."""


def leaves(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command that does something, with the words that call it."""
    below = getattr(command, "commands", {})
    if not below:
        yield path, command
    for name, each in below.items():
        yield from leaves(each, (*path, name))


def words_for(parameter: click.Parameter, value: str) -> list[str]:
    """Return the words that give a parameter a value."""
    if isinstance(parameter, click.Option):
        return [parameter.opts[0], value]
    return [value]


def calls_of(path: tuple[str, ...], command: click.Command, folder: Path) -> Iterator[tuple[str, ...]]:
    """Yield calls of a command in which one parameter has a bad value and the others a good one."""
    settable = [each for each in command.params if not getattr(each, "is_flag", False)]
    for tried in settable:
        is_path = isinstance(tried.type, click.Path | click.File)
        for value in PATHS if is_path else WORDS:
            words = [*path, *words_for(tried, value)]
            for other in settable:
                if other is not tried and (other.required or other.name in {"database", "sources_file"}):
                    words += words_for(other, good_value(other, folder))
            yield tuple(words)


def good_value(parameter: click.Parameter, folder: Path) -> str:
    """Return a value that a parameter takes."""
    assert parameter.name
    if parameter.name == "database":
        return str(folder / "precursor-watch.db")
    if isinstance(parameter.type, click.Path | click.File):
        return str(folder / "given")
    return GIVEN[parameter.name]


@pytest.mark.parametrize("name", TRIED)
def test_no_bad_value_ends_in_a_traceback(
    name: str, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Empty and endless paths, NUL, bytes that are no UTF-8, numbers that are none: each ends in order."""
    folder = store_path.parent
    monkeypatch.chdir(folder)
    (folder / "loop").symlink_to("loop")
    (folder / "given").write_text("nothing\n", encoding="utf-8")
    wrong = []
    for path, command in leaves(load_command(name), (name,)):
        for words in calls_of(path, command, folder):
            try:
                with contextlib.suppress(OSError):
                    call(*words)
            except BaseException as error:  # noqa: BLE001 (whatever it is, it is a traceback to a person)
                wrong.append(f"{' '.join(words)!r:.120}: {type(error).__name__}: {error}")
    assert wrong == []


@pytest.mark.parametrize(
    "command",
    [
        ("retention", "hold", "andes", "--reason", " "),
        ("permissions", "withdraw", "andes", "--by", "ada", "--reason", ""),
        ("users", "token", "add", "ada", "--purpose", ""),
    ],
)
def test_an_empty_reason_is_refused(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A reason or purpose that says nothing never reaches the record."""
    called = call(*command, "--db", str(tmp_path / "watch.db"))
    assert called.exit_code == 2
    assert "must not be empty" in called.err
