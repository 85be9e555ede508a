"""Attribute the contribution of hashed word columns to phrases of the text.

A hashed column has no name. Hashing the words of the text again shows the words that a column counts. The
log-odds of a column are divided among its places in the text, and at each place among the words counted
there, so that each word gets an amount. Neighbouring words with amounts of the same sign are shown as one
phrase with the sum of their amounts ([decision 38](../docs/decisions/0038-phrases-told-for-columns.md)).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from classifier.features.words import (
    MAX_CHARS,
    UNSPACED,
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
from text.phrases import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SHOWN_EACH_WAY = 5
"""Most phrases shown in favour of an offer, and most shown against it."""
SHOWN_SPANS = 3
DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that change the direction of writing."""
LEAST_SHOWN = 0.05
"""Least log-odds of a phrase shown; fewer change a probability by about 0.01 at most."""

LONGEST = 60
"""Most characters of a phrase; a single word may be longer."""
LEAST_SPLITTING = 0.02
"""Least amount at which a word of the opposite sign splits a phrase."""

BESIDE = re.compile(r"[^\S\n]*[-\u2010-\u2013'\u2019]?[^\S\n]*")
"""Characters allowed between two words of a phrase: no other punctuation, and no line break."""
SIGN = re.compile(rf"[{UNSPACED}]")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
PART_OF_NUMBER = frozenset("-./")
"""Before digits, these characters mark a part of a longer number, such as a CAS number or a date."""


@dataclass(slots=True)
class _Entry:
    """A phrase with all its places in the text."""

    log_odds: float = 0.0
    places: list[tuple[int, int]] = field(default_factory=list)


def word_shares(text: str, terms: Mapping[int, float]) -> tuple[tuple[WordShare, ...], float]:
    """Return the phrases with the largest contributions for and against, and the sum of all other words.

    There are at most `SHOWN_EACH_WAY` entries of each sign, largest first. With the rest, they add up to the
    sum of the terms, which are the log-odds of each column of words; columns with 0 may be missing.
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
    pro = [said for said, entry in ranked if entry.log_odds >= LEAST_SHOWN]
    con = [said for said, entry in ranked if entry.log_odds <= -LEAST_SHOWN]
    shown_words = {*pro[:SHOWN_EACH_WAY], *con[:SHOWN_EACH_WAY]}
    origins = _origins(text, normal)
    shown = tuple(
        WordShare(
            words=_quoted(text, said, entry.places[0], origins),
            log_odds=entry.log_odds,
            spans=_spans(entry.places, origins),
        )
        for said, entry in ranked
        if said in shown_words
    )
    return shown, sum(amounts) - sum(each.log_odds for each in shown)


def _amounts(text: str, words: Sequence[str], terms: Mapping[int, float]) -> list[float]:
    """Return the amount of each word: its column, its pieces, and half of each of its pairs."""
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
    """Return a phrase as written in the text, or in normal form where a slice of the text would mislead.

    A slice misleads where its place is unknown. It also misleads where characters reverse the direction of
    writing, because the page then shows another word.
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
    """Return the place in the text of each character of its normal form; None if unknown."""
    text = text[:MAX_CHARS]
    shown, came_from = as_shown(text), origins_shown(text)
    if shown.isascii():
        return came_from
    for pieces in (list(zip(shown, came_from, strict=True)), list(_with_marks(shown, came_from))):
        forms = [(_in_one_form(characters), place) for characters, place in pieces]
        if "".join(form for form, _place in forms) == normal:
            return [place for form, place in forms for _character in form]
    # Letters that combine but are no combining marks are not covered, e.g. Korean typed letter by letter.
    return None


