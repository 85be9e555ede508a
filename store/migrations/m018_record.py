"""The record: one line for each row of every evidential table, chained by hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.sqlite import migrations, refuse_changes

if TYPE_CHECKING:
    from sqlite_utils import Database


@migrations()
def m018_record(db: Database) -> None:
    """Create the table; `store.audit.chain.follow_schema` records the existing rows and adds the triggers."""
    for statement in _STATEMENTS:
        db.execute(statement)
    refuse_changes(db, "record")


_STATEMENTS = (
    """
    CREATE TABLE record ( -- every row written to an evidential table, in the order of writing
        seq INTEGER PRIMARY KEY, -- without a gap
        table_name TEXT NOT NULL, -- or `schema`
        key ANY NOT NULL, -- of the row; of a schema the newest migration
        operation TEXT NOT NULL CHECK (operation IN ('I', 'U', 'D')), -- inserted, updated, deleted
        digest BLOB, -- SHA-256 of the row as written; NULL where rows never change
        hash BLOB NOT NULL -- SHA-256 of the hash before, the digest, and what this line says
    ) STRICT
    """,
    "CREATE INDEX idx_record_versions ON record(table_name, key, seq) WHERE digest IS NOT NULL",
)
