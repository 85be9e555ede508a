"""Sources: the places pages come from."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from listings import times
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