def _with_marks(shown: str, came_from: list[tuple[int, int]]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield each letter with its combining marks, and their place in the text."""
    start = 0
    for end in range(1, len(shown) + 1):
        if end == len(shown) or not unicodedata.combining(shown[end]):
            places = came_from[start:end]
            yield shown[start:end], (min(first for first, _ in places), max(last for _, last in places))
            start = end


@lru_cache(maxsize=4_096)
def _in_one_form(characters: str) -> str:
    return in_one_form(characters)


@dataclass(slots=True)
class Phrase:
    """Neighbouring words with the sum of their amounts."""

    first: int
    """Index of the first word."""
    last: int
    amount: float
    is_quiet: bool = False
    """Whether the phrase means nothing alone: a function word, a number, or a negligible amount."""


@dataclass(frozen=True, slots=True)
class CountedText:
    """The words of a text with their amounts."""

    normal: str
    words: Sequence[re.Match[str]]
    """Matches in `normal`, in order."""
    amounts: Sequence[float]
    """Log-odds of each word."""

    def phrases(self) -> Iterator[Phrase]:
        """Yield the phrases in order; words that mean nothing alone appear only in longer phrases."""
        for phrase in self._joined():
            if phrase.last > phrase.first or self.words[phrase.first].group() not in listed(
                "function_words.negations"
            ):
                yield phrase

    def _joined(self) -> Iterator[Phrase]:
        phrase: Phrase | None = None
        between = 0.0
        for unit in self._units():
            if phrase and not self._may_join(phrase, unit):
                yield phrase
                phrase = None
            if unit.is_quiet:
                between += unit.amount
            elif phrase:
                phrase.last, phrase.amount, between = unit.last, phrase.amount + between + unit.amount, 0.0
            else:
                phrase, between = unit, 0.0
        if phrase:
            yield phrase

    def _units(self) -> Iterator[Phrase]:
        """Yield the units that must not be split: a word, a run of Chinese, a number with its noun."""
        unit: Phrase | None = None
        for number, (word, added) in enumerate(zip(self.words, self.amounts, strict=True)):
            said = word.group()
            if unit and self._is_one(unit, number):
                first, amount, is_mute = unit.first, unit.amount + added, said.isdigit()
            else:
                if unit:
                    yield unit
                first, amount, is_mute = number, added, says_nothing(said)
            unit = Phrase(first, number, amount, is_quiet=is_mute or abs(amount) < LEAST_SPLITTING)
        if unit:
            yield unit

    def _is_one(self, unit: Phrase, number: int) -> bool:
        said, before = self.words[number].group(), self._said(unit.first, unit.last)
        if NUMBER.fullmatch(before):
            if said.isdigit():
                return self._gap(number) in {".", ","}
            start = self.words[unit.first].start()
            if said in listed("function_words.words") or self.normal[start - 1 : start] in PART_OF_NUMBER:
                return False
        elif not (SIGN.fullmatch(said) and SIGN.fullmatch(before[-1])):
            return False
        return self._fits(unit.first, number, number)

    def _may_join(self, phrase: Phrase, unit: Phrase) -> bool:
        speaks_alike = unit.is_quiet or (phrase.amount > 0) == (unit.amount > 0)
        return speaks_alike and self._fits(phrase.first, unit.first, unit.last)

    def _fits(self, first: int, following: int, last: int) -> bool:
        """Return whether the word `following` may continue a phrase from word `first` to word `last`."""
        return len(self._said(first, last)) <= LONGEST and bool(BESIDE.fullmatch(self._gap(following)))

    def _gap(self, word: int) -> str:
        return self.normal[self.words[word - 1].end() : self.words[word].start()]

    def _said(self, first: int, last: int) -> str:
        return self.normal[self.words[first].start() : self.words[last].end()]


@cache
def listed(name: str) -> frozenset[str]:
    """Return the words of a table of the lexicon, in the form in which words of a text are counted."""
    return frozenset(in_one_form(word) for word in written(name))


def says_nothing(word: str) -> bool:
    """Return whether a word means nothing alone: a function word, a number or a single letter."""
    return (
        word in listed("function_words.words")
        or word.isdigit()
        or (len(word) == 1 and not SIGN.fullmatch(word))
    )
