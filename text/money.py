"""Parse prices: the amount, the currency sign and the currency.

Codes and minor units are from CLDR, as shipped with Babel; names and signs are in the lexicon.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from babel.core import get_global
from price_parser import Price

from text.page_words import key_of_word, known_label, mentions, phrases_anywhere, whole_phrases
from text.phrases import written

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

# Currency of each sign of `[shared_currencies]`, by country; the key "" is for all other countries.
_SHARED: Mapping[str, Mapping[str, str]] = {
    "dollar": {"": "USD"}
    | {country: f"{country}D".upper() for country in ("ca", "au", "nz", "hk", "sg")}
    | {"mx": "MXN", "ar": "ARS", "cl": "CLP", "co": "COP", "uy": "UYU", "tw": "TWD", "do": "DOP"},
    "yen": {"": "CNY", "jp": "JPY"},
    "crown": {"": "", "se": "SEK", "no": "NOK", "dk": "DKK", "is": "ISK"},
    "rouble": {"": "RUB", "by": "BYN"},
    "rupee": {"": "INR", "pk": "PKR", "lk": "LKR", "np": "NPR"},
    "rand": {"": "ZAR", "ru": "RUB"},
}
_COUNTRY_OF_LANGUAGE = {"ja": "jp", "sv": "se", "nb": "no", "no": "no", "da": "dk", "is": "is"}
_MULTIPLIERS: Mapping[str, int] = {
    "prices.thousand": 1_000,
    "prices.ten_thousand": 10_000,
    "prices.hundred_thousand": 100_000,
    "prices.hundred_million": 100_000_000,
}
_NATIONAL_DOLLAR = re.compile(r"\b[A-Z]{2,3}\s?\$")
_INDIAN_GROUPS = re.compile(r"\b\d{1,2}(?:,\d{2})+,\d{3}\b")
_THOUSANDTHS = re.compile(r"\d\.\d{3}(?!\d|[.,]\d)")
_DIGIT = re.compile(r"\d")
_WORD_AND_NUMBER = re.compile(
    r"(?P<before>[^\d\s+~<>]{0,6}?)\s*:?\s*\d[\d\s.,']*(?:,-)?\s*(?P<after>[^\d\s+~<>%()]{0,7})"
)
_MARKS = frozenset("+-–—*~.,")
_LONGEST_SIGN = 4
_LONGEST_PRICE = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The country and language of a page, if known; they decide between currencies with the same sign, e.g. `$`."""

    country: str = ""
    """Country-code top-level domain, e.g. `mx`; empty for `.com` and the like."""
    language: str = ""
    """ISO 639-1 code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPrice:
    """One price as shown and as parsed."""

    text: str
    """The price as shown, white space collapsed."""
    amount: Decimal | None
    """The lower end of a range; None if the price is negotiable or negative."""
    sign: str
    """Currency sign or code as shown."""
    currency: str
    """ISO 4217, or empty if unknown."""


@lru_cache(maxsize=8192)
def count_amounts(text: str) -> int:
    """Count the numbers with a currency sign on either side; cached, because rules repeat the call."""
    return len(_patterns().signed_amount.findall(text)) if _DIGIT.search(text) else 0


def says_negotiable(text: str) -> bool:
    """Return whether the text says, in any language of the lexicon, that the price is negotiable or on request."""
    return len(text) <= _LONGEST_PRICE and _leaves_open(text)


@lru_cache(maxsize=8192)  # as `count_amounts`
def _leaves_open(text: str) -> bool:
    return mentions(text, "prices.negotiable")


def is_no_item_price(text: str) -> bool:
    """Return whether the amount in a short text is an instalment, an old price, postage or a saving."""
    first = _patterns().signed_amount.search(text)
    if first is not None and count_amounts(text) == 1 and _patterns().old_alone.search(text[: first.start()]):
        return True
    found = _patterns().not_of_item.search(text)
    if found is None:
        return False
    # `$9.99 Free shipping on orders over $49` shows the price first.
    return first is None or count_amounts(text) == 1 or found.start() < first.start()


def current_amount(text: str) -> str:
    """Return the current price of a text that shows several.

    `Was: $69.00 $32.50 You save: $36.50` becomes `$32.50`. A text with one price, or a range, is not cut.
    """
    amounts = list(_patterns().signed_amount.finditer(text))
    if len(amounts) < 2 or _patterns().range.search(text) or _patterns().was_now.search(text):
        return text
    end = 0
    for each in amounts:
        if not _patterns().old.search(text[end : each.start()]):
            is_first = each is amounts[0]
            return text if is_first else each[0].strip()
        end = each.end()
    return text


@lru_cache(maxsize=4096)
def read_price(text: str, place: Place, currency_hint: str = "") -> ShownPrice:
    """Parse the price in a short text, such as `US $38.17 - 48.27`, `1.250,00 €`, `¥12.5万` or `面议`.

    The hint is a currency named beside the price, used if the text has none. The amount is None if the text
    has no number, leaves the price open, or has a negative number, which is a discount or an error.
    """
    shown = " ".join(text.split())
    lowest = _lower_end(shown[:_LONGEST_PRICE])
    sign = _sign_beside_number(shown[:_LONGEST_PRICE], currency_hint)
    thousandths = bool(_THOUSANDTHS.search(lowest)) and _minor_digits(sign, place) == 3
    amount = Price.fromstring(lowest, decimal_separator="." if thousandths else None).amount
    if _patterns().negative.match(shown):
        amount = None
    if amount is not None and (multiplied := _patterns().multiplied.search(lowest)):
        amount *= _multipliers()[multiplied[1].lower()]
    return ShownPrice(
        text=shown, amount=amount, sign=sign, currency=currency_code(sign, place) if sign else ""
    )


def _sign_beside_number(text: str, currency_hint: str) -> str:
    """Return the currency sign: one known to price-parser, or a single short word beside the number."""
    if _DIGIT.search(text) is None:
        return Price.fromstring("", currency_hint=currency_hint or None).currency or ""
    known = Price.fromstring(text, currency_hint=currency_hint or None).currency or ""
    if known in {"$", "¥", "￥"}:
        # Several countries share the sign; a code beside it decides.
        if code := _patterns().code.search(text):
            return code[0]
        if national := _NATIONAL_DOLLAR.search(text):
            return national[0]
    beside = _WORD_AND_NUMBER.fullmatch(_patterns().per_unit.sub("", text))
    word = (beside["before"] or beside["after"] or "").strip(" :,-") if beside else ""
    if known and not (word != known and word.endswith(known) and len(word) <= _LONGEST_SIGN):
        return known
    is_sign = word not in _MARKS and word.casefold() not in written("prices.no_currency")
    return word if is_sign and known_label(word) is None else ""


def _lower_end(text: str) -> str:
    """Return the first number of a text, without the rest of a range and the unit."""
    text = _patterns().per_unit.sub("", _patterns().was_now.sub("", text))
    if in_range := _patterns().range.search(text):
        text = text[: in_range.end(1)]
    if signed := _patterns().signed_amount.search(text):
        leading = text[: signed.start()]
        if re.search(r"\d", leading) and not re.search(r"\d[\d\s.,]*$", leading):
            text = text[signed.start() :]
    return _INDIAN_GROUPS.sub(lambda groups: groups[0].replace(",", ""), text)


@lru_cache(maxsize=4096)
def currency_code(sign: str, place: Place) -> str:
    """Return the ISO 4217 code of a sign or word beside a number; empty if it is ambiguous or unknown."""
    if sign.upper() in _codes():
        return sign.upper()
    key = " ".join(sign.casefold().split())
    shared = _SHARED.get(key_of_word("shared_currencies", written).get(key.rstrip("."), ""))
    if shared is not None:
        country = place.country if place.country in shared else _COUNTRY_OF_LANGUAGE.get(place.language, "")
        return shared.get(country, shared[""])
    names = key_of_word("currencies", written)
    return names.get(key, names.get(key.replace(" ", ""), ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Patterns:
    """The patterns compiled from the lexicon."""

    code: re.Pattern[str]
    signed_amount: re.Pattern[str]
    negative: re.Pattern[str]
    per_unit: re.Pattern[str]
    range: re.Pattern[str]
    multiplied: re.Pattern[str]
    was_now: re.Pattern[str]
    old: re.Pattern[str]
    old_alone: re.Pattern[str]
    not_of_item: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    code = rf"\b(?:{'|'.join(sorted(_codes()))}|RMB)\b"
    named = "|".join(
        rf"(?<![^\W\d]){re.escape(text)}(?![a-z])" if text[0].isascii() else re.escape(text)
        for text in sorted(written("prices.sign"), key=len, reverse=True)
    )
    sign = rf"(?:US\s?\$|R\$|[A-Z]{{1,3}}\$|U\$S|[$€£¥￥₹₽₴₸₺₪฿₫₱₦₩₲]|{code}|{named}|(?<=\d)\s?р\.)"
    one_letter = "".join(sorted(text for text in written("prices.sign") if len(text) == 1))
    multiplier = phrases_anywhere(*_MULTIPLIERS)
    word = re.IGNORECASE
    return _Patterns(
        code=re.compile(code),
        signed_amount=re.compile(rf"{sign}\s{{0,3}}\d[\d.,']*|\d[\d\s.,]{{0,18}}{multiplier}?\s?{sign}"),
        negative=re.compile(rf"\D{{0,12}}(?<!\w)[-−–](?:{sign}\s?)?\d"),
        per_unit=re.compile(rf"(?<=[\d\s€$₽₹.{one_letter}])/\s?[^\d\s].*$", re.DOTALL),
        range=re.compile(
            rf"(\d)(?:\s*[-–—~～]\s*|\s+{phrases_anywhere('prices.range')}\s+)(?=[^\d]{{0,6}}\d)"
        ),
        multiplied=re.compile(rf"\d\s*({multiplier})", word),
        was_now=re.compile(
            rf"{whole_phrases('prices.was')}.*{whole_phrases('prices.now')}", word | re.DOTALL
        ),
        old=re.compile(whole_phrases("prices.old", after_digits=True), word),
        old_alone=re.compile(whole_phrases("prices.old_alone", after_digits=True), word),
        not_of_item=re.compile(whole_phrases("prices.not_of_item", after_digits=True), word),
    )


@cache
def _codes() -> frozenset[str]:
    """Return the recognised ISO 4217 codes: legal tender, and former currencies that pages still show."""
    tender = {
        code
        for country in get_global("territory_currencies").values()
        for code, _, end, is_tender in country
        if is_tender and end is None
    }
    return frozenset((tender | written("prices.former_codes")) - written("prices.no_codes"))


@cache
def _multipliers() -> dict[str, int]:
    return {word: factor for name, factor in _MULTIPLIERS.items() for word in written(name)}


def _minor_digits(sign: str, place: Place) -> int:
    """Return the number of decimals of a currency; two if the sign is ambiguous."""
    fractions: Mapping[str, tuple[int, ...]] = get_global("currency_fractions")
    return fractions.get(currency_code(sign, place), fractions["DEFAULT"])[0]
