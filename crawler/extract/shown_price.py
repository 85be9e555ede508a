"""Finds the price that a page shows for its own item, among old prices, instalments, postage and baskets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.extract.hidden import is_hidden, is_within_hidden
from crawler.extract.lines import is_aside, is_struck, squeeze
from crawler.extract.named import Role
from crawler.extract.names import name_test
from text.labels import Label
from text.price import count_amounts, current_amount, is_no_item_price, says_negotiable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from lxml import etree

    from crawler.extract.heading import Heading
    from crawler.extract.labelled import LabelledRow
    from crawler.extract.lines import Line

_is_no_price_name = name_test(
    r"shipping|delivery|filter|history|install?ment|monthly|financ|(?<![a-z])rate(?![a-z])|discount|saving|"
    r"(?<![a-z])save|basket|(?<![a-z])cart(?![a-z])|mini-?cart|shopp?p?ing-?bag|price-?range|alert"
)
_is_old_price_name = name_test(
    r"(?<![bcfghmst])old|was(?![a-z])|regular|before|strike|cross|compare|rrp|msrp|list-?price|antes"
)
_BARE_AMOUNT = re.compile(r"\D{0,16}\d[\d.,'\s–-]*\D{0,5}")
_STRUCK = frozenset({"del", "s", "strike"})
_UNSHOWN = frozenset({"script", "style", "noscript", "template", "select"})
_LONGEST_PRICE_TEXT = 80
_DEEPEST = 20


def shown_price(
    heading: Heading,
    lines: Sequence[Line],
    rows: Sequence[LabelledRow],
    named: Mapping[Role, list[etree._Element]],
    skipped: Collection[etree._Element],
) -> tuple[str, str, etree._Element | None]:
    """Finds the price as shown.

    In order: an element that is named as a price, after the heading before above it; one that is named as the
    regular or list price, where no other is shown; a row that is labelled as a price; the first amount with a
    currency sign after the heading.

    Args:
        heading: The page's own.
        lines: Its visible lines, without those of other listings.
        rows: Its labelled rows.
        named: Its elements by what they are called.
        skipped: Elements that hold other listings.

    Returns:
        Text, rule and element; two empty texts and None when no price is shown.
    """
    for is_old_kept in (False, True):
        for text, element in _named_prices(heading, named[Role.PRICE], skipped, is_old_kept=is_old_kept):
            return text, "visible:price", element
    for row in rows:
        if row.label is Label.PRICE:
            return current_amount(row.value), f"visible:label {row.name}", row.element
    started = heading.element is None
    for line in lines:
        started = started or line.element is heading.element
        if started and len(line.text) <= _LONGEST_PRICE_TEXT and _may_be_price(line):
            return current_amount(line.text), "visible:amount", line.element
    return "", "", None


def _may_be_price(line: Line) -> bool:
    return (
        count_amounts(line.text) > 0
        and not is_no_item_price(line.text)
        and not _is_no_price_name(_name(line.element))
        and not _is_old_price_name(_name(line.element))
        and not is_within_hidden(line.element)
    )


def _named_prices(
    heading: Heading,
    elements: list[etree._Element],
    skipped: Collection[etree._Element],
    *,
    is_old_kept: bool,
) -> Iterator[tuple[str, etree._Element]]:
    """Yields texts of elements that are named as prices: those after the heading first."""
    for element in _in_order(heading, elements):
        if element.tag in {"input", "body", "html", "select", "option"} or element in skipped:
            continue
        name = _name(element)
        if _is_no_price_name(name) or (not is_old_kept and _is_old_price_name(name)):
            continue
        if is_struck(element) or is_within_hidden(element):
            continue
        if any(_is_margin(each, heading, skipped) for each in element.iterancestors()):
            continue
        text = _without_other_prices(element, is_old_kept=is_old_kept)
        if not text or len(text) > _LONGEST_PRICE_TEXT or is_no_item_price(text):
            continue
        if count_amounts(text) > 0 or _BARE_AMOUNT.fullmatch(text) or says_negotiable(text):
            yield current_amount(text), element


def _is_margin(element: etree._Element, heading: Heading, skipped: Collection[etree._Element]) -> bool:
    if element in skipped:
        return True
    return element not in heading.spine and (is_aside(element) or _is_no_price_name(_name(element)))


def _name(element: etree._Element) -> str:
    return f"{element.get('class', '')} {element.get('id', '')}"


def _in_order(heading: Heading, elements: list[etree._Element]) -> list[etree._Element]:
    """Puts elements after the heading before those above it; both stay in page order."""
    if heading.element is None or not elements:
        return elements
    above = set(heading.element.xpath("preceding::*"))
    return [e for e in elements if e not in above] + [e for e in elements if e in above]


def _without_other_prices(element: etree._Element, *, is_old_kept: bool) -> str:
    """Returns a price element's text without crossed-out, hidden and otherwise named prices in it."""
    if not len(element):
        return squeeze(element.text or "")

    def is_other(child: etree._Element) -> bool:
        name = child.get("class") or ""
        return (
            child.tag in _STRUCK
            or child.tag in _UNSHOWN
            or is_hidden(child)
            or _is_no_price_name(name)
            or (not is_old_kept and _is_old_price_name(name))
        )

    return squeeze(" ".join(_texts(element, is_other, 0)))


def _texts(
    element: etree._Element, is_left_out: Callable[[etree._Element], bool], depth: int
) -> Iterator[str]:
    if element.text:
        yield element.text
    for child in element:
        if isinstance(child.tag, str) and depth < _DEEPEST and not is_left_out(child):
            yield from _texts(child, is_left_out, depth + 1)
        if child.tail:
            yield child.tail
