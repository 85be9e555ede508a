"""A copy of the store while it is in use, and whether a store is whole; SQLite's own means for both."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from store.errors import StoreError
from store.private import private_file

if TYPE_CHECKING:
    from pathlib import Path

    from store.sqlite import Database

PAGES_AT_A_TIME = 2_000
"""Of the database, between which writers have their turn."""


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
    """
    private_file(target)
    with closing(sqlite3.connect(target)) as copy:
        db.conn.backup(copy, pages=PAGES_AT_A_TIME)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
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
