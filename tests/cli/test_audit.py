"""`precursor-watch audit`: what the commands print and how they exit."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.review_store import fill_store
from store.database import open_database
from store.review.queue import review_queue
from tests.cli.calls import call

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    """A store in which a verdict was given, and taken back, from the command line."""
    path = tmp_path / "watch.db"
    fill_store(path)
    with closing(open_database(path)) as db:
        listing_id = review_queue(db, limit=1)[0].listing_id
    assert call("verdict", listing_id, "offer", "--reviewer", "ada", "--db", path).exit_code == 0
    assert call("verdict", "--undo", 1, "--reviewer", "ada", "--db", path).exit_code == 0
    return path


def test_verdicts_from_the_command_line_are_logged(judged: Path) -> None:
    """The log shows the person and the command line as origin, newest first, as JSON and as a table."""
    listed = json.loads(call("audit", "list", "--json", "--db", judged).out)
    assert [(each["action"], each["actor"], each["via"]) for each in listed[:2]] == [
        ("verdict_undone", "ada", "cli"),
        ("verdict_given", "ada", "cli"),
    ]
    table = call("audit", "list", "--action", "verdict_given", "--db", judged)
    assert "verdict_given" in table.out
    assert "verdict_undone" not in table.out


def test_verify_says_what_is_whole_and_meets_its_anchor(judged: Path, tmp_path: Path) -> None:
    """An anchor that `audit anchor` printed is met, from a file or as an option."""
    anchor = call("audit", "anchor", "--db", judged).out
    (tmp_path / "anchors.txt").write_text(anchor)
    done = call("audit", "verify", "--anchors", tmp_path / "anchors.txt", "--db", judged)
    assert (done.exit_code, "Without an anchor" in done.err) == (0, False)
    assert "and the schema are intact" in done.out
    assert "1 anchor matches" in done.out
    bare = call("audit", "verify", "--anchor", anchor.split()[0], "--json", "--db", judged)
    assert json.loads(bare.out)["whole"] is True


def test_verify_names_the_break_and_exits_with_1(judged: Path) -> None:
    """A row changed by SQL is named, as a sentence and as JSON."""
    with closing(open_database(judged)) as db:
        db.conn.execute("DROP TRIGGER verdicts_no_update")
        db.conn.execute("UPDATE verdicts SET decision = 'unsure' WHERE verdict_id = 1")
        db.conn.commit()
    broken = call("audit", "verify", "--db", judged)
    assert broken.exit_code == 1
    assert "broken at verdicts/1" in broken.err
    as_json = call("audit", "verify", "--json", "--db", judged)
    assert as_json.exit_code == 1
    assert json.loads(as_json.out)["broken_at"] == "verdicts/1"


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [(("--anchor", "nonsense"), 1), (("--anchors", "/no/such/file"), 2), (("--no-such-option",), 2)],
)
def test_misuse_is_a_sentence(judged: Path, arguments: tuple[str, ...], exit_code: int) -> None:
    """An unreadable anchor is an error, and nothing is verified."""
    said = call("audit", "verify", *arguments, "--db", judged)
    assert (said.exit_code, said.out) == (exit_code, "")
    assert "Traceback" not in said.err


def test_without_an_anchor_it_is_said_what_would_not_show(judged: Path) -> None:
    """Only an anchor reveals a truncated log, and the command says so."""
    assert "a truncated log cannot be detected" in call("audit", "verify", "--db", judged).err
