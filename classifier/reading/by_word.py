"""What each word of a text comes to, worked out once: the words of listings repeat.

Patterns over whole texts are slow. Most texts hold no word that a pattern could find anything by, and that is
known from a table of words, without looking at the text again.
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
"""Words remembered at most: a market without end must not fill the memory."""
LONGEST_KEPT = 64
"""Characters of a word that is remembered: what is longer is no word, and hardly comes again."""


class ByWord(dict[str, T], Generic[T]):
    """What each word comes to, worked out when it is first met."""

    def __init__(self, work_out: Callable[[str], T]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, word: str) -> T:
        found = self._work_out(word)
        if len(word) <= LONGEST_KEPT:
            if len(self) >= KEPT_WORDS:
                self.clear()
            self[word] = found
        return found

    def of(self, words: Iterable[str]) -> list[T]:
        """Return what words come to, in order."""
        return list(map(self.__getitem__, words))


def split_words(text: str) -> list[str]:
    """Return the words of a folded text: runs of letters and digits."""
    return WORD.findall(text)


def any_bits(marks: Iterable[int]) -> int:
    """Return the bits that any of the words has."""
    return reduce(or_, marks, 0)


def bits_of_two(marks: Sequence[int]) -> int:
    """Return the bits that two words side by side both have, of any such two."""
    return any_bits(map(and_, marks, marks[1:]))


def bits_of_three(marks: Sequence[int]) -> int:
    """Return the bits that three words side by side all have, of any such three."""
    return any_bits(map(and_, map(and_, marks, marks[1:]), marks[2:]))
