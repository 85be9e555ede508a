"""The calls that are made all day read by index: none walks through a table that grows with every crawl."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.login import entered
from fixtures.builders.review_store import fill_store
from store.database import open_database
from store.review.queue import review_queue
from tests.cli.calls import call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READS = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)
SCAN = re.compile(r"SCAN (?!\(subquery)(\S+)(?!\S| VIRTUAL TABLE INDEX \d+:.*[M=])")
"""A full-text index that is asked to match (M), or for a row (=), is no walk."""
OF_FTS = re.compile(r"SELECT .* FROM '?main'?\.'?\w+_(config|data|idx|content|docsize)")
"""What SQLite's full-text index asks of its own tables."""

SMALL = frozenset(
    {
        "promotions", "models", "model_in_use", "sources", "cases", "review_settings", "review_counts",
        "alarms", "sqlite_master", "CONSTANT", "claims", "json_each",
    }
)  # fmt: skip
"""What may be walked through: it has few rows however long the service runs. To name the small ones, not the
great, also finds a great one under an alias. A subquery's own steps are looked at."""

NEWEST = re.compile(r"ORDER BY (run_id|entry_id|alarm_id) DESC LIMIT (?!-)")
"""Walks from the newest row, and stops after as many as were asked for."""


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Note every statement, its values filled in, of the stores that are opened meanwhile."""
    said: list[str] = []
    connect = sqlite3.connect

    def traced(path: Path, **how: object) -> sqlite3.Connection:
        connection = connect(path, **how)  # type: ignore[call-overload]
        connection.set_trace_callback(said.append)
        return connection  # type: ignore[no-any-return]

    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", traced)
        yield said


def walks(database: Path, said: list[str]) -> list[str]:
    """Return each step of a plan that scans a large table, with its statement."""
    found = []
    with closing(sqlite3.connect(database)) as db:
        for statement in dict.fromkeys(said):
            if not READS.match(statement) or OF_FTS.match(statement):
                continue
            for *_, step in db.execute(f"EXPLAIN QUERY PLAN {statement}"):
                scan = SCAN.match(step)
                if scan and scan[1] not in SMALL and not NEWEST.search(statement):
                    found.append(f"{step}: {' '.join(statement.split())}")
    return found


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A store with a dozen listings, ten of them flagged."""
    path = tmp_path / "review.db"
    fill_store(path)
    return path


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/?sort=newest",
        "/?substance=Acetone",
        "/?source=mercado",
        "/listings/{listing}",
        "/listings/{listing}/near",
        "/api/items",
        "/api/items/facets",
        "/api/items/next",
        "/?q=piperonal",
        "/api/listings/{listing}",
        "/api/listings/{listing}/near",
    ],
)
def test_a_page_walks_through_no_great_table(
    address: str, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue and the item, as pages and as JSON."""
    with closing(open_database(database)) as db:
        listing = review_queue(db)[0].listing_id
    with statements(monkeypatch) as said, entered(database) as client:
        answer = client.get(address.format(listing=listing))
    assert answer.status_code == 200
    assert any(re.search(r"FROM (review_items|sightings|review_queue|review_counts)", each) for each in said)
    assert walks(database, said) == []


@pytest.mark.parametrize("command", ["queue", "runs", "alerts"])
def test_a_command_walks_through_no_great_table(
    command: str, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands that people call often scan no large table."""
    with statements(monkeypatch) as said:
        called = call(command, *(["list"] if command == "alerts" else []), "--db", database)
    assert called.exit_code == 0
    assert any("LIMIT" in each or "alarm_log" in each for each in said)
    assert walks(database, said) == []


def test_status_counts_in_an_index(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The count of sightings scans an index, not the texts."""
    sources = tmp_path / "sources.toml"
    sources.write_text(
        '[sources.mercado]\nname = "Mercado"\narchive = "m"\nsupplied_by = "A. Nowak"\n'
        "supplied_on = 2026-11-02\n",
        encoding="utf-8",
    )
    (tmp_path / "m").mkdir()
    with statements(monkeypatch) as said:
        assert "Queue" in call("status", "--db", database, "--sources", sources).out
    assert [walk for walk in walks(database, said) if "COVERING INDEX" not in walk] == []


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM sightings AS later WHERE text LIKE '%PMK%'",
        "SELECT * FROM latest_sightings",
        "SELECT count(*) FROM scores",
        "SELECT rowid FROM said_fts",
        "SELECT * FROM promotions JOIN listings",
        "WITH found AS (SELECT * FROM sightings) SELECT count(*) FROM (SELECT 1 FROM found)",
    ],
)
def test_a_walk_is_found(statement: str, database: Path) -> None:
    """An alias, a view, an index that answers all, a join and a subquery do not hide it."""
    assert walks(database, [statement])


def test_an_index_that_is_missed_is_found(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue's first page needs the index over texts, for what says the very same elsewhere."""
    with statements(monkeypatch) as said, entered(database) as client:
        client.get("/")
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("DROP INDEX idx_sightings_text")
    assert [walk.split(":")[0] for walk in walks(database, said)] == ["SCAN sightings"]
