"""Read a listing's terms, such as purity or pack size, as typed values with their text.

Quantities are read in several languages, e.g. `25 кг/мешок` as 25 kg.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from price_parser.parser import parse_number

from crawler.extract.elements import is_within_hidden
from store.model import Term, TermName
from text.cas import is_cas_number
from text.page_words import (
    country_in,
    key_of_word,
    kinds_in,
    known_term,
    phrases_anywhere,
    spelling,
    spellings,
    whole_phrases,
)
from text.phrases import keys, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from crawler.extract.elements import Line
    from crawler.extract.offer import Heading
    from store.model import ListingContent

_BLANK = r"[ \u00a0\u2009\u202f]"
WHOLE_NUMBER = (
    # Not the end of another number (0.25, 1/2, 5-10) or of a word, except in Chinese, which has no spaces.
    r"(?:(?<=\d[x×х*])|(?<![^\W\u3400-\u9fff])(?<!\d[.,’'/–-])(?<!\s[.,])(?<!^[.,]))"
    rf"(?:\d{{1,3}}(?:(?:{_BLANK}|[.,’'])\d{{3}})+(?!\d)(?:[.,]\d{{1,2}}(?!\d))?|\d+(?:[.,]\d+)?|(?<![^\s(])\.\d+)"
)
"""Pattern for a number with or without decimals and thousands separators; it has no groups."""
_READ_CHARS = 20_000
_LONGEST_TEXT = 200
_PURITY_REACH = 25
_PACK_NUMBER = rf"(?:(?<![\w.,/-])\d{{1,4}}\s?[x×х*]\s?)?{WHOLE_NUMBER}"
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_TABLES = {
    TermName.GRADE: "grades",
    TermName.PAYMENT: "payments",
    TermName.SUPPLIER_TYPE: "supplier_types",
    TermName.CERTIFICATE: "certificates",
}
"""The lexicon tables whose keys are a term's values."""
_EDITION = r"(?:[:：-]?\d{4}(?!\d)|\s\d[\d.]*-\d+)?"
"""A year or number after the name of a standard."""
ADDRESSES = {
    "qq": re.compile(r"\bqq\s*[:：]?\s*\d{5,}", re.IGNORECASE),
    "email": re.compile(r"[\w.+-]{2,64}@[\w-]{2,}\.\w{2,}"),  # RFC 5321, 4.5.3.1: at most 64 before the @
    "phone": re.compile(r"(?<![\w.,-])\+\d[\d ()-]{8,16}\d"),
    "website": re.compile(r"(?<!@)\bwww\.[\w-]+\.\w{2,}", re.IGNORECASE),
}
"""Patterns of the addresses and numbers of contact channels."""
_LABELLED_NUMBER = re.compile(r"(\w{1,12})\.?\s*[:：]\s*\+?\d")
_BOOKS = ("978", "979")
_DIGITS = re.compile(r"\d{8,14}")
_CAS = re.compile(r"(?<![\d-])([1-9]\d{1,6})[-‐‑‒–—−]\s?(\d{2})[-‐‑‒–—−]\s?(\d)(?![\d-])")
IN_STOCK, OUT_OF_STOCK, PREORDER = "in_stock", "out_of_stock", "preorder"
_LONGEST_STOCK = 48
_STOCK_LINES = 80


def read_terms(
    content: ListingContent,
    rows: Iterable[tuple[str, str, str]] = (),
    *,
    availability: tuple[str, str] = ("", ""),
) -> tuple[Term, ...]:
    """Return every term of a listing, without duplicates, in the order of `TermName`.

    `rows` has the name, value and rule of each labelled row, in addition to the listing's attributes, and
    `availability` the text and value near the page's heading.
    """
    rule = content.provenance.get("attributes", "")
    labelled = [*((name, value, rule) for name, value in content.attributes), *rows]
    found: list[Term] = []
    for name, value, by in labelled:
        if term := known_term(name):
            found += _labelled_terms(TermName(term), value, by, content)
    found += _of_fields(content)
    found += _in_text(f"{content.title}\n{content.description}"[:_READ_CHARS])
    found += _cas_in_rows(labelled)
    if availability[1]:
        found.append(
            Term(name=TermName.AVAILABILITY, text=availability[0], value=availability[1], rule="visible")
        )
    return _without_duplicates(found)


