"""The cache of embeddings, in a file beside the store that may be deleted at any time."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from store.private import private_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

CHUNK = 500
"""Hashes in one statement; SQLite allows 32,766 arguments, and smaller plans stay cached."""


class VectorCache:
    """Vectors by embedder and text hash; vectors of two embedders never mix."""

    def __init__(self, connection: sqlite3.Connection, embedder_id: str) -> None:
        self._connection = connection
        self._embedder_id = embedder_id
        connection.execute("""
            CREATE TABLE IF NOT EXISTS vectors (
                embedder_id TEXT NOT NULL,
                text_hash TEXT NOT NULL,
                vector BLOB NOT NULL, -- little-endian float32
                PRIMARY KEY (embedder_id, text_hash)
            ) STRICT, WITHOUT ROWID
        """)
        connection.execute("""
            CREATE TABLE IF NOT EXISTS backends (
                embedder_id TEXT NOT NULL,
                machine TEXT NOT NULL,
                backend TEXT NOT NULL, -- the number type found to be fastest among those that are right
                trials TEXT NOT NULL, -- JSON: each one's speed and greatest distance to float32
                PRIMARY KEY (embedder_id, machine)
            ) STRICT, WITHOUT ROWID
        """)

    def of(self, embedder_id: str) -> VectorCache:
        """Return the vectors of another embedder in the same file."""
        return VectorCache(self._connection, embedder_id)

    def backend(self, machine: str) -> str | None:
        """Return the backend chosen for this embedder on a machine, or None."""
        query = "SELECT backend FROM backends WHERE embedder_id = ? AND machine = ?"
        row = self._connection.execute(query, (self._embedder_id, machine)).fetchone()
        return None if row is None else str(row[0])

    def keep_backend(self, machine: str, backend: str, trials: Sequence[Mapping[str, object]]) -> None:
        """Store the chosen backend with its measurements."""
        row = (self._embedder_id, machine, backend, json.dumps(list(trials)))
        with self._connection:
            self._connection.execute("INSERT OR REPLACE INTO backends VALUES (?, ?, ?, ?)", row)

    def get(self, text_hashes: Sequence[str]) -> dict[str, bytes]:
        """Return the cached vectors of these texts, as little-endian float32; other texts are absent."""
        found: dict[str, bytes] = {}
        for start in range(0, len(text_hashes), CHUNK):
            chunk = text_hashes[start : start + CHUNK]
            marks = ", ".join("?" * len(chunk))
            query = f"SELECT text_hash, vector FROM vectors WHERE embedder_id = ? AND text_hash IN ({marks})"  # noqa: S608 (only question marks)
            found.update(self._connection.execute(query, (self._embedder_id, *chunk)))
        return found

    def put(self, vectors: Mapping[str, bytes]) -> None:
        """Store vectors, in one transaction."""
        rows = [(self._embedder_id, text_hash, vector) for text_hash, vector in vectors.items()]
        with self._connection:
            self._connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)", rows)

    def forget_earlier(self) -> None:
        """Delete the vectors of other versions of the embedder, which have the same name before the `@`."""
        name = self._embedder_id.partition("@")[0]
        query = "DELETE FROM vectors WHERE embedder_id BETWEEN ? AND ? AND embedder_id != ?"
        with self._connection:
            self._connection.execute(query, (f"{name}@", f"{name}@\U0010ffff", self._embedder_id))


@contextmanager
def open_vectors(database: Path | None, embedder_id: str) -> Iterator[VectorCache]:
    """Open the cache of the store at `database`, or a cache in memory if there is no store.

    A damaged file is renamed to `*.damaged` and replaced by an empty one.
    """
    path = None if database is None else database.with_name(database.name + ".vectors")
    try:
        connection = _connect(path)
    except sqlite3.DatabaseError:
        if path is None:
            raise
        path.replace(path.with_name(path.name + ".damaged"))
        connection = _connect(path)
    try:
        yield VectorCache(connection, embedder_id)
    finally:
        connection.close()


def _connect(path: Path | None) -> sqlite3.Connection:
    if path is not None and not path.exists():
        private_file(path)
    connection = sqlite3.connect(":memory:" if path is None else path, timeout=60)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
