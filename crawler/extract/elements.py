"""The names, visibility and lines of text of a page's elements."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from lxml import etree

from text.page_words import name_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable


LONGEST_NAME = 4_096
"""Characters of a name that are looked at; longer ones would fill the caches and take a second each."""


def name_test(pattern: str = "", *names: str) -> Callable[[str], bool]:
    """Return a cached, case-insensitive test for the names of elements.

    Names repeat across the pages of a site, and searching each one again would cost more than all else. A
    name passes if the pattern, or a phrase under one of the keys of `[element_names]` in the lexicon, is
    anywhere in it.
    """

    @cache
    def compiled() -> re.Pattern[str]:
        parts = [pattern] if pattern else []
        return re.compile(
            "|".join([*parts, *(name_parts(f"element_names.{name}") for name in names)]), re.IGNORECASE
        )

    @lru_cache(maxsize=16384)
    def has_match(name: str) -> bool:
        return compiled().search(name) is not None

    return lambda name: has_match(name[:LONGEST_NAME])


class Role(StrEnum):
    """The part of a page that an element's name announces."""

    PRICE = "price"
    SELLER = "seller"
    BREADCRUMBS = "breadcrumbs"
    DESCRIPTION = "description"
    ITEM_ID = "item_number"
    BRAND = "brand"


_TESTS = {role: name_test("", role) for role in Role}
_is_no_seller_name = name_test("", "seller_not")
_NOT_SHOWN = frozenset(
    {"html", "body", "head", "meta", "script", "style", "link", "input", "form", "svg", "template"}
)
_is_hidden_name = name_test(
    r"(?:^|[\s_-])(?:hide|hidden|is-hidden|d-none|no-display|display-none|ng-hide|invisible|sr-only|sronly|"
    r"visually-?hidden|visuallyhidden|screen-?reader(?:-text)?|off-?screen|off-?left|clipped|g-hdn|a11y-only)"
    r"(?:$|\s)"
)
_HIDING_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_UNSHOWN = frozenset({"script", "style", "noscript", "template"})
_LEVELS = 8
_NAMING = frozenset({
    "class", "id", "data-testid", "data-test-id", "data-test", "data-qa", "data-qa-qualifier", "data-cy",
    "data-hook", "data-automation-id",
})  # fmt: skip
"""Attributes that say what an element is: those for styles, and those that frameworks for tests look for."""
_UNSEEN = frozenset(
    {"script", "style", "noscript", "template", "head", "svg", "iframe", "select", "textarea", "canvas"}
)
_FURNITURE = frozenset({"nav", "footer"})
_WHOLE_PAGE = frozenset({"html", "body", "main"})
_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "dfn", "em", "font", "i",
    "img", "ins", "kbd", "label", "mark", "q", "s", "small", "span", "strong", "sub", "sup", "time", "tt",
    "u", "var", "wbr", "del", "strike", "input", "button", "nobr",
})  # fmt: skip
_is_aside_name = name_test(r"(?:^|[\s_-])(?:nav|navbar|menu|navigation|topbar)(?:$|[\s_-])", "aside")
_STRUCK = frozenset({"del", "s", "strike"})
_BETWEEN_ENTRIES = re.compile(r"[\s|｜·•・/-]*")
"""Marks between the entries of a menu, without those of a breadcrumb trail, such as `>`."""


def named_elements(root: etree._Element) -> dict[Role, list[etree._Element]]:
    """Return the visible elements of every role, in page order."""
    found: dict[Role, list[etree._Element]] = {role: [] for role in Role}
    for element in root.iter():
        if element.tag in _NOT_SHOWN:
            continue
        for attribute, name in element.items():
            if name and attribute in _NAMING:
                for role in _roles(name[:LONGEST_NAME]):
                    if not found[role] or found[role][-1] is not element:
                        found[role].append(element)
    return found


@lru_cache(maxsize=16384)
def _roles(name: str) -> tuple[Role, ...]:
    return tuple(
        role
        for role, has_role in _TESTS.items()
        if has_role(name) and not (role is Role.SELLER and _is_no_seller_name(name))
    )


def is_hidden(element: etree._Element) -> bool:
    """Return whether an element's own attributes or class name hide it."""
    if element.get("hidden") is not None:
        return True
    style = element.get("style")
    if style and _HIDING_STYLE.search(style):
        return True
    name = element.get("class")
    return name is not None and _is_hidden_name(name)


