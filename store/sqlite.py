"""SQLite through sqlite-utils: transactions, the set of migrations, and append-only tables.

sqlite-utils imports NumPy and pandas if they are installed. That takes longer than all other imports
together, for types that no row has, so both are hidden during the import.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from store.errors import StoreUnwritable

if TYPE_CHECKING:
    from collections.abc import Iterator

_absent = [name for name in ("numpy", "pandas") if name not in sys.modules]
sys.modules.update(dict.fromkeys(_absent))  # type: ignore[arg-type]  # None: importing it fails
try:
    from sqlite_utils import Database, Migrations
finally:
    for _name in _absent:
        del sys.modules[_name]

__all__ = ["Database", "migrations", "refuse_changes", "transaction"]

migrations = Migrations("precursor-watch")


def refuse_changes(db: Database, table: str) -> None:
    """Make a table append-only by triggers; its unique indexes must exist already.

    INSERT OR REPLACE deletes the old row without firing the trigger on DELETE, unless the connection has set
    `recursive_triggers`. Therefore a row with an existing key is refused before its insertion.
    """
    for verb in ("UPDATE", "DELETE"):
        db.execute(f"""
            CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}
            BEGIN SELECT RAISE(ABORT, '{table} is append-only: a new row corrects an old one'); END
        """)
    rows = db.table(table)
    keys = {tuple(rows.pks), *(tuple(index.columns) for index in rows.indexes if index.unique)}
    taken = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {' AND '.join(f'{name} = NEW.{name}' for name in key)})"  # noqa: S608 (no input in it)
        for key in sorted(keys)
    )
    db.execute(f"""
        CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {taken}
        BEGIN SELECT RAISE(ABORT, '{table} is append-only: a row with this key stands already'); END
    """)


FAULTS_OF_THE_DISK = frozenset(
    {
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_READONLY_DBMOVED,
        sqlite3.SQLITE_BUSY_SNAPSHOT, sqlite3.SQLITE_CANTOPEN,
    }
)  # fmt: skip
"""Result codes for faults of the machine, not of the statement."""


@contextmanager
def transaction(db: Database, *, durable: bool = False) -> Iterator[None]:
    """Run the block in one transaction, which takes the write lock at the start.

    BEGIN IMMEDIATE lets two processes wait for each other; without it, one would fail when a read becomes a
    write. Inside another transaction, the block joins that transaction. A durable transaction ends when it is
    on the disk. After another, a power cut may undo the last transactions, though never a part of one.

    Raises:
        StoreUnwritable: If the disk is full or read-only, or another process holds the lock for too long.
    """
    if db.conn.in_transaction:
        yield
        return
    try:
        if durable:
            db.conn.execute("PRAGMA synchronous = FULL")
        db.conn.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            db.conn.rollback()
            raise
        db.conn.commit()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode in FAULTS_OF_THE_DISK:
            raise StoreUnwritable(database_path(db) or ":memory:", str(error)) from error
        raise
    finally:
        if durable:
            db.conn.execute("PRAGMA synchronous = NORMAL")


def database_path(db: Database) -> Path | None:
    """Return the file of a store; None for one in memory."""
    path = str(db.execute("PRAGMA database_list").fetchone()[2])
    return Path(path) if path else None
