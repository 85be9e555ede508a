"""Decodes a page once, trusting its bytes more than what is declared about them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from charset_normalizer import from_bytes
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom, resolve_encoding

if TYPE_CHECKING:
    from collections.abc import Iterator

# Charsets seen on marketplaces; a short list keeps detection fast and its guesses sane.
_DETECTABLE = ["cp1251", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp1252", "cp1250", "koi8_r"]
# Escape-based charsets use ASCII bytes only, so valid UTF-8 says nothing against them.
_ESCAPED = frozenset({"iso2022_jp", "iso-2022-jp", "hz", "hz-gb-2312"})
_LATIN = frozenset({"cp1252", "latin_1", "iso8859-1", "iso-8859-1", "windows-1252"})
# A script without an end runs to the end of the page, so that none is looked for twice.
_MARKUP = re.compile(rb"<(script|style)\b.*?(?:</\1\s*>|\Z)|<[^<>]*>|\s+", re.DOTALL | re.IGNORECASE)
_HTML_LANGUAGE = re.compile(rb"<html\b[^<>]*?\blang\s*=\s*[\"']?([a-z]{2})\b", re.IGNORECASE)
_WESTERN = frozenset(
    {b"en", b"fr", b"de", b"es", b"pt", b"it", b"nl", b"sv", b"da", b"nb", b"no", b"fi", b"ca"}
)
"""Languages written in Windows-1252; detection tells it badly from its Central European neighbour."""
_ACCENTED_WORD = re.compile("[\u00c0-\u00ff]{4,}")
_NON_ASCII = re.compile("[\u0080-\U0010ffff]")
_SAMPLE_BYTES = 6000
_TOLERATED_DAMAGE = 0.02


def decode_page(body: bytes, content_type: str | None = None) -> str:
    """Decodes a page's bytes to text.

    The order is: byte order mark; valid UTF-8, whatever is declared; the `Content-Type` header and then
    the `<meta>` declaration, where the bytes agree with them; Windows-1252, where the page's language is
    written in it and the bytes agree; detection. GB2312 is read as GB18030, its superset, and ISO-8859-1
    as Windows-1252, as browsers do.

    Args:
        body: The payload, already decompressed.
        content_type: Value of the `Content-Type` header, if there was one.

    Returns:
        The text. Bytes that no charset explains become U+FFFD.
    """
    encoding, bom = read_bom(body)
    if encoding:
        return body[len(bom or b"") :].decode(encoding, errors="replace")
    declared = list(_declared_encodings(body, content_type))
    if not _ESCAPED.intersection(declared) and (text := _decode_strictly(body, "utf-8")) is not None:
        return text
    for name in declared:
        text = _decode_strictly(body, name)
        if text is not None and not (name in _LATIN and _is_mojibake(text)):
            return text
    return _decode_by_detection(body, declared)


def _declared_encodings(body: bytes, content_type: str | None) -> Iterator[str]:
    header = http_content_type_encoding(content_type) if content_type else None
    for name in (header, html_body_declared_encoding(body[:4096])):
        resolved = resolve_encoding(name) if name else None
        if resolved:
            yield resolved


def _decode_strictly(body: bytes, encoding: str) -> str | None:
    try:
        return body.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _is_mojibake(text: str) -> bool:
    """Whether text read as Western European consists of impossible runs of accented letters."""
    accented = sum(len(word) for word in _ACCENTED_WORD.findall(text))
    return accented > len(_NON_ASCII.findall(text)) / 2


def _is_western(body: bytes) -> bool:
    language = _HTML_LANGUAGE.search(body[:_SAMPLE_BYTES])
    return language is not None and language[1].lower() in _WESTERN


def _decode_by_detection(body: bytes, declared: list[str]) -> str:
    utf8 = body.decode("utf-8", errors="replace")
    if utf8.count("\ufffd") <= max(1, _TOLERATED_DAMAGE * len(_NON_ASCII.findall(utf8))):
        return utf8
    for name in declared:
        text = body.decode(name, errors="replace")
        damaged = text.count("\ufffd") > _TOLERATED_DAMAGE * len(_NON_ASCII.findall(text))
        if not damaged and not (name in _LATIN and _is_mojibake(text)):
            return text
    western = _decode_strictly(body, "cp1252") if _is_western(body) else None
    if western and not _is_mojibake(western):
        return western
    sample = _MARKUP.sub(b" ", body[: _SAMPLE_BYTES * 20])[:_SAMPLE_BYTES]
    best = from_bytes(sample, cp_isolation=_DETECTABLE).best()
    return body.decode(best.encoding if best else "utf-8", errors="replace")
