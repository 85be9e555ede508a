"""The group of all commands: complete, quick to list, and clear about what went wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

import cli
from cli.main import COMMANDS, load_command, module_of
from cli.output import exit_with_sentence
from store.model import ReasonCode
from tests.cli.calls import call, call_process
from tests.warm import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HEAVY = (
    "torch", "transformers", "sklearn", "skops", "scrapy", "twisted", "fastapi", "uvicorn",
    "numpy", "pandas", "sqlite_utils", "rich", "structlog", "ray",
)  # fmt: skip
SHARED = {"main", "options", "output", "settings"}
"""Modules of cli/ that hold no command."""

BEYOND = str(2**63)
"""One more than the database can count."""


@pytest.mark.parametrize("name", COMMANDS)
def test_command_has_help_and_an_example(name: str) -> None:
    """Help says what the command does and shows one call of it."""
    called = call(name, "--help")
    assert called.exit_code == 0
    assert called.out.startswith(f"Usage: precursor-watch {name} ")
    assert "Example:" in called.out
    assert "\\b" not in called.out
    assert f"precursor-watch {name}" in called.out.partition("Example:")[2]


def within(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Yield a command and all its subcommands, each with its full name."""
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from within(below, f"{path} {name}")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_subcommand_has_an_example_and_options_are_explained(name: str) -> None:
    """Every option has a help text, and each example calls its own command."""
    for path, command in within(load_command(name), f"precursor-watch {name}"):
        typed = path.removesuffix(" list") if path == "precursor-watch models list" else path
        assert f"Example: {typed}" in " ".join((command.help or "").split()), path
        for option in command.params:
            assert not isinstance(option, click.Option) or option.help, (path, option.name)


def test_every_module_of_a_command_is_listed() -> None:
    """A command whose file is there can be called."""
    modules = {path.stem for path in Path(cli.__file__).parent.glob("[!_]*.py")}
    assert modules - SHARED == {module_of(name) for name in COMMANDS}


@pytest.mark.process
@pytest.mark.parametrize("arguments", [("--help",), ("gazetteer", "--help")])
def test_help_loads_no_heavy_library(arguments: Sequence[str]) -> None:
    """Help comes at once, because each framework is imported only by the command that needs it."""
    script = f"""
import sys
from cli.main import main
try:
    main({list(arguments)!r})
except SystemExit as ended:
    assert not ended.code
print("loaded:", *(name for name in {HEAVY!r} if name in sys.modules))
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout.splitlines()[-1] == "loaded:"


def test_group_lists_its_commands_in_order() -> None:
    """In the order in which a listing meets them."""
    lines = call("--help").out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "] == list(COMMANDS)


@pytest.mark.parametrize("arguments", [(), ("users",), ("models",)])
def test_no_sentence_in_a_list_of_commands_is_cut(arguments: tuple[str, ...]) -> None:
    """Long sentences wrap to the next line."""
    assert "..." not in call(*arguments, "--help").out.partition("Commands:\n")[2]


def test_every_reason_of_a_verdict_is_in_its_help() -> None:
    """All reasons are readable, even in 80 columns."""
    said = " ".join(call("verdict", "--help").out.split())
    assert ", ".join(code.value for code in ReasonCode) in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("queue", "--nonsense"),
        ("queue", "--limit", "0"),
        ("queue", "--db", "."),
        ("verdict", "5f0c9a7be1d2c3f4", "perhaps"),
        ("verdict", "5f0c9a7be1d2c3f4", "offer", "--reason", "because"),
        ("retrain", "--starter", "missing.jsonl"),
        ("serve", "--port", "70000"),
        ("crawl", "--due-at", "yesterday"),
        ("users", "token", "revoke", BEYOND),
        ("retention", "release", BEYOND),
        ("alerts", "acknowledge", BEYOND),
        ("alerts", "list", "--limit", BEYOND),
        ("runs", "--limit", BEYOND),
        ("queue", "--limit", BEYOND),
        ("queue", "--offset", BEYOND),
        ("logs", BEYOND),
        ("verdict", "--undo", BEYOND),
        ("verdict", "5f0c9a7be1d2c3f4", "offer", "--score", BEYOND),
        ("evaluate", "fixtures/training/listings.jsonl", "--seed", "-1"),
        ("retrain", "--seed", BEYOND),
    ],
)
def test_misuse_exits_with_2_and_a_usage_line(arguments: Sequence[str]) -> None:
    """A call that cannot be meant does nothing."""
    called = call(*arguments)
    assert (called.exit_code, called.out) == (2, "")
    assert called.err.startswith("Usage: precursor-watch")


@pytest.mark.parametrize("page", ["4", str(2**63 - 1), BEYOND, "9" * 5_000])
def test_a_page_that_no_store_can_have_is_not_kept(page: str, store_path: Path) -> None:
    """The error is the same for any number, however large."""
    called = call("evidence", "show", page, "--db", store_path)
    assert (called.exit_code, called.out) == (1, "")
    assert called.err.startswith("precursor-watch: ")


@pytest.mark.parametrize("arguments", [("runs", "--limit"), ("queue", "--limit"), ("queue", "--offset")])
def test_the_greatest_number_is_taken(arguments: Sequence[str], store_path: Path) -> None:
    """The bound is the database's own."""
    assert call(*arguments, 2**63 - 1, "--db", store_path).exit_code == 0


