"""The files of an archive: their kinds, listing folders and ZIPs, bounded reading and decompression.

Nothing is written to disk except temporary files without a name.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tempfile
import zlib
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, cast

import brotli
from warcio.bufferedreaders import ChunkedDataReader

from crawler.archives.captures import ArchiveFault, StoredFile, UnreadableBodyError
from crawler.archives.digests import check_digest, digest_of, joined, stated_hashes, stated_package_hash
from store.model import DigestFinding, DigestResult, PageOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import ExitStack
    from zipfile import ZipFile, ZipInfo

_PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ico", ".bmp", ".avif"})
_ASSET_SUFFIXES = frozenset(
    {
        *_PICTURE_SUFFIXES,
        *(".css", ".js", ".mjs", ".map", ".woff", ".woff2", ".ttf", ".otf", ".eot"),
        *(".mp4", ".webm", ".mp3", ".ogg", ".swf"),
    }
)
_ASSET_TYPES = (
    "image/",
    "video/",
    "audio/",
    "font/",
    "text/css",
    "text/javascript",
    "application/javascript",
    "application/x-javascript",
    "application/font",
    "application/x-font",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-shockwave-flash",
)
MAX_RATIO = 200
"""Highest packing ratio of a large entry; a higher one counts as an attack."""
_IS_ENCRYPTED = 0x1
_PACKAGE = "datapackage.json"
_PACKAGE_DIGEST = "datapackage-digest.json"
_BLOCK_BYTES = 64 * 1024
_TRANSPORT_HEADERS = frozenset({"content-encoding", "transfer-encoding", "content-length"})
_ZLIB_GZIP_OR_ZLIB = 47
_ZLIB_RAW = -15
_GZIP_MAGIC = b"\x1f\x8b"
_INFLATED_BYTES = 4096
_USUAL_BYTES = 131_072


class Kind(Enum):
    """The parser that a file needs."""

    HTML = "html"
    MHTML = "mhtml"
    WARC = "warc"
    ZIP = "zip"
    ASSET = "asset"
    OTHER = "other"
    """Not part of a page: lists, notes, indexes."""


_KINDS = {
    ".html": Kind.HTML,
    ".htm": Kind.HTML,
    ".xhtml": Kind.HTML,
    ".html.gz": Kind.HTML,
    ".htm.gz": Kind.HTML,
    ".xhtml.gz": Kind.HTML,
    ".mht": Kind.MHTML,
    ".mhtml": Kind.MHTML,
    ".warc": Kind.WARC,
    ".warc.gz": Kind.WARC,
    ".arc": Kind.WARC,
    ".arc.gz": Kind.WARC,
    ".zip": Kind.ZIP,
    ".wacz": Kind.ZIP,
}
EXPECTED = "a folder, " + ", ".join(_KINDS)
"""The supported kinds of archives, for messages."""


def kind_of(name: str, first_bytes: bytes) -> Kind:
    """Return the parser that a file needs.

    Args:
        name: File name, with or without folders.
        first_bytes: The beginning of the file. They count only if the name does not settle the kind, as
            with mirrored pages named `item.php?id=3`.
    """
    path = PurePosixPath(name.lower())
    suffixes = path.suffixes
    for suffix in ("".join(suffixes[-2:]), path.suffix):
        if suffix in _KINDS:
            return _KINDS[suffix]
    if is_asset("", name):
        return Kind.ASSET
    if first_bytes.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return Kind.HTML
    return Kind.OTHER


def is_asset(content_type: str, path: str) -> bool:
    """Return whether a response is an image, style, script, font, film or `robots.txt`.

    The path of the URL or file decides only without a `Content-Type`.
    """
    place = PurePosixPath(path.lower())
    if place.name == "robots.txt":
        return True
    if content_type:
        return content_type.strip().lower().startswith(_ASSET_TYPES)
    return place.suffix in _ASSET_SUFFIXES


def is_picture(content_type: str, path: str) -> bool:
    """Return whether a response is a picture; takes the same values as `is_asset`."""
    if content_type:
        return content_type.strip().lower().startswith("image/")
    return PurePosixPath(path.lower()).suffix in _PICTURE_SUFFIXES


def folder_files(root: Path) -> Iterator[StoredFile | ArchiveFault]:
    """Yield the files below a folder by path. Links out of the folder and special files become faults."""
    refused: list[ArchiveFault] = []
    paths: list[Path] = []
    for folder, subfolders, names in os.walk(
        root, onerror=lambda error: refused.append(_unlisted(root, error))
    ):
        links = [name for name in subfolders if (Path(folder) / name).is_symlink()]
        paths.extend(Path(folder) / name for name in [*names, *links])
    for path in sorted(paths):
        name = path.relative_to(root).as_posix()
        if path.is_symlink() and (why := _why_not_followed(path, root)):
            yield _refusal(name, f"The link {why}; it was not followed.")
        elif path.is_file():
            yield path_file(path, name)
        elif not path.is_dir():
            yield _refusal(name, "Neither a file nor a folder is there; expected a saved page.")
    yield from refused


def _why_not_followed(link: Path, root: Path) -> str:
    try:
        leads_out = not link.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # a circular link raises either, depending on the version of Python
        return "leads in a circle"
    return "leads out of the archive's folder" if leads_out else ""


def path_file(path: Path, name: str) -> StoredFile:
    """Return the file at a path."""
    return StoredFile(name=name, locator=name, open=lambda: path.open("rb"))


def zip_files(
    archive: ZipFile, file: StoredFile, prefix: str, max_bytes: int
) -> Iterator[StoredFile | ArchiveFault]:
    """Yield the entries of a ZIP, sorted by name; of a WACZ, yield only its archives.

    Encrypted entries, entries packed too densely and names that lead out of the ZIP become faults.

    Args:
        archive: The open ZIP. Keep it open while reading the entries.
        file: The ZIP as a file.
        prefix: Prefix that turns an entry's name into a path below the archive's root.
        max_bytes: Size up to which the packing ratio is ignored.
    """
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    stated = _StatedHashes(hashes={})
    if any(entry.filename == _PACKAGE for entry in entries):
        entries = [entry for entry in entries if _is_in_wacz_archive(entry.filename)]
        stated = _stated_hashes(archive, max_bytes)
    for entry in sorted(entries, key=lambda entry: entry.filename):
        locator = f"{file.locator}#{entry.filename}"
        if objection := _objection(entry, max_bytes):
            yield ArchiveFault(locator=locator, outcome=objection[0], sentence=objection[1])
        else:
            name = entry.filename
            yield StoredFile(
                name=prefix + name,
                locator=locator,
                open=_entry_opener(archive, entry),
                stated_hash=stated.hashes.get(name, ""),
                finding=joined([file.finding, stated.finding_on(name)]),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _StatedHashes:
    """The hashes that a WACZ states of its files."""

    hashes: Mapping[str, str]
    finding: DigestFinding | None = None
    """Set when the list of hashes does not match its own hash, or cannot be read."""

    def finding_on(self, name: str) -> DigestFinding | None:
        """Return the finding on a file before its bytes are read; a file that the list omits has one."""
        if name in self.hashes or not self.hashes:
            return self.finding
        return joined([self.finding, _unchecked(f"{_PACKAGE} states no hash of {name}")])


def _stated_hashes(archive: ZipFile, max_bytes: int) -> _StatedHashes:
    try:
        with archive.open(_PACKAGE) as handle:
            package = read_bounded(cast("BinaryIO", handle), max_bytes)
        hashes = stated_hashes(package)
    except Exception as error:  # noqa: BLE001 (the pages are read all the same)
        return _StatedHashes(hashes={}, finding=_unchecked(f"{_PACKAGE} cannot be read ({error})"))
    try:
        with archive.open(_PACKAGE_DIGEST) as handle:
            stated = stated_package_hash(read_bounded(cast("BinaryIO", handle), max_bytes))
    except KeyError:  # there is none
        stated = ""
    except Exception as error:  # noqa: BLE001 (so)
        return _StatedHashes(hashes=hashes, finding=_unchecked(f"{_PACKAGE_DIGEST} cannot be read ({error})"))
    if not stated:
        return _StatedHashes(hashes=hashes)
    finding = check_digest(
        f"{_PACKAGE} in {_PACKAGE_DIGEST}", stated, lambda algorithm: [digest_of(algorithm, package)]
    )
    return _StatedHashes(hashes=hashes, finding=finding)


def _unchecked(details: str) -> DigestFinding:
    return DigestFinding(result=DigestResult.UNCHECKED, details=details)


def spooled(file: StoredFile, blocks: Iterable[bytes], resources: ExitStack) -> StoredFile:
    """Copy a file's unpacked bytes to a temporary file without a name, for random access.

    The copy is compared with the file's stated hash; the returned file carries the finding.
    """
    copy = resources.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the archive closes it
    for block in blocks:
        copy.write(block)
    copy.flush()

    def reopen() -> BinaryIO:
        handle = cast("BinaryIO", os.fdopen(copy.fileno(), "rb", closefd=False))
        handle.seek(0)
        return handle

    finding = file.finding
    if file.stated_hash:
        label = f"{file.locator} in {_PACKAGE}"
        finding = joined(
            [finding, check_digest(label, file.stated_hash, lambda name: [_hash_of(reopen(), name)])]
        )
    return replace(file, open=reopen, finding=finding)


def _hash_of(handle: BinaryIO, algorithm: str) -> bytes:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with handle:
        for block in blocks_of(handle):
            digest.update(block)
    return digest.digest()


def blocks_of(handle: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of a file in blocks."""
    while block := handle.read(_BLOCK_BYTES):
        yield block


