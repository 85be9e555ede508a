"""Bad values for each option and argument, and bad files of each kind: a sentence, never a traceback.

`--fuzz N` tries N rounds of files instead of one, each with other damage: `pytest --fuzz 20 tests/cli`.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import itertools
import json
import random
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from cli.main import COMMANDS, load_command, main
from fixtures.builders.review_store import fill_store
from tests.cli.calls import call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ALWAYS: dict[str, tuple[str, ...]] = {
    "retrain": ("--starter", "given"),
    "run": ("--once",),
    "users add": ("--generate",),
    "users password": ("--generate",),
    "install-units": ("--folder", "units"),
}
"""Options that keep a command from long work, or from work outside its folder, when a bad value is taken."""

TRIED = tuple(name for name in COMMANDS if name != "demo")
"""All but the one that only calls others, as processes of their own."""

WITHOUT_STORE = ("serve",)
"""Commands that begin long work on any database: they are given a path where none can be."""

PATHS = ("", "a\0b", "loop", "x" * 5_000, "\udcff", ".", "loop/below")
WORDS = ("", "\0", "\udcff", "nan", "inf", "-1", "9" * 20, "1e400", "\u202e", "x" * 5_000)
GIVEN = {
    "listing_id": "5f0c9a7be1d2c3f4", "decision": "offer", "query": "acetone", "page": "1", "number": "1",
    "run": "1", "name": "ada", "role": "lead", "source": "andes", "token_id": "1", "model_id": "3f0c9a7be1d2",
    "reason": "none", "by": "ada", "purpose": "test", "account": "1", "other": "2", "contact": "a@b.example",
    "supplier": "1", "term": "blue", "why": "a test",
}  # fmt: skip
"""Values of what a command requires, by its parameter's name; a path gets the file `given`."""


