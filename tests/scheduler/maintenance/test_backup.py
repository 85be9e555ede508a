"""Backup, restore, checking and retention, on a store with real evidence and a model."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from cli.main import group
from crawler.evidence.warc_records import EvidenceWrong
from fixtures.builders import store as build
from scheduler.children import logs_folder
from scheduler.maintenance.backup import (
    BackupWrong,
    EvidenceMissing,
    EvidenceUnlikeSeal,
    RestoreRefused,
    StillInUse,
    backups_folder,
    check_backup,
    list_backups,
    make_backup,
    read_manifest,
    restore,
    thin_backups,
)
from scheduler.maintenance.upkeep import check_everything, find_purgeable, purge
from scheduler.settings import MaintenanceSettings
from store.audit.audit import AuditAction, list_entries
from store.crawl.evidence import evidence_folder
from store.crawl.runs import latest_run
from store.database import open_database, transaction
from store.errors import UnknownRow
from store.locks import AlreadyUnderWay, hold
from store.model import RunKind, RunOutcome
from store.operations.integrity import StoreDamaged
from store.operations.retention import list_holds, place_hold, release_hold
from store.private import open_to_everybody
from store.review.cases import open_case, write_entry
from store.review.statistics import count_listings
from store.scores.scores import record_scores, unscored_sightings
from store.signing import sign
from tests.crawler.archives.site import BASE, Saved, html, warc
from tests.crawler.crawls import NOW, crawl, declare

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.process

SITE = (
    Saved(url=BASE, body=html("Home", "Hello")),
    Saved(url=BASE + "item/1", body=html("Oak chair", "<h1>Oak chair</h1><p>Price: 12 EUR</p>")),
)
NIGHT = datetime(2026, 11, 25, 2, 15, tzinfo=UTC)
YEAR = timedelta(days=365)


OF_BEFORE = '{"format": 1}'
"""The card of a model of an earlier release."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one crawl, its evidence, and a model whose folder lies beside it."""
    folder = tmp_path_factory.mktemp("care")
    (folder / "site.warc.gz").write_bytes(warc(SITE))
    database = folder / "store.db"
    crawl(database, declare(folder / "site.warc.gz", source_id="site"))
    with closing(open_database(database)) as db:
        build.use(db)
        model = folder / "models" / "aaaaaaaaaaaa"
        model.mkdir(parents=True)
        (model / "card.json").write_text(OF_BEFORE, encoding="utf-8")
    return database


@pytest.fixture
def store(kept: Path, tmp_path: Path) -> Path:
    """The same store, to be changed."""
    shutil.copytree(kept.parent, tmp_path / "here")
    return tmp_path / "here" / kept.name


def test_a_backup_restored_elsewhere_is_a_working_store(store: Path, tmp_path: Path) -> None:
    """Database, evidence and models are there, and everything is found whole."""
    backup = make_backup(store, tmp_path / "backups", now=NIGHT)
    target = tmp_path / "there" / "again.db"
    restore(backup.folder, target, by="ada", now=NIGHT)
    assert "entries) and the evidence (1 WARC file, 2 records, 2 pages) are intact." in check_everything(
        target
    )
    kept = (target, evidence_folder(target), evidence_folder(store), store, backup.folder)
    assert [path.stat().st_mode & 0o777 for path in kept] == [0o600, 0o700, 0o700, 0o600, 0o700]
    target.chmod(0o644)
    assert list(open_to_everybody([target])) == [target]
    tmp_path.joinpath("there").chmod(0o700)
    assert list(open_to_everybody([target])) == []
    assert (target.parent / "models" / "aaaaaaaaaaaa" / "card.json").read_text(encoding="utf-8") == OF_BEFORE
    with closing(open_database(target)) as db, closing(open_database(store)) as first:
        assert count_listings(db) == count_listings(first) > 0
        assert list_entries(db, limit=1)[0].action is AuditAction.STORE_RESTORED


def test_a_backup_is_made_while_others_write(store: Path, tmp_path: Path) -> None:
    """A backup does not wait for a writer and leaves out its unfinished transaction."""
    with closing(open_database(store)) as writer:
        writer.conn.execute("BEGIN IMMEDIATE")
        build_id = writer.conn.execute("INSERT INTO legal_holds VALUES (1, '', 'r', 'ada', 'now')").lastrowid
        backup = make_backup(store, tmp_path / "backups", now=NIGHT)
        writer.conn.rollback()
    assert build_id == 1
    with closing(sqlite3.connect(backup.folder / "store.db")) as copy:
        assert copy.execute("SELECT count(*) FROM legal_holds").fetchone() == (0,)


