"""Sealing: a file's hash once nothing more is added, also of a file whose process died over it."""

from __future__ import annotations

import hashlib
import os
import zlib
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from store.crawl import evidence

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from store.database import Database

_GZIP = 31
_BLOCK_BYTES = 65_536


def hash_of(path: Path) -> tuple[int, str]:
    """Return a file's size in bytes and its SHA-256."""
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256")
        return handle.tell(), digest.hexdigest()


def seal_interrupted(db: Database, folder: Path, source_id: str, *, now: datetime) -> None:
    """Seal the files of a source that a process left open when it died; the caller holds the source's lock.

    A record that was being written at that moment is cut off, so that other readers can read the file to
    its end. No row points to it: a record is on the disk whole before it has a row.
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


def all_seals(db: Database, *, first: int | None = None) -> str:
    """Return one line for all seals, or the first so many: their number and a hash over each and its place.

    Whoever has written it down can tell later that none of these files or seals was changed or taken out.
    """
    digest, count = hashlib.sha256(), 0
    for file, size, sha256, sealed_at in islice(evidence.list_seals(db), first):
        digest.update(f"{file} {size} {sha256} {sealed_at}\n".encode())
        count += 1
    return f"{count}-{digest.hexdigest()}"


def _end_of_whole_records(path: Path, *, known: int) -> int:
    """Return the offset behind the last gzip member that ends with its own checksum, at least `known`."""
    end = known
    with path.open("rb") as handle:
        while (size := _member_size(handle, end)) is not None:
            end += size
    return end


def _member_size(handle: BinaryIO, start: int) -> int | None:
    """Return how many bytes the gzip member at `start` takes; None when it is broken, or there is none."""
    handle.seek(start)
    member, size = zlib.decompressobj(_GZIP), 0
    while block := handle.read(_BLOCK_BYTES):
        try:
            while block and not member.eof:
                member.decompress(block, _BLOCK_BYTES)  # a little at a time, and thrown away
                size += len(block) - len(member.unconsumed_tail) - len(member.unused_data)
                block = member.unconsumed_tail
        except zlib.error:
            return None
        if member.eof:
            return size
    return None
