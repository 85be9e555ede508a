"""Search by words and a vocabulary, where it was by trigrams of every text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.review.search import plain, words_in
from store.sqlite import migrations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database


@migrations()
def m017_search_by_words(db: Database) -> None:
    """Index what every text is read as by its words, and the distinct words by trigrams.

    FTS5 tables take no comment: `store/review/search.py` says what the rows hold.
    """
    for statement in _TABLES:
        db.execute(statement)
    db.conn.executemany(
        "INSERT INTO said_fts (rowid, title, text, seller_name) VALUES (?, ?, ?, ?)", _said(db)
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


_TABLES = (
    """
    CREATE VIRTUAL TABLE said_fts USING fts5(title, text, seller_name, content = '', tokenize = 'ascii')
    """,
    "CREATE VIRTUAL TABLE named_fts USING fts5(said, substances, tokenize = 'ascii')",
    """
    CREATE TABLE words ( -- each that stands in any text as it is read
        word_id INTEGER PRIMARY KEY,
        word TEXT NOT NULL UNIQUE
    ) STRICT
    """,
    """
    CREATE VIRTUAL TABLE words_fts USING fts5(
        word, content = 'words', content_rowid = 'word_id', columnsize = 0, tokenize = 'trigram'
    )
    """,
    """
    CREATE TRIGGER words_met AFTER INSERT ON words
    BEGIN INSERT INTO words_fts (rowid, word) VALUES (NEW.word_id, NEW.word); END
    """,
)


def _said(db: Database) -> Iterator[tuple[int, str, str, str]]:
    query = "SELECT sighting_id, title, text, seller_name FROM sightings ORDER BY sighting_id"
    for sighting_id, title, text, seller_name in db.conn.execute(query):
        yield sighting_id, _read(title), _read(text), _read(seller_name)


def _lines(texts: str) -> str:
    return "\n".join(line for line in map(_read, texts.split("\n")) if line)


def _read(text: str) -> str:
    return " ".join(words_in(plain(text)))
