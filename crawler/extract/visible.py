"""Read a listing from the visible page, for pages without complete structured data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lxml import etree

from crawler.extract.elements import Role, element_text, is_aside, is_menu, named_elements, squeeze
from crawler.extract.labelled_rows import labelled_rows
from crawler.extract.offer import (
    clean_item_id,
    labelled_id,
    looks_like_name,
    number_in_url,
    shown_price,
)
from store.model import ListingContent
from text.money import count_amounts, read_price, says_negotiable
from text.page_words import Label, known_label, spelling, spellings

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from decimal import Decimal

    from crawler.extract.document import Document
    from crawler.extract.elements import Line
    from crawler.extract.labelled_rows import LabelledRow
    from crawler.extract.offer import Heading

_CRUMB_SEPARATOR = re.compile(r"\s*(?:[>»›→]|\s/\s|::|\\|\s\|\s)\s*")
_MOST_LINES_OF_DESCRIPTION = 40
_SHOWN_TEXTS = etree.XPath("//text()[not(parent::script or parent::style or parent::template)]")
_LONGEST_NAMED_ID = 40
_PAGE_HEAD = re.compile(r"(?<!\S)(?:(?:site|page|top|main)[_-]?)?header(?!\S)", re.IGNORECASE)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_SHORTEST_DESCRIPTION = 60


class VisiblePage:
    """The visible part of one page, read once."""

    def __init__(
        self,
        document: Document,
        heading: Heading,
        lines: Sequence[Line],
        rows_of_others: Collection[etree._Element],
    ) -> None:
        """Collect the page's labelled rows and named elements.

        Args:
            document: The page.
            heading: The page's heading.
            lines: The page's visible lines, without those of other listings.
            rows_of_others: Elements that hold other listings.
        """
        self.document = document
        self.lines = lines
        self.skipped = rows_of_others
        self.rows = labelled_rows(lines)
        self.named = named_elements(document.root)
        self.heading = heading
        self.title = heading.title

    def content(self) -> ListingContent:
        """Return every field that the page shows, each with the rule that found it."""
        values: dict[str, Any] = {}
        provenance: dict[str, str] = {}

        def put(name: str, value: object, rule: str) -> None:
            if value not in ("", None, ()) and name not in values:
                values[name] = value
                provenance[name] = rule

        put("title", self.title, self.heading.rule)
        for row in self.rows:
            long_enough = row.label is not Label.DESCRIPTION or len(row.value) >= _SHORTEST_DESCRIPTION
            if row.fills_field and row.label is not None and long_enough:
                value = clean_item_id(row.value) if row.label is Label.ITEM_ID else row.value
                put(row.label.value, value, f"visible:label {row.name}")
        price_text, rule = self.price_text()
        if price_text:
            shown = read_price(price_text, self.document.place)
            put("price_text", shown.text, rule)
            put("price_amount", shown.amount if not says_negotiable(price_text) else None, rule)
            put("currency", shown.currency if shown.amount is not None else "", rule)
        seller = self._seller()
        if seller is not None:
            put("seller_name", element_text(seller), "visible:seller")
        if "item_id" not in values:
            put("item_id", labelled_id(self.lines), "visible:label")
            put("item_id", self._named_id(), "visible:name")
            put("item_id", number_in_url(self.document), "url")
        put("seller_url", self._seller_url(seller, values.get("seller_name", "")), "visible:seller")
        put("category_path", self.breadcrumbs(), "visible:breadcrumbs")
        put(
            "attributes",
            tuple(
                (row.name, row.value)
                for row in self.rows
                if _is_attribute(row) and not self._is_site_name(row)
            ),
            "visible:labels",
        )
        put("images", self._images(), "visible:images")
        put("description", self._description(), "visible:description")
        return ListingContent(**{"title": "", **values}, provenance=provenance)

    def price_text(self) -> tuple[str, str]:
        """Return the price as shown and the rule that found it; two empty texts when there is none."""
        return shown_price(self.heading, self.lines, self.rows, self.named, self.skipped)

    def shows(self, amount: Decimal) -> bool:
        """Return whether the page shows an amount anywhere, in any usual notation."""
        whole, _, cents = f"{amount:.2f}".partition(".")
        grouped = r"[.,'’\s]?".join(re.findall(r"\d{1,3}(?=(?:\d{3})*$)", whole))
        decimals = rf"\D{{0,3}}{cents.removesuffix('0')}0?" if cents != "00" else r"(?:[.,]00?)?"
        texts = _SHOWN_TEXTS(self.document.root)
        return re.search(rf"(?<![\d.,]){grouped}{decimals}(?![.,]?\d)", "\n".join(texts)) is not None

    def brand(self) -> str:
        """Return the brand in an element that its name marks as one; empty if there is none."""
        for element in self.heading.in_order(self.named[Role.BRAND]):
            logo = next((each.get("alt") or "" for each in element.iter("img")), "")
            text = element_text(element) or squeeze(logo)
            if not self.is_in_margin(element) and looks_like_name(text) and text != self.title:
                return text
        return ""

    def _named_id(self) -> str:
        """Return the item number in an element that its name marks as one."""
        for element in self.heading.in_order(self.named[Role.ITEM_ID]):
            text = element_text(element) if not self.is_in_margin(element) else ""
            if len(text) <= _LONGEST_NAMED_ID and not count_amounts(text) and (found := clean_item_id(text)):
                return found
        return ""

    def is_in_margin(self, element: etree._Element) -> bool:
        """Return whether an element is in the head, foot or menu of the page, or in another listing."""
        return any(
            each in self.skipped or (is_aside(each) and each not in self.heading.spine)
            for each in element.iterancestors()
        )

    def is_beside(self, element: etree._Element) -> bool:
        """Return whether an element is in a margin, or in a head of the page that has not its heading."""
        return self.is_in_margin(element) or any(
            (each.tag == "header" or _PAGE_HEAD.search(f"{each.get('class')} {each.get('id')}"))
            and each not in self.heading.spine
            for each in element.iterancestors()
        )

    def _is_site_name(self, row: LabelledRow) -> bool:
        """Return whether a row is the site's name beside its menu, in a table used for layout."""
        return row.label is None and row.element in self.heading.above and is_menu(row.element)

    def _under_description_heading(self) -> str:
        """Return the text between a heading such as *Description* and the next heading or known label."""
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

    def _breadcrumb_line(self) -> tuple[str, ...]:
        """Return the links after the home page in a line such as `You are here: Home > Amines`."""
        for line in self.lines:
            parts = [part for part in _CRUMB_SEPARATOR.split(line.text) if part]
            first = re.split(r"[:：]\s*", parts[0])[-1] if parts else ""
            if len(parts) > 2 and _is_home(first) and not is_menu(line.element):
                links = [element_text(link) for link in line.element.iter("a")]
                return tuple(link for link in links if link and not _is_home(link) and link != self.title)
        return ()

    def _seller(self) -> etree._Element | None:
        """Return the shortest element named as the seller: a link or a leaf, not a whole card."""
        for element in self.heading.in_order(self.named[Role.SELLER]):
            if self.is_in_margin(element) or element in self.skipped:
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
        """Return the category path, outermost first, without the home page and the item itself."""
        for element in self.named[Role.BREADCRUMBS]:
            links = [text for link in element.iter("a") if (text := element_text(link))]
            parts = links or [part for part in _CRUMB_SEPARATOR.split(element_text(element)) if part]
            path = [part.strip(" >»›/") for part in parts]
            path = [part for part in path if part and not _is_home(part) and part != self.title]
            if path:
                return tuple(path)
        return self._breadcrumb_line()

    def _images(self) -> tuple[str, ...]:
        links = []
        for image in self.document.root.iter("img"):
            if self.is_in_margin(image) or _is_icon(image):
                continue
            source = image.get("data-src") or image.get("data-original") or image.get("src") or ""
            links.append(self.document.absolute(source))
        return tuple(dict.fromkeys(link for link in links if link))[:12]

    def _description(self) -> str:
        for element in self.named[Role.DESCRIPTION]:
            if not self.is_in_margin(element):
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


def _is_home(text: str) -> bool:
    return spelling(text) in spellings("trail.home")


def _is_attribute(row: LabelledRow) -> bool:
    """Return whether a row is a property of the goods that has no field of its own."""
    has_own_field = row.label not in {Label.DESCRIPTION, Label.CATEGORY, Label.ATTRIBUTE, None}
    return not has_own_field and (row.in_table or row.label is Label.ATTRIBUTE)


def _is_icon(image: etree._Element) -> bool:
    for name in ("width", "height"):
        size = image.get(name, "")
        if size.isdigit() and int(size[:6]) < 60:
            return True
    return False
