"""A listing's text cut into pieces a page can mark: evidence, and characters that do not show.

Text in a listing is an attacker's. Zero-width characters split words that a reader takes for whole, and
direction overrides make text read backwards; both are shown by their code, which also disarms them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from listings.model import Span

UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
    # Joiners are ordinary spelling in Persian, Hindi and emoji; between plain letters they hide a word.
    "|(?<=[!-~])[\u200c\u200d]+(?=[!-~])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of text that is marked in one way."""

    text: str
    unseen: str = ""
    """What an invisible character is, e.g. `U+200B ZERO WIDTH SPACE`; empty for text that shows."""
    spans: tuple[Span, ...] = ()
    """The evidence this stretch belongs to, if any."""
    ending: tuple[Span, ...] = ()
    """Those of `spans` whose last piece this is: where their labels go."""


def cut(text: str, spans: Sequence[Span] = ()) -> tuple[Piece, ...]:
    """Cut `text` at the borders of its spans and around its invisible characters.

    Spans may overlap; what lies outside the text is ignored. The pieces' texts joined are `text`.
    """
    if not spans and not UNSEEN.search(text):
        return (Piece(text=text),)
    within = [span for span in spans if 0 <= span.start < min(span.end, len(text))]
    borders = {0, len(text)}.union(*({span.start, min(span.end, len(text))} for span in within))
    edges = sorted(borders)
    pieces: list[Piece] = []
    for start, end in pairwise(edges):
        over = tuple(span for span in within if span.start < end and span.end > start)
        stretch = [Piece(text=part, unseen=name, spans=over) for part, name in _seen(text[start:end])]
        last = stretch.pop()
        ending = tuple(span for span in over if span.end <= end or end == len(text))
        pieces += [*stretch, Piece(text=last.text, unseen=last.unseen, spans=over, ending=ending)]
    return tuple(pieces)


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
