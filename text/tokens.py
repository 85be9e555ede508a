"""Split texts into words, and cache a value for each word.

Patterns over whole texts are slow. Most texts contain no word that a pattern could match; a table of words
shows this without another pass over the text.
"""

from __future__ import annotations

import re
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

T = TypeVar("T")

WORD = re.compile(r"[^\W_]+")
KEPT_WORDS = 65_536
"""Most words in the table, so that an endless market cannot fill the memory."""
LONGEST_KEPT = 64
"""Characters of the longest cached word; longer words rarely recur."""


class WordTable(dict[str, T], Generic[T]):
    """A cache of one computed value per word."""

    def __init__(self, work_out: Callable[[str], T]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, word: str) -> T:
        value = self._work_out(word)
        if len(word) <= LONGEST_KEPT:
            if len(self) >= KEPT_WORDS:
                self.clear()
            self[word] = value
        return value

    def of(self, words: Iterable[str]) -> list[T]:
        """Return the values of words, in order."""
        return list(map(self.__getitem__, words))


def split_words(text: str) -> list[str]:
    """Return the words of a folded text: runs of letters and digits."""
    return WORD.findall(text)


def any_bits(marks: Iterable[int]) -> int:
    """Return the bits set for at least one word."""
    return reduce(or_, marks, 0)


def bits_of_two(marks: Sequence[int]) -> int:
    """Return the bits set for two adjacent words."""
    return any_bits(map(and_, marks, marks[1:]))


def bits_of_three(marks: Sequence[int]) -> int:
    """Return the bits set for three adjacent words."""
    return any_bits(map(and_, map(and_, marks, marks[1:]), marks[2:]))
