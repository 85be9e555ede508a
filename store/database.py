"""Open the store: one SQLite file in WAL mode, migrated to the current schema."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import contextmanager
from functools import cache
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from store.audit.chain import follow_schema, register_functions
from store.errors import StoreDiskFull, StoreFolderClosed, StoreUnusable
from store.migrations import migrations
from store.operations.integrity import finish_swap, is_damage, is_disk_full, refuse_new_beginning
from store.private import private_file
from store.review.item_query import falls_into
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


BUSY_TIMEOUT_MS = 60_000
"""Milliseconds that a statement waits for another writer."""

LEAST_ROOM = 100_000
"""Free bytes that SQLite needs for its files beside a database."""

__all__ = ["Connections", "Database", "open_database", "open_in_memory", "transaction"]

_CREATED_BY = "`precursor-watch crawl` creates one"


def open_database(path: Path, *, must_exist: bool = False) -> Database:
    """Open the store at `path`; create it and its folder if it does not exist.

    Only the owner may read a new store; the permissions of an existing store do not change. With
    `must_exist`, for read-only commands, a missing or empty file raises an error.

    Raises:
        StoreUnusable: If the file must exist but is missing or empty, is not an SQLite database, has other
            tables, comes from a newer release, or cannot be written.
    """
    finish_swap(path)
    refuse_new_beginning(path)
    if must_exist and not path.exists():
        raise StoreUnusable(path, f"there is no such file ({_CREATED_BY})")
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


def open_in_memory(content: bytes | None = None) -> Database:
    """Return a store in memory: a serialized one, or an empty one with the current schema."""
    db = Database(sqlite3.connect(":memory:", check_same_thread=False))
    db.conn.deserialize(content or _blank())
    _prepare(db)
    return db


class Connections:
    """Open connections to one store, each lent to one borrower at a time; parsing the schema takes 3 ms."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: SimpleQueue[Database] = SimpleQueue()

    @contextmanager
    def borrow(self) -> Iterator[Database]:
        """Lend an idle connection, or open one when all are out.

        Raises:
            StoreUnusable: If the database file is not there or not ours.
        """
        try:
            db = self._idle.get_nowait()
        except Empty:
            db = open_database(self._path, must_exist=True)
        try:
            yield db
        finally:
            db.conn.rollback()  # as closing does
            self._idle.put(db)

    def close(self) -> None:
        """Close the connections that are not lent out."""
        while not self._idle.empty():
            self._idle.get_nowait().close()


@cache
def _blank() -> bytes:
    """Return an empty store as bytes, because running all migrations takes longer than a hundred copies."""
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
    if is_disk_full(error) or (folder.is_dir() and shutil.disk_usage(folder).free < LEAST_ROOM):
        return StoreDiskFull(path, str(error))
    if is_damage(error):
        return StoreUnusable(path, f"it is damaged ({error})")
    return StoreUnusable(path, str(error))


def _ours(db: Database, path: Path, *, must_exist: bool) -> Database:
    """Return `db` with the current schema; a file with other tables is refused unchanged."""
    _prepare(db)
    known = {migration.name for migration in migrations.applied(db)}
    tables = set(db.table_names())
    if tables and not known:
        raise StoreUnusable(
            path, f"it has other tables ({', '.join(sorted(tables)[:3])}) and none of precursor-watch"
        )
    if must_exist and not known:
        raise StoreUnusable(path, f"it is empty ({_CREATED_BY})")
    released = _released()
    if unknown := known - released:
        raise StoreUnusable(path, f"it was written by a newer release (schema step {max(unknown)})")
    if released - known:
        _enter_wal(db)
        with transaction(db):  # another process that opens the new file now waits here
            migrations.apply(db)
            follow_schema(db)
    return db


def _enter_wal(db: Database) -> None:
    """Set the file to WAL mode, waiting for another process that does the same.

    If two processes change the journal mode at once, SQLite returns SQLITE_BUSY without calling its busy
    handler, because waiting there could block both processes forever.
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
