"""Find the rows of a list page, which are similar blocks, and read the listing in each row."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from crawler.extract.elements import element_text, is_aside, is_struck, name_test, squeeze, visible_lines
from crawler.extract.labelled_rows import column_rows, labelled_rows
from crawler.extract.links import leads_to_no_listing
from crawler.extract.offer import looks_like_name
from crawler.extract.terms import read_terms
from store.model import ListingContent
from text.money import count_amounts, read_price, says_negotiable
from text.page_words import Label, mentions, phrases_anywhere, whole_phrases
from text.phrases import written

if TYPE_CHECKING:
    from collections.abc import Collection

    from lxml import etree

    from crawler.extract.document import Document
    from crawler.extract.elements import Line

_LEVELS = 10
_FEWEST_ROWS = 2
_SAMPLE = 6
_FEWEST_OF_OTHERS = 6
_READ_OF_ROW = 600
_SHORTEST_TITLE = 4
_SHORTEST_ROW = 40
_MOST_LINKS_OF_ROW = 20
_COUNTED = re.compile(r"^[^\d()]{2,40}[(（\[]\s?\d[\d.,\s]*[)）\]]$")
"""A category with the number of its items, e.g. `Solvents (214)`."""
_OF_A_GRID = re.compile(r"\d|^(?:col|grid|sg|span|row)[-_]")
_is_company_name = name_test("", "company")
_is_item_name = name_test(r"ad[-_]", "item")

_ENDS = ("sellers.legal_form", "sellers.works")
_LEGAL_FORMS = (*_ENDS, "sellers.legal_form_word")

Signature = tuple[str, frozenset[str]]
_is_seller_name = name_test("", "row_seller")
_is_price_name = name_test("", "price")
_is_no_price_name = name_test("", "row_no_price")
_LONGEST_PRICE_TEXT = 80
_SHORTEST_TITLE_OF_ROW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A group of similar blocks on a page."""

    elements: tuple[etree._Element, ...]
    """In page order."""
    priced: float
    """Share of blocks with a price, estimated from the first few."""
    pictured: float
    """Share of blocks with an image, estimated from the first few."""
    score: float
    """How much the blocks look like listings, comparable only within one page."""

    @property
    def is_of_others(self) -> bool:
        """Return whether the rows are clearly other items; a few blocks of text may belong to one page."""
        return self.priced + self.pictured > 0 or len(self.elements) >= _FEWEST_OF_OTHERS


def find_rows(document: Document, *, paged: bool, spine: Collection[etree._Element] = ()) -> list[Rows]:
    """Find the groups of similar blocks that look like listings, best first, none nested in a better one.

    On a page of a paged list, even a single row counts. Blocks of the spine are no margins, whatever their
    names.
    """
    groups = _groups(document, spine, paged=paged)
    headed = {each for h1 in document.root.iter("h1") for each in (h1, *h1.iterancestors())}
    found = [
        rows
        for elements in groups.values()
        if not _is_layout(elements, spine, headed) and (rows := _rate(elements, headed)) is not None
    ]
    found.sort(key=lambda rows: rows.score, reverse=True)
    kept: list[Rows] = []
    covered: set[etree._Element] = set()
    around: set[etree._Element] = set()
    for rows in found:
        first = rows.elements[0]
        if first in around or not covered.isdisjoint((first, *first.iterancestors())):
            continue
        kept.append(rows)
        covered.update(rows.elements)
        around.update(first.iterancestors())
    return kept


def main_link(row: etree._Element, document: Document) -> tuple[str, str]:
    """Return the URL of a row's own page, and the row's title.

    Returns:
        Absolute URL and title; two empty texts when the row has no link.
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
    """Group the ancestors of links by the tags and names of the element, its parent and its grandparent."""
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
    one_row = written("element_names.one_row")
    return frozenset(name for name in names.split() if name not in one_row and not _OF_A_GRID.search(name))


def _is_lone_row(element: etree._Element, *, paged: bool) -> bool:
    """Return whether a single block is a list's only row, by its names or its price."""
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
    """Return whether the blocks are the page's layout: one holds the main heading, and few have an `h1`."""
    if not any(each in spine for each in elements):
        return False
    return sum(each in headed for each in elements) * 2 < len(elements)


def _rate(elements: list[etree._Element], headed: Collection[etree._Element]) -> Rows | None:
    """Return the blocks as rows if the first few look like listings, or None."""
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
    """Return whether the blocks each link to few pages of their own, and none is the page's own item."""
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


def row_listings(rows: Rows, document: Document) -> list[tuple[str, ListingContent]]:
    """Read the listing in each row of a group.

    Returns:
        Absolute URL and content of each item, without rows that lack a link or a title, and without those
        that lead to no listing: the start page, an account, another page of the list, a category.
    """
    headings: dict[etree._Element, list[str]] = {}
    read = (_row_listing(row, document, headings) for row in rows.elements)
    return [found for found in read if found is not None and not _is_of_menu(*found, document)]


