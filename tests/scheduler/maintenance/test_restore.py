"""A restore is complete or undone, wherever it is killed, and refuses before it moves anything."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import sys
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from cli.main import group
from scheduler.maintenance import backup as restoring
from scheduler.maintenance.backup import (
    BackupFailed,
    BackupWrong,
    described,
    make_backup,
    read_manifest,
    restore,
    write_manifest,
)
from scheduler.maintenance.upkeep import check_everything
from store.crawl.evidence import evidence_folder
from store.database import open_database
from store.errors import StoreError, StoreUnusable
from store.operations.integrity import staging_folder
from store.operations.retention import list_holds, place_hold
from tests.crawler.crawls import NOW
from tests.scheduler.maintenance.test_backup import NIGHT, kept, store

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["kept", "store"]

pytestmark = pytest.mark.process

FILE_CALLS = frozenset(
    {
        "open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "shutil.copyfile",
        "shutil.rmtree", "sqlite3.connect",
    }
)  # fmt: skip
"""Audit events of Python, raised before each call that touches a file."""


class Killed(BaseException):
    """Stands for a kill: from then on no file is touched any more, not in any clean-up either."""


class _Killer:
    def __init__(self) -> None:
        self.left: int | None = None
        self.calls = 0

    def watch(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Count a call and raise from the one on at which the process is killed; an audit hook."""
        if self.left is None or event not in FILE_CALLS or "site-packages" in str(arguments[:1]):
            return
        self.calls += 1
        if self.calls > self.left:
            raise Killed(event)


KILLER = _Killer()
sys.addaudithook(KILLER.watch)


@contextmanager
def killed_at(call: int) -> Iterator[_Killer]:
    """Let so many file calls through, and then none."""
    KILLER.left, KILLER.calls = call, 0
    try:
        yield KILLER
    finally:
        KILLER.left = None


