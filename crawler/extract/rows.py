"""Finds the rows of a list page: blocks built alike, each with a link to an item of its own."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.extract.lines import element_text, is_aside, squeeze
from crawler.extract.names import name_test
from text.price import count_amounts, says_negotiable

if TYPE_CHECKING:
    from collections.abc import Collection

    from lxml import etree

    from crawler.extract.document import Document

_LEVELS = 10
_FEWEST_ROWS = 2
_SAMPLE = 6
_FEWEST_OF_OTHERS = 6
_READ_OF_ROW = 600
_SHORTEST_TITLE = 4
_SHORTEST_ROW = 40
_MOST_LINKS_OF_ROW = 20
# Words that mark one row among its like, and would split a list in two.
_STATE = re.compile(
    r"\d|^(?:odd|even|first|last|active|highlighted|featured|premium|promoted|sponsored|ad|top|new|"
    r"selected|current|alt)$|"
    r"^(?:col|grid|sg|span|row)[-_]",
)  # fmt: skip
_is_company_name = name_test(r"company|compnay|seller|supplier|shop-?name|store-?name|vendor")
_is_item_name = name_test(r"result|item|product|offer|listing|card|goods|anuncio|ad[-_]")

Signature = tuple[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Blocks of a page that are built alike."""

    elements: tuple[etree._Element, ...]
    """In page order."""
    priced: float
    """Share that shows a price, estimated on the first few."""
    pictured: float
    """Share with an image, estimated likewise."""
    score: float
    """How much the blocks look like listings; comparable within one page."""

    @property
    def is_of_others(self) -> bool:
        """Whether the rows are surely other items; a few blocks of mere text may be parts of one page."""
        return self.priced + self.pictured > 0 or len(self.elements) >= _FEWEST_OF_OTHERS


def find_rows(document: Document, *, paged: bool, spine: Collection[etree._Element] = ()) -> list[Rows]:
    """Finds the groups of like blocks on a page.

    Args:
        document: The page.
        paged: Whether the page is one of a list's pages, so that even a single row is a row.
        spine: Blocks that are no margins whatever their names say.

    Returns:
        Groups that look like listings, best first. One inside another is left out.
    """
    groups = _groups(document, spine, paged=paged)
    headed = {each for h1 in document.root.iter("h1") for each in (h1, *h1.iterancestors())}
    found = [
        rows
        for elements in groups.values()
        if not _is_layout(elements, spine, headed) and (rows := _judge(elements, headed)) is not None
    ]
    found.sort(key=lambda rows: rows.score, reverse=True)
    kept: list[Rows] = []
    covered: set[etree._Element] = set()
    for rows in found:
        first = rows.elements[0]
        if first in covered or any(each in covered for each in first.iterancestors()):
            continue
        if any(
            kept_element is not None and _holds(first, kept_element)
            for kept_element in (k.elements[0] for k in kept)
        ):
            continue
        kept.append(rows)
        covered.update(rows.elements)
    return kept


def main_link(row: etree._Element, document: Document) -> tuple[str, str]:
    """Finds a row's own page and title.

    Returns:
        Absolute URL and title; two empty texts when the row links nowhere.
    """
    titles: dict[str, str] = {}
    weight: Counter[str] = Counter()
    for link in ([row] if row.tag == "a" else []) + list(row.iter("a")):
        url = document.absolute(link.get("href") or "")
        if not url:
            continue
        text = _title_of_link(link)
        if count_amounts(text) and len(text) < 40:
            text = ""
        if len(text) > len(titles.get(url, "")):
            titles[url] = text
        in_heading = any(
            each.tag in {"h1", "h2", "h3", "h4", "h5"}
            for each in (*link.iterancestors(), *link.iter())
            if each is not row
        )
        named = "title" in (link.get("class") or "").lower() or "name" in (link.get("class") or "").lower()
        weight[url] -= 200 * _is_company_name(link.get("class") or "")
        weight[url] += (
            1
            + 100 * in_heading
            + 40 * named
            + min(len(text), 60)
            + (20 if link.find(".//img") is not None else 0)
        )
    if not weight:
        return "", ""
    url, _ = weight.most_common(1)[0]
    heading = next((text for each in row.iter("h2", "h3", "h4", "h5") if (text := element_text(each))), "")
    title = titles.get(url) or heading
    return url, heading if heading and (len(title) < _SHORTEST_TITLE or heading in title) else title


def _title_of_link(link: etree._Element) -> str:
    heading = next((text for each in link.iter("h2", "h3", "h4") if (text := element_text(each))), "")
    if heading:
        return heading
    text = element_text(link)
    full = squeeze(link.get("title") or "")
    if text and text.rstrip(".… ") and full.startswith(text.rstrip(".… ")):
        return full
    if text:
        return text
    image = next(link.iter("img"), None)
    return full or (squeeze(image.get("alt") or "") if image is not None else "")


