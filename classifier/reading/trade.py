"""Find the signs of trade, and CAS numbers."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from classifier.reading.boundaries import is_piece_of_spelled_word
from classifier.reading.goods import is_other_form
from classifier.reading.initials import find_initials
from classifier.reading.number_parts import find_number_parts
from classifier.reading.spoken import find_spoken, is_beside_number, numbers_beside
from classifier.reading.topics import find_topics
from text.cas import is_cas_number
from text.phrases import IS_CJK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from classifier.reading.matcher import Pattern
    from classifier.reading.model import TradeKind
    from classifier.reading.number_parts import KnownParts

UNIT = (
    r"(?:kgs?|kilos?|kilograms?|kilogramos?|quilos?|g|gr|gms?|grams?|gramos?|gramas?|grammes?|l|lt|lts|ltrs?|lit(?:er|re)s?"
    r"|litros?|litrow?|ml|mt|tons?|tonnes?|toneladas?|tonnen|lbs?|oz|gallons?|drums?|barrels?|liter|кг|г|л|мл|тонн[аы]?|т"
    r"|公斤|千克|克|吨|升|毫升|桶)"
)
SPELLED_ON = r"(?P<gap>[ ._*·-])[a-z](?P=gap)[a-z](?![a-z])"
"""What follows a letter that begins a word whose letters are set apart, as in `5 l_a_r_g_e`."""
QUANTITY = re.compile(
    rf"\d(?<![\w.,]\d)(?<!-\d\d-\d)[\d., ]{{0,8}}\s?{UNIT}(?![a-z\u0400-\u052f]|{SPELLED_ON})"
)
PURITY = re.compile(
    r"(?<![\w.,])\d{2,3}(?:[.,]\d{1,3})?\s?(?:%|percent|pct)(?: ?(?:min|up|pure|purity)(?![a-z]))?"
    r"|(?:purity|pureza|purete|reinheit|чистота|纯度|含量)"
)
MONEY = r"(?:us\$|usd|\$|eur|€|£|gbp|¥|cny|rmb|r\$|mxn|руб\.?|₽|元|美元)"
PRICE_PER_UNIT = re.compile(
    rf"(?:{MONEY}\s?\d[\d.,]{{0,14}}|(?<![\d.,])\d[\d.,]{{0,14}}\s?{MONEY})\s?(?:/|per|por|pro|par|за|each|一|每)\s?(?:1\s?)?{UNIT}(?![a-z\u0400-\u052f])"
)
FORM = (
    r"(?:oil|powder|wax|liquid|crystals?|油|粉|晶体|масло|порошок|кристаллы|aceite|polvo|cristales|oleo|po(?![a-z])|huile"
    r"|poudre|pulver|kristalle)"
)
CODES = (
    re.compile(rf"(?<![\d-])(?P<code>\d{{5,7}})(?:-\d{{2}}(?:-\d)?)?(?![\d-])\s?{FORM}"),
    re.compile(rf"(?:^|[^\w\s]\s*|new\s+)(?:{FORM}|code|product|no\.?)\s?(?P<code>\d{{5,7}})(?![\d-])"),
    re.compile(r"cas\W{0,3}(?P<code>\d{4,7})(?![\d-]|,\d)"),
    re.compile(r"(?<![\d-])(?P<code>\d{4,7})-[x*]{1,2}-[x*](?!\w)"),
)
"""Shapes in which the first part of a CAS number stands for a substance."""
BARE_CODE = re.compile(
    r"\d(?<![a-z\u0370-\u052f\d_.,/-]\d)\d{3,6}(?![a-z\u0370-\u052f\d_/年元个件克公]|[.,]\d|-\d{3}|\s?(?:%|kg|g|l|ml|eur|usd|\$|€)(?!\w))"
)
"""A number that may be the first part of a CAS number; it counts where something chemical is spoken of."""
LONG_CODE = re.compile(r"\d{5}")
"""One of so many figures that it is one without that, too."""
PARTED_CODE = re.compile(
    r"(?<![\w.,/-])\d(?:[ .-]?\d){4,5}(?![\w/-]|[.,]\d|\s?(?:%|kg|g|l|ml|eur|usd|\$|€|руб|р)(?!\w))"
)
"""The same with its digits set apart, as in `28 578`."""
TWO_PARTS = re.compile(r"(?<![\w.,/-])(?P<code>\d{2,7}-\d{2})(?P<left_out>-[x?*_.…]{1,3})?(?![\w-]|[.,]\d)")
"""A CAS number without its last digit."""
PLAIN_CAS = re.compile(r"\d(?<![\w.-]\d)\d{1,6}-\d{2}-\d(?![\w-])")
CAS_WORD_BEFORE = re.compile(r"cas[\s\w.:#№-]{0,12}$")
DISGUISED_CAS_WORD_BEFORE = re.compile(r"(?<![a-z0-9])c[a4@][s5$][\s.:#-]{0,3}$")
DIGIT_BEFORE = re.compile(r"\d[ .,/-]?$|(?<!cas)(?<!no)(?<!rn)[a-z]$")
DIGIT_OR_LETTER_AFTER = re.compile(r"[.,/-]?\d|[a-z]")
SPACED_DIGIT_AFTER = re.compile(r" \d")
HAS_DIGIT = re.compile(r"\d")
FOUR_DIGITS = re.compile(r"\d{4}")
WINDOW = 24
"""Characters before a number in which the word CAS announces it."""
WIDEST_GAP = 4
"""Characters between two digits: an emoji with its spaces."""
LONG_NUMBER = 8
"""Digits from which a spaced number is hardly a date or a telephone number."""
DATE_LIKE = re.compile(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-\d")

PATTERNS: tuple[tuple[TradeKind, re.Pattern[str], re.Pattern[str]], ...] = (
    ("price_per_unit", PRICE_PER_UNIT, re.compile(r"[$€£¥₽元]|usd|eur|gbp|cny|rmb|mxn|руб")),
    ("quantity", QUANTITY, HAS_DIGIT),
    ("purity", PURITY, re.compile(r"[%纯含]|pct|p[eu]r|rein|чист")),
)
"""Kind, pattern, and what is found faster and stands in each text that the pattern matches."""


def find_trade_signs(
    text: str,
    lined: str,
    words: Sequence[str],
    codes: frozenset[str],
    found: list[tuple[Pattern, list[int]]],
    known: KnownParts,
) -> list[tuple[TradeKind, int, int]]:
    """Return kind, start and end of each trade sign in a folded text, in its order.

    Args:
        text: Folded text.
        lined: The same with its line ends, over which nothing is said of anything.
        words: As `split_words` finds them in it.
        codes: First parts of CAS numbers by which the trade calls a listed substance, e.g. `28578`, and first
            two parts, e.g. `28578-16`.
        known: The listed CAS numbers.
        found: Patterns found in the text, with the position of each of their characters.
    """
    signs = set(_find_patterns(lined, codes)) if HAS_DIGIT.search(text) else set()
    signs.update(find_spoken(lined, words))
    signs.update(find_topics(lined, words))
    signs.update(("spelled_letters", start, end) for start, end in find_initials(text, words))
    for pattern, places in found:
        if pattern.trade and _is_whole_phrase(text, pattern, places):
            start, end = places[0], places[-1] + 1
            if pattern.trade != "number_spoken" or is_beside_number(text, start, end):
                signs.add((pattern.trade, start, end))
    signs.update(_find_listed_parts(text, signs, codes))
    signs.update(find_number_parts(text, words, known))
    signs = {sign for sign in signs if sign[0] != "form" or not is_other_form(text, *sign[1:])}
    if not any(kind in {"form", "chemistry"} for kind, _start, _end in signs):
        signs = {sign for sign in signs if sign[0] != "bare_code" or LONG_CODE.search(text, *sign[1:])}
    return sorted(signs, key=lambda sign: (sign[1], sign[2], sign[0]))


def _find_patterns(text: str, codes: frozenset[str]) -> Iterator[tuple[TradeKind, int, int]]:
    for kind, pattern, needed in PATTERNS:
        for found in pattern.finditer(text) if needed.search(text) else ():
            yield kind, found.start(), found.end()
    yield from _find_codes(text, codes)


def _find_codes(text: str, codes: frozenset[str]) -> Iterator[tuple[TradeKind, int, int]]:
    """Yield what may be a part of a listed CAS number."""
    if FOUR_DIGITS.search(text):
        for found in (one for shape in CODES for one in shape.finditer(text)):
            if found["code"] in codes:
                yield "code_number", found.start(), found.end()
        for found in BARE_CODE.finditer(text):
            if found.group() in codes:
                yield "bare_code", found.start(), found.end()
    for found in PARTED_CODE.finditer(text):
        if not found.group().isdigit() and "".join(filter(str.isdigit, found.group())) in codes:
            yield "bare_code", found.start(), found.end()
    for found in TWO_PARTS.finditer(text) if "-" in text else ():
        if found["code"] in codes:
            yield "code_number" if found["left_out"] else "bare_code", found.start(), found.end()


def _find_listed_parts(
    text: str, signs: Iterable[tuple[TradeKind, int, int]], codes: frozenset[str]
) -> list[tuple[TradeKind, int, int]]:
    """Return each number said in words or in part that may be the part of a listed CAS number."""
    said = [(start, end) for kind, start, end in signs if kind == "number_spoken"]
    known = _without_hyphens(codes) if said else frozenset()
    return [
        ("listed_part", start, end)
        for start, end in said
        if not known.isdisjoint(numbers_beside(text, start, end))
    ]


@lru_cache(maxsize=8)
def _without_hyphens(codes: frozenset[str]) -> frozenset[str]:
    return frozenset(code.replace("-", "") for code in codes)


def _is_whole_phrase(text: str, pattern: Pattern, places: list[int]) -> bool:
    """Say whether a phrase stands as words of its own, plainly or with every letter apart."""
    start, end = places[0], places[-1] + 1
    if end - start > 2 * len(places) + 4:
        return False
    if IS_CJK.match(text[start]):
        return True
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    gaps = [i for i, (a, b) in enumerate(pairwise(places), start=1) if b - a > 1]
    is_spaced = all(i in pattern.splits for i in gaps) or len(gaps) >= max(2, len(places) - 2)
    if gaps and is_spaced and is_piece_of_spelled_word(text, places):
        return False
    return is_spaced and not any(c.isalnum() and not IS_CJK.match(c) for c in (before, after) if c)


def find_cas_numbers(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield number, start and end of each plainly written CAS number whose check digit is right."""
    for found in PLAIN_CAS.finditer(text) if "-" in text else ():
        number = found.group()
        is_date = DATE_LIKE.fullmatch(number) and not CAS_WORD_BEFORE.search(
            text[max(0, found.start() - WINDOW) : found.start()]
        )
        if is_cas_number(number) and not is_date:
            yield number, found.start(), found.end()


