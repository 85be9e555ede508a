"""What is kept of each page, and that no change of it goes unnoticed."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from warcio.archiveiterator import ArchiveIterator

from cli.evidence import command
from crawler.evidence.keeper import EvidenceKeeper
from crawler.evidence.verify import all_seals, verify
from crawler.evidence.warc_records import EvidenceWrong, Exchange
from store.crawl import evidence
from store.crawl.evidence import evidence_folder, record_evidence
from store.crawl.runs import list_runs
from store.database import open_database
from tests.crawler.archives.site import BASE, Saved, html, warc
from tests.crawler.crawls import NOW, crawl, declare

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.process

SITE = (
    Saved(url=BASE, body=html("Home", "Hello")),
    Saved(url=BASE + "item/1", body=html("Oak chair", "<h1>Oak chair</h1><p>Price: 12 EUR</p>")),
    Saved(url=BASE + "item/1?copy=1", body=html("Oak chair", "<h1>Oak chair</h1><p>Price: 12 EUR</p>")),
    Saved(url=BASE + "gone", body=html("404", "Not found"), status="404 Not Found"),
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store into which the same small site was crawled twice, from a WARC and from a folder."""
    folder = tmp_path_factory.mktemp("evidence")
    (folder / "site.warc.gz").write_bytes(warc(SITE))
    (folder / "saved").mkdir()
    (folder / "saved" / "lamp.html").write_bytes(html("Lamp", "Price: 3 EUR"))
    database = folder / "store.db"
    for _ in range(2):
        for name, source in (("site.warc.gz", "site"), ("saved", "files")):
            crawl(database, declare(folder / name, source_id=source))
    return database


@pytest.fixture
def copy(kept: Path, tmp_path: Path) -> Path:
    """The same store, to be damaged."""
    shutil.copytree(kept.parent, tmp_path / "copy")
    return tmp_path / "copy" / kept.name


def walk(database: Path) -> str:
    """Return what `verify` says first, or nothing."""
    with closing(open_database(database)) as db:
        try:
            verify(db, evidence_folder(database))
        except EvidenceWrong as error:
            return str(error)
    return ""


def test_every_page_is_kept_and_the_same_payload_once(kept: Path) -> None:
    """Two crawls of five pages, two of them alike: ten records, of which four hold a payload."""
    with closing(open_database(kept)) as db:
        done = verify(db, evidence_folder(kept))
        kinds = db.execute("SELECT record_type, count(*) FROM evidence_records GROUP BY 1 ORDER BY 1")
        assert [tuple(row) for row in kinds] == [("resource", 1), ("response", 3), ("revisit", 6)]
    assert (done.files, done.unsealed, done.records, done.revisits, done.pages) == (4, 0, 10, 6, 10)


def test_another_reader_opens_the_files(kept: Path) -> None:
    """The iterator of warcio iterator reads every record to its end, and every digest passes."""
    kinds = set()
    for path in sorted(evidence_folder(kept).iterdir()):
        with path.open("rb") as handle:
            for record in ArchiveIterator(handle, check_digests="raise"):
                record.content_stream().read()
                kinds.add(record.rec_type)
    assert kinds == {"warcinfo", "response", "resource", "revisit", "metadata"}


def test_a_saved_page_has_no_request_made_up(kept: Path) -> None:
    """Nobody was asked, so the metadata says where the page lay, and there is no request record."""
    with closing(open_database(kept)) as db:
        first = evidence.list_files(db, source_id="site")[0]
    with (evidence_folder(kept) / first.file).open("rb") as handle:
        records = list(map(_read, ArchiveIterator(handle)))
    notes = [text for kind, text in records if kind == "metadata"]
    assert [kind for kind, _ in records].count("request") == 0
    assert f"run: {first.run_id}\r\nsource: site\r\nsaved-in: site.warc.gz#" in notes[0]


def _read(record: object) -> tuple[str, str]:
    return record.rec_type, record.raw_stream.read().decode("utf-8", "replace")  # type: ignore[attr-defined]


