"""Find what a title plainly sells when it is no chemical, or one that is called by its name and on no list.

A hidden offer keeps back what is sold. So a form, a promise or a missing number means less in a title that
says `toner`, `beeswax` or `customs broker`. The words stand in `goods.toml`.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from classifier.gazetteer.choices import alternatives
from classifier.gazetteer.fold import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from classifier.reading.model import GoodsKind

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
SPELLED = re.compile(r"(?<![^\W_])[^\W\d_](?:[ ._*·-]{1,2}[^\W\d_]){2,}(?![^\W_])")
"""A word whose letters stand apart."""
CJK = re.compile(r"[\u3400-\u9fff]")
SEPARATOR = r"[\s'-]{1,2}"
KINDS: tuple[GoodsKind, ...] = ("everyday", "material", "about", "service")
OTHER_FORMS = "not_a_form"
MOST_WORDS = 4
"""Words of the longest name looked for."""

TITLE_CHARS = 200
"""Characters of the first line that are read: a text without a title would be all of it."""

PASSED_OFF = re.compile(
    r"(?:(?<![^\W_])(?:as|like|among|between|como|entre|dentro de|comme|parmi|dans|als|zwischen|unter|wie|как"
    r"|среди|между|под)(?:\s(?:a|an|the|un|una|um|uma|une|des|les|ein|eine))?\s|[作当按报夹藏混是为])$"
)
"""Words before goods that something else is passed off as, or hidden among."""
BEFORE = 24
"""Characters looked at before goods."""


def find_goods(
    text: str, taken: Sequence[tuple[int, int]], first_form: int
) -> Iterator[tuple[GoodsKind, int, int]]:
    """Yield kind, start and end of each good in the title of a folded text.

    Args:
        text: Folded text.
        taken: Stretches that mean something else, e.g. `sent as glue samples`; goods in them do not count.
        first_form: Where the first chemical form stands. What comes first is what is sold: `white powder,
            among toys` sells no toys, and `soap flakes, white powder` no unnamed chemical.
    """
    title = text.partition("\n")[0][:TITLE_CHARS]
    for kind, start, end in sorted({*_worded(title), *_written_together(title)}, key=lambda good: good[1:]):
        is_taken = any(start < last and first < end for first, last in taken)
        is_passed_off = PASSED_OFF.search(title[max(0, start - BEFORE) : start])
        if start < first_form and not is_taken and not is_passed_off:
            yield kind, start, end


def is_other_form(text: str, start: int, end: int) -> bool:
    """Say whether the form at `text[start:end]` of a folded text belongs to the name of something else."""
    first = max(0, start - BEFORE)
    return any(
        first + found.start() <= start and end <= first + found.end()
        for found in _other_forms().finditer(text[first : end + BEFORE])
    )


def _worded(title: str) -> Iterator[tuple[GoodsKind, int, int]]:
    names = _names()
    words = [(found.group(), found.start(), found.end()) for found in WORD.finditer(title)]
    for spelled in SPELLED.finditer(title):
        if kind := names.get("".join(filter(str.isalpha, spelled.group()))):
            yield kind, spelled.start(), spelled.end()
    for first in range(len(words)):
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
def _other_forms() -> re.Pattern[str]:
    names = sorted(_table()[OTHER_FORMS], key=len, reverse=True)
    parts = [
        re.escape(name) if CJK.search(name) else rf"(?<![^\W_]){name.replace(' ', SEPARATOR)}(?![^\W_])"
        for name in names
    ]
    return re.compile("|".join(parts))


@cache
def _chinese() -> re.Pattern[str]:
    names = sorted((name for name in _names() if CJK.search(name)), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, names)))
