"""Undo the common disguises of contacts in a text, and keep the origin of each character.

The text is folded first (`text.normalise`), so look-alike letters, full-width forms, circled digits and the
digits of other scripts are plain. Then letters that are written apart are joined, and signs that are written
as words in brackets, or with spaces around them, become the signs. The words are in the lexicon (`hiding`).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from text.normalise import fold
from text.phrases import any_of, folded

if TYPE_CHECKING:
    from collections.abc import Iterator

    _Edit = tuple[int, int, str]
    """Start, end and new text of a place: one character or none."""

_OPEN = r"[(\[{<\u3008\u300a\u300c\u300e\u3010\u3014\u3016\u3018]"
_CLOSE = r"[)\]}>\u3009\u300b\u300d\u300f\u3011\u3015\u3017\u3019]"
_APART = re.compile(
    r"(?<!\S)[a-z0-9](?: [a-z0-9._-]){2,40} @(?: [a-z0-9._-]){3,60}(?!\w)"
    r"|(?<![\w@.-])[^\W\d_](?P<sign>[ .*|-])[^\W\d_](?:(?P=sign)[^\W\d_]){2,40}(?![\w@]|[.-]\w)"
    r"|(?<!\w)[\u3400-\u9fff](?: [\u3400-\u9fff]){1,9}(?!\w)"
)
"""Letters that are written apart: an e-mail address, four letters of any script, or two Chinese ones."""


@dataclass(frozen=True, slots=True)
class Undisguised:
    """A text without disguises, with its original."""

    original: str
    text: str
    spans: list[tuple[int, int]] | None
    """Start and end in the original of each character; None if the positions are the same."""

    def original_place(self, start: int, end: int) -> tuple[int, int]:
        """Return the start and end in the original of a place in the text, which has a character at least."""
        return (start, end) if self.spans is None else (self.spans[start][0], self.spans[end - 1][1])

    def place_of(self, start: int, end: int) -> tuple[int, int]:
        """Return the start and end in the text of a place in the original."""
        if self.spans is None:
            return start, end
        starts = [span[0] for span in self.spans]
        return bisect_left(starts, start), bisect_left(starts, end)


def undisguise(original: str) -> Undisguised:
    """Return a text without its disguises; any string is valid."""
    plain = fold(original)
    text, spans = plain.text, None if plain.is_plain else plain.offsets()
    for find in (_bracketed_signs, _letters_apart, _spaced_dots):
        if edits := list(find(text)):
            text, spans = _edited(text, spans or [(at, at + 1) for at in range(len(text))], edits)
    return Undisguised(original, text, spans)


def _edited(text: str, spans: list[tuple[int, int]], edits: list[_Edit]) -> tuple[str, list[tuple[int, int]]]:
    parts: list[str] = []
    kept: list[tuple[int, int]] = []
    place = 0
    for start, end, new in edits:
        parts += [text[place:start], new]
        kept += spans[place:start]
        if new:
            kept.append((spans[start][0], spans[end - 1][1]))
        place = end
    return "".join([*parts, text[place:]]), kept + spans[place:]


def _bracketed_signs(text: str) -> Iterator[_Edit]:
    for found in _signs().finditer(text):
        is_at = found["at"] or found["at_word"] or found["glued_at"]
        yield *found.span(), "_" if found["underscore"] else "@" if is_at else "."


@cache
def _signs() -> re.Pattern[str]:
    at, dot = any_of("hiding.at"), any_of("hiding.dot")
    foreign_at, foreign_dot = (
        "|".join(sorted(word for word in folded(f"hiding.{key}") if not re.search("[a-z]", word)))
        for key in ("at", "dot")
    )
    return re.compile(
        rf"(?<=[a-z0-9])(?:\s?{_OPEN}\s?(?:(?P<at>{at}|@|a)|{dot}|\.)\s?{_CLOSE}\s?"
        rf"|(?P<sign>[_*~|])(?:(?P<at_word>{at})|{dot})(?P=sign))(?=[a-z0-9])"
        rf"|(?<=[a-z])(?:(?P<glued_at>{foreign_at})|{foreign_dot})(?=[a-z])"
        rf"|(?<=[a-z0-9])(?P<underscore>\s?[(\[]?{any_of('hiding.underscore')}[)\]]?\s?)(?=[a-z0-9])"
    )


def _letters_apart(text: str) -> Iterator[_Edit]:
    for found in _APART.finditer(text):
        for separator in range(found.start() + 1, found.end(), 2):
            yield separator, separator + 1, ""


def _spaced_dots(text: str) -> Iterator[_Edit]:
    for found in _dots().finditer(text):
        yield *found.span("dot"), "."


@cache
def _dots() -> re.Pattern[str]:
    sure = f"(?:{'|'.join(sorted(folded('web.sure_suffixes')))})(?![\\w-])"
    return re.compile(
        rf"(?:(?<=www)|(?<=[a-z0-9])(?=\s\.\s{sure})|@[a-z0-9.-]{{1,63}}(?=\.\s{sure}))"
        r"(?P<dot>\s\.\s?|\.\s)(?=[a-z0-9])"
    )
