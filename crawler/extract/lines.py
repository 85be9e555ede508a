"""The visible text of a page as lines, the way a reader meets it, each with the element it stands in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from crawler.extract.names import name_test

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_UNSEEN = frozenset(
    {"script", "style", "noscript", "template", "head", "svg", "iframe", "select", "textarea", "canvas"}
)
_FURNITURE = frozenset({"nav", "footer"})
_WHOLE_PAGE = frozenset({"html", "body", "main"})
_INLINE = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "dfn",
        "em",
        "font",
        "i",
        "img",
        "ins",
        "kbd",
        "label",
        "mark",
        "q",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "del",
        "strike",
        "input",
        "button",
        "nobr",
    ],
)
_is_aside_name = name_test(
    r"related|similar|recommend|recently|also[-_]?(?:bought|viewed|like)|cross-?sell|up-?sell|carousel|"
    r"you-?may|"
    r"footer|cookie|newsletter|breadcrumb|(?:^|[\s_-])(?:nav|navbar|menu|navigation|topbar)(?:$|[\s_-])|"
    r"relacionad|"
    r"semelhant|similaires|aehnlich|pohozh|pokhozh|xiangguan|tuijian",
)
_STRUCK = frozenset({"del", "s", "strike"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of visible text."""

    text: str
    """White space collapsed, never empty."""
    element: etree._Element
    """The block it stands in."""


def squeeze(text: str) -> str:
    """Collapses white space, no-break spaces included."""
    return " ".join(text.split())


def element_text(element: etree._Element) -> str:
    """Returns an element's text on one line, scripts and styles left out."""
    if element.tag in _UNSEEN:
        return ""
    if not len(element):
        return " ".join((element.text or "").split())
    if next(element.iter("script", "style", "noscript"), None) is None:
        return " ".join(" ".join(element.itertext()).split())
    return " ".join(line.text for line in visible_lines(element))


def is_aside(element: etree._Element) -> bool:
    """Whether an element's tag or names say that it is navigation, a footer or a box of other items."""
    if element.tag in _FURNITURE:
        return True
    if element.tag in _WHOLE_PAGE:
        return False
    name = element.get("class") or element.get("id")
    if not name:
        return False
    identity = element.get("id")
    return _is_aside_name(name) or (identity is not None and _is_aside_name(identity))


def visible_lines(  # noqa: C901 - one walk over the tree; apart, its branches say less
    root: etree._Element,
    skipped: Collection[etree._Element] = (),
    *,
    inline_apart: bool = False,
    spine: Collection[etree._Element] = (),
) -> list[Line]:
    """Lays the page out as lines: one for each block, table cell, list item or line break.

    Args:
        root: Where to begin.
        skipped: Elements to leave out with all they hold, such as rows of other listings.
        inline_apart: Whether inline elements that stand side by side without text between them are lines of
            their own, as in the rows of many lists.
        spine: Elements that are read whatever their names say, since they hold the main heading.

    Returns:
        The lines in page order.
    """
    lines: list[Line] = []
    words: list[str] = []
    blocks: list[etree._Element] = [root]

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
            if element is not root and (tag not in _INLINE or (inline_apart and _stands_apart(element))):
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


def _stands_apart(element: etree._Element) -> bool:
    """Whether an inline element has like neighbours and no text beside it."""
    parent = element.getparent()
    if parent is None or len(parent) < 2 or (parent.text or "").strip():
        return False
    return not any((each.tail or "").strip() for each in parent)


def is_struck(element: etree._Element) -> bool:
    """Whether a text is crossed out, as an old price is."""
    return any(ancestor.tag in _STRUCK for ancestor in _with_ancestors(element, 3))


def _with_ancestors(element: etree._Element, levels: int) -> Iterable[etree._Element]:
    current: etree._Element | None = element
    for _ in range(levels + 1):
        if current is None:
            return
        yield current
        current = current.getparent()
