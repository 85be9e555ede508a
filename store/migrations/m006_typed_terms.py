"""What offers say of themselves in typed form, beside the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.sqlite import migrations

if TYPE_CHECKING:
    from sqlite_utils import Database


@migrations()
def m006_typed_terms(db: Database) -> None:
    """Keep the typed terms of each sighting, and lay them out as rows for those who ask in SQL."""
    # A comment at the end of an added column would swallow the table's closing bracket.
    db.execute("""
        ALTER TABLE sightings ADD COLUMN
        terms TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(terms))
    """)
    db.execute("""
        CREATE VIEW sighting_terms AS -- e.g. WHERE name = 'cas_number' AND value = '77-92-9'
        SELECT sighting_id, listing_id, seen_at,
            json_extract(term.value, '$.name') AS name, -- see listings/terms.py
            json_extract(term.value, '$.text') AS text, -- as the page shows it
            json_extract(term.value, '$.value') AS value, -- in the form of its name
            CAST(json_extract(term.value, '$.amount') AS REAL) AS amount,
            json_extract(term.value, '$.unit') AS unit,
            json_extract(term.value, '$.rule') AS rule -- what found it
        FROM sightings, json_each(sightings.terms) AS term
    """)
