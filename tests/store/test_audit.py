"""The audit log: what enters it by itself, and that tampering with what it vouches for is found."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.store import FULL, NOW, crawl_run, judge, score_all, see, use
from store import times
from store.audit import audit
from store.audit.audit import AuditAction, Origin, Via, head, list_entries, record, record_view, take_anchor
from store.audit.chain import BEGINNING, COLUMNS, entry_hash, entry_row, follow_schema
from store.audit.verification import AnchorUnreadable, AuditBroken, read_anchors, verify
from store.database import Database, open_database
from store.migrations import migrations
from store.model import Decision
from store.review.verdicts import StaleScreen, give_verdict, undo_verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WEB = Origin(via=Via.WEB, address="192.0.2.7")


@pytest.fixture
def judged(db: Database) -> Database:
    """A store with a listing that was looked at, judged, taken back and judged again: six entries."""
    see(db, crawl_run(db), "https://andes.example/1", FULL)
    use(db)
    score_all(db)
    record_view(db, sighting_id=1, score_id=1, actor="ada", origin=WEB, now=NOW)
    given = judge(db, 1)
    undo_verdict(db, given.verdict_id, reviewer="ada", origin=WEB, now=NOW)
    judge(db, 1, Decision.OFFER)
    return db


def test_what_changes_the_record_writes_its_own_entry(judged: Database) -> None:
    """Promotion, view, verdict and undo are entries; the verdict's holds what was on the screen."""
    entries = list_entries(judged)[::-1]
    assert [entry.action for entry in entries] == [
        "log_begun", "model_promoted", "listing_viewed", "verdict_given", "verdict_undone", "verdict_given",
    ]  # fmt: skip
    shown = entries[3].details
    assert (shown["p_offer"], shown["threshold"], shown["model_id"]) == (0.9, 0.5, "aaaaaaaaaaaa")
    assert shown["evidence_sha256"] == judged.execute("SELECT payload_sha256 FROM pages").fetchone()[0]
    assert (shown["decision"], shown["verdict_id"]) == ("not_offer", 1)
    assert (entries[4].actor, entries[4].via, entries[4].address) == ("ada", Via.WEB, "192.0.2.7")
    assert entries[4].at == NOW


def test_a_refused_verdict_leaves_no_entry(judged: Database) -> None:
    """Verdict and entry are one transaction: both or neither."""
    before = head(judged)
    with pytest.raises(StaleScreen):
        give_verdict(judged, 1, Decision.OFFER, score_id=None, reviewer="ada", now=NOW)
    assert head(judged) == before


def test_a_whole_log_is_whole(judged: Database) -> None:
    """All entries and the rows they vouch for are counted, and an anchor taken now is met."""
    _, entry_hash_ = head(judged)
    done = verify(judged, anchors=read_anchors([take_anchor(judged)]))
    assert (done.entries, done.anchors, done.head) == (6, 1, entry_hash_)
    assert done.lines == judged.table("record").count
    assert done.rows == 7  # a promotion, a sighting, its page, its score, and three verdicts


def test_entries_are_listed_by_who_what_and_whereto(judged: Database) -> None:
    """Each filter narrows, and pages follow one another without a gap."""
    assert {entry.action for entry in list_entries(judged, action=AuditAction.VERDICT_GIVEN)} == {
        "verdict_given"
    }
    assert [entry.entry_id for entry in list_entries(judged, actor="ada", before=5, limit=2)] == [4, 3]
    assert len(list_entries(judged, subject="model:aaaaaaaaaaaa")) == 1
    assert list_entries(judged, actor="x' OR '1'='1") == []


def drop_triggers(db: Database) -> None:
    """Drop all triggers, as an attacker with SQL would."""
    db.conn.commit()
    db.conn.execute("PRAGMA foreign_keys = OFF")
    for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.conn.execute(f"DROP TRIGGER {row[0]}")


@contextmanager
def triggers_dropped(db: Database) -> Iterator[None]:
    """Drop all triggers and restore them, as an attacker would to hide a change."""
    triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    drop_triggers(db)
    yield
    standing = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    for name, sql in triggers:
        if name not in standing:
            db.conn.execute(sql)
    db.conn.commit()


def head_of_first(db: Database) -> str:
    """Return the hash of the first entry, which stays unchanged here."""
    return str(db.execute("SELECT hash FROM audit_log WHERE entry_id = 1").fetchone()[0])


def rechain(db: Database, *, start: int) -> None:
    """Recompute the hashes from entry `start` on, as an attacker who knows the chain could."""
    previous = db.execute("SELECT hash FROM audit_log WHERE entry_id = ?", [start - 1]).fetchone()
    last = previous[0] if previous else BEGINNING
    for row in db.execute(
        "SELECT * FROM audit_log WHERE entry_id >= ? ORDER BY entry_id", [start]
    ).fetchall():
        values = {name: row[name] for name in COLUMNS} | {"previous": last}
        last = entry_hash(values)
        db.conn.execute(
            "UPDATE audit_log SET previous = ?, hash = ? WHERE entry_id = ?",
            [values["previous"], last, row["entry_id"]],
        )


