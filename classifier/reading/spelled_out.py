"""Find numbers in words and spelled-out abbreviations: `one oh three dash`, `pee em kay`, `Papa Mike Kilo`.

Sellers spell numbers digit by digit, and abbreviations by letter names, spelling alphabets or initials. They
also nickname goods by one letter or a small number. The words are in the lexicon, folded like the text. Most
texts contain none of these words; bit marks of their words show this before any pattern runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import combinations, takewhile
from typing import TYPE_CHECKING

from classifier.reading.numbers import chinese_values, number_values
from text.phrases import any_of, folded, keys, phrase_matcher, words
from text.tokens import WORD, WordTable, any_bits, bits_of_three, bits_of_two

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
TWO_PARTS = re.compile(r"\d\d-\d")
FOUR_DIGITS = re.compile(r"\d{4}")

SPELLED = frozenset({"pmk", "bmk", "p2p", "mapa", "apaan", "apaa", "anpp", "npp", "mdp"})
"""Trade abbreviations of listed substances, or their beginnings."""
JOINED_SPELLED = ("pmk", "bmk", "mapa")
"""Abbreviations also written with their letter names joined: `pemkay`."""
LETTER = re.compile(r"(?<![^\W_])[a-zа-я0-9](?![^\W_])")
CYRILLIC = str.maketrans("пбмканд", "pbmkand")
SEPARATOR = r"[ ._·/+&-]{0,2}"

DIGIT, DASH, DASHES_SAID, CALLED, FAMILY_WORD = 1, 2, 2 + 4, 8, 16
ALPHABET, ANNOUNCES, TURNS, PIECE, WHOLE = 32, 64, 128, 256, 512
NAME, SURE, JOINED = 1 << 10, 1 << 42, 1 << 74
"""Bits for the possible roles of a word.

In order: a digit in words; one dash in words, or more (two bits); a thing with a nickname; a word that makes
a number the name of a family; a word of a spelling alphabet; an announcement of letters; an announcement of
reversed letters; some letter names of `JOINED_SPELLED`, or all of them. And for each of up to 32
languages: a letter name, an unambiguous letter name, several unambiguous letter names joined.
"""
ANY_LETTER = (1 << 106) - NAME
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

    Args:
        text: Folded text.
        words_of_text: Words of the text, from `split_words`.
    """
    marks = _marks().of(words_of_text)
    seen = any_bits(marks)
    yield from (("number_spoken", start, end) for start, end in _numbers(text, marks, seen))
    yield from (("spelled_letters", start, end) for start, end in _spellings(text, marks, seen))
    if seen & CALLED or (not text.isascii() and _patterns()["chinese called"].search(text)):
        yield from (("nickname", *found.span()) for found in _patterns()["nickname"].finditer(text))


