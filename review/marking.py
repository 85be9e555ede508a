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

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from listings.model import Span

UNSEEN = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\U000e0000-\U000e007f]"
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
