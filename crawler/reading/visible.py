"""Reads a listing from what a page shows, where it has no structured data or the data leaves gaps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crawler.reading.item_number import number_in_url
from crawler.reading.labelled import labelled_rows
from crawler.reading.labels import Label, known_label
from crawler.reading.lines import element_text, is_aside, is_struck, squeeze
from crawler.reading.named import Role, named_elements
from crawler.reading.names import name_test
from crawler.reading.price import count_amounts, read_price, says_negotiable
from crawler.reading.seller import looks_like_name
from listings.model import ListingContent

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from lxml import etree

    from crawler.reading.document import Document
    from crawler.reading.labelled import LabelledRow
    from crawler.reading.lines import Line

_is_old_price_name = name_test(
    r"old|was|regular|before|strike|cross|compare|rrp|msrp|list-?price|discount|saving|save|antes|"
    r"shipping|filter|history"
)
_CRUMB_SEPARATOR = re.compile(r"\s*(?:[>»›→]|\s/\s|::|\\|\s\|\s)\s*")
_HOME = frozenset({"home", "inicio", "início", "accueil", "startseite", "главная", "首页", "home page"})
_SITE_SUFFIX = re.compile(r"\s+[|–—·_-]\s+[^|–—·]{2,60}$")
_BARE_AMOUNT = re.compile(r"\D{0,16}\d[\d.,'\s–-]*\D{0,5}")
_LONGEST_PRICE_TEXT = 80
_LONGEST_TITLE = 400
_MOST_LINES_OF_DESCRIPTION = 40
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_SHORTEST_DESCRIPTION = 60


def page_title(
    document: Document, skipped: Collection[etree._Element] = ()
) -> tuple[str, str, etree._Element | None]:
    """Finds what a page is about.

    Returns:
        The title, the rule that found it (`visible:h1`, `visible:title`) and the heading, if it is one.
    """
    of_document = _document_title(document)
    headings = [
        (text, heading)
        for heading in document.root.iter("h1")
        if not _stands_aside(heading, skipped)
        and (text := element_text(heading))
        and len(text) <= _LONGEST_TITLE
    ]
    if headings:
        # Some sites put their own name in an h1: the one that the title repeats is the item's.
        text, heading = next(
            ((t, h) for t, h in headings if t.casefold() in of_document.casefold()), headings[0]
        )
        return text, "visible:h1", heading
    return _SITE_SUFFIX.sub("", of_document), "visible:title", None


def _document_title(document: Document) -> str:
    title = next(document.root.iter("title"), None)
    return squeeze("".join(title.itertext())) if title is not None else ""


def _stands_aside(element: etree._Element, skipped: Collection[etree._Element]) -> bool:
    return any(ancestor in skipped or is_aside(ancestor) for ancestor in element.iterancestors())


class VisiblePage:
    """The visible part of one page, read once."""

    def __init__(
        self, document: Document, lines: Sequence[Line], rows_of_others: Collection[etree._Element]
    ) -> None:
        """Lays out the page.

        Args:
            document: The page.
            lines: Its visible lines, without those of other listings.
            rows_of_others: Elements that hold other listings.
        """
        self.document = document
        self.lines = lines
        self.skipped = rows_of_others
        self.rows = labelled_rows(lines)
        self.named = named_elements(document.root)
        self.title, self.title_rule, self.heading = page_title(document, rows_of_others)

    def content(self) -> ListingContent:
        """Reads every field the page shows, each with the rule that found it."""
        values: dict[str, Any] = {}
        provenance: dict[str, str] = {}

        def put(name: str, value: object, rule: str) -> None:
            if value not in ("", None, ()) and name not in values:
                values[name] = value
                provenance[name] = rule

        put("title", self.title, self.title_rule)
        for row in self.rows:
            long_enough = row.label is not Label.DESCRIPTION or len(row.value) >= _SHORTEST_DESCRIPTION
            if row.fills_field and row.label is not None and long_enough:
                put(row.label.value, row.value, f"visible:label {row.name}")
        price_text, rule = self.price_text()
        if price_text:
            reading = read_price(price_text, self.document.place)
            put("price_text", reading.text, rule)
            put("price_amount", reading.amount if not says_negotiable(price_text) else None, rule)
            put("currency", reading.currency if reading.amount is not None else "", rule)
        seller = self._seller()
        if seller is not None:
            put("seller_name", element_text(seller), "visible:seller")
        put("item_id", number_in_url(self.document), "url")
        put("seller_url", self._seller_url(seller, values.get("seller_name", "")), "visible:seller")
        put("category_path", self.breadcrumbs(), "visible:breadcrumbs")
        put(
            "attributes",
            tuple((row.name, row.value) for row in self.rows if _is_attribute(row)),
            "visible:labels",
        )
        put("images", self._images(), "visible:images")
        put("description", self._description(), "visible:description")
        return ListingContent(**{"title": "", **values}, provenance=provenance)

    def price_text(self) -> tuple[str, str]:
        """Finds the price as shown, and the rule that found it; two empty texts when there is none."""
        named = list(self._named_prices())
        if named:
            return named[0], "visible:price"
        for row in self.rows:
            if row.label is Label.PRICE:
                return row.value, f"visible:label {row.name}"
        started = self.heading is None
        for line in self.lines:
            started = started or line.element is self.heading
            if started and len(line.text) <= _LONGEST_PRICE_TEXT and count_amounts(line.text):
                return line.text, "visible:amount"
        return "", ""

    def _named_prices(self) -> Iterator[str]:
        """Yields texts of elements that are named as prices: those after the heading first."""
        for element in self._in_order(self.named[Role.PRICE]):
            name = f"{element.get('class', '')} {element.get('id', '')}"
            if element.tag in {"input", "body", "html"} or _is_old_price_name(name) or is_struck(element):
                continue
            if _stands_aside(element, self.skipped) or element in self.skipped:
                continue
            text = _current_price(element)
            if text and len(text) <= _LONGEST_PRICE_TEXT and (_shows_amount(text) or says_negotiable(text)):
                yield text

    def _in_order(self, elements: list[etree._Element]) -> list[etree._Element]:
        """Puts elements after the heading before those above it; both stay in page order."""
        if self.heading is None or not elements:
            return elements
        above = set(self.heading.xpath("preceding::*"))
        return [e for e in elements if e not in above] + [e for e in elements if e in above]

    def _under_description_heading(self) -> str:
        """Returns the lines between a heading such as *Description* and the next heading or known label."""
        parts: list[str] = []
        inside = False
        for line in self.lines:
            label = known_label(line.text)
            if label is Label.DESCRIPTION and not parts:
                inside = True
            elif inside and (line.element.tag in _HEADINGS or label is not None):
                break
            elif inside:
                parts.append(line.text)
        return " ".join(parts[:_MOST_LINES_OF_DESCRIPTION])

    def _crumb_line(self) -> tuple[str, ...]:
        """Reads a line such as `You are here: Home > Chemicals > Amines`: its links after the home page."""
        for line in self.lines:
            parts = [part for part in _CRUMB_SEPARATOR.split(line.text) if part]
            first = re.split(r"[:：]\s*", parts[0])[-1] if parts else ""
            if len(parts) > 2 and first.casefold() in _HOME:
                links = [element_text(link) for link in line.element.iter("a")]
                return tuple(
                    link for link in links if link and link.casefold() not in _HOME and link != self.title
                )
        return ()

    def _seller(self) -> etree._Element | None:
        """Finds the shortest named seller text: a link or a leaf, not a whole card."""
        for element in self._in_order(self.named[Role.SELLER]):
            if _stands_aside(element, self.skipped) or element in self.skipped:
                continue
            for candidate in (*element.iter("a"), *element.iter("h2", "h3", "h4", "strong", "b"), element):
                text = element_text(candidate)
                if text != self.title and looks_like_name(text):
                    return candidate
        return None

    def _seller_url(self, seller: etree._Element | None, name: str) -> str:
        places = [row.element for row in self.rows if row.label is Label.SELLER]
        if seller is not None:
            places.append(seller)
        for place in places:
            links = [place, *place.iter("a"), *list(place.iterancestors("a"))[:1]]
            for link in links:
                href = link.get("href") if link.tag == "a" else None
                if href and name and name in element_text(link):
                    return self.document.absolute(href)
        return ""

    def breadcrumbs(self) -> tuple[str, ...]:
        """Reads the path of categories, outermost first, without the home page and the item itself."""
        for element in self.named[Role.BREADCRUMBS]:
            links = [text for link in element.iter("a") if (text := element_text(link))]
            parts = links or [part for part in _CRUMB_SEPARATOR.split(element_text(element)) if part]
            path = [part.strip(" >»›/") for part in parts]
            path = [part for part in path if part and part.casefold() not in _HOME and part != self.title]
            if path:
                return tuple(path)
        return self._crumb_line()

    def _images(self) -> tuple[str, ...]:
        links = []
        for image in self.document.root.iter("img"):
            if _stands_aside(image, self.skipped) or _is_icon(image):
                continue
            source = image.get("data-src") or image.get("data-original") or image.get("src") or ""
            links.append(self.document.absolute(source))
        return tuple(dict.fromkeys(link for link in links if link))[:12]

    def _description(self) -> str:
        for element in self.named[Role.DESCRIPTION]:
            if not _stands_aside(element, self.skipped):
                text = element_text(element)
                if len(text) >= _SHORTEST_DESCRIPTION:
                    return text
        if under_heading := self._under_description_heading():
            return under_heading
        shown = {row.element for row in self.rows}
        paragraphs = [
            line.text
            for line in self.lines
            if len(line.text) >= _SHORTEST_DESCRIPTION
            and line.element not in shown
            and line.text != self.title
        ]
        return " ".join(paragraphs[:12]) or self.document.meta.get("description", "")


def _is_attribute(row: LabelledRow) -> bool:
    """Say whether a row is a property of the goods: one that fills a field of its own is not said twice."""
    has_own_field = row.label not in {Label.DESCRIPTION, Label.CATEGORY, Label.ATTRIBUTE, None}
    return not has_own_field and (row.in_table or row.label is Label.ATTRIBUTE)


def _shows_amount(text: str) -> bool:
    return count_amounts(text) > 0 or _BARE_AMOUNT.fullmatch(text) is not None


def _current_price(element: etree._Element) -> str:
    """Returns a price element's text without crossed-out prices in it."""
    if any(
        child.tag in {"del", "s", "strike"} or _is_old_price_name(child.get("class", ""))
        for child in element.iterdescendants()
    ):
        return squeeze(
            " ".join(
                "".join(child.itertext())
                for child in element
                if child.tag not in {"del", "s", "strike"} and not _is_old_price_name(child.get("class", ""))
            )
        )
    return element_text(element)


def _is_icon(image: etree._Element) -> bool:
    for name in ("width", "height"):
        size = image.get(name, "")
        if size.isdigit() and int(size[:6]) < 60:
            return True
    return False