def _labelled_terms(name: TermName, value: str, rule: str, content: ListingContent) -> Iterator[Term]:
    text = " ".join(value.split())[:_LONGEST_TEXT]
    if name is TermName.PURITY:
        yield from _percents(text, rule) or [Term(name=name, text=text, rule=rule)]
    elif name in {TermName.SHIPS_FROM, TermName.SHIPS_TO}:
        yield Term(name=name, text=text, value=country_in(text), rule=rule)
    elif name is TermName.SUPPLIER_YEARS:
        yield _years(text, rule)
    elif name is TermName.AVAILABILITY:
        if said := stock_value(text):
            yield Term(name=name, text=text, value=said, rule=rule)
    elif name is TermName.BRAND:
        brand = text.rpartition(":")[2].strip()
        if brand and spelling(brand) not in spellings("brands.none") and brand.strip("-"):
            yield Term(name=name, text=text, value=brand, rule=rule)
    elif name is TermName.GTIN:
        yield from _gtins(text, rule)
    elif name is TermName.UNIT_PRICE:
        yield from _unit_price(text, content.currency, rule, unit_after_slash(text) or "")
    else:
        known = list(_mentioned(name, text, rule))
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
        if known_term(label) == TermName.SHIPS_FROM:
            yield Term(
                name=TermName.SHIPS_FROM,
                text=content.location,
                value=country_in(content.location),
                rule=by["location"],
            )
    if content.item_id.startswith(_BOOKS):  # bookshops use ISBNs; other numbers only resemble a GTIN
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
    years = _patterns().years.search(text)
    amount = Decimal(years["number"]) if years else None
    return Term(
        name=TermName.SUPPLIER_YEARS, text=text, amount=amount, unit="years" if years else "", rule=rule
    )


def _percents(text: str, rule: str) -> list[Term]:
    return [_purity(found, rule) for found in _patterns().percent.finditer(text) if _is_share(found)]


def _purity(found: re.Match[str], rule: str) -> Term:
    least = "min" if found["least"] or found["after"] else ""
    amount = Decimal(found["number"].replace(",", "."))
    return Term(name=TermName.PURITY, text=found[0].strip(), value=least, amount=amount, unit="%", rule=rule)


def _is_share(found: re.Match[str]) -> bool:
    return 0 < Decimal(found["number"].replace(",", ".")) <= 100


def _in_text(text: str) -> Iterator[Term]:
    for shown, number in cas_numbers(text):
        yield Term(name=TermName.CAS_NUMBER, text=shown, value=number, rule="text")
    patterns = _patterns()
    for found in patterns.percent.finditer(text) if "%" in text or "％" in text else ():
        near = text[max(0, found.start() - _PURITY_REACH) : found.end() + _PURITY_REACH]
        if _is_share(found) and patterns.purity.search(near) and not patterns.no_purity.search(near):
            yield _purity(found, "text")
    for found in patterns.pack.finditer(text):
        if (quantity := read_quantity(found[0])) and quantity.container:
            yield _measured(TermName.PACK_SIZE, found[0], "text")
    for name in (TermName.GRADE, TermName.CERTIFICATE):
        yield from _mentioned(name, text, "text")
    for kind in _contacts_in(text):
        yield Term(name=TermName.CONTACT_CHANNEL, value=kind, rule="text")


def _contacts_in(text: str) -> Iterator[str]:
    """Yield the kinds of contact in a text. The addresses stay in the evidence."""
    patterns = _patterns()
    named = {kind for kind, _ in kinds_in("contacts", patterns.no_contact.sub(" ", text))}
    named.update(kind for kind, address in ADDRESSES.items() if address.search(text))
    if any(patterns.phone.search(found[1]) for found in _LABELLED_NUMBER.finditer(text)):
        named.add("phone")
    yield from sorted(named)


