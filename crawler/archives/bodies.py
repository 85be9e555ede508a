"""Bytes out of their transport: bounded reading, dechunking, decompression."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, BinaryIO

import brotli
from warcio.bufferedreaders import ChunkedDataReader

from crawler.archives.pages import UnreadableBodyError
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable

_TRANSPORT_HEADERS = frozenset({"content-encoding", "transfer-encoding", "content-length"})
_ZLIB_GZIP_OR_ZLIB = 47
_ZLIB_RAW = -15
_GZIP_MAGIC = b"\x1f\x8b"
_BLOCK_BYTES = 4096
_USUAL_BYTES = 131_072


def read_bounded(handle: BinaryIO, max_bytes: int) -> bytes:
    """Read the handle to its end.

    Raises:
        UnreadableBodyError: If more than `max_bytes` bytes follow; no more than that are held.
    """
    body = handle.read(min(_USUAL_BYTES, max_bytes + 1))  # room is made for all that is asked for
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
    """Undo the transfer and content encodings that the headers name.

    A body that is not packed as its headers say is returned as it is: many crawlers keep the headers of
    the wire with a body already unpacked.

    Raises:
        UnreadableBodyError: If the unpacked body is over `max_bytes`, or packed in an unknown way.
    """
    named = {name.lower(): value.lower() for name, value in headers}
    if "chunked" in named.get("transfer-encoding", ""):
        body = ChunkedDataReader(io.BytesIO(body)).read()
    for encoding in reversed(named.get("content-encoding", "").split(",")):
        body = _decompress(body, encoding.strip(), max_bytes)
    return body


def without_transport(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Drop the headers that no longer hold once a body is unpacked."""
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
    """Add to `unpacked` what the member at `start` holds, and return the offset behind it."""
    window = zlib.decompressobj(_ZLIB_GZIP_OR_ZLIB if _has_header(data[start : start + 2]) else _ZLIB_RAW)
    while not window.eof:
        # Only a little at a time: zlib copies whatever follows a member, and there may be a million of them.
        block = data[start : start + _BLOCK_BYTES]
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
