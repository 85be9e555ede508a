"""Tells what a page holds but does not show: hidden prices of other variants, texts for screen readers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.extract.names import name_test

if TYPE_CHECKING:
    from lxml import etree

_is_hidden_name = name_test(
    r"(?:^|[\s_-])(?:hide|hidden|is-hidden|d-none|no-display|display-none|ng-hide|invisible|sr-only|sronly|"
    r"visually-?hidden|visuallyhidden|screen-?reader(?:-text)?|off-?screen|off-?left|clipped|g-hdn|a11y-only)"
    r"(?:$|\s)"
)
_HIDING_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_UNSHOWN = frozenset({"script", "style", "noscript", "template"})
_LEVELS = 8


def is_hidden(element: etree._Element) -> bool:
    """Whether an element itself is kept from the eye, by its attributes or by what its class is called."""
    if element.get("hidden") is not None:
        return True
    style = element.get("style")
    if style and _HIDING_STYLE.search(style):
        return True
    name = element.get("class")
    return name is not None and _is_hidden_name(name)


def is_within_hidden(element: etree._Element) -> bool:
    """Whether an element, or one of the few it stands in, is kept from the eye."""
    current: etree._Element | None = element
    for _ in range(_LEVELS):
        if current is None or current.tag == "body":
            return False
        if is_hidden(current):
            return True
        current = current.getparent()
    return False


def shown_text(element: etree._Element) -> str:
    """Returns an element's text on one line, without what is hidden in it."""
    if not len(element):
        return " ".join((element.text or "").split())
    parts: list[str] = []
    _collect(element, parts, 0)
    return " ".join(" ".join(parts).split())


def _collect(element: etree._Element, parts: list[str], depth: int) -> None:
    if element.text:
        parts.append(element.text)
    for child in element:
        seen = isinstance(child.tag, str) and child.tag not in _UNSHOWN and not is_hidden(child)
        if seen and depth < 40:
            _collect(child, parts, depth + 1)
        if child.tail:
            parts.append(child.tail)