def _cas_in_rows(labelled: Iterable[tuple[str, str, str]]) -> Iterator[Term]:
    for name, value, rule in labelled:
        for shown, number in cas_numbers(value[:_LONGEST_TEXT]):
            by = f"{rule} {name}" if rule.startswith("visible") else rule
            yield Term(name=TermName.CAS_NUMBER, text=shown, value=number, rule=by)


def _mentioned(name: TermName, text: str, rule: str) -> Iterator[Term]:
    table = _TABLES.get(name)
    for kind, shown in (
        kinds_in(table, f"{text},", _EDITION if name is TermName.CERTIFICATE else "") if table else ()
    ):
        yield Term(name=name, text=shown.strip(" ,;/)"), value=kind, rule=rule)


def _gtins(text: str, rule: str) -> Iterator[Term]:
    digits = re.sub(r"[\s-]", "", text)
    if _DIGITS.fullmatch(digits) and len(digits) in {8, 12, 13, 14} and is_gtin(digits):
        yield Term(name=TermName.GTIN, text=text, value=digits, rule=rule)


def is_gtin(digits: str) -> bool:
    """Return whether the last digit is a correct check digit (GS1 General Specifications, 7.9)."""
    weighted = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits[:-1])))
    return any(digit != "0" for digit in digits) and (10 - weighted % 10) % 10 == int(digits[-1])


def _without_duplicates(found: list[Term]) -> tuple[Term, ...]:
    """Keep the first of equal terms, in the order of `TermName`."""
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


def cas_numbers(text: str) -> Iterator[tuple[str, str]]:
    """Yield each CAS number with a correct check digit, as shown and in plain form.

    The classifier reads disguised numbers.

    >>> list(cas_numbers("CAS ７７–92–9"))
    [('７７–92–9', '77-92-9')]
    """
    if text.isascii() and "-" not in text:
        return
    for found in _CAS.finditer(unicodedata.normalize("NFKC", text)):
        number = f"{found[1]}-{found[2]}-{found[3]}"
        if is_cas_number(number):
            yield found[0], number


def stock_value(text: str) -> str:
    """Return the stock value of structured data such as `http://schema.org/InStock`, or empty text."""
    plain = re.sub(r"[_-]", " ", text.rpartition("/")[2]).strip().casefold()
    in_data = (value for value, words in _patterns().stock_data.items() if words.search(plain))
    return _stock_phrase(plain) or next(in_data, "")


def shown_stock(lines: Sequence[Line], heading: Heading) -> tuple[str, str]:
    """Return a short line near the heading that consists only of the availability, with its value.

    Contradictory lines, as on pages with the words for every variant, do not count. Without such a line, both
    texts are empty.
    """
    start = next((at for at, line in enumerate(lines) if line.element is heading.element), 0)
    found: dict[str, str] = {}
    for line in lines[start : start + _STOCK_LINES]:
        text = line.text.strip(" .!:•-()[]")
        if len(text) > _LONGEST_STOCK:
            continue
        value = _stock_phrase(text)
        if value and not is_within_hidden(line.element):
            found.setdefault(value, text)
    return next(((text, value) for value, text in found.items()), ("", "")) if len(found) == 1 else ("", "")


@lru_cache(maxsize=16384)  # menus and labels are the same on all pages of a site
def _stock_phrase(text: str) -> str:
    plain = spelling(text)
    if plain in spellings("availability.out_of_stock"):
        return OUT_OF_STOCK
    return IN_STOCK if plain in spellings("availability.in_stock") else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Patterns:
    """Patterns made from words of the lexicon."""

    percent: re.Pattern[str]
    purity: re.Pattern[str]
    no_purity: re.Pattern[str]
    pack: re.Pattern[str]
    years: re.Pattern[str]
    no_contact: re.Pattern[str]
    phone: re.Pattern[str]
    stock_data: Mapping[str, re.Pattern[str]]