@pytest.fixture
def changed(store: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A backup, and the store after it: one hold more."""
    backup = make_backup(store, tmp_path / "backups", now=NIGHT).folder
    with closing(open_database(store)) as db:
        place_hold(db, "site", reason="Case 7", by="ada", now=NOW)
    return backup, store


def holds(database: Path) -> int:
    """Return how many holds there are: one in what stood before, none in the backup."""
    with closing(open_database(database, must_exist=True)) as db:
        return len(list_holds(db))


def test_a_kill_at_any_file_call_leaves_all_of_the_old_or_all_of_the_new(
    changed: tuple[Path, Path], tmp_path: Path
) -> None:
    """And whichever it is, it is whole, with its evidence; another restore then succeeds."""
    backup, there = changed
    (there.parent / "models" / "aaaaaaaaaaaa" / "card.json").write_text('{"format": 2}', encoding="utf-8")
    outcomes: list[int] = []
    for call in range(1000):
        here = tmp_path / "killed" / str(call)
        shutil.copytree(there.parent, here)
        database = here / there.name
        with killed_at(call) as killer, suppress(Killed):
            restore(backup, database, replace=True, by="ada", now=NIGHT)
        if killer.calls <= call:
            break
        count = holds(database)
        card = (here / "models" / "aaaaaaaaaaaa" / "card.json").read_text(encoding="utf-8")
        assert (count, card) in {(1, '{"format": 2}'), (0, '{"format": 1}')}, killer.calls
        if call % 5 == 0:
            assert "are intact" in check_everything(database)
            restore(backup, database, replace=True, by="ada", now=NIGHT)
            assert holds(database) == 0
        outcomes.append(count)
        shutil.rmtree(here)
    assert holds(database) == 0
    assert outcomes == sorted(outcomes, reverse=True), "it was decided once"
    assert (outcomes.count(1) > 20, outcomes.count(0) > 5) == (True, True), len(outcomes)


def test_a_kill_in_a_restore_to_an_empty_place_leaves_nothing_or_all(
    changed: tuple[Path, Path], tmp_path: Path
) -> None:
    """No command reads an incomplete restore."""
    backup, _ = changed
    for call in range(0, 200, 7):
        database = tmp_path / "empty" / str(call) / "store.db"
        with killed_at(call), suppress(Killed):
            restore(backup, database, by="ada", now=NIGHT)
        try:
            assert holds(database) == 0
        except StoreUnusable as error:
            assert "no such file" in str(error)  # noqa: PT017 (either may be)
    assert holds(database) == 0


@pytest.fixture
def decided(changed: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store whose restore, by a relative path, was killed after it was decided on and before any move."""
    backup, there = changed
    monkeypatch.chdir(there.parent)
    with monkeypatch.context() as patched, suppress(Killed):
        patched.setattr("store.operations.integrity.finish_swap", lambda _: killed())
        patched.setattr("scheduler.maintenance.backup.finish_swap", lambda _: None)
        restore(backup, Path(there.name), replace=True, by="ada", now=NIGHT)
    monkeypatch.chdir(tmp_path)
    return there


def killed() -> None:
    """End here."""
    raise Killed


def test_a_restore_that_was_killed_is_finished_from_another_folder(decided: Path) -> None:
    """By who works elsewhere, or sees the folder by another path."""
    moved = decided.parent.rename(decided.parent.with_name("moved")) / decided.name
    assert holds(moved) == 0
    assert "are intact" in check_everything(moved)


def test_a_swap_that_cannot_be_finished_keeps_the_new_database(decided: Path) -> None:
    """Something lies in its place once the old one is aside."""
    folder = staging_folder(decided)
    moves = json.loads((folder / "swap.json").read_text(encoding="utf-8"))
    (folder / "swap.json").write_text(json.dumps(moves[-1:]), encoding="utf-8")
    with pytest.raises(StoreUnusable, match="cut short cannot be finished"):
        holds(decided)
    assert (folder / "store.db").exists()


@pytest.mark.parametrize("place", ["sources.toml", "settings/sources.toml", "models/sources.toml"])
def test_a_backup_puts_nothing_else_beside_a_database(
    changed: tuple[Path, Path], tmp_path: Path, place: str
) -> None:
    """A file of sources holds permissions, which are not a backup's to give."""
    backup, there = changed
    (backup / "models" / "x").mkdir(parents=True)
    evil = backup / "models" / "x" / "sources.toml"
    evil.write_text("[sources.x]", encoding="utf-8")
    files = [*read_manifest(backup).files, described(evil, root=backup.parent, place=place)]
    write_manifest(backup, there, files, now=NIGHT)
    with pytest.raises(BackupWrong, match="belongs to no database, evidence or model"):
        restore(backup, tmp_path / "new" / "store.db", by="ada", now=NIGHT)


def test_a_backup_of_a_newer_release_is_refused_before_anything_is_moved(
    changed: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The existing store stays in place and works."""
    backup, there = changed
    with closing(sqlite3.connect(backup / "store.db")) as plain:
        plain.execute("INSERT INTO _sqlite_migrations VALUES (99, 'precursor-watch', 'm999_later', '')")
        plain.commit()
    monkeypatch.setattr(restoring, "check_backup", lambda folder, **_: read_manifest(folder))
    before = sorted(path.name for path in there.parent.iterdir())
    with pytest.raises(BackupWrong, match="newer release"):
        restore(backup, there, replace=True, by="ada", now=NIGHT)
    assert holds(there) == 1
    assert sorted(path.name for path in there.parent.iterdir() if "-" not in path.name) == [
        name for name in before if "-" not in name
    ]


def test_models_behind_a_symlink_are_restored(changed: tuple[Path, Path], tmp_path: Path) -> None:
    """The folder of models may lie on another disk."""
    backup, there = changed
    (there.parent / "models").rename(tmp_path / "elsewhere")
    (there.parent / "models").symlink_to(tmp_path / "elsewhere")
    shutil.rmtree(tmp_path / "elsewhere" / "aaaaaaaaaaaa")
    restore(backup, there, replace=True, by="ada", now=NIGHT)
    assert (tmp_path / "elsewhere" / "aaaaaaaaaaaa" / "card.json").read_text(
        encoding="utf-8"
    ) == '{"format": 1}'
    assert (there.parent / "models").is_symlink()
    assert "are intact" in check_everything(there)


def test_two_restores_in_one_second_keep_both_that_were_there(changed: tuple[Path, Path]) -> None:
    """The second restore does not overwrite the database that the first one moved aside."""
    backup, there = changed
    for _ in range(2):
        restore(backup, there, replace=True, by="ada", now=NIGHT)
    aside = sorted(path.name for path in there.parent.glob("store.db.before-*Z"))
    assert aside == ["store.db.before-20261125T021500Z", "store.db.before-20261125T021501Z"]


@pytest.mark.parametrize("must_exist", [True, False])
def test_no_empty_store_is_begun_where_one_was_moved_aside(
    changed: tuple[Path, Path], *, must_exist: bool
) -> None:
    """After a killed restore of the first release, every command names the moved database."""
    _, there = changed
    there.rename(there.with_name("store.db.before-20261125T021500Z"))
    with pytest.raises(StoreUnusable, match=r"moved the database aside to .*; rename that file"):
        open_database(there, must_exist=must_exist)
    assert not there.exists()


def test_a_full_disk_is_a_sentence_and_leaves_nothing(store: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """Of the backup; older ones stay."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(BackupFailed, match=r"No space left on device\. The incomplete backup was deleted"):
        make_backup(store, tmp_path / "backups", now=NIGHT)
    assert list((tmp_path / "backups").glob("*T*Z")) == []
    monkeypatch.setattr("scheduler.maintenance.backup.private_folder", full)
    with pytest.raises(BackupFailed, match="No space left"):
        make_backup(store, tmp_path / "backups", now=NIGHT)


def test_restored_files_are_on_the_disk_before_the_swap(
    changed: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file, and each folder that names it, is synced; a power cut after the swap loses none."""
    backup, there = changed
    synced: set[str] = set()
    real = os.fsync

    def fsync(handle: int) -> None:
        synced.add(str(Path(f"/proc/self/fd/{handle}").readlink()))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    restore(backup, there, replace=True, by="ada", now=NIGHT)
    staging = staging_folder(there)
    names = [path.name for path in evidence_folder(there).iterdir()]
    assert {str(staging / "evidence" / f"{name}.part") for name in names} <= synced
    assert {str(staging / "store.db"), str(staging / "evidence"), str(staging), str(there.parent)} <= synced


DAMAGE = {
    "a letter of the schema": (b"CREATE TABLE pages", b"CREATE TABLX pages"),
    "a name in the schema": (
        b"CREATE TRIGGER pages_no_update BEFORE",
        b"CREATE TRIGGER pages_no_update BEF\x00RE",
    ),
    "the header": (b"SQLite format 3", b"SQLite format 9"),
    "the schema format": (b"SQLite format 3\x00", b"SQLite format 3\x01"),
}


@pytest.mark.parametrize("what", [*DAMAGE, *range(0, 40, 3)])
def test_a_damaged_database_is_named_with_the_way_out(store: Path, what: str | int) -> None:
    """Damage in any page gives a sentence that names the file and the remedy."""
    with closing(open_database(store)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(store.read_bytes())
    if isinstance(what, str):
        old, new = DAMAGE[what]
        assert old in content
        content = content.replace(old, new)
    else:
        content[what * 4096 : what * 4096 + 4096] = b"\xff" * 4096
    store.write_bytes(content)
    for command in (["verify"], ["audit", "verify"], ["status"], ["queue"], ["backup"]):
        result = CliRunner().invoke(group, [*command, "--db", str(store)])
        assert result.exception is None or isinstance(result.exception, (StoreError, SystemExit)), command
        if command == ["verify"]:
            assert isinstance(result.exception, StoreError)
            assert str(store) in str(result.exception)
            assert "restore" in str(result.exception)
