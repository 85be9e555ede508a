"""Pages saved by browsers as MHTML: a MIME message whose parts carry their URLs (RFC 2557)."""

from __future__ import annotations

from email import errors, policy
from email.parser import BytesParser
from typing import TYPE_CHECKING

from crawler.archives.bodies import read_bounded, too_large
from crawler.archives.pages import ArchiveFault, Capture, Payload, StoredFile
from crawler.archives.urls import normal_url, parse_time
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

_ROOM_FOR_ASSETS = 5
"""A message may be this many times as large as one page may be: images ride along, in base64."""


def index_mhtml(file: StoredFile, max_bytes: int) -> Iterator[Capture | ArchiveFault]:
    """Find the pages of a message: its HTML parts, framed ones included if they have an http(s) URL.

    Raises:
        OSError: If the file cannot be opened.
        UnreadableBodyError: If it is larger than a page and its images may be.
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
            fault=PageOutcome.TRUNCATED if part is cut_part else None,
            sentence="The MHTML file ends before the end of this page." if part is cut_part else "",
        )
    if not pages:
        sentence = "The MHTML file holds no HTML part; expected a page saved by a browser as a single file."
        yield ArchiveFault(locator=file.locator, outcome=PageOutcome.UNREADABLE, sentence=sentence)


def read_part(capture: Capture, max_bytes: int) -> Payload:
    """Read one part's bytes, in the character set that its header names.

    Raises:
        UnreadableBodyError: If the part is over `max_bytes`.
    """
    part = next(
        part
        for position, part in enumerate(_parse(capture.file, max_bytes).walk())
        if position == capture.position
    )
    body = part.get_payload(decode=True)
    if not isinstance(body, bytes):  # compat32 answers None for a multipart, which the index passes over
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
    """Return the part in which the file ends, when it ends before the closing boundary."""
    if not any(isinstance(defect, errors.CloseBoundaryNotFoundDefect) for defect in message.defects):
        return None
    return list(message.walk())[-1]
