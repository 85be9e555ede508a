"""Words masked, misspelt, run together, cut off or turned round."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from benchmarks.transformations.changing import WORD

if TYPE_CHECKING:
    from random import Random

SHORTEST_CUT = 10
"""Letters and digits a title must keep so that a person still knows what is cut off."""

RIGHT_TO_LEFT = "\u202e"
POP_DIRECTION = "\u202c"
MIRRORED = str.maketrans("()[]{}<>", ")(][}{><")
"""Brackets, which a page shows the other way round there."""

_LONG_WORD = re.compile(r"[A-Za-z]{6,}")
_LAST_LETTERS = re.compile(r"[^\W\d_]{4,}$")
_SPACE_OF_WORDS = re.compile(r"(?<=[^\W\d_]) (?=[^\W\d_])")


def masked(text: str, chance: Random) -> str:
    """Mask one inner letter of each word of six letters or more by a star."""

    def mask(word: re.Match[str]) -> str:
        place = chance.randrange(1, len(word[0]) - 1)
        return f"{word[0][:place]}*{word[0][place + 1 :]}"

    return _LONG_WORD.sub(mask, text)


def joined(text: str, _chance: Random) -> str:
    """Leave out the spaces between words; each begins with a capital letter instead."""
    capitals = WORD.sub(lambda word: word[0][:1].upper() + word[0][1:], text)
    return _SPACE_OF_WORDS.sub("", capitals) if _SPACE_OF_WORDS.search(text) else text


def cut_off(text: str, chance: Random) -> str:
    """Cut a letter or two off the end of a long title, and show that it is cut."""
    last = _LAST_LETTERS.search(text)
    if last is None or sum(char.isalnum() for char in text) < SHORTEST_CUT + 2:
        return text
    return text[: -chance.randint(1, 2)] + chance.choice(("...", "…", " ..."))


def right_to_left(text: str, chance: Random) -> str:
    """Write the title backwards behind the mark that makes a page show it forwards."""
    if not any(char.isalnum() for char in text):
        return text
    return RIGHT_TO_LEFT + text[::-1].translate(MIRRORED) + chance.choice((POP_DIRECTION, ""))
