"""A crawl killed at any moment and started again leaves the store that an undisturbed crawl leaves."""

from __future__ import annotations

import random
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from crawler.evidence.verify import verify
from fixtures.comparable import comparable
from fixtures.marketplaces.build import write_site
from fixtures.marketplaces.data import STEMS, read_site
from store.crawl.evidence import evidence_folder
from store.crawl.runs import list_runs
from store.database import open_database
from store.model import RunOutcome
from tests.cli.calls import call_process
from tests.crawler.killing import both, kill_when, rows_in

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.process

TABLE = """
[sources.all]
name = "All marketplaces in one folder"
archive = "saved"
supplied_by = "the tests"
supplied_on = 2026-11-24
start = {start}
"""
KILLS = 3


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every fixture marketplace saved in it: enough pages to be interrupted among."""
    folder = tmp_path_factory.mktemp("interrupted")
    for stem in STEMS:
        write_site(stem, "folder", folder / "saved" / stem)
    homes = [read_site(stem).base_url + "/" for stem in STEMS]
    (folder / "followed.toml").write_text(TABLE.format(start=homes), "utf-8")
    (folder / "whole.toml").write_text(TABLE.format(start=[]), "utf-8")
    return folder


@pytest.mark.parametrize(("mode", "seed"), [("followed", 1), ("whole", 2)])
def test_a_killed_crawl_started_again_leaves_the_same_store(saved: Path, mode: str, seed: int) -> None:
    """SIGKILL at random moments, once before the first page: the same rows, in one continued run."""
    choose = random.Random(seed)
    moments = [0, *sorted(choose.sample(range(1, 180), KILLS - 1))]
    disturbed, undisturbed = saved / f"{mode}-killed.db", saved / f"{mode}.db"
    for number, pages in enumerate(moments):
        moment = both(rows_in(disturbed, "pages", pages), rows_in(disturbed, "run_attempts", number))
        kill_when(moment, *_command(saved, mode, disturbed))
        _verify(disturbed)
    for database in (disturbed, undisturbed):
        assert call_process(*_command(saved, mode, database)).exit_code == 0
    assert _verify(disturbed) == _verify(undisturbed) > 0
    with closing(open_database(disturbed)) as killed, closing(open_database(undisturbed)) as whole:
        (run,) = list_runs(killed)
        assert run.outcome is RunOutcome.DONE
        assert KILLS <= run.attempts <= KILLS + 1, "the first kill may come before the run has its row"
        assert comparable(killed) == comparable(whole)
        assert killed.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def _verify(database: Path) -> int:
    """Verify the evidence that a kill left, and return the number of confirmed pages."""
    if not database.exists():
        return 0
    with closing(open_database(database)) as db:
        return verify(db, evidence_folder(database)).pages


def _command(saved: Path, mode: str, database: Path) -> tuple[object, ...]:
    return ("crawl", "--db", database, "--sources", saved / f"{mode}.toml")