def flip(path: Path, offset: int) -> None:
    """Change one byte of a file."""
    content = bytearray(path.read_bytes())
    content[offset] ^= 0x55
    path.write_bytes(content)


def unseal(database: Path) -> None:
    """Take the seals out, so that only the records speak."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DROP TRIGGER evidence_seals_no_delete")
        connection.execute("DELETE FROM evidence_seals")


def edit(statement: str) -> Callable[[Path, Path], None]:
    """Return a change of the store itself, past its triggers."""

    def change(database: Path, _: Path) -> None:
        with closing(sqlite3.connect(database)) as connection, connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (name,) in names:
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute(statement)

    return change


def inside(where: str) -> Callable[[Path, Path], None]:
    """Return a change of one byte within the first record of a file that has no seal."""

    def change(database: Path, file: Path) -> None:
        unseal(database)
        with closing(open_database(database)) as db:
            record = evidence.records_in(db, file.name)[0]
        flip(
            file, record.offset + {"head": 14, "middle": record.length // 2, "sum": record.length - 6}[where]
        )

    return change


DAMAGES: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "a byte of a sealed file": (lambda _, file: flip(file, 400), "it has the SHA-256 "),
    "a byte more": (lambda _, file: file.write_bytes(file.read_bytes() + b"x"), "it was sealed with"),
    "a file cut short": (lambda _, file: file.write_bytes(file.read_bytes()[:-9]), "it was sealed with"),
    "a file gone": (lambda _, file: file.unlink(), "the file is missing"),
    "a file added": (
        lambda _, file: (file.parent / "a.warc.gz").touch(),
        "the file is not known to the store",
    ),
    "a record's head": (inside("head"), "the record cannot be read"),
    "a record's body": (inside("middle"), "the record cannot be read"),
    "a record's checksum": (inside("sum"), "the record cannot be read"),
    "an index row moved": (
        edit("UPDATE evidence_records SET offset = offset + 1 WHERE rowid = 2"),
        "the record cannot be read",
    ),
    "an index row's address": (
        edit("UPDATE evidence_records SET url = 'https://other.example/' WHERE rowid = 2"),
        "its warc-target-uri is",
    ),
    "an index row's hash": (
        edit("UPDATE evidence_records SET payload_sha256 = 'ab' WHERE rowid = 2"),
        "its payload has the SHA-256",
    ),
    "a page's hash": (edit("UPDATE pages SET payload_sha256 = 'ab' WHERE page_id = 2"), "the store says ab"),
    "a page given another's record": (
        edit("UPDATE page_evidence SET record_id = (SELECT record_id FROM page_evidence WHERE page_id = 1)"),
        "its bytes have the SHA-256",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_first_thing_that_does_not_match_is_named(copy: Path, damage: str) -> None:
    """A change in a file or in the store is found and described."""
    change, said = DAMAGES[damage]
    assert walk(copy) == ""
    change(copy, max(evidence_folder(copy).iterdir()))
    found = walk(copy)
    assert said in found
    assert found.endswith(".")


def test_verify_prints_what_it_walked_and_fails_on_the_first_mismatch(copy: Path) -> None:
    """The command prints its progress and exits with 1 at the first mismatch."""
    good = CliRunner().invoke(command, ["verify", "--db", str(copy)])
    assert good.exit_code == 0
    assert good.output.startswith("4 files, 10 records (including 6 revisits) and 10 pages match; ")
    next(evidence_folder(copy).iterdir()).unlink()
    bad = CliRunner().invoke(command, ["verify", "--db", str(copy)])
    assert isinstance(bad.exception, EvidenceWrong)


def test_a_line_written_down_holds_until_a_seal_is_changed(copy: Path) -> None:
    """Later files change nothing of it; a seal that was rewritten with its file is found all the same."""
    with closing(open_database(copy)) as db:
        line = verify(db, evidence_folder(copy)).seals
        first = all_seals(db, first=2)
        assert line.startswith("4-")
        assert verify(db, evidence_folder(copy), since=first).seals == line
    edit("UPDATE evidence_seals SET sealed_at = '2020-01-01T00:00:00.000Z' WHERE rowid = 1")(copy, copy)
    assert walk(copy) == ""
    with closing(open_database(copy)) as db, pytest.raises(EvidenceWrong, match="not the line of --since"):
        verify(db, evidence_folder(copy), since=first)


def test_a_file_that_is_full_is_sealed_and_another_begun(tmp_path: Path) -> None:
    """Each has its own head, and every record is found in the file in which it lies."""
    database = tmp_path / "store.db"
    crawl(database, declare(_site_of(tmp_path, 30)))
    with closing(open_database(database)) as db:
        (run,) = list_runs(db)
        notes = {"source": "shop"}
        with EvidenceKeeper(
            db, evidence_folder(database), source_id="shop", run_id=run.run_id, now=lambda: NOW,
            notes=notes, max_file_bytes=2_000,
        ) as keeper:  # fmt: skip
            for number in range(12):
                body = random.Random(number).randbytes(900)
                url = f"{BASE}{number}"
                keeper.keep(Exchange(url=url, at=NOW, status=200, headers=(), body=body, is_http=False))
                record_evidence(db, keeper.sync())
        done = verify(db, evidence_folder(database))
        assert (done.files, done.unsealed) == (1 + 6, 0)
        assert done.records == 30 + 12


def _site_of(folder: Path, pages: int) -> Path:
    (folder / "saved").mkdir()
    for number in range(pages):
        (folder / "saved" / f"{number}.html").write_bytes(html(f"Lamp {number}", f"Price: {number} EUR"))
    return folder / "saved"


def test_the_command_line_of_warcio_finds_nothing_wrong(kept: Path) -> None:
    """`warcio check` passes every digest, and `warcio index` lists every record that the store knows."""
    warcio = Path(sys.executable).with_name("warcio")
    with closing(open_database(kept)) as db:
        files = evidence.list_files(db)
        known = {record.offset for record in evidence.records_in(db, files[0].file)}
    path = str(evidence_folder(kept) / files[0].file)
    checked = subprocess.run([warcio, "check", "-v", path], capture_output=True, text=True, check=True)
    assert "digest failed" not in checked.stdout
    assert "digest pass" in checked.stdout
    fields = ["index", "-f", "offset,warc-type", path]
    index = subprocess.run([warcio, *fields], capture_output=True, text=True, check=True).stdout
    offsets = {int(json.loads(line)["offset"]) for line in index.splitlines()}
    assert known <= offsets


def test_show_prints_a_page_by_number_or_address(kept: Path) -> None:
    """Record, headers and size; the body alone when asked for, also of a page kept as a revisit."""
    shown = CliRunner().invoke(command, ["show", BASE + "gone", "--db", str(kept)])
    assert "WARC-Type: revisit" in shown.output
    assert "HTTP/1.1 404 Not Found" in shown.output
    body = CliRunner().invoke(command, ["show", BASE + "gone", "--body", "--db", str(kept)])
    assert body.stdout_bytes == html("404", "Not found")
    by_number = CliRunner().invoke(command, ["show", "1", "--json", "--db", str(kept)])
    assert f'"url": "{BASE}"' in by_number.output
    absent = CliRunner().invoke(command, ["show", BASE + "absent", "--db", str(kept)])
    assert str(absent.exception).startswith(f"No evidence of the page '{BASE}absent' is stored")


def test_a_file_left_by_a_dead_process_is_cut_to_whole_records_and_sealed(copy: Path) -> None:
    """The next crawl truncates a half-written record and says so; indexed bytes are kept."""
    file = max(evidence_folder(copy).glob("site-*"))
    whole = file.read_bytes()
    unseal(copy)
    file.write_bytes(whole + whole[:150])
    crawl(copy, declare(copy.parent / "site.warc.gz", source_id="site"))
    assert file.read_bytes() == whole
    with closing(open_database(copy)) as db:
        said = {each.file: each.sentence for each in evidence.list_files(db)}
    assert said[file.name] == "Its process died; 150 bytes of an unfinished record were cut off."
    assert walk(copy) == ""
