"""Find the CAS numbers that a text gives in parts: `page 103, line 79`, `28578-1?-7`, `forty-four | 68`.

A listed number is known by its parts one after the other, whatever stands between, and by a shape with some
digits masked. A masked shape that no listed number fits is the number of something else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from classifier.reading.number_words import find_numbers, in_figures, may_be_in_turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from classifier.reading.model import TradeKind
    from classifier.reading.number_words import Number

PARTS_OF_LISTED = frozenset({"listed_part", "bare_code", "code_number"})
"""Signs that are parts of a listed CAS number."""
PARTS = PARTS_OF_LISTED | {"unlisted_part"}
MOST_CHARS = 400
"""Offers come to the point; the foot of a page is full of numbers."""
MOST_NUMBERS = 40
LONGEST_GAP = 32
"""Characters between two parts of one number."""
LONG_FIRST = 4
"""Digits of a first part with which the second is no chance."""
MASK = r"[x×*?_#●•○▢□█▓■◼…]"
MASKED = re.compile(
    rf"(?<![\w.,/-])(?<!\d\s)(?P<first>(?:\d|{MASK})(?:\s?(?:\d|{MASK})){{1,6}}?)(?P<gap>\s?[-/._–]\s?)(?P<second>(?:\d|{MASK}){{1,2}})"
    rf"(?P=gap)(?P<last>\d|{MASK}{{1,3}})(?![\w]|[-/.]\d)"
)
HAS_MASK = re.compile(rf"\d\s?(?:[-/._]\s?)?{MASK}")
"""What a text has that `MASKED` matches in; it begins with what is rare."""
FEWEST_KNOWN = 4
"""Digits that a masked number shows at least."""
GOES_ON_BEFORE = re.compile(r"[a-z\d\u0370-\u052f]$|\d[-./,]$")
GOES_ON_AFTER = re.compile(
    r"[a-z\d\u0370-\u052f]|[-./,]\d|\s?(?:%|cm|mm|kg|g|ml|eur|usd|€|\$|°|x\s?\d)(?![a-z])"
)
MEASURE = re.compile(
    r"^\s*(?:cm|mm|m|kg|g|l|ml|pcs|pieces|stk|st|eur|usd|[€$£]|v|w|hz|mah|gb|mb|[x×*%°])(?![a-z])|^\s?[x×*]\s?$"
)
"""Between two numbers of a size, which are no parts of another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownParts:
    """The listed CAS numbers, by what they begin with."""

    numbers: frozenset[str]
    """With hyphens."""
    begun: frozenset[str]
    """All that a number without hyphens begins with."""
    ends: Mapping[str, tuple[bool, int]]
    """Of each number, whole or without its last digit, and without hyphens: if it is whole, and how long its
    first part is."""
    firsts: frozenset[str]
    """The long first parts."""


@lru_cache(maxsize=8)
def known_parts(numbers: frozenset[str]) -> KnownParts:
    """Return what the listed CAS numbers are known by."""
    ends: dict[str, tuple[bool, int]] = {}
    for number in sorted(numbers):
        first, second, _last = number.split("-")
        ends[first + second] = (False, len(first))
    for number in sorted(numbers):
        ends[number.replace("-", "")] = (True, len(number.partition("-")[0]))
    begun = {plain[:size] for plain in ends for size in range(1, len(plain) + 1)}
    firsts = {first for number in numbers if len(first := number.partition("-")[0]) > LONG_FIRST}
    return KnownParts(numbers=numbers, begun=frozenset(begun), ends=ends, firsts=frozenset(firsts))


def find_number_parts(
    text: str, words: Iterable[str], known: KnownParts
) -> Iterator[tuple[TradeKind, int, int]]:
    """Yield kind, start and end of each number in parts in a folded text, listed or not.

    Args:
        text: Folded text.
        words: As `split_words` finds them in it.
        known: The listed numbers.
    """
    text = in_figures(text[:MOST_CHARS])
    masked = list(_masked(text, known)) if HAS_MASK.search(text) else []
    yield from masked
    taken = [(start, end) for _kind, start, end in masked]
    if may_be_in_turn(text, words, known.ends, known.begun):
        for kind, start, end in _in_turn(text, find_numbers(text)[:MOST_NUMBERS], known):
            if not any(start < last and first < end for first, last in taken):
                yield kind, start, end


