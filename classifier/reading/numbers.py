"""Find CAS numbers that a text gives in parts or in words: `page 103, line 79`, `28578-1?-7`.

A listed number is recognised by its parts in order, with any words between them, or with some digits masked.
A masked number that fits no listed number belongs to an unlisted substance. Numbers are read in figures and
in the words of many languages: `cento e três`, `einundvierzigtausend`, `六十六`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from text.normalise import WORD, WordTable, split_words
from text.phrases import any_of, folded, keys, words

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from classifier.reading.model import TradeKind
    from text.phrases import Phrase

PARTS_OF_LISTED = frozenset({"listed_part", "bare_code", "code_number"})
"""Signals that are parts of a listed CAS number."""
PARTS = PARTS_OF_LISTED | {"unlisted_part"}
MOST_CHARS = 400
"""Characters searched: offers give the number early, and page footers are full of numbers."""
MOST_NUMBERS = 40
LONGEST_GAP = 32
"""Characters between two parts of one number."""
LONG_FIRST = 4
"""Digits of a first part from which a match with the second part is not a coincidence."""
MASK = r"[x×*?_#●•○▢□█▓■◼…]"
MASKED = re.compile(
    rf"(?<![\w.,/-])(?<!\d\s)(?P<first>(?:\d|{MASK})(?:\s?(?:\d|{MASK})){{1,6}}?)(?P<gap>\s?[-/._–]\s?)(?P<second>(?:\d|{MASK}){{1,2}})"
    rf"(?P=gap)(?P<last>\d|{MASK}{{1,3}})(?![\w]|[-/.]\d)"
)
HAS_MASK = re.compile(rf"\d\s?(?:[-/._]\s?)?{MASK}")
"""Fast precondition of `MASKED`."""
FEWEST_KNOWN = 4
"""Fewest visible digits of a masked number."""
GOES_ON_BEFORE = re.compile(r"[a-z\d\u0370-\u052f]$|\d[-./,]$")
GOES_ON_AFTER = re.compile(
    r"[a-z\d\u0370-\u052f]|[-./,]\d|\s?(?:%|cm|mm|kg|g|ml|eur|usd|€|\$|°|x\s?\d)(?![a-z])"
)

TEN, HUNDRED, THOUSAND = 10, 100, 1000
TEENS = range(10, 20)
LONGEST_WORD_GAP = 2
"""Characters between the words of one number: a hyphen or spaces."""
FIGURES = re.compile(r"\d+")
LETTER_AS_FIGURE = re.compile(r"(?<=\d)[oil](?=[\doil]*\d)|(?<![^\W_])o(?=\d)")
LETTER_FOR_FIGURE = re.compile(r"\d[oil][\doil]*\d|o\d")
"""Fast precondition of `LETTER_AS_FIGURE`."""
AS_FIGURE = {"o": "0", "i": "1", "l": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownParts:
    """The listed CAS numbers, indexed by their beginnings."""

    numbers: frozenset[str]
    """With hyphens."""
    begun: frozenset[str]
    """All prefixes of the numbers without hyphens."""
    ends: Mapping[str, tuple[bool, int]]
    """For each number without hyphens, complete or without its last digit: whether it is complete, and the
    length of its first part."""
    firsts: frozenset[str]
    """The first parts with more than `LONG_FIRST` digits."""


@lru_cache(maxsize=8)
def known_parts(numbers: frozenset[str]) -> KnownParts:
    """Index the listed CAS numbers by their parts."""
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
    """Yield the kind, start and end of each CAS number, listed or not, that a folded text gives in parts.

    The words are those of `split_words`.
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
    """Return, in order, the listed CAS numbers that a partial number may mean."""
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
    signals: list[tuple[TradeKind, int, int]], whole: Sequence[tuple[int, int]]
) -> list[tuple[TradeKind, int, int]]:
    """Return the signals outside CAS numbers given in full, in any spelling, which withhold nothing."""
    return [
        (kind, start, end)
        for kind, start, end in signals
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
    """Return a pattern for the numbers that a masked number may mean."""
    first = re.sub(MASK, r"\\d", found["first"].replace(" ", ""))
    second = re.sub(MASK, r"\\d", found["second"])
    second = second if len(found["second"]) > 1 else r"\d\d"
    last = found["last"] if found["last"].isdigit() else r"\d"
    return re.compile(f"{first}-{second}-{last}")


def _in_turn(text: str, numbers: Sequence[Number], known: KnownParts) -> Iterator[tuple[TradeKind, int, int]]:
    """Yield successive numbers that form a listed one, its first two parts, or a long first part in words.

    Short first two parts are a signal only together with others, because they are ambiguous.
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
    """Return the kind of the listed number that starts here, and the index of its last part or 0."""
    kind: TradeKind = "listed_part"
    found, digits, breaks = 0, numbers[0].digits, [len(numbers[0].digits)]
    if GOES_ON_BEFORE.search(text[max(0, numbers[0].start - 2) : numbers[0].start]):
        return kind, found
    for place, (left, right) in enumerate(pairwise(numbers), start=1):
        gap = text[left.end : right.start]
        digits += right.digits
        breaks.append(len(digits))
        if len(gap) > LONGEST_GAP or _measure().search(gap) or digits not in known.begun:
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


@cache
def _measure() -> re.Pattern[str]:
    """Return a pattern for the text between two numbers that are measures, not parts of a CAS number."""
    return re.compile(rf"^\s*(?:{any_of('amounts.measures')}|[€$£x×*%°])(?![a-z])|^\s?[x×*]\s?$")


# Numbers in words.


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number in a text, converted to figures."""

    digits: str
    start: int
    end: int

    @property
    def is_in_words(self) -> bool:
        """Whether the number is written in words."""
        return self.end - self.start != len(self.digits)


def may_be_in_turn(text: str, words: Iterable[str], known: Container[str], begun: Container[str]) -> bool:
    """Return, by a fast check, whether the numbers of a folded text may form a known number.

    `begun` has all prefixes of the known numbers.
    """
    figures = FIGURES.findall(text)
    if any(_parts().of(words)):
        return True
    if not text.isascii() and _chinese_run().search(text):
        return True
    for first, digits in enumerate(figures):
        made = digits
        for following in figures[first + 1 :]:
            if made not in begun:
                break
            made += following
            if made in known:
                return True
    return False


def in_figures(text: str) -> str:
    """Replace letters that stand for figures in numbers; the length stays the same."""
    if not LETTER_FOR_FIGURE.search(text):
        return text
    return LETTER_AS_FIGURE.sub(lambda found: AS_FIGURE[found.group()], text)


def find_numbers(text: str) -> list[Number]:
    """Return the numbers of a folded text, in text order."""
    numbers = [
        Number(digits=found.group(), start=found.start(), end=found.end()) for found in FIGURES.finditer(text)
    ]
    if any(_parts().of(split_words(text))):
        numbers += _numbers_in_words(text)
    if not text.isascii():
        numbers += _numbers_in_chinese(text)
    return sorted(numbers, key=lambda number: number.start)


def _numbers_in_words(text: str) -> Iterator[Number]:
    run: list[tuple[str, int, int, int]] = []
    for found in WORD.finditer(text):
        parts = _parts()[found.group()]
        if not parts and found.group() not in folded("number_words.and"):
            continue
        gap = text[run[-1][3] : found.start()] if run else ""
        if len(gap) > LONGEST_WORD_GAP or gap.strip(" -"):
            yield from _numbers_of(run)
            run = []
        run += [(word, value, found.start(), found.end()) for word, value in parts]
        if not parts and run:
            run[-1] = (*run[-1][:3], found.end())
    yield from _numbers_of(run)


def _numbers_of(run: list[tuple[str, int, int, int]]) -> Iterator[Number]:
    """Yield the numbers that adjacent words form, each as long as grammar allows."""
    number: int | None = None
    first = last = 0
    for word, value, start, end in run:
        grown = None if number is None else _grown(number, word, value)
        if number is not None and grown is None:
            yield Number(digits=str(number), start=first, end=last)
        if grown is None:
            first = start
        number, last = value if grown is None else grown, end
    if number is not None:
        yield Number(digits=str(number), start=first, end=last)


def _grown(number: int, word: str, value: int) -> int | None:
    """Return a number extended by one more word, or None if the word begins the next number."""
    below = number % HUNDRED
    if value == THOUSAND:
        return number * THOUSAND if 0 < number < THOUSAND else None
    if value == HUNDRED and 0 < number % THOUSAND < 10:
        return number + number % THOUSAND * (HUNDRED - 1)
    if word in _said_in("fr", 20) and below == 4:
        return number - 4 + 80
    if value in TEENS and below in {60, 80}:
        return number + value
    if value < TEN and below in TEENS:
        return number + value if word in _said_in("fr", 7, 8, 9) and below % 20 == 10 else None
    room = THOUSAND if value >= HUNDRED else HUNDRED if value >= 10 else 10
    return number + value if number and value and number % room == 0 else None


def _numbers_in_chinese(text: str) -> Iterator[Number]:
    for found in _chinese_run().finditer(text):
        yield Number(digits=_chinese_digits(found.group()), start=found.start(), end=found.end())


def _chinese_digits(said: str) -> str:
    """Return `66` for 六十六 and `1609` for 一六零九."""
    values, ten = chinese_values()
    tens, is_parted, ones = said.partition(ten)
    if is_parted and len(tens) <= 1 and len(ones) <= 1:
        return str(10 * values.get(tens, 1) + values.get(ones, 0))
    return "".join(str(values[character]) for character in said if character in values)


@cache
def number_values() -> Mapping[str, int]:
    """Return the value of each folded number word, in the languages that separate words by spaces."""
    return {phrase.folded: value for value, phrase in _number_phrases() if phrase.language != "zh"}


@cache
def chinese_values() -> tuple[Mapping[str, int], str]:
    """Return the digit of each Chinese character, and the character for ten."""
    said = {phrase.folded: value for value, phrase in _number_phrases() if phrase.language == "zh"}
    return {each: value for each, value in said.items() if value < TEN}, min(
        each for each, value in said.items() if value == TEN
    )


@cache
def _said_in(language: str, *values: int) -> frozenset[str]:
    """Return a language's words for some numbers; French `quatre-vingt-dix-sept` consists of four."""
    return frozenset(
        phrase.folded
        for value, phrase in _number_phrases()
        if value in values and phrase.language == language
    )


def _number_phrases() -> list[tuple[int, Phrase]]:
    return [
        (int(key), phrase)
        for key in keys("number_words")
        if key.isdigit()
        for phrase in words(f"number_words.{key}")
    ]


@cache
def _chinese_run() -> re.Pattern[str]:
    values, ten = chinese_values()
    return re.compile(f"[{''.join(values)}{ten}]+")


@cache
def _german_parts() -> re.Pattern[str]:
    """Return a pattern for the parts of a German number, which is written as one word."""
    parts = _german_and() | {phrase.folded for _value, phrase in _number_phrases() if phrase.language == "de"}
    return re.compile("|".join(sorted(parts, key=lambda part: (-len(part), part))))


@cache
def _german_and() -> frozenset[str]:
    return frozenset(phrase.folded for phrase in words("number_words.and") if phrase.language == "de")


@cache
def _parts() -> WordTable[tuple[tuple[str, int], ...]]:
    """Return the number parts in each word: none, one, or several in a German compound."""
    return WordTable(_parts_of)


def _parts_of(word: str) -> tuple[tuple[str, int], ...]:
    values = number_values()
    if word in values:
        return ((word, values[word]),)
    pieces = _german_parts().findall(word)
    if len(pieces) < 2 or "".join(pieces) != word:
        return ()
    parts = [(piece, values.get(piece, 0)) for piece in pieces]
    for place, ((unit, _), (joint, _)) in enumerate(pairwise(parts[:-1])):
        if joint in _german_and() and unit not in _german_and():
            parts[place], parts[place + 2] = parts[place + 2], parts[place]
    return tuple(part for part in parts if part[0] not in _german_and())
