"""Copies of the store: one made while it is in use, one put in its place, and whether a store is whole."""

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
"""Of the database, between which writers have their turn."""


ASIDE = ".before-"
"""Stands, before the time, in the name of what a restore moved aside."""

STAGING = ".restoring"
"""Ending of the folder, beside a database, in which its replacement is made ready."""

SWAP = "swap.json"
"""The moves of a swap, in that folder. Once this file lies there, the swap will be done."""

READY = "store.db"
"""The new database in that folder; its move is the last."""

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
"""Result codes, without their extension."""


class StoreDamaged(StoreError):
    """A database is not whole."""

    def __init__(self, path: Path | str, found: str) -> None:
        super().__init__(
            f"{path} is damaged: {found}. Stop the service, keep the file as it is, and restore the last "
            "backup with `precursor-watch restore`."
        )


def copy_store(db: Database, target: Path) -> None:
    """Copy the store as it is at one moment to a new file, while others read and write it.

    Raises:
        StoreDamaged: If the copy is not whole.
        StoreUnwritable: If the copy cannot be written, e.g. because the disk is full.
    """
    private_file(target)
    with closing(sqlite3.connect(target)) as copy:
        try:
            db.conn.backup(copy, pages=PAGES_AT_A_TIME)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
        except sqlite3.OperationalError as error:
            raise StoreUnwritable(target, str(error)) from error
        _expect_whole(copy, target)


def check_store(db: Database, path: Path) -> None:
    """Look at every page and index of the database, and at every reference between rows.

    Raises:
        StoreDamaged: With the first things found.
    """
    _expect_whole(db.conn, path)


def tend_store(db: Database) -> None:
    """Fold the write-ahead log into the database, and let SQLite look which statistics are out of date."""
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.execute("PRAGMA optimize")


def free_bytes(db: Database) -> tuple[int, int]:
    """Return how many bytes of the database hold nothing, and how many it has."""
    unused, pages, size = (
        int(db.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("freelist_count", "page_count", "page_size")
    )
    return unused * size, pages * size


def vacuum_store(db: Database) -> str:
    """Write the database anew without its free pages (VACUUM), and return why not; empty when it was done.

    Who writes meanwhile waits, and readers go on; what cannot be had now is no fault, the next time will do.
    """
    try:
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as error:
        return str(error)
    return ""


@contextmanager
def naming_faults(path: Path) -> Iterator[None]:
    """Name the database where SQLite finds, while it reads, that the file is damaged or the disk is full.

    Raises:
        StoreDamaged: If the file is damaged.
        StoreUnwritable: If the disk is full or fails; the database itself is as it was.
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
        strangers = connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        raise StoreDamaged(path, str(error)) from error
    if found != ["ok"]:
        raise StoreDamaged(path, "; ".join(found))
    if strangers:
        raise StoreDamaged(path, f"{len(strangers)} rows refer to rows that are not there")


def staging_folder(database: Path) -> Path:
    """Return where the replacement of a database is made ready."""
    return database.with_name(database.name + STAGING)


def swap_in(database: Path, moves: list[tuple[Path, Path]]) -> None:
    """Make moves, all or none, after which the database made ready stands in the place of `database`.

    A kill before the decision leaves everything as it was. What a kill after it leaves undone, `finish_swap`
    does when the database is opened next.

    Args:
        database: Where it will stand.
        moves: From and to, in order; the last is that of the database made ready. All files are on the disk.
    """
    staging = staging_folder(database)
    part = staging / f"{SWAP}.part"
    part.write_text(json.dumps([[str(path) for path in move] for move in moves]), encoding="utf-8")
    sync(part)
    part.rename(staging / SWAP)
    sync(staging)
    finish_swap(database)


def finish_swap(database: Path) -> None:
    """Make the moves that are left of a swap that was decided on; do nothing where there is none.

    Several processes may do so at once: each move is one rename, which one of them makes.
    """
    staging = staging_folder(database)
    if not (staging / SWAP).exists():
        return
    moves = json.loads((staging / SWAP).read_text(encoding="utf-8"))
    for source, target in moves if (staging / READY).exists() else ():
        if not os.path.lexists(target):
            with suppress(FileNotFoundError):  # another process made this move
                Path(source).rename(target)
        sync(Path(target).parent)
    (staging / SWAP).unlink(missing_ok=True)
    shutil.rmtree(staging, ignore_errors=True)


def refuse_new_beginning(database: Path) -> None:
    """Do nothing unless a database would be begun where another was moved aside and nothing took its place.

    Raises:
        StoreUnusable: If so.
    """
    if os.path.lexists(database):
        return
    aside = sorted(database.parent.glob(f"{glob.escape(database.name)}{ASIDE}*Z"))
    if aside:
        raise StoreUnusable(
            database,
            f"there is no such file, but {aside[-1]} lies beside it, which a restore moved aside; rename "
            "that back, with its `.evidence`, or restore again",
        )


def copy_synced(source: Path, target: Path) -> None:
    """Copy a file so that the copy is there whole or not at all, also after a power cut.

    Only the owner may read it.
    """
    private_folder(target.parent)
    part = target.with_name(target.name + ".part")
    private_file(part)
    shutil.copyfile(source, part)
    sync(part)
    part.rename(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Put a file, or the names in a folder, on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
