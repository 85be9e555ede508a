"""Which stage of a model gave a score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.sqlite import migrations

if TYPE_CHECKING:
    from sqlite_utils import Database


@migrations()
def m009_stage_of_a_score(db: Database) -> None:
    """Say of each score whether the whole model gave it, as all so far, or the first stage settled it."""
    db.execute("""
        ALTER TABLE scores ADD COLUMN stage TEXT NOT NULL DEFAULT 'transformer'
            CHECK (stage IN ('transformer', 'first'))
    """)
