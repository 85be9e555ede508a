"""Find a page's own offer: its heading, price, seller and item number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from crawler.extract.elements import (
    Role,
    is_aside,
    is_hidden,
    is_struck,
    is_within_hidden,
    name_test,
    shown_text,
    squeeze,
)
from text.money import count_amounts, current_amount, is_no_item_price, says_negotiable
from text.page_words import Label, known_label, mentions, phrases_anywhere, whole_phrases

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from lxml import etree

    from crawler.extract.document import Document
    from crawler.extract.elements import Line
    from crawler.extract.labelled_rows import LabelledRow

_SITE_SUFFIX = re.compile(r"\s+[|–—·_-]\s+[^|–—·]{2,60}$")
_BETWEEN_PARTS = re.compile(r"(\s+[|–—·_»:-]\s+|\s*[|»]\s*|:\s+)")
_WORD = re.compile(r"\w+")
_LOWER_HEADINGS = ("h2", "h3")
_MARGIN_TAGS = frozenset({"nav", "footer"})
_LONGEST_TITLE = 400
_is_no_price_name = name_test(r"(?<![a-z])(?:rate(?![a-z])|save|(?:cart|btn)(?![a-z]))", "no_price")
_is_old_price_name = name_test(r"(?<![bcfghmst])old", "old_price")
_BARE_AMOUNT = re.compile(r"\D{0,16}\d[\d.,'\s–-]*\D{0,5}")
_NO_PRICE_TAGS = frozenset({"del", "s", "strike", "script", "style", "noscript", "template", "select"})
_LONGEST_PRICE_TEXT = 80
_DEEPEST = 20
_LONGEST_NAME = 90
ID_PARAMETERS = frozenset(
    {"id", "pid", "itemid", "item_id", "productid", "product_id", "sku", "prod", "offerid"}
)
"""Query parameters, in lower case, that hold a site's own item number."""
_NUMBER = re.compile(r"(?<![A-Za-z0-9])\d{5,}(?![A-Za-z0-9])")
_CODE = re.compile(r"(?<![A-Za-z0-9])(?=[A-Z0-9]*\d)[A-Z][A-Z0-9]{5,}(?![A-Za-z0-9])")
_AFTER_LETTER = re.compile(r"(?<=[A-Za-z])\d{5,}(?![A-Za-z0-9])")
_SHORT_AT_END = re.compile(r"(?<=[/_-])\d{3,4}(?=(?:\.\w{2,5})?/?$)")
_PREFIX = re.compile(r"^[^\W\d_][^\d:#]{0,30}[:#№]\s*(?=\S*\d)")
_CAPITALS = re.compile(r"[A-Z]{4,}")
_LONGEST_LINE = 120
_LONGEST_ID = 60
_MOST_WORDS = 2
_MOST_WORDS_ELSEWHERE = 0.6
"""A heading is the document's title in other words if more than this share of its words stand in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """The main heading of a page."""

    title: str
    rule: str
    """`visible:` with the heading's tag, or `visible:title`."""
    element: etree._Element | None = None
    """The heading's element; None when only the document's title was found."""
    spine: frozenset[etree._Element] = frozenset()
    """The blocks that hold the heading. None of them is a margin of the page, whatever its name."""
    above: frozenset[etree._Element] = frozenset()
    """The elements that end before the heading begins."""

    def in_order(self, elements: list[etree._Element]) -> list[etree._Element]:
        """Return the elements after the heading, then those above it, each part in page order."""
        return sorted(elements, key=self.above.__contains__)


def find_heading(document: Document, skipped: Collection[etree._Element] = ()) -> Heading:
    """Find the main heading, outside the skipped blocks, which hold other items.

    The first match counts: an `h1` outside margins, preferably one that the document's title repeats; an `h1`
    in a block that only its name marks as a margin; a lower heading that the document's title repeats; the
    document's title without the site's name. A heading that is only the site's name counts if there is no
    other.
    """
    of_document = document_title(document)
    said = f"{of_document} {document.meta.get('og:title', '')}".casefold()
    found = _headings(document, ("h1",), skipped)
    headings = [each for each in found if not document.is_site_name(each[0])]
    clear = [each for each in headings if not any(map(is_aside, each[1].iterancestors()))]
    named = _named_in(clear or headings, said)
    lower = [] if headings else _named_in(_headings(document, _LOWER_HEADINGS, skipped), said)
    lower = [each for each in lower if not document.is_site_name(each[0])]
    bare = _without_site_name(of_document, document)
    chosen = named or clear or lower or ([] if bare else found)
    if chosen:
        text, element = chosen[0]
        return Heading(
            title=text,
            rule=f"visible:{element.tag!s}",
            element=element,
            spine=frozenset(element.iterancestors()),
            above=frozenset(element.xpath("preceding::*")),
        )
    return Heading(title=bare, rule="visible:title")


def _headings(
    document: Document, tags: tuple[str, ...], skipped: Collection[etree._Element]
) -> list[tuple[str, etree._Element]]:
    return [
        (text, heading)
        for heading in document.root.iter(*tags)
        if not _is_within(heading, skipped) and (text := shown_text(heading)) and len(text) <= _LONGEST_TITLE
    ]


def _named_in(headings: list[tuple[str, etree._Element]], said: str) -> list[tuple[str, etree._Element]]:
    """Return the headings that a title repeats; if there are none, the one with most of its words in it."""
    whole = [each for each in headings if each[0].casefold() in said]
    if whole:
        return whole
    words = frozenset(_WORD.findall(said))
    shares = [(_share_in(text, words), -at) for at, (text, _) in enumerate(headings)]
    share, at = max(shares, default=(0.0, 0))
    return [headings[-at]] if share > _MOST_WORDS_ELSEWHERE else []


