"""Read pages saved as HTML or MHTML files (RFC 2557), and manifests with the URLs of files."""

from __future__ import annotations

import csv
import json
import zlib
from dataclasses import dataclass, replace
from email import errors, policy
from email.parser import BytesParser
from mimetypes import guess_type
from typing import TYPE_CHECKING

from w3lib.encoding import html_to_unicode

from crawler.archives.captures import (
    ArchiveError,
    ArchiveFault,
    Capture,
    Payload,
    StoredFile,
    UnreadableBodyError,
)
from crawler.archives.files import inflate, read_bounded, too_large
from crawler.archives.urls import comment_date, comment_url, declared_url, normal_url, parse_time
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from email.message import Message

_HEAD_BYTES = 64 * 1024
"""Enough for the saving program's comment and the page's `<head>`; SingleFile puts styles after them."""
_ROOM_FOR_ASSETS = 5
"""Allowed size of a message in page sizes, since it also holds images in base64."""
MANIFEST_NAMES = ("manifest.csv", "manifest.jsonl")
"""A file of this name applies to the files beside and below it."""


def index_html(file: StoredFile) -> Iterator[Capture]:
    """Yield the page of an HTML file, with its stated URL.

    Raises:
        OSError: If the file cannot be opened.
    """
    with file.open() as handle:
        head = handle.read(_HEAD_BYTES)
    if _is_gzip(file):
        head = _gzip_head(head)
    _, text = html_to_unicode(None, head)
    yield replace(
        html_capture(file),
        stated_url=comment_url(text),
        hinted_url=declared_url(text),
        captured_at=comment_date(text),
    )


def html_capture(file: StoredFile) -> Capture:
    """Return the page of an HTML file without opening the file."""
    return Capture(file=file, read=read_html)


def read_html(capture: Capture, max_bytes: int) -> Payload:
    """Read the page's bytes.

    Raises:
        UnreadableBodyError: If it is over `max_bytes`, or its gzip data is truncated or damaged.
    """
    with capture.file.open() as handle:
        body = read_bounded(handle, max_bytes)
    if _is_gzip(capture.file) and body:
        try:
            body = inflate(body, max_bytes)
        except zlib.error as error:
            sentence = f"The file is named .gz but does not decompress: {error}."
            raise UnreadableBodyError(PageOutcome.UNREADABLE, sentence) from error
    charset = f"; charset={capture.encoding}" if capture.encoding else ""
    media_type = "application/xhtml+xml" if ".xhtml" in capture.file.name.lower() else "text/html"
    return Payload(headers=(("Content-Type", media_type + charset),), body=body)


def read_loose(capture: Capture, max_bytes: int) -> Payload:
    """Read a script, style, picture or data file, whose name says its type.

    Raises:
        UnreadableBodyError: If it is over `max_bytes`.
    """
    media_type = guess_type(capture.file.name)[0] or "application/octet-stream"
    with capture.file.open() as handle:
        return Payload(headers=(("Content-Type", media_type),), body=read_bounded(handle, max_bytes))


def _is_gzip(file: StoredFile) -> bool:
    return file.name.lower().endswith(".gz")


