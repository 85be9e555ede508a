"""Opening the store: from blank, again, by two at once, and everything that is not a store of ours."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.store import FULL, NOW, crawl_run, judge, score_all, see, use
from store.audit.chain import register_functions
from store.crawl.evidence import record_archive
from store.crawl.runs import begin_run, end_run, get_run, list_runs
from store.database import Connections, Database, open_database, transaction
from store.errors import StoreUnusable, UnknownRow
from store.migrations import append_only, migrations
from store.model import RunKind, RunOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("migrated_stores")

OPEN = "import sys; from pathlib import Path; from store.database import open_database\n"
"""What a child process begins with; the database is its first argument."""


def test_a_blank_file_gets_every_migration(store_path: Path) -> None:
    """WAL is on, foreign keys are held, and each step is on record."""
    with closing(open_database(store_path)) as db:
        assert [step.name[:4] for step in migrations.applied(db)][:3] == ["m001", "m002", "m003"]
        assert migrations.pending(db) == []
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert db.execute("PRAGMA foreign_keys").fetchone()[0] == 1
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_store_from_the_first_step_is_brought_up_to_date(tmp_path: Path) -> None:
    """A file of an older release gets the missing steps and keeps its rows."""
    path = tmp_path / "old.db"
    with closing(Database(path)) as old:
        migrations.apply(old, stop_before="m002_full_text_search")
        old.execute("INSERT INTO runs (kind, requested_at) VALUES ('score', '2026-11-24T12:00:00.000Z')")
        old.conn.commit()
    with closing(open_database(path)) as db:
        assert migrations.pending(db) == []
        assert [run.kind for run in list_runs(db)] == [RunKind.SCORE]


def test_opening_again_changes_nothing(store_path: Path) -> None:
    """The file has the same bytes after it was opened and closed."""
    before = store_path.read_bytes()
    open_database(store_path).close()
    assert store_path.read_bytes() == before


def test_missing_folders_are_made_unless_the_store_must_exist(tmp_path: Path) -> None:
    """A command that only reads leaves no empty store behind."""
    path = tmp_path / "new" / "folder" / "store.db"
    with pytest.raises(StoreUnusable, match="no such file"):
        open_database(path, must_exist=True)
    assert not path.parent.exists()
    open_database(path).close()
    assert path.exists()


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """Somebody else's database."""
    path = tmp_path / "foreign.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name)")
        connection.commit()
    return path


@pytest.fixture
def newer(store_path: Path) -> Path:
    """A store that a later release has migrated."""
    with closing(sqlite3.connect(store_path)) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('precursor-watch', 'm999_from_the_future', '2030-01-01')"
        )
        connection.commit()
    return store_path


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    """A file that is no database."""
    path = tmp_path / "notes.txt"
    path.write_text("These are notes, and quite long enough to be taken for a database header.\n" * 20)
    return path


