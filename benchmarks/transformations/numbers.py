"""Other digits and dashes, and other ways to write a CAS number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.transformations.changing import CAS, replace

if TYPE_CHECKING:
    import re
    from random import Random

DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d\u2e3a\u30fc\u2500\u058a\u00af"
SUPERSCRIPTS = dict(zip("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True))
SUBSCRIPTS = dict(zip("0123456789", "₀₁₂₃₄₅₆₇₈₉", strict=True))
FOREIGN_DIGITS = ("٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "⓪①②③④⑤⑥⑦⑧⑨", "０１２３４５６７８９", "𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡")
"""Arabic, Devanagari, circled, full-width, mathematical."""
DIGIT_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
SIGNS = ["🔥", "/", "·", "★", "*", "|", "~", "❄", "➖", "_"]


def superscript_digits(text: str, chance: Random) -> str:
    """Raise every digit."""
    return replace(text, chance, SUPERSCRIPTS, share=1)


def subscript_digits(text: str, chance: Random) -> str:
    """Lower every digit."""
    return replace(text, chance, SUBSCRIPTS, share=1)


def foreign_digits(text: str, chance: Random) -> str:
    """Write every digit in one of several scripts."""
    return "".join(chance.choice(FOREIGN_DIGITS)[int(char)] if char in DIGITS else char for char in text)


DIGITS = "0123456789"


def dash_variants(text: str, chance: Random) -> str:
    """Write hyphens as other dashes."""
    return "".join(chance.choice(DASHES) if char == "-" else char for char in text)


def cas_spaced(text: str, _chance: Random) -> str:
    """Put spaces between all digits and hyphens of CAS numbers."""
    return CAS.sub(lambda number: " ".join(number[0]), text)


def cas_dotted(text: str, _chance: Random) -> str:
    """Write the hyphens of CAS numbers as full stops."""
    return CAS.sub(lambda number: number[0].replace("-", "."), text)


def cas_full_width(text: str, _chance: Random) -> str:
    """Write CAS numbers, and nothing else, in full-width digits."""
    return CAS.sub(lambda number: "".join(chr(ord(char) + 0xFEE0) for char in number[0]), text)


def cas_in_words(text: str, chance: Random) -> str:
    """Write the digits of CAS numbers as words, and their hyphens as words, hyphens or nothing."""

    def spoken(number: re.Match[str]) -> str:
        dash = chance.choice((" dash ", " - ", ", ", " "))
        return dash.join(" ".join(DIGIT_WORDS[int(digit)] for digit in part) for part in number[0].split("-"))

    return CAS.sub(spoken, text)


def cas_split(text: str, chance: Random) -> str:
    """Write the hyphens of CAS numbers as one sign, an emoji or a star."""

    def split(number: re.Match[str]) -> str:
        return number[0].replace("-", chance.choice(SIGNS))

    return CAS.sub(split, text)
