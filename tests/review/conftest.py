"""A filled store, and the app over it, for the tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.review.entering import entered
from tests.review.store import fill_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi.testclient import TestClient


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a store with a dozen listings, ten of them flagged."""
    path = tmp_path / "review.db"
    fill_store(path)
    return path


@pytest.fixture
def client(database: Path) -> Iterator[TestClient]:
    """Return a client of the reviewer ada; it asks as a browser on this machine does."""
    with entered(database) as asking:
        yield asking