@pytest.mark.parametrize(
    ("which", "said"),
    [
        ("foreign", "other tables \\(recipes\\)"),
        ("newer", "newer release .*m999"),
        ("text_file", "not a database"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_and_left_as_it_was(
    request: pytest.FixtureRequest, which: str, said: str
) -> None:
    """The sentence names the file and what it is; not one byte of it changes."""
    path: Path = request.getfixturevalue(which)
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match=said) as error:
        open_database(path)
    assert str(path) in str(error.value)
    assert "--db" in str(error.value)
    assert path.read_bytes() == before


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    """SQLite's own words are passed on in a sentence."""
    with pytest.raises(StoreUnusable, match="unable to open"):
        open_database(tmp_path)


def test_a_file_where_a_folder_should_be_is_refused(text_file: Path) -> None:
    """The path runs through a file."""
    with pytest.raises(StoreUnusable, match=r"exists|Not a directory"):
        open_database(text_file / "store.db")


@pytest.fixture
def closed_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a store that cannot be written; for root, a read-only disk."""
    folder = tmp_path / "closed"
    folder.mkdir()
    if os.geteuid():
        open_database(folder / "store.db").close()
        folder.chmod(0o500)
        yield folder
        folder.chmod(0o700)
        return
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False).returncode:
        pytest.skip("neither another user nor a disk of its own can be had")
    try:
        open_database(folder / "store.db").close()
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.process
@pytest.mark.parametrize("name", ["store.db", "new.db"])
def test_a_folder_that_cannot_be_written_to_is_named(closed_folder: Path, name: str) -> None:
    """The message does not suggest a backup, because the store is intact."""
    with pytest.raises(StoreUnusable) as error:
        open_database(closed_folder / name)
    assert f"this user cannot write to the folder {closed_folder}" in str(error.value)
    assert "backup" not in str(error.value)


def test_an_empty_file_is_no_store_to_read(tmp_path: Path) -> None:
    """A read leaves an empty file unchanged; without `must_exist` it becomes a store."""
    path, tableless = tmp_path / "empty.db", tmp_path / "tableless.db"
    path.touch()
    with closing(sqlite3.connect(tableless)) as connection:
        connection.execute("PRAGMA user_version = 1")
    for each in (path, tableless):
        before = each.read_bytes()
        with pytest.raises(StoreUnusable, match=r"it is empty .*`precursor-watch crawl` creates one"):
            open_database(each, must_exist=True)
        assert each.read_bytes() == before
        open_database(each).close()


def test_a_failed_transaction_leaves_nothing(db: Database) -> None:
    """Everything inside or nothing, also when the inner one succeeded."""

    def fail_halfway() -> None:
        with transaction(db):
            begin_run(db, RunKind.SCORE, now=NOW)
            get_run(db, 99)

    with pytest.raises(UnknownRow):
        fail_halfway()
    assert list_runs(db) == []
    assert not db.conn.in_transaction


@pytest.mark.process
def test_two_processes_may_create_the_same_store_at_once(tmp_path: Path) -> None:
    """One makes the tables, the others wait and find them."""
    path = tmp_path / "store.db"
    code = OPEN + "sys.stdin.read(1); open_database(Path(sys.argv[1])).close()"
    run_together(path, code, processes=4)
    with closing(open_database(path, must_exist=True)) as db:
        assert migrations.pending(db) == []


@pytest.mark.process
def test_two_processes_may_write_at_once(store_path: Path) -> None:
    """Each waits for the other's transaction; no row is lost and none fails."""
    code = OPEN + (
        "from store.model import RunKind; from store.crawl.runs import begin_run, end_run\n"
        "from store.model import RunOutcome; from store.times import utc_now\n"
        "db = open_database(Path(sys.argv[1])); sys.stdin.read(1)\n"
        "for _ in range(50):\n"
        "    run = begin_run(db, RunKind.SCORE, now=utc_now())\n"
        "    end_run(db, run.run_id, RunOutcome.DONE, 'Done.', now=utc_now())\n"
        "db.close()\n"
    )
    run_together(store_path, code, processes=2)
    with closing(open_database(store_path)) as db:
        runs = list_runs(db, limit=1000)
        assert sum(run.attempts for run in runs) == 100
        assert all(run.ended_at for run in runs)


def run_together(path: Path, code: str, *, processes: int) -> None:
    """Start processes that wait for a byte, give it to all of them, and check that none failed."""
    command = [sys.executable, "-c", code, str(path)]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("x")
        process.stdin.flush()
    assert [process.communicate()[1] for process in started] == [""] * processes
    assert {process.returncode for process in started} == {0}


@pytest.fixture
def filled(db: Database) -> Database:
    """A store with a row in every append-only table."""
    run_id = crawl_run(db)
    see(db, run_id, "https://andes.example/1", FULL)
    use(db)
    score_all(db)
    judge(db, 1)
    record_archive(db, run_id, Path(__file__), now=NOW)
    end_run(db, run_id, RunOutcome.DONE, "Done.", now=NOW)
    return db


@pytest.mark.parametrize("table", [*append_only("m001_life_of_a_listing"), "crawl_archives"])
@pytest.mark.parametrize("change", ["DELETE FROM {table}", "UPDATE {table} SET {column} = {column}"])
def test_no_row_of_a_listings_life_is_ever_edited(filled: Database, table: str, change: str) -> None:
    """A trigger refuses changes by any tool."""
    column = filled.table(table).columns[0].name
    assert filled.table(table).count > 0
    with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
        filled.execute(change.format(table=table, column=column))


@pytest.mark.parametrize("table", [*append_only("m001_life_of_a_listing"), "crawl_archives"])
def test_no_row_of_a_listings_life_is_ever_replaced(filled: Database, tmp_path: Path, table: str) -> None:
    """REPLACE is refused on plain connections too, where it would delete without a trigger."""
    with closing(sqlite3.connect(tmp_path / "copy.db")) as plain:
        filled.conn.backup(plain)
        register_functions(plain)
        row = plain.execute(f"SELECT * FROM {table}").fetchone()
        marks = ", ".join("?" * len(row))
        for verb in ("INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE", "INSERT"):
            with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
                plain.execute(f"{verb} INTO {table} VALUES ({marks})", row)
        assert plain.execute(f"SELECT * FROM {table}").fetchone() == row


def test_a_plain_connection_reads_and_writes_nothing(filled: Database, tmp_path: Path) -> None:
    """The record needs functions that only this program registers, so that no tool writes past it."""
    with closing(sqlite3.connect(tmp_path / "copy.db")) as plain:
        filled.conn.backup(plain)
        assert plain.execute("SELECT count(*) FROM standing_verdicts").fetchone() == (1,)
        with pytest.raises(sqlite3.OperationalError, match="no such function: record_line"):
            plain.execute("INSERT INTO legal_holds VALUES (1, '', 'r', 'ada', '2026-11-24T12:00:00.000Z')")


def test_no_unique_value_is_taken_over_by_a_new_row(filled: Database) -> None:
    """A score of the same sighting and model under a new id would delete the old one."""
    columns = (
        "sighting_id, model_id, run_id, scored_at, p_offer, threshold, substances, family, tier, reasons"
    )
    statement = f"INSERT OR REPLACE INTO scores ({columns}) SELECT {columns} FROM scores"
    with pytest.raises(sqlite3.IntegrityError, match="scores is append-only"):
        filled.execute(statement)
    assert filled.execute("SELECT score_id FROM scores").fetchall()[0][0] == 1


VERDICT_COLUMNS = "(listing_id, sighting_id, decision, note, reviewer, decided_at)"

OUR_TABLES = (
    "sources", "runs", "run_attempts", "run_endings", "pages", "listings", "sightings", "page_listings",
    "models", "promotions", "scores", "verdicts", "imported_labels", "crawl_archives",
    *append_only("m007_permissions_and_evidence"),
    "source_declarations", "permission_withdrawals",
)  # fmt: skip


@pytest.mark.parametrize("table", OUR_TABLES)
def test_every_table_is_strict(db: Database, table: str) -> None:
    """A text in a number's place is refused by SQLite itself."""
    row = db.execute("SELECT strict FROM pragma_table_list WHERE name = ?", [table]).fetchone()
    assert row[0] == 1


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO runs (kind, source_id, requested_at) VALUES ('crawl', 'nowhere', '')",
        "INSERT INTO run_endings VALUES (99, '', 'done', '', '{}')",
        "INSERT INTO promotions (model_id, promoted_at, promoted_by, sentence) VALUES ('none', '', '', '')",
        "INSERT INTO listings VALUES ('x', 'nowhere', '', '', '')",
        f"INSERT INTO verdicts {VERDICT_COLUMNS} VALUES ('none', 99, 'offer', '', 'ada', '')",
    ],
)
def test_a_row_that_points_nowhere_is_refused(db: Database, statement: str) -> None:
    """Foreign keys are held on every connection that `open_database` gives out."""
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        db.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO run_endings VALUES (1, '', 'done', '', 'no json')",
        "INSERT INTO sources VALUES ('x', 'rumour', '', '', '', '')",
        "INSERT INTO models VALUES ('x', '', '', '', 1.5, '{}')",
        f"INSERT INTO verdicts {VERDICT_COLUMNS} VALUES ('x', 1, 'maybe', '', 'ada', '')",
        f"INSERT INTO verdicts {VERDICT_COLUMNS} VALUES ('x', 1, 'offer', '', ' ', '')",
        f"INSERT INTO verdicts {VERDICT_COLUMNS} VALUES ('x', 1, 'undone', '', 'ada', '')",
    ],
)
def test_a_value_outside_its_range_is_refused(db: Database, statement: str) -> None:
    """Words and probabilities are checked where they are kept."""
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        db.execute(statement)


def test_a_lent_connection_comes_back_without_its_transaction(store_path: Path) -> None:
    """The next borrower gets the same connection, and nothing that was not committed."""
    with closing(Connections(store_path)) as connections:
        with connections.borrow() as first:
            first.conn.execute("INSERT INTO words (word) VALUES ('acetone')")
        with connections.borrow() as second:
            assert second is first
            assert not second.conn.in_transaction
            assert second.table("words").count == 0
