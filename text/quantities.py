"""Parse an amount with its unit in a short text, in several languages, e.g. `25 кг/мешок` as 25 kg."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache

from text.page_words import key_of_word, whole_phrases
from text.phrases import written

_BLANK = r"[ \u00a0\u2009\u202f]"
WHOLE_NUMBER = (
    # Not the end of another number (0.25, 1/2, 5-10) or of a word, except in Chinese, which has no spaces.
    r"(?:(?<=\d[x×х*])|(?<![^\W\u3400-\u9fff])(?<!\d[.,’'/–-])(?<!\s[.,])(?<!^[.,]))"
    rf"(?:\d{{1,3}}(?:(?:{_BLANK}|[.,’'])\d{{3}})+(?!\d)(?:[.,]\d{{1,2}}(?!\d))?|\d+(?:[.,]\d+)?|(?<![^\s(])\.\d+)"
)
"""Pattern for a number with or without decimals and thousands separators; it has no groups."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount with its unit and, if known, its container."""

    amount: Decimal
    unit: str
    container: str = ""


def read_quantity(text: str) -> Quantity | None:
    """Return the first amount that has a unit, or None.

    Args:
        text: E.g. `25kg/drum`, `1 метрическая тонна`, `起订量 5 千克`.
    """
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
    """Parse a number whose last separator is the decimal one unless three digits follow it.

    >>> read_number("1.000"), read_number("99,5"), read_number("1 250.75"), read_number("0.125")
    (Decimal('1000'), Decimal('99.5'), Decimal('1250.75'), Decimal('0.125'))
    """
    bare = re.sub(rf"{_BLANK}|[’']", "", text)
    whole, separator, rest = bare[:-1], "", ""
    at = max(bare.rfind("."), bare.rfind(","))
    if at >= 0:
        whole, separator, rest = bare[:at], bare[at], bare[at + 1 :]
    if separator and (len(rest) != 3 or whole in {"", "0"}):  # `.125` and `0.125` have no thousands
        bare = f"{re.sub(r'[.,]', '', whole)}.{rest}"
    else:
        bare = re.sub(r"[.,]", "", bare)
    try:
        return Decimal(bare)
    except InvalidOperation:
        return None


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
