"""Finds the site's own number for an item in the page's URL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from crawler.reading.document import Document

_NUMBER = re.compile(r"(?<![A-Za-z0-9])\d{5,}(?![A-Za-z0-9])")
_CODE = re.compile(r"(?<![A-Za-z0-9])(?=[A-Z0-9]*\d)[A-Z][A-Z0-9]{5,}(?![A-Za-z0-9])")
ID_PARAMETERS = frozenset(
    {"id", "pid", "itemid", "item_id", "productid", "product_id", "sku", "prod", "offerid"}
)
"""Names of query parameters, in lower case, that hold a site's own number for an item."""


def number_in_url(document: Document) -> str:
    """Finds the item's number.

    It is a parameter that is named as one, or the last number of five digits or more in the path that the
    page repeats elsewhere.

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
    if named and named.isalnum() and any(map(str.isdigit, named)):
        return named
    path = unquote(parts.path)
    elsewhere = document.text.replace(parts.path, "")
    for pattern in (_NUMBER, _CODE):
        for number in reversed(pattern.findall(path)):
            if number in elsewhere:
                return str(number)
    return ""
