"""Sources: the places pages come from."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from listings import rows, times
from listings.database import Database, transaction

if TYPE_CHECKING:
    from datetime import datetime

    from listings.model import Source


def declare_source(db: Database, source: Source, *, now: datetime) -> None:
    """Write the source as it is declared now; its earlier description, if any, is replaced."""
    with transaction(db):
        db.table("sources").upsert(
            {**asdict(source), "declared_at": times.to_text(now)}, pk="source_id", strict=True
        )


def list_sources(db: Database) -> list[Source]:
    """Return every source the store knows, by name."""
    return [rows.source_from(row) for row in db.execute("SELECT * FROM sources ORDER BY source_id")]
