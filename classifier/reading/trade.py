"""Find quantities, purities, prices and CAS numbers: signs that are patterns, not phrases."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from classifier.gazetteer.lookup import is_cas_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from classifier.reading.model import TradeKind

UNIT = (
    r"(?:kgs?|kilos?|kilograms?|kilogramos?|quilos?|g|gr|gms?|grams?|gramos?|gramas?|grammes?|l|lt|lts|ltrs?|lit(?:er|re)s?"
    r"|litros?|litrow?|ml|mt|tons?|tonnes?|toneladas?|tonnen|lbs?|oz|gallons?|drums?|barrels?|liter|кг|г|л|мл|тонн[аы]?|т"
    r"|公斤|千克|克|吨|升|毫升|桶)"
)
QUANTITY = re.compile(rf"(?<![\w.,])\d[\d., ]{{0,8}}\s?{UNIT}(?![a-z\u0400-\u052f])")
PURITY = re.compile(
    r"(?<![\w.,])\d{2,3}(?:[.,]\d{1,3})?\s?(?:%|percent|pct)(?:\s?(?:min|up|pure|purity))?|(?:purity|pureza|purete|reinheit|чистота|纯度|含量)"
)
MONEY = r"(?:us\$|usd|\$|eur|€|£|gbp|¥|cny|rmb|r\$|mxn|руб\.?|₽|元|美元)"
PRICE_PER_UNIT = re.compile(
    rf"(?:{MONEY}\s?\d[\d.,]*|\d[\d.,]*\s?{MONEY})\s?(?:/|per|por|pro|par|за|each|一|每)\s?(?:1\s?)?{UNIT}(?![a-z\u0400-\u052f])"
)
SHARE_OF_CAS = re.compile(r"(?<![\d-])(?P<code>\d{4,7})(?:-\d{2}(?:-\d)?)?(?![\d-])\s?(?:oil|powder|wax|liquid|crystal|油|粉|масло|порошок|aceite|polvo|oleo)")
PLAIN_CAS = re.compile(r"(?<![\w.-])(\d{2,7})-(\d{2})-(\d)(?![\w-])")
CAS_WORD_BEFORE = re.compile(r"cas[\s\w.:#№-]{0,12}$")
DATE_LIKE = re.compile(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-\d")

PATTERNS: tuple[tuple[TradeKind, re.Pattern[str]], ...] = (
    ("price_per_unit", PRICE_PER_UNIT),
    ("quantity", QUANTITY),
    ("purity", PURITY),
)


def find_trade_patterns(text: str, codes: frozenset[str]) -> Iterator[tuple[TradeKind, int, int]]:
    """Yield kind, start and end of each pattern in a folded text.

    Args:
        text: Folded text.
        codes: First parts of CAS numbers by which the trade calls a listed substance, e.g. `28578`.
    """
    for kind, pattern in PATTERNS:
        for found in pattern.finditer(text):
            yield kind, found.start(), found.end()
    for found in SHARE_OF_CAS.finditer(text):
        if found["code"] in codes:
            yield "code_number", found.start(), found.end()
    for code in codes:
        at = text.find(f"cas {code}")
        if at >= 0 and not text[at + 4 + len(code) : at + 6 + len(code)].strip("- ").isdigit():
            yield "code_number", at, at + 4 + len(code)


def find_cas_numbers(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield number, start and end of each plainly written CAS number whose check digit is right."""
    for found in PLAIN_CAS.finditer(text):
        number = found.group()
        is_date = DATE_LIKE.fullmatch(number) and not CAS_WORD_BEFORE.search(text[: found.start()])
        if is_cas_number(number) and not is_date:
            yield number, found.start(), found.end()


def is_cas_spelling(text: str, digits: list[int]) -> bool:
    """Say whether digits found in any spacing stand for a CAS number.

    Args:
        text: Folded text.
        digits: Position of each digit in `text`.
    """
    before, after = text[: digits[0]], text[digits[-1] + 1 :]
    if re.search(r"\d[ .,/-]?$", before) or re.match(r"[ .,/-]?\d|[a-z]", after) or re.search(r"[a-z]$", before[:-3] + before[-3:].replace("cas", "")):
        return False
    named = bool(CAS_WORD_BEFORE.search(before))
    gaps = [text[a + 1 : b] for a, b in zip(digits, digits[1:], strict=False)]
    if any(len(gap) > 4 or any(c.isalnum() for c in gap) for gap in gaps):  # noqa: PLR2004 - an emoji with spaces
        return False
    last, middle = gaps[-1], gaps[-3]
    usual_shape = bool(last) and bool(middle) and not any(gaps[:-3]) and not gaps[-2]
    if usual_shape and "-" in last and "-" in middle:
        return True
    if named:
        return True
    has_odd_separator = any(set(gap) - set(" .-/,:") for gap in gaps)
    all_spread = all(gaps)
    long_enough = len(digits) >= 8  # noqa: PLR2004 - shorter ones look like dates and telephone numbers
    return (usual_shape and (has_odd_separator or long_enough)) or (all_spread and len(digits) >= 7)  # noqa: PLR2004
