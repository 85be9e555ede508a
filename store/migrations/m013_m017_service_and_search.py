"""Tables for alarms, the service, retention and the search by words (steps 13 to 17)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from store.review.search import plain, words_in
from store.sqlite import migrations, refuse_changes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database


@migrations()
def m013_alarms(db: Database) -> None:
    """Store each alarm as one row, and its events as rows of another table."""
    for statement in _M013_STATEMENTS:
        db.execute(statement)
    for table in ("alarms", "alarm_events"):
        refuse_changes(db, table)
    db.execute(_M013_LOG)


_M013_STATEMENTS = (
    """
    CREATE TABLE alarms (
        alarm_id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL, -- what was found, e.g. run_failed
        subject TEXT NOT NULL, -- a source, or empty for the whole product
        raised_at TEXT NOT NULL,
        sentence TEXT NOT NULL -- for a person: what was found, what was expected, what to do
    ) STRICT
    """,
    "CREATE INDEX idx_alarms_kind ON alarms(kind, subject)",
    """
    CREATE TABLE alarm_events (
        event_id INTEGER PRIMARY KEY,
        alarm_id INTEGER NOT NULL REFERENCES alarms(alarm_id),
        event TEXT NOT NULL CHECK (event IN ('told', 'acknowledged', 'resolved', 'told_resolved')),
        happened_at TEXT NOT NULL,
        by TEXT NOT NULL, -- a person, or `service`
        note TEXT NOT NULL,
        UNIQUE (alarm_id, event)
    ) STRICT
    """,
    "CREATE INDEX idx_alarm_events_event ON alarm_events(event, alarm_id)",
)

_M013_LOG = """
    CREATE VIEW alarm_log AS -- every alarm with what became of it; no resolved_at: it stands
    SELECT alarms.*,
           (SELECT happened_at FROM alarm_events AS e WHERE e.alarm_id = alarms.alarm_id AND event = 'told')
               AS told_at,
           (SELECT happened_at FROM alarm_events AS e WHERE e.alarm_id = alarms.alarm_id
               AND event = 'acknowledged') AS acknowledged_at,
           (SELECT by FROM alarm_events AS e WHERE e.alarm_id = alarms.alarm_id AND event = 'acknowledged')
               AS acknowledged_by,
           (SELECT happened_at FROM alarm_events AS e WHERE e.alarm_id = alarms.alarm_id
               AND event = 'resolved') AS resolved_at,
           (SELECT happened_at FROM alarm_events AS e WHERE e.alarm_id = alarms.alarm_id
               AND event = 'told_resolved') AS told_resolved_at
    FROM alarms
"""


M014_APPEND_ONLY = (
    "service_requests", "service_answers", "run_interruptions", "legal_holds", "legal_hold_releases",
    "evidence_tombstones",
)  # fmt: skip


@migrations()
def m014_service_and_retention(db: Database) -> None:
    """Store requests to the service, reasons of interruptions, legal holds and tombstones."""
    for statement in _M014_STATEMENTS:
        db.execute(statement)
    for table in M014_APPEND_ONLY:
        refuse_changes(db, table)


_M014_STATEMENTS = (
    # To the index of step 1, two rows without a source are different, because NULL is not equal to NULL.
    """
    CREATE UNIQUE INDEX idx_runs_due_of_the_store ON runs(kind, due_at)
    WHERE source_id IS NULL AND due_at IS NOT NULL
    """,
    """
    CREATE TABLE service_requests (
        request_id INTEGER PRIMARY KEY,
        request TEXT NOT NULL CHECK (request IN ('pause', 'resume', 'run_now')),
        source_id TEXT NOT NULL, -- as the sources file names it, known to the store or not
        asked_at TEXT NOT NULL,
        asked_by TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX idx_service_requests_source ON service_requests(source_id, request_id)",
    """
    CREATE TABLE service_answers (
        request_id INTEGER PRIMARY KEY REFERENCES service_requests(request_id),
        answered_at TEXT NOT NULL,
        sentence TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE run_interruptions (
        attempt_id INTEGER PRIMARY KEY REFERENCES run_attempts(attempt_id),
        found_at TEXT NOT NULL, -- when the next attempt began
        why TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE legal_holds (
        hold_id INTEGER PRIMARY KEY,
        source_id TEXT NOT NULL, -- empty: of all sources
        reason TEXT NOT NULL,
        placed_by TEXT NOT NULL,
        placed_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE legal_hold_releases (
        hold_id INTEGER PRIMARY KEY REFERENCES legal_holds(hold_id),
        released_by TEXT NOT NULL,
        released_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE evidence_tombstones ( -- WARC files that retention has taken away
        file TEXT PRIMARY KEY REFERENCES evidence_files(file),
        bytes INTEGER NOT NULL,
        sha256 TEXT NOT NULL, -- as sealed
        reason TEXT NOT NULL,
        purged_by TEXT NOT NULL,
        purged_at TEXT NOT NULL
    ) STRICT
    """,
)