def test_evidence_is_copied_once_for_all_backups(store: Path, tmp_path: Path) -> None:
    """A sealed WARC file never changes; the second backup only points to it."""
    first = make_backup(store, tmp_path / "backups", now=NIGHT)
    second = make_backup(store, tmp_path / "backups", now=NIGHT + timedelta(days=1))
    assert second.bytes - second.copied_bytes == sum(
        path.stat().st_size for path in (tmp_path / "backups" / "evidence").iterdir()
    )
    assert first.copied_bytes > second.copied_bytes


def test_old_backups_are_thinned_with_the_evidence_only_they_had(store: Path, tmp_path: Path) -> None:
    """Evidence that a remaining backup needs is kept."""
    backups = tmp_path / "backups"
    folders = [make_backup(store, backups, now=NIGHT + timedelta(days=day)).folder for day in range(3)]
    (backups / "evidence" / "only-of-an-old-one.warc.gz").write_bytes(b"x")
    assert thin_backups(backups, keep=2) == [folders[0]]
    assert list_backups(backups) == folders[1:]
    assert {path.name for path in (backups / "evidence").iterdir()} == {
        each.path.split("/")[1]
        for each in read_manifest(folders[1]).files
        if each.path.startswith("evidence")
    }


@pytest.mark.parametrize("name", ["store.db", "manifest.json", "models/aaaaaaaaaaaa/card.json"])
def test_a_backup_with_a_missing_file_is_named_and_not_restored(
    store: Path, tmp_path: Path, name: str
) -> None:
    """Nothing is restored from an incomplete backup."""
    backup = make_backup(store, tmp_path / "backups", now=NIGHT)
    (backup.folder / name).unlink()
    with pytest.raises(BackupWrong, match=name.rsplit("/", maxsplit=1)[-1]):
        restore(backup.folder, tmp_path / "there.db", by="ada", now=NIGHT)
    assert not (tmp_path / "there.db").exists()


def test_a_backup_that_was_changed_is_named(store: Path, tmp_path: Path) -> None:
    """One byte of shared evidence."""
    backup = make_backup(store, tmp_path / "backups", now=NIGHT)
    (path,) = (tmp_path / "backups" / "evidence").iterdir()
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(BackupWrong, match="has changed since the backup"):
        check_backup(backup.folder)


def test_a_backup_is_signed_and_says_by_whom(store: Path, tmp_path: Path) -> None:
    """A manifest written anew is refused; one without a signature, as of the first release, is unsigned."""
    folder = make_backup(store, tmp_path / "backups", now=NIGHT).folder
    assert len(check_backup(folder).signed_by) == 32
    path = folder / "manifest.json"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"precursor-watch 0", b"precursor-watch 9"))
    with pytest.raises(BackupWrong, match="not the one that was signed"):
        check_backup(folder)
    path.write_bytes(whole)
    (folder / "signature.json").unlink()
    assert check_backup(folder).signed_by == ""


@pytest.mark.parametrize("there", ["../../", "/etc/"])
def test_a_manifest_that_points_outside_is_refused(store: Path, tmp_path: Path, there: str) -> None:
    """A backup from a stranger must not write where it likes."""
    backup = make_backup(store, tmp_path / "backups", now=NIGHT)
    path = backup.folder / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace("{db}.evidence/", there), encoding="utf-8")
    (backup.folder / "signature.json").write_bytes(sign(path.read_bytes(), tmp_path / "stranger.db"))
    with pytest.raises(BackupWrong, match="outside"):
        restore(backup.folder, tmp_path / "there" / "again.db", by="ada", now=NIGHT)


def test_nothing_is_restored_over_a_database(store: Path, tmp_path: Path) -> None:
    """An existing database is moved aside on request, and kept."""
    backup = make_backup(store, tmp_path / "backups", now=NIGHT)
    with pytest.raises(RestoreRefused, match="--replace"):
        restore(backup.folder, store, by="ada", now=NIGHT)
    restore(backup.folder, store, replace=True, by="ada", now=NIGHT)
    assert "are intact" in check_everything(store)


def test_what_is_moved_aside_is_a_whole_store_with_what_was_not_folded_in_yet(
    store: Path, tmp_path: Path
) -> None:
    """The write-ahead log and the evidence move with the database."""
    backup = make_backup(store, tmp_path / "backups", now=NIGHT)
    with closing(open_database(store)) as db:
        place_hold(db, "site", reason="Case 7", by="ada", now=NOW)
        shutil.copyfile(f"{store}-wal", tmp_path / "wal")
    shutil.copyfile(tmp_path / "wal", f"{store}-wal")  # as a kill leaves it
    restore(backup.folder, store, replace=True, by="ada", now=NIGHT)
    aside = store.with_name("store.db.before-20261125T021500Z")
    assert "are intact" in check_everything(aside)
    with closing(open_database(aside)) as db, closing(open_database(store)) as restored:
        assert (len(list_holds(db)), len(list_holds(restored))) == (1, 0)


