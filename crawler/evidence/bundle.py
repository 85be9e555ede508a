"""Checks an exported evidence bundle by itself: no store is needed."""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from crawler.evidence.read import EvidenceWrong, read_record
from listings.evidence import EvidenceRecord

FORMAT = "precursor-watch evidence bundle 1"
WARC = "evidence.warc.gz"
MAX_BYTES = 2_000_000_000
"""Unpacked, of one file in the bundle; a larger one is refused before it is read."""


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
    files = _read_files(path)
    manifest = _json(path, files, "manifest.json")
    if manifest.get("format") != FORMAT:
        raise EvidenceWrong(path.name, f"its format is {manifest.get('format')!r}; expected {FORMAT!r}")
    _check_files(path, files, manifest["files"])
    index = _json(path, files, "records.json")
    lines = [json.loads(line) for line in files["listings.jsonl"].decode().splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / WARC).write_bytes(files[WARC])
        for entry in index:
            read_record(Path(folder), _record(entry))
    _check_listings(path, lines, index, manifest)
    return VerifiedBundle(
        listings=len(lines),
        records=len(index),
        without_page=manifest["without_page"],
        exported_at=manifest["exported_at"],
        exported_by=manifest["exported_by"],
        manifest_sha256=hashlib.sha256(files["manifest.json"]).hexdigest(),
    )


def _read_files(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.file_size > MAX_BYTES:
                    raise EvidenceWrong(
                        path.name, f"{info.filename} would unpack to {info.file_size:,} bytes"
                    )
            return {info.filename: archive.read(info) for info in archive.infolist()}
    except (OSError, zipfile.BadZipFile, RuntimeError) as error:
        raise EvidenceWrong(path.name, f"it cannot be read as a ZIP file ({error})") from error


def _json(path: Path, files: dict[str, bytes], name: str) -> Any:
    try:
        return json.loads(files[name])
    except (KeyError, ValueError) as error:
        raise EvidenceWrong(path.name, f"{name} is missing or is no JSON") from error


def _check_files(path: Path, files: dict[str, bytes], named: dict[str, dict[str, Any]]) -> None:
    for name in sorted(set(files) ^ {*named, "manifest.json"}):
        found = "is not in the manifest" if name in files else "is missing"
        raise EvidenceWrong(path.name, f"{name} {found}")
    for name, said in named.items():
        found = hashlib.sha256(files[name]).hexdigest()
        if found != said["sha256"]:
            raise EvidenceWrong(
                f"{path.name}, {name}", f"it has the SHA-256 {found}; the manifest says {said['sha256']}"
            )


def _check_listings(
    path: Path, lines: list[dict[str, Any]], index: list[dict[str, Any]], manifest: dict[str, Any]
) -> None:
    kept = {entry["record_id"] for entry in index}
    for entry in index:
        if entry["repeats"] and entry["repeats"] not in kept:
            raise EvidenceWrong(path.name, f"the record {entry['repeats']} that another repeats is missing")
    if len(lines) != manifest["listings"]:
        raise EvidenceWrong(
            path.name, f"it holds {len(lines)} listings; the manifest says {manifest['listings']}"
        )
    for line in lines:
        found = hashlib.sha256(line["text"].encode("utf-8", "surrogatepass")).hexdigest()
        if found != line["text_sha256"]:
            raise EvidenceWrong(
                f"listing {line['listing_id']}",
                f"its text has the SHA-256 {found}, not {line['text_sha256']}",
            )


def _record(entry: dict[str, Any]) -> EvidenceRecord:
    values = {name: entry[name] for name in EvidenceRecord.__slots__ if name in entry}
    return EvidenceRecord(
        **values | {"file": WARC, "written_at": datetime.fromisoformat(entry["written_at"])}
    )
