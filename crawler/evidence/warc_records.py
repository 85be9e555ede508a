"""Write exchanges as WARC 1.1 records, each one gzip member, and check each record against its index row.

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

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParserException
from warcio.warcwriter import WARCWriter

from crawler.archives.captures import UnreadableBodyError
from crawler.archives.files import decode_body
from crawler.errors import CrawlError
from store.crawl import evidence
from store.operations.integrity import sync

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from store.crawl.evidence import EvidenceRecord
    from store.database import Database


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
    """Return the record of an answer whose body is already stored, under the SHA-256 `payload`.

    The answer's status shows whether the site sent *not modified* or the same bytes. `of` is the id, address
    and date of the original record.
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


MAX_BODY_BYTES = 20_000_000
MAX_HEADERS_BYTES = 16_000_000
"""Far more than any record's headers need; a larger record is not from this program."""
_UNPARSED = (
    ArchiveLoadFailed,
    StatusAndHeadersParserException,
    AttributeError,
    EOFError,
    LookupError,
    TypeError,
    ValueError,
)
"""The errors of warcio over bytes that are no record, such as a record without an address."""


class EvidenceWrong(CrawlError):
    """A piece of evidence does not match the store."""

    def __init__(self, where: str, found: str) -> None:
        super().__init__(f"{where}: {found}.")
        self.where = where
        """File and offset, or page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRecord:
    """A record in an evidence file."""

    record_type: str
    warc_headers: tuple[tuple[str, str], ...]
    status: str
    """The first line of the HTTP answer; empty for a saved page without one."""
    http_headers: tuple[tuple[str, str], ...]
    payload: bytes = field(repr=False)
    """The raw bytes of the answer; empty for a revisit."""


def read_record(folder: Path, record: EvidenceRecord) -> KeptRecord:
    """Read one record and check its place, identity, digests and payload.

    Raises:
        EvidenceWrong: At the first mismatch.
    """
    where = f"{record.file}#{record.offset}"
    try:
        with (folder / record.file).open("rb") as handle:
            handle.seek(record.offset)
            member = handle.read(record.length)
    except OSError as error:
        raise EvidenceWrong(where, f"the file cannot be read ({error.strerror})") from error
    if len(member) < record.length:
        raise EvidenceWrong(where, f"the file ends within the record, after {len(member):,} of its bytes")
    kept = _parse(where, _without_coding(where, member, record.payload_bytes + MAX_HEADERS_BYTES))
    _check(where, record, kept)
    return kept


def unpacked(kept: KeptRecord) -> bytes:
    """Return the payload without its content encoding, as the parser receives it.

    Raises:
        UnreadableBodyError: If the payload cannot be unpacked within the limit.
    """
    headers = [(name, value) for name, value in kept.http_headers if name.lower() != "transfer-encoding"]
    return decode_body(kept.payload, headers, MAX_BODY_BYTES)


def sha256_as_read(kept: KeptRecord) -> str:
    """Return the SHA-256 of the unpacked payload; empty if the payload cannot be unpacked."""
    try:
        return hashlib.sha256(unpacked(kept)).hexdigest()
    except UnreadableBodyError:
        return ""


def _without_coding(where: str, member: bytes, most: int) -> bytes:
    # warcio skips some bytes; only the checksum of the gzip member shows damage in them.
    unpacking = zlib.decompressobj(31)
    try:
        plain = unpacking.decompress(member, most)
    except zlib.error as error:
        raise EvidenceWrong(where, f"the record cannot be read ({error})") from error
    if not unpacking.eof:
        raise EvidenceWrong(where, "the record cannot be read (it is cut short, or unpacks to far too much)")
    return plain


def _parse(where: str, plain: bytes) -> KeptRecord:
    try:
        records = ArchiveIterator(io.BytesIO(plain), check_digests=True)
        found = next(records)
        payload = found.raw_stream.read()
    except StopIteration:
        raise EvidenceWrong(where, "there is no record") from None
    except _UNPARSED as error:
        raise EvidenceWrong(where, f"the record cannot be read ({error})") from error
    if found.digest_checker.passed is False:
        raise EvidenceWrong(
            where, f"its bytes have changed since they were written ({found.digest_checker.problems[0]})"
        )
    http = found.http_headers
    return KeptRecord(
        record_type=found.rec_type,
        warc_headers=tuple(found.rec_headers.headers),
        status=f"{http.protocol} {http.statusline}" if http else "",
        http_headers=tuple(http.headers) if http else (),
        payload=payload,
    )


def _check(where: str, record: EvidenceRecord, kept: KeptRecord) -> None:
    headers = {name.lower(): value for name, value in kept.warc_headers}
    expected = {
        "warc-type": record.record_type,
        "warc-record-id": f"<urn:uuid:{record.record_id}>",
        "warc-target-uri": record.url,
    }
    if record.repeats:
        expected["warc-refers-to"] = f"<urn:uuid:{record.repeats}>"
    for name, value in expected.items():
        if headers.get(name) != value:
            raise EvidenceWrong(where, f"its {name} is {headers.get(name)!r}; the store says {value!r}")
    if record.record_type == "revisit":
        if headers.get("warc-profile") not in {IDENTICAL, NOT_MODIFIED}:
            raise EvidenceWrong(
                where, f"its profile is {headers.get('warc-profile')!r}, which this program does not write"
            )
        return
    found = hashlib.sha256(kept.payload).hexdigest()
    if found != record.payload_sha256:
        raise EvidenceWrong(
            where, f"its payload has the SHA-256 {found}; the store says {record.payload_sha256}"
        )


class NoEvidence(CrawlError):
    """There is no evidence of the page."""

    def __init__(self, page: str) -> None:
        super().__init__(
            f"No evidence of the page {page!r} is stored; give its address, or the number of a page "
            "that came with bytes."
        )


def show(db: Database, folder: Path, page: str) -> tuple[EvidenceRecord, KeptRecord, bytes]:
    """Return a page's index row, its record, and its unpacked body.

    A body that cannot be unpacked is returned as it was received. A page is named by its number or its
    address, which selects the newest stored page.

    Raises:
        NoEvidence: If no evidence of the page is stored.
        EvidenceWrong: If the record, or the original of a revisit, does not match the store.
    """
    page_id = evidence.find_page(db, page)
    record = None if page_id is None else evidence.record_of_page(db, page_id)
    if record is None:
        raise NoEvidence(page)
    kept = read_record(folder, record)
    return record, kept, _body(kept) if record.repeats is None else body_of(db, folder, record.repeats)


def body_of(db: Database, folder: Path, record_id: str) -> bytes:
    """Return the unpacked body of a record, or of its original if the record is a revisit.

    Raises:
        EvidenceWrong: If either record is missing from the store or does not match it.
    """
    record = evidence.get_record(db, record_id)
    if record is None:
        raise EvidenceWrong(record_id, "the record is not in the store")
    original = evidence.chain_of(db, record)[-1]
    if original.repeats is not None:
        raise EvidenceWrong(original.repeats, "the record, which another repeats, is not in the store")
    return _body(read_record(folder, original))


def _body(kept: KeptRecord) -> bytes:
    try:
        return unpacked(kept)
    except UnreadableBodyError:
        return kept.payload