def leaves(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command that does something, with the words that call it."""
    below = getattr(command, "commands", {})
    if not below:
        yield path, command
    for name, each in below.items():
        yield from leaves(each, (*path, name))


def settable_of(path: tuple[str, ...], command: click.Command) -> list[click.Parameter]:
    """Return the parameters of a command that take a value and are not given by `ALWAYS`."""
    given = ALWAYS.get(" ".join(path), ())
    return [
        each
        for each in command.params
        if not getattr(each, "is_flag", False) and not set(each.opts) & set(given)
    ]


def words_for(parameter: click.Parameter, value: str) -> list[str]:
    """Return the words that give a parameter a value."""
    if isinstance(parameter, click.Option):
        return [parameter.opts[0], value]
    return [value]


def calls_of(path: tuple[str, ...], command: click.Command, folder: Path) -> Iterator[tuple[str, ...]]:
    """Yield calls of a command in which one parameter has a bad value and the others a good one."""
    settable = settable_of(path, command)
    for tried in settable:
        is_path = isinstance(tried.type, click.Path | click.File)
        for value in PATHS if is_path else WORDS:
            yield words_with(path, settable, tried, value, folder)


def words_with(
    path: tuple[str, ...],
    settable: Sequence[click.Parameter],
    tried: click.Parameter,
    value: str,
    folder: Path,
) -> tuple[str, ...]:
    """Return a call in which one parameter has this value and the others a good one."""
    words = [*path, *ALWAYS.get(" ".join(path), ()), *words_for(tried, value)]
    for other in settable:
        if other is not tried and (other.required or other.name in {"database", "sources_file"}):
            words += words_for(other, good_value(other, folder, path[0]))
    return tuple(words)


def good_value(parameter: click.Parameter, folder: Path, command: str) -> str:
    """Return a value that a parameter takes."""
    assert parameter.name
    if parameter.name == "database" and command in WITHOUT_STORE:
        return str(folder / "given" / "none.db")
    if parameter.name == "database":
        return str(folder / "precursor-watch.db")
    if isinstance(parameter.type, click.Path | click.File):
        return str(folder / "given")
    return GIVEN[parameter.name]


@pytest.fixture
def folder(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with an empty store, a file without sense, and a circular link; stand in it."""
    folder = store_path.parent
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    (folder / "loop").symlink_to("loop")
    (folder / "given").write_text("nothing\n", encoding="utf-8")
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


@pytest.mark.parametrize("name", TRIED)
def test_no_bad_value_ends_in_a_traceback(name: str, folder: Path) -> None:
    """Empty and endless paths, NUL, bytes that are no UTF-8, numbers that are none: each ends in order."""
    commands = leaves(load_command(name), (name,))
    assert tracebacks(itertools.chain(*(calls_of(*each, folder) for each in commands))) == []


ROW = '{"text": "Acetone, 25 kg", "label": 1, "url": "https://shop.example/1"}\n'
SUFFIXES = (".jsonl", ".csv", ".toml", ".json", ".zip", ".txt", ".warc.gz", ".parquet", ".db", ".html")
BAD_FILES: dict[str, Callable[[random.Random], bytes]] = {
    "empty": lambda _: b"",
    "UTF-16": lambda _: ROW.encode("utf-16"),
    "binary": lambda rng: rng.randbytes(3_000),
    "lists in lists": lambda _: b"[" * 5_000 + b"]" * 5_000,
    "objects in objects": lambda _: b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "tables in tables": lambda _: b"[sources]\na = " + b"[" * 5_000 + b"]" * 5_000,
    "dotted keys": lambda _: b"[" + b".".join([b"a"] * 5_000) + b"]\n",
    "numbers that are none": lambda _: b'{"text": NaN, "label": Infinity}\n{"text": "a", "label": 1e999}\n',
    "TOML without numbers": lambda _: b"[crawl]\nworkers = nan\n[sources.a]\nname = inf\nlimits = -inf\n",
    "long number": lambda _: b'{"text": "a", "label": ' + b"9" * 5_000 + b"}\n",
    "lone surrogate": lambda _: b'{"text": "a\\ud800", "label": 1}\n{"title": "\\udfff", "label": 0}\n',
    "surrogate in UTF-8": lambda _: b"text,label\na\xed\xa0\x80,1\n",
    "NUL": lambda _: b"text,label\n\0,1\n",
    "one long line": lambda _: b"x" * 300_000,
    "torn gzip": lambda rng: gzip.compress(ROW.encode() * 99)[: rng.randrange(10, 60)],
    "damaged zip": lambda rng: damaged(zipped(), rng),
    "damaged database": lambda rng: b"SQLite format 3\0" + rng.randbytes(5_000),
    "damaged text": lambda rng: damaged(ROW.encode() * 9, rng),
    "a bundle of no data": lambda _: zipped({"datapackage.json": "[" * 5_000, "manifest.json": "null"}),
}
"""Files of every kind that somebody may give by mistake or with intent."""


def zipped(files: dict[str, str] | None = None) -> bytes:
    """Return a ZIP of texts."""
    with io.BytesIO() as made:
        with zipfile.ZipFile(made, "w") as archive:
            for name, text in (files or {"a.html": "<h1>Acetone</h1>", "b.json": json.dumps([1])}).items():
                archive.writestr(name, text)
        return made.getvalue()


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Return content with a few bytes of it changed."""
    changed = bytearray(content)
    for _ in range(8):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


@pytest.mark.parametrize("kind", BAD_FILES)
def test_no_bad_file_ends_in_a_traceback(kind: str, folder: Path, pytestconfig: pytest.Config) -> None:
    """Each command that reads a file is given each kind of bad file under a name that fits."""
    reading = [
        (path, settable, tried)
        for name in TRIED
        for path, command in leaves(load_command(name), (name,))
        for settable in [settable_of(path, command)]
        for tried in settable
        if isinstance(tried.type, click.Path | click.File) and tried.name not in {"output", "folder"}
    ]
    rounds = int(pytestconfig.getoption("--fuzz"))

    def calls() -> Iterator[tuple[str, ...]]:
        """Write a file for each call."""
        for number, (path, settable, tried) in itertools.product(range(rounds), reading):
            rng = random.Random(f"{kind} {path} {tried.name} {number}")
            bad = folder / f"bad{rng.choice(SUFFIXES)}"
            bad.write_bytes(BAD_FILES[kind](rng))
            yield words_with(path, settable, tried, str(bad), folder)

    assert tracebacks(calls()) == []


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
