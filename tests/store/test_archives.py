"""Finding again the archive that a page was read from."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from fixtures.builders.store import FULL, NOW, crawl_run, see
from store.crawl.evidence import record_archive
from store.review.listings import listing_file
from tests.searches import search

if TYPE_CHECKING:
    from pathlib import Path

    from store.database import Database
    from store.review.listings import ListingFile


def only_listing(db: Database) -> ListingFile:
    """Return the one listing in the store."""
    (sighting,) = search(db, FULL.title)
    return listing_file(db, sighting.listing_id)


def test_a_file_is_kept_by_path_size_and_hash(db: Database, tmp_path: Path) -> None:
    """Once for each run, and the listing says where its page lies."""
    archive = tmp_path / "andes.zip"
    archive.write_bytes(b"bytes" * 100_000)
    run_id = crawl_run(db)
    for _ in range(2):
        record_archive(db, run_id, archive, now=NOW)
    see(db, run_id, "https://andes.example/1", FULL)
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    kept = db.execute("SELECT run_id, path, sha256, bytes FROM crawl_archives").fetchall()
    assert [tuple(row) for row in kept] == [(run_id, str(archive), sha256, 500_000)]
    listing = only_listing(db)
    assert (listing.archive, listing.archive_sha256) == (str(archive), sha256)


def test_a_folder_is_kept_by_its_path(db: Database, tmp_path: Path) -> None:
    """Each page of a folder has its own hash."""
    run_id = crawl_run(db)
    record_archive(db, run_id, tmp_path, now=NOW)
    see(db, run_id, "https://andes.example/1", FULL)
    listing = only_listing(db)
    assert (listing.archive, listing.archive_sha256) == (str(tmp_path), "")


def test_a_page_lies_in_the_archive_that_was_read_at_its_time(db: Database, tmp_path: Path) -> None:
    """An interrupted run may be gone on with when the file is another; both are on record."""
    archive = tmp_path / "andes.zip"
    run_id = crawl_run(db)
    archive.write_bytes(b"first")
    record_archive(db, run_id, archive, now=NOW - timedelta(minutes=1))
    see(db, run_id, "https://andes.example/1", FULL)
    archive.write_bytes(b"second")
    record_archive(db, run_id, archive, now=NOW + timedelta(minutes=1))
    assert db.table("crawl_archives").count == 2
    assert only_listing(db).archive_sha256 == hashlib.sha256(b"first").hexdigest()


def test_a_run_of_before_archives_were_kept_has_none(db: Database) -> None:
    """Its listings are shown nevertheless."""
    see(db, crawl_run(db), "https://andes.example/1", FULL)
    listing = only_listing(db)
    assert (listing.archive, listing.archive_sha256) == ("", "")
