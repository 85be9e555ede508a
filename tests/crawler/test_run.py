"""A crawl that cannot be done says why: in the run's row, and in one sentence on standard error."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from crawler.archives import ArchiveError
from crawler.errors import CrawlError
from crawler.run.run import crawl_source
from fixtures.marketplaces.build import write_site
from store.crawl.runs import list_runs
from store.database import open_database, transaction
from store.errors import Interrupted, StoreError
from store.locks import AlreadyUnderWay, hold
from store.model import RunOutcome
from tests import warm
from tests.cli.calls import call_process
from tests.crawler.archives.site import BASE, Saved, html, warc
from tests.crawler.crawls import ROOT, crawl, declare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.process

TABLE = """
[sources.shop]
name = "Shop"
archive = "{archive}"
supplied_by = "the tests"
supplied_on = 2026-11-24
"""


def command(folder: Path, *arguments: str, archive: str = "saved") -> list[str]:
    """Return the arguments of a crawl whose sources file and store lie in `folder`."""
    sources = folder / "sources.toml"
    sources.write_text(TABLE.format(archive=archive), "utf-8")
    store = ["--db", str(folder / "precursor-watch.db"), "--sources", str(sources)]
    return ["crawl", *store, *arguments]


def write_absent(path: Path) -> None:
    """Leave nothing there."""


def write_empty(path: Path) -> None:
    """Leave a folder in which nothing is."""
    path.mkdir()


def write_without_pages(path: Path) -> None:
    """Leave a folder that holds a style only."""
    path.mkdir()
    (path / "style.css").write_bytes(b"p {}")


def write_picture(path: Path) -> None:
    """Write something that is no archive."""
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))


def write_forbidden(path: Path) -> None:
    """Write a circular link, which nobody can open, not even root."""
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (write_absent, "cannot be opened (No such file or directory); expected a folder"),
        (write_empty, "has no saved page; expected a folder"),
        (write_without_pages, "has no saved page; expected a folder"),
        (write_picture, "is not a saved page or archive; expected a folder"),
        (write_forbidden, "cannot be opened (Too many levels of symbolic links); expected a folder"),
    ],
)
def test_an_archive_that_cannot_be_opened_fails_the_run(
    write: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    """The command exits with 1 and a sentence, and the run's row ends as failed with the same one."""
    write(tmp_path / "saved")
    done = call_process(*command(tmp_path))
    assert done.exit_code == 1
    assert said in done.err
    assert "Traceback" not in done.err
    with closing(open_database(tmp_path / "precursor-watch.db")) as db:
        (run,) = list_runs(db)
    assert run.outcome is RunOutcome.FAILED
    assert said in run.sentence


NOISE = random.Random(20261126).randbytes(5_000)


@pytest.mark.parametrize("name", ["saved.zip", "saved.wacz", "saved.warc.gz", "saved.warc", "saved"])
def test_an_archive_of_which_nothing_can_be_read_fails_the_run(name: str, tmp_path: Path) -> None:
    """Noise under the name of an archive, alone or in a folder, is no crawl of one unreadable page."""
    if name == "saved":
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.zip").write_bytes(NOISE)
        (tmp_path / name / "b.warc.gz").write_bytes(NOISE)
    else:
        (tmp_path / name).write_bytes(NOISE)
    done = call_process(*command(tmp_path, archive=name))
    assert (done.exit_code, done.out) == (1, "")
    assert f"{name} has no readable page. " in done.err
    assert "Supply a whole copy, or correct `archive` of shop in the sources file." in done.err
    with closing(open_database(tmp_path / "precursor-watch.db")) as db:
        (run,) = list_runs(db)
        entries = db.execute("SELECT count(*) FROM pages WHERE outcome = 'unreadable'").fetchone()[0]
    assert run.outcome is RunOutcome.FAILED
    assert "has no readable page" in run.sentence
    assert entries == (2 if name == "saved" else 1)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_may_not_be_listed_fails_the_run(tmp_path: Path) -> None:
    """The message names the folder and the reason."""
    (tmp_path / "saved").mkdir(mode=0)
    done = call_process(*command(tmp_path))
    assert done.exit_code == 1
    assert "The folder cannot be listed: Permission denied." in done.err


def test_a_manifest_that_cannot_be_opened_fails_the_run(tmp_path: Path) -> None:
    """A typing error in the sources file is no crawl of something else."""
    (tmp_path / "saved").mkdir()
    declared = declare(tmp_path / "saved", manifest=tmp_path / "absent.csv")
    with pytest.raises(ArchiveError, match=r"manifest .*absent\.csv cannot be opened"):
        crawl(tmp_path / "precursor-watch.db", declared)