def _unlisted(root: Path, error: OSError) -> ArchiveFault:
    name = Path(error.filename).relative_to(root).as_posix()
    return _refusal(name, f"The folder cannot be listed: {error.strerror}.")


def _refusal(locator: str, sentence: str) -> ArchiveFault:
    return ArchiveFault(locator=locator, outcome=PageOutcome.UNREADABLE, sentence=sentence)


def _is_in_wacz_archive(name: str) -> bool:
    return name.startswith("archive/") or name.endswith(".wacz")


def _entry_opener(archive: ZipFile, entry: ZipInfo) -> Callable[[], BinaryIO]:
    return lambda: cast("BinaryIO", archive.open(entry))


def _objection(entry: ZipInfo, max_bytes: int) -> tuple[PageOutcome, str] | None:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        return PageOutcome.UNREADABLE, "The entry's name leads out of the ZIP; it was not read."
    if stat.S_ISLNK(entry.external_attr >> 16):
        return PageOutcome.UNREADABLE, "The entry is a link; it was not followed."
    if entry.flag_bits & _IS_ENCRYPTED:
        return PageOutcome.UNREADABLE, "The entry is encrypted; supply the ZIP without a password."
    if entry.file_size > max(max_bytes, MAX_RATIO * entry.compress_size):
        sentence = (
            f"The entry unpacks from {entry.compress_size:,} to {entry.file_size:,} bytes,"
            f" over the limit of {MAX_RATIO} to one; it was not read."
        )
        return PageOutcome.TOO_LARGE, sentence
    return None


