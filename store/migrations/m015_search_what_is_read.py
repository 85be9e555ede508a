"""Search in what a text is read as, and in the names of the substances found in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from store.review.search import plain
from store.sqlite import migrations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database


@migrations()
def m015_search_what_is_read(db: Database) -> None:
    """Index, beside the texts as written, those that read otherwise or name a substance.

    FTS5 tables take no comment: `store/review/search.py` says what the rows hold.
    """
    db.execute("CREATE VIRTUAL TABLE plain_fts USING fts5(said, substances, tokenize = 'trigram')")
    db.conn.executemany("INSERT INTO plain_fts (rowid, said, substances) VALUES (?, ?, ?)", _rows(db))


def _rows(db: Database) -> Iterator[tuple[int, str, str]]:
    # Of a great history most scores name nothing; those are told by the text alone, without reading JSON.
    scored = """
        SELECT group_concat(substances || char(10) || reasons, char(30)) FROM scores
        WHERE scores.sighting_id = sightings.sighting_id
          AND (substances <> '[]' OR instr(reasons, '"substance"') > 0)
    """
    query = f"SELECT sighting_id, title, text, seller_name, ({scored}) FROM sightings"  # noqa: S608 (no input in it)
    for sighting_id, title, text, seller, found in db.conn.execute(query):
        said = f"{title}\n{text}\n{seller}"
        read = plain(said)
        names = sorted({plain(name) for name in _names(found or "")} - {""})
        if names or read != said.lower():
            yield sighting_id, read, "\n".join(names)


def _names(found: str) -> Iterator[str]:
    for score in found.split("\x1e") if found else ():
        substances, _, reasons = score.partition("\n")
        yield from json.loads(substances or "[]")
        yield from (span.get("substance") or "" for span in json.loads(reasons or "{}").get("spans", ()))