def is_cas_spelling(text: str, digits: list[int]) -> bool:
    """Say whether the digits of a listed CAS number, found in any spacing, stand for it.

    Args:
        text: Folded text.
        digits: Position of each digit in `text`.
    """
    before, after = text[max(0, digits[0] - WINDOW) : digits[0]], text[digits[-1] + 1 : digits[-1] + 4]
    is_announced = DISGUISED_CAS_WORD_BEFORE.search(before) is not None
    if (DIGIT_BEFORE.search(before) and not is_announced) or DIGIT_OR_LETTER_AFTER.match(after):
        return False
    gaps = [text[a + 1 : b] for a, b in pairwise(digits)]
    if any(len(gap) > WIDEST_GAP or any(c.isalnum() for c in gap) for gap in gaps):
        return False
    *inner, middle, between, last = gaps
    inner.append(between)
    is_hyphened = "-" in middle and "-" in last and len(set(inner)) == 1 and "-" not in inner[0]
    if is_hyphened or CAS_WORD_BEFORE.search(before):
        return True
    if SPACED_DIGIT_AFTER.match(after):
        return False
    if middle and last and not any(inner):
        return bool(set(middle + last) - set(" .-/,:")) or len(digits) >= LONG_NUMBER
    return all(gaps) and len(digits) >= LONG_NUMBER - 1
