"""Verify the evidence of a store, or of one exported bundle, and name the first mismatch.

A bundle comes from outside, so each part's shape is checked before use.
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 (msgspec resolves the fields of a record)
from itertools import islice
from lzma import LZMAError
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec

from crawler.evidence.keeper import hash_of
from crawler.evidence.warc_records import EvidenceWrong, read_record, sha256_as_read
from store.crawl import evidence
from store.crawl.evidence import (
    FORMAT,
    LISTINGS,
    MANIFEST,
    RECORDS,
    UNSIGNED_FORMAT,
    WARC,
    EvidenceRecord,
)
from store.operations.retention import buried_files
from store.signing import SIGNATURE, SignatureFalse, signer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from store.crawl.evidence import EvidenceFile
    from store.database import Database

T = TypeVar("T")

MAX_BYTES = 2_000_000_000
"""Largest unpacked size of all files in a bundle; a larger bundle is refused unread."""
MAX_RECORD_BYTES = 500_000_000
"""Largest unpacked payload of one record; a whole WARC file is sealed at about this size."""


class _File(msgspec.Struct):
    """A file as the manifest of a bundle names it."""

    sha256: str


class _Manifest(msgspec.Struct):
    """The manifest of a bundle, as far as it is checked."""

    format: str
    exported_at: str
    exported_by: str
    listings: int
    without_page: int
    files: dict[str, _File]


class _Listing(msgspec.Struct):
    """A listing of a bundle, as far as it is checked."""

    listing_id: str
    text: str
    text_sha256: str


class _Record(msgspec.Struct):
    """The position and the page of a record in the WARC file of a bundle."""

    record_id: str
    offset: Annotated[int, msgspec.Meta(ge=0)]
    length: Annotated[int, msgspec.Meta(gt=0)]
    record_type: str
    run_id: int
    url: str
    written_at: datetime
    payload_sha256: str
    payload_bytes: Annotated[int, msgspec.Meta(ge=0, le=MAX_RECORD_BYTES)]
    repeats: str | None


@dataclass(slots=True, kw_only=True)
class Verified:
    """Counts of the checked items, all of which match."""

    files: int = 0
    purged: int = 0
    """Files deleted by retention; each has a tombstone with the reason."""
    unsealed: int = 0
    """Files still being written, or left by a dead process. Their records were checked."""
    records: int = 0
    revisits: int = 0
    """Number of revisits among the records."""
    pages: int = 0
    bytes: int = 0
    seals: str = ""
    """The summary line of all seals; see `all_seals`."""


def verify(
    db: Database,
    folder: Path,
    *,
    since: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Verified:
    """Check every file, record and page in the store, and that the folder has no unknown file.

    A file must match the size and SHA-256 of its seal. A record must match its place, identity, digests and
    payload, and a revisit also its original. A page must match the SHA-256 of its unpacked bytes.

    Args:
        db: The store.
        folder: The evidence folder.
        since: The summary line of all seals from an earlier check, which must still match.
        progress: Called after each file with (files checked, all files).

    Raises:
        EvidenceWrong: At the first mismatch.
    """
    _expect_seals(db, since)
    present = sorted(folder.iterdir()) if folder.is_dir() else []  # first, since a crawl may add files
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


def all_seals(db: Database, *, first: int | None = None) -> str:
    """Return one line about all seals, or the `first` ones: their number, and a hash over all in order.

    Whoever keeps the line can check later that no file and no seal was changed or removed.
    """
    digest, count = hashlib.sha256(), 0
    for file, size, sha256, sealed_at in islice(evidence.list_seals(db), first):
        digest.update(f"{file} {size} {sha256} {sealed_at}\n".encode())
        count += 1
    return f"{count}-{digest.hexdigest()}"


def _expect_seals(db: Database, since: str) -> None:
    if not since:
        return
    count = since.partition("-")[0]
    found = all_seals(db, first=int(count[:18]) if count.isdecimal() else 0)
    if found != since:
        raise EvidenceWrong("the seals", f"they give {found}, not the line of --since, {since}")


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
        return  # the process died before it created the named file
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
    """Return the SHA-256 of each record's unpacked payload."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedBundle:
    """Counts of the checked items in a bundle, all of which match."""

    listings: int
    records: int
    without_page: int
    exported_at: str
    exported_by: str
    manifest_sha256: str
    signed_by: str
    """Fingerprint of the key that signed the manifest; empty for a bundle of the first release."""


