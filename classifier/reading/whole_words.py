"""Phrases with choices to one pattern that finds any of them as whole words."""

from __future__ import annotations

import re

from classifier.gazetteer.choices import alternatives
from classifier.gazetteer.fold import fold

CJK = r"\u3400-\u9fff"


def whole_words(phrases: tuple[str, ...]) -> str:
    """Return an alternation of phrases as whole words; Chinese ones need no word boundary.

    What all words share stands outside of the alternation: a branch that begins with a letter is passed over
    at once where another letter stands, one that begins with a condition is not.
    """
    chinese: list[str] = []
    others: list[str] = []
    for phrase in sorted(
        {fold(p).text for choices in phrases for p in alternatives(choices)}, key=len, reverse=True
    ):
        words = re.escape(phrase).replace(r"\ ", r"[\s-]+").replace(r"\-", r"[\s-]?")
        (chinese if re.match(f"[{CJK}]", phrase) else others).append(words)
    worded = rf"(?<![^\W_])(?:{'|'.join(others)})(?![a-z0-9\u0400-\u052f])"
    return "|".join([worded, *chinese])
