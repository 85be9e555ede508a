"""`labels`: verdicts out to a file, labels in from one, all or nothing."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.store import FULL, crawl_run, judge, see
from store.audit.audit import AuditAction, list_entries
from store.database import open_database
from store.scores.labels import imported_labels, standing_labels
from tests.cli.calls import call

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(store_path: Path) -> Path:
    """A store with one verdict."""
    with closing(open_database(store_path)) as db:
        see(db, crawl_run(db), "https://andes.example/1", FULL)
        judge(db, 1, note="a drum")
    return store_path


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_labels_move_from_store_to_store(store: Path, ending: str, tmp_path: Path) -> None:
    """Text, label and group arrive as they were; once more changes nothing."""
    file, other = tmp_path / f"labels.{ending}", tmp_path / "other.db"
    called = call("labels", "export", file, "--db", store)
    assert (called.exit_code, called.err) == (
        0,
        f"1 label written to {file}, including verdicts that wait for a second review.\n",
    )
    arguments = ("labels", "import", file, "--db", other, "--reviewer", "ben")
    assert call(*arguments).out == "1 label imported, 0 already present.\n"
    assert call(*arguments).out == "0 labels imported, 1 already present.\n"
    with closing(open_database(store)) as here, closing(open_database(other)) as there:
        (sent,), (arrived,) = standing_labels(here), imported_labels(there)
        row = there.execute("SELECT origin, imported_by FROM imported_labels").fetchone()
        logged = list_entries(there, action=AuditAction.LABELS_IMPORTED)
    assert (arrived.text, arrived.text_hash, arrived.label, arrived.group) == (
        sent.text,
        sent.text_hash,
        0,
        "andes:Ficticia Ltd",
    )
    assert tuple(row) == (file.name, "ben")
    assert [(each.actor, each.details["new"]) for each in logged] == [("ben", 0), ("ben", 1)]


def test_exported_row_says_who_decided_what_and_why(store: Path, tmp_path: Path) -> None:
    """Everything another tool needs."""
    call("labels", "export", tmp_path / "labels.jsonl", "--db", store)
    row = json.loads((tmp_path / "labels.jsonl").read_text(encoding="utf-8"))
    assert {key: row[key] for key in ("reviewer", "decided_at", "decision", "note", "url")} == {
        "reviewer": "ada",
        "decided_at": "2026-11-24T12:00:00.000Z",
        "decision": "not_offer",
        "note": "a drum",
        "url": "https://andes.example/1",
    }


def test_one_wrong_row_and_nothing_is_imported(store: Path, tmp_path: Path) -> None:
    """The sentence names the line."""
    file = tmp_path / "labels.csv"
    file.write_text("text,label\nKettle,0\nRope,perhaps\n", encoding="utf-8")
    called = call("labels", "import", file, "--db", store)
    assert called.exit_code == 1
    assert "line 3 has the label 'perhaps', not 0 or 1" in called.err
    with closing(open_database(store)) as db:
        assert imported_labels(db) == []


def test_texts_labelled_both_ways_are_counted_and_named(store: Path, tmp_path: Path) -> None:
    """Texts with both labels, in one file or two, are kept, not learned from, and reported."""
    file = tmp_path / "labels.csv"
    file.write_text("text,label\nKettle\x1b[1m,0\nRope,0\nKettle\x1b[1m,1\n", encoding="utf-8")
    called = call("labels", "import", file, "--db", store)
    assert called.out == "3 labels imported, 0 already present.\n"
    assert called.err.startswith("1 text has both labels, 1 and 0, in this file or in an earlier import")
    assert "reads: Kettle\ufffd[1m\n" in called.err
    file.write_text("text,label\nTea,0\nRope,1\nKettle\x1b[1m,0\n", encoding="utf-8")
    said = call("labels", "import", file, "--db", store).err
    assert said.startswith("2 texts have both labels")
    assert "The first reads: Rope\n" in said


def test_imported_labels_are_never_changed(store: Path, tmp_path: Path) -> None:
    """SQL cannot change an imported label."""
    file = tmp_path / "labels.csv"
    file.write_text("text,label\nKettle,0\n", encoding="utf-8")
    call("labels", "import", file, "--db", store, "--reviewer", "ben")
    with closing(open_database(store)) as db:
        for statement in ("UPDATE imported_labels SET label = 1", "DELETE FROM imported_labels"):
            with pytest.raises(Exception, match="append-only"):
                db.conn.execute(statement)