TAMPERED = {
    "who": ("UPDATE audit_log SET actor = 'bo' WHERE entry_id = 4", "entry 4"),
    "when": ("UPDATE audit_log SET at = '2026-11-24T13:00:00.000Z' WHERE entry_id = 3", "entry 3"),
    "what was on the screen": (
        "UPDATE audit_log SET details = replace(details, '0.9', '0.1') WHERE entry_id = 4",
        "entry 4",
    ),
    "its hash, too": (
        "UPDATE audit_log SET hash = iif(hash LIKE 'a%', 'b', 'a') || substr(hash, 2) WHERE entry_id = 2",
        "entry 2",
    ),
    "the link": (f"UPDATE audit_log SET previous = '{BEGINNING}' WHERE entry_id = 5", "entry 5"),
    "an entry in the middle is deleted": ("DELETE FROM audit_log WHERE entry_id = 4", "entry 4"),
    "the first entry is deleted": ("DELETE FROM audit_log WHERE entry_id = 1", "entry 1"),
    "all entries are deleted": ("DELETE FROM audit_log", "entry 1"),
    "the last entry is deleted, its verdict left": ("DELETE FROM audit_log WHERE entry_id = 6", "verdicts/3"),
    "two entries change places": (
        """UPDATE audit_log SET entry_id = CASE entry_id WHEN 3 THEN -4 WHEN 4 THEN -3 END
        WHERE entry_id IN (3, 4); UPDATE audit_log SET entry_id = -entry_id WHERE entry_id < 0""",
        "entry 3",
    ),
    "an entry is no JSON of ours": ("UPDATE audit_log SET rows = '[]' WHERE entry_id = 4", "entry 4"),
    "a verdict": ("UPDATE verdicts SET decision = 'offer' WHERE verdict_id = 1", "verdicts/1"),
    "a verdict's note": ("UPDATE verdicts SET note = 'other' WHERE verdict_id = 3", "verdicts/3"),
    "a verdict is deleted": ("DELETE FROM verdicts WHERE verdict_id = 3", "verdicts/3"),
    "a verdict from elsewhere": (
        """INSERT INTO verdicts (listing_id, sighting_id, decision, note, reviewer, decided_at)
        SELECT listing_id, 1, 'offer', '', 'ada', decided_at FROM verdicts LIMIT 1""",
        "verdicts/4",
    ),
    "the score": ("UPDATE scores SET p_offer = 0.4", "scores/1"),
    "the score's reasons": ("UPDATE scores SET reasons = replace(reasons, 'acetone', 'water')", "scores/1"),
    "the line": ("UPDATE scores SET threshold = 0.95", "scores/1"),
    "the text": ("UPDATE sightings SET text = 'Nothing to see'", "sightings/1"),
    "the evidence's hash": ("UPDATE pages SET payload_sha256 = replace(payload_sha256, 'e', 'f')", "pages/1"),
    "who promoted the model": ("UPDATE promotions SET promoted_by = 'bo'", "promotions/1"),
    "only the triggers are dropped": ("SELECT 1", "trigger alarm_events_no_delete"),
}
"""What is done to the database, and where the log says that it broke."""


@pytest.mark.parametrize("what", TAMPERED)
def test_tampering_by_sql_is_found_where_it_was_done(judged: Database, what: str) -> None:
    """The first break names the changed, deleted or inserted row."""
    statements, place = TAMPERED[what]
    drop_triggers(judged)
    for statement in statements.split(";"):
        judged.conn.execute(statement)
    judged.conn.commit()
    with pytest.raises(AuditBroken) as broken:
        verify(judged)
    assert broken.value.place == place


@pytest.mark.parametrize("entry", range(1, 7))
@pytest.mark.parametrize("column", [*COLUMNS[1:-1], "previous", "hash"])
def test_no_column_of_any_entry_can_be_changed_unseen(judged: Database, entry: int, column: str) -> None:
    """Every column of every entry is part of its hash."""
    drop_triggers(judged)
    other = "'{\"x\":1}'" if column in {"details", "rows"} else f"{column} || 'x'"
    judged.conn.execute(f"UPDATE audit_log SET {column} = {other} WHERE entry_id = ?", [entry])
    judged.conn.commit()
    with pytest.raises(AuditBroken, match=f"entry {entry}"):
        verify(judged)


@pytest.mark.parametrize("verb", ["UPDATE audit_log SET actor = 'bo'", "DELETE FROM audit_log"])
def test_triggers_refuse_a_change(judged: Database, verb: str) -> None:
    """Nobody needs bad intentions to make a mistake in an SQL tool."""
    with pytest.raises(sqlite3.IntegrityError, match="audit_log is append-only"):
        judged.execute(verb)


