"""Ways in which sellers disguise the letters and digits of a title, each a pure function of text and chance.

A person can still read every result. What a transformation finds nothing to change in comes back as it was,
so a measurement counts only the texts that changed. To add a way, write the function and name it in
`TRANSFORMATIONS`; the tests go through that table.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    Transformation = Callable[[str, Random], str]

ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
BIDI_MARKS = "\u200e\u200f\u202a\u202c\u2066\u2069"
EMOJI = "🔥⭐💎✅🚀📦🌿🔷"
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"
COMBINING_MARKS = "\u0300\u0301\u0302\u0308\u030c"
CYRILLIC = dict(zip("aceiopsxyABCEHIKMOPTXY", "асеіорѕхуАВСЕНІКМОРТХУ", strict=True))
GREEK = dict(zip("oviuaABEHIKMNOPTXYZ", "ονιυαΑΒΕΗΙΚΜΝΟΡΤΧΥΖ", strict=True))
LEET = dict(zip("aeiostAEIOST", "431057431057", strict=True))
SUPERSCRIPTS = dict(zip("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True))
SUBSCRIPTS = dict(zip("0123456789", "₀₁₂₃₄₅₆₇₈₉", strict=True))

_WORD = re.compile(r"[^\W\d_]{3,}")
_CAS = re.compile(r"(?<![\d-])\d{2,7}-\d{2}-\d(?![\d-])")


def zero_width(text: str, chance: Random) -> str:
    """Put characters without width inside the words and numbers."""
    return _between(text, chance, ZERO_WIDTH)


def bidi_marks(text: str, chance: Random) -> str:
    """Put marks that steer the direction of writing inside the words and numbers."""
    return _between(text, chance, BIDI_MARKS)


def soft_hyphens(text: str, chance: Random) -> str:
    """Put soft hyphens, which a page does not show, inside the words and numbers."""
    return _between(text, chance, "\u00ad")


def cyrillic(text: str, chance: Random) -> str:
    """Write Latin letters as the Cyrillic ones that look the same."""
    return _replace(text, chance, CYRILLIC, share=0.6)


def greek(text: str, chance: Random) -> str:
    """Write Latin letters as the Greek ones that look the same."""
    return _replace(text, chance, GREEK, share=0.6)


def leetspeak(text: str, chance: Random) -> str:
    """Write letters of the words as digits of like shape."""
    return _WORD.sub(lambda word: _replace(word[0], chance, LEET, share=0.5), text)


def full_width(text: str, _chance: Random) -> str:
    """Write every printable ASCII character but the space in its full-width form."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def superscript_digits(text: str, chance: Random) -> str:
    """Raise every digit."""
    return _replace(text, chance, SUPERSCRIPTS, share=1)


def subscript_digits(text: str, chance: Random) -> str:
    """Lower every digit."""
    return _replace(text, chance, SUBSCRIPTS, share=1)


def circled(text: str, _chance: Random) -> str:
    """Put every Latin letter and digit in a circle."""
    return "".join(_circle(char) for char in text)


def bold_letters(text: str, _chance: Random) -> str:
    """Write Latin letters and digits as the bold ones of the mathematical alphabet."""
    return "".join(_bold(char) for char in text)


def spaced(text: str, _chance: Random) -> str:
    """Put a space between the letters of every word of three or more."""
    return _WORD.sub(lambda word: " ".join(word[0]), text)


def dotted(text: str, _chance: Random) -> str:
    """Put a full stop between the letters of every word of three or more."""
    return _WORD.sub(lambda word: ".".join(word[0]), text)


def underscored(text: str, _chance: Random) -> str:
    """Put an underscore between the letters of every word of three or more."""
    return _WORD.sub(lambda word: "_".join(word[0]), text)


def emoji_split(text: str, chance: Random) -> str:
    """Split every word of three or more letters by one emoji."""

    def split(word: re.Match[str]) -> str:
        cut = chance.randrange(1, len(word[0]))
        return word[0][:cut] + chance.choice(EMOJI) + word[0][cut:]

    return _WORD.sub(split, text)