@cache
def _patterns() -> _Patterns:
    def words(pattern: str) -> re.Pattern[str]:
        return re.compile(pattern, re.IGNORECASE)

    units = phrases_anywhere(*(f"units.{unit}" for unit in keys("units")))
    containers = phrases_anywhere(*(f"containers.{name}" for name in keys("containers")))
    per, inside = whole_phrases("quantities.per"), whole_phrases("quantities.inside")
    stock = {value: f"availability.data_{value}" for value in (OUT_OF_STOCK, PREORDER, IN_STOCK)}
    return _Patterns(
        percent=words(
            rf"(?P<least>≥|>=?|＞|≧|{whole_phrases('purity.at_least')})?\s*"
            r"(?P<number>\d{1,3}(?:[.,]\d{1,3})?)\s?[%％]"
            rf"(?:\s?(?P<after>{whole_phrases('purity.or_more')}|\+))?"
        ),
        purity=words(whole_phrases("purity.word")),
        no_purity=words(whole_phrases("purity.no_purity")),
        pack=words(
            rf"{_PACK_NUMBER}(?:\s?-?[^\W\d]\w{{0,8}}\s?(?:/|(?:{per}|{inside})\s)\s?\w{{2,10}}"
            rf"|\s?{units}(?:[\s-](?:\w+ )?|\s?(?:/|{inside})\s?)?{containers}\w*)"
        ),
        years=words(rf"(?P<number>\d{{1,2}})\s?(?:\+ ?)?{phrases_anywhere('quantities.years')}"),
        no_contact=words(whole_phrases("contact_words.no_contact")),
        phone=words(rf"{whole_phrases('contact_words.phone')}$"),
        stock_data={value: re.compile(phrases_anywhere(name)) for value, name in stock.items()},
    )


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount with its unit and, if known, its container."""

    amount: Decimal
    unit: str
    container: str = ""


def read_quantity(text: str) -> Quantity | None:
    """Return the first amount that has a unit, as in `25kg/drum` or `起订量 5 千克`, or None."""
    found = _pattern().search(text.casefold())
    if found is None:
        return None
    amount = read_number(found["number"])
    unit = _spellings("units")[" ".join(found["unit"].split())]
    return None if amount is None else Quantity(amount, unit, container_in(found["rest"] or ""))


def unit_after_slash(text: str) -> str:
    """Return the unit of a price such as `$40 / kg`, `40 €/Stück`, `40 руб. за кг` or `40元/千克`, if any."""
    found = _per().search(text.casefold())
    return _spellings("units")[" ".join(found["unit"].split())] if found else ""


def container_in(text: str) -> str:
    """Return the container that a text names, e.g. `drum`, or an empty string."""
    found = _container_pattern().search(text.casefold())
    return _spellings("containers")[found[0]] if found else ""


def read_number(text: str) -> Decimal | None:
    """Parse a number whose last separator is the decimal one, unless three digits follow it.

    >>> read_number("1.000"), read_number("99,5"), read_number("1 250.75"), read_number("0.125")
    (Decimal('1000'), Decimal('99.5'), Decimal('1250.75'), Decimal('0.125'))
    """
    bare = re.sub(rf"{_BLANK}|[’']|[.,](?=.*[.,])", "", text)  # 1.000.00: only the last can be decimal
    below_one = re.match(r"0?([.,])\d", bare)
    amount: Decimal | None = parse_number(bare, decimal_separator=below_one[1] if below_one else None)
    return amount


@cache
def _spellings(table: str) -> dict[str, str]:
    return key_of_word(table, written)


def _any(table: str) -> str:
    return "|".join(re.escape(word) for word in sorted(_spellings(table), key=len, reverse=True))


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(
        rf"(?P<number>{WHOLE_NUMBER})\s?-?(?P<unit>{_any('units')})(?![a-zа-яё])(?P<rest>.{{0,24}})"
    )


@cache
def _per() -> re.Pattern[str]:
    return re.compile(
        rf"(?:/|{whole_phrases('quantities.per')})\s?(?:1\s?)?(?P<unit>{_any('units')})(?![a-zа-яё])"
    )


@cache
def _container_pattern() -> re.Pattern[str]:
    return re.compile(rf"(?<![a-zа-яёà-ÿ])(?:{_any('containers')})(?![a-zа-яёà-ÿ])")
