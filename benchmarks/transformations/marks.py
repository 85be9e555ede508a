"""Something between the letters: marks that do not show, spaces, signs, emoji, entities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.transformations.changing import WORD, apart, at_some, between

if TYPE_CHECKING:
    import re
    from random import Random

ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u180e\ufe0f\u034f\U000e0061"
BLANKS = "\u2800\u3164\u115f\uffa0"
"""Characters that show nothing and are no white space: a Braille cell without dots, Hangul fillers."""
BIDI_MARKS = "\u200e\u200f\u202a\u202c\u2066\u2069"
COMBINING_MARKS = "\u0300\u0301\u0302\u0308\u030c\u0323\u0331\u0334\u0336\u0338\u20d2\u20e3"
EMOJI = "🔥⭐💎✅🚀📦🌿🔷"
SEPARATORS = ". - _ * / | · • ~ ° + ' ^ : ="


def zero_width(text: str, chance: Random) -> str:
    """Put characters without width inside the words and numbers."""
    return between(text, chance, ZERO_WIDTH)


def blanks(text: str, chance: Random) -> str:
    """Put characters that show nothing, yet count as letters or signs, inside the words and numbers."""
    return between(text, chance, BLANKS)


def bidi_marks(text: str, chance: Random) -> str:
    """Put marks that steer the direction of writing inside the words and numbers."""
    return between(text, chance, BIDI_MARKS)


def soft_hyphens(text: str, chance: Random) -> str:
    """Put soft hyphens, which a page does not show, inside the words and numbers."""
    return between(text, chance, "\u00ad")


def combining_marks(text: str, chance: Random) -> str:
    """Put accents, strokes and rings over and under the letters, up to three on one."""

    def heaped(char: str) -> str:
        return char + "".join(chance.choices(COMBINING_MARKS, k=chance.randint(1, 3)))

    return at_some(text, chance, heaped, share=0.6)


def spaced(text: str, _chance: Random) -> str:
    """Put a space between the letters of every word of three or more."""
    return apart(text, lambda: " ")


def dotted(text: str, _chance: Random) -> str:
    """Put a full stop between the letters of every word of three or more."""
    return apart(text, lambda: ".")


def dashed(text: str, _chance: Random) -> str:
    """Put a hyphen between the letters of every word of three or more."""
    return apart(text, lambda: "-")


def underscored(text: str, _chance: Random) -> str:
    """Put an underscore between the letters of every word of three or more."""
    return apart(text, lambda: "_")


def separators(text: str, chance: Random) -> str:
    """Put now this sign, now that between the letters of every word of three or more."""
    return apart(text, lambda: chance.choice(SEPARATORS.split(" ")))


def emoji_split(text: str, chance: Random) -> str:
    """Split every word of three or more letters by one emoji."""

    def split(word: re.Match[str]) -> str:
        cut = chance.randrange(1, len(word[0]))
        return word[0][:cut] + chance.choice(EMOJI) + word[0][cut:]

    return WORD.sub(split, text)


def emoji_between(text: str, chance: Random) -> str:
    """Put an emoji between the letters of every word of three or more."""
    return apart(text, lambda: chance.choice(EMOJI))


def html_entities(text: str, chance: Random) -> str:
    """Write letters and digits as numbered HTML entities, decimal or hexadecimal."""

    def entity(char: str) -> str:
        return chance.choice((f"&#{ord(char)};", f"&#x{ord(char):x};"))

    return at_some(text, chance, entity, share=0.4)


def double_entities(text: str, chance: Random) -> str:
    """Write letters and digits as entities whose ampersand is an entity itself, as careless shops do."""
    return html_entities(text, chance).replace("&#", "&amp;#")
