"""The identity, text and change hashes of a listing: pure functions."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from store.model import TermName
from text.phrases import any_of

if TYPE_CHECKING:
    from store.model import ListingContent


TRACKING_PARAMETERS = frozenset({"fbclid", "gclid", "msclkid", "yclid", "spm", "scm", "ref_", "_ga"})

TRACKING_PREFIXES = ("utm_", "mc_", "algo_", "pvid")

SESSION_PARAMETERS = frozenset({"sid", "sessionid", "session_id", "jsessionid", "phpsessid"})

ROW_MARK = "#row"
"""Suffix that the URL of the list page gets for a row without a link."""

_NOT_SAID = frozenset({"provenance", "images", "terms"})

DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@lru_cache(maxsize=1024)
def canonical_url(url: str) -> str:
    """Return the canonical form of a URL, which is equal for all URLs of one page.

    Scheme and host become lower case; default port, fragment, tracking and session parameters are dropped;
    the other parameters are sorted. The path does not change, because servers distinguish case. A text that
    is not a web address only loses its fragment.
    """
    bare = url.partition("#")[0].strip()
    parts = _web_address(bare)
    if parts is None:
        return bare
    host = parts.netloc.rpartition("@")[2].lower().removesuffix(DEFAULT_PORTS[parts.scheme])
    kept = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not is_noise(name.lower())
    )
    query = urlencode(kept, errors="replace")
    return urlunsplit((parts.scheme, host, parts.path or "/", query, "")).strip()


def listing_id(source_id: str, url: str, item_id: str, title: str) -> str:
    """Return the stable id of a listing: 16 hexadecimal digits.

    The id of a listing follows from its source and its canonical URL. For a list row without a link, the item
    id of the site, or else the title, identifies the listing within the list page. The same page in two
    sources is two listings. The URL of a list row is that of the list page with the fragment `#row`.
    """
    parts = [source_id, canonical_url(url)]
    if url.endswith(ROW_MARK):
        parts.append(item_id or title)
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def content_hash(content: ListingContent) -> str:
    """Return the SHA-256 of the contents of a listing.

    Provenance and image URLs are left out, because a better rule or a rotating image host does not change the
    offer. Typed terms are left out, because the hash covers the text that they are read from; only contacts
    in the markup of the page are in no other field.
    """
    said = {name: getattr(content, name) for name in content.__slots__ if name not in _NOT_SAID}
    if contacts := [
        each.text for each in content.terms if each.name is TermName.CONTACT_CHANNEL and each.text
    ]:
        said["contacts"] = contacts
    line = json.dumps(said, ensure_ascii=True, sort_keys=True, default=str)
    return hashlib.sha256(line.encode("ascii")).hexdigest()


def _web_address(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in DEFAULT_PORTS and parts.hostname and parts.port != 0
    except ValueError:  # e.g. `http://[`, or a port that is not a number
        return None
    return parts if usable else None


def is_noise(parameter: str) -> bool:
    """Return whether a lower-case parameter is for tracking or a session and does not identify the page."""
    return (
        parameter in TRACKING_PARAMETERS
        or parameter in SESSION_PARAMETERS
        or parameter.startswith(TRACKING_PREFIXES)
    )


MAX_TEXT_CHARS = 20_000
"""Longest text of a listing; the embedder reads far less, and a hostile page can be far longer."""


def listing_text(content: ListingContent) -> str:
    """Return the text of a listing as lines: title, quantity, pack, minimum order, description, attributes.

    Seller, location and images are left out, because a model that reads them learns sites instead of offers.
    Prices and dates are left out, because they change daily, and every change would return a judged listing
    to the queue. It has at most `MAX_TEXT_CHARS` characters.
    """
    lines = [content.title, content.quantity_text, content.pack_text, content.minimum_order_text]
    lines += [
        content.description,
        *(f"{name}: {value}" for name, value in content.attributes if not _date().fullmatch(value)),
    ]
    return "\n".join(line for line in lines if line)[:MAX_TEXT_CHARS]


@cache
def _date() -> re.Pattern[str]:
    """Return a pattern of a whole text that is a date. CAS numbers do not match: they end in one digit."""
    year, month, day = (any_of(f"dates.{key}") for key in ("year", "month", "day"))
    return re.compile(
        rf"(?:(?:19|20)\d\d(?:([-/.])\d\d\1\d\d|{year}(?:\d\d?{month}(?:\d\d?{day})?)?)"
        r"|\d\d?[./]\d\d?[./](?:19|20)\d\d)(?:[T ,]+\d\d?:\d\d(?::\d\d)?)?"
    )


def text_hash(text: str) -> str:
    """Return the SHA-256 of `text` in UTF-8, which keeps different lone surrogates different."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
