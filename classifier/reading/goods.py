"""Find what a title plainly sells when it is no chemical, or one that is called by its name and on no list.

A hidden offer keeps back what is sold. So a form, a promise or a missing number means less in a title that
says `toner`, `beeswax` or `customs broker`. The words stand in `goods.toml`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from text.normalise import fold
from text.phrases import alternatives

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from classifier.reading.model import GoodsKind

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
SPELLED = re.compile(r"(?<![^\W_])[^\W\d_](?:[ ._*·-]{1,2}[^\W\d_]){2,}(?![^\W_])")
"""A word whose letters stand apart."""
CJK = re.compile(r"[\u3400-\u9fff]")
PIECE = re.compile(r"[^\W_]+")
SEPARATOR = re.compile(r"[\s'-]{1,2}(?=[^\W_])")
"""Between the words of a name."""
KINDS: tuple[GoodsKind, ...] = ("everyday", "material", "about", "service")
OTHER_FORMS = "not_a_form"
MOST_WORDS = 4
"""Words of the longest name looked for."""

TITLE_CHARS = 200
"""Characters that are read: a text without a title would be all of it."""

PASSED_OFF = re.compile(
    r"(?:(?<![^\W_])(?:as|like|among|between|como|entre|dentro de|comme|parmi|dans|als|zwischen|unter|wie|как"
    r"|среди|между|под)(?:\s(?:a|an|the|un|una|um|uma|une|des|les|ein|eine))?\s|[作当按报夹藏混是为])$"
)
"""Words before goods that something else is passed off as, or hidden among."""
BEFORE = 24
"""Characters looked at before goods."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherForms:
    """Forms that belong to the name of something else, e.g. `powder coated`."""

    names: frozenset[str]
    """With single spaces between their words."""
    most_words: int
    chinese: re.Pattern[str]
    """Those in Chinese, which stand among other words without spaces."""


def find_goods(
    text: str, taken: Sequence[tuple[int, int]], first_form: int
) -> Iterator[tuple[GoodsKind, int, int]]:
    """Yield kind, start and end of each good at the beginning of a folded text.

    Args:
        text: Folded text.
        taken: Stretches that mean something else, e.g. `sent as glue samples`; goods in them do not count.
        first_form: Where the first chemical form stands. What comes first is what is sold: `white powder,
            among toys` sells no toys, and `soap flakes, white powder` no unnamed chemical.
    """
    title = text[:TITLE_CHARS]
    for kind, start, end in sorted({*_worded(title), *_written_together(title)}, key=lambda good: good[1:]):
        is_taken = any(start < last and first < end for first, last in taken)
        is_passed_off = PASSED_OFF.search(title[max(0, start - BEFORE) : start])
        if start < first_form and not is_taken and not is_passed_off:
            yield kind, start, end


def is_other_form(text: str, start: int, end: int) -> bool:
    """Say whether the form at `text[start:end]` of a folded text belongs to the name of something else."""
    first = max(0, start - BEFORE)
    return any(
        first + begins <= start and end <= first + ends
        for begins, ends in _other_form_places(text[first : end + BEFORE])
    )


def _other_form_places(near: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each form of another name; looking words up is faster than a pattern of all."""
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
    if CJK.search(near):
        yield from (found.span() for found in others.chinese.finditer(near))


def _worded(title: str) -> Iterator[tuple[GoodsKind, int, int]]:
    names = _names()
    for spelled in SPELLED.finditer(title):
        if kind := names.get("".join(filter(str.isalpha, spelled.group()))):
            yield kind, spelled.start(), spelled.end()
    beginnings = _beginnings()
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
    if CJK.search(title):
        for found in _chinese().finditer(title):
            yield _names()[found.group()], found.start(), found.end()


@cache
def _table() -> Mapping[str, tuple[str, ...]]:
    """Return the folded names of each list of `goods.toml`, their words parted by single spaces."""
    table = tomllib.loads((files("classifier.reading") / "goods.toml").read_text(encoding="utf-8"))
    return {
        name: tuple({_spaced(one) for choices in phrases for one in alternatives(choices)})
        for name, phrases in table.items()
    }


def _spaced(name: str) -> str:
    folded = fold(name).text
    return folded.replace(" ", "") if CJK.search(folded) else " ".join(WORD.findall(folded))


@cache
def _names() -> Mapping[str, GoodsKind]:
    return {name: kind for kind in KINDS for name in _table()[kind]}


@cache
def _beginnings() -> frozenset[str]:
    return frozenset(name.partition(" ")[0] for name in _names())


@cache
def _other_forms() -> OtherForms:
    names = _table()[OTHER_FORMS]
    worded = frozenset(name.replace("'", " ") for name in names if not CJK.search(name))
    return OtherForms(
        names=worded, most_words=max(name.count(" ") for name in worded) + 1, chinese=_any_of(names)
    )


@cache
def _chinese() -> re.Pattern[str]:
    return _any_of(_names())


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    """Return what finds each of the Chinese names, the longest first."""
    chinese = sorted((name for name in names if CJK.search(name)), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, chinese)))
