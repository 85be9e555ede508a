"""Find numbers in words and abbreviations in letter names: `one oh three dash`, `pee em kay`, `pemkay`.

Sellers spell numbers digit by digit, and abbreviations by letter names. They also nickname goods by one
letter or a small number. The words are in the lexicon, folded like the text. Most texts contain none of these
words; bit marks of their words show this before any pattern runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING

from classifier.reading.numbers import chinese_values, number_values
from text.normalise import WordTable, any_bits, bits_of_three, bits_of_two
from text.phrases import any_of, folded, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from classifier.reading.model import TradeKind

SURE_LETTERS = 2
"""Unambiguous letter names from which a run of letter names spells an abbreviation."""
SHORTEST_JOINED = 6
"""Fewest letters of three letter names written as one word."""
FEWEST_DIGITS = 4
"""Digits from which a part of a CAS number may identify it."""
NEAR, NEAR_BEFORE = 48, 30
"""Characters after and before the words that announce a number, searched for its digits."""

JOINED_SPELLED = ("pmk", "bmk", "mapa")
"""Abbreviations also written with their letter names joined: `pemkay`."""
SEPARATOR = r"[ ._·/+&-]{0,2}"

DIGIT, DASH, DASHES_SAID, CALLED, PIECE, WHOLE = 1, 2, 2 + 4, 8, 16, 32
NAME, SURE, JOINED = 1 << 6, 1 << 38, 1 << 70
"""Bits for the possible roles of a word.

In order: a digit in words; one dash in words, or more (two bits); a thing with a nickname; some letter names
of `JOINED_SPELLED`, or all of them. And for each of up to 32 languages: a letter name, an
unambiguous letter name, several unambiguous letter names joined.
"""
ANY_LETTER = (1 << 102) - NAME
"""The bits of letter names in all languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterNames:
    """The names of the letters in one language, folded."""

    sure: frozenset[str]
    """Names that are not ordinary words."""
    all: frozenset[str]
    joined: re.Pattern[str]
    """Matches several sure names written as one word."""
    sure_name: re.Pattern[str]
    run: re.Pattern[str]
    """Finds adjacent or joined letter names."""


def find_spoken(text: str, words_of_text: Sequence[str]) -> Iterator[tuple[TradeKind, int, int]]:
    """Yield the kind, start and end of each number in words, nickname and spelled-out abbreviation.

    The words are those of `split_words`.
    """
    marks = _marks().of(words_of_text)
    seen = any_bits(marks)
    yield from (("number_spoken", start, end) for start, end in _numbers(text, marks, seen))
    yield from (("spelled_letters", start, end) for start, end in _spellings(text, marks, seen))
    if seen & CALLED or (not text.isascii() and _patterns()["chinese called"].search(text)):
        yield from (("nickname", *found.span()) for found in _patterns()["nickname"].finditer(text))


