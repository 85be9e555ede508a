"""The glossary names every table and every column of the current schema."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from store.database import open_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

GLOSSARY = Path(__file__).parents[2] / "docs" / "glossary.md"
INTERNAL = re.compile(r"sqlite_|_sqlite_|\w+_fts_")
"""Tables of SQLite, of sqlite-utils and of FTS5."""


def described() -> tuple[set[str], dict[str, set[str]]]:
    """Return the columns of every table, and the columns of each table by its name."""
    _, common, tables = re.split(r"^## .*$", GLOSSARY.read_text(encoding="utf-8"), flags=re.MULTILINE)
    rows = (line.split("|") for line in tables.splitlines() if line.startswith("| `"))
    return set(re.findall(r"`(\w+)`", common)), {
        row[1].strip(" `"): set(re.findall(r"`(\w+)`", row[3])) for row in rows
    }


def current() -> Iterator[tuple[str, str, set[str]]]:
    """Yield type, name and columns of each table and view of the current schema."""
    db = open_in_memory()
    for kind, name in db.execute(
        "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view')"
    ).fetchall():
        if not INTERNAL.match(name):
            yield kind, name, {row["name"] for row in db.execute(f"PRAGMA table_info({name})")}
    db.close()


SCHEMA = list(current())


@pytest.mark.parametrize(("kind", "name", "columns"), SCHEMA, ids=[name for _, name, _ in SCHEMA])
def test_every_table_and_column_is_in_the_glossary(kind: str, name: str, columns: set[str]) -> None:
    """A view may also have the columns of the tables that it reads."""
    common, tables = described()
    known = common | tables[name] | (set().union(*tables.values()) if kind == "view" else set())
    assert {column for column in columns - known if not column.endswith(("_at", "_by"))} == set()


def test_the_glossary_has_no_table_that_the_store_lacks() -> None:
    """A dropped or renamed table leaves the glossary too."""
    assert set(described()[1]) == {name for _, name, _ in SCHEMA}
