"""The WARC 1.1 records of an exchange, made with warcio.

Every digest is computed here, once, as SHA-256 in base 32, the form that readers know best. warcio finds it
in the headers and computes none of its own.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from crawler.evidence.exchange import Exchange, Headers

VERSION = "WARC/1.1"
IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
_FIELDS = "application/warc-fields"
_MEDIA = "application/http; msgtype="


def response_record(exchange: Exchange, record_id: str, payload: bytes) -> ArcWarcRecord:
    """Return the record of an answer with its body, or of a saved page that has no HTTP headers."""
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
    """Return the record of an answer whose body is kept already.

    Args:
        exchange: The answer; its status tells whether the site said *not modified* or sent the same again.
        record_id: Of the new record.
        payload: SHA-256 of the body that is kept.
        of: Id, address and date of the record that holds it.
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
    """Return the record of the request that led to an answer."""
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
    """Return the record that says under which run, source and permission an answer was got."""
    headers = [
        *_headers("metadata", new_record_id(), exchange),
        ("WARC-Concurrent-To", f"<urn:uuid:{record_id}>"),
    ]
    return _plain(headers, _FIELDS, fields(exchange.notes))


def warcinfo_record(file: str, at: datetime, notes: Mapping[str, str]) -> ArcWarcRecord:
    """Return the record that begins a file."""
    headers = [
        ("WARC-Type", "warcinfo"),
        ("WARC-Record-ID", f"<urn:uuid:{new_record_id()}>"),
        ("WARC-Date", _date(at)),
        ("WARC-Filename", file),
    ]
    return _plain(headers, _FIELDS, fields(notes))


def fields(notes: Mapping[str, str]) -> bytes:
    """Return notes as `application/warc-fields`, one line each, those without a value left out."""
    return "".join(f"{name}: {_line(value)}\r\n" for name, value in notes.items() if value).encode()


def new_record_id() -> str:
    """Return the UUID of a record to be."""
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
    # Scrapy does not keep the site's own phrase, which means nothing in HTTP.
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
    """Return text on one line; what is no UTF-8 or would begin another line is replaced."""
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split("\n")).replace("\r", " ")
