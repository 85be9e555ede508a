"""The record: whatever row of an evidential table is changed, deleted, inserted or moved, it is found.

Every change is made as somebody makes it who knows SQL and hides it: all triggers are dropped first and put
back after.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from cli.main import group
from fixtures.builders.store import NOW, fill_every_table
from fixtures.tampering import WAYS, copy_of, hidden, keys_of
from store.audit.audit import AuditAction, record, take_anchor
from store.audit.chain import evidential_tables, follow_schema, schema_of
from store.audit.verification import (
    AnchorsEmpty,
    AnchorUnreadable,
    AuditBroken,
    read_anchors,
    read_anchors_file,
    verify,
)
from store.database import open_database, open_in_memory
from store.sqlite import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from store.database import Database

TABLES = [table.name for table in evidential_tables(open_in_memory())]


@pytest.fixture(scope="module")
def filled() -> Iterator[Database]:
    """A store with two rows and more in every evidential table."""
    db = open_in_memory()
    fill_every_table(db)
    db.conn.commit()
    yield db
    db.close()


@pytest.fixture
def full(filled: Database) -> Iterator[Database]:
    """The same store, to be tampered with."""
    with copy_of(filled) as db:
        yield db


def found(db: Database) -> str:
    """Return the place of the break that `verify` names."""
    with pytest.raises(AuditBroken) as broken:
        verify(db)
    return broken.value.place


def test_every_evidential_table_is_followed(full: Database) -> None:
    """A row more in the tables is a line more in the record, and all are found whole."""
    lines = verify(full).lines
    rows = sum(full.table(name).count for name in TABLES)
    versions = full.execute("SELECT count(*) FROM record WHERE operation <> 'I'").fetchone()[0]
    schemas = full.execute("SELECT count(*) FROM record WHERE table_name = 'schema'").fetchone()[0]
    deleted = full.execute("SELECT count(*) FROM record WHERE operation = 'D'").fetchone()[0]
    assert lines == rows + versions + deleted + schemas
    assert all(full.table(name).count >= 2 for name in TABLES), TABLES
    assert {"scores", "sightings", "listings", "legal_hold_releases", "users", "audit_log"} < set(TABLES)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("way", WAYS)
def test_any_changed_deleted_or_inserted_row_is_found(filled: Database, name: str, way: str) -> None:
    """Each column of each table, in the first row or the last; each row; and a copy under another key."""
    tried = 0
    for statement, values in WAYS[way](filled, name):
        with copy_of(filled) as full:
            with hidden(full, name):
                full.conn.execute(statement, values)
            assert found(full), (statement, values)
        tried += 1
    assert tried


@pytest.mark.parametrize("name", TABLES)
def test_any_two_rows_that_change_places_are_found(full: Database, name: str) -> None:
    """Two rows take each other's key."""
    table = full.table(name)
    column, kind = table.pks[0], {each.name: each.type for each in table.columns}[table.pks[0]]
    values = sorted({key[0] for key in keys_of(full, name)}, key=str)
    first, second = (values * 2)[:2] if len(values) > 1 else (values[0], values[0])
    aside = "aside" if kind == "TEXT" else -1
    before = set(map(tuple, full.execute(f"SELECT * FROM {name}")))
    with hidden(full):
        for old, new in ((first, aside), (second, first), (aside, second)):
            full.conn.execute(f"UPDATE {name} SET {column} = ? WHERE {column} = ?", (new, old))
    assert before != set(map(tuple, full.execute(f"SELECT * FROM {name}"))), "their rows are alike"
    assert found(full)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM record WHERE seq = ?",
        "UPDATE record SET hash = zeroblob(32) WHERE seq = ?",
        "UPDATE record SET key = 'x' WHERE seq = ?",
        "UPDATE record SET operation = CASE operation WHEN 'U' THEN 'D' ELSE 'U' END WHERE seq = ?",
        "UPDATE record SET table_name = 'listing' WHERE seq = ?",
    ],
)
def test_any_line_of_the_record_that_is_tampered_with_is_found(filled: Database, change: str) -> None:
    """By each column; lines here and there, the first and the last among them."""
    last = filled.table("record").count
    for number in (1, 2, 3, *range(4, last, 17), last - 1, last):
        with copy_of(filled) as full:
            with hidden(full, "record"):
                full.conn.execute(change, [number])
            assert found(full), number


def test_two_lines_of_the_record_that_change_places_are_found(full: Database) -> None:
    """The order of writing is part of the chain."""
    with hidden(full):
        for old, new in ((4, -1), (5, 4), (-1, 5)):
            full.conn.execute("UPDATE record SET seq = ? WHERE seq = ?", (new, old))
    assert found(full)


