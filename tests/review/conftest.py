"""A filled store, and the app over it, for the tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from review.app import create_app
from tests.review.store import NOW, fill_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a store with a dozen listings, ten of them flagged."""
    path = tmp_path / "review.db"
    fill_store(path)
    return path


@pytest.fixture
def client(database: Path) -> Iterator[TestClient]:
    """Return a client that asks as a browser on this machine does and follows redirects."""
    app = create_app(database, reviewer="ada", clock=lambda: NOW)
    with TestClient(app, base_url="http://127.0.0.1") as asking:
        yield asking
