"""The parts of an exported bundle, read by their shape: whatever does not have it is refused by name.

A bundle comes from outside. Nothing in it is taken for what it says before it was looked at.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from datetime import datetime
from lzma import LZMAError
from typing import TYPE_CHECKING, Any

from crawler.evidence.read import EvidenceWrong
from store.crawl.bundle_format import LISTINGS, MANIFEST, RECORDS, WARC
from store.crawl.evidence import EvidenceRecord

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 2_000_000_000
"""Unpacked, of all files in the bundle together; more is refused before it is read."""
MAX_RECORD_BYTES = 500_000_000
"""Unpacked, of one record's payload; a whole WARC file is sealed at about as much."""
_MANIFEST = {
    "format": str,
    "exported_at": str,
    "exported_by": str,
    "listings": int,
    "without_page": int,
    "files": dict,
}
_LISTING = {"listing_id": str, "text": str, "text_sha256": str}
_RECORD = {
    "record_id": str,
    "offset": int,
    "length": int,
    "record_type": str,
    "run_id": int,
    "url": str,
    "written_at": str,
    "payload_sha256": str,
    "payload_bytes": int,
    "repeats": (str, type(None)),
}
_NAMES = {dict: "an object", str: "a text", int: "a whole number", list: "a list"}


def read_files(path: Path) -> dict[str, bytes]:
    """Return every file of a ZIP by its name.

    Raises:
        EvidenceWrong: If it is none, is damaged, names a file twice, or unpacks to more than `MAX_BYTES`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            if (total := sum(info.file_size for info in infos)) > MAX_BYTES:
                raise EvidenceWrong(
                    path.name, f"it would unpack to {total:,} bytes; at most {MAX_BYTES:,} are read"
                )
            files: dict[str, bytes] = {}
            for info in infos:
                if info.filename in files:
                    raise EvidenceWrong(path.name, f"{info.filename} is in it twice")
                files[info.filename] = archive.read(info)
            return files
    except (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error, LZMAError) as error:
        raise EvidenceWrong(path.name, f"it cannot be read as a ZIP file ({error})") from error


def read_manifest(path: Path, files: dict[str, bytes]) -> dict[str, Any]:
    """Return the manifest, in which each file is named with its SHA-256.

    Raises:
        EvidenceWrong: If it is missing or has another shape.
    """
    manifest = _shaped(path, MANIFEST, _json(path, files, MANIFEST), _MANIFEST)
    for name, said in manifest["files"].items():
        _shaped(path, f"{MANIFEST}, {name}", said, {"sha256": str})
    return manifest


def read_listings(path: Path, files: dict[str, bytes]) -> list[dict[str, Any]]:
    """Return the listings, one of each line.

    Raises:
        EvidenceWrong: If they are missing or one has another shape.
    """
    lines = _file(path, files, LISTINGS).split(b"\n")
    return [
        _shaped(
            path, f"{LISTINGS}, line {number}", _parsed(path, f"{LISTINGS}, line {number}", line), _LISTING
        )
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]


def read_records(path: Path, files: dict[str, bytes]) -> list[EvidenceRecord]:
    """Return where each record lies in the bundle's WARC file.

    Raises:
        EvidenceWrong: If they are missing, one has another shape, or lies outside of the file.
    """
    index = _json(path, files, RECORDS)
    if not isinstance(index, list):
        raise EvidenceWrong(path.name, f"{RECORDS} is not a list")
    size = len(_file(path, files, WARC))
    return [_record(path, f"{RECORDS}, entry {at}", entry, size) for at, entry in enumerate(index, start=1)]


def _record(path: Path, where: str, entry: Any, size: int) -> EvidenceRecord:
    shaped = _shaped(path, where, entry, _RECORD)
    offset, length = shaped["offset"], shaped["length"]
    if offset < 0 or length <= 0 or offset + length > size:
        raise EvidenceWrong(path.name, f"{where} names bytes that {WARC} does not have")
    if not 0 <= shaped["payload_bytes"] <= MAX_RECORD_BYTES:
        raise EvidenceWrong(path.name, f"{where} names a payload of {shaped['payload_bytes']:,} bytes")
    try:
        written_at = datetime.fromisoformat(shaped["written_at"])
    except ValueError as error:
        raise EvidenceWrong(path.name, f"{where} has no time in written_at") from error
    values = {name: shaped[name] for name in _RECORD}
    return EvidenceRecord(**values | {"file": WARC, "written_at": written_at})


def _file(path: Path, files: dict[str, bytes], name: str) -> bytes:
    if name not in files:
        raise EvidenceWrong(path.name, f"{name} is missing")
    return files[name]


def _json(path: Path, files: dict[str, bytes], name: str) -> Any:
    return _parsed(path, name, files.get(name, b""))


def _parsed(path: Path, where: str, body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EvidenceWrong(path.name, f"{where} is missing or is no JSON") from error


def _shaped(path: Path, where: str, value: Any, shape: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise EvidenceWrong(path.name, f"{where} is not an object")
    for name, kind in shape.items():
        if name not in value:
            raise EvidenceWrong(path.name, f"{where} has no {name!r}")
        if not isinstance(value[name], kind) or isinstance(value[name], bool):
            raise EvidenceWrong(path.name, f"{where} has a {name!r} that is not {_NAMES.get(kind, 'a text')}")
    return value
