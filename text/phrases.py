"""Phrases with choices to one pattern that finds any of them as whole words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from text.choices import alternatives
from text.normalise import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

CJK = r"\u3400-\u9fff"


def whole_words(phrases: tuple[str, ...]) -> str:
    """Return an alternation of phrases as whole words; Chinese ones need no word boundary.

    What all words share stands outside of the alternation: a branch that begins with a letter is passed over
    at once where another letter stands, one that begins with a condition is not; and where no Chinese sign
    stands, no Chinese phrase is tried.
    """
    chinese: list[str] = []
    others: list[str] = []
    for phrase in sorted(
        {fold(p).text for choices in phrases for p in alternatives(choices)}, key=len, reverse=True
    ):
        words = re.escape(phrase).replace(r"\ ", r"[\s-]+").replace(r"\-", r"[\s-]?")
        (chinese if re.match(f"[{CJK}]", phrase) else others).append(words)
    sorts = []
    if others:
        sorts.append(rf"(?<![^\W_])(?:{_by_first(others)})(?![a-z0-9\u0400-\u052f])")
    if chinese:
        sorts.append(rf"(?=[{CJK}])(?:{_by_first(chinese)})")
    return "|".join(sorts)


def _by_first(patterns: Sequence[str]) -> str:
    """Return an alternation with one branch for each first letter, in their order: few are tried anywhere."""
    rests: dict[str, list[str]] = {}
    for pattern in patterns:
        first = pattern[: 2 if pattern.startswith("\\") else 1]
        rests.setdefault(first, []).append(pattern[len(first) :])
    return "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in rests.items())