def is_within_hidden(element: etree._Element) -> bool:
    """Return whether an element or one of its nearest ancestors is hidden."""
    current: etree._Element | None = element
    for _ in range(_LEVELS):
        if current is None or current.tag == "body":
            return False
        if is_hidden(current):
            return True
        current = current.getparent()
    return False


def shown_text(element: etree._Element) -> str:
    """Return an element's visible text on one line."""
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


@dataclass(frozen=True, slots=True)
class Line:
    """One line of visible text."""

    text: str
    """Not empty, with white space collapsed."""
    element: etree._Element
    """The block that holds the text."""


def squeeze(text: str) -> str:
    """Collapse white space, no-break spaces included."""
    return " ".join(text.split())


def element_text(element: etree._Element) -> str:
    """Return an element's text on one line, without scripts and styles."""
    if element.tag in _UNSEEN:
        return ""
    if not len(element):
        return " ".join((element.text or "").split())
    if next(element.iter("script", "style", "noscript"), None) is None:
        return " ".join(" ".join(element.itertext()).split())
    return " ".join(line.text for line in visible_lines(element))


def is_aside(element: etree._Element) -> bool:
    """Return whether an element's tag or names mark navigation, a footer or a box of other items."""
    if element.tag in _FURNITURE:
        return True
    if element.tag in _WHOLE_PAGE:
        return False
    name = element.get("class") or element.get("id")
    if not name:
        return False
    identity = element.get("id")
    return _is_aside_name(name) or (identity is not None and _is_aside_name(identity))


def visible_lines(  # noqa: C901 - one walk over the tree reads best in one piece
    root: etree._Element,
    skipped: Collection[etree._Element] = (),
    *,
    inline_apart: bool = False,
    spine: Collection[etree._Element] = (),
) -> list[Line]:
    """Split the page into lines: one for each block, table cell, list item or line break.

    Args:
        root: The element to read.
        skipped: Elements to leave out with their content, such as rows of other listings.
        inline_apart: Whether adjacent inline elements without text between them are separate lines, as in
            the rows of many lists.
        spine: Elements to read whatever their names, since they hold the main heading.

    Returns:
        The lines in page order.
    """
    lines: list[Line] = []
    words: list[str] = []
    blocks: list[etree._Element] = [root]
    rows_of_inline: dict[etree._Element | None, bool] = {}

    def stands_apart(element: etree._Element) -> bool:
        parent = element.getparent()
        if parent not in rows_of_inline:
            rows_of_inline[parent] = _holds_no_text(parent)
        return rows_of_inline[parent]

    def end_line() -> None:
        if not words:
            return
        text = " ".join("".join(words).split())
        words.clear()
        if text:
            lines.append(Line(text, blocks[-1]))

    walk = etree.iterwalk(root, events=("start", "end"))
    left_out: etree._Element | None = None
    for event, element in walk:
        tag = element.tag
        if event == "start":
            if tag in _UNSEEN or (
                element is not root and (element in skipped or (is_aside(element) and element not in spine))
            ):
                walk.skip_subtree()
                left_out = element
                continue
            if element is not root and (tag not in _INLINE or (inline_apart and stands_apart(element))):
                end_line()
                blocks.append(element)
            if element.text:
                words.append(element.text)
        else:
            if element is left_out:
                left_out = None
                if tag not in _INLINE:
                    end_line()
            elif blocks[-1] is element and element is not root:
                end_line()
                blocks.pop()
            if element.tail and element is not root:
                words.append(element.tail)
    end_line()
    return lines


def _holds_no_text(parent: etree._Element | None) -> bool:
    """Return whether an element holds several elements and no text between them."""
    if parent is None or len(parent) < 2 or (parent.text or "").strip():
        return False
    return not any((each.tail or "").strip() for each in parent)


def is_struck(element: etree._Element) -> bool:
    """Return whether a text is crossed out, like an old price."""
    return any(ancestor.tag in _STRUCK for ancestor in _with_ancestors(element, 3))


def _with_ancestors(element: etree._Element, levels: int) -> Iterable[etree._Element]:
    current: etree._Element | None = element
    for _ in range(levels + 1):
        if current is None:
            return
        yield current
        current = current.getparent()


def is_menu(element: etree._Element) -> bool:
    """Return whether an element holds only links, two or more, side by side.

    A breadcrumb trail ends with the page itself, which is no link, and its marks point onwards. A property
    value is hardly ever a row of links.
    """
    links = [text for link in element.iter("a") if (text := element_text(link))]
    rest = element_text(element)
    for link in links:
        rest = rest.replace(link, "", 1)
    return len(links) > 1 and _BETWEEN_ENTRIES.fullmatch(rest) is not None
