"""Which words the contribution of words is made of: hashed columns, told in phrases of the text itself.

A column has no name, but at scoring the text is at hand: what it counts there is known by hashing its words
again. What a column adds is shared out among its places, and there among the words it counts. So each word
has an amount of its own, and words side by side that speak the same way are told as the phrase they are, with
their sum ([decision 38](../docs/decisions/0038-phrases-told-for-columns.md)).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from classifier.explain.phrasing import LONGEST, CountedText
from classifier.features.words import (
    MAX_CHARS,
    WORD,
    columns_of,
    in_one_form,
    normal_form,
    title_words,
    tokens_of,
    words_of_tokens,
)
from classifier.reading import as_shown
from classifier.reading.deobfuscate import origins_shown
from store.messages import harmless
from store.model import WordShare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SHOWN_EACH_WAY = 5
"""Phrases listed for an offer, and against one."""
SHOWN_SPANS = 3
DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that change the direction of writing."""
LEAST_TOLD = 0.05
"""Log-odds from which a phrase is told: less moves a probability by a hundredth or so."""


@dataclass(slots=True)
class _Entry:
    """What reads the same, wherever it stands."""

    log_odds: float = 0.0
    places: list[tuple[int, int]] = field(default_factory=list)


def word_shares(text: str, terms: Mapping[int, float]) -> tuple[tuple[WordShare, ...], float]:
    """Return the phrases that weighed most for and against, largest first, and what all other words add.

    Args:
        text: As it was counted.
        terms: What each column of words adds to the score's sum, in log-odds; columns that add nothing may
            be missing.

    Returns:
        At most `SHOWN_EACH_WAY` entries of either sign, and the rest; together they sum to the terms.
    """
    normal = normal_form(text)
    words = list(WORD.finditer(normal))
    amounts = _amounts(text, [word.group() for word in words], terms)
    entries: dict[str, _Entry] = {}
    for phrase in CountedText(normal, words, amounts).phrases():
        start, end = words[phrase.first].start(), words[phrase.last].end()
        entry = entries.setdefault(_said(normal[start:end]), _Entry())
        entry.log_odds += phrase.amount
        entry.places.append((start, end))
    ranked = sorted(entries.items(), key=lambda each: -abs(each[1].log_odds))
    pro = [said for said, entry in ranked if entry.log_odds >= LEAST_TOLD]
    con = [said for said, entry in ranked if entry.log_odds <= -LEAST_TOLD]
    told = {*pro[:SHOWN_EACH_WAY], *con[:SHOWN_EACH_WAY]}
    origins = _origins(text, normal)
    shown = tuple(
        WordShare(
            words=_quoted(text, said, entry.places[0], origins),
            log_odds=entry.log_odds,
            spans=_spans(entry.places, origins),
        )
        for said, entry in ranked
        if said in told
    )
    return shown, sum(amounts) - sum(each.log_odds for each in shown)


def _amounts(text: str, words: Sequence[str], terms: Mapping[int, float]) -> list[float]:
    """Return what each word adds: its own column, its pieces', and half of each pair's it stands in."""
    places: dict[int, list[tuple[int, int]]] = {}
    parts = words_of_tokens(words, title_words(text, words))
    for column, part in zip(columns_of(tokens_of(text)), parts, strict=True):
        if terms.get(column):
            places.setdefault(column, []).append(part)
    amounts = [0.0] * len(words)
    for column, counted in places.items():
        for first, end in counted:
            for word in range(first, end):
                amounts[word] += terms[column] / len(counted) / (end - first)
    return amounts


def _quoted(text: str, said: str, place: tuple[int, int], origins: list[tuple[int, int]] | None) -> str:
    """Return a phrase as the text writes it, or as it was read where that would not be what a reader sees.

    So it is where its place cannot be told, and where marks turn the writing round: a slice of the text is
    then another word than the page shows.
    """
    run = origins[slice(*place)] if origins else []
    written = text[slice(*_span(run))] if run else ""
    is_turned = any(earlier > later for earlier, later in pairwise(run)) or DIRECTION.search(written)
    return harmless(said) if is_turned or not written else _said(harmless(written))


def _said(words: str) -> str:
    said = " ".join(words.split())
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"


def _spans(
    places: Sequence[tuple[int, int]], origins: list[tuple[int, int]] | None
) -> tuple[tuple[int, int], ...]:
    if origins is None:
        return ()
    return tuple(_span(origins[start:end]) for start, end in places[:SHOWN_SPANS])


def _span(run: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return min(first for first, _ in run), max(last for _, last in run)


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
