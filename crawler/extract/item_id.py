"""Finds the site's own number for an item: as data, as labelled on the page, in its URL, in its scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.extract.document import Document
    from crawler.extract.lines import Line

ID_PARAMETERS = frozenset(
    {"id", "pid", "itemid", "item_id", "productid", "product_id", "sku", "prod", "offerid"}
)
"""Names of query parameters, in lower case, that hold a site's own number for an item."""
_NUMBER = re.compile(r"(?<![A-Za-z0-9])\d{5,}(?![A-Za-z0-9])")
_CODE = re.compile(r"(?<![A-Za-z0-9])(?=[A-Z0-9]*\d)[A-Z][A-Z0-9]{5,}(?![A-Za-z0-9])")
_AFTER_LETTER = re.compile(r"(?<=[A-Za-z])\d{5,}(?![A-Za-z0-9])")
_SHORT_AT_END = re.compile(r"(?<=[/_-])\d{3,4}(?=(?:\.\w{2,5})?/?$)")
# Unlike the labels of a whole line, these may stand anywhere in one, without a colon.
_LABELLED = re.compile(
    r"(?:^|[\s(〈<|])(?:sku|item\s?(?:#|no\.?|number|code)|product\s?(?:#|code|number|id)|web\s?id|art\.?-?nr\.?|"
    r"artikel-?nr\.?|artikelnummer|código(?: do produto| de producto)?|référence|réf\.?|артикул|код товара|"
    r"商品編號|商品编号|货号|商品番号|קוד מוצר|מק\"ט)\s{0,2}[#:：.]?\s{0,2}(?P<id>[A-Za-z0-9][\w./-]{2,30})",
    re.IGNORECASE,
)
_IN_SCRIPT = re.compile(
    r"[\"']?\b(?:sku|product_?sku)[\"']?\s*[:=]\s*[\"']([\w./-]{3,40})[\"']", re.IGNORECASE
)
_PREFIX = re.compile(r"^[^\W\d_][^\d:#]{0,30}[:#№]\s*(?=\S*\d)")
_CAPITALS = re.compile(r"[A-Z]{4,}")
_LONGEST_LINE = 120
_LONGEST_ID = 60
_MOST_WORDS = 2


def clean_item_id(text: str) -> str:
    """Returns an identifier without a label before it, or empty text for what is none, such as a name.

    Args:
        text: E.g. `Item # 101095`, `PU_106160/01` or `Fake Wounds`.
    """
    bare = _PREFIX.sub("", " ".join(text.split()))
    has_digit = any(map(str.isdigit, bare)) and len(bare.split()) <= _MOST_WORDS
    return bare if (has_digit or _CAPITALS.fullmatch(bare)) and len(bare) <= _LONGEST_ID else ""


def labelled_id(lines: Sequence[Line]) -> str:
    """Finds an identifier behind a label in the midst of a line, or returns empty text."""
    for line in lines:
        found = _LABELLED.search(line.text) if len(line.text) <= _LONGEST_LINE else None
        if found and any(map(str.isdigit, found["id"])):
            return found["id"].rstrip("./-")
    return ""


def number_in_url(document: Document) -> str:
    """Finds the item's number.

    It is a parameter that is named as one, or what the page repeats of the path elsewhere: its last number of
    five digits or more, its last code in capitals, or a shorter number at its end.

    Args:
        document: The item's own page.

    Returns:
        The number as it stands in the URL, or empty text.
    """
    try:
        parts = urlsplit(document.url)
        named = next((value for name, value in parse_qsl(parts.query) if name.lower() in ID_PARAMETERS), "")
    except ValueError:
        return ""
    path = unquote(parts.path)
    if named and named.isalnum() and any(map(str.isdigit, named)):
        return named
    elsewhere = document.text.replace(parts.path, "")
    for pattern in (_NUMBER, _CODE, _AFTER_LETTER, _SHORT_AT_END):
        for number in reversed(pattern.findall(path)):
            if number in elsewhere:
                return str(number)
    return ""


def id_in_scripts(document: Document) -> str:
    """Finds the one `sku` that the page's scripts name; empty text when there are several or none."""
    if "sku" not in document.text and "SKU" not in document.text:
        return ""
    named = {
        identifier
        for script in document.root.iter("script")
        for identifier in _IN_SCRIPT.findall(script.text or "")
        if clean_item_id(identifier)
    }
    return named.pop() if len(named) == 1 else ""
