"""Pages saved as single HTML files, plain or gzipped."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

from w3lib.encoding import html_to_unicode

from crawler.archives.bodies import inflate, read_bounded
from crawler.archives.pages import Capture, Payload, StoredFile, UnreadableBodyError
from crawler.archives.urls import comment_date, comment_url, declared_url
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD_BYTES = 64 * 1024
"""The comment of a save and the page's own `<head>` lie within; SingleFile puts styles after them."""


def index_html(file: StoredFile) -> Iterator[Capture]:
    """Find the one page of an HTML file, and what the file itself says about its URL.

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
    """Return the one page of an HTML file, which is not opened for it."""
    return Capture(file=file, read=read_html)


def read_html(capture: Capture, max_bytes: int) -> Payload:
    """Read the page's bytes.

    Raises:
        UnreadableBodyError: If it is over `max_bytes`, or its gzip data is cut or broken.
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


def _is_gzip(file: StoredFile) -> bool:
    return file.name.lower().endswith(".gz")


def _gzip_head(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(data, _HEAD_BYTES)
    except zlib.error:
        return b""
