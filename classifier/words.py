"""The words of a text and their pairs, as counts in hashed columns: nothing to fit, nothing to keep.

An embedding made for English hears little of other languages, and the reader's lists hold what somebody
thought of. Words and pairs of words, in any language, are weighed as the examples say.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from classifier.reading import as_shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sklearn.feature_extraction.text import HashingVectorizer

COLUMNS = 2**17
"""Five times what the examples use, so that two phrases seldom share a column."""

MAX_CHARS = 2_000
"""How far a text is looked at: the rest of a long page is the shop's, not the listing's."""

WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")
"""A word, or one sign of a script that sets no spaces."""

BEGINNING = 6
"""Letters of a longer word that count by themselves, so that its inflections have something in common."""

DIGIT = re.compile(r"\d")


def normal_form(text: str) -> str:
    """Return what words are found in: the beginning of a text as the eye takes it, in one form."""
    return in_one_form(as_shown(text[:MAX_CHARS]))


def in_one_form(text: str) -> str:
    """Return a text in small letters, each written in one way (NFKC)."""
    return unicodedata.normalize("NFKC", text).casefold()


def tokens_of(text: str) -> list[str]:
    """Return a text's words, then the beginnings of long ones, then its pairs of words; every digit reads 0.

    A number is known by its length: which one it is, is for the reader to know.
    """
    words: list[str] = WORD.findall(DIGIT.sub("0", normal_form(text)))
    beginnings = [f"{word[:BEGINNING]}*" for word in words if len(word) > BEGINNING]
    return words + beginnings + [f"{first} {second}" for first, second in pairwise(words)]


def words_of_tokens(words: Sequence[str]) -> list[tuple[int, int]]:
    """Return which words each of `tokens_of` is made of: the number of the first, and one after the last.

    Args:
        words: The text's words.
    """
    places = range(len(words))
    long = [place for place in places if len(words[place]) > BEGINNING]
    return [(place, place + 1) for place in [*places, *long]] + [(place, place + 2) for place in places[:-1]]


def columns_of(tokens: Sequence[str]) -> list[int]:
    """Return the column in which each token is counted."""
    from sklearn.utils import murmurhash3_32

    # As `HashingVectorizer` does, which takes ten times as long for few tokens; a test holds them together.
    return [abs(int(murmurhash3_32(token.encode("utf-8", "surrogatepass")))) % COLUMNS for token in tokens]


def count_words(texts: Sequence[str]) -> csr_matrix:
    """Return float32 counts of shape (len(texts), COLUMNS)."""
    if not texts:
        return csr_matrix((0, COLUMNS), dtype=np.float32)
    return _counter().transform(texts)


@cache
def _counter() -> HashingVectorizer:
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(
        analyzer=tokens_of, n_features=COLUMNS, alternate_sign=False, norm=None, dtype=np.float32
    )
