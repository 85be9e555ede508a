"""What every step of the schema is made with: the numbered set, and the triggers of append-only tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.sqlite import Migrations

if TYPE_CHECKING:
    from sqlite_utils import Database

migrations = Migrations("precursor-watch")


def refuse_changes(db: Database, table: str) -> None:
    """Add the triggers; the table's unique indexes must be there already.

    INSERT OR REPLACE deletes the old row without asking the trigger on DELETE, unless the connection has
    set `recursive_triggers`, so a row whose key is taken is refused before it is inserted.
    """
    for verb in ("UPDATE", "DELETE"):
        db.execute(f"""
            CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}
            BEGIN SELECT RAISE(ABORT, '{table} is append-only: a new row corrects an old one'); END
        """)
    rows = db.table(table)
    keys = {tuple(rows.pks), *(tuple(index.columns) for index in rows.indexes if index.unique)}
    taken = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {' AND '.join(f'{name} = NEW.{name}' for name in key)})"  # noqa: S608 (no input in it)
        for key in sorted(keys)
    )
    db.execute(f"""
        CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {taken}
        BEGIN SELECT RAISE(ABORT, '{table} is append-only: a row with this key stands already'); END
    """)