def html_entities(text: str, chance: Random) -> str:
    """Write letters and digits as numbered HTML entities, decimal or hexadecimal."""

    def entity(char: str) -> str:
        return chance.choice((f"&#{ord(char)};", f"&#x{ord(char):x};"))

    return _at_some(text, chance, entity, share=0.4)


def case_flips(text: str, chance: Random) -> str:
    """Flip the case of letters, as in `aCeToNe`."""
    return _at_some(text, chance, _swapped, share=0.5)


def diacritics(text: str, chance: Random) -> str:
    """Put accents on vowels that have none."""

    def accented(char: str) -> str:
        mark = chance.choice(COMBINING_MARKS)
        return unicodedata.normalize("NFC", char + mark) if char in "aeiouAEIOU" else char

    return _at_some(text, chance, accented, share=0.7)


def dash_variants(text: str, chance: Random) -> str:
    """Write hyphens as other dashes."""
    return "".join(chance.choice(DASHES) if char == "-" else char for char in text)


def cas_spaced(text: str, _chance: Random) -> str:
    """Put spaces between all digits and hyphens of CAS numbers."""
    return _CAS.sub(lambda number: " ".join(number[0]), text)


def cas_dotted(text: str, _chance: Random) -> str:
    """Write the hyphens of CAS numbers as full stops."""
    return _CAS.sub(lambda number: number[0].replace("-", "."), text)


def cas_full_width(text: str, chance: Random) -> str:
    """Write CAS numbers, and nothing else, in full-width digits."""
    return _CAS.sub(lambda number: full_width(number[0], chance), text)


def mixed(text: str, chance: Random) -> str:
    """Apply two of the ways that leave each other's letters readable, one after the other."""
    letters, marks = (
        chance.choice((cyrillic, greek, diacritics, case_flips)),
        chance.choice((zero_width, dotted)),
    )
    return marks(dash_variants(letters(text, chance), chance), chance)


TRANSFORMATIONS: Mapping[str, Transformation] = {
    way.__name__: way
    for way in (
        zero_width,
        bidi_marks,
        soft_hyphens,
        cyrillic,
        greek,
        leetspeak,
        full_width,
        superscript_digits,
        subscript_digits,
        circled,
        bold_letters,
        spaced,
        dotted,
        underscored,
        emoji_split,
        html_entities,
        case_flips,
        diacritics,
        dash_variants,
        cas_spaced,
        cas_dotted,
        cas_full_width,
        mixed,
    )
}
"""Every way by its name."""


def _at_some(text: str, chance: Random, change: Callable[[str], str], *, share: float) -> str:
    """Change about `share` of the characters that `change` can change, and at least one."""
    able = [place for place, char in enumerate(text) if char.isalnum() and change(char) != char]
    if not able:
        return text
    chosen = {place for place in able if chance.random() < share} or {chance.choice(able)}
    return "".join(change(char) if place in chosen else char for place, char in enumerate(text))


def _replace(text: str, chance: Random, table: Mapping[str, str], *, share: float) -> str:
    return _at_some(text, chance, lambda char: table.get(char, char), share=share)


def _between(text: str, chance: Random, marks: str) -> str:
    """Put marks after about a third of the letters and digits that another follows, at least after one."""
    able = [place for place in range(len(text) - 1) if text[place].isalnum() and text[place + 1].isalnum()]
    if not able:
        return text
    chosen = {place for place in able if chance.random() < 0.35} or {chance.choice(able)}
    return "".join(
        char + chance.choice(marks) if place in chosen else char for place, char in enumerate(text)
    )


def _swapped(char: str) -> str:
    return char.swapcase() if len(char.swapcase()) == 1 else char


def _circle(char: str) -> str:
    if "a" <= char <= "z":
        return chr(ord(char) - ord("a") + 0x24D0)
    if "A" <= char <= "Z":
        return chr(ord(char) - ord("A") + 0x24B6)
    return "⓪①②③④⑤⑥⑦⑧⑨"[int(char)] if char in "0123456789" else char


def _bold(char: str) -> str:
    for first, last, bold in (("a", "z", 0x1D5EE), ("A", "Z", 0x1D5D4), ("0", "9", 0x1D7EC)):
        if first <= char <= last:
            return chr(ord(char) - ord(first) + bold)
    return char
