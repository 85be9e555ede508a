"""The schema, as numbered steps that are never edited once released.

To change the schema: add a file `mNNN_what_it_does.sql`, and tables that only grow to its line `append-only`.
If the step must compute rows, add a function of the same name below; the function runs after the SQL. When a
database is opened, sqlite-utils applies the missing steps, each in its own transaction, and records their
names. SQLite keeps the comments inside the DDL, so `sqlite-utils schema` and datasette show them.
"""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from store import times
from store.audit.chain import BEGINNING, digest_of_rows, entry_hash, entry_row
from store.review.search import plain, words_in
from store.sqlite import migrations, refuse_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlite_utils import Database

__all__ = ["append_only", "migrations"]

_FILES = {path.stem: path for path in Path(__file__).parent.glob("m*.sql")}
_APPEND_ONLY = re.compile(r"^-- append-only: (.+)$", re.MULTILINE)


def append_only(step: str) -> list[str]:
    """Return the tables whose rows never change from this step on."""
    return " ".join(_APPEND_ONLY.findall(_sql(step))).split()


def _sql(step: str) -> str:
    return _FILES[step].read_text(encoding="utf-8") if step in _FILES else ""


def _statements(sql: str) -> Iterator[str]:
    """Split SQL into statements; `executescript` would commit the transaction of the step."""
    lines: list[str] = []
    for line in sql.splitlines():
        if lines or (line and not line.startswith("--")):
            lines.append(line)
            if sqlite3.complete_statement("\n".join(lines)):
                yield "\n".join(lines)
                lines = []


def _step(name: str) -> Callable[[Database], None]:
    def apply(db: Database) -> None:
        for statement in _statements(_sql(name)):
            db.execute(statement)
        for table in append_only(name):
            refuse_changes(db, table)
        if name in _COMPUTED:
            _COMPUTED[name](db)

    return apply


def m002_full_text_search(db: Database) -> None:
    """Index the text of listings by trigrams, so that any part of a CAS number or Chinese word is found."""
    db.table("sightings").enable_fts(
        ["title", "text", "seller_name"], tokenize="trigram", create_triggers=True
    )


def m010_users_and_audit_log(db: Database) -> None:
    """Begin the audit log with an entry that covers earlier decisions."""
    begun = entry_row(
        entry_id=1,
        at=times.to_text(times.utc_now()),
        actor="precursor-watch",
        via="upgrade",
        action="log_begun",
        details={"before": {table: digest_of_rows(db, table) for table in ("verdicts", "promotions")}},
        previous=BEGINNING,
    )
    db.table("audit_log").insert({**begun, "hash": entry_hash(begun)})


def m015_search_what_is_read(db: Database) -> None:
    """Index the texts of all sightings as deobfuscated, and the substances that their scores name."""
    # In a long history most scores name no substance; a text match skips them without parsing JSON.
    scored = """
        SELECT group_concat(substances || char(10) || reasons, char(30)) FROM scores
        WHERE scores.sighting_id = sightings.sighting_id
          AND (substances <> '[]' OR instr(reasons, '"substance"') > 0)
    """
    query = f"SELECT sighting_id, title, text, seller_name, ({scored}) FROM sightings"  # noqa: S608 (no input in it)
    for sighting_id, title, text, seller, found in db.conn.execute(query):
        said = f"{title}\n{text}\n{seller}"
        read = plain(said)
        names = sorted({plain(name) for name in _substances(found or "")} - {""})
        if names or read != said.lower():
            db.execute(
                "INSERT INTO plain_fts (rowid, said, substances) VALUES (?, ?, ?)",
                [sighting_id, read, "\n".join(names)],
            )


def m017_search_by_words(db: Database) -> None:
    """Index the words of all texts; the index by trigrams goes."""
    said = "SELECT sighting_id, title, text, seller_name FROM sightings ORDER BY sighting_id"
    db.conn.executemany(
        "INSERT INTO said_fts (rowid, title, text, seller_name) VALUES (?, ?, ?, ?)",
        ((row[0], *map(_words, row[1:])) for row in db.conn.execute(said)),
    )
    named = "SELECT rowid, said, substances FROM plain_fts WHERE substances <> ''"
    db.conn.executemany(
        "INSERT INTO named_fts (rowid, said, substances) VALUES (?, ?, ?)",
        ((row[0], _lines(row[1]), _lines(row[2])) for row in db.conn.execute(named)),
    )
    for index in ("said_fts", "named_fts"):
        db.execute(f"CREATE VIRTUAL TABLE temp.met USING fts5vocab(main, {index}, row)")
        db.execute("INSERT OR IGNORE INTO words (word) SELECT term FROM temp.met")
        db.execute("DROP TABLE temp.met")
    db.table("sightings").disable_fts()
    db.execute("DROP TABLE plain_fts")


def _substances(scores: str) -> Iterator[str]:
    for score in scores.split("\x1e") if scores else ():
        substances, _, reasons = score.partition("\n")
        yield from json.loads(substances or "[]")
        yield from (span.get("substance") or "" for span in json.loads(reasons or "{}").get("spans", ()))


def _lines(texts: str) -> str:
    return "\n".join(line for line in map(_words, texts.split("\n")) if line)


def _words(text: str) -> str:
    return " ".join(words_in(plain(text)))


_COMPUTED = {name: step for name, step in globals().items() if re.match(r"m\d{3}_", name)}

for _name in sorted(_FILES.keys() | _COMPUTED.keys()):
    migrations(name=_name)(_step(_name))