def _gzip_head(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(data, _HEAD_BYTES)
    except zlib.error:
        return b""


def index_mhtml(file: StoredFile, max_bytes: int) -> Iterator[Capture | ArchiveFault]:
    """Yield the pages of a message: its HTML parts, and framed parts with an http(s) URL.

    Raises:
        OSError: If the file cannot be opened.
        UnreadableBodyError: If it is larger than a page with its images may be.
    """
    message = _parse(file, max_bytes)
    captured_at = parse_time(str(message.get("Date", "")))
    cut_part = _cut_part(message)
    pages = 0
    for position, part in enumerate(message.walk()):
        if part.is_multipart():
            continue
        url = normal_url(str(part.get("Content-Location", "")))
        is_html = part.get_content_type() in {"text/html", "application/xhtml+xml"}
        if is_html and not pages:
            url = url or normal_url(str(message.get("Snapshot-Content-Location", "")))
        is_page = is_html and bool(url or not pages)
        pages += is_page
        yield Capture(
            file=file,
            read=read_part,
            position=position,
            stated_url=url,
            captured_at=captured_at,
            is_page=is_page,
            is_picture=part.get_content_maintype() == "image",
            fault=PageOutcome.TRUNCATED if part is cut_part else None,
            sentence="The MHTML file ends before the end of this page." if part is cut_part else "",
        )
    if not pages:
        sentence = "The MHTML file has no HTML part; expected a page saved by a browser as a single file."
        yield ArchiveFault(locator=file.locator, outcome=PageOutcome.UNREADABLE, sentence=sentence)


def read_part(capture: Capture, max_bytes: int) -> Payload:
    """Return one part's bytes, in the character set of its header.

    Raises:
        UnreadableBodyError: If the part is over `max_bytes`.
    """
    part = next(
        part
        for position, part in enumerate(_parse(capture.file, max_bytes).walk())
        if position == capture.position
    )
    body = part.get_payload(decode=True)
    if not isinstance(body, bytes):  # only a multipart has None, and the index contains none
        body = b""
    if len(body) > max_bytes:
        raise too_large(max_bytes)
    return Payload(headers=(("Content-Type", str(part.get("Content-Type", "text/html"))),), body=body)


def _parse(file: StoredFile, max_bytes: int) -> Message:
    with file.open() as handle:
        return BytesParser(policy=policy.compat32).parsebytes(
            read_bounded(handle, max_bytes * _ROOM_FOR_ASSETS)
        )


def _cut_part(message: Message) -> Message | None:
    """Return the part in which a truncated file ends: the one without its closing boundary."""
    if not any(isinstance(defect, errors.CloseBoundaryNotFoundDefect) for defect in message.defects):
        return None
    return list(message.walk())[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRow:
    """One row of a manifest: the URL of one file."""

    url: str
    captured_at: datetime | None
    encoding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest's usable rows by file name; its other rows become faults."""

    rows: Mapping[str, ManifestRow]
    faults: tuple[ArchiveFault, ...] = ()


def read_manifest(text: str, name: str) -> Manifest:
    """Read a manifest of CSV or, when `name` ends in `.jsonl`, of JSON lines.

    Columns `file` (path below the manifest's own folder) and `url` are required. `captured_at` (ISO 8601)
    and `encoding` are optional, and other columns are ignored.

    Raises:
        ArchiveError: If the columns are missing, or the CSV cannot be read to the end.
    """
    rows: dict[str, ManifestRow] = {}
    faults = []
    for line, row in _json_rows(text) if name.endswith(".jsonl") else _csv_rows(text, name):
        file, url = str(row.get("file") or ""), normal_url(str(row.get("url") or ""))
        if file and url:
            rows[file.replace("\\", "/").removeprefix("./")] = ManifestRow(
                url=url,
                captured_at=parse_time(str(row.get("captured_at") or "")),
                encoding=str(row.get("encoding") or ""),
            )
            continue
        sentence = f"Line {line} of the manifest lacks a file or an http(s) URL; expected both."
        faults.append(
            ArchiveFault(locator=f"{name}#{line}", outcome=PageOutcome.UNREADABLE, sentence=sentence)
        )
    return Manifest(rows=rows, faults=tuple(faults))


def _csv_rows(text: str, name: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    reader = csv.DictReader(text.splitlines())
    try:
        if missing := {"file", "url"} - set(reader.fieldnames or ()):
            lacking = " and ".join(sorted(missing))
            raise ArchiveError(f"The manifest {name} lacks the column {lacking}; expected file and url.")
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        message = f"The manifest {name} cannot be read behind line {reader.line_num} ({error}); expected CSV."
        raise ArchiveError(message) from error


def _json_rows(text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    for line, content in enumerate(text.splitlines(), start=1):
        if not content.strip():
            continue
        try:
            row = json.loads(content)
        except (ValueError, RecursionError):
            row = None
        yield line, row if isinstance(row, dict) else {}