def numbers_meant(text: str, numbers: frozenset[str]) -> list[str]:
    """Return the listed CAS numbers that a number in parts may be, in order."""
    text = in_figures(text)
    if "-" in text or HAS_MASK.search(text):
        for found in MASKED.finditer(text):
            shape = _shape(found)
            return sorted(number for number in numbers if shape.fullmatch(number))
    digits = "".join(number.digits for number in find_numbers(text))
    return (
        sorted(number for number in numbers if number.replace("-", "").startswith(digits)) if digits else []
    )


def without_whole(
    signs: list[tuple[TradeKind, int, int]], whole: Sequence[tuple[int, int]]
) -> list[tuple[TradeKind, int, int]]:
    """Return the signs but the parts of a CAS number where one stands in full: nothing of it is withheld.

    Args:
        signs: Kind, start and end of each.
        whole: Where CAS numbers are read in full, however they are dressed.
    """
    return [
        (kind, start, end)
        for kind, start, end in signs
        if kind not in PARTS or not any(start < last and first < end for first, last in whole)
    ]


def _masked(text: str, known: KnownParts) -> Iterator[tuple[TradeKind, int, int]]:
    for found in MASKED.finditer(text):
        shown = sum(map(str.isdigit, found.group()))
        if shown < FEWEST_KNOWN or re.fullmatch(r"[\d\W]*", re.sub(MASK, "0", found.group())) is None:
            continue
        if not re.search(MASK, found.group()):
            continue
        is_listed = any(map(_shape(found).fullmatch, known.numbers))
        yield ("listed_part" if is_listed else "unlisted_part"), found.start(), found.end()


def _shape(found: re.Match[str]) -> re.Pattern[str]:
    """Return what matches the numbers that a masked one may be."""
    first = re.sub(MASK, r"\\d", found["first"].replace(" ", ""))
    second = re.sub(MASK, r"\\d", found["second"])
    second = second if len(found["second"]) > 1 else r"\d\d"
    last = found["last"] if found["last"].isdigit() else r"\d"
    return re.compile(f"{first}-{second}-{last}")


def _in_turn(text: str, numbers: Sequence[Number], known: KnownParts) -> Iterator[tuple[TradeKind, int, int]]:
    """Yield numbers in turn that make a listed one, its first two parts, or its first if long and in words.

    The first two of few digits are a sign only with others: they may be anything.
    """
    first = 0
    while first < len(numbers):
        one = numbers[first]
        kind, last = _listed_from(text, numbers[first:], known)
        if last:
            yield kind, one.start, numbers[first + last].end
        elif one.digits in known.firsts and one.is_in_words:
            yield "listed_part", one.start, one.end
        first += last + 1


def _listed_from(text: str, numbers: Sequence[Number], known: KnownParts) -> tuple[TradeKind, int]:
    """Return how sure, and with which of the numbers, a listed one ends that begins with the first; or 0."""
    kind: TradeKind = "listed_part"
    found, digits, breaks = 0, numbers[0].digits, [len(numbers[0].digits)]
    if GOES_ON_BEFORE.search(text[max(0, numbers[0].start - 2) : numbers[0].start]):
        return kind, found
    for place, (left, right) in enumerate(pairwise(numbers), start=1):
        gap = text[left.end : right.start]
        digits += right.digits
        breaks.append(len(digits))
        if len(gap) > LONGEST_GAP or MEASURE.search(gap) or digits not in known.begun:
            break
        if digits in known.ends and not GOES_ON_AFTER.match(text, right.end):
            is_whole, size = known.ends[digits]
            is_parted = size in breaks and (not is_whole or len(digits) - 1 in breaks)
            is_sure = size >= LONG_FIRST or (
                is_parted and (is_whole or (left.is_in_words and right.is_in_words))
            )
            if is_sure or is_parted:
                kind, found = ("listed_part" if is_sure else "bare_code"), place
    return kind, found
