"""Read the taught fields of a page, and lay them over the fields of the general rules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crawler.extract.document import parse_document
from crawler.extract.elements import element_text, is_struck, squeeze, visible_lines
from crawler.extract.labelled_rows import labelled_rows
from crawler.extract.links import own_address
from crawler.extract.offer import clean_item_id
from crawler.extract.page import ExtractedListing, ExtractedPage, TaughtReading
from crawler.extract.seller_names import clean_seller_name
from crawler.extract.terms import read_terms
from crawler.teach.reader import Cleaning, DeclaredReader, Rule, TaughtField, compiled
from store.model import ListingContent, PageOutcome
from text.money import current_amount, read_price, says_negotiable
from text.page_words import spelling

if TYPE_CHECKING:
    import web_poet
    from lxml import etree

    from crawler.extract.document import Document

CONTENT_NAMES = {
    TaughtField.TITLE: "title",
    TaughtField.PRICE: "price_text",
    TaughtField.SELLER: "seller_name",
    TaughtField.LOCATION: "location",
    TaughtField.QUANTITY: "quantity_text",
    TaughtField.DESCRIPTION: "description",
    TaughtField.ITEM_ID: "item_id",
}
"""The name in `ListingContent` of each field of an item."""
_FEWEST_OF_ITEM = 2
_ITEM_OUTCOMES = frozenset({PageOutcome.LISTING, PageOutcome.CATEGORY, PageOutcome.NOT_UNDERSTOOD})
_COMPARED = 80
"""Characters of a description that are compared, since two readers rarely end at the same word."""


class PageFields:
    """One parsed page, from which rules read values."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._labelled: dict[str, list[str]] | None = None

    def values(self, rule: Rule) -> list[str]:
        """Return the different values at the place of a rule, in page order, without empty ones."""
        if rule.label:
            texts = self.labelled().get(spelling(rule.label), [])
        else:
            texts = [place_text(each, rule) for each in compiled(rule.css)(self.document.root)]
        return list(dict.fromkeys(filter(None, (self.cleaned(text, rule.clean) for text in texts))))

    def labelled(self) -> dict[str, list[str]]:
        """Return the values beside each label of the page, by the label's spelling."""
        if self._labelled is None:
            self._labelled = {}
            for row in labelled_rows(visible_lines(self.document.root)):
                self._labelled.setdefault(spelling(row.name), []).append(row.value)
        return self._labelled

    def cleaned(self, text: str, clean: Cleaning) -> str:
        """Return a text after a cleaning."""
        text = squeeze(text)
        if clean is Cleaning.PRICE:
            return current_amount(text) if any(map(str.isdigit, text)) or says_negotiable(text) else ""
        if clean is Cleaning.NAME:
            return clean_seller_name(text)
        if clean is Cleaning.AFTER_COLON:
            return text.replace("：", ":").partition(":")[2].strip()
        if clean is Cleaning.NUMBER:
            return clean_item_id(text)
        return self.document.absolute(text) if clean is Cleaning.ADDRESS else text


def place_text(element: etree._Element, rule: Rule) -> str:
    """Return the text that a rule takes from an element, before cleaning."""
    if rule.attribute:
        return element.get(rule.attribute) or ""
    if rule.clean is Cleaning.PRICE and len(element):
        return " ".join(line.text for line in visible_lines(element) if not is_struck(line.element))
    return element_text(element)


def read_taught(
    page: ExtractedPage, response: web_poet.HttpResponse, reader: DeclaredReader
) -> ExtractedPage:
    """Return a page with the fields that its source's declared reader finds on it.

    A page without a listing becomes one if the reader finds every required field of an item once, and no next
    page.

    Args:
        page: The page by the general rules.
        response: The page's bytes.
        reader: The source's reader.
    """
    document = parse_document(response) if page.outcome in _ITEM_OUTCOMES else None
    if document is None:
        return page
    fields = PageFields(document)
    read = {name: fields.values(rule) for name, rule in reader.fields.items()}
    next_page = next(iter(read.pop(TaughtField.NEXT_PAGE, [])), None)
    found = {name: values[0] for name, values in read.items() if values}
    if page.listing is None:
        if next_page or not _is_item(read, reader.required):
            missed = reader.required if page.outcome is PageOutcome.NOT_UNDERSTOOD else frozenset()
            taught = TaughtReading(missed=tuple(sorted(missed)))
            return replace(page, next_page=next_page or page.next_page, taught=taught)
        content = ListingContent(title=found[TaughtField.TITLE], language=page.language)
        address = own_address(document.url, "")
        page = replace(page, outcome=PageOutcome.LISTING, rows=(), next_page=None)
    else:
        content, address = page.listing.content, page.listing.url
    general = {name: str(getattr(content, CONTENT_NAMES[TaughtField(name)])) for name in found}
    compared = {name: same(name, found[name], value, document) for name, value in general.items() if value}
    listing = ExtractedListing(url=address, content=_overlaid(content, found, document))
    return replace(
        page,
        sentence=f"One listing, read by the declared reader, version {reader.version}, and general rules.",
        listing=listing,
        taught=TaughtReading(
            found=tuple(found),
            missed=tuple(sorted(reader.required - set(found))),
            agreed=tuple(name for name, is_same in compared.items() if is_same),
            differed=tuple(name for name, is_same in compared.items() if not is_same),
            doubtful=tuple(name for name, values in read.items() if len(values) > 1),
        ),
    )


def same(name: str, one: str, other: str, document: Document) -> bool:
    """Return whether two values of a field are the same to a person.

    Prices are compared by amount, descriptions by their beginning, other fields by their letters and digits.
    """
    if name == TaughtField.PRICE:
        amounts = [read_price(each, document.place).amount for each in (one, other)]
        if None not in amounts:
            return amounts[0] == amounts[1]
    if name == TaughtField.NEXT_PAGE:
        return document.absolute(one) == document.absolute(other)
    one, other = _letters(one), _letters(other)
    if name == TaughtField.DESCRIPTION:
        least = min(len(one), len(other), _COMPARED)
        return least > 0 and one[:least] == other[:least]
    return one == other


def _is_item(read: dict[str, list[str]], required: frozenset[str]) -> bool:
    is_enough = TaughtField.TITLE in required and len(required) >= _FEWEST_OF_ITEM
    return is_enough and all(len(read[name]) == 1 for name in required)


def _overlaid(content: ListingContent, found: dict[str, str], document: Document) -> ListingContent:
    values: dict[str, Any] = {}
    for name, value in found.items():
        values[CONTENT_NAMES[TaughtField(name)]] = value
    if price := found.get(TaughtField.PRICE):
        shown = read_price(price, document.place)
        amount = None if says_negotiable(price) else shown.amount
        values |= {"price_text": shown.text or price, "price_amount": amount}
        values["currency"] = "" if amount is None else shown.currency or content.currency
    provenance = {**content.provenance, **dict.fromkeys(values, "declared")}
    content = replace(content, **values, provenance=provenance)
    if content.terms:
        return content
    return replace(content, terms=read_terms(content))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
