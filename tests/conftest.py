"""Stores that tests write to: one in memory, one in a file that is thrown away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listings.database import open_database, open_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from listings.database import Database


@pytest.fixture
def db() -> Iterator[Database]:
    """An empty store in memory."""
    database = open_in_memory()
    yield database
    database.conn.close()


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    """An empty store in a file, closed, for work by other processes."""
    path = tmp_path / "precursor-watch.db"
    open_database(path).conn.close()
    return path
