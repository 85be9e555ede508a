"""What each word could be part of, so that most texts are not searched for what is said in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from text.tokens import any_bits, bits_of_three

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence

DIGIT, DASH, DASHES_SAID, NAME, SURE, JOINED = 1, 2, 2 + 4, 1 << 3, 1 << 11, 1 << 19
CALLED, FAMILY_WORD = 1 << 27, 1 << 28
"""Bits of what a word could be part of: a digit said in words; one dash or more said (two bits); for each of
up to eight languages, the name of a letter, one that is hardly a word, several of those joined; what a
thing is called by a letter or number; what says that a number is the name of a kind."""

ANY_LETTER = CALLED - NAME
"""The bits of letters, in every language."""

SHORTEST_JOINED = 6
"""Letters of three names of letters run together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterNames:
    """Names of letters in one language, folded."""

    sure: frozenset[str]
    doubtful: frozenset[str]
    joined: re.Pattern[str]
    """Matches several sure ones run together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidWords:
    """The words of what is said in words."""

    digits: frozenset[str]
    dashes: re.Pattern[str]
    languages: Sequence[LetterNames]
    called: re.Pattern[str]
    """Matches the words that a nickname is put together with."""
    family: re.Pattern[str]
    """Finds the words that make a number the name of a kind."""

    def bits_of(self, word: str) -> int:
        """Return what a word could be part of."""
        is_digit = word in self.digits
        bits = DIGIT * is_digit + DASH * min(2, len(self.dashes.findall(word)))
        for language, names in enumerate(self.languages):
            is_sure = word in names.sure
            bits |= (NAME << language) * (is_digit or is_sure or word in names.doubtful)
            bits |= (SURE << language) * is_sure
            if len(word) >= SHORTEST_JOINED and names.joined.fullmatch(word):
                bits |= JOINED << language
        bits |= CALLED * bool(self.called.fullmatch(word))
        return bits | FAMILY_WORD * bool(self.family.search(word))


def languages_spelled(marks: Sequence[int], languages: int, *, sure: int) -> Iterator[int]:
    """Yield each language in which three words side by side, or one word, may be names of letters.

    Args:
        marks: Of the words of a text, in order.
        languages: How many there are.
        sure: Names that must be hardly words.
    """
    runs, seen = bits_of_three(marks), any_bits(marks)
    for language in range(languages):
        is_run = runs & (NAME << language) and (
            sum(bool(mark & (SURE << language)) for mark in marks) >= sure
        )
        if is_run or seen & (JOINED << language):
            yield language


def may_say_number(marks: Sequence[int], *, digits: int) -> bool:
    """Say whether enough words are digits, or dashes, for a number to be said in them.

    Args:
        marks: Of the words of a text.
        digits: Fewest digits of a number, when no dash is said.
    """
    seen = any_bits(marks)
    if seen & DIGIT and sum(mark & DIGIT for mark in marks) >= digits:
        return True
    return bool(seen & DASHES_SAID) and sum(mark & DASHES_SAID for mark in marks) >= 2 * DASH
