"""The index of the evidence: which WARC file or archive holds each page, and the seal of each file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from store import rows, times
from store.model import LAST_ROW
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path


FORMAT = "precursor-watch evidence bundle 1"
"""Raise the number with any change after which an older `evidence verify` would misread a bundle."""

WARC = "evidence.warc.gz"
"""The records, byte by byte as they were kept."""

RECORDS = "records.json"
"""Where each record lies, and which page it is."""

LISTINGS = "listings.jsonl"
"""What was decided."""

MANIFEST = "manifest.json"
"""The SHA-256 of every other file."""

README = "README.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRecord:
    """Where one response lies: a record of a WARC file."""

    record_id: str
    """The UUID in the record's `WARC-Record-ID`."""
    file: str
    """Name of the WARC file, in the folder of evidence."""
    offset: int
    """Of the record's first byte in the file."""
    length: int
    """Bytes that the record takes in the file, compressed."""
    record_type: str
    """`response`, `resource` (a saved page without HTTP headers) or `revisit`."""
    run_id: int
    url: str
    written_at: datetime
    payload_sha256: str
    """Of the body as it came: dechunked, but still compressed if it came so."""
    payload_bytes: int
    repeats: str | None = None
    """For a revisit, the id of the record that holds the same payload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFile:
    """A WARC file as the store knows it."""

    file: str
    run_id: int
    opened_at: datetime
    sealed_bytes: int | None = None
    """Its size when it was sealed; None for a file that is being written, or was when its process died."""
    sealed_sha256: str = ""
    sentence: str = ""


def evidence_folder(database: Path) -> Path:
    """Return the folder of the WARC files that belong to a store: its name, then `.evidence`."""
    return database.with_name(database.name + ".evidence")


def open_file(db: Database, file: str, run_id: int, *, now: datetime) -> None:
    """Write the name of a WARC file that is about to be made."""
    with transaction(db):
        rows.insert(db, "evidence_files", {"file": file, "run_id": run_id, "opened_at": times.to_text(now)})


def seal_file(db: Database, file: str, *, size: int, sha256: str, sentence: str, now: datetime) -> None:
    """Write how a WARC file stands, to which nothing more will be added."""
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
    """Write the index rows of records that are on the disk already."""
    with transaction(db):
        for record in records:
            values = {name: getattr(record, name) for name in record.__slots__}
            rows.insert(
                db,
                "evidence_records",
                values | {"url": rows.clean(record.url), "written_at": times.to_text(record.written_at)},
            )


def record_with_payload(db: Database, payload_sha256: str) -> EvidenceRecord | None:
    """Return the record that holds a payload, or None when it is not kept, not yet or no longer."""
    query = """
        SELECT * FROM evidence_records WHERE payload_sha256 = ? AND repeats IS NULL
        AND file NOT IN (SELECT file FROM evidence_tombstones) LIMIT 1
    """
    row = db.execute(query, [payload_sha256]).fetchone()
    return None if row is None else _record(row)


def get_record(db: Database, record_id: str) -> EvidenceRecord | None:
    """Return one record, or None when there is none of that id."""
    row = db.execute("SELECT * FROM evidence_records WHERE record_id = ?", [record_id]).fetchone()
    return None if row is None else _record(row)


def chain_of(db: Database, record: EvidenceRecord) -> list[EvidenceRecord]:
    """Return a record, the one it repeats, the one that repeats, and so on; the last holds the payload.

    The last of a chain that is broken, or that leads back into itself, still names a record that it repeats.
    """
    chain = [record]
    while following := get_record(db, chain[-1].repeats or ""):
        if following in chain:
            break
        chain.append(following)
    return chain


def record_of_page(db: Database, page_id: int) -> EvidenceRecord | None:
    """Return the record that a page was read from, or None when its bytes are not kept."""
    query = """
        SELECT evidence_records.* FROM page_evidence JOIN evidence_records USING (record_id)
        WHERE page_id = ?
    """
    row = db.execute(query, [page_id]).fetchone()
    return None if row is None else _record(row)


def records_in(db: Database, file: str) -> list[EvidenceRecord]:
    """Return the records of a file in the order in which they lie there."""
    query = "SELECT * FROM evidence_records WHERE file = ? ORDER BY offset"
    return [_record(row) for row in db.execute(query, [file])]


def list_files(db: Database, *, source_id: str | None = None) -> list[EvidenceFile]:
    """Return the WARC files in the order in which they were begun; of one source, if named."""
    query = """
        SELECT file, run_id, opened_at, bytes, sha256, sentence
        FROM evidence_files LEFT JOIN evidence_seals USING (file) JOIN runs USING (run_id)
        WHERE ? IS NULL OR source_id = ? ORDER BY evidence_files.rowid
    """
    return [_file(row) for row in db.execute(query, [source_id, source_id])]


def list_seals(db: Database) -> Iterator[tuple[str, int, str, str]]:
    """Yield file, size, SHA-256 and time of each seal, in the order in which they were set."""
    for row in db.execute("SELECT file, bytes, sha256, sealed_at FROM evidence_seals ORDER BY rowid"):
        yield row["file"], row["bytes"], row["sha256"], row["sealed_at"]


def pages_with_payload(db: Database, file: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield page id, address, the page's SHA-256 and record id of each page kept whole in a file."""
    query = """
        SELECT page_id, pages.url, pages.payload_sha256, record_id
        FROM evidence_records JOIN page_evidence USING (record_id) JOIN pages USING (page_id)
        WHERE file = ? AND outcome NOT IN ('truncated', 'too_large', 'unreadable')
    """
    for row in db.execute(query, [file]):
        yield row["page_id"], row["url"], row["payload_sha256"], row["record_id"]


def find_page(db: Database, page: str) -> int | None:
    """Return the id of a page, given as its id or its address; of an address, the newest kept."""
    if page.isdecimal():
        if len(page) > len(str(LAST_ROW)) or int(page) > LAST_ROW:
            return None
        row = db.execute("SELECT page_id FROM pages WHERE page_id = ?", [int(page)]).fetchone()
    else:
        query = "SELECT max(page_id) FROM pages JOIN page_evidence USING (page_id) WHERE url = ?"
        row = db.execute(query, [page]).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def _record(row: rows.Row) -> EvidenceRecord:
    values = {name: row[name] for name in EvidenceRecord.__slots__}
    return EvidenceRecord(**values | {"written_at": times.from_text(row["written_at"])})


def _file(row: rows.Row) -> EvidenceFile:
    return EvidenceFile(
        file=row["file"],
        run_id=row["run_id"],
        opened_at=times.from_text(row["opened_at"]),
        sealed_bytes=row["bytes"],
        sealed_sha256=row["sha256"] or "",
        sentence=row["sentence"] or "",
    )


def record_archive(db: Database, run_id: int, path: Path, *, now: datetime) -> None:
    """Write which archive a run reads: its absolute path and, for a file, its SHA-256 and size.

    The same archive is written once for a run, however often the run is gone on with. A folder has no
    hash of its own; each page in it has one.
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
