"""The store's connections: each request has one to itself while it lasts, and the next takes it over."""

from __future__ import annotations

from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from store.database import Database, open_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Connections:
    """Open connections to one store, lent out one borrower at a time."""

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
            self._idle.put(db)

    def close(self) -> None:
        """Close the connections that are not lent out."""
        while not self._idle.empty():
            self._idle.get_nowait().close()
