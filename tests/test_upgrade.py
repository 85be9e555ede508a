"""A store of the first release, opened by this one: nothing of it is lost, and work goes on."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from fixtures.builders.store import NOW
from scheduler.maintenance.backup import make_backup, restore
from scheduler.maintenance.upkeep import check_everything
from store.crawl.runs import list_runs, unfinished_run
from store.database import open_database
from store.model import RunKind
from store.operations.integrity import check_store
from store.review.listings import listing_file
from store.review.queue import review_queue
from store.review.statistics import count_listings
from tests.searches import search

FIRST = Path(__file__).parents[1] / "fixtures" / "first-release" / "watch.db"


@pytest.fixture
def upgraded(tmp_path: Path) -> Path:
    """A copy of it, opened once."""
    path = tmp_path / "watch.db"
    shutil.copyfile(FIRST, path)
    open_database(path).close()
    return path


def test_everything_it_said_is_still_said(upgraded: Path) -> None:
    """Listings, scores, verdicts, the undone one and the model in use."""
    with closing(open_database(upgraded)) as db:
        check_store(db, upgraded)
        queue = review_queue(db, limit=100)
        assert (count_listings(db), len(queue)) == (46, 45)
        assert all(entry.p_offer == 0.9 for entry in queue)
        verdicts = db.execute(
            "SELECT listing_id, decision, reviewer FROM verdicts ORDER BY verdict_id"
        ).fetchall()
        assert [tuple(row)[1:] for row in verdicts] == [
            ("offer", "ada"),
            ("not_offer", "ada"),
            ("undone", "ada"),
        ]
        assert listing_file(db, verdicts[0][0]).verdicts[0].decision == "offer"
        assert search(db, "flask")
        assert search(db, "ＦＬＡＳＫ") == search(db, "flask")
        named = db.execute("SELECT count(*) FROM named_fts WHERE substances <> ''").fetchone()[0]
        assert named == db.execute("SELECT count(*) FROM scores WHERE substances <> '[]'").fetchone()[0]


def test_its_interrupted_crawl_is_gone_on_with(upgraded: Path) -> None:
    """The run of the power cut has no ending yet, and the next crawl finds it."""
    with closing(open_database(upgraded)) as db:
        assert [run.kind for run in list_runs(db)] == [RunKind.CRAWL, RunKind.CRAWL]
        assert unfinished_run(db, RunKind.CRAWL, source_id="labware-shop") is not None


def test_it_is_found_whole_backed_up_and_restored(upgraded: Path, tmp_path: Path) -> None:
    """The audit log begins with the rows that were there before it."""
    assert "are intact" in check_everything(upgraded)
    backup = make_backup(upgraded, tmp_path / "backups", now=NOW)
    restore(backup.folder, tmp_path / "there" / "again.db", by="ada", now=NOW)
    assert "are intact" in check_everything(tmp_path / "there" / "again.db")
