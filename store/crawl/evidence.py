"""The index of the evidence: the WARC file or archive of each page, and the seal of each file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from store import rows, times
from store.model import LAST_ROW
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


UNSIGNED_FORMAT = "precursor-watch evidence bundle 1"
"""Format of the first release."""
FORMAT = "precursor-watch evidence bundle 2"
"""Increase the number with every change that an older `evidence verify` would misread."""

WARC = "evidence.warc.gz"
"""The stored records, byte for byte."""

RECORDS = "records.json"
"""The position and the page of each record."""

LISTINGS = "listings.jsonl"
"""The decided listings."""

MANIFEST = "manifest.json"
"""The SHA-256 of every other file."""

README = "README.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRecord:
    """A record of a WARC file, with one response."""

    record_id: str
    """The UUID in the record's `WARC-Record-ID`."""
    file: str
    """Name of the WARC file in the evidence folder."""
    offset: int
    """Position of the first byte of the record in the file."""
    length: int
    """Compressed size of the record in bytes."""
    record_type: str
    """`response`, `resource` (a saved page without HTTP headers) or `revisit`."""
    run_id: int
    url: str
    written_at: datetime
    payload_sha256: str
    """Hash of the body as received: dechunked, but not decompressed."""
    payload_bytes: int
    repeats: str | None = None
    """For a revisit record, the id of the record with the same payload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFile:
    """A WARC file and its seal."""

    file: str
    run_id: int
    opened_at: datetime
    sealed_bytes: int | None = None
    """Size when sealed; None for a file that is not sealed."""
    sealed_sha256: str = ""
    sentence: str = ""


def evidence_folder(database: Path) -> Path:
    """Return the folder of the WARC files of a store: the name of the database, then `.evidence`."""
    return database.with_name(database.name + ".evidence")


def open_file(db: Database, file: str, run_id: int, *, now: datetime) -> None:
    """Record the name of a WARC file before its creation."""
    with transaction(db):
        rows.insert(db, "evidence_files", {"file": file, "run_id": run_id, "opened_at": times.to_text(now)})


def seal_file(db: Database, file: str, *, size: int, sha256: str, sentence: str, now: datetime) -> None:
    """Record the size and hash of a finished WARC file."""
    values = {
        "file": file,
        "bytes": size,
        "sha256": sha256,
        "sealed_at": times.to_text(now),
        "sentence": rows.clean(sentence),
    }
    with transaction(db):
        rows.insert(db, "evidence_seals", values, ignore=True)


def record_evidence(db: Database, records: Iterable[EvidenceRecord]) -> None:
    """Index records that are already on the disk."""
    with transaction(db):
        for record in records:
            rows.insert(db, "evidence_records", rows.columns_of(record))


def record_with_payload(db: Database, payload_sha256: str) -> EvidenceRecord | None:
    """Return the record that now has a payload, or None."""
    query = """
        SELECT * FROM evidence_records WHERE payload_sha256 = ? AND repeats IS NULL
        AND file NOT IN (SELECT file FROM evidence_tombstones) LIMIT 1
    """
    return rows.find(db, EvidenceRecord, query, [payload_sha256])


def get_record(db: Database, record_id: str) -> EvidenceRecord | None:
    """Return the record with this id, or None."""
    query = "SELECT * FROM evidence_records WHERE record_id = ?"
    return rows.find(db, EvidenceRecord, query, [record_id])


def chain_of(db: Database, record: EvidenceRecord) -> list[EvidenceRecord]:
    """Return a record followed by the records that it repeats; the last one has the payload.

    The last record of a broken or circular chain still names a record that it repeats.
    """
    chain = [record]
    while following := get_record(db, chain[-1].repeats or ""):
        if following in chain:
            break
        chain.append(following)
    return chain


def record_of_page(db: Database, page_id: int) -> EvidenceRecord | None:
    """Return the record of a page, or None if the bytes of the page are not stored."""
    query = """
        SELECT evidence_records.* FROM page_evidence JOIN evidence_records USING (record_id)
        WHERE page_id = ?
    """
    return rows.find(db, EvidenceRecord, query, [page_id])


def records_in(db: Database, file: str) -> list[EvidenceRecord]:
    """Return the records of a file in file order."""
    query = "SELECT * FROM evidence_records WHERE file = ? ORDER BY offset"
    return rows.select(db, EvidenceRecord, query, [file])


def list_files(db: Database, *, source_id: str | None = None) -> list[EvidenceFile]:
    """Return the WARC files of one source, or of all sources, oldest first."""
    query = """
        SELECT file, run_id, opened_at, bytes AS sealed_bytes, sha256 AS sealed_sha256, sentence
        FROM evidence_files LEFT JOIN evidence_seals USING (file) JOIN runs USING (run_id)
        WHERE ? IS NULL OR source_id = ? ORDER BY evidence_files.rowid
    """
    return rows.select(db, EvidenceFile, query, [source_id, source_id])


def list_seals(db: Database) -> Iterator[tuple[str, int, str, str]]:
    """Yield file, size, SHA-256 and time of each seal, oldest first."""
    for row in db.execute("SELECT file, bytes, sha256, sealed_at FROM evidence_seals ORDER BY rowid"):
        yield row["file"], row["bytes"], row["sha256"], row["sealed_at"]


def pages_with_payload(db: Database, file: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield page id, URL, SHA-256 of the payload and record id of each page stored whole in a file."""
    query = """
        SELECT page_id, pages.url, pages.payload_sha256, record_id
        FROM evidence_records JOIN page_evidence USING (record_id) JOIN pages USING (page_id)
        WHERE file = ? AND outcome NOT IN ('truncated', 'too_large', 'unreadable')
    """
    for row in db.execute(query, [file]):
        yield row["page_id"], row["url"], row["payload_sha256"], row["record_id"]


def find_page(db: Database, page: str) -> int | None:
    """Return the id of a page, given by its id or its URL; for a URL, the newest stored page."""
    if page.isdecimal():
        if len(page) > len(str(LAST_ROW)) or int(page) > LAST_ROW:
            return None
        row = db.execute("SELECT page_id FROM pages WHERE page_id = ?", [int(page)]).fetchone()
    else:
        query = "SELECT max(page_id) FROM pages JOIN page_evidence USING (page_id) WHERE url = ?"
        row = db.execute(query, [page]).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def record_archive(db: Database, run_id: int, path: Path, *, now: datetime) -> None:
    """Record the archive that a run reads: its absolute path and, for a file, its SHA-256 and size.

    A resumed run records the same archive only once. A folder has no hash, but each page in it has one.
    """
    values = {
        "run_id": run_id,
        "path": rows.clean(str(path.absolute())),
        "recorded_at": times.to_text(now),
        "sha256": "",
    }
    if path.is_file():
        with path.open("rb") as file:
            values |= {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": file.tell()}
    with transaction(db):
        rows.insert(db, "crawl_archives", values, ignore=True)
