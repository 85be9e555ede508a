"""Words that are part of listed names, and names that are spelled nearly like a word."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from text.normalise import comparable, fold, squeeze

if TYPE_CHECKING:
    from collections.abc import Iterable

    from classifier.gazetteer.model import Substance

WORD = re.compile(r"[^\W_]+")
CJK = re.compile("[\u3400-\u9fff]")
SHORTEST_WORD = 3
"""Letters a word must have to be told as part of a name; one Chinese character will do."""
ALIKE = 0.8
"""Likeness from which another spelling is offered, from 0 to 1."""


def substances_with_word(substances: Iterable[Substance], query: str) -> tuple[Substance, ...]:
    """Return the substances in whose names the words of the query stand side by side."""
    folded = fold(query).text
    words = WORD.findall(folded)
    is_chinese = bool(CJK.search(folded))
    if not words or (not is_chinese and max(map(len, words)) < SHORTEST_WORD) or "".join(words).isdigit():
        return ()
    wanted = "".join(words) if is_chinese else f" {' '.join(words)} "
    return tuple(
        substance
        for substance in substances
        if any(wanted in _spaced(name.text, is_chinese=is_chinese) for name in substance.names)
    )


def nearly_spelled(substances: Iterable[Substance], query: str) -> list[str]:
    """Return up to three substances of which a name is spelled nearly like the query, the likest first."""
    names = {comparable(name.text): each.name for each in substances for name in each.names}
    alike = get_close_matches(comparable(query), names, n=8, cutoff=ALIKE)
    return list(dict.fromkeys(names[match] for match in alike))[:3]


def _spaced(name: str, *, is_chinese: bool) -> str:
    folded = fold(name).text
    return squeeze(folded) if is_chinese else f" {' '.join(WORD.findall(folded))} "
