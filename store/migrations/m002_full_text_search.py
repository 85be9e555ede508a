"""Search in what a listing says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.sqlite import migrations

if TYPE_CHECKING:
    from sqlite_utils import Database


@migrations()
def m002_full_text_search(db: Database) -> None:
    """Index what a listing says by trigrams, so that CAS numbers and Chinese are found by any part."""
    db.table("sightings").enable_fts(
        ["title", "text", "seller_name"], tokenize="trigram", create_triggers=True
    )
