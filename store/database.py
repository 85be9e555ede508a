"""Open the store: one SQLite file in WAL mode, its schema brought up to date."""

from __future__ import annotations

import os
import sqlite3
import time
from functools import cache
from typing import TYPE_CHECKING

from store.audit.chain import follow_schema, register_functions
from store.errors import StoreFolderClosed, StoreUnusable
from store.migrations import migrations
from store.private import private_file
from store.review.item_query import falls_into
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from pathlib import Path


BUSY_TIMEOUT_MS = 60_000
"""How long a statement waits for another writer before it gives up."""

__all__ = ["Database", "open_database", "open_in_memory", "transaction"]

_BEGUN_BY = "`precursor-watch crawl` begins one"


def open_database(path: Path, *, must_exist: bool = False) -> Database:
    """Open the store at `path`, creating it and its folder when it is not there yet.

    A new one may be read by its owner only; the rights of one that is there are not touched.

    Args:
        path: The database file.
        must_exist: For commands that only read: a missing or empty file is then an error, not a new store.

    Raises:
        StoreUnusable: If the file is missing or empty though it must exist, is no SQLite database, is not
            ours, comes from a newer release, or cannot be written.
    """
    if must_exist and not path.exists():
        raise StoreUnusable(path, f"there is no such file ({_BEGUN_BY})")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            private_file(path)
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1000, check_same_thread=False)
    except (sqlite3.Error, OSError) as error:
        raise _unusable(path, error) from error
    try:
        return _ours(Database(connection), path, must_exist=must_exist)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error):
            raise _unusable(path, error) from error
        raise


def open_in_memory() -> Database:
    """Return an empty store in memory, with the schema of a real one."""
    db = Database(sqlite3.connect(":memory:", check_same_thread=False))
    db.conn.deserialize(_blank())
    _prepare(db)
    return db


@cache
def _blank() -> bytes:
    """Return an empty store as bytes: taking every step of the schema costs more than a hundred copies."""
    db = Database(memory=True)
    migrations.apply(db)
    follow_schema(db)
    db.conn.commit()
    try:
        return db.conn.serialize()
    finally:
        db.close()


def _prepare(db: Database) -> None:
    for pragma in ("foreign_keys = ON", "synchronous = NORMAL", f"busy_timeout = {BUSY_TIMEOUT_MS}"):
        db.execute(f"PRAGMA {pragma}")
    db.conn.row_factory = sqlite3.Row
    db.conn.create_function("falls_into", 2, falls_into, deterministic=True)
    register_functions(db.conn)


def _unusable(path: Path, error: Exception) -> StoreUnusable:
    folder = path.resolve().parent
    if folder.is_dir() and not os.access(folder, os.W_OK):
        return StoreFolderClosed(path)
    return StoreUnusable(path, str(error))


def _ours(db: Database, path: Path, *, must_exist: bool) -> Database:
    """Return `db` with our schema as it is today; a file that is not ours is refused unaltered."""
    _prepare(db)
    known = {migration.name for migration in migrations.applied(db)}
    tables = set(db.table_names())
    if tables and not known:
        raise StoreUnusable(path, f"it holds other tables ({', '.join(sorted(tables)[:3])}) and none of ours")
    if must_exist and not known:
        raise StoreUnusable(path, f"it is empty, and so no database of ours ({_BEGUN_BY})")
    released = _released()
    if unknown := known - released:
        raise StoreUnusable(path, f"it was written by a newer release (schema step {max(unknown)})")
    if released - known:
        _enter_wal(db)
        with transaction(db):  # another process that opens the new file at the same time waits here
            migrations.apply(db)
            follow_schema(db)
    return db


def _enter_wal(db: Database) -> None:
    """Turn the file to WAL mode, waiting for another process that is doing the same.

    SQLite answers two simultaneous changes of the journal mode with SQLITE_BUSY at once and does not
    ask its busy handler, as waiting inside could lock both for ever: so the wait is here.
    """
    give_up = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > give_up:
                raise
        else:
            return
        time.sleep(0.01)


@cache
def _released() -> frozenset[str]:
    blank = Database(memory=True)
    names = frozenset(migration.name for migration in migrations.pending(blank))
    blank.close()
    return names