def test_nothing_is_restored_under_a_review_app_or_a_crawl(store: Path, tmp_path: Path) -> None:
    """A running process would write to the database that was moved aside."""
    backup = make_backup(store, tmp_path / "backups", now=NIGHT)
    with hold(store, "serve-1"), pytest.raises(StillInUse, match="serve-1"):
        restore(backup.folder, store, replace=True, by="ada", now=NIGHT)


def test_a_backup_that_fails_leaves_nothing_behind(store: Path, tmp_path: Path) -> None:
    """A copy each night of a store whose evidence is damaged would fill the disk."""
    (path,) = evidence_folder(store).iterdir()
    path.write_bytes(b"damaged")
    with pytest.raises(EvidenceUnlikeSeal, match="evidence verify"):
        make_backup(store, tmp_path / "backups", now=NIGHT)
    assert list((tmp_path / "backups").glob("*T*Z")) == []


def test_nothing_is_restored_under_a_running_service(store: Path, tmp_path: Path) -> None:
    """The service would write to the database that was moved aside."""
    backup = make_backup(store, tmp_path / "backups", now=NIGHT)
    with hold(store, "service"), pytest.raises(AlreadyUnderWay):
        restore(backup.folder, store, replace=True, by="ada", now=NIGHT)


def test_a_damaged_database_is_found(store: Path) -> None:
    """A page in the middle overwritten, as a failing disk does."""
    with closing(open_database(store)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with store.open("rb+") as file:
        file.seek(8 * 4096)
        file.write(b"\xff" * 8 * 4096)
    with pytest.raises(StoreDamaged, match="restore the last backup"):
        check_everything(store)


def test_room_that_holds_nothing_is_given_back(store: Path) -> None:
    """Unused space is freed if there is enough of it and no crawl is writing."""
    with closing(open_database(store)) as db:
        db.execute("CREATE TABLE filler AS SELECT zeroblob(4000000) AS x")
        db.execute("DROP TABLE filler")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        listings = count_listings(db)
    before = store.stat().st_size
    assert check_everything(store).endswith("2 pages) are intact.")
    with hold(store, "crawl-site"):
        assert "while other work is running (crawl-site)" in check_everything(store, vacuum_free_percent=20)
    assert store.stat().st_size == before
    with hold(store, "service"):
        assert check_everything(store, vacuum_free_percent=20).endswith(
            "MB of the database are unused: reclaimed."
        )
    assert store.stat().st_size < before - 3_900_000
    with closing(open_database(store)) as db:
        assert count_listings(db) == listings
    assert check_everything(store, vacuum_free_percent=20).endswith("2 pages) are intact.")


def test_the_commands_leave_a_row_each(store: Path) -> None:
    """Backup, verify and purge say in the ledger how they ended; a failure too."""
    for name in ("backup", "verify", "purge"):
        result = CliRunner().invoke(group, [name, "--db", str(store)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
    (path,) = evidence_folder(store).iterdir()
    path.write_bytes(b"")
    assert isinstance(CliRunner().invoke(group, ["verify", "--db", str(store)]).exception, EvidenceWrong)
    with closing(open_database(store)) as db:
        outcomes = {kind: latest_run(db, kind) for kind in (RunKind.BACKUP, RunKind.VERIFY, RunKind.PURGE)}
    assert {kind: run and run.outcome for kind, run in outcomes.items()} == {
        RunKind.BACKUP: RunOutcome.DONE,
        RunKind.VERIFY: RunOutcome.FAILED,
        RunKind.PURGE: RunOutcome.DONE,
    }
    assert list_backups(backups_folder(store))


def score_all(store: Path, p_offer: float) -> None:
    """Score all listings."""
    with closing(open_database(store)) as db:
        for sighting in unscored_sightings(db, "aaaaaaaaaaaa", limit=10):
            record_scores(db, [build.score(sighting.sighting_id, p_offer)])


def test_evidence_of_what_was_not_scored_yet_is_kept(store: Path) -> None:
    """Nobody knows what it is."""
    assert find_purgeable(store, MaintenanceSettings(evidence_days=30), now=NOW + YEAR).evidence == ()


def test_evidence_of_a_listing_in_a_case_is_kept(store: Path) -> None:
    """Though it was never flagged or judged."""
    score_all(store, 0.1)
    with closing(open_database(store)) as db:
        (listing,) = db.execute("SELECT listing_id FROM page_listings LIMIT 1").fetchone()
        case = open_case(db, "2026-7", "Of a search", opened_by="ada", now=NOW)
        write_entry(db, case, "listing", listing_id=listing, written_by="ada", now=NOW)
    assert find_purgeable(store, MaintenanceSettings(evidence_days=30), now=NOW + YEAR).evidence == ()


def test_old_evidence_that_nothing_speaks_for_goes_and_leaves_a_tombstone(store: Path) -> None:
    """`evidence verify` passes before and after, and says how many were taken away."""
    score_all(store, 0.1)
    care = MaintenanceSettings(evidence_days=30)
    assert find_purgeable(store, care, now=NOW).evidence == ()
    (gone,) = purge(store, care, by="ada", now=NOW + YEAR).evidence
    assert list(evidence_folder(store).iterdir()) == []
    assert "0 records" in check_everything(store)
    with closing(open_database(store)) as db:
        (row,) = db.execute("SELECT file, sha256, purged_by FROM evidence_tombstones")
        (entry,) = list_entries(db, action=AuditAction.EVIDENCE_PURGED)
    assert tuple(row) == (gone.file, gone.sha256, "ada")
    assert (entry.actor, entry.details["sha256"]) == ("ada", gone.sha256)
    assert purge(store, care, by="ada", now=NOW + YEAR).evidence == ()


@pytest.mark.parametrize("source", ["site", ""])
def test_a_hold_keeps_evidence_until_it_is_released(store: Path, source: str) -> None:
    """Of its source, or of all."""
    score_all(store, 0.1)
    care = MaintenanceSettings(evidence_days=30)
    with closing(open_database(store)) as db:
        number = place_hold(db, source, reason="Case 7", by="ada", now=NOW)
        assert find_purgeable(store, care, now=NOW + YEAR).evidence == ()
        release_hold(db, number, by="ben", now=NOW)
        logged = [(each.action, each.actor) for each in list_entries(db, subject=f"hold:{number}")]
    assert logged == [(AuditAction.HOLD_RELEASED, "ben"), (AuditAction.HOLD_PLACED, "ada")]
    assert len(find_purgeable(store, care, now=NOW + YEAR).evidence) == 1


@pytest.mark.parametrize(("p_offer", "kept_files"), [(0.9, 0), (0.1, 1)])
def test_evidence_of_what_was_flagged_is_kept(store: Path, p_offer: float, kept_files: int) -> None:
    """A score above the threshold of its time counts, even if another model is in use now."""
    score_all(store, p_offer)
    care = MaintenanceSettings(evidence_days=30)
    assert len(find_purgeable(store, care, now=NOW + YEAR).evidence) == kept_files


def test_a_hold_on_a_source_that_is_not_known_is_refused(store: Path) -> None:
    """A mistyped name would keep nothing."""
    with closing(open_database(store)) as db, pytest.raises(UnknownRow, match="no source siet"):
        place_hold(db, "siet", reason="Case 7", by="ada", now=NOW)


def test_a_backup_without_a_file_that_the_store_points_to_says_so(store: Path, tmp_path: Path) -> None:
    """And leaves nothing behind."""
    (path,) = evidence_folder(store).iterdir()
    path.unlink()
    with pytest.raises(EvidenceMissing, match="is missing"):
        make_backup(store, tmp_path / "backups", now=NIGHT)


def test_old_logs_go(store: Path) -> None:
    """Young ones stay, and with 0 days all do."""
    logs_folder(store).mkdir()
    (logs_folder(store) / "score.20261124T090000Z.1.log").write_text("x", encoding="utf-8")
    later = datetime.now(UTC) + timedelta(days=91)
    assert find_purgeable(store, MaintenanceSettings(), now=datetime.now(UTC)).logs == ()
    assert find_purgeable(store, replace(MaintenanceSettings(), log_days=0), now=later).logs == ()
    assert len(purge(store, MaintenanceSettings(), by="ada", now=later).logs) == 1
    assert list(logs_folder(store).iterdir()) == []


def test_a_wrong_count_of_the_queue_is_put_right(store: Path) -> None:
    """The counts beside the filters are derived: whoever changed them by SQL hid nothing for long."""
    with closing(open_database(store)) as db:
        rows = "SELECT * FROM review_counts WHERE items <> 0 ORDER BY facet, value, state"
        right = [tuple(row) for row in db.execute(rows)]
        with transaction(db):
            db.execute("DELETE FROM review_counts WHERE facet = 'all'")
            db.execute("INSERT INTO review_counts VALUES ('all', '', 'waiting', 7)")
        check_everything(store)
        assert [tuple(row) for row in db.execute(rows)] == right