def test_what_the_system_refuses_is_a_sentence(store_path: Path, tmp_path: Path) -> None:
    """A path where no folder can be is named, with what the system said of it."""
    (tmp_path / "notes").write_text("", encoding="utf-8")
    called = call("backup", "--to", tmp_path / "notes" / "backups", "--db", store_path)
    assert (called.exit_code, called.out) == (1, "")
    assert f"precursor-watch: {tmp_path}/notes/backups" in called.err
    assert "cannot be used: Not a directory" in called.err
    assert called.err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device"), "System error: No space left on device."),
        (OSError("cannot say more"), "System error: cannot say more."),
        (TimeoutError(), "System error: TimeoutError."),
        (OSError(18, "Invalid cross-device link", "a", None, "b"), "a or b cannot be used: Invalid cross"),
    ],
)
def test_a_refusal_without_a_path_is_a_sentence_too(
    error: OSError, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message gives the reason without a path."""
    with pytest.raises(SystemExit) as ended, exit_with_sentence():
        raise error
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith(f"precursor-watch: {said}")


@pytest.mark.parametrize("command", ["queue", "report", "models", "runs", "status", "score", "serve"])
def test_missing_database_is_named_and_not_made(command: str, tmp_path: Path) -> None:
    """A mistyped path is an error, and no file is created."""
    called = call(command, "--db", tmp_path / "typo" / "precursor-watch.db")
    assert (called.exit_code, called.out) == (1, "")
    assert called.err.startswith("precursor-watch: ")
    assert "typo/precursor-watch.db cannot be used" in called.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.process
@pytest.mark.parametrize("command", ["queue", "report", "models", "runs", "score", "crawl", "retrain"])
def test_file_that_is_no_database_is_refused_unaltered(command: str, tmp_path: Path) -> None:
    """A text file given by mistake stays what it was."""
    path = tmp_path / "notes.txt"
    path.write_text(
        "Not a database at all, but quite long enough to be taken for one. " * 20, encoding="utf-8"
    )
    before = path.read_bytes()
    called = call_process(command, *(["anuncios-sur"] if command == "crawl" else []), "--db", path)
    assert (called.exit_code, called.out) == (1, "")
    assert "notes.txt cannot be used as a precursor-watch database" in called.err
    assert "Traceback" not in called.err
    assert path.read_bytes() == before


@pytest.mark.parametrize("command", ["crawl", "sources", "status"])
@pytest.mark.parametrize(
    "content", [None, b"[sources", b"\xff\xfe\x00", b"[sources.andes]\nname = 7\n", b"sources = 3\n"]
)
def test_bad_sources_file_is_named(command: str, content: bytes | None, store_path: Path) -> None:
    """A sources file that is missing, broken or incomplete is named; `status` says the rest."""
    path = store_path.with_name("places.toml")
    if content is not None:
        path.write_bytes(content)
    database = () if command == "sources" else ("--db", store_path)
    called = call(command, "--sources", path, *database)
    assert (called.exit_code, "Queue" in called.out) == (1, command == "status")
    assert called.err.startswith("precursor-watch: ")
    assert "places.toml" in called.err


def test_database_may_be_named_by_the_environment(
    store_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """PRECURSOR_WATCH_DB replaces the default, and --db overrides it."""
    monkeypatch.setenv("PRECURSOR_WATCH_DB", str(store_path))
    assert call("queue").exit_code == 0
    assert call("queue", "--db", tmp_path / "other.db").exit_code == 1


@pytest.mark.process
def test_closed_pipe_ends_a_command_quietly(store_path: Path) -> None:
    """A reader that has seen enough is no error to report."""
    command = [sys.executable, "-m", "cli", "gazetteer", "acetone", "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_mistyped_command_is_answered_by_the_one_meant() -> None:
    """Commands are imported late, and named all the same."""
    called = call("quee")
    assert called.exit_code == 2
    assert "Did you mean 'queue'?" in called.err
