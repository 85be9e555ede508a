"""Walks all evidence of a store and names the first thing that does not match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.evidence.read import EvidenceWrong, read_record, sha256_as_read
from crawler.evidence.seal import all_seals, hash_of
from store.crawl import evidence
from store.operations.retention import buried_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from store.crawl.evidence import EvidenceFile, EvidenceRecord
    from store.database import Database


@dataclass(slots=True, kw_only=True)
class Verified:
    """What was walked and found to match."""

    files: int = 0
    purged: int = 0
    """Of the files: retention took them away and left a tombstone, which says why."""
    unsealed: int = 0
    """Of the files: still being written, or left by a process that died; their records were checked."""
    records: int = 0
    revisits: int = 0
    """Of the records."""
    pages: int = 0
    bytes: int = 0
    seals: str = ""
    """One line for all seals, to be written down, see `crawler.evidence.seal.all_seals`."""


def verify(
    db: Database,
    folder: Path,
    *,
    since: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Verified:
    """Check every file, record and page that the store knows, and that it knows every file there is.

    Of a file: its size and SHA-256 as sealed. Of a record: place, identity, digests, payload, and for a
    revisit the record that it repeats. Of a page: the SHA-256 of its bytes as read.

    Args:
        db: The store.
        folder: Of its evidence.
        since: A line that an earlier walk gave for all seals, which must still hold.
        progress: Called after each file with (files walked, all files).

    Raises:
        EvidenceWrong: At the first thing that does not match.
    """
    _expect_seals(db, since)
    present = sorted(folder.iterdir()) if folder.is_dir() else []  # first: a crawl may add one meanwhile
    done, files, buried = Verified(), evidence.list_files(db), buried_files(db)
    _expect_known(present, files)
    for number, each in enumerate(files, start=1):
        if each.file in buried:
            done.purged += 1
            continue
        records = evidence.records_in(db, each.file)
        _verify_file(folder, each, has_records=bool(records))
        as_read = _verify_records(db, folder, records)
        for page_id, url, sha256, record_id in evidence.pages_with_payload(db, each.file):
            found = as_read[record_id] or sha256
            if found != sha256:
                raise EvidenceWrong(
                    f"page {page_id} ({url})", f"its bytes have the SHA-256 {found}; the store says {sha256}"
                )
            done.pages += 1
        done.files += 1
        done.unsealed += each.sealed_bytes is None
        done.records += len(records)
        done.revisits += sum(record.record_type == "revisit" for record in records)
        done.bytes += sum(record.length for record in records)
        if progress:
            progress(number, len(files))
    done.seals = all_seals(db)
    return done


def _expect_seals(db: Database, since: str) -> None:
    if not since:
        return
    count = since.partition("-")[0]
    found = all_seals(db, first=int(count) if count.isdecimal() else 0)
    if found != since:
        raise EvidenceWrong("the seals", f"they give {found}; the line written down is {since}")


def _expect_known(present: Iterable[Path], files: Iterable[EvidenceFile]) -> None:
    known = {each.file for each in files}
    for path in present:
        if path.name not in known:
            raise EvidenceWrong(path.name, "the file is not known to the store; take it out of the folder")


def _verify_file(folder: Path, file: EvidenceFile, *, has_records: bool) -> None:
    path = folder / file.file
    if not path.exists():
        if has_records or file.sealed_bytes is not None:
            raise EvidenceWrong(file.file, "the file is missing")
        return  # its process died between naming and making it
    if file.sealed_bytes is None:
        return
    size, sha256 = hash_of(path)
    if size != file.sealed_bytes:
        raise EvidenceWrong(file.file, f"it has {size:,} bytes; it was sealed with {file.sealed_bytes:,}")
    if sha256 != file.sealed_sha256:
        raise EvidenceWrong(
            file.file, f"it has the SHA-256 {sha256}; it was sealed with {file.sealed_sha256}"
        )


def _verify_records(db: Database, folder: Path, records: list[EvidenceRecord]) -> dict[str, str]:
    """Return the SHA-256 of each record's payload as a page is read."""
    as_read = {}
    for record in records:
        kept = read_record(folder, record)
        if record.repeats:
            kept = read_record(folder, _original(db, record))
        as_read[record.record_id] = sha256_as_read(kept)
    return as_read


def _original(db: Database, record: EvidenceRecord) -> EvidenceRecord:
    original = evidence.chain_of(db, record)[-1]
    where = f"{record.file}#{record.offset}"
    if original.repeats is not None:
        raise EvidenceWrong(where, f"the record {original.repeats} that it repeats is not in the store")
    if original.payload_sha256 != record.payload_sha256:
        raise EvidenceWrong(where, f"the record {original.record_id} that it repeats has another payload")
    return original
