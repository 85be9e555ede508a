"""Reads one listing out of one row of a list page."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crawler.extract.labelled import column_rows, labelled_rows
from crawler.extract.lines import element_text, is_struck, visible_lines
from crawler.extract.names import name_test
from crawler.extract.rows import main_link
from crawler.extract.seller import looks_like_name
from crawler.extract.terms import read_terms
from store.model import ListingContent
from text.labels import Label
from text.price import count_amounts, read_price, says_negotiable

if TYPE_CHECKING:
    from lxml import etree

    from crawler.extract.document import Document
    from crawler.extract.lines import Line

_is_seller_name = name_test(
    r"seller|supplier|vendor|company|store|shop|vendedor|brand-name|compnay|merchant|firma"
)
_COMPANY = re.compile(
    r"\b(?:Co\.?,? ?Ltd|Ltd|GmbH|Inc|LLC|S\.?A\.?(?: de C\.?V\.?)?|S\.?L\.?|S\.?R\.?L|Ltda|AG|Factory|"
    r"Corporation|Limited)\b\.?$|"
    r"有限公司|厂$|\b(?:ООО|ОАО|ЗАО|ИП)\b",
    re.IGNORECASE,
)
_is_price_name = name_test(r"price|precio|preco|preço|prix|preis|цена|cena|tsena|价")
_OLD_is_price_name = name_test(
    r"old|was|strike|original|before|list-?price|discount|symbol|fraction|decimal|shipping"
)
_MINIMUM = re.compile(
    r"(?:(?:min(?:imum|\.)?\s*order|moq|起订量?|pedido m[ií]nimo|"
    r"мин\.? заказ)\s*[:：]?\s*(?P<after>.{1,40}))|(?P<before>\d.{1,30})\(?\s*(?:min\.? order|moq)\)?",
    re.IGNORECASE,
)
_LONGEST_PRICE_TEXT = 80
_SHORTEST_TITLE = 3


def row_listing(row: etree._Element, document: Document) -> tuple[str, ListingContent] | None:
    """Reads a row.

    Args:
        row: One element of a group that `rows.find_rows` found.
        document: Its page.

    Returns:
        The item's absolute URL and what the row says of it, or None when it links to no item or has no title.
    """
    url, title = main_link(row, document)
    if not url or len(title) < _SHORTEST_TITLE:
        return None
    lines = visible_lines(row, inline_apart=True)
    labelled = column_rows(row) or labelled_rows(lines)
    values: dict[str, Any] = {"title": title}
    for each in labelled:
        if each.fills_field and each.label is not None:
            values.setdefault(each.label.value, each.value)
    price = _price_text(row, lines) or next(
        (each.value for each in labelled if each.label is Label.PRICE), ""
    )
    if price:
        reading = read_price(price, document.place)
        negotiable = says_negotiable(price)
        values |= {"price_text": reading.text, "price_amount": None if negotiable else reading.amount}
        values["currency"] = "" if negotiable else reading.currency
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
        if _is_price_name(name) and not _OLD_is_price_name(name) and not is_struck(element):
            text = next((line.text for line in visible_lines(element) if _is_price(line.text)), "")
            if text:
                return _once(text)
    for line in lines:
        if count_amounts(line.text) and len(line.text) <= _LONGEST_PRICE_TEXT and not is_struck(line.element):
            return _once(line.text)
    return next((line.text for line in lines if says_negotiable(line.text) and len(line.text) <= 30), "")


def _is_price(text: str) -> bool:
    return len(text) <= _LONGEST_PRICE_TEXT and (any(c.isdigit() for c in text) or says_negotiable(text))


def _once(text: str) -> str:
    """Takes a price once that a row says twice, for screen readers and for the eye."""
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
            and _COMPANY.search(element.text.strip())
            and _is_name(element.text.strip(), title)
        ):
            by_suffix = element
    return by_suffix


def _is_name(text: str, title: str) -> bool:
    return text != title and looks_like_name(text)


def _minimum_order(lines: list[Line]) -> str:
    for line in lines:
        if (found := _MINIMUM.search(line.text)) is not None:
            return str(found["after"] or found["before"]).strip(" ()")
    return ""


def _images(row: etree._Element, document: Document) -> tuple[str, ...]:
    links = [
        document.absolute(image.get("data-src") or image.get("data-original") or image.get("src") or "")
        for image in row.iter("img")
    ]
    return tuple(dict.fromkeys(link for link in links if link))[:3]