def find_joined(text: str, words_of_text: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each abbreviation of `JOINED_SPELLED` whose letter names are joined."""
    marks, patterns = _marks().of(words_of_text), _patterns()
    if any_bits(marks) & WHOLE or bits_of_two(marks) & PIECE:
        for found in patterns["joined"].finditer(text):
            if any(len(part) > 1 for part in found.groups("")) and found.group() not in JOINED_SPELLED:
                yield found.span()
    if not text.isascii():
        yield from (
            found.span() for found in patterns["by sound"].finditer(text) if not found.group().isascii()
        )


def spoken_digits(text: str) -> str:
    """Return the digits of a number written in words, or in words and figures."""
    return "".join(_digits().get(digit, digit) for digit in _patterns()["digit"].findall(text))


def numbers_beside(text: str, start: int, end: int) -> Iterator[str]:
    """Yield each number, in figures or words, in or near `text[start:end]`."""
    text = text[max(0, start - NEAR_BEFORE) : end + NEAR]
    number, last = "", 0
    for digit in _patterns()["digit"].finditer(text):
        if number and not _patterns()["between digits"].fullmatch(text[last : digit.start()]):
            yield number
            number = ""
        number += _digits().get(digit.group(), digit.group())
        last = digit.end()
    if number:
        yield number


def is_beside_number(text: str, start: int, end: int) -> bool:
    """Return whether a number of at least four digits, in figures or words, is near `text[start:end]`."""
    beside = (text[max(0, start - NEAR_BEFORE) : start], text[end : end + NEAR])
    return any(len(_patterns()["digit"].findall(part)) >= FEWEST_DIGITS for part in beside)


def _numbers(text: str, marks: list[int], seen: int) -> Iterator[tuple[int, int]]:
    patterns = _patterns()
    if _may_say_number(marks, seen) or (not text.isascii() and patterns["chinese number"].search(text)):
        for found in patterns["number"].finditer(text):
            if len(patterns["digit"].findall(found.group())) >= FEWEST_DIGITS:
                yield found.span()


def _may_say_number(marks: Sequence[int], seen: int) -> bool:
    """Return whether enough words are digits or dashes to form a number."""
    if seen & DIGIT and sum(mark & DIGIT for mark in marks) >= FEWEST_DIGITS:
        return True
    return bool(seen & DASHES_SAID) and sum(mark & DASHES_SAID for mark in marks) >= 2 * DASH


def _spellings(text: str, marks: list[int], seen: int) -> Iterator[tuple[int, int]]:
    runs = bits_of_three(marks) if seen & ANY_LETTER else 0
    for language, names in enumerate(_letter_names() if seen & ANY_LETTER else ()):
        sure, is_run = SURE << language, runs & (NAME << language)
        is_sure = is_run and sum(bool(mark & sure) for mark in marks) >= SURE_LETTERS
        for found in names.run.finditer(text) if is_sure or seen & (JOINED << language) else ():
            if found["joined"] or len(names.sure_name.findall(found.group())) >= SURE_LETTERS:
                yield found.span()
    if not text.isascii() and _patterns()["chinese letter"].search(text):
        for found in _patterns()["chinese letters"].finditer(text):
            if _patterns()["chinese letter"].search(found.group()):
                yield found.span()


# Tables and patterns from the lexicon.


@cache
def _digits() -> Mapping[str, str]:
    said = {**number_values(), **chinese_values()[0]}
    return {word: str(value) for word, value in said.items() if value < 10}


@cache
def _letter_names() -> tuple[LetterNames, ...]:
    hardly, also = words("letter_names.hardly_words"), words("letter_names.also_words")
    digit = _longest_of(word for word in number_values() if word in _digits())
    each = []
    for language in dict.fromkeys(name.language for name in hardly if name.language != "zh"):
        sure = frozenset(name.folded for name in hardly if name.language == language)
        names = sure | {name.folded for name in also if name.language == language}
        sure_name, name = _longest_of(sure), rf"(?:{_longest_of(names)}|{digit})"
        run = rf"{name}(?:[ ,.-]{{1,2}}{name}){{2,6}}|(?P<joined>{sure_name}{{3,6}})"
        each.append(
            LetterNames(
                sure=sure,
                all=names,
                joined=re.compile(f"{sure_name}{{3,6}}"),
                sure_name=re.compile(rf"(?<![^\W_]){sure_name}(?![^\W_])"),
                run=re.compile(rf"(?<![^\W_])(?:{run})(?![^\W_])"),
            )
        )
    return tuple(each)


@cache
def _marks() -> WordTable[int]:
    """Return the role bits of each word."""
    digits = frozenset(word for word in number_values() if word in _digits())
    dash = re.compile(any_of("spoken.dashes", chinese=False))
    called = folded("spoken.things", "spoken.numbered")
    said = {letter: any_of(f"letter_sounds.{letter}") for letter in "pmkba"}
    pieces = {
        "".join(said[letter] for letter in abbreviation[first:end])
        for abbreviation in JOINED_SPELLED
        for first, end in combinations(range(len(abbreviation) + 1), 2)
    }
    piece = re.compile("|".join(pieces))
    whole = re.compile("|".join("".join(said[letter] for letter in each) for each in JOINED_SPELLED))

    def bits_of(word: str) -> int:
        is_digit = word in digits
        bits = DIGIT * is_digit + DASH * min(2, len(dash.findall(word)))
        for language, names in enumerate(_letter_names()):
            bits |= (NAME << language) * (is_digit or word in names.all)
            bits |= (SURE << language) * (word in names.sure)
            if len(word) >= SHORTEST_JOINED and names.joined.fullmatch(word):
                bits |= JOINED << language
        return (
            bits
            | CALLED * (word in called)
            | PIECE * bool(piece.fullmatch(word))
            | WHOLE * bool(whole.fullmatch(word))
        )

    return WordTable(bits_of)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    word = _longest_of(said for said in number_values() if said in _digits())
    dash, chinese_dash = any_of("spoken.dashes", chinese=False), any_of("spoken.dashes", chinese=True)
    chinese = f"[{''.join(chinese_values()[0])}]"
    gap = rf"(?:[ ,./-]{{1,3}}(?:{dash}[ ,./-]{{1,3}})?)"
    part = rf"(?:\d{{1,7}}|{word}(?:[ -]{word}){{0,6}})"
    dash_said = rf"[ ,]{{0,2}}{dash}[ ,]{{0,2}}"
    thing, numbered = any_of("spoken.things", chinese=False), any_of("spoken.numbered", chinese=False)
    thing_cjk, numbered_cjk = any_of("spoken.things", chinese=True), any_of("spoken.numbered", chinese=True)
    consonant = "[b-df-hj-np-tv-xz]"  # vowels alone are words: `a powder`, `y aceite`
    letter_cjk = any_of("letter_names.hardly_words", chinese=True)
    letters_cjk = any_of("letter_names.hardly_words", "letter_names.also_words", chinese=True)
    sound = {key: any_of(f"letter_sounds.{key}", chinese=True) for key in ("p", "m", "k", "ma", "pa")}
    shapes = [
        SEPARATOR.join(f"({any_of(f'letter_sounds.{letter}', chinese=False)})" for letter in abbreviation)
        for abbreviation in JOINED_SPELLED
    ]
    patterns = {
        "digit": rf"\d|{chinese}|(?<![^\W_]){word}(?![^\W_])",
        "between digits": rf"[ ,./-]{{0,3}}(?:{dash}[ ,./-]{{1,3}})?|{chinese_dash}",
        "number": rf"(?<![^\W_]){word}(?:{gap}{word}){{3,11}}(?![^\W_])"
        rf"|(?<![^\W_]){part}{dash_said}{part}{dash_said}{part}(?![^\W_])"
        rf"|(?:{chinese}|\d){{2,7}}{chinese_dash}(?:{chinese}|\d){{2}}(?:{chinese_dash}(?:{chinese}|\d))?"
        rf"|{chinese}{{5,10}}",
        "chinese number": rf"{chinese_dash}|{chinese}{{5}}",
        # goods nicknamed by one letter or a small number
        "nickname": rf"(?<![\w-])(?:{consonant}\d?[ -]|[a-z]\d?-){thing}(?!\w)"
        rf"|(?<![\w-]){thing}[ -](?:{any_of('spoken.types')} )?{consonant}\d?(?![\w-])"
        rf"|(?<![^\W_]){numbered}[ .#№:]{{1,3}}(?:n[or°]?\.? ?)?\d{{1,3}}[a-z]?"
        rf"(?![\w-]|[.,:]\d|\s?(?:%|{any_of('spoken.pieces')})\b)"
        rf"|(?<![a-z])[a-z]\d?{thing_cjk}(?!\w)|{numbered_cjk}[ :]?[a-z]?\d{{1,3}}(?!\d)",
        "chinese called": rf"[a-z\d]{thing_cjk}|{numbered_cjk}",
        "chinese letter": letter_cjk,
        "chinese letters": rf"(?:{letters_cjk}[ ·-]?){{3,6}}",
        "joined": rf"(?<![^\W_])(?:{'|'.join(shapes)})(?![^\W_])",
        # `PMK`, `BMK` and `MAPA` by their sound
        "by sound": rf"(?:{sound['p']}|[pb])(?:{sound['m']}|m)(?:{sound['k']}|k)|{sound['ma']}{sound['pa']}",
    }
    return {name: re.compile(pattern) for name, pattern in patterns.items()}


def _longest_of(phrases: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(phrases, key=lambda phrase: (-len(phrase), phrase)))})"