def test_a_crawl_none_of_whose_beginnings_was_saved_fails(tmp_path: Path) -> None:
    """A typing error in `start` is no crawl of nothing; one of several that is missing is a row."""
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "a.warc").write_bytes(warc([Saved(url=BASE, body=html("Home"))], is_gzip=False))
    database, absent = tmp_path / "precursor-watch.db", BASE + "absent"
    with pytest.raises(CrawlError, match=r"has none of the start addresses \(.*/absent\)"):
        crawl(database, declare(tmp_path / "saved", start=(absent,)))
    run = crawl(database, declare(tmp_path / "saved", start=(absent, BASE)))
    with closing(open_database(database)) as db:
        assert [each.outcome for each in list_runs(db)] == [RunOutcome.DONE, RunOutcome.FAILED]
    assert run.counts["pages"] == 2


def test_entries_that_cannot_be_read_are_pages_with_the_reason(tmp_path: Path) -> None:
    """A broken ZIP among good pages has a row with its place and the fault."""
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    (tmp_path / "saved" / "good.warc").write_bytes(
        warc([Saved(url=BASE, body=html("Home", "Hello"))], is_gzip=False)
    )
    run = crawl(tmp_path / "precursor-watch.db", declare(tmp_path / "saved"))
    with closing(open_database(tmp_path / "precursor-watch.db")) as db:
        rows = dict(db.execute("SELECT url, sentence FROM pages").fetchall())
    assert run.outcome is RunOutcome.DONE
    assert rows["archive:broken.zip"].startswith("The ZIP cannot be opened: ")
    assert BASE in rows


def test_a_source_is_crawled_by_one_process_at_a_time(tmp_path: Path) -> None:
    """The second is refused at once, with a sentence, and leaves no run behind."""
    (tmp_path / "saved").mkdir()
    database = tmp_path / "precursor-watch.db"
    with hold(database, "crawl-shop"):
        with pytest.raises(AlreadyUnderWay, match="Another process is already working on crawl-shop"):
            crawl_source(database, declare(tmp_path / "saved"))
        done = call_process(*command(tmp_path))
    assert (done.exit_code, done.out) == (1, "")
    assert "Wait for it, or stop it first" in done.err
    with closing(open_database(database)) as db:
        assert list_runs(db) == []


def test_a_page_that_cannot_be_kept_ends_the_crawl_as_failed(tmp_path: Path) -> None:
    """Rather than be done without a page, the run fails and says which and why; the next begins anew."""
    write_site("labware-shop", "warc", tmp_path / "saved")
    database = tmp_path / "precursor-watch.db"
    with closing(open_database(database)) as db:
        db.execute("""
            CREATE TRIGGER full BEFORE INSERT ON pages WHEN (SELECT count(*) FROM pages) = 3
            BEGIN INSERT INTO a_full_disk VALUES (1); END
        """)
    done = call_process(*command(tmp_path))
    said = r"The crawl of shop ended early: https://\S+ could not be stored \(no such table: \S+a_full_disk\)"
    assert done.exit_code == 1
    assert re.search(said, done.err)
    assert "<html" not in done.err, "the page's own text is no matter for a log"
    with closing(open_database(database)) as db:
        (run,) = list_runs(db)
    assert run.outcome is RunOutcome.FAILED
    assert re.match(said, run.sentence)
    assert run.sentence.endswith("The pages read so far are stored; the next crawl starts again.")


def test_sources_that_fail_do_not_keep_the_others_from_being_crawled(tmp_path: Path) -> None:
    """Of two sources the first is not there; the second is crawled, and the command exits with 1."""
    write_site("labware-shop", "wacz", tmp_path / "there")
    arguments = command(tmp_path, archive="absent")
    with (tmp_path / "sources.toml").open("a", encoding="utf-8") as sources:
        sources.write(TABLE.format(archive="there").replace("sources.shop", "sources.other"))
    done = call_process(*arguments)
    assert done.exit_code == 1
    assert "absent cannot be opened" in done.err
    assert done.out.startswith("other: done. ")


@pytest.fixture
def two_sources(tmp_path: Path) -> list[str]:
    """The command line of a crawl of two sources, each the same saved marketplace, as installed."""
    write_site("harbor-wholesale", "folder", tmp_path / "saved")
    arguments = command(tmp_path)
    with (tmp_path / "sources.toml").open("a", encoding="utf-8") as sources:
        sources.write(TABLE.format(archive="saved").replace("sources.shop", "sources.other"))
    return [sys.executable, "-P", "-m", "cli", *arguments]


def test_a_module_in_the_folder_it_is_called_in_is_not_imported(
    two_sources: list[str], tmp_path: Path
) -> None:
    """Evidence may hold a file of any name; neither the command nor its children run it."""
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    for name in ("click.py", "json.py", "cli.py"):
        (evidence / name).write_text("raise SystemExit('evidence was executed')", "utf-8")
    done = subprocess.run(two_sources, cwd=evidence, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split(".")[0] for line in done.stdout.splitlines()] == ["shop: done", "other: done"]