def read_bounded(handle: BinaryIO, max_bytes: int) -> bytes:
    """Read a file to its end.

    Raises:
        UnreadableBodyError: If more than `max_bytes` bytes follow. Memory use stays within the limit.
    """
    body = handle.read(min(_USUAL_BYTES, max_bytes + 1))  # `read` allocates as many bytes as requested
    if len(body) == _USUAL_BYTES:
        body += handle.read(max_bytes + 1 - _USUAL_BYTES)
    if len(body) > max_bytes:
        raise too_large(max_bytes)
    return body


def too_large(max_bytes: int) -> UnreadableBodyError:
    """Return the error for a body over the limit."""
    return UnreadableBodyError(
        PageOutcome.TOO_LARGE, f"The page is larger than the limit of {max_bytes:,} bytes."
    )


def decode_body(body: bytes, headers: Iterable[tuple[str, str]], max_bytes: int) -> bytes:
    """Undo the transfer and content encodings in the headers.

    A body that is not encoded as its headers claim is returned unchanged: many crawlers keep the original
    headers with an unpacked body.

    Raises:
        UnreadableBodyError: If the unpacked body is over `max_bytes`, or its encoding is unknown.
    """
    named = {name.lower(): value.lower() for name, value in headers}
    if "chunked" in named.get("transfer-encoding", ""):
        body = dechunked(body)
    for encoding in reversed(named.get("content-encoding", "").split(",")):
        body = _decompress(body, encoding.strip(), max_bytes)
    return body


