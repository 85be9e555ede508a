"""Digests that a supplied archive states and its bytes do not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.sqlite import migrations, refuse_changes

if TYPE_CHECKING:
    from sqlite_utils import Database


@migrations()
def m020_page_digests(db: Database) -> None:
    """Make the table; pages of earlier crawls have no row, because nothing was compared."""
    db.execute(_TABLE)
    refuse_changes(db, "page_digests")


_TABLE = """
    CREATE TABLE page_digests ( -- pages whose bytes do not match, or were not compared with, a stated digest
        page_id INTEGER PRIMARY KEY REFERENCES pages(page_id),
        result TEXT NOT NULL CHECK (result IN ('mismatch', 'unchecked')),
        details TEXT NOT NULL -- digests as stated and as computed
    ) STRICT
"""
