"""Copy the store while it is in use, replace it by a copy, and check its integrity."""

from __future__ import annotations

import errno
import glob
import json
import os
import shutil
import sqlite3
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from store.errors import StoreError, StoreUnusable, StoreUnwritable
from store.private import private_file, private_folder
from store.sqlite import FAULTS_OF_THE_DISK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.sqlite import Database

PAGES_AT_A_TIME = 2_000
"""Database pages per step of a copy; other processes can write between steps."""


ASIDE = ".before-"
"""Part of the names of files that a restore moved aside; the time follows."""

STAGING = ".restoring"
"""Suffix of the folder beside a database in which its replacement is prepared."""

SWAP = "swap.json"
"""The list of moves, in the staging folder. Once this file exists, the swap will be completed."""

READY = "store.db"
"""The new database in the staging folder; it is moved last."""

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
"""Primary result codes of SQLite."""


class StoreDamaged(StoreError):
    """A database is damaged."""

    def __init__(self, path: Path | str, found: str) -> None:
        super().__init__(
            f"{path} is damaged: {found}. Stop the service, do not change the file, and restore the last "
            "backup with `precursor-watch restore`."
        )


def copy_store(db: Database, target: Path) -> None:
    """Copy a snapshot of the store to a new file, while other processes read and write the store.

    Raises:
        StoreDamaged: If the copy is damaged.
        StoreUnwritable: If the copy cannot be written, e.g. because the disk is full.
    """
    private_file(target)
    with closing(sqlite3.connect(target)) as copy:
        try:
            db.conn.backup(copy, pages=PAGES_AT_A_TIME)
            copy.execute("PRAGMA journal_mode = DELETE")  # a single file, without `-wal` and `-shm`
        except sqlite3.OperationalError as error:
            raise StoreUnwritable(target, str(error)) from error
        _expect_whole(copy, target)


def check_store(db: Database, path: Path) -> None:
    """Check every page, index and foreign key of the database.

    Raises:
        StoreDamaged: With the first faults.
    """
    _expect_whole(db.conn, path)


def tend_store(db: Database) -> None:
    """Write the write-ahead log back to the database, and update outdated statistics of SQLite."""
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.execute("PRAGMA optimize")


def free_bytes(db: Database) -> tuple[int, int]:
    """Return the unused bytes and the size in bytes of the database."""
    unused, pages, size = (
        int(db.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("freelist_count", "page_count", "page_size")
    )
    return unused * size, pages * size


def vacuum_store(db: Database) -> str:
    """Rebuild the database without its free pages (VACUUM); return why it failed, or an empty string.

    Writers wait meanwhile, readers do not. A failure is harmless: the next attempt does the work.
    """
    try:
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as error:
        return str(error)
    return ""


@contextmanager
def naming_faults(path: Path) -> Iterator[None]:
    """Convert SQLite errors on damage and disk faults inside the block to errors that name the database.

    Raises:
        StoreDamaged: If the file is damaged.
        StoreUnwritable: If the disk is full or fails; the database is unchanged.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            raise StoreDamaged(path, str(error)) from error
        if getattr(error, "sqlite_errorcode", None) in FAULTS_OF_THE_DISK:
            raise StoreUnwritable(path, str(error)) from error
        raise


def is_damage(error: Exception) -> bool:
    """Return whether an error says that a database file is damaged."""
    code = getattr(error, "sqlite_errorcode", None)
    malformed = isinstance(error, sqlite3.DatabaseError) and "malformed" in str(error)
    return malformed or (code is not None and code & 0xFF in _DAMAGE)


def is_disk_full(error: Exception) -> bool:
    """Return whether an error says that the disk is full."""
    code = getattr(error, "sqlite_errorcode", None)
    return code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT}


def _expect_whole(connection: sqlite3.Connection, path: Path) -> None:
    try:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
        dangling = connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        raise StoreDamaged(path, str(error)) from error
    if found != ["ok"]:
        raise StoreDamaged(path, "; ".join(found))
    if dangling:
        raise StoreDamaged(path, f"{len(dangling)} rows refer to missing rows")


def staging_folder(database: Path) -> Path:
    """Return the folder in which the replacement of a database is prepared."""
    return database.with_name(database.name + STAGING)


def swap_in(database: Path, moves: list[tuple[Path, Path]]) -> None:
    """Replace `database` by the prepared database, by renaming all files or none.

    If the process is killed before the list of moves is in place, nothing changes. If it is killed later,
    `finish_swap` makes the remaining moves when the database is opened next. `moves` are source and target,
    in order; the prepared database is last. All files are synced.
    """
    staging = staging_folder(database)
    part = staging / f"{SWAP}.part"
    named = [[_within(database.parent, path) for path in move] for move in moves]
    part.write_text(json.dumps(named), encoding="utf-8")
    sync(part)
    part.rename(staging / SWAP)
    sync(staging)
    finish_swap(database)


def finish_swap(database: Path) -> None:
    """Make the remaining moves of a swap, if there is one.

    Several processes may do so at once: each move is one rename, and only one process succeeds.

    Raises:
        StoreUnusable: If a file lies in the place of the new database.
    """
    staging, home = staging_folder(database), database.parent.resolve()
    if not (staging / SWAP).exists():
        return
    moves = json.loads((staging / SWAP).read_text(encoding="utf-8"))
    for source, target in moves if (staging / READY).exists() else ():
        if not os.path.lexists(home / target):
            with suppress(FileNotFoundError):  # another process made this move
                (home / source).rename(home / target)
        sync((home / target).parent)
    if (staging / READY).exists():
        found = f"a restore that was cut short cannot be finished while it lies there; {staging} has the rest"
        raise StoreUnusable(database, found)
    (staging / SWAP).unlink(missing_ok=True)
    shutil.rmtree(staging, ignore_errors=True)


def _within(folder: Path, path: Path) -> str:
    """Return a path as it is named from a folder: who finishes a swap may see the folder by another path."""
    return str(path.relative_to(folder if path.is_relative_to(folder) else folder.resolve()))


def refuse_new_beginning(database: Path) -> None:
    """Refuse to create a database where a restore moved one aside and did not finish.

    Raises:
        StoreUnusable: If the database is missing and one that was moved aside exists.
    """
    if os.path.lexists(database):
        return
    aside = sorted(database.parent.glob(f"{glob.escape(database.name)}{ASIDE}*Z"))
    if aside:
        raise StoreUnusable(
            database,
            f"there is no such file, but a restore moved the database aside to {aside[-1]}; rename that file "
            "and its `.evidence` folder back, or restore again",
        )


def copy_synced(source: Path, target: Path) -> None:
    """Copy a file atomically, even across a power cut; only the owner may read the copy."""
    private_folder(target.parent)
    part = target.with_name(target.name + ".part")
    private_file(part)
    shutil.copyfile(source, part)
    sync(part)
    part.rename(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
