"""Finds what a page is about: its main heading, and the blocks that hold it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawler.extract.hidden import is_hidden, shown_text
from crawler.extract.lines import is_aside, squeeze

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lxml import etree

    from crawler.extract.document import Document

_SITE_SUFFIX = re.compile(r"\s+[|–—·_-]\s+[^|–—·]{2,60}$")
_SEPARATOR = re.compile(r"\s+[|–—·»:-]+\s+|[｜|»]")
_FURNITURE = frozenset({"nav", "footer"})
_HEADING_LIKE = ("h2", "h3", "h4", "div", "p", "td", "span", "strong", "b", "font")
_LONGEST_TITLE = 400
_SHORTEST_PART = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What a page is about, as far as it says so."""

    title: str
    rule: str
    """`visible:h1`, `visible:heading` for another element that repeats the title, or `visible:title`."""
    element: etree._Element | None = None
    """Where it stands, unless it is the document's title alone."""
    spine: frozenset[etree._Element] = field(default=frozenset())
    """The blocks that hold it: none of them is a margin of the page, whatever its name says."""


def find_heading(document: Document, skipped: Collection[etree._Element] = ()) -> Heading:
    """Finds the main heading.

    In order: an `h1` outside margins, the one that the document's title repeats before others; an `h1` in a
    block whose name alone makes it look like a margin; another element whose text is a part of the title.

    Args:
        document: The page.
        skipped: Blocks that hold other items.
    """
    of_document = document_title(document)
    said = f"{of_document} {document.meta.get('og:title', '')}".casefold()
    headings = [
        (text, heading)
        for heading in document.root.iter("h1")
        if not _stands_in(heading, skipped) and (text := shown_text(heading)) and len(text) <= _LONGEST_TITLE
    ]
    clear = [each for each in headings if not any(map(is_aside, each[1].iterancestors()))]
    named = [each for each in clear or headings if each[0].casefold() in said]
    if named or clear:
        text, element = (named or clear)[0]
        return _heading(text, "visible:h1", element)
    if found := _repeating_title(document, of_document, skipped):
        return _heading(*found)
    return Heading(title=_SITE_SUFFIX.sub("", of_document), rule="visible:title")


def document_title(document: Document) -> str:
    """Returns the text of `<title>`."""
    title = next(document.root.iter("title"), None)
    return squeeze("".join(title.itertext())) if title is not None else ""


def _heading(title: str, rule: str, element: etree._Element) -> Heading:
    return Heading(title=title, rule=rule, element=element, spine=frozenset(element.iterancestors()))


def _stands_in(element: etree._Element, skipped: Collection[etree._Element]) -> bool:
    return any(each in skipped or each.tag in _FURNITURE for each in element.iterancestors())


def _repeating_title(
    document: Document, title: str, skipped: Collection[etree._Element]
) -> tuple[str, str, etree._Element] | None:
    parts = {part.casefold(): part for part in _parts(title)}
    for element in document.root.iter(*_HEADING_LIKE) if parts else ():
        text = element.text
        if not text or len(element) > 2 or squeeze(text).casefold() not in parts:
            continue
        around = list(element.iterancestors())
        if is_hidden(element) or any(each.tag == "a" or is_aside(each) or each in skipped for each in around):
            continue
        return parts[squeeze(text).casefold()], "visible:heading", element
    return None


def _parts(title: str) -> Iterator[str]:
    if title:
        yield title
    for part in _SEPARATOR.split(title):
        if len(part.strip()) >= _SHORTEST_PART:
            yield part.strip()