REPRODUCED = {
    "a score nobody had viewed": ("UPDATE scores SET p_offer = 0.01 WHERE score_id = 2", "scores/2"),
    "a sighting nobody had viewed": (
        "UPDATE sightings SET text = 'Soap' WHERE sighting_id = 2",
        "sightings/2",
    ),
    "the URL of a judged listing": ("UPDATE listings SET url = 'https://other.example/1'", "listings/"),
    "the source of a judged listing": ("UPDATE listings SET source_id = 'other'", "listings/"),
    "a release for a legal hold": (
        "INSERT INTO legal_hold_releases VALUES (3, 'ada', '2026-11-24T12:00:00.000Z')",
        "legal_hold_releases/3",
    ),
    "a case entry": ("DELETE FROM case_entries WHERE entry_id = 1", "case_entries/1"),
    "a second review": ("DELETE FROM second_reviews", "second_reviews/"),
    "a sample member": ("DELETE FROM sample_members", "sample_members/"),
    "an evidence seal": ("DELETE FROM evidence_seals", "evidence_seals/"),
    "a run's ending": ("UPDATE run_endings SET outcome = 'failed'", "run_endings/"),
    "a case's title": ("UPDATE cases SET title = 'Another' WHERE case_id = 2", "cases/2"),
    "a user's role": ("UPDATE users SET role = 'admin' WHERE user_id = 2", "users/2"),
}
"""Changes that the first release did not find, and the place where this one finds them."""


@pytest.mark.parametrize("what", REPRODUCED)
def test_what_the_first_release_overlooked_is_found(full: Database, what: str) -> None:
    """The break is named by table and key."""
    statement, place = REPRODUCED[what]
    with hidden(full):
        full.conn.execute(statement)
    assert found(full).startswith(place)


GUARDED = [table.name for table in evidential_tables(open_in_memory()) if table.is_append_only]


@pytest.mark.parametrize("name", GUARDED)
def test_a_guard_replaced_by_one_that_does_nothing_is_found(full: Database, name: str) -> None:
    """A trigger of the right name, on the right table, with another body; or none at all."""
    full.conn.execute(f"DROP TRIGGER {name}_no_update")
    with pytest.raises(AuditBroken, match="gone"):
        verify(full)
    full.conn.execute(f"CREATE TRIGGER {name}_no_update BEFORE UPDATE ON {name} BEGIN SELECT 1; END")
    assert found(full) == f"trigger {name}_no_update"


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("CREATE TRIGGER mine AFTER INSERT ON verdicts BEGIN SELECT 1; END", "trigger mine"),
        ("CREATE TRIGGER said_fts_data AFTER INSERT ON scores BEGIN SELECT 1; END", "trigger said_fts_data"),
        (
            "CREATE TRIGGER mine AFTER INSERT ON _sqlite_migrations BEGIN SELECT 1; END",
            "trigger mine",
        ),
        ("DROP VIEW standing_verdicts", "view standing_verdicts"),
        ("CREATE VIEW mine AS SELECT 1", "view mine"),
        ("DROP INDEX idx_verdicts_decided", "index idx_verdicts_decided"),
        ("ALTER TABLE verdicts ADD COLUMN mine TEXT", "table verdicts"),
        ("DROP TABLE legal_hold_releases", "table legal_hold_releases"),
    ],
)
def test_a_schema_that_this_version_does_not_create_is_found(
    full: Database, statement: str, place: str
) -> None:
    """Missing, additional and changed tables, triggers, views and indexes are found."""
    full.conn.execute(statement)
    assert found(full) == place


def test_a_comment_in_the_schema_is_none_of_it(full: Database) -> None:
    """Comments do not count, but quoted text does."""
    full.conn.execute("DROP VIEW latest_sightings")
    sql = schema_of(open_in_memory())["view latest_sightings"]
    full.conn.execute(sql.replace("AS SELECT", "AS -- as it stands\n /* now */\n  SELECT", 1))
    verify(full)


def test_permitted_changes_are_versions_of_their_row(full: Database) -> None:
    """A user's role and a token's end are changed by this program, and recorded as it does so."""
    before = verify(full).lines
    with transaction(full):
        full.conn.execute("UPDATE users SET role = 'lead' WHERE user_id = 2")
        full.conn.execute("UPDATE sessions SET last_seen_at = '2026-11-25T12:00:00.000Z'")
        full.conn.execute("DELETE FROM assignments")
        full.conn.execute("DELETE FROM claims")
    assert verify(full).lines == before + 1 + 3


