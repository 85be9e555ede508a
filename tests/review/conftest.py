"""A filled store, and the app over it, for the tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.builders.login import entered
from fixtures.builders.review_store import fill_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi.testclient import TestClient


@pytest.fixture(scope="session")
def filled_store(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a store with a dozen listings, ten of them flagged; filled once."""
    path = tmp_path_factory.mktemp("filled") / "review.db"
    fill_store(path)
    return path.read_bytes()


@pytest.fixture
def database(tmp_path: Path, filled_store: bytes) -> Path:
    """Return a store with a dozen listings, ten of them flagged."""
    path = tmp_path / "review.db"
    path.write_bytes(filled_store)
    return path


@pytest.fixture
def client(database: Path) -> Iterator[TestClient]:
    """Return a client of the reviewer ada; it asks as a browser on this machine does."""
    with entered(database) as asking:
        yield asking