def test_several_crawls_asked_to_stop_leave_no_child_and_begin_no_other(
    two_sources: list[str], tmp_path: Path
) -> None:
    """SIGTERM reaches the crawl that runs, and the second source is not begun."""
    database = tmp_path / "precursor-watch.db"
    write_many(tmp_path / "saved")
    process = subprocess.Popen(two_sources, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with held(database, process):
        process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=300)
    assert process.returncode == Interrupted.EXIT_CODE
    assert b"The crawl of shop was stopped; the next start resumes it." in said
    with hold(database, "crawl-shop"), closing(open_database(database)) as db:
        (run,) = list_runs(db)
    assert (run.source_id, run.ended_at) == ("shop", None)


def test_progress_is_told_page_by_page(tmp_path: Path) -> None:
    """The number of pages recorded grows by one up to those of the archive."""
    write_site("labware-shop", "wacz", tmp_path / "saved")
    code = (
        "import sys; from pathlib import Path; from crawler.run.run import crawl_source\n"
        "from tests.crawler.crawls import declare\n"
        "crawl_source(Path(sys.argv[1]), declare(Path(sys.argv[2])), progress=print)"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path / "precursor-watch.db"), str(tmp_path / "saved")]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True)
    told = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert told == [(number, len(told)) for number in range(1, len(told) + 1)]
    assert told


def test_a_due_time_goes_with_one_source(tmp_path: Path) -> None:
    """A due time for several sources at once is misuse."""
    arguments = command(tmp_path, "--due-at", "2026-11-24T09:00:00")
    with (tmp_path / "sources.toml").open("a", encoding="utf-8") as sources:
        sources.write(TABLE.format(archive="there").replace("sources.shop", "sources.other"))
    done = call_process(*arguments)
    assert done.exit_code == 2
    assert "--due-at needs exactly one source" in done.err


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT], [signal.SIGTERM, signal.SIGTERM]])
def test_a_crawl_asked_to_stop_is_gone_on_with_by_the_next(
    signals: list[signal.Signals], tmp_path: Path
) -> None:
    """The run has no ending, what was read is kept, and the next start does the rest under the same run.

    A service manager and the service may both send the signal, so the second changes nothing.
    """
    write_many(tmp_path / "saved")
    database = tmp_path / "precursor-watch.db"
    with (tmp_path / "said").open("w+b") as errors, (tmp_path / "out").open("w+b") as out:
        process = warm.start(*command(tmp_path), stdin=out, stdout=out, stderr=errors)
        with held(database, process):
            for number in signals:
                process.send_signal(number)
        assert process.wait(timeout=300) == Interrupted.EXIT_CODE
        errors.seek(0)
        said = errors.read()
    assert b"The crawl of shop was stopped; the next start resumes it." in said
    assert b"Traceback" not in said
    with closing(open_database(database)) as db:
        (run,) = list_runs(db)
        kept = db.execute("SELECT count(*) FROM pages").fetchone()[0]
    assert run.ended_at is None
    again = crawl(database, declare(tmp_path / "saved"))
    assert (again.run_id, again.attempts, again.outcome) == (run.run_id, 2, RunOutcome.DONE)
    assert again.counts["pages"] == 200 > kept > 0


def write_many(folder: Path) -> None:
    """Save more pages than a crawl has read before the first of them are recorded."""
    folder.mkdir(exist_ok=True)
    pages = [Saved(url=f"{BASE}{number}", body=html(f"Item {number}")) for number in range(200)]
    (folder / "many.warc").write_bytes(warc(pages, is_gzip=False))


@contextmanager
def held(database: Path, process: subprocess.Popen[bytes] | warm.Started) -> Iterator[None]:
    """Wait until a crawl has recorded pages, and keep it from recording more while inside."""
    while process.poll() is None:
        try:
            with closing(open_database(database, must_exist=True)) as db:
                has_pages = db.execute("SELECT count(*) FROM pages").fetchone()[0] > 0
        except StoreError:  # the store is not there yet
            has_pages = False
        if has_pages:
            with closing(open_database(database)) as db, transaction(db):
                yield
            return
        time.sleep(0.005)
    raise AssertionError("the crawl ended too soon")


@pytest.mark.parametrize(
    "touch", ["socket.create_connection(('127.0.0.1', 9))", "socket.getaddrinfo('shop.example', 80)"]
)
def test_the_guard_under_which_these_crawls_run_works(touch: str) -> None:
    """In a process with the guard, connecting to an address and looking one up both raise."""
    guard = "from tests.crawler.crawls import refuse_network; sys.addaudithook(refuse_network)"
    arguments = [sys.executable, "-c", f"import socket, sys; {guard}; {touch}"]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "NetworkTouched: " in done.stderr
