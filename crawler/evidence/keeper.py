"""Store the answers of one crawl as evidence: write, deduplicate, sync, index and seal them."""

from __future__ import annotations

import hashlib
import os
from importlib.metadata import version
from typing import TYPE_CHECKING, Self

from crawler.archives.warc import GzipMember
from crawler.evidence.warc_records import (
    WarcFile,
    metadata_record,
    new_record_id,
    request_record,
    response_record,
    revisit_record,
    warcinfo_record,
)
from store.crawl import evidence
from store.crawl.evidence import EvidenceRecord
from store.errors import StoreUnwritable
from store.private import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from warcio.recordloader import ArcWarcRecord

    from crawler.evidence.warc_records import Exchange
    from store.database import Database

MAX_FILE_BYTES = 500_000_000
"""Size at which a file is sealed; the WARC guidelines recommend at most about twice as much."""
_REMEMBERED = 50_000
"""Number of payload hashes cached in memory; older ones are looked up in the store."""
_BLOCK_BYTES = 65_536


class EvidenceKeeper:
    """Writes the WARC files of one attempt at a run. Close it, or use it as a context manager."""

    def __init__(
        self,
        db: Database,
        folder: Path,
        *,
        source_id: str,
        run_id: int,
        now: Callable[[], datetime],
        notes: Mapping[str, str],
        max_file_bytes: int = MAX_FILE_BYTES,
    ) -> None:
        """Take the values of the run. The first answer creates a file.

        Args:
            db: The open store.
            folder: The evidence folder; created when missing.
            source_id: The source crawled; part of each file's name.
            run_id: The run.
            now: The clock.
            notes: Notes for the head of each file.
            max_file_bytes: Size at which a new file begins.
        """
        self._db = db
        self._folder = folder
        self._source_id = source_id
        self._run_id = run_id
        self._now = now
        self._notes = notes
        self._max_file_bytes = max_file_bytes
        self._file: WarcFile | None = None
        self._pending: list[EvidenceRecord] = []
        self._recent: dict[str, EvidenceRecord] = {}

    def keep(self, exchange: Exchange, *, same_as: EvidenceRecord | None = None) -> EvidenceRecord:
        """Write an answer with its request and metadata, and return its index row.

        The answer is safe once `sync` has returned. A body that any crawl has already stored is not written
        again: the new record is a revisit of the old one. `same_as` is the unchanged record, if the site
        answered HTTP 304. If that record is a revisit, the new record refers to the same original, so a
        payload is never more than one step away.
        """
        if self._file is not None and self._file.size >= self._max_file_bytes:
            self._seal()
        file = self._file or self._open()
        payload = hashlib.sha256(exchange.body)
        record_id, sha256, size = new_record_id(), payload.hexdigest(), len(exchange.body)
        if same_as is not None:
            original: EvidenceRecord | None = evidence.chain_of(self._db, same_as)[-1]
        else:
            original = self._known(sha256) if size else None
        if original is None:
            kind = "response" if exchange.is_http else "resource"
            offset, length = self._write(file, response_record(exchange, record_id, payload.digest()))
        else:
            kind, sha256, size = "revisit", original.payload_sha256, original.payload_bytes
            of = (original.record_id, original.url, original.written_at)
            repeat = revisit_record(exchange, record_id, bytes.fromhex(sha256), of=of)
            offset, length = self._write(file, repeat)
        if exchange.request_headers is not None:
            self._write(file, request_record(exchange, record_id))
        self._write(file, metadata_record(exchange, record_id))
        record = EvidenceRecord(
            record_id=record_id,
            file=file.path.name,
            offset=offset,
            length=length,
            record_type=kind,
            run_id=self._run_id,
            url=exchange.url,
            written_at=exchange.at,
            payload_sha256=sha256,
            payload_bytes=size,
            repeats=original.record_id if original else None,
        )
        self._pending.append(record)
        if original is None:
            self._remember(record)
        return record

    def sync(self) -> list[EvidenceRecord]:
        """Sync the answers so far to disk, and return their index rows."""
        pending, self._pending = self._pending, []
        if self._file is not None and pending:
            self._file.sync()
        return pending

    def close(self) -> None:
        """Seal the file. Answers that were never synced stay in it without an index row."""
        if self._file is not None:
            self._seal()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close the keeper. If closing fails after another error, the next crawl seals the file."""
        try:
            self.close()
        except (OSError, StoreUnwritable):
            if kind is None:
                raise

    def _known(self, sha256: str) -> EvidenceRecord | None:
        return self._recent.get(sha256) or evidence.record_with_payload(self._db, sha256)

    def _remember(self, record: EvidenceRecord) -> None:
        if len(self._recent) >= _REMEMBERED:
            self._recent.pop(next(iter(self._recent)))
        self._recent[record.payload_sha256] = record

    def _open(self) -> WarcFile:
        private_folder(self._folder)
        at = self._now()
        stamp = at.strftime("%Y%m%d%H%M%S")
        taken = len(evidence.list_files(self._db, source_id=self._source_id))
        name = f"{self._source_id}-{self._run_id:06d}-{stamp}-{taken + 1:05d}-{os.getpid()}.warc.gz"
        evidence.open_file(self._db, name, self._run_id, now=at)
        self._file = WarcFile(self._folder / name)
        about = {
            "software": f"precursor-watch {version('precursor-watch')}",
            "format": "WARC File Format 1.1",
        }
        file = self._file
        self._write(file, warcinfo_record(name, at, about | dict(self._notes)))
        return file

    def _write(self, file: WarcFile, record: ArcWarcRecord) -> tuple[int, int]:
        """Append a record. If that fails, leave the file for the next crawl to repair."""
        try:
            return file.write(record)
        except OSError:
            file.abandon()
            self._file = None
            self._pending.clear()
            raise

    def _seal(self) -> None:
        assert self._file is not None
        self._file.close()
        size, sha256 = hash_of(self._file.path)
        evidence.seal_file(
            self._db, self._file.path.name, size=size, sha256=sha256, sentence="", now=self._now()
        )
        self._file = None


def hash_of(path: Path) -> tuple[int, str]:
    """Return a file's size in bytes and its SHA-256."""
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256")
        return handle.tell(), digest.hexdigest()


def seal_interrupted(db: Database, folder: Path, source_id: str, *, now: datetime) -> None:
    """Seal the files that a dead process left open. The caller must hold the source's lock.

    An unfinished record is cut off, so that other programs can read the file to its end. No row refers to
    an unfinished record, since a complete record is on disk before its row is written.
    """
    for each in evidence.list_files(db, source_id=source_id):
        path = folder / each.file
        if each.sealed_bytes is not None or not path.exists():
            continue
        indexed = [record.offset + record.length for record in evidence.records_in(db, each.file)]
        whole = _end_of_whole_records(path, known=max(indexed, default=0))
        torn = path.stat().st_size - whole
        if torn:
            os.truncate(path, whole)
        size, sha256 = hash_of(path)
        cut = f"{torn:,} bytes of an unfinished record were cut off" if torn else "no record was unfinished"
        sentence = f"Its process died; {cut}."
        evidence.seal_file(db, each.file, size=size, sha256=sha256, sentence=sentence, now=now)


def _end_of_whole_records(path: Path, *, known: int) -> int:
    """Return the offset behind the last complete gzip member, at least `known`."""
    end = known
    with path.open("rb") as handle:
        while True:
            handle.seek(end)
            member = GzipMember(handle)
            while member.read(_BLOCK_BYTES):
                pass
            if member.is_broken:
                return end
            end = member.end_offset
