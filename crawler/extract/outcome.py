"""Decide the kind of a page: unusable, blocked, gone, a single item or a list of items."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.extract.elements import squeeze
from crawler.extract.offer import document_title
from store.model import PageOutcome
from text.page_words import mentions, spelling, spellings

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from lxml import etree

    from crawler.extract.document import Document
    from crawler.extract.elements import Line

Decision = tuple[PageOutcome, str]
MAX_BYTES = 20_000_000
"""Largest page that is parsed, in bytes after decompression."""
_SIGNATURES = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"RIFF", "a RIFF file (WebP, WAV or AVI)"),
    (b"\x28\xb5\x2f\xfd", "Zstandard-compressed data"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3", "a SQLite database"),
    (b"OggS", "an Ogg file"),
    (b"BZh", "bzip2-compressed data"),
    (b"\xfd7zXZ", "xz-compressed data"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"{\\rtf", "an RTF document"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"wOF", "a web font"),
)
_JSON = re.compile(rb"\s*(?:\{\s*(?:\"|\})|\[\s*[\[{\"\d\]])")
_MARKUP = re.compile(
    rb"<\s*(?:!doctype|!--|html|head|body|title|meta|div|table|p|a|h\d|span|ul|ol|li|section|article|"
    rb"main)\b|<!--",
    re.IGNORECASE,
)
_XML = re.compile(rb"\s*(?:\xef\xbb\xbf)?<\?xml|\s*<(?:rss|feed|urlset|sitemapindex|svg)\b", re.IGNORECASE)
_ENDS_INSIDE_TAG = re.compile(rb"<[A-Za-z/!][^<>]*\Z")
_SNIFFED_BYTES = 4096
_REFUSED = {401: "asks for a login", 403: "refuses access", 429: "says that too many requests were made"}
_GONE = {404, 410}
_UNAVAILABLE = 500
_NOT_FOUND = re.compile(r"\b404\b")
_LONGEST_REFUSAL = 800
MOST_BUY_BUTTONS = 6
_BUTTONS = ("button", "input", "a")


def before_parsing(body: bytes, status: int | None) -> Decision | None:
    """Return the outcome and sentence of a page that needs no parsing, or None if it should be parsed."""
    if status in _GONE:
        return PageOutcome.GONE, f"The site says that the page is gone (HTTP {status})."
    if status in _REFUSED:
        return PageOutcome.BLOCKED, f"The site {_REFUSED[status]} (HTTP {status}); this is not worked around."
    if len(body) > MAX_BYTES:
        return (
            PageOutcome.TOO_LARGE,
            f"The page has {len(body):,} bytes, more than the {MAX_BYTES:,} that are parsed.",
        )
    if not body.strip(b" \t\r\n\x00"):
        return PageOutcome.EMPTY, "The page has no text: no bytes, or only white space."
    if kind := _other_format(body):
        return PageOutcome.NOT_HTML, f"The bytes are {kind}, not HTML, despite the name."
    where = _ends_inside(body)
    cut = f"The page ends in the middle of a {where}; it was not read as a listing."
    return (PageOutcome.TRUNCATED, cut) if where else None


def _ends_inside(body: bytes) -> str:
    """Name the construct in which a page breaks off, or return empty text."""
    tail = body[-_SNIFFED_BYTES:]
    if b"</html" in tail.lower():
        return ""
    lowered = body.lower()
    if lowered.rfind(b"<script") > lowered.rfind(b"</script"):
        return "script"
    return "tag" if _ENDS_INSIDE_TAG.search(tail) else ""


def _other_format(body: bytes) -> str:
    """Name the format of a body that is not HTML, or return empty text."""
    for signature, kind in _SIGNATURES:
        if body.startswith(signature):
            return kind
    head = body[:_SNIFFED_BYTES]
    if _MARKUP.search(head) or body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ""
    if _XML.match(head):
        return "XML"
    if _JSON.match(head):
        return "JSON"
    if b"\x00" in head:
        return "binary data"
    return "" if _MARKUP.search(body) else "plain text"


def without_listing(
    document: Document, lines: Sequence[Line], title: str, status: int | None, *, has_rows: bool
) -> Decision | None:
    """Return whether a page without a listing is blocked, gone or not understood, with a sentence, or None.

    If the page shows rows of a list, only its title counts, since list pages too have login forms and notes
    in their margins.
    """
    named = f"{title} {document_title(document)}"
    shown = "" if has_rows else " ".join(line.text for line in lines)
    if len(shown) > _LONGEST_REFUSAL:
        # A page with this much text is more than a refusal.
        shown = ""
    said = f"{named} {shown}"
    if mentions(said, "pages.challenge") or (shown and "cf-chl" in document.text):
        return (
            PageOutcome.BLOCKED,
            "The site shows a challenge instead of the page; it is not worked around.",
        )
    if shown and _asks_password(document) and mentions(said, "pages.log_in"):
        return (
            PageOutcome.BLOCKED,
            "The site asks for a login instead of showing the page; this is not worked around.",
        )
    if mentions(said, "pages.gone") or _NOT_FOUND.search(said):
        return PageOutcome.GONE, "The page says that its content is no longer there."
    if status is not None and status >= _UNAVAILABLE:
        return PageOutcome.NOT_UNDERSTOOD, f"The site answered with a server error (HTTP {status})."
    return None


def _asks_password(document: Document) -> bool:
    return any((field.get("type") or "").lower() == "password" for field in document.root.iter("input"))


def count_buy_buttons(root: etree._Element, skipped: Collection[etree._Element]) -> int:
    """Count the buttons that buy an item or enquire about it, outside list rows; stop at seven."""
    found = 0
    for element in root.iter(*_BUTTONS):
        text = element.get("value") if element.tag == "input" else _label(element)
        if text and len(text) <= 40 and _says_buy(text):
            found += not any(each in skipped for each in element.iterancestors())
        if found > MOST_BUY_BUTTONS:
            break
    return found


@lru_cache(maxsize=16384)  # menus are the same on all pages of a site
def _says_buy(text: str) -> bool:
    return spelling(text) in spellings("buttons.buy")


def _label(element: etree._Element) -> str:
    text = (element.text or "").strip()
    return text or (squeeze("".join(element.itertext())) if len(element) <= 3 else "")
