"""Other letters for letters: look-alikes, digits, other alphabets, accents, case."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from benchmarks.transformations.changing import WORD, at_some, replace

if TYPE_CHECKING:
    from random import Random

SMALL = "abcdefghijklmnopqrstuvwxyz"
CAPITALS = SMALL.upper()
MARKS = "\u0300\u0301\u0302\u0308\u030c"
CYRILLIC = dict(zip("aceiopsxyABCEHIKMOPTXY", "асеіорѕхуАВСЕНІКМОРТХУ", strict=True))
GREEK = dict(zip("oviuaABEHIKMNOPTXYZ", "ονιυαΑΒΕΗΙΚΜΝΟΡΤΧΥΖ", strict=True))
RARE_SCRIPTS = dict(zip(CAPITALS.replace("Q", ""), "ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ", strict=True)) | dict(
    zip("aceghijlnopqstuvwyz", "ɑᴄҽցհі\u0458ⅼո\u0585\u0440զ\ua731\u1d1bսνա\u028fⲍ", strict=True)
)
"""Lisu capitals; Armenian, Coptic and phonetic small letters."""
LEET = dict(zip("aeiostAEIOST", "431057431057", strict=True))
ALPHABETS = (
    (0x1D400, 0x1D41A), (0x1D468, 0x1D482), (0x1D4D0, 0x1D4EA), (0x1D56C, 0x1D586), (0x1D5A0, 0x1D5BA),
    (0x1D670, 0x1D68A), (0x24B6, 0x24D0), (0xFF21, 0xFF41), (0x1F130, 0x24D0), (0x1F150, 0x24D0),
    (0x1F170, 0xFF41), (0x1F1E6, 0x1D41A),
)  # fmt: skip
"""Where the capitals and small letters begin: bold, italic, script, Fraktur, sans serif, monospace, circled,
full-width, in squares, in black circles, in black squares, regional indicators."""


def cyrillic(text: str, chance: Random) -> str:
    """Write Latin letters as the Cyrillic ones that look the same."""
    return replace(text, chance, CYRILLIC, share=0.6)


def greek(text: str, chance: Random) -> str:
    """Write Latin letters as the Greek ones that look the same."""
    return replace(text, chance, GREEK, share=0.6)


def rare_scripts(text: str, chance: Random) -> str:
    """Write Latin letters as like ones of scripts that hardly anybody reads."""
    return replace(text, chance, RARE_SCRIPTS, share=0.6)


def leetspeak(text: str, chance: Random) -> str:
    """Write letters of the words as digits of like shape."""
    return WORD.sub(lambda word: replace(word[0], chance, LEET, share=0.5), text)


def full_width(text: str, _chance: Random) -> str:
    """Write every printable ASCII character but the space in its full-width form."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def circled(text: str, _chance: Random) -> str:
    """Put every Latin letter and digit in a circle."""
    return "".join(_circle(char) for char in text)


def bold_letters(text: str, _chance: Random) -> str:
    """Write Latin letters and digits as the bold ones of the mathematical alphabet."""
    return "".join(_bold(char) for char in text)


def many_alphabets(text: str, chance: Random) -> str:
    """Write each letter in another alphabet that is Latin all the same."""

    def other(char: str) -> str:
        capital, small = chance.choice(ALPHABETS)
        if char in CAPITALS:
            return chr(capital + ord(char) - ord("A"))
        return chr(small + ord(char) - ord("a")) if char in SMALL else char

    return "".join(other(char) for char in text)


def case_flips(text: str, chance: Random) -> str:
    """Flip the case of letters, as in `aCeToNe`."""
    return at_some(text, chance, _swapped, share=0.5)


def diacritics(text: str, chance: Random) -> str:
    """Put accents on vowels that have none."""

    def accented(char: str) -> str:
        mark = chance.choice(MARKS)
        return unicodedata.normalize("NFC", char + mark) if char in "aeiouAEIOU" else char

    return at_some(text, chance, accented, share=0.7)


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
