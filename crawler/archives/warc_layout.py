"""Where the records of a WARC or ARC file begin: one after another, or one gzip member each.

A damaged file is read on behind the damage: the next beginning is looked for, byte by byte if need be.
"""

from __future__ import annotations

import io
import re
import zlib
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer

GZIP_MAGIC = b"\x1f\x8b\x08"
_BLOCK_BYTES = 16 * 1024
_MAX_LINE_BYTES = 64 * 1024
_WARC_START = re.compile(rb"WARC/\d\.\d+\s*$")
"""The version line. It may end a line that was begun otherwise: what was cut there has no newline."""
_ARC_START = re.compile(rb"filedesc://|https?://\S.* \d{14} \S+ \d+\s*$")
"""ARC 1.0: the file's own header, or `URL IP-address archive-date type length`."""


class NotMemberPerRecordError(Exception):
    """Gzip members and records do not coincide, so that no record can be gone to directly."""


class LineReader(io.BufferedReader):
    """A buffered reader whose lines have a length limit, so that a file without newlines fills no memory."""

    def readline(self, size: int | None = -1, /) -> bytes:
        """Read to the next newline, or 64 KiB."""
        return super().readline(_MAX_LINE_BYTES if size is None or size < 0 else size)


class Layout(Protocol):
    """How records lie in a file."""

    def find_record(self, offset: int) -> int | None:
        """Return the offset at or behind `offset` at which a record begins; None when none follows."""

    def open_record(self, offset: int) -> LineReader:
        """Return a reader at the first byte of the record that begins at `offset`."""

    def pass_block(self, reader: LineReader, declared: int) -> tuple[int, int]:
        """Go behind the block at which `reader` stands.

        Returns:
            The number of its `declared` bytes that are there, and the offset to look on from.

        Raises:
            NotMemberPerRecordError: If a gzip member holds several records, or a part of one.
        """

    def read_at(self, offset: int, size: int) -> bytes:
        """Return up to `size` bytes of the file as it lies."""


class PlainLayout:
    """Records one after another, uncompressed."""

    def __init__(self, handle: BinaryIO) -> None:
        """Read from `handle`, which stays the caller's to close."""
        self._reader = LineReader(_Borrowed(handle))
        self._size = self._reader.seek(0, io.SEEK_END)

    def find_record(self, offset: int) -> int | None:
        """Go line by line to one that begins a record."""
        self._reader.seek(offset)
        while line := self._reader.readline():
            if (found := _start_in(line)) is not None:
                return offset + found
            offset += len(line)
        return None

    def open_record(self, offset: int) -> LineReader:
        """Return the one reader, moved there."""
        self._reader.seek(offset)
        return self._reader

    def pass_block(self, reader: LineReader, declared: int) -> tuple[int, int]:
        """Go behind the block; one that was cut short ends where the next record begins."""
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
        """Read from `handle`, which stays the caller's to close."""
        self._handle = handle

    def find_record(self, offset: int) -> int | None:
        """Go to a gzip member that unpacks to the beginning of a record."""
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
        """Go to the end of the member; a broken one is searched for members within."""
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
        """Return bytes of the file, still packed."""
        self._handle.seek(offset)
        return self._handle.read(size)

    def find_member(self, offset: int) -> int | None:
        """Go to what may be the beginning of a gzip member."""
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
    """The unpacked bytes of one gzip member; ends where the member ends or breaks."""

    def __init__(self, handle: BinaryIO) -> None:
        """Unpack from where `handle` stands."""
        super().__init__()
        self._handle = handle
        self._start = handle.tell()
        self._window = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self.is_broken = False

    @property
    def end_offset(self) -> int:
        """Offset of the first byte behind the member; behind its first byte if it is broken."""
        if not self._window.eof:
            return self._start + 1
        return self._handle.tell() - len(self._window.unused_data)

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the buffer; 0 means that the member has ended or is broken."""
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


def layout_of(handle: BinaryIO) -> Layout:
    """Tell from a file's first bytes how its records lie."""
    is_gzip = handle.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    return GzipLayout(handle) if is_gzip else PlainLayout(handle)


def unpack_members(handle: BinaryIO) -> Iterator[bytes]:
    """Yield all that the members of a gzip file unpack to, whatever lies between them."""
    layout = GzipLayout(handle)
    offset = 0
    while (start := layout.find_member(offset)) is not None:
        handle.seek(start)
        member = GzipMember(handle)
        while block := member.read(_BLOCK_BYTES):
            yield block
        offset = member.end_offset


def _start_in(line: bytes) -> int | None:
    """Return where in the line a record begins."""
    found = _ARC_START.match(line) or _WARC_START.search(line)
    return found.start() if found else None


def _skip(reader: LineReader, size: int) -> int:
    """Read up to `size` bytes and return how many there were."""
    left = size
    while left and (block := reader.read(min(left, _BLOCK_BYTES))):
        left -= len(block)
    return size - left


class _Borrowed(io.RawIOBase):
    """A seekable handle that is not closed with the reader around it."""

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