def find_initials(text: str, words_of_text: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each abbreviation of `SPELLED` that a folded text spells by initials.

    Args:
        text: Folded text.
        words_of_text: Words of the text, from `split_words`.
    """
    marks, patterns = _marks().of(words_of_text), _patterns()
    seen = any_bits(marks)
    if bits_of_three(marks) & ALPHABET:
        yield from _by_alphabet(text)
    if seen & ANNOUNCES or (not text.isascii() and patterns["chinese announced"].search(text)):
        yield from _announced(text)
    if seen & TURNS:
        yield from (found.span() for found in patterns["backwards"].finditer(text))
    if seen & WHOLE or bits_of_two(marks) & PIECE:
        for found in patterns["joined"].finditer(text):
            if any(len(part) > 1 for part in found.groups("")) and found.group() not in SPELLED:
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
    if FOUR_DIGITS.search(text):
        yield from (found.span() for found in patterns["left out"].finditer(text))
        if seen & FAMILY_WORD or not text.isascii():
            yield from (found.span() for found in patterns["family"].finditer(text))
    if "-" in text and TWO_PARTS.search(text):
        yield from (found.span() for found in patterns["at the end"].finditer(text))


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


def _announced(text: str) -> Iterator[tuple[int, int]]:
    for found in _patterns()["announced"].finditer(text):
        letters = "".join(LETTER.findall(found["letters"] or "")) or re.sub(r"\W", "", found["cjk"] or "")
        if {letters.translate(CYRILLIC), letters.translate(CYRILLIC)[::-1]} & SPELLED:
            yield found.span()


def _by_alphabet(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of adjacent words of a spelling alphabet that spell an abbreviation."""
    letters = _alphabet()
    found = list(WORD.finditer(text))
    for first in range(len(found)):
        run = list(takewhile(lambda word: word.group() in letters, found[first : first + 5]))
        for length in range(len(run), 2, -1):
            if "".join(letters[word.group()] for word in run[:length]) in SPELLED:
                yield run[0].start(), run[length - 1].end()
                break


# Tables and patterns from the lexicon.


@cache
def _digits() -> Mapping[str, str]:
    said = {**number_values(), **chinese_values()[0]}
    return {word: str(value) for word, value in said.items() if value < 10}


@cache
def _alphabet() -> Mapping[str, str]:
    return {word: key for key in keys("spelling_alphabet") for word in folded(f"spelling_alphabet.{key}")}


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
    family = folded("spoken.family_after", "spoken.family_after_er", "spoken.family_before")
    called = folded("spoken.things", "spoken.numbered")
    said = {letter: any_of(f"letter_sounds.{letter}") for letter in "pmkba"}
    pieces = {
        "".join(said[letter] for letter in abbreviation[first:end])
        for abbreviation in JOINED_SPELLED
        for first, end in combinations(range(len(abbreviation) + 1), 2)
    }
    piece = re.compile("|".join(pieces))
    whole = re.compile("|".join("".join(said[letter] for letter in each) for each in JOINED_SPELLED))
    turns = phrase_matcher("initials.backwards")
    turning = frozenset(WORD.findall(phrase)[-1] for phrase in folded("initials.backwards"))

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
            | FAMILY_WORD * (word in family)
            | ALPHABET * (word in _alphabet())
            | ANNOUNCES * (word in folded("initials.announcing"))
            | TURNS * (word in turning or bool(turns.search(word)))
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
    left_out = rf"(?:{any_of('spoken.left_out', chinese=False)}|{dash})"
    articles = rf"(?:{any_of('spoken.family_articles')}\s){{0,2}}"
    after, after_er = any_of("spoken.family_after", chinese=False), any_of("spoken.family_after_er")
    at_the_end = any_of("spoken.at_the_end", chinese=False)
    thing, numbered = any_of("spoken.things", chinese=False), any_of("spoken.numbered", chinese=False)
    thing_cjk, numbered_cjk = any_of("spoken.things", chinese=True), any_of("spoken.numbered", chinese=True)
    consonant = "[b-df-hj-np-tv-xz]"  # vowels alone are words: `a powder`, `y aceite`
    letter_cjk = any_of("letter_names.hardly_words", chinese=True)
    letters_cjk = any_of("letter_names.hardly_words", "letter_names.also_words", chinese=True)
    joining = any_of("function_words.joining", chinese=False)
    announcing = any_of("initials.announcing", chinese=False)
    announcing_cjk = any_of("initials.announcing", chinese=True)
    turned = r"k[ .-]?m[ .-]?[pb]|a[ .-]?p[ .-]?a[ .-]?m|n[ .-]?a[ .-]?a[ .-]?p[ .-]?a"
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
        # a number with its middle or end left out
        "left out": rf"\d(?:(?<![\w.,-]\d)\d{{3,6}}(?:[ -]{{1,3}}{left_out}){{1,4}}[ -]{{1,3}}\d(?!\d)"
        rf"|(?<!\d\d)\d{{3,6}}{any_of('spoken.left_out', chinese=True)}{{1,3}}\d(?!\d)"
        r"|(?<![\w.,-]\d)\d{3,6}(?:[x*_?]{2,4}(?!\w)|…|\.{3}))",
        # the first part of a number as the name of a family
        "family": rf"(?<![\w.,-])\d{{4,7}}(?:[ -]{after}|er[ -]{after_er})(?!\w)"
        rf"|(?<!\w){any_of('spoken.family_before')}\s{articles}\d{{4,7}}(?![\w-])"
        rf"|(?<!\d)\d{{4,7}}{any_of('spoken.family_after', chinese=True)}",
        # the last two parts of a number, announced as its end
        "at the end": rf"(?<![^\W_]){at_the_end}\D{{1,16}}\d{{2}}-\d(?![\w-])"
        rf"|{any_of('spoken.at_the_end', chinese=True)}\D{{0,4}}\d{{2}}-\d(?![\w-])",
        # goods nicknamed by one letter or a small number
        "nickname": rf"(?<![\w-])(?:{consonant}\d?[ -]|[a-z]\d?-){thing}(?!\w)"
        rf"|(?<![\w-]){thing}[ -](?:{any_of('spoken.types')} )?{consonant}\d?(?![\w-])"
        rf"|(?<![^\W_]){numbered}[ .#№:]{{1,3}}(?:n[or°]?\.? ?)?\d{{1,3}}[a-z]?"
        rf"(?![\w-]|[.,:]\d|\s?(?:%|{any_of('spoken.pieces')})\b)"
        rf"|(?<![a-z])[a-z]\d?{thing_cjk}(?!\w)|{numbered_cjk}[ :]?[a-z]?\d{{1,3}}(?!\d)",
        "chinese called": rf"[a-z\d]{thing_cjk}|{numbered_cjk}",
        "chinese letter": letter_cjk,
        "chinese letters": rf"(?:{letters_cjk}[ ·-]?){{3,6}}",
        "announced": rf"(?<![^\W_]){announcing}[^\w]{{1,3}}"
        rf"(?P<letters>[a-zа-я0-9](?:[ ,./&+-]{{1,3}}(?:{joining} )?[a-zа-я0-9]){{2,4}})(?![^\W_])"
        rf"|{announcing_cjk}[ :]?(?P<cjk>[a-z0-9](?:[ ,、.]?[a-z0-9]){{2,4}})(?![a-z0-9])",
        "chinese announced": announcing_cjk,
        "backwards": rf"(?<![^\W_])(?:{turned})(?![^\W_]).{{0,20}}{any_of('initials.backwards')}",
        "joined": rf"(?<![^\W_])(?:{'|'.join(shapes)})(?![^\W_])",
        # `PMK`, `BMK` and `MAPA` by their sound
        "by sound": rf"(?:{sound['p']}|[pb])(?:{sound['m']}|m)(?:{sound['k']}|k)|{sound['ma']}{sound['pa']}",
    }
    return {name: re.compile(pattern) for name, pattern in patterns.items()}


def _longest_of(phrases: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(phrases, key=lambda phrase: (-len(phrase), phrase)))})"
