"""A listing's text cut into pieces a page can mark: evidence, and characters that do not show.

Text in a listing is an attacker's. Zero-width characters split words that a reader takes for whole, and
direction overrides make text read backwards; both are shown by their code, which also disarms them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from store.model import Span

UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
    # Joiners are ordinary spelling in Persian, Hindi and emoji; between plain letters they hide a word.
    "|(?<=[!-~])[\u200c\u200d]+(?=[!-~])"
)


TELLING = ("cas", "name", "abbreviation", "disguised")
"""Kinds of evidence whose colour a mark of several takes, the first that is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of text that is marked in one way."""

    text: str
    unseen: str = ""
    """What an invisible character is, e.g. `U+200B ZERO WIDTH SPACE`; empty for text that shows."""
    spans: tuple[Span, ...] = ()
    """The evidence of the mark this stretch belongs to, if any, each name once."""
    opens: bool = False
    """Whether the mark begins here."""
    closes: bool = False
    """Whether it ends here, which is where its labels go."""

    @property
    def kind(self) -> str:
        """The kind of evidence that gives the mark its colour."""
        kinds = [span.kind for span in self.spans]
        return next((kind for kind in TELLING if kind in kinds), kinds[0] if kinds else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    start: int
    end: int
    spans: tuple[Span, ...] = ()


def cut(text: str, spans: Sequence[Span] = ()) -> tuple[Piece, ...]:
    """Cut `text` at its marks and around its invisible characters.

    Spans that overlap become one mark with all their names; what lies outside the text is ignored. The
    pieces' texts joined are `text`.
    """
    if not spans and not UNSEEN.search(text):
        return (Piece(text=text),)
    pieces: list[Piece] = []
    for mark in _stretches(len(text), _merged(spans, len(text))):
        stretch = list(_seen(text[mark.start : mark.end]))
        pieces += [
            Piece(
                text=part,
                unseen=name,
                spans=mark.spans,
                opens=bool(mark.spans) and at == 0,
                closes=bool(mark.spans) and at == len(stretch) - 1,
            )
            for at, (part, name) in enumerate(stretch)
        ]
    return tuple(pieces)


def _merged(spans: Sequence[Span], length: int) -> list[_Mark]:
    """Return the marks that spans come to, in the order of the text; no two of them overlap."""
    marks: list[_Mark] = []
    within = [span for span in spans if 0 <= span.start < min(span.end, length)]
    for span in sorted(within, key=lambda span: (span.start, -span.end)):
        end = min(span.end, length)
        if not marks or span.start >= marks[-1].end:
            marks.append(_Mark(start=span.start, end=end, spans=(span,)))
            continue
        last = marks.pop()
        is_new = all((span.kind, span.substance) != (each.kind, each.substance) for each in last.spans)
        named = (*last.spans, span) if is_new else last.spans
        marks.append(_Mark(start=last.start, end=max(last.end, end), spans=named))
    return marks


def _stretches(length: int, marks: Sequence[_Mark]) -> Iterator[_Mark]:
    """Yield the marks and what lies between them, as marks of nothing."""
    at = 0
    for mark in marks:
        if mark.start > at:
            yield _Mark(start=at, end=mark.start)
        yield mark
        at = mark.end
    if at < length:
        yield _Mark(start=at, end=length)


def spell_unseen(value: object) -> object:
    """Return a text with the code of each character that does not show, e.g. `[U+202E]`; else the value.

    It finishes whatever a template prints, so that no field of a listing is forgotten, and it fits where
    `cut` cannot be used: in attributes and titles. What is markup already has been through it.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return UNSEEN.sub(lambda found: "".join(f"[U+{ord(each):04X}]" for each in found.group()), value)


def _seen(text: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of `text`, each with what it is if it cannot be seen."""
    at = 0
    for found in UNSEEN.finditer(text):
        if found.start() > at:
            yield text[at : found.start()], ""
        yield from ((character, _describe(character)) for character in found.group())
        at = found.end()
    if at < len(text):
        yield text[at:], ""


def _describe(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, 'UNNAMED')}"
