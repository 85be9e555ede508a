"""One page, decoded and parsed once and shared by every extraction rule."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import tldextract
from charset_normalizer import from_bytes
from lxml import etree
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom, resolve_encoding

from text.language import declared_language
from text.money import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    import web_poet

# XML forbids these characters, and libxml2 stops reading at the first NUL.
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r")
_NOT_FETCHABLE = ("#", "javascript:", "mailto:", "tel:", "data:", "whatsapp:", "tg:", "sms:", "about:")
# Charsets seen on marketplaces. A short list keeps detection fast and accurate.
_DETECTABLE = ["cp1251", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp1252", "cp1250", "koi8_r"]
# Escape-based charsets use only ASCII bytes, so valid UTF-8 does not rule them out.
_ESCAPED = frozenset({"iso2022_jp", "iso-2022-jp", "hz", "hz-gb-2312"})
_LATIN = frozenset({"cp1252", "latin_1", "iso8859-1", "iso-8859-1", "windows-1252"})
# An unclosed script runs to the end of the page, so the pattern never searches again for its end.
_MARKUP = re.compile(rb"<(script|style)\b.*?(?:</\1\s*>|\Z)|<[^<>]*>|\s+", re.DOTALL | re.IGNORECASE)
_HTML_LANGUAGE = re.compile(rb"<html\b[^<>]*?\blang\s*=\s*[\"']?([a-z]{2})\b", re.IGNORECASE)
_WESTERN = frozenset(
    {b"en", b"fr", b"de", b"es", b"pt", b"it", b"nl", b"sv", b"da", b"nb", b"no", b"fi", b"ca"}
)
"""Languages written in Windows-1252, which detection confuses with its Central European neighbour."""
_ACCENTED_WORD = re.compile("[\u00c0-\u00ff]{4,}")
_NON_ASCII = re.compile("[\u0080-\U0010ffff]")
_SAMPLE_BYTES = 6000
_TOLERATED_DAMAGE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A page's tree and the data shared by every extraction rule."""

    root: etree._Element
    url: str
    base_url: str
    """Base URL of relative links."""
    origin: str
    """Scheme and host of `base_url`."""
    text: str
    """The decoded markup."""
    place: Place
    meta: dict[str, str] = field(default_factory=dict)
    """First content of each `<meta>`, by its name or property in lower case."""

    def absolute(self, link: str) -> str:
        """Return a link as an absolute http(s) URL, or empty text if it cannot be fetched."""
        link = link.strip()
        if not link or link.lower().startswith(_NOT_FETCHABLE):
            return ""
        if link.startswith("/") and not link.startswith("//") and "/." not in link:
            # This equals the result of the slower urljoin; pages hold hundreds of such links.
            return f"{self.origin}{link.partition('#')[0]}"
        if not link.startswith(("http://", "https://")):
            try:
                link = urljoin(self.base_url, link)
            except ValueError:
                return ""
        return link.partition("#")[0] if link.startswith(("http://", "https://")) else ""

    @property
    def site_names(self) -> frozenset[str]:
        """The names of the site by its tags and its host, as letters and digits in lower case."""
        host = registrable_host(self.url)
        said = (self.meta.get("og:site_name", ""), self.meta.get("application-name", ""))
        return frozenset(filter(None, map(_letters, (*said, host, host.partition(".")[0]))))

    def is_site_name(self, text: str) -> bool:
        """Return whether a text is only the site's own name, which never names its goods."""
        return _letters(text) in self.site_names


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def parse_document(response: web_poet.HttpResponse) -> Document | None:
    """Decode and parse a page; None when it has no element.

    Raises:
        MemoryError: If the process runs out of memory.
    """
    text = _readable(decode_page(bytes(response.body), response.headers.get("Content-Type")))
    # huge_tree keeps libxml2's depth limit of 2,048, so nesting cannot exhaust the stack.
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        root: etree._Element | None = etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        return None
    # The type stubs exclude None, but a page of comments has no root.
    if root is None:
        return None
    url = str(response.url)
    base_url = _base_url(root, url)
    meta = _meta(root)
    language = declared_language(root, meta)
    return Document(
        root=root,
        url=url,
        base_url=base_url,
        origin=_origin(base_url),
        text=text,
        place=Place(country=country_of(url), language=language),
        meta=meta,
    )


def _readable(text: str) -> str:
    """Remove characters that XML forbids. Checking the bytes first takes a fifth of the time."""
    try:
        raw = text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return _UNREADABLE.sub("", text)
    return text if len(raw.translate(None, _CONTROLS)) == len(raw) else _UNREADABLE.sub("", text)


def _meta(root: etree._Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in root.iter("meta"):
        content = element.get("content")
        name = element.get("property") or element.get("name") or element.get("http-equiv")
        if name and content:
            found.setdefault(name.lower(), content.strip())
    return found


def _base_url(root: etree._Element, url: str) -> str:
    for element in root.iter("base"):
        href = element.get("href")
        if href:
            try:
                return urljoin(url, href.strip())
            except ValueError:
                return url
    return url


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


@lru_cache(maxsize=1)
def suffixes() -> tldextract.TLDExtract:
    """Return an extractor of registrable domains that uses the installed suffix list."""
    # The list ships with the package, so reading a page never touches the network.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


@lru_cache(maxsize=4096)
def _registrable_host(host: str) -> str:
    parts = suffixes()(host)
    if parts.top_domain_under_public_suffix or parts.suffix or parts.ipv4 or parts.ipv6:
        return parts.top_domain_under_public_suffix or host
    # An unlisted top-level domain counts as a suffix, which is the list's own default rule.
    return ".".join(host.split(".")[-2:])


@lru_cache(maxsize=4096)
def registrable_host(url: str) -> str:
    """Return the domain a site's owner registered, e.g. `example.co.uk`, or the bare host."""
    try:
        return _registrable_host((urlsplit(url).hostname or "").lower())
    except ValueError:
        return ""


def country_of(url: str) -> str:
    """Return the country-code top-level domain of a URL, e.g. `mx`, or empty text."""
    try:
        last = (urlsplit(url).hostname or "").rpartition(".")[2].lower()
    except ValueError:
        return ""
    return (
        last if len(last) == 2 and last.isalpha() and last not in {"io", "co", "ai", "tv", "me", "eu"} else ""
    )


def decode_page(body: bytes, content_type: str | None = None) -> str:
    """Decode a page's bytes, already decompressed, to text. Bytes that no charset explains become U+FFFD.

    The charset is, in this order: the byte order mark's; UTF-8, if the bytes are valid; that of the
    `Content-Type` header and then of the `<meta>` declaration, if the bytes agree; Windows-1252, if the
    page's language is written in it and the bytes agree; the detected one. As in browsers, GB2312 is read as
    its superset GB18030, and ISO-8859-1 as Windows-1252.
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
    """Return whether text decoded as Western European has impossible runs of accented letters."""
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
