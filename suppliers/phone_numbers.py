"""Read digits however they are written, and the phone number that they are.

Digits may be spaced, in words, doubled in words ("double two") or written with look-alike letters. A number
is in E.164 form if one reading of its digits is valid for its country by `phonenumbers`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from text.phrases import IS_CJK, any_of, folded, keys, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FEWEST_DIGITS, MOST_DIGITS = 7, 15
"""Digits of a phone number, E.164."""
_MOST_PARTS = 24

_LETTER_FOR_DIGIT = re.compile(
    r"(?<=\d)o(?=[ -]?\d)|(?<=\d[ -])o(?=\d)|(?<=\d)[il](?=\d)|(?<=\d)[oil](?=[\doil]{2})"
    r"|(?<=\d[oil])[oil](?=\d)|(?<![a-z])[ol](?=\d\d)"
)
_AS_DIGIT = {"o": "0", "i": "1", "l": "1"}
_GAP = re.compile(r"(?:[\s().·_*/-]|\[|\]|[\u2190-\u2bff\U0001f000-\U0001faff]){0,5}")
_GAP_OF_WORDS = re.compile(r"(?:[\s().,·_*/-]|\[|\]|[\u2190-\u2bff\U0001f000-\U0001faff]){0,5}")


@dataclass(frozen=True, slots=True)
class DigitGroup:
    """Digits that belong together, with their signs."""

    start: int
    end: int
    has_plus: bool
    parts: tuple[tuple[int, int, str], ...]
    """Start, end and digits of each run or word."""

    @property
    def digits(self) -> str:
        """All digits without separators."""
        return "".join(digits for _start, _end, digits in self.parts)


def digit_groups(text: str) -> Iterator[DigitGroup]:
    """Yield the digits of a folded text, joined over separators.

    A group with too many digits for one number is split at its widest gap.
    """
    for parts in _runs(_LETTER_FOR_DIGIT.sub(lambda letter: _AS_DIGIT[letter[0]], text)):
        if sum(len(digits) for _start, _end, digits in parts) <= MOST_DIGITS or len(parts) < 2:
            yield _group(text, parts)
            continue
        _width, at = max((second[0] - first[1], at) for at, (first, second) in enumerate(pairwise(parts), 1))
        yield _group(text, parts[:at])
        yield _group(text, parts[at:])


def without_outer_word(text: str, group: DigitGroup) -> Iterator[DigitGroup]:
    """Yield a group, and without its last or first part if that is a word: it may mean something else.

    A single word among digits is left out first.
    """
    are_words = [not text[start:end].isdigit() for start, end, _digits in group.parts]
    shorter = []
    if len(group.parts) > 1 and are_words[-1]:
        shorter.append(_group(text, group.parts[:-1]))
    if len(group.parts) > 1 and are_words[0]:
        shorter.append(_group(text, group.parts[1:]))
    yield from [*shorter, group] if sum(are_words) == 1 else [group, *shorter]


def _runs(text: str) -> Iterator[list[tuple[int, int, str]]]:
    """Yield the start, end and digits of the parts of each run of digits and number words."""
    pattern, values, repeats = _number_words()
    parts: list[tuple[int, int, str]] = []
    last: int | None = None
    """Value of the last part if it is a word."""
    times, begins = 1, 0
    for match in pattern.finditer(text):
        word = match[0]
        if word in repeats:
            times, begins = repeats[word], match.start()
            continue
        value = values.get(word)
        start, digits = match.start(), word if value is None else str(value)
        if times > 1 and len(digits) == 1 and start - begins < 20:
            start, digits = begins, digits * times
        times = 1
        gap = text[parts[-1][1] : start] if parts else ""
        is_pair = value is not None and gap.strip() in folded("number_words.and", "contact_digits.and")
        is_next = is_pair or (_GAP if value is None and last is None else _GAP_OF_WORDS).fullmatch(gap)
        if parts and (not is_next or len(parts) >= _MOST_PARTS):
            yield parts
            parts, last = [], None
        if parts and last and value and value < _unit(last) and (is_pair or not gap.strip(" -")):
            start, _end, _digits = parts.pop()  # "thirty four" is 34
            value += last
            digits = str(value)
        parts.append((start, match.end(), digits))
        last = value
    if parts:
        yield parts


def _unit(value: int) -> int:
    """Return the lowest unit of a number in words from 20: 100 of 200, 10 of 20, and 1 of 24 or 12."""
    if value < 20:
        return 1
    return 100 if value % 100 == 0 else 10 if value % 10 == 0 else 1


@cache
def _number_words() -> tuple[re.Pattern[str], dict[str, int], dict[str, int]]:
    """Return a pattern of digits and number words, the values of words, and the words for doubled digits."""
    tables = {table: dict[str, int]() for table in ("number_words", "contact_digits", "repeated_digits")}
    for table, values in tables.items():
        for key in filter(str.isdigit, keys(table)):
            values |= {phrase.folded: int(key) for phrase in words(f"{table}.{key}") if int(key) < 1000}
    values = tables["number_words"] | tables["contact_digits"]
    listed = sorted(values | tables["repeated_digits"], key=lambda word: (-len(word), word))
    joined = [word for word in listed if IS_CJK.match(word) or "\u1100" <= word[0] <= "\u11ff"]  # or Hangul
    spaced, together = (
        "|".join(map(re.escape, each)) for each in ([word for word in listed if word not in joined], joined)
    )
    end = r"(?:(?![^\W_])|(?<=[^\W\d_]{3})(?=\d))"  # "four82", but not "un1830"
    pattern = re.compile(rf"(?<![^\W\d_])(?:{spaced}){end}|\d+|{together}")
    return pattern, values, tables["repeated_digits"]


def _group(text: str, parts: Sequence[tuple[int, int, str]]) -> DigitGroup:
    start = begin = parts[0][0]
    before = text[max(0, start - 8) : start]
    plus = re.search(rf"(?:\+|(?<![a-z]){any_of('hiding.plus')})[\s(]{{0,2}}$", before)
    if plus:
        begin -= len(before) - plus.start()
    elif before.endswith("("):
        begin -= 1
    return DigitGroup(begin, parts[-1][1], plus is not None, tuple(parts))


def number_of(group: DigitGroup, regions: Iterable[str], *, is_labelled: bool) -> tuple[str, float] | None:
    """Return the phone number that digits are, in E.164 form, with its confidence from 0 to 1.

    `regions` are countries whose national form is read, likeliest first, ISO 3166-1 alpha-2. Return None if
    no reading of the digits is valid.
    """
    digits, is_spaced = group.digits, len(group.parts) > 1
    if group.has_plus:
        without_trunk = re.sub(r"^(\d{2,3})0", r"\1", digits)  # +44 (0)161 ...
        number = international(digits) or international(without_trunk)
        return (number, 0.98) if number else None
    if digits.startswith("00") and (is_labelled or is_spaced) and (number := international(digits[2:])):
        return number, 0.96
    for region in regions:
        if number := _national(digits, region, must_look_dialled=not is_labelled, parts=len(group.parts)):
            return number, 0.95 if is_labelled else 0.9
    if is_labelled and len(digits) >= 11 and (number := international(digits)):
        return number, 0.9
    if is_labelled and not regions and re.fullmatch(r"1[3-9]\d{9}", digits):
        return f"+86{digits}", 0.85
    return None


def international(digits: str) -> str | None:
    """Return a number that begins with its country code in E.164 form, or None if it is not valid."""
    if not digits.isdigit() or not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS:
        return None
    return _formatted(f"+{digits}", None)


def _formatted(digits: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def _national(digits: str, region: str, *, must_look_dialled: bool, parts: int) -> str | None:
    number = _formatted(digits, region)
    if number is None or not must_look_dialled:
        return number
    kind = phonenumbers.number_type(phonenumbers.parse(number, None))
    is_mobile = kind in {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
    has_trunk = digits.startswith("0") or (digits[0] in "18" and len(digits) == 11)
    is_long = len(digits) >= 10 and kind is PhoneNumberType.MOBILE
    looks_dialled = (has_trunk and (parts > 1 or is_mobile)) or (is_mobile and (is_long or parts > 2))
    return number if looks_dialled else None