def _is_of_menu(url: str, content: ListingContent, document: Document) -> bool:
    """Return whether a row is an entry of a menu rather than a listing."""
    is_elsewhere = leads_to_no_listing(url) or document.is_site_name(content.title)
    if content.price_text or content.seller_name:
        return is_elsewhere
    return is_elsewhere or _COUNTED.search(content.title) is not None


def _row_listing(
    row: etree._Element, document: Document, headings: dict[etree._Element, list[str]]
) -> tuple[str, ListingContent] | None:
    url, title = main_link(row, document)
    if not url or len(title) < _SHORTEST_TITLE_OF_ROW:
        return None
    lines = visible_lines(row, inline_apart=True)
    labelled = column_rows(row, headings) or labelled_rows(lines)
    values: dict[str, Any] = {"title": title}
    for each in labelled:
        if each.fills_field and each.label is not None:
            values.setdefault(each.label.value, each.value)
    price = _price_text(row, lines) or next(
        (each.value for each in labelled if each.label is Label.PRICE), ""
    )
    if price:
        shown = read_price(price, document.place)
        negotiable = says_negotiable(price)
        values |= {"price_text": shown.text, "price_amount": None if negotiable else shown.amount}
        values["currency"] = "" if negotiable else shown.currency
    seller = _seller(row, title)
    if seller is not None:
        values.setdefault("seller_name", element_text(seller))
        values["seller_url"] = document.absolute(seller.get("href") or "") if seller.tag == "a" else ""
    values.setdefault("minimum_order_text", _minimum_order(lines))
    values["attributes"] = tuple(
        (each.name, each.value) for each in labelled if each.label is Label.ATTRIBUTE
    )
    values["images"] = _images(row, document)
    filled = {name: value for name, value in values.items() if value not in ("", None, ())}
    content = ListingContent(**filled, provenance=dict.fromkeys(filled, "visible:row"))
    rows = [(each.name, each.value, "visible:row") for each in labelled]
    return url, replace(content, terms=read_terms(content, rows))


def _price_text(row: etree._Element, lines: list[Line]) -> str:
    for element in row.iter():
        name = (
            f"{element.get('class') or ''} {element.get('itemprop') or ''} {element.get('data-type') or ''}"
        )
        if _is_price_name(name) and not _is_no_price_name(name) and not is_struck(element):
            text = next((line.text for line in visible_lines(element) if _is_price(line.text)), "")
            if text:
                return _without_repetition(text)
    for line in lines:
        if count_amounts(line.text) and len(line.text) <= _LONGEST_PRICE_TEXT and not is_struck(line.element):
            return _without_repetition(line.text)
    return next((line.text for line in lines if says_negotiable(line.text) and len(line.text) <= 30), "")


def _is_price(text: str) -> bool:
    return len(text) <= _LONGEST_PRICE_TEXT and (any(c.isdigit() for c in text) or says_negotiable(text))


def _without_repetition(text: str) -> str:
    """Drop the repetition of a price that a row holds twice, once for screen readers."""
    half = len(text) // 2
    return text[:half] if len(text) > 3 and text[:half] == text[half:] else text


def _seller(row: etree._Element, title: str) -> etree._Element | None:
    by_suffix = None
    for element in row.iter():
        if element.tag in {"img", "svg", "button", "input"}:
            continue
        if _is_seller_name(element.get("class") or ""):
            link = next((each for each in element.iter("a") if _is_name(element_text(each), title)), None)
            if link is not None or _is_name(element_text(element), title):
                return link if link is not None else element
        if (
            by_suffix is None
            and len(element) == 0
            and element.text
            and _ends_in_legal_form(element.text.strip())
            and _is_name(element.text.strip(), title)
        ):
            by_suffix = element
    return by_suffix


def _is_name(text: str, title: str) -> bool:
    return text != title and looks_like_name(text)


def _minimum_order(lines: list[Line]) -> str:
    for line in lines:
        if mentions(line.text, "labels.minimum_order") and (found := _minimum().search(line.text)):
            return str(found["after"] or found["before"]).strip(" ()")
    return ""


def _images(row: etree._Element, document: Document) -> tuple[str, ...]:
    links = [
        document.absolute(image.get("data-src") or image.get("data-original") or image.get("src") or "")
        for image in row.iter("img")
    ]
    return tuple(dict.fromkeys(link for link in links if link))[:3]


def _ends_in_legal_form(text: str) -> bool:
    return any(mentions(text, name) for name in _LEGAL_FORMS) and _legal_form().search(text) is not None


@cache
def _legal_form() -> re.Pattern[str]:
    return re.compile(
        rf"{whole_phrases(*_ENDS)}\.?$|{whole_phrases('sellers.legal_form_word')}",
        re.IGNORECASE,
    )


@cache
def _minimum() -> re.Pattern[str]:
    label = phrases_anywhere("labels.minimum_order")
    return re.compile(
        rf"{label}\s*[:：]?\s*(?P<after>.{{1,40}})|(?P<before>\d.{{1,30}})\(?\s*{label}\)?", re.IGNORECASE
    )
