"""Write exchanges as WARC 1.1 records, each one gzip member that can be read on its own.

This module computes every digest once, as SHA-256 in base 32, the form that readers support best. warcio
finds the digests in the headers and computes none.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import uuid
import zlib
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from store.operations.integrity import sync

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

Headers = tuple[tuple[str, str], ...]
VERSION = "WARC/1.1"
IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
_FIELDS = "application/warc-fields"
_MEDIA = "application/http; msgtype="
_GZIP = 16
_SMALLEST_WINDOW, _LARGEST_WINDOW = 9, 15
"""Exponents of two, in bytes; zlib's usable window is some 260 bytes smaller."""
_LEVEL = 6
"""warcio's own level 9 takes twice the time to save about one per cent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer. A saved page has only an answer, since no request was sent."""

    url: str
    at: datetime
    """Time at which the answer arrived or the saved copy was read."""
    status: int
    headers: Headers
    """The received headers."""
    is_http: bool = True
    """False for a saved page without HTTP headers, whose record is a `resource` without invented headers."""
    body: bytes = field(repr=False)
    """Dechunked, with its original compression."""
    request_headers: Headers | None = None
    """None for a saved page."""
    method: str = "GET"
    protocol: str = "HTTP/1.1"
    address: str = ""
    """IP address of the server."""
    cut: str = ""
    """Why the body is incomplete, as a WARC term: `length`, `time`, `disconnect` or `unspecified`."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """Notes for the metadata record: run, source, permission, and the place of a saved page."""

    @property
    def media_type(self) -> str:
        """The media type in the headers; HTML if there is none."""
        named = (value for name, value in self.headers if name.lower() == "content-type")
        return next(named, "") or "text/html"


def response_record(exchange: Exchange, record_id: str, payload: bytes) -> ArcWarcRecord:
    """Return the record of an answer with its body, or of a saved page without HTTP headers."""
    headers = _headers("response" if exchange.is_http else "resource", record_id, exchange)
    headers.append(("WARC-Payload-Digest", _label(payload)))
    if exchange.cut:
        headers.append(("WARC-Truncated", exchange.cut))
    if not exchange.is_http:
        return _plain(headers, exchange.media_type, exchange.body)
    return _http(headers, "response", _status_line(exchange), exchange.headers, exchange.body)


def revisit_record(
    exchange: Exchange, record_id: str, payload: bytes, *, of: tuple[str, str, datetime]
) -> ArcWarcRecord:
    """Return the record of an answer whose body is already stored.

    Args:
        exchange: The answer. Its status shows whether the site sent *not modified* or the same bytes.
        record_id: Id of the new record.
        payload: SHA-256 of the stored body.
        of: Id, address and date of the original record.
    """
    original, url, date = of
    is_unmodified = exchange.status == HTTPStatus.NOT_MODIFIED
    headers = _headers("revisit", record_id, exchange)
    headers += [
        ("WARC-Profile", NOT_MODIFIED if is_unmodified else IDENTICAL),
        ("WARC-Refers-To", f"<urn:uuid:{original}>"),
        ("WARC-Refers-To-Target-URI", url),
        ("WARC-Refers-To-Date", _date(date)),
        ("WARC-Payload-Digest", _label(payload)),
    ]
    if not exchange.is_http:
        return _plain(headers, exchange.media_type, b"")
    return _http(headers, "response", _status_line(exchange), exchange.headers, b"")


def request_record(exchange: Exchange, record_id: str) -> ArcWarcRecord:
    """Return the record of an exchange's request."""
    parts = urlsplit(exchange.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    line = f"{exchange.method} {target} HTTP/1.1"
    headers = [
        *_headers("request", new_record_id(), exchange),
        ("WARC-Concurrent-To", f"<urn:uuid:{record_id}>"),
    ]
    sent = (("Host", parts.netloc), *(exchange.request_headers or ()))
    return _http(headers, "request", line, sent, b"")


def metadata_record(exchange: Exchange, record_id: str) -> ArcWarcRecord:
    """Return the record of an answer's run, source and permission."""
    headers = [
        *_headers("metadata", new_record_id(), exchange),
        ("WARC-Concurrent-To", f"<urn:uuid:{record_id}>"),
    ]
    return _plain(headers, _FIELDS, fields(exchange.notes))


def warcinfo_record(file: str, at: datetime, notes: Mapping[str, str]) -> ArcWarcRecord:
    """Return the first record of a file."""
    headers = [
        ("WARC-Type", "warcinfo"),
        ("WARC-Record-ID", f"<urn:uuid:{new_record_id()}>"),
        ("WARC-Date", _date(at)),
        ("WARC-Filename", file),
    ]
    return _plain(headers, _FIELDS, fields(notes))


def fields(notes: Mapping[str, str]) -> bytes:
    """Return notes as `application/warc-fields`, one line for each filled note."""
    return "".join(f"{name}: {_line(value)}\r\n" for name, value in notes.items() if value).encode()


def new_record_id() -> str:
    """Return a new UUID for a record."""
    return str(uuid.uuid4())


def _headers(kind: str, record_id: str, exchange: Exchange) -> list[tuple[str, str]]:
    headers = [
        ("WARC-Type", kind),
        ("WARC-Record-ID", f"<urn:uuid:{record_id}>"),
        ("WARC-Target-URI", _line(exchange.url)),
        ("WARC-Date", _date(exchange.at)),
    ]
    return [*headers, ("WARC-IP-Address", exchange.address)] if exchange.address else headers


def _status_line(exchange: Exchange) -> str:
    # Scrapy drops the site's own reason phrase, which has no meaning in HTTP.
    try:
        phrase = HTTPStatus(exchange.status).phrase
    except ValueError:
        phrase = ""
    return f"{exchange.protocol} {exchange.status} {phrase}"


def _http(
    headers: list[tuple[str, str]], message: str, first: str, lines: Headers, body: bytes
) -> ArcWarcRecord:
    http = StatusAndHeaders("", [(name, _line(value)) for name, value in lines], protocol=first)
    http.compute_headers_buffer()
    headers.append(("WARC-Block-Digest", _digest(http.headers_buff + body)))
    kind = headers[0][1]
    if kind == "request":
        headers.append(("WARC-Payload-Digest", _digest(body)))
    return ArcWarcRecord(
        "warc",
        kind,
        StatusAndHeaders("", headers, protocol=VERSION),
        BytesIO(body),
        http,
        _MEDIA + message,
        len(body),
        payload_length=len(body),
    )


def _plain(headers: list[tuple[str, str]], media: str, block: bytes) -> ArcWarcRecord:
    digest = _digest(block)
    headers.append(("WARC-Block-Digest", digest))
    if headers[0][1] == "metadata":
        headers.append(("WARC-Payload-Digest", digest))
    head = StatusAndHeaders("", headers, protocol=VERSION)
    return ArcWarcRecord(
        "warc", headers[0][1], head, BytesIO(block), None, media, len(block), payload_length=len(block)
    )


def _digest(block: bytes) -> str:
    return _label(hashlib.sha256(block).digest())


def _label(digest: bytes) -> str:
    return "sha256:" + base64.b32encode(digest).decode("ascii")


def _date(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _line(text: str) -> str:
    """Return text on one line, without line ends and characters outside UTF-8."""
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split("\n")).replace("\r", " ")


class WarcFile:
    """Appends records, which are on disk after `sync`."""

    def __init__(self, path: Path) -> None:
        """Create the file.

        Raises:
            FileExistsError: If the file exists, since evidence is never overwritten.
        """
        self.path = path
        self._handle = path.open("xb")
        self.size = 0
        """Bytes written so far."""
        sync(path.parent)  # syncing the file does not save its name

    def write(self, record: ArcWarcRecord) -> tuple[int, int]:
        """Append a record, and return its offset and length in the file."""
        plain = io.BytesIO()
        WARCWriter(plain, gzip=False, warc_version=VERSION).write_record(record)
        member = _deflater(len(plain.getvalue()))
        offset = self.size
        self.size += self._handle.write(member.compress(plain.getvalue()))
        self.size += self._handle.write(member.flush())
        return offset, self.size - offset

    def sync(self) -> None:
        """Sync the records so far to disk."""
        self._handle.flush()
        os.fsync(self._handle.fileno())

    def close(self) -> None:
        """Sync the file to disk and close it."""
        try:
            self.sync()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the file without writing the rest of a record that the disk refused."""
        self._handle.raw.close()


def _deflater(size: int) -> zlib._Compress:
    """Return a compressor for `size` bytes with as little memory as possible.

    Clearing zlib's usual quarter of a megabyte takes ten times as long as packing a small record.
    """
    window = min(_LARGEST_WINDOW, max(_SMALLEST_WINDOW, size.bit_length() + 1))
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP + window, min(zlib.DEF_MEM_LEVEL, window - 6))