@migrations()
def m015_search_what_is_read(db: Database) -> None:
    """Index deobfuscated texts, and texts that name a substance, beside the texts as written.

    FTS5 tables take no comment: `store/review/search.py` says what the rows hold.
    """
    db.execute("CREATE VIRTUAL TABLE plain_fts USING fts5(said, substances, tokenize = 'trigram')")
    db.conn.executemany("INSERT INTO plain_fts (rowid, said, substances) VALUES (?, ?, ?)", _m015_rows(db))


def _m015_rows(db: Database) -> Iterator[tuple[int, str, str]]:
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
        names = sorted({plain(name) for name in _m015_names(found or "")} - {""})
        if names or read != said.lower():
            yield sighting_id, read, "\n".join(names)


def _m015_names(found: str) -> Iterator[str]:
    for score in found.split("\x1e") if found else ():
        substances, _, reasons = score.partition("\n")
        yield from json.loads(substances or "[]")
        yield from (span.get("substance") or "" for span in json.loads(reasons or "{}").get("spans", ()))


@migrations()
def m016_flagged_by_source(db: Database) -> None:
    """Index flagged items by source: without the index, `status` would read all items to count them."""
    db.execute(
        "CREATE INDEX idx_review_items_flagged ON review_items(source_id, is_flagged) WHERE is_flagged"
    )


@migrations()
def m017_search_by_words(db: Database) -> None:
    """Index the words of all normalised texts, and the distinct words by trigrams.

    FTS5 tables take no comment: `store/review/search.py` says what the rows hold.
    """
    for statement in _M017_TABLES:
        db.execute(statement)
    db.conn.executemany(
        "INSERT INTO said_fts (rowid, title, text, seller_name) VALUES (?, ?, ?, ?)", _m017_said(db)
    )
    named = "SELECT rowid, said, substances FROM plain_fts WHERE substances <> ''"
    db.conn.executemany(
        "INSERT INTO named_fts (rowid, said, substances) VALUES (?, ?, ?)",
        ((row[0], _m017_lines(row[1]), _m017_lines(row[2])) for row in db.conn.execute(named)),
    )
    for index in ("said_fts", "named_fts"):
        db.execute(f"CREATE VIRTUAL TABLE temp.met USING fts5vocab(main, {index}, row)")
        db.execute("INSERT OR IGNORE INTO words (word) SELECT term FROM temp.met")
        db.execute("DROP TABLE temp.met")
    db.table("sightings").disable_fts()
    db.execute("DROP TABLE plain_fts")


_M017_TABLES = (
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


def _m017_said(db: Database) -> Iterator[tuple[int, str, str, str]]:
    query = "SELECT sighting_id, title, text, seller_name FROM sightings ORDER BY sighting_id"
    for sighting_id, title, text, seller_name in db.conn.execute(query):
        yield sighting_id, _m017_read(title), _m017_read(text), _m017_read(seller_name)


def _m017_lines(texts: str) -> str:
    return "\n".join(line for line in map(_m017_read, texts.split("\n")) if line)


def _m017_read(text: str) -> str:
    return " ".join(words_in(plain(text)))