def _groups(
    document: Document, spine: Collection[etree._Element], *, paged: bool
) -> dict[tuple[Signature, ...], list[etree._Element]]:
    """Groups the ancestors of links by tag and names of themselves, their parent and grandparent."""
    groups: dict[tuple[Signature, ...], list[etree._Element]] = {}
    signatures: dict[etree._Element, Signature] = {}
    seen: set[etree._Element] = set()

    def signature(element: etree._Element) -> Signature:
        if element not in signatures:
            signatures[element] = str(element.tag), _plain_names(element.get("class") or "")
        return signatures[element]

    for link in document.root.iter("a"):
        if not (link.get("href") or "").strip("#"):
            continue
        element: etree._Element | None = link
        for _ in range(_LEVELS):
            if element is None or element in seen or element.tag in {"body", "html"}:
                break
            if is_aside(element) and element not in spine:
                break
            seen.add(element)
            parent = element.getparent()
            if parent is not None and element.tag not in {
                "span",
                "b",
                "strong",
                "em",
                "h1",
                "thead",
                "tbody",
            }:
                grandparent = parent.getparent()
                above = signature(grandparent) if grandparent is not None else ("", frozenset())
                groups.setdefault((signature(element), signature(parent), above), []).append(element)
            element = parent
    return {
        key: elements
        for key, elements in groups.items()
        if len(elements) >= _FEWEST_ROWS or _is_lone_row(elements[0], paged=paged)
    }


@lru_cache(maxsize=16384)
def _plain_names(names: str) -> frozenset[str]:
    return frozenset(name for name in names.split() if not _STATE.search(name))


def _is_lone_row(element: etree._Element, *, paged: bool) -> bool:
    """Whether a block without its like is a list's only row, by names or by its price."""
    parent = element.getparent()
    own, around = element.get("class") or "", (parent.get("class") or "") if parent is not None else ""
    is_named = "result" in around and _is_item_name(own)
    may_be_row = paged and element.tag in {"div", "li", "tr", "article", "section"}
    has_one_link = may_be_row and len(_hrefs(element)) == 1
    if (has_one_link or (may_be_row and is_named)) and len(text := element_text(element)) < _READ_OF_ROW:
        return has_one_link and count_amounts(text) == 1
    return is_named


def _is_layout(
    elements: list[etree._Element],
    spine: Collection[etree._Element],
    headed: Collection[etree._Element],
) -> bool:
    """Whether the blocks are parts of the page itself: one holds the main heading, and few another `h1`."""
    if not any(each in spine for each in elements):
        return False
    return sum(each in headed for each in elements) * 2 < len(elements)


def _judge(elements: list[etree._Element], headed: Collection[etree._Element]) -> Rows | None:
    """Estimates from the first few blocks whether all of them are rows."""
    sample = elements[:_SAMPLE]
    if not _link_like_rows(sample, headed):
        return None
    texts = [element_text(element)[:_READ_OF_ROW] for element in sample]
    share = 1 / len(sample)
    amounts = [count_amounts(text) for text in texts]
    priced = share * sum(
        count > 0 or says_negotiable(text) for count, text in zip(amounts, texts, strict=True)
    )
    pictured = share * sum(element.find(".//img") is not None for element in sample)
    length = share * sum(min(len(text), 200) for text in texts)
    is_menu = (
        not priced and not pictured and (length < 60 if elements[0].tag == "a" else length < _SHORTEST_ROW)
    )
    is_icon_bar = not priced and length < _SHORTEST_TITLE * 3
    is_layout = len(elements) == _FEWEST_ROWS and priced + pictured == 0
    if is_menu or is_icon_bar or is_layout:
        return None
    holds_several = sum(count > 6 for count in amounts) > len(texts) / 2
    score = len(elements) * (length / 150 + 1.5 * priced + 0.5 * pictured) * (0.3 if holds_several else 1)
    return Rows(elements=tuple(elements), priced=priced, pictured=pictured, score=score)


def _link_like_rows(sample: list[etree._Element], headed: Collection[etree._Element]) -> bool:
    """Whether the blocks link to pages of their own, to few each, and none is the page's own item."""
    links = [_hrefs(element) for element in sample]
    firsts = {next(iter(each), "") for each in links}
    named_as_results = all(_is_item_name(element.get("class") or "") for element in sample)
    if len(firsts) * 2 <= len(sample) and len(sample) > 1 and not named_as_results:
        return False
    with_heading = sum(element in headed for element in sample)
    return with_heading in {0, len(sample)} and sum(map(len, links)) / len(links) <= _MOST_LINKS_OF_ROW


def _hrefs(element: etree._Element) -> dict[str, None]:
    found = (link.get("href") for link in element.iter("a"))  # itself too, if it is a link
    return {href.partition("#")[0].partition("?")[0]: None for href in found if href and href != "#"}


def _holds(outer: etree._Element, inner: etree._Element) -> bool:
    return any(each is outer for each in inner.iterancestors())
