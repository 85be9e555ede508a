"""Bad values for each option and argument, and bad files of each kind: a sentence, never a traceback.

`--fuzz N` tries N rounds of files instead of one, each with other damage: `pytest --fuzz 20 tests/cli`.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cli.main import main
from fixtures.builders.login import WEAK
from fixtures.builders.review_store import fill_store
from fixtures.command_lines import BAD_FILES, TRIED, calls_with_a_bad_file, calls_with_a_bad_value, prepare
from review.accounts import credentials
from tests.cli.calls import call

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def folder(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with an empty store, a file without sense, and a circular link; stand in it."""
    folder = store_path.parent
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    monkeypatch.setattr(credentials, "Passwords", lambda: WEAK)  # dozens of hashes take seconds
    prepare(folder)
    return folder


def tracebacks(calls: Iterator[tuple[str, ...]]) -> list[str]:
    """Make calls, and return those that end in an error that is no sentence."""
    wrong = []
    for words in calls:
        try:
            call(*words)
        except BaseException as error:  # noqa: BLE001 (whatever it is, it is a traceback to a person)
            wrong.append(f"{' '.join(words)!r:.160}: {type(error).__name__}: {error!s:.300}")
    return wrong


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.process) if name == "teach" else name for name in TRIED],
)
def test_no_bad_value_ends_in_a_traceback(name: str, folder: Path) -> None:
    """Empty and endless paths, NUL, bytes that are no UTF-8, numbers that are none: each ends in order."""
    assert tracebacks(calls_with_a_bad_value(name, folder)) == []


@pytest.mark.parametrize("kind", BAD_FILES)
def test_no_bad_file_ends_in_a_traceback(kind: str, folder: Path, pytestconfig: pytest.Config) -> None:
    """Each command that reads a file is given each kind of bad file under a name that fits."""
    rounds = range(int(pytestconfig.getoption("--fuzz")))
    assert (
        tracebacks(itertools.chain(*(calls_with_a_bad_file(kind, folder, seed=each) for each in rounds)))
        == []
    )


@pytest.mark.parametrize("kind", BAD_FILES)
@pytest.mark.parametrize("command", [("purge", "--dry-run"), ("status",), ("schedule", "show")])
def test_no_bad_settings_end_in_a_traceback(kind: str, command: tuple[str, ...], folder: Path) -> None:
    """The file of settings that lies in the working directory is read by most commands."""
    (folder / "precursor-watch.toml").write_bytes(BAD_FILES[kind](random.Random(kind)))
    assert tracebacks(iter([(*command, "--db", str(folder / "precursor-watch.db"))])) == []


SHOWING = (
    ("queue",), ("runs",), ("report",), ("cases", "list"), ("alerts", "list"),
    ("suppliers", "list"), ("terms", "list"), ("users", "list"), ("audit", "list"), ("audit", "anchor"),
    ("retention", "holds"), ("gazetteer", "\u82ef\u4e59\u916e"),
)  # fmt: skip
"""Commands that print what is kept, or what was typed."""


@pytest.mark.parametrize("output", ["closed", "latin-1", "full"])
def test_no_output_ends_in_a_traceback(output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed standard output, a terminal of another encoding, and a device that is full."""
    database = tmp_path / "store.db"
    fill_store(database)
    device, encoding = ("/dev/full", "utf-8") if output == "full" else ("/dev/null", "latin-1")
    for command in SHOWING:
        words = [*command, *([] if command[0] == "gazetteer" else ["--db", str(database)])]
        with contextlib.suppress(OSError), Path(device).open("w", encoding=encoding) as stream:
            monkeypatch.setattr(sys, "stdout", None if output == "closed" else stream)
            with pytest.raises(SystemExit) as ended:
                main(words)
            opened = sys.stdout
            monkeypatch.undo()
            if output == "closed":
                opened.close()
            assert ended.value.code == (1 if output == "full" else 0), words


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


@pytest.mark.parametrize("day", ["0001-01-01", "2099-01-01", "nonsense"])
def test_a_weekly_report_begins_on_a_day_of_the_past(day: str, folder: Path) -> None:
    """A first day before 2000, in the future or without sense is misuse and named."""
    done = call("weekly", "--since", day, "--db", str(next(folder.glob("*.db"))))
    assert done.exit_code == 2
    assert day in done.err
