"""The cache of embeddings, in a file beside the store that may be deleted at any time."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from store.errors import StoreUnwritable
from store.operations.integrity import is_damage
from store.private import private_file
from store.sqlite import FAULTS_OF_THE_DISK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

Result = TypeVar("Result")

CHUNK = 500
"""Hashes in one statement; SQLite allows 32,766 arguments, and smaller plans stay cached."""


_TABLES = (
    """
    CREATE TABLE IF NOT EXISTS vectors (
        embedder_id TEXT NOT NULL,
        text_hash TEXT NOT NULL,
        vector BLOB NOT NULL, -- little-endian float32
        PRIMARY KEY (embedder_id, text_hash)
    ) STRICT, WITHOUT ROWID
    """,
)


class _VectorFile:
    """The cache file; a damaged file is renamed and replaced by an empty one."""

    def __init__(self, path: Path | None) -> None:
        """Open the file, or a database in memory for None."""
        self._path = path
        try:
            self.connection = _connect(path)
        except sqlite3.DatabaseError as error:
            self._begin_anew(error)

    def run(self, act: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run an action in one transaction and return its result.

        Raises:
            StoreUnwritable: If the disk is full or fails.
        """
        try:
            with self.connection:
                return act(self.connection)
        except sqlite3.DatabaseError as error:
            self.connection.close()
            self._begin_anew(error)
            return self.run(act)

    def _begin_anew(self, error: sqlite3.DatabaseError) -> None:
        code = getattr(error, "sqlite_errorcode", None)
        if self._path is not None and {code, (code or 0) & 0xFF} & FAULTS_OF_THE_DISK:
            raise StoreUnwritable(self._path, str(error)) from error
        if self._path is None or not is_damage(error):
            raise error
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                beside = self._path.with_name(self._path.name + ending)
                beside.replace(self._path.with_name(f"{self._path.name}.damaged{ending}"))
        self.connection = _connect(self._path)


class VectorCache:
    """Vectors by embedder and text hash; vectors of two embedders never mix."""

    def __init__(self, file: _VectorFile, embedder_id: str) -> None:
        self._file = file
        self._embedder_id = embedder_id

    def of(self, embedder_id: str) -> VectorCache:
        """Return the vectors of another embedder in the same file."""
        return VectorCache(self._file, embedder_id)

    def get(self, text_hashes: Sequence[str]) -> dict[str, bytes]:
        """Return the cached vectors of these texts, as little-endian float32; other texts are absent."""
        found: dict[str, bytes] = {}
        for start in range(0, len(text_hashes), CHUNK):
            chunk = text_hashes[start : start + CHUNK]
            marks = ", ".join("?" * len(chunk))
            query = f"SELECT text_hash, vector FROM vectors WHERE embedder_id = ? AND text_hash IN ({marks})"  # noqa: S608 (only question marks)
            found.update(self._file.run(partial(_fetch, query=query, values=(self._embedder_id, *chunk))))
        return found

    def put(self, vectors: Mapping[str, bytes]) -> None:
        """Store vectors, in one transaction."""
        rows = [(self._embedder_id, text_hash, vector) for text_hash, vector in vectors.items()]
        self._file.run(lambda file: file.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)", rows))

    def forget_earlier(self) -> None:
        """Delete the vectors of other versions of the embedder, which have the same name before the `@`."""
        name = self._embedder_id.partition("@")[0]
        query = "DELETE FROM vectors WHERE embedder_id BETWEEN ? AND ? AND embedder_id != ?"
        values = (f"{name}@", f"{name}@\U0010ffff", self._embedder_id)
        self._file.run(lambda file: file.execute(query, values))


def _fetch(file: sqlite3.Connection, *, query: str, values: tuple[str, ...]) -> list[tuple[str, bytes]]:
    return file.execute(query, values).fetchall()


@contextmanager
def open_vectors(database: Path | None, embedder_id: str) -> Iterator[VectorCache]:
    """Open the cache of the store at `database`, or a cache in memory if there is no store.

    A damaged file is renamed to `*.damaged` and replaced by an empty one.
    """
    path = None if database is None else database.with_name(database.name + ".vectors")
    file = _VectorFile(path)
    try:
        yield VectorCache(file, embedder_id)
    finally:
        file.connection.close()


def _connect(path: Path | None) -> sqlite3.Connection:
    if path is not None and not path.exists():
        private_file(path)
    connection = sqlite3.connect(":memory:" if path is None else path, timeout=60)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        for statement in _TABLES:
            connection.execute(statement)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