def verify_bundle(path: Path) -> VerifiedBundle:
    """Check that a bundle matches its manifest and that its records are unchanged.

    Raises:
        EvidenceWrong: At the first mismatch.
    """
    files = _read_files(path)
    manifest = _decoded(path, MANIFEST, files.get(MANIFEST, b""), _Manifest)
    signed_by = _signer(path, files, manifest.format)
    _check_files(path, files, manifest.files)
    records, lines = _read_records(path, files), _read_listings(path, files)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / WARC).write_bytes(files[WARC])
        for record in records:
            read_record(Path(folder), record)
    _check_repeats(path, records)
    _check_listings(path, lines, manifest.listings)
    return VerifiedBundle(
        listings=len(lines),
        records=len(records),
        without_page=manifest.without_page,
        exported_at=manifest.exported_at,
        exported_by=manifest.exported_by,
        manifest_sha256=hashlib.sha256(files[MANIFEST]).hexdigest(),
        signed_by=signed_by,
    )


def _signer(path: Path, files: dict[str, bytes], found: str) -> str:
    """Return the fingerprint of the manifest's signing key; empty for a bundle of the first release."""
    if found == UNSIGNED_FORMAT and SIGNATURE not in files:
        return ""
    if found != FORMAT:
        raise EvidenceWrong(path.name, f"its format is {found!r}; expected {FORMAT!r}")
    if SIGNATURE not in files:
        raise EvidenceWrong(path.name, f"{SIGNATURE} is missing")
    try:
        return signer_of(files[MANIFEST], files[SIGNATURE])
    except SignatureFalse as error:
        raise EvidenceWrong(path.name, str(error)) from error


def _check_files(path: Path, files: dict[str, bytes], named: dict[str, _File]) -> None:
    for name in sorted(set(files) - {SIGNATURE} ^ {*named, MANIFEST}):
        found = "is not in the manifest" if name in files else "is missing"
        raise EvidenceWrong(path.name, f"{name} {found}")
    for name, said in named.items():
        found = hashlib.sha256(files[name]).hexdigest()
        if found != said.sha256:
            raise EvidenceWrong(
                f"{path.name}, {name}", f"it has the SHA-256 {found}; the manifest says {said.sha256}"
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


def _check_listings(path: Path, lines: list[_Listing], expected: int) -> None:
    if len(lines) != expected:
        raise EvidenceWrong(path.name, f"it holds {len(lines)} listings; the manifest says {expected}")
    for line in lines:
        found = hashlib.sha256(line.text.encode("utf-8", "surrogatepass")).hexdigest()
        if found != line.text_sha256:
            raise EvidenceWrong(
                f"listing {line.listing_id}", f"its text has the SHA-256 {found}, not {line.text_sha256}"
            )


def _read_files(path: Path) -> dict[str, bytes]:
    """Return every file of a ZIP by its name.

    Raises:
        EvidenceWrong: If the file is no ZIP, is damaged, names a file twice, or unpacks to over `MAX_BYTES`.
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
            if "datapackage.json" in files and MANIFEST not in files:
                raise EvidenceWrong(
                    path.name,
                    "it is a WACZ; this command verifies an evidence ZIP or the ZIP of a case. Check a WACZ "
                    "with `wacz validate --file FILE` (package wacz)",
                )
            return files
    except (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error, LZMAError) as error:
        raise EvidenceWrong(path.name, f"it cannot be read as a ZIP file ({error})") from error


def _read_listings(path: Path, files: dict[str, bytes]) -> list[_Listing]:
    """Return the listings, one per line."""
    lines = _file(path, files, LISTINGS).split(b"\n")
    return [
        _decoded(path, f"{LISTINGS}, line {number}", line, _Listing)
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]


def _read_records(path: Path, files: dict[str, bytes]) -> list[EvidenceRecord]:
    """Return the place of each record in the bundle's WARC file."""
    found, size = (
        _decoded(path, RECORDS, files.get(RECORDS, b""), list[_Record]),
        len(_file(path, files, WARC)),
    )
    for number, each in enumerate(found, start=1):
        if each.offset + each.length > size:
            raise EvidenceWrong(path.name, f"{RECORDS}, entry {number} refers to bytes outside {WARC}")
    return [EvidenceRecord(file=WARC, **msgspec.structs.asdict(each)) for each in found]


def _file(path: Path, files: dict[str, bytes], name: str) -> bytes:
    if name not in files:
        raise EvidenceWrong(path.name, f"{name} is missing")
    return files[name]


def _decoded(path: Path, where: str, body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise EvidenceWrong(path.name, f"{where} is missing or has another shape ({error})") from error
