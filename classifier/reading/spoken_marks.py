"""What each word of a text could be part of, so that most texts are not searched for what is said in words.

The patterns of `spoken` are slow, and the words of listings repeat: each word is looked up once, and a text
is searched only if its words could make what a pattern finds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WORD = re.compile(r"[^\W_]+")
DIGIT, DASH, DASHES_SAID, NAME, SURE, JOINED = 1, 2, 2 + 4, 1 << 3, 1 << 11, 1 << 19
"""Bits of what a word could be part of: a digit said in words; one dash or more said (two bits); and, for
each of up to eight languages, the name of a letter, one that is hardly a word, several of those joined."""

KEPT_WORDS = 65_536
"""Words remembered at most: a market without end must not fill the memory."""

SHORTEST_JOINED = 6
"""Letters of three names of letters run together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterNames:
    """Names of letters in one language, folded."""

    sure: frozenset[str]
    doubtful: frozenset[str]
    joined: re.Pattern[str]
    """Matches several sure ones run together."""


class WordMarks(dict[str, int]):
    """The bits of each word, worked out when it is first met."""

    def __init__(
        self, digits: frozenset[str], dashes: re.Pattern[str], languages: Sequence[LetterNames]
    ) -> None:
        super().__init__()
        self._digits, self._dashes, self._languages = digits, dashes, languages

    def __missing__(self, word: str) -> int:
        if len(self) >= KEPT_WORDS:
            self.clear()
        is_digit = word in self._digits
        marks = DIGIT * is_digit + DASH * min(2, len(self._dashes.findall(word)))
        for language, names in enumerate(self._languages):
            is_sure = word in names.sure
            marks |= (NAME << language) * (is_digit or is_sure or word in names.doubtful)
            marks |= (SURE << language) * is_sure
            if len(word) >= SHORTEST_JOINED and names.joined.fullmatch(word):
                marks |= JOINED << language
        self[word] = marks
        return marks

    def of(self, text: str) -> list[int]:
        """Return the bits of each word of a folded text that has any."""
        marks = list(map(self.__getitem__, WORD.findall(text)))
        return marks if any(marks) else []

    def languages_spelled(self, marks: list[int], *, sure: int) -> Iterator[int]:
        """Yield each language in which three words side by side, or one word, may be names of letters.

        Args:
            marks: Of the words of a text, in order.
            sure: Names that must be hardly words.
        """
        runs = reduce(or_, map(and_, map(and_, marks, marks[1:]), marks[2:]), 0)
        seen = reduce(or_, marks, 0)
        for language in range(len(self._languages)) if runs or seen >= JOINED else ():
            is_run = runs & (NAME << language) and (
                sum(bool(mark & (SURE << language)) for mark in marks) >= sure
            )
            if is_run or seen & (JOINED << language):
                yield language


def may_say_number(marks: list[int], *, digits: int) -> bool:
    """Say whether enough words are digits, or dashes, for a number to be said in them.

    Args:
        marks: Of the words of a text.
        digits: Fewest digits of a number, when no dash is said.
    """
    seen = reduce(or_, marks, 0)
    if seen & DIGIT and sum(mark & DIGIT for mark in marks) >= digits:
        return True
    return bool(seen & DASHES_SAID) and sum(mark & DASHES_SAID for mark in marks) >= 2 * DASH
