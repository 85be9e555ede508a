"""From words with an amount each, the phrases a person would quote: neighbours that speak the same way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from classifier.features.words import UNSPACED
from text.phrases import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST = 60
"""Characters of a phrase: the next word begins another. One word may be longer."""
LEAST_PARTING = 0.02
"""Amount below which a word, whichever way it speaks, parts no phrase."""

BESIDE = re.compile(r"[^\S\n]*[-\u2010-\u2013'\u2019]?[^\S\n]*")
"""What stands between two words of one phrase: no other punctuation, and no end of a line."""
SIGN = re.compile(rf"[{UNSPACED}]")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
PART_OF_NUMBER = frozenset("-./")
"""Before digits these say that they are part of something else, of a CAS number or a date."""


@dataclass(slots=True)
class Phrase:
    """Words side by side, and what they add together."""

    first: int
    """The number of its first word in the text."""
    last: int
    amount: float
    is_quiet: bool = False
    """It says nothing alone: a function word, a number, or a word that adds next to nothing."""


@dataclass(frozen=True, slots=True)
class CountedText:
    """A text's words and what each adds."""

    normal: str
    words: Sequence[re.Match[str]]
    """Where they stand in `normal`, in order."""
    amounts: Sequence[float]
    """One of each word, positive or negative."""

    def phrases(self) -> Iterator[Phrase]:
        """Yield the phrases, in order, without what says nothing alone, unless it stands within one."""
        for phrase in self._joined():
            if phrase.last > phrase.first or self.words[phrase.first].group() not in written(
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
        """Yield what is not to be parted: a word, signs side by side, a number with what it counts."""
        unit: Phrase | None = None
        for number, (word, added) in enumerate(zip(self.words, self.amounts, strict=True)):
            said = word.group()
            if unit and self._is_one(unit, number):
                first, amount, is_mute = unit.first, unit.amount + added, said.isdigit()
            else:
                if unit:
                    yield unit
                first, amount, is_mute = number, added, says_nothing(said)
            unit = Phrase(first, number, amount, is_quiet=is_mute or abs(amount) < LEAST_PARTING)
        if unit:
            yield unit

    def _is_one(self, unit: Phrase, number: int) -> bool:
        said, before = self.words[number].group(), self._said(unit.first, unit.last)
        if NUMBER.fullmatch(before):
            if said.isdigit():
                return self._gap(number) in {".", ","}
            start = self.words[unit.first].start()
            if said in written("function_words.words") or self.normal[start - 1 : start] in PART_OF_NUMBER:
                return False
        elif not (SIGN.fullmatch(said) and SIGN.fullmatch(before[-1])):
            return False
        return self._fits(unit.first, number, number)

    def _may_join(self, phrase: Phrase, unit: Phrase) -> bool:
        speaks_alike = unit.is_quiet or (phrase.amount > 0) == (unit.amount > 0)
        return speaks_alike and self._fits(phrase.first, unit.first, unit.last)

    def _fits(self, first: int, following: int, last: int) -> bool:
        """Say whether what is `following` can go on what begins with `first`, up to `last`."""
        return len(self._said(first, last)) <= LONGEST and bool(BESIDE.fullmatch(self._gap(following)))

    def _gap(self, word: int) -> str:
        return self.normal[self.words[word - 1].end() : self.words[word].start()]

    def _said(self, first: int, last: int) -> str:
        return self.normal[self.words[first].start() : self.words[last].end()]


def says_nothing(word: str) -> bool:
    """Say whether a word says nothing where it stands alone: a function word, a number or a single letter."""
    return (
        word in written("function_words.words")
        or word.isdigit()
        or (len(word) == 1 and not SIGN.fullmatch(word))
    )
