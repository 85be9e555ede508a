"""Puts the terms of one listing together, from its fields, its labelled rows and its text."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from crawler.extract.terms.cas import cas_numbers
from crawler.extract.terms.places import country_in
from crawler.extract.terms.stock import said_stock
from crawler.extract.terms.vocabulary import BEHIND_LABELS, CONTACTS, HINTS, IN_CHINESE, IN_TEXT
from store.crawl.terms import Term, TermName
from text.quantities import WHOLE_NUMBER, read_number, read_quantity, unit_after_slash
from text.term_labels import named_term

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from store.model import ListingContent

_READ_CHARS = 20_000
_LONGEST_TEXT = 200
_PERCENT = re.compile(
    r"(?P<least>≥|>=?|＞|≧|min\.?|mín\.?|mind\.?|not less than|no menos de|не менее|大于|不低于)?\s*"
    r"(?P<number>\d{1,3}(?:[.,]\d{1,3})?)\s?[%％](?:\s?(?P<after>min\b|mín\b|up\b|\+))?",
    re.IGNORECASE,
)
_PURITY_WORD = re.compile(
    r"purity|assay|\bpure\b|pureza|\bpuro\b|teor|pureté|\bpur\b|reinheit|gehalt|чистот|содержани|纯度|含量|\bmin\b",
    re.IGNORECASE,
)
_NO_PURITY = re.compile(
    r"\boff\b|discount|rabatt|descuento|desconto|remise|скидк|折|save|vol\b|alc", re.IGNORECASE
)
_PURITY_REACH = 25
_PACK_NUMBER = rf"(?:(?<![\w.,/-])\d{{1,4}}\s?[x×х*]\s?)?{WHOLE_NUMBER}"
_PACK = re.compile(
    rf"{_PACK_NUMBER}(?:"
    r"\s?-?[^\W\d]\w{0,8}\s?(?:/|per |por |pro |par |в )\s?\w{2,10}"
    r"|\s?(?:kg|g|l|ml|кг|л|公斤|千克)[\s-](?:\w+ )?(?:drum|bag|bottle|tambor|bidón|bolsa|saco|fass|sack|beutel|flasche"
    r"|fût|sac|бочк\w+|меш\w+|桶|袋|瓶)\w*"
    r"|\s?(?:公斤|千克|克|升|毫升)\s?[/装]?\s?[桶袋瓶箱])",
    re.IGNORECASE,
)
_YEARS = re.compile(
    r"(?P<number>\d{1,2})\s?(?:\+ ?)?(?:yrs?|years?|años|anos|ans|jahren?|лет|год[а]?|年)", re.IGNORECASE
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_NO_BRAND = re.compile(
    r"unbranded|no ?brand|n/?a|none|does not apply|sin marca|sans marque|sem marca|no name|generic|-+",
    re.IGNORECASE,
)
_BOOKS = ("978", "979")
_DIGITS = re.compile(r"\d{8,14}")


def read_terms(
    content: ListingContent,
    rows: Iterable[tuple[str, str, str]] = (),
    *,
    availability: tuple[str, str] = ("", ""),
) -> tuple[Term, ...]:
    """Reads every term that a listing shows.

    Args:
        content: The listing as read so far.
        rows: Name, value and rule of each labelled row beside its attributes.
        availability: What the page shows near its heading, and its value; two empty texts when nothing.

    Returns:
        Each term once, in the order of `TermName`.
    """
    rule = content.provenance.get("attributes", "")
    labelled = [*((name, value, rule) for name, value in content.attributes), *rows]
    found: list[Term] = []
    for name, value, by in labelled:
        term = named_term(name)
        if term is not None:
            found += _behind_label(term, value, by, content)
    found += _of_fields(content)
    found += _in_text(f"{content.title}\n{content.description}"[:_READ_CHARS])
    found += _cas_in_rows(labelled)
    if availability[1]:
        found.append(
            Term(name=TermName.AVAILABILITY, text=availability[0], value=availability[1], rule="visible")
        )
    return _each_once(found)


def _behind_label(name: TermName, value: str, rule: str, content: ListingContent) -> Iterator[Term]:
    text = " ".join(value.split())[:_LONGEST_TEXT]
    if name is TermName.PURITY:
        yield from _percents(text, rule) or [Term(name=name, text=text, rule=rule)]
    elif name in {TermName.SHIPS_FROM, TermName.SHIPS_TO}:
        yield Term(name=name, text=text, value=country_in(text), rule=rule)
    elif name is TermName.SUPPLIER_YEARS:
        yield _years(text, rule)
    elif name is TermName.AVAILABILITY:
        if said := said_stock(text):
            yield Term(name=name, text=text, value=said, rule=rule)
    elif name is TermName.BRAND:
        brand = text.rpartition(":")[2].strip()
        if brand and not _NO_BRAND.fullmatch(brand):
            yield Term(name=name, text=text, value=brand, rule=rule)
    elif name is TermName.GTIN:
        yield from _gtins(text, rule)
    elif name is TermName.UNIT_PRICE:
        yield from _unit_price(text, content.currency, rule, unit_after_slash(text) or "")
    else:
        known = _known(name, text, rule)
        yield from known or [Term(name=name, text=text, rule=rule)]


def _of_fields(content: ListingContent) -> Iterator[Term]:
    by = content.provenance
    for name, text, field in (
        (TermName.PACK_SIZE, content.pack_text, "pack_text"),
        (TermName.MINIMUM_ORDER, content.minimum_order_text, "minimum_order_text"),
    ):
        if text:
            yield _measured(name, text, by.get(field, ""))
    if content.price_amount is not None and (unit := unit_after_slash(content.price_text)):
        yield Term(
            name=TermName.UNIT_PRICE, text=content.price_text, value=content.currency,
            amount=content.price_amount, unit=unit, rule=by.get("price_text", ""),
        )  # fmt: skip
    if by.get("location", "").startswith("visible:label"):
        label = by["location"].removeprefix("visible:label ")
        if named_term(label) is TermName.SHIPS_FROM:
            yield Term(
                name=TermName.SHIPS_FROM,
                text=content.location,
                value=country_in(content.location),
                rule=by["location"],
            )
    if content.item_id.startswith(_BOOKS):  # bookshops number by ISBN; other numbers only look like a GTIN
        yield from _gtins(content.item_id, by.get("item_id", ""))


def _measured(name: TermName, text: str, rule: str) -> Term:
    short = " ".join(text.split())[:_LONGEST_TEXT]
    quantity = read_quantity(short)
    if quantity is None:
        return Term(name=name, text=short, rule=rule)
    return Term(
        name=name, text=short, value=quantity.container, amount=quantity.amount, unit=quantity.unit, rule=rule
    )


def _unit_price(text: str, currency: str, rule: str, unit: str) -> Iterator[Term]:
    number = re.search(r"\d[\d .,’']*", text)
    amount = read_number(number[0].rstrip(" .,")) if number else None
    if amount is not None and unit:
        yield Term(name=TermName.UNIT_PRICE, text=text, value=currency, amount=amount, unit=unit, rule=rule)


def _years(text: str, rule: str) -> Term:
    if began := _YEAR.search(text):
        return Term(name=TermName.SUPPLIER_YEARS, text=text, value=began[0], rule=rule)
    years = _YEARS.search(text)
    amount = Decimal(years["number"]) if years else None
    return Term(
        name=TermName.SUPPLIER_YEARS, text=text, amount=amount, unit="years" if years else "", rule=rule
    )


def _percents(text: str, rule: str) -> list[Term]:
    return [_purity(found, rule) for found in _PERCENT.finditer(text) if _is_share(found)]


def _purity(found: re.Match[str], rule: str) -> Term:
    least = "min" if found["least"] or found["after"] else ""
    amount = Decimal(found["number"].replace(",", "."))
    return Term(name=TermName.PURITY, text=found[0].strip(), value=least, amount=amount, unit="%", rule=rule)


def _is_share(found: re.Match[str]) -> bool:
    return 0 < Decimal(found["number"].replace(",", ".")) <= 100


def _in_text(text: str) -> Iterator[Term]:
    for shown, number in cas_numbers(text):
        yield Term(name=TermName.CAS_NUMBER, text=shown, value=number, rule="text")
    for found in _PERCENT.finditer(text) if "%" in text or "％" in text else ():
        near = text[max(0, found.start() - _PURITY_REACH) : found.end() + _PURITY_REACH]
        if _is_share(found) and _PURITY_WORD.search(near) and not _NO_PURITY.search(near):
            yield _purity(found, "text")
    for found in _PACK.finditer(text):
        if (quantity := read_quantity(found[0])) and quantity.container:
            yield _measured(TermName.PACK_SIZE, found[0], "text")
    lower = text.lower()
    hinted = {name for name, hints in HINTS.items() if any(hint in lower for hint in hints)}
    for name, kinds in IN_TEXT.items():
        if name in hinted:
            yield from _matches(name, kinds, text, "text")
    for kind, pattern in CONTACTS.items() if TermName.CONTACT_CHANNEL in hinted else ():
        if pattern.search(text):
            yield Term(name=TermName.CONTACT_CHANNEL, value=kind, rule="text")
    yield from _in_chinese(TermName.GRADE, text, "text")


def _cas_in_rows(labelled: Iterable[tuple[str, str, str]]) -> Iterator[Term]:
    for name, value, rule in labelled:
        for shown, number in cas_numbers(value[:_LONGEST_TEXT]):
            by = f"{rule} {name}" if rule.startswith("visible") else rule
            yield Term(name=TermName.CAS_NUMBER, text=shown, value=number, rule=by)


def _known(name: TermName, text: str, rule: str) -> list[Term]:
    return [*_matches(name, BEHIND_LABELS.get(name, {}), text, rule), *_in_chinese(name, text, rule)]


def _matches(name: TermName, kinds: Mapping[str, re.Pattern[str]], text: str, rule: str) -> Iterator[Term]:
    for kind, pattern in kinds.items():
        if found := pattern.search(text):
            yield Term(name=name, text=found[0], value=kind, rule=rule)


def _in_chinese(name: TermName, text: str, rule: str) -> Iterator[Term]:
    for words, kind in IN_CHINESE.get(name, {}).items():
        if words in text:
            yield Term(name=name, text=words, value=kind, rule=rule)


def _gtins(text: str, rule: str) -> Iterator[Term]:
    digits = re.sub(r"[\s-]", "", text)
    if _DIGITS.fullmatch(digits) and len(digits) in {8, 12, 13, 14} and is_gtin(digits):
        yield Term(name=TermName.GTIN, text=text, value=digits, rule=rule)


def is_gtin(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (GS1 General Specifications, 7.9)."""
    weighted = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits[:-1])))
    return any(digit != "0" for digit in digits) and (10 - weighted % 10) % 10 == int(digits[-1])


def _each_once(found: list[Term]) -> tuple[Term, ...]:
    """Keeps the first of those that say the same, and brings them into the order of `TermName`."""
    kept: dict[tuple[object, ...], Term] = {}
    for term in found:
        said = (
            (term.name, term.value, term.amount, term.unit)
            if term.value or term.amount is not None
            else (term.name, term.text)
        )
        kept.setdefault(said, term)
    order = {name: place for place, name in enumerate(TermName)}
    return tuple(sorted(kept.values(), key=lambda term: order[term.name]))
