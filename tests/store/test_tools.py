"""The store is plain SQLite: datasette and the sqlite-utils command line open it and change nothing."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.builders.store import FULL, crawl_run, score_all, see, use
from store.database import open_database

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def filled_path(store_path: Path) -> Path:
    """A store in a file with one flagged listing."""
    with closing(open_database(store_path)) as db:
        see(db, crawl_run(db), "https://andes.example/1", FULL)
        use(db)
        score_all(db)
    return store_path


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("address", "count"),
    [
        ("review_queue", 1),
        ("run_log", 1),
        ("model_in_use", 1),
        ("latest_sightings", 1),
        ("sightings", 1),
        ("verdicts", 0),
    ],
)
def test_datasette_shows_tables_and_views(filled_path: Path, address: str, count: int) -> None:
    """The queue can be read in a browser without our web app."""
    rows = asyncio.run(ask_datasette(filled_path, f"/precursor-watch/{address}.json?_shape=array"))
    assert len(rows) == count


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_datasette_searches_the_listings(filled_path: Path) -> None:
    """Datasette finds the full-text index."""
    found = asyncio.run(
        ask_datasette(filled_path, "/precursor-watch/sightings.json?_shape=array&_search=solvent")
    )
    assert [row["title"] for row in found] == [FULL.title]


async def ask_datasette(path: Path, address: str) -> list[dict[str, Any]]:
    """Return what datasette answers in this process, with the file opened read-only."""
    from datasette.app import Datasette

    server = Datasette([], immutables=[str(path)])
    response = await server.client.get(address)
    assert response.status_code == 200, response.text
    rows: list[dict[str, Any]] = response.json()
    return rows


@pytest.mark.process
def test_the_sqlite_utils_command_line_lists_the_tables(filled_path: Path) -> None:
    """With their rows counted; the schema keeps the comments that explain its columns."""
    tables = {
        row["table"]: row["count"] for row in json.loads(sqlite_utils("tables", filled_path, "--counts"))
    }
    assert (tables["sightings"], tables["verdicts"]) == (1, 0)
    assert "-- the site's own number" in sqlite_utils("schema", filled_path, "listings")
    assert [row["p_offer"] for row in json.loads(sqlite_utils("rows", filled_path, "review_queue"))] == [0.9]


def sqlite_utils(verb: str, path: Path, *arguments: str) -> str:
    """Return what the command line of sqlite-utils prints."""
    command = [sys.executable, "-m", "sqlite_utils", verb, str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
