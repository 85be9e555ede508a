"""Read pages saved in WARC and ARC files (ISO 28500), uncompressed or with one gzip member per record.

warcio reads the header lines, converts ARC headers to WARC headers and repairs the target URIs that wget
wrapped in `<...>`. Where warcio gives up on damage, within or between records, this module searches for the
beginning of the next record, byte by byte if necessary.
"""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, TypeAlias
from urllib.parse import urlsplit

from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeadersParser

from crawler.archives.captures import ArchiveFault, Capture, Payload, UnreadableBodyError
from crawler.archives.digests import check_digest, digest_of
from crawler.archives.files import dechunked, decode_body, is_asset, is_picture, too_large, without_transport
from crawler.archives.urls import normal_url, parse_time
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer
    from warcio.limitreader import LimitReader

    from crawler.archives.captures import StoredFile
    from store.model import DigestFinding

_LOOKED_AT_BYTES = 4096
_PADDING = b"\r\n\0 "
_HTTP_RECORDS = frozenset({"response", "revisit"})
_LENGTH = re.compile(r"[0-9]{1,15}")
"""Decimal digits; no file is larger."""
_STATUS = re.compile(rb"HTTP/[\d.]{1,8}\s+(\d{3})(?!\d)")
_OTHER_SCHEME = re.compile(r"<?(?!https?:)[a-z][a-z0-9+-]*:", re.IGNORECASE)
"""The scheme of a record that is no page, such as `dns:` or `urn:`."""
_CAPTURES = _HTTP_RECORDS | {"resource"}
GZIP_MAGIC = b"\x1f\x8b\x08"
_BLOCK_BYTES = 16 * 1024
_MAX_LINE_BYTES = 64 * 1024
_WARC_START = re.compile(rb"WARC/\d\.\d+\s*$")
"""The version line. A truncated record has no newline, so the version may end another line."""
_ARC_START = re.compile(rb"filedesc://|https?://\S.* \d{14} \S+ \d+\s*$")
"""ARC 1.0: the file's own header, or `URL IP-address archive-date type length`."""


