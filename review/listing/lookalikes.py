"""Letters of another script that look like Latin ones, inside Latin words: shown as what they are.

`Phenylаcetone` with a Cyrillic а reads like the name and is found by no search for it. A reader
cannot see the difference, so the page marks it.
"""

from __future__ import annotations

import re
import unicodedata

from markupsafe import Markup, escape

from review.listing.marking import spell_unseen
from text.lookalikes import LOOKALIKES

WORD = re.compile(r"\w+")
LATIN = re.compile(r"[A-Za-z]")


def lookalikes(text: str) -> list[int]:
    """Return the places of letters that look Latin and are not, in words that have Latin letters too.

    A Greek letter at the beginning of a word is ordinary spelling in chemistry (`αPVP`) and let be.
    """
    if text.isascii():
        return []
    places: list[int] = []
    for found in WORD.finditer(text):
        word = found.group()
        if word.isascii() or not LATIN.search(word):
            continue
        first = 1 if "\u0370" <= word[0] <= "\u03ff" else 0
        places += [found.start() + at for at in range(first, len(word)) if word[at] in LOOKALIKES]
    return places


def mark_lookalikes(text: str) -> Markup:
    """Return a text as markup in which each such letter stands out and says what it is."""
    parts: list[Markup] = []
    at = 0
    for place in lookalikes(text):
        letter = text[place]
        name = unicodedata.name(letter)
        parts += [
            _shown(text[at:place]),
            Markup('<span class="alike" title="U+{:04X} {}">{}</span>').format(ord(letter), name, letter),
        ]
        at = place + 1
    return Markup("").join([*parts, _shown(text[at:])])


def _shown(text: str) -> Markup:
    return escape(spell_unseen(text))
