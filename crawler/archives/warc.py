"""Pages saved in WARC and ARC files (ISO 28500), gzipped or not.

The header lines are read by warcio, which also turns ARC headers into WARC ones and repairs the target URIs
that wget wrapped in `<…>`. What warcio gives up on is passed over here: damage between and within records.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeadersParser

from crawler.archives.bodies import decode_body, too_large, without_transport
from crawler.archives.kinds import is_asset
from crawler.archives.pages import ArchiveFault, Capture, Payload, UnreadableBodyError
from crawler.archives.urls import normal_url, parse_time
from crawler.archives.warc_layout import layout_of
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from warcio.limitreader import LimitReader

    from crawler.archives.pages import StoredFile
    from crawler.archives.warc_layout import Layout, LineReader

_LOOKED_AT_BYTES = 4096
_PADDING = b"\r\n\0 "
_HTTP_RECORDS = frozenset({"response", "revisit"})
_STATUS = re.compile(rb"HTTP/[\d.]{1,8}\s+(\d{3})(?!\d)")
_CAPTURES = _HTTP_RECORDS | {"resource"}


class _BrokenRecordError(UnreadableBodyError):
    """A record whose own header lines make no sense."""

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
    """Bytes of the block that follow the HTTP headers, as declared."""


def index_warc(file: StoredFile) -> Iterator[Capture | ArchiveFault]:
    """Find the captures of a file in the order of its records.

    Raises:
        OSError: If the file cannot be opened.
        NotMemberPerRecordError: If it must be unpacked as a whole first.
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
    """Read a response as it was before transport: status, headers and unpacked body.

    Raises:
        UnreadableBodyError: If the body is over `max_bytes`, or packed in a way that cannot be undone.
    """
    head, block = _read_block(capture, max_bytes)
    packed_as = head.headers
    if capture.original is not None:
        original, block = _read_block(capture.original, max_bytes)
        packed_as = original.headers
    return Payload(
        status=head.status,
        headers=without_transport(head.headers or packed_as),
        body=decode_body(block, packed_as, max_bytes),
        is_http=head.kind in _HTTP_RECORDS,
    )


def _index_record(
    file: StoredFile, layout: Layout, start: int
) -> tuple[Capture | ArchiveFault | None, int, bool]:
    """Return what the record is, the offset to go on from, and whether the record is damaged."""
    reader = layout.open_record(start)
    try:
        head = _read_head(reader)
    except _BrokenRecordError as error:
        locator = f"{file.locator}#{start}"
        return (
            ArchiveFault(locator=locator, outcome=PageOutcome.UNREADABLE, sentence=error.sentence),
            start + 1,
            True,
        )
    length, end = layout.pass_block(reader, head.left)
    url = normal_url(head.fields.get("warc-target-uri", ""))
    if head.kind not in _CAPTURES or not url:
        return None, end, length < head.left
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
    if not declared.isdecimal():
        message = (
            f"The record declares {declared or 'no'} length; expected a number of bytes in Content-Length."
        )
        raise _BrokenRecordError(message)
    status = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", fields.get("content-type", "")),)
    if record.rec_type in _HTTP_RECORDS:
        status, headers = _read_http_head(record.raw_stream, is_optional=record.rec_type == "revisit")
    return _Head(
        kind=record.rec_type or "",
        fields=fields,
        status=status,
        headers=headers,
        left=record.raw_stream.limit,
    )


def _read_http_head(stream: LimitReader, *, is_optional: bool) -> tuple[int, tuple[tuple[str, str], ...]]:
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
    return ArchiveFault(
        locator=f"{file.locator}#{offset}",
        outcome=PageOutcome.UNREADABLE,
        sentence=f"The bytes from {offset:,} {until} belong to no WARC or ARC record; they were passed over.",
    )
