"""How many listings of each source are flagged, told from an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.sqlite import migrations

if TYPE_CHECKING:
    from sqlite_utils import Database


@migrations()
def m016_flagged_by_source(db: Database) -> None:
    """Index flagged items by source: `status` counts them, and would otherwise walk through all of each."""
    db.execute(
        "CREATE INDEX idx_review_items_flagged ON review_items(source_id, is_flagged) WHERE is_flagged"
    )
