"""Which words the contribution of words is made of: hashed columns, told in the words of the text itself.

A column has no name, but at scoring the text is at hand: what it counts there is known by hashing its words
again. What counts the same words (a word and its own pieces) is one entry, so that the entries say all.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from classifier.reading import as_shown
from classifier.reading.unfold import origins_shown
from classifier.words import (
    MAX_CHARS,
    WORD,
    columns_of,
    in_one_form,
    normal_form,
    title_words,
    tokens_of,
    words_of_tokens,
)
from listings.model import WordShare

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

SHOWN_EACH_WAY = 5
"""Entries listed for an offer, and against one."""

SHOWN_SPANS = 3
SHOWN_WORDS = 3
"""Different words of one entry: inflections, or chance neighbours in a hashed column."""
SHOWN_CHARS = 40
"""Of one of these: longer ones are cut."""


@dataclass(slots=True)
class _Entry:
    """What counts the same words of a text."""

    log_odds: float = 0.0
    places: set[tuple[int, int]] = field(default_factory=set)


def word_shares(text: str, terms: Mapping[int, float]) -> tuple[tuple[WordShare, ...], float]:
    """Return the words that weighed most for and against, largest first, and what all others add.

    Args:
        text: As it was counted.
        terms: What each column of words adds to the score's sum, in log-odds; columns that add nothing may
            be missing.

    Returns:
        At most `SHOWN_EACH_WAY` entries of either sign, and the rest; together they sum to the terms.
    """
    normal = normal_form(text)
    found = list(WORD.finditer(normal))
    words = [each.group() for each in found]
    entries: dict[str, _Entry] = {}
    parts = words_of_tokens(words, title_words(text, words))
    for column, runs in _runs_by_column(tokens_of(text), parts, terms).items():
        said = list(dict.fromkeys(_said(words[first:end]) for first, end in runs))
        entry = entries.setdefault(", ".join(said[:SHOWN_WORDS]), _Entry())
        entry.log_odds += terms[column]
        entry.places |= {(found[first].start(), found[end - 1].end()) for first, end in runs}
    ranked = sorted(entries.items(), key=lambda each: -abs(each[1].log_odds))
    chosen = {
        name
        for sign in (1, -1)
        for name, _entry in [each for each in ranked if each[1].log_odds * sign > 0][:SHOWN_EACH_WAY]
    }
    origins = _origins(text, normal)
    shown = tuple(
        WordShare(words=name, log_odds=entry.log_odds, spans=_spans(entry.places, origins))
        for name, entry in ranked
        if name in chosen
    )
    return shown, sum(entry.log_odds for name, entry in ranked if name not in chosen)


def _runs_by_column(
    tokens: Sequence[str], parts: Sequence[tuple[int, int]], terms: Mapping[int, float]
) -> dict[int, list[tuple[int, int]]]:
    """Return of each column that adds something the runs of words it counts, as first and one after last."""
    runs: dict[int, list[tuple[int, int]]] = {}
    for column, run in zip(columns_of(tokens), parts, strict=True):
        if terms.get(column):
            runs.setdefault(column, []).append(run)
    return runs


def _said(words: Iterable[str]) -> str:
    said = " ".join(words)
    return said if len(said) <= SHOWN_CHARS else f"{said[: SHOWN_CHARS - 1]}…"


def _spans(
    places: set[tuple[int, int]], origins: list[tuple[int, int]] | None
) -> tuple[tuple[int, int], ...]:
    if origins is None:
        return ()
    first = sorted(places)[:SHOWN_SPANS]
    runs = [origins[start:end] for start, end in first]
    return tuple((min(first for first, _ in run), max(last for _, last in run)) for run in runs)


def _origins(text: str, normal: str) -> list[tuple[int, int]] | None:
    """Return of each character of a text's normal form where it came from; None if that cannot be told."""
    text = text[:MAX_CHARS]
    shown, came_from = as_shown(text), origins_shown(text)
    if shown.isascii():
        return came_from
    for pieces in (list(zip(shown, came_from, strict=True)), list(_with_marks(shown, came_from))):
        forms = [(_in_one_form(characters), place) for characters, place in pieces]
        if "".join(form for form, _place in forms) == normal:
            return [place for form, place in forms for _character in form]
    # Letters that join without being marks, as those of Korean typed one by one, are not known by this.
    return None


def _with_marks(shown: str, came_from: list[tuple[int, int]]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield each letter with the marks set on it, and where they came from."""
    start = 0
    for end in range(1, len(shown) + 1):
        if end == len(shown) or not unicodedata.combining(shown[end]):
            places = came_from[start:end]
            yield shown[start:end], (min(first for first, _ in places), max(last for _, last in places))
            start = end


@lru_cache(maxsize=4_096)
def _in_one_form(characters: str) -> str:
    return in_one_form(characters)
