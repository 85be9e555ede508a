"""The identity of a listing, its text, and the hashes that show a change: pure functions."""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

if TYPE_CHECKING:
    from store.model import ListingContent


TRACKING_PARAMETERS = frozenset({"fbclid", "gclid", "msclkid", "yclid", "spm", "scm", "ref_", "_ga"})

TRACKING_PREFIXES = ("utm_", "mc_", "algo_", "pvid")

SESSION_PARAMETERS = frozenset({"sid", "sessionid", "session_id", "jsessionid", "phpsessid"})

ROW_MARK = "#row"
"""Ends the address of a list row that has none of its own: the list page's, with this."""

_NOT_SAID = frozenset({"provenance", "images", "terms"})

DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@lru_cache(maxsize=1024)
def canonical_url(url: str) -> str:
    """Return `url` so that two addresses of one page are equal.

    The scheme and host are lower-cased, the default port, the fragment, tracking and session
    parameters are dropped and the others sorted. The path is kept as it is: servers tell case apart.
    What is no web address, as on a hostile page, only loses its fragment.
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

    A listing is its canonical URL within its source. A list row without a link of its own is told
    apart by the site's item id and, where there is none, by its title; `url` is then the list page's.

    Args:
        source_id: The source it was read from; the same page in two sources is two listings.
        url: The item's own URL, or the list page's with `#row` as its fragment.
        item_id: The site's own number for the item; may be empty.
        title: As read.
    """
    parts = [source_id, canonical_url(url)]
    if url.endswith(ROW_MARK):
        parts.append(item_id or title)
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def content_hash(content: ListingContent) -> str:
    """Return the SHA-256 of everything the listing says, whichever rule read it.

    Provenance, image addresses and the typed terms are left out: a better rule or a rotating image host is no
    change of the offer, and what the terms are read from is counted as text.
    """
    said = {name: getattr(content, name) for name in content.__slots__ if name not in _NOT_SAID}
    line = json.dumps(said, ensure_ascii=True, sort_keys=True, default=str)
    return hashlib.sha256(line.encode("ascii")).hexdigest()


def _web_address(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in DEFAULT_PORTS and parts.hostname and parts.port != 0
    except ValueError:  # e.g. `http://[`, or a port that is no number
        return None
    return parts if usable else None


def is_noise(parameter: str) -> bool:
    """Return whether a parameter (lower case) names the visit, not the page: tracking and sessions."""
    return (
        parameter in TRACKING_PARAMETERS
        or parameter in SESSION_PARAMETERS
        or parameter.startswith(TRACKING_PREFIXES)
    )


MAX_TEXT_CHARS = 20_000
"""A listing's text is cut here; the embedder reads far less, and a hostile page can be far longer."""

DATE = re.compile(
    r"(?:(?:19|20)\d\d(?:([-/.])\d\d\1\d\d|年(?:\d\d?月(?:\d\d?[日号])?)?)"
    r"|\d\d?[./]\d\d?[./](?:19|20)\d\d)(?:[T ,]+\d\d?:\d\d(?::\d\d)?)?"
)
"""A day or a year written as one, and nothing else. No CAS number is one: its last part is a single digit."""


def listing_text(content: ListingContent) -> str:
    """Return the listing as lines: title, quantity, pack and minimum order, description, then attributes.

    Seller, location and images are left out: they say who sells, and a model that reads them learns
    sites instead of offers. The price is left out because it moves from day to day: a judged listing
    would return to the queue with every move. So are properties that are a date, such as when the
    listing was put up: they move too, and say nothing of what is offered.

    Returns:
        At most `MAX_TEXT_CHARS` characters; the title alone when nothing else was shown.
    """
    lines = [content.title, content.quantity_text, content.pack_text, content.minimum_order_text]
    lines += [
        content.description,
        *(f"{name}: {value}" for name, value in content.attributes if not DATE.fullmatch(value)),
    ]
    return "\n".join(line for line in lines if line)[:MAX_TEXT_CHARS]


def text_hash(text: str) -> str:
    """Return the SHA-256 of `text` in UTF-8; lone surrogates, which hostile pages hold, are kept apart."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