@pytest.mark.parametrize("changed", [{"entry_id": 9}, {"entry_id": 3}, {"previous": BEGINNING}])
def test_triggers_refuse_an_entry_that_does_not_follow(judged: Database, changed: dict[str, object]) -> None:
    """An entry of another number, or with another hash before it, is not taken."""
    last_id, last_hash = head(judged)
    row = entry_row(
        entry_id=last_id + 1,
        at=times.to_text(NOW),
        actor="bo",
        via="cli",
        action="exported",
        previous=last_hash,
    )
    row |= changed
    names, marks = ", ".join((*row, "hash")), ", ".join("?" * (len(row) + 1))
    with pytest.raises(sqlite3.IntegrityError, match="audit_log is"):
        judged.conn.execute(
            f"INSERT INTO audit_log ({names}) VALUES ({marks})", (*row.values(), entry_hash(row))
        )


def test_an_end_cut_off_is_shown_by_an_anchor_only(judged: Database) -> None:
    """Together with what it spoke of, the end of the log can go unseen, unless its hash was written down."""
    anchor = take_anchor(judged)
    with triggers_dropped(judged):
        judged.conn.execute("DELETE FROM verdicts WHERE verdict_id = 3")
        judged.conn.execute("DELETE FROM second_reviews WHERE verdict_id = 3")
        judged.conn.execute("DELETE FROM audit_log WHERE entry_id = 6")
        line = "SELECT seq FROM record WHERE table_name = 'verdicts' AND key = 3"
        judged.conn.execute(f"DELETE FROM record WHERE seq >= ({line})")
    verify(judged)
    entry, _, line = anchor.partition("+")
    for kept, place in (
        (anchor, "entry 6"),
        (entry, "entry 6"),
        (f"1:{head_of_first(judged)}+{line}", "line"),
    ):
        with pytest.raises(AuditBroken, match="the end was cut off") as broken:
            verify(judged, anchors=read_anchors([f"{kept} 2026-11-24T12:00:00.000Z", ""]))
        assert broken.value.place.startswith(place)


def test_a_log_written_anew_is_shown_by_an_anchor_only(judged: Database) -> None:
    """A rewritten chain is consistent, but does not match an anchor."""
    anchor = take_anchor(judged)
    entry, _, line = anchor.partition("+")
    with triggers_dropped(judged):
        judged.conn.execute("UPDATE audit_log SET actor = 'bo' WHERE entry_id = 3")
        rechain(judged, start=3)
        judged.conn.execute("DELETE FROM record WHERE table_name <> 'schema' OR key <> 'begun'")
    with pytest.raises(AuditBroken, match="the record has no line for this row"):
        verify(judged)
    for (name,) in judged.execute("SELECT name FROM sqlite_master WHERE name LIKE '%recorded'").fetchall():
        judged.conn.execute(f"DROP TRIGGER {name}")
    follow_schema(judged)  # as if the store had just been brought up to date
    judged.conn.commit()
    verify(judged)
    for kept in (anchor, entry, f"1:{head_of_first(judged)}+{line}"):
        with pytest.raises(AuditBroken, match="rewritten"):
            verify(judged, anchors=read_anchors([kept]))


@pytest.mark.parametrize("text", ["", "12", "x:y", "1:abc"])
def test_an_anchor_that_is_none_is_a_sentence(text: str) -> None:
    """Empty lines are let be; anything else must begin with a number and a hash."""
    if not text:
        assert len(read_anchors([text])) == 0
        return
    with pytest.raises(AnchorUnreadable, match="is not an anchor"):
        read_anchors([text])


def test_verdicts_older_than_the_log_are_vouched_for_by_its_first_entry(tmp_path: Path) -> None:
    """A store that had verdicts before it had a log: a change to one of them is found."""
    path = tmp_path / "old.db"
    with closing(Database(path)) as old:
        migrations.apply(old, stop_before="m010_users_and_audit_log")
        old.conn.execute("PRAGMA foreign_keys = OFF")
        old.conn.execute(
            "INSERT INTO verdicts (listing_id, sighting_id, decision, note, reviewer, decided_at)"
            " VALUES ('x', 1, 'offer', '', 'ada', '2026-11-01T00:00:00.000Z')"
        )
        old.conn.commit()
    with closing(open_database(path)) as db:
        assert verify(db).entries == 1
        drop_triggers(db)
        db.conn.execute("UPDATE verdicts SET reviewer = 'bo'")
        db.conn.commit()
        with pytest.raises(AuditBroken, match="older than the log") as broken:
            verify(db)
        assert broken.value.place == "verdicts"


def test_hostile_text_enters_the_log_and_leaves_it_whole(db: Database) -> None:
    """Lone surrogates, NUL and SQL in a name or detail are kept as text."""
    hostile = "'); DROP TABLE audit_log; -- \ud800\0\u202e"
    record(
        db,
        AuditAction.EXPORTED,
        actor=hostile,
        subject=f"case:{hostile}",
        details={"name": hostile, hostile: [1, None, True]},
        now=NOW,
    )
    assert verify(db).entries == 2
    assert audit.list_entries(db)[0].details["name"].startswith("'); DROP TABLE")