def _share_in(text: str, words: frozenset[str]) -> float:
    own = _WORD.findall(text.casefold())
    return sum(word in words for word in own) / len(own) if len(own) >= _MOST_WORDS else 0.0


def _without_site_name(title: str, document: Document) -> str:
    """Return a document's title without the site's name before or behind it; empty if it is only that name.

    Without a known name, the last part behind a dash or bar counts as the site's name.
    """
    if document.is_site_name(title):
        return ""
    parts = _BETWEEN_PARTS.split(title)
    if len(parts) > 1 and document.is_site_name(parts[0]):
        return "".join(parts[2:])
    if len(parts) > 1 and document.is_site_name(parts[-1]):
        return "".join(parts[:-2])
    return _SITE_SUFFIX.sub("", title)


def document_title(document: Document) -> str:
    """Return the text of `<title>`, or empty text."""
    title = next(document.root.iter("title"), None)
    return squeeze("".join(title.itertext())) if title is not None else ""


def _is_within(element: etree._Element, skipped: Collection[etree._Element]) -> bool:
    return any(each in skipped or each.tag in _MARGIN_TAGS for each in element.iterancestors())


def shown_price(
    heading: Heading,
    lines: Sequence[Line],
    rows: Sequence[LabelledRow],
    named: Mapping[Role, list[etree._Element]],
    skipped: Collection[etree._Element],
) -> tuple[str, str]:
    """Return the price and the rule that found it; two empty texts when the page shows no price.

    The first match counts: an element named as a price, preferably after the heading; an element named as the
    regular or list price; a row labelled as a price; the first amount with a currency sign after the heading.
    The lines are those without other listings, which the skipped elements hold.
    """
    for is_old_kept in (False, True):
        for text in _named_prices(heading, named[Role.PRICE], skipped, is_old_kept=is_old_kept):
            return text, "visible:price"
    for row in rows:
        if row.label is Label.PRICE:
            return current_amount(row.value), f"visible:label {row.name}"
    started = heading.element is None
    for line in lines:
        started = started or line.element is heading.element
        if started and len(line.text) <= _LONGEST_PRICE_TEXT and _may_be_price(line):
            return current_amount(line.text), "visible:amount"
    return "", ""


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
) -> Iterator[str]:
    """Yield the texts of elements named as prices, those after the heading first."""
    for element in heading.in_order(elements):
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
            yield current_amount(text)


def _is_margin(element: etree._Element, heading: Heading, skipped: Collection[etree._Element]) -> bool:
    if element in skipped:
        return True
    return element not in heading.spine and (is_aside(element) or _is_no_price_name(_name(element)))


def _name(element: etree._Element) -> str:
    return f"{element.get('class', '')} {element.get('id', '')}"


def _without_other_prices(element: etree._Element, *, is_old_kept: bool) -> str:
    """Return a price element's text without the crossed-out, hidden and other prices inside it."""
    if not len(element):
        return squeeze(element.text or "")

    def is_other(child: etree._Element) -> bool:
        name = child.get("class") or ""
        return (
            child.tag in _NO_PRICE_TAGS
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


def looks_like_name(text: str) -> bool:
    """Return whether a text can name a person or company: short, and no label, price or invitation."""
    return (
        1 < len(text) <= _LONGEST_NAME
        and ":" not in text
        and any(map(str.isalpha, text))
        and known_label(text) is None
        and _invitation().match(text) is None
        and not count_amounts(text)
    )


@cache
def _invitation() -> re.Pattern[str]:
    return re.compile(whole_phrases("sellers.invitation"), re.IGNORECASE)


def clean_item_id(text: str) -> str:
    """Return an item number such as `Item # 101095` without its label; empty for other text."""
    bare = _PREFIX.sub("", " ".join(text.split())).removeprefix("#").strip()
    has_digit = any(map(str.isdigit, bare)) and len(bare.split()) <= _MOST_WORDS
    return bare if (has_digit or _CAPITALS.fullmatch(bare)) and len(bare) <= _LONGEST_ID else ""


def labelled_id(lines: Sequence[Line]) -> str:
    """Return the item number behind a label within a line, or empty text."""
    for line in lines:
        may_hold = len(line.text) <= _LONGEST_LINE and mentions(line.text, "item_ids.label")
        found = _labelled().search(line.text) if may_hold else None
        if found and any(map(str.isdigit, found["id"])):
            return found["id"].rstrip("./-")
    return ""


@cache
def _labelled() -> re.Pattern[str]:
    # Unlike whole-line labels, these may occur anywhere in a line, without a colon.
    label = phrases_anywhere("item_ids.label")
    return re.compile(
        rf"(?:^|[\s(〈<|]){label}\s{{0,2}}[#:：.]?\s{{0,2}}(?P<id>[A-Za-z0-9][\w./-]{{2,30}})", re.IGNORECASE
    )


def number_in_url(document: Document) -> str:
    """Return the item number as written in the page's URL, or empty text.

    The number is a parameter named as one, or a part of the path that the page repeats: the last number of
    five digits or more, the last code in capitals, or a shorter number at the end.
    """
    try:
        parts = urlsplit(document.url)
        named = next((value for name, value in parse_qsl(parts.query) if name.lower() in ID_PARAMETERS), "")
    except ValueError:
        return ""
    path = unquote(parts.path)
    if named and named.isalnum() and any(map(str.isdigit, named)):
        return named
    elsewhere = document.text.replace(parts.path, "")
    for pattern in (_NUMBER, _CODE, _AFTER_LETTER, _SHORT_AT_END):
        for number in reversed(pattern.findall(path)):
            if number in elsewhere:
                return str(number)
    return ""
