"""Find goods in a title that are not chemicals, and unlisted chemicals that the title names openly.

A hidden offer does not name its goods. So a form, a promise or a missing number means less in a title that
says `toner`, `beeswax` or `customs broker`. The words are in the lexicon under `goods`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from text.normalise import WORD as PIECE
from text.phrases import IS_CJK, any_of, folded, whole_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from classifier.reading.model import GoodsKind

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
SPELLED = re.compile(r"(?<![^\W_])[^\W\d_](?:[ ._*·-]{1,2}[^\W\d_]){2,}(?![^\W_])")
"""A word whose letters are separated."""
SEPARATOR = re.compile(r"[\s'-]{1,2}(?=[^\W_])")
"""The separator between two words of a name."""
KINDS: tuple[GoodsKind, ...] = ("everyday", "material", "about", "service")
MOST_WORDS = 4
"""Words in the longest name searched for."""
TITLE_CHARS = 200
"""Most characters of a title: in a text without line breaks the title would be the whole text."""
BEFORE = 24
"""Characters examined before goods."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherForms:
    """Names of other goods that contain the word for a chemical form, e.g. `powder coated`."""

    names: frozenset[str]
    """Words are separated by single spaces."""
    most_words: int
    chinese: re.Pattern[str]
    """The Chinese names, which are not set off by spaces."""


def find_goods(
    text: str, taken: Sequence[tuple[int, int]], first_form: int
) -> Iterator[tuple[GoodsKind, int, int]]:
    """Yield the kind, start and end of goods at the beginning of a folded text.

    Args:
        text: Folded text.
        taken: Spans with another meaning, e.g. `sent as glue samples`; goods in them do not count.
        first_form: Position of the first chemical form. The first thing named is for sale: `white powder,
            among toys` does not sell toys, and `soap flakes, white powder` does not sell an unnamed chemical.
    """
    title = text[:TITLE_CHARS]
    for kind, start, end in sorted({*_worded(title), *_written_together(title)}, key=lambda good: good[1:]):
        is_taken = any(start < last and first < end for first, last in taken)
        is_passed_off = _passed_off().search(title[max(0, start - BEFORE) : start])
        if start < first_form and not is_taken and not is_passed_off:
            yield kind, start, end


def is_other_form(text: str, start: int, end: int) -> bool:
    """Return whether the form at `text[start:end]` of a folded text belongs to the name of other goods."""
    first = max(0, start - BEFORE)
    return any(
        first + begins <= start and end <= first + ends
        for begins, ends in _other_form_places(text[first : end + BEFORE])
    )


def _other_form_places(near: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each name of other goods; looking words up is faster than one pattern."""
    others = _other_forms()
    words = [found.span() for found in PIECE.finditer(near)]
    for first, (start, _end) in enumerate(words):
        name = ""
        for begins, ends in words[first : first + others.most_words]:
            name = f"{name} {near[begins:ends]}" if name else near[begins:ends]
            if name in others.names:
                yield start, ends
            if not SEPARATOR.match(near, ends):
                break
    if IS_CJK.search(near):
        yield from (found.span() for found in others.chinese.finditer(near))


def _worded(title: str) -> Iterator[tuple[GoodsKind, int, int]]:
    names, beginnings = _names()
    for spelled in SPELLED.finditer(title):
        if kind := names.get("".join(filter(str.isalpha, spelled.group()))):
            yield kind, spelled.start(), spelled.end()
    if beginnings.isdisjoint(WORD.findall(title)):
        return
    words = [(found.group(), found.start(), found.end()) for found in WORD.finditer(title)]
    for first in range(len(words)):
        if words[first][0] not in beginnings:
            continue
        for last in range(first, min(first + MOST_WORDS, len(words))):
            name = " ".join(word for word, _start, _end in words[first : last + 1])
            if kind := names.get(name):
                yield kind, words[first][1], words[last][2]


def _written_together(title: str) -> Iterator[tuple[GoodsKind, int, int]]:
    if IS_CJK.search(title):
        for found in _chinese().finditer(title):
            yield _names()[0][found.group()], found.start(), found.end()


@cache
def _names() -> tuple[Mapping[str, GoodsKind], frozenset[str]]:
    """Return the kind of each name (words separated by single spaces) and the first words of all names."""
    names = {name: kind for kind in KINDS for name in map(_in_words, folded(f"goods.{kind}"))}
    return names, frozenset(name.partition(" ")[0] for name in names)


@cache
def _other_forms() -> OtherForms:
    names = [_in_words(name) for name in folded("goods.not_a_form")]
    worded = frozenset(name.replace("'", " ") for name in names if not IS_CJK.search(name))
    return OtherForms(
        names=worded, most_words=max(name.count(" ") for name in worded) + 1, chinese=_longest_of(names)
    )


@cache
def _chinese() -> re.Pattern[str]:
    return _longest_of(_names()[0])


@cache
def _passed_off() -> re.Pattern[str]:
    spaced = whole_words("goods.passed_off")
    return re.compile(rf"(?:(?:{spaced})\s|{any_of('goods.passed_off', chinese=True)})$")


def _in_words(name: str) -> str:
    return name.replace(" ", "") if IS_CJK.search(name) else " ".join(WORD.findall(name))


def _longest_of(names: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern for the Chinese names, longest first."""
    chinese = sorted((name for name in names if IS_CJK.search(name)), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, chinese)))