def dechunked(body: bytes) -> bytes:
    """Return a body without the marks of chunked transfer; one without marks is returned unchanged."""
    whole: bytes = ChunkedDataReader(io.BytesIO(body)).read()
    return whole


def without_transport(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the headers that still apply to an unpacked body."""
    return tuple((name, value) for name, value in headers if name.lower() not in _TRANSPORT_HEADERS)


def inflate(data: bytes, max_bytes: int) -> bytes:
    """Decompress gzip (all members), zlib or raw deflate data.

    Raises:
        UnreadableBodyError: If the result is over `max_bytes` or the data ends too early.
        zlib.error: If the data is none of the three.
    """
    unpacked = bytearray()
    start = 0
    while start < len(data):
        start = _inflate_member(data, start, unpacked, max_bytes)
        while data.startswith(b"\0", start):
            start += 1
        if not data.startswith(_GZIP_MAGIC, start):
            break
    return bytes(unpacked)


def _inflate_member(data: bytes, start: int, unpacked: bytearray, max_bytes: int) -> int:
    """Append the bytes of the member at `start` to `unpacked`, and return the offset behind the member."""
    window = zlib.decompressobj(_ZLIB_GZIP_OR_ZLIB if _has_header(data[start : start + 2]) else _ZLIB_RAW)
    while not window.eof:
        # Small blocks, since zlib copies the bytes behind a member, and there may be a million members.
        block = data[start : start + _INFLATED_BYTES]
        if not block:
            raise _cut(bytes(unpacked))
        unpacked += window.decompress(block, max_bytes + 1 - len(unpacked))
        if len(unpacked) > max_bytes:
            raise too_large(max_bytes)
        start += len(block) - len(window.unused_data)
    return start


def _has_header(data: bytes) -> bool:
    is_zlib = data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:2], "big") % 31 == 0
    return is_zlib or data.startswith(_GZIP_MAGIC)


def _decompress(body: bytes, encoding: str, max_bytes: int) -> bytes:
    try:
        match encoding:
            case "" | "identity" | "none" | "utf-8":
                return body
            case "gzip" | "x-gzip" | "deflate":
                return inflate(body, max_bytes)
            case "br":
                return _unbrotli(body, max_bytes)
    except (zlib.error, brotli.error):
        return body
    raise UnreadableBodyError(
        PageOutcome.UNREADABLE,
        f"The page is packed as {encoding!r}; expected gzip, deflate or br.",
    )


def _unbrotli(body: bytes, max_bytes: int) -> bytes:
    window = brotli.Decompressor()
    unpacked: bytes = window.process(body, output_buffer_limit=max_bytes + 1)
    if len(unpacked) > max_bytes:
        raise too_large(max_bytes)
    if not window.is_finished():
        raise _cut(unpacked)
    return unpacked


def _cut(unpacked: bytes) -> UnreadableBodyError:
    sentence = "The compressed page ends before its own end mark."
    return UnreadableBodyError(PageOutcome.TRUNCATED, sentence, unpacked)
