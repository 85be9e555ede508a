"""Tells a menu of the page from a row of properties and from a trail of categories."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.extract.lines import element_text

if TYPE_CHECKING:
    from lxml import etree

_BETWEEN = re.compile(r"[\s|｜·•・/-]*")
"""What parts the entries of a menu. The marks of a trail, such as `>`, are not among them."""


def is_menu(element: etree._Element) -> bool:
    """Say whether an element holds nothing but links, two or more, set side by side.

    A trail of categories ends with the page itself, which is no link, and its marks point onwards; a value of
    a property is hardly ever a row of links.
    """
    links = [text for link in element.iter("a") if (text := element_text(link))]
    rest = element_text(element)
    for link in links:
        rest = rest.replace(link, "", 1)
    return len(links) > 1 and _BETWEEN.fullmatch(rest) is not None
