"""Checks an exported evidence bundle by itself: no store is needed."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.evidence.bundle_parts import read_files, read_listings, read_manifest, read_records
from crawler.evidence.read import EvidenceWrong, read_record
from store.crawl.bundle_format import FORMAT, MANIFEST, WARC

if TYPE_CHECKING:
    from store.crawl.evidence import EvidenceRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedBundle:
    """What was checked and found to match."""

    listings: int
    records: int
    without_page: int
    exported_at: str
    exported_by: str
    manifest_sha256: str


def verify_bundle(path: Path) -> VerifiedBundle:
    """Check that the bundle holds what its manifest says, and that every record is what it was.

    Raises:
        EvidenceWrong: At the first thing that does not match.
    """
    files = read_files(path)
    manifest = read_manifest(path, files)
    if manifest["format"] != FORMAT:
        raise EvidenceWrong(path.name, f"its format is {manifest['format']!r}; expected {FORMAT!r}")
    _check_files(path, files, manifest["files"])
    records, lines = read_records(path, files), read_listings(path, files)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / WARC).write_bytes(files[WARC])
        for record in records:
            read_record(Path(folder), record)
    _check_repeats(path, records)
    _check_listings(path, lines, manifest["listings"])
    return VerifiedBundle(
        listings=len(lines),
        records=len(records),
        without_page=manifest["without_page"],
        exported_at=manifest["exported_at"],
        exported_by=manifest["exported_by"],
        manifest_sha256=hashlib.sha256(files[MANIFEST]).hexdigest(),
    )


def _check_files(path: Path, files: dict[str, bytes], named: dict[str, dict[str, Any]]) -> None:
    for name in sorted(set(files) ^ {*named, MANIFEST}):
        found = "is not in the manifest" if name in files else "is missing"
        raise EvidenceWrong(path.name, f"{name} {found}")
    for name, said in named.items():
        found = hashlib.sha256(files[name]).hexdigest()
        if found != said["sha256"]:
            raise EvidenceWrong(
                f"{path.name}, {name}", f"it has the SHA-256 {found}; the manifest says {said['sha256']}"
            )


def _check_repeats(path: Path, records: list[EvidenceRecord]) -> None:
    kept = {record.record_id: record for record in records}
    for record in records:
        if record.repeats is None:
            continue
        original = kept.get(record.repeats)
        if original is None:
            raise EvidenceWrong(path.name, f"the record {record.repeats} that another repeats is missing")
        if original.payload_sha256 != record.payload_sha256:
            raise EvidenceWrong(
                path.name, f"the record {record.repeats} that another repeats has another payload"
            )


def _check_listings(path: Path, lines: list[dict[str, Any]], expected: int) -> None:
    if len(lines) != expected:
        raise EvidenceWrong(path.name, f"it holds {len(lines)} listings; the manifest says {expected}")
    for line in lines:
        found = hashlib.sha256(line["text"].encode("utf-8", "surrogatepass")).hexdigest()
        if found != line["text_sha256"]:
            raise EvidenceWrong(
                f"listing {line['listing_id']}",
                f"its text has the SHA-256 {found}, not {line['text_sha256']}",
            )