def test_a_transaction_that_is_taken_back_leaves_no_line(full: Database) -> None:
    """Row and line are written together or not at all."""
    before = take_anchor(full)
    full.conn.execute("BEGIN")
    full.conn.execute("UPDATE users SET role = 'lead' WHERE user_id = 2")
    assert take_anchor(full) != before
    full.conn.rollback()
    assert take_anchor(full) == before
    verify(full)


def test_text_that_is_no_text_is_a_break(full: Database) -> None:
    """Bytes that are not UTF-8 in a text column."""
    with hidden(full):
        full.conn.execute("UPDATE pages SET sentence = CAST(x'ff' AS TEXT)")
    assert found(full)


def test_anchors_hold_while_the_store_goes_on(full: Database) -> None:
    """One taken before is met after, also by its first half, as the first release printed it."""
    anchor = take_anchor(full)
    record(full, AuditAction.EXPORTED, actor="ada", now=NOW)
    assert verify(full, anchors=read_anchors([anchor, anchor.split("+")[0]])).anchors == 1


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf\n"])
def test_an_empty_file_of_anchors_is_an_error(content: bytes) -> None:
    """An empty file would confirm nothing."""
    with pytest.raises(AnchorsEmpty, match="contains no anchor"):
        read_anchors_file("anchors.txt", content)


NONE = b"0:" + b"f" * 64
"""Entries and lines count from 1, so it would confirm nothing."""


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe1\x00:\x00",
        b"\x00\x01\x02",
        b"hello",
        b"1:" + b"a" * 63,
        NONE,
        b"1:" + b"a" * 64 + b"+" + NONE,
    ],
)
def test_a_file_that_holds_no_anchors_is_an_error(content: bytes) -> None:
    """UTF-16, binary, words, half a hash."""
    with pytest.raises(AnchorUnreadable, match="is not an anchor"):
        read_anchors_file("anchors.txt", content)


def test_a_file_of_anchors_that_is_no_text_is_called_so() -> None:
    """The bytes are not shown."""
    with pytest.raises(AnchorUnreadable, match=r"anchors\.bin is not an anchor file: it is not UTF-8 text"):
        read_anchors_file("anchors.bin", b"\xff\xfe1\x00")


def test_times_that_run_backwards_are_reported(full: Database) -> None:
    """A clock may be set back, so this is a note and not a break."""
    record(full, AuditAction.EXPORTED, actor="ada", now=NOW.replace(year=2027))
    record(full, AuditAction.EXPORTED, actor="ada", now=NOW)
    (place,) = [each for each in verify(full).backwards if "2027" in each]
    assert "2026-11-24T12:00:00.000Z" in place


def test_a_new_table_is_followed_from_its_first_row(full: Database) -> None:
    """A later release adds tables and columns; rows that stand are sealed as they are."""
    full.conn.execute("CREATE TABLE later (later_id INTEGER PRIMARY KEY, said TEXT NOT NULL) STRICT")
    full.conn.execute("INSERT INTO later VALUES (1, 'before')")
    full.conn.execute("ALTER TABLE users ADD COLUMN later TEXT")
    follow_schema(full)
    full.conn.execute("INSERT INTO later VALUES (2, 'after')")
    full.conn.execute("UPDATE users SET later = 'x' WHERE user_id = 1")
    lines = full.execute(
        "SELECT key, operation FROM record WHERE table_name IN ('later', 'users')"
    ).fetchall()
    assert [tuple(row) for row in lines][-3:] == [(1, "I"), (2, "I"), (1, "U")]


def test_an_upgrade_seals_nothing_that_was_changed_unrecorded(full: Database) -> None:
    """Somebody dropped the triggers of the record alone; the next release puts them back."""
    for name in ("recorded", "update_recorded", "delete_recorded"):
        full.conn.execute(f"DROP TRIGGER users_{name}")
    full.conn.execute("UPDATE users SET role = 'admin' WHERE user_id = 2")
    follow_schema(full)
    full.conn.commit()
    assert found(full) == "users/2"


def test_both_commands_find_a_hidden_change(tmp_path: Path) -> None:
    """`audit verify` and `verify`: whole before, broken after, each in a sentence that names the row."""
    path = tmp_path / "store.db"
    with closing(open_database(path)) as db:
        fill_every_table(db)
        db.conn.commit()
    assert CliRunner().invoke(group, ["audit", "verify", "--db", str(path)]).exit_code == 0
    with closing(open_database(path)) as db, hidden(db):
        db.conn.execute("UPDATE users SET role = 'admin' WHERE user_id = 2")
    for command in (["audit", "verify"], ["verify"]):
        result = CliRunner().invoke(group, [*command, "--db", str(path)])
        assert result.exit_code != 0
        assert "users/2" in str(result.exception or "") + result.output
