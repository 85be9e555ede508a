"""A crawl whose disk becomes full: one sentence, no traceback, and a run that says it failed."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from store.crawl.runs import list_runs
from store.database import open_database
from store.locks import locks_folder
from store.model import RunOutcome
from tests.crawler.archives.site import BASE, Saved, warc
from tests.crawler.test_run import command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.process

LIMIT = 70_000_000
"""Bytes of the largest file: the unpacked language model stays below, four pages of noise do not."""


def crawl_process(arguments: list[str], *, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    """Crawl in a process of its own, which may write no file larger than the limit."""

    def restrain() -> None:
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        capture_output=True, text=True, check=False, preexec_fn=restrain,
    )  # fmt: skip


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of 1.5 MB, where the system lets one be made."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("only root may make a small disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def assert_failed(done: subprocess.CompletedProcess[str], database: Path, said: str) -> None:
    """Check that one line says why, that the run's row does too, and that no room is kept any more."""
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert said in line
    with closing(open_database(database)) as db:
        (run,) = list_runs(db)
    assert run.outcome is RunOutcome.FAILED
    assert said in run.sentence
    assert not list(locks_folder(database).glob("*.reserve"))


def test_a_full_disk_ends_the_crawl_with_one_sentence(small_disk: Path, tmp_path: Path) -> None:
    """The ending has room all the same, and no page has a traceback."""
    chance = random.Random(2)
    pages = [Saved(url=f"{BASE}{number}", body=chance.randbytes(200_000)) for number in range(20)]
    (tmp_path / "saved.warc").write_bytes(warc(pages, is_gzip=False))
    arguments = command(tmp_path, archive="saved.warc")
    arguments[arguments.index("--db") + 1] = str(small_disk / "precursor-watch.db")
    done = crawl_process(arguments)
    assert_failed(done, small_disk / "precursor-watch.db", " could not be stored (")


def test_evidence_that_the_disk_refuses_ends_the_crawl_with_one_sentence(tmp_path: Path) -> None:
    """Pages under way behind it are let pass in silence; the next crawl cuts the record off and is done."""
    noise = [random.Random(number).randbytes(LIMIT // 4 + 250_000) for number in range(4)]
    pages = [Saved(url=f"{BASE}{number}", body=(*noise, *[b"<p>x"] * 16)[number]) for number in range(20)]
    (tmp_path / "saved.warc").write_bytes(warc(pages, is_gzip=False))
    database = tmp_path / "precursor-watch.db"
    done = crawl_process(command(tmp_path, archive="saved.warc"), limit=LIMIT)
    assert_failed(done, database, f"{BASE}3 could not be stored ({os.strerror(27)}).")
    assert crawl_process(command(tmp_path, archive="saved.warc")).returncode == 0
    with closing(open_database(database)) as db:
        torn = db.execute("SELECT sentence FROM evidence_seals ORDER BY rowid LIMIT 1").fetchone()[0]
        assert list_runs(db)[0].counts["pages"] == 20
    assert "of an unfinished record were cut off" in torn
