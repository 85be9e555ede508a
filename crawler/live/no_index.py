"""What a page itself asks of robots: in its `X-Robots-Tag` headers, and in `meta` tags of its own.

The words and their form are those of https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag
(read 2026-11-26), which the other large search engines share.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from crawler.live.who import ROBOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy.http import Response

NO_INDEX = frozenset({"noindex", "none"})
NO_FOLLOW = frozenset({"nofollow", "none"})
_META = re.compile(rb"<meta\b[^<>]*>", re.IGNORECASE)
_NAME = re.compile(rb"""name\s*=\s*["']?\s*(?:robots|precursor-watch)\b""", re.IGNORECASE)
_CONTENT = re.compile(rb"""content\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*))""", re.IGNORECASE)
_WIDE = {
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_RULES_WITH_VALUE = frozenset({"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"})
"""What may stand before a colon and is no robot's name."""


def asks(response: Response, words: frozenset[str]) -> bool:
    """Return whether a page asks robots in general, or ours, for one of these.

    What a header says to a robot of another name is not for us. In doubt it is: of
    `googlebot: nofollow, noindex` a reader cannot tell to whom the second word goes, so both are the other's,
    but `max-snippet: 5, noindex` begins with no name, and holds for all.
    """
    return any(not words.isdisjoint(said) for said in _said(response))


def _said(response: Response) -> Iterator[set[str]]:
    for value in response.headers.getlist(b"X-Robots-Tag"):
        yield _words_of_header(value.decode("latin-1").lower())
    for tag in _META.findall(_narrow(response.body)):
        if _NAME.search(tag) and (content := _CONTENT.search(tag)):
            yield _words(b"".join(filter(None, content.groups())).decode("latin-1").lower())


def _words_of_header(text: str) -> set[str]:
    first, colon, rest = text.partition(":")
    name = first.strip()
    if not colon or "," in name or name in _RULES_WITH_VALUE:
        return _words(text)
    return _words(rest) if name == ROBOT else set()


def _words(text: str) -> set[str]:
    return {word.partition(":")[0].strip() for word in re.split(r"[,;\s]+", text)}


def _narrow(body: bytes) -> bytes:
    """Return a body in which tags are found byte by byte, also of a page in UTF-16."""
    coding = _WIDE.get(body[:2])
    return body.decode(coding, "replace").encode("latin-1", "replace") if coding else body
