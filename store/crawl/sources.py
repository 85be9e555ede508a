"""Sources: the places pages come from, in the words of each of their declarations."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from store import rows, times
from store.database import Database, transaction
from store.model import Source, SourceKind

if TYPE_CHECKING:
    from datetime import datetime


def declare_source(db: Database, source: Source, *, now: datetime) -> None:
    """Write the source as it is declared now, if it was not declared in these words last.

    Earlier declarations stay: a crawl is read beside what was declared when it began.
    """
    values = {name: rows.clean(str(value)) for name, value in asdict(source).items()}
    with transaction(db):
        if declared_source(db, source.source_id) == source:
            return
        dated = values | {"declared_at": times.to_text(now)}
        rows.insert(db, "sources", dated, ignore=True)
        rows.insert(db, "source_declarations", dated)


def declared_source(db: Database, source_id: str) -> Source | None:
    """Return a source as it was declared last, or None when it never was."""
    row = db.execute("SELECT * FROM declared_sources WHERE source_id = ?", [source_id]).fetchone()
    if row is None:
        return None
    texts = {name: row[name] for name in ("source_id", "name", "supplied_by", "supplied_on")}
    return Source(kind=SourceKind(row["kind"]), **texts)