class _BrokenRecordError(UnreadableBodyError):
    """The header lines of a record cannot be parsed."""

    def __init__(self, sentence: str) -> None:
        super().__init__(PageOutcome.UNREADABLE, sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """The header lines of a record, and of the HTTP response in it."""

    kind: str
    """WARC record type."""
    fields: dict[str, str]
    """WARC headers, names in lower case."""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    left: int
    """Declared bytes of the block after the HTTP headers."""
    http_lines: tuple[bytes, ...] = ()
    """The HTTP headers as stored, with the empty line at their end."""


def index_warc(file: StoredFile) -> Iterator[Capture | ArchiveFault]:
    """Yield the captures of a file in the order of its records.

    Raises:
        OSError: If the file cannot be opened.
        NotMemberPerRecordError: If the file must first be unpacked as a whole.
    """
    with file.open() as handle:
        layout = layout_of(handle)
        offset, is_damaged = 0, False
        while (start := layout.find_record(offset)) is not None:
            if not is_damaged and _is_garbage(layout, offset, start):
                yield _gap(file, offset, f"before the record at {start:,}")
            found, offset, is_damaged = _index_record(file, layout, start)
            if found is not None:
                yield found
        if not is_damaged and _is_garbage(layout, offset, None):
            yield _gap(file, offset, "to the end of the file")


def read_warc(capture: Capture, max_bytes: int) -> Payload:
    """Return a response before its encoding for transport: status, headers and unpacked body.

    Raises:
        UnreadableBodyError: If the body is over `max_bytes`, or its encoding cannot be undone.
    """
    head, block = _read_block(capture, max_bytes)
    original = head
    if capture.original is not None:
        original, block = _read_block(capture.original, max_bytes)
    packed_as = original.headers
    try:
        body = decode_body(block, packed_as, max_bytes)
    except UnreadableBodyError as error:
        error.findings = tuple(_check_digests(original, block, error.body))
        raise
    return Payload(
        status=head.status,
        headers=without_transport(head.headers or packed_as),
        body=body,
        is_http=head.kind in _HTTP_RECORDS,
        findings=tuple(_check_digests(original, block, body)),
    )


def _check_digests(head: _Head, block: bytes, body: bytes) -> Iterator[DigestFinding]:
    """Yield the digests of a record that match neither its block nor its unpacked body.

    A record that was cut is not compared: its page says that it was cut. Nor is a revisit, whose digest is
    that of another record.
    """
    if len(block) < head.left or head.kind == "revisit":
        return

    def payloads(algorithm: str) -> Iterator[bytes]:
        yield digest_of(algorithm, block)
        yield digest_of(algorithm, body)
        yield digest_of(algorithm, dechunked(block))

    def blocks(algorithm: str) -> Iterator[bytes]:
        yield digest_of(algorithm, b"".join((*head.http_lines, block)))

    for name, digests in (("WARC-Payload-Digest", payloads), ("WARC-Block-Digest", blocks)):
        stated = head.fields.get(name.lower(), "")
        if stated and (finding := check_digest(name, stated, digests)):
            yield finding


def _index_record(
    file: StoredFile, layout: Layout, start: int
) -> tuple[Capture | ArchiveFault | None, int, bool]:
    """Return a capture or fault, the offset at which to continue, and whether the record is damaged."""
    reader = layout.open_record(start)
    try:
        head = _read_head(reader)
    except Exception as error:  # noqa: BLE001 (warcio raises any error over hostile lines)
        known = error.sentence if isinstance(error, _BrokenRecordError) else ""
        sentence = known or f"The record cannot be read ({error})."
        return _fault(file, start, sentence), start + 1, True
    length, end = layout.pass_block(reader, head.left)
    target = head.fields.get("warc-target-uri", "")
    if head.kind not in _CAPTURES or _OTHER_SCHEME.match(target):
        return None, end, length < head.left
    url = normal_url(target)
    if not url:
        sentence = f"The record's target URI is {target[:200]!r}; expected an http or https address."
        return _fault(file, start, sentence), end, length < head.left
    return _capture(file, start, head, url, length), end, length < head.left


def _capture(file: StoredFile, start: int, head: _Head, url: str, length: int) -> Capture:
    content_type = next((value for name, value in head.headers if name.lower() == "content-type"), "")
    is_cut = length < head.left
    return Capture(
        file=file,
        read=read_warc,
        position=start,
        length=length,
        stated_url=url,
        captured_at=parse_time(head.fields.get("warc-date", "")),
        fault=PageOutcome.TRUNCATED if is_cut else None,
        sentence=f"The record ends after {length:,} of {head.left:,} bytes." if is_cut else "",
        is_page=not is_asset(content_type, urlsplit(url).path),
        is_picture=is_picture(content_type, urlsplit(url).path),
        digest=head.fields.get("warc-payload-digest", ""),
        is_revisit=head.kind == "revisit",
        refers_to=normal_url(head.fields.get("warc-refers-to-target-uri", "")),
    )


def _read_block(capture: Capture, max_bytes: int) -> tuple[_Head, bytes]:
    assert capture.position is not None
    with capture.file.open() as handle:
        reader = layout_of(handle).open_record(capture.position)
        head = _read_head(reader)
        if capture.length > max_bytes:
            raise too_large(max_bytes)
        return head, reader.read(capture.length)


def _read_head(reader: LineReader) -> _Head:
    first = reader.readline()
    known_format = "warc" if first.startswith(b"WARC/") else "arc"
    try:
        record = ArcWarcRecordLoader(arc2warc=True).parse_record_stream(
            reader, first, known_format, no_record_parse=True
        )
    except (ArchiveLoadFailed, ValueError, EOFError) as error:
        message = (
            f"The record's header lines cannot be read ({error}); expected those of a WARC or ARC record."
        )
        raise _BrokenRecordError(message) from error
    fields = {name.lower(): value for name, value in record.rec_headers.headers}
    declared = fields.get("content-length", "")
    if not _LENGTH.fullmatch(declared):
        message = (
            f"The record declares {declared[:40] or 'no'} length; "
            "expected a number of bytes in Content-Length."
        )
        raise _BrokenRecordError(message)
    status = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", fields.get("content-type", "")),)
    lines = _KeptLines(record.raw_stream)
    if record.rec_type in _HTTP_RECORDS:
        status, headers = _read_http_head(lines, is_optional=record.rec_type == "revisit")
    return _Head(
        kind=record.rec_type or "",
        fields=fields,
        status=status,
        headers=headers,
        left=record.raw_stream.limit,
        http_lines=tuple(lines.kept),
    )


class _KeptLines:
    """Reads lines and keeps them: the digest of a block covers the HTTP headers too."""

    def __init__(self, stream: LimitReader) -> None:
        self._stream = stream
        self.kept: list[bytes] = []

    def readline(self) -> bytes:
        self.kept.append(self._stream.readline())
        return self.kept[-1]


def _read_http_head(stream: _KeptLines, *, is_optional: bool) -> tuple[int, tuple[tuple[str, str], ...]]:
    first = stream.readline()
    if is_optional and not first.strip():
        return 200, ()
    status = _STATUS.match(first)
    if status is None:
        message = (
            f"The record begins with {first[:40]!r}; expected an HTTP status line such as 'HTTP/1.1 200 OK'."
        )
        raise _BrokenRecordError(message)
    parsed = StatusAndHeadersParser([], verify=False).parse(stream, first)
    return int(status[1]), tuple(parsed.headers)


def _is_garbage(layout: Layout, offset: int, end: int | None) -> bool:
    size = _LOOKED_AT_BYTES if end is None else min(end - offset, _LOOKED_AT_BYTES)
    return bool(layout.read_at(offset, size).strip(_PADDING))


def _gap(file: StoredFile, offset: int, until: str) -> ArchiveFault:
    sentence = f"The bytes from {offset:,} {until} belong to no WARC or ARC record; they were skipped."
    return _fault(file, offset, sentence)


def _fault(file: StoredFile, offset: int, sentence: str) -> ArchiveFault:
    return ArchiveFault(locator=f"{file.locator}#{offset}", outcome=PageOutcome.UNREADABLE, sentence=sentence)


class NotMemberPerRecordError(Exception):
    """Gzip members and records do not coincide, so records cannot be read directly."""


class LineReader(io.BufferedReader):
    """A buffered reader with a limit on lines, so that a file without newlines cannot fill the memory."""

    def readline(self, size: int | None = -1, /) -> bytes:
        """Read to the next newline, or 64 KiB."""
        return super().readline(_MAX_LINE_BYTES if size is None or size < 0 else size)


class PlainLayout:
    """Records one after another, uncompressed."""

    def __init__(self, handle: BinaryIO) -> None:
        """Read from `handle`, which the caller closes."""
        self._reader = LineReader(_Borrowed(handle))
        self._size = self._reader.seek(0, io.SEEK_END)

    def find_record(self, offset: int) -> int | None:
        """Return where the first record at or behind `offset` begins, or None: search line by line."""
        self._reader.seek(offset)
        while line := self._reader.readline():
            if (found := _start_in(line)) is not None:
                return offset + found
            offset += len(line)
        return None

    def open_record(self, offset: int) -> LineReader:
        """Return the file's only reader, at the offset."""
        self._reader.seek(offset)
        return self._reader

    def pass_block(self, reader: LineReader, declared: int) -> tuple[int, int]:
        """Skip the block; return how many bytes of it there are, and where to search for the next record.

        A truncated block ends where the next record begins.
        """
        start = reader.tell()
        there = min(declared, self._size - start)
        end = reader.seek(start + there)
        if there == declared and not reader.readline().strip():
            return there, end
        following = self.find_record(start)
        if following is not None and following < end:
            return following - start, following
        return there, end

    def read_at(self, offset: int, size: int) -> bytes:
        """Return bytes of the file."""
        self._reader.seek(offset)
        return self._reader.read(size)


class GzipLayout:
    """One gzip member for each record, as the WARC standard recommends."""

    def __init__(self, handle: BinaryIO) -> None:
        """Read from `handle`, which the caller closes."""
        self._handle = handle

    def find_record(self, offset: int) -> int | None:
        """Return where the first member at or behind `offset` that unpacks to a record begins, or None."""
        while (found := self.find_member(offset)) is not None:
            if _start_in(self.open_record(found).readline()) == 0:
                return found
            offset = found + 1
        return None

    def open_record(self, offset: int) -> LineReader:
        """Return a reader of the member's unpacked bytes."""
        self._handle.seek(offset)
        return LineReader(GzipMember(self._handle))

    def pass_block(self, reader: LineReader, declared: int) -> tuple[int, int]:
        """Skip to the end of the member, as `PlainLayout` does; search within a broken member for others.

        Raises:
            NotMemberPerRecordError: If the member holds several records or part of one.
        """
        there = _skip(reader, declared)
        while line := reader.readline():
            if _start_in(line) is not None:
                raise NotMemberPerRecordError
        member = reader.raw
        assert isinstance(member, GzipMember)
        end = member.end_offset
        is_continued = there < declared and self.read_at(end, len(GZIP_MAGIC)) == GZIP_MAGIC
        if is_continued and self.find_record(end) != end:
            raise NotMemberPerRecordError
        return there, end

    def read_at(self, offset: int, size: int) -> bytes:
        """Return bytes of the file, still compressed."""
        self._handle.seek(offset)
        return self._handle.read(size)

    def find_member(self, offset: int) -> int | None:
        """Search for a possible beginning of a gzip member."""
        self._handle.seek(offset)
        window = b""
        while block := self._handle.read(_BLOCK_BYTES):
            window += block
            if (found := window.find(GZIP_MAGIC)) >= 0:
                return offset + found
            kept = len(GZIP_MAGIC) - 1
            offset += max(len(window) - kept, 0)
            window = window[-kept:]
        return None


class GzipMember(io.RawIOBase):
    """The unpacked bytes of one gzip member, up to its end or to the damage."""

    def __init__(self, handle: BinaryIO) -> None:
        """Unpack from the current position of `handle`."""
        super().__init__()
        self._handle = handle
        self._start = handle.tell()
        self._window = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self.is_broken = False

    @property
    def end_offset(self) -> int:
        """Offset of the first byte behind the member; if it is broken, the offset behind its first byte."""
        if not self._window.eof:
            return self._start + 1
        return self._handle.tell() - len(self._window.unused_data)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the buffer and return the number of bytes; 0 means the end of the member or damage."""
        target = memoryview(buffer).cast("B")
        while not (self._window.eof or self.is_broken):
            packed = self._window.unconsumed_tail or self._handle.read(_BLOCK_BYTES)
            try:
                unpacked = self._window.decompress(packed, len(target)) if packed else b""
            except zlib.error:
                self.is_broken = True
                return 0
            self.is_broken = not packed
            target[: len(unpacked)] = unpacked
            if unpacked:
                return len(unpacked)
        return 0


Layout: TypeAlias = PlainLayout | GzipLayout


def layout_of(handle: BinaryIO) -> Layout:
    """Return the layout of a file, as shown by its first bytes."""
    is_gzip = handle.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    return GzipLayout(handle) if is_gzip else PlainLayout(handle)


def unpack_members(handle: BinaryIO) -> Iterator[bytes]:
    """Yield the unpacked bytes of all members of a gzip file, skipping other bytes between them."""
    layout = GzipLayout(handle)
    offset = 0
    while (start := layout.find_member(offset)) is not None:
        handle.seek(start)
        member = GzipMember(handle)
        while block := member.read(_BLOCK_BYTES):
            yield block
        offset = member.end_offset


def _start_in(line: bytes) -> int | None:
    """Return the position in the line at which a record begins, or None."""
    found = _ARC_START.match(line) or _WARC_START.search(line)
    return found.start() if found else None


def _skip(reader: LineReader, size: int) -> int:
    """Read up to `size` bytes and return the number read."""
    left = size
    while left and (block := reader.read(min(left, _BLOCK_BYTES))):
        left -= len(block)
    return size - left


class _Borrowed(io.RawIOBase):
    """A seekable file that stays open when the reader around it is closed."""

    def __init__(self, handle: BinaryIO) -> None:
        super().__init__()
        self._handle = handle

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._handle.seek(offset, whence)

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        target = memoryview(buffer).cast("B")
        block = self._handle.read(len(target))
        target[: len(block)] = block
        return len(block)
