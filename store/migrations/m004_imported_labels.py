"""Labels that were judged elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.sqlite import migrations, refuse_changes

if TYPE_CHECKING:
    from sqlite_utils import Database


@migrations()
def m004_imported_labels(db: Database) -> None:
    """Keep labels that were judged elsewhere, beside the verdicts; they are append-only too."""
    db.execute("""
        CREATE TABLE imported_labels (
            imported_label_id INTEGER PRIMARY KEY,
            text TEXT NOT NULL,
            text_hash TEXT NOT NULL,
            label INTEGER NOT NULL CHECK (label IN (0, 1)), -- 1 for an offer
            group_name TEXT NOT NULL, -- who sells, as far as the file said
            origin TEXT NOT NULL, -- name of the file
            imported_by TEXT NOT NULL,
            imported_at TEXT NOT NULL,
            UNIQUE (text_hash, label)
        ) STRICT
    """)
    refuse_changes(db, "imported_labels")
