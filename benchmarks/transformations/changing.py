"""What the ways are made of: changing some characters of a text, or putting marks between them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    Transformation = Callable[[str, Random], str]

WORD = re.compile(r"[^\W\d_]{3,}")
"""A word of three letters or more."""

CAS = re.compile(r"(?<![\d-])\d{2,7}-\d{2}-\d(?![\d-])")


def at_some(text: str, chance: Random, change: Callable[[str], str], *, share: float) -> str:
    """Change about `share` of the characters that `change` can change, and at least one."""
    able = [place for place, char in enumerate(text) if char.isalnum() and change(char) != char]
    if not able:
        return text
    chosen = {place for place in able if chance.random() < share} or {chance.choice(able)}
    return "".join(change(char) if place in chosen else char for place, char in enumerate(text))


def replace(text: str, chance: Random, table: Mapping[str, str], *, share: float) -> str:
    """Change about `share` of the characters that the table has, and at least one."""
    return at_some(text, chance, lambda char: table.get(char, char), share=share)


def between(text: str, chance: Random, marks: str) -> str:
    """Put marks after about a third of the letters and digits that another follows, at least after one."""
    able = [place for place in range(len(text) - 1) if text[place].isalnum() and text[place + 1].isalnum()]
    if not able:
        return text
    chosen = {place for place in able if chance.random() < 0.35} or {chance.choice(able)}
    return "".join(
        char + chance.choice(marks) if place in chosen else char for place, char in enumerate(text)
    )


def apart(text: str, gap: Callable[[], str]) -> str:
    """Put a gap between the letters of every word of three or more."""

    def spread(word: re.Match[str]) -> str:
        return word[0][0] + "".join(gap() + letter for letter in word[0][1:])

    return WORD.sub(spread, text)
