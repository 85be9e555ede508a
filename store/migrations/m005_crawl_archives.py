"""Which archive each crawl read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.sqlite import migrations, refuse_changes

if TYPE_CHECKING:
    from sqlite_utils import Database


@migrations()
def m005_crawl_archives(db: Database) -> None:
    """Keep which archive each crawl read; what `pages.locator` says lies in it."""
    db.execute("""
        CREATE TABLE crawl_archives (
            archive_id INTEGER PRIMARY KEY,
            run_id INTEGER NOT NULL REFERENCES runs(run_id),
            path TEXT NOT NULL, -- absolute
            sha256 TEXT NOT NULL, -- of a file; empty for a folder
            bytes INTEGER, -- of a file
            recorded_at TEXT NOT NULL,
            UNIQUE (run_id, path, sha256)
        ) STRICT
    """)
    refuse_changes(db, "crawl_archives")
