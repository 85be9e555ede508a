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


def words_of(text: str) -> list[str]:
    """Return a text's words, then the beginnings of long ones, then its pairs of words; every digit reads 0.

    A number is known by its length: which one it is, is for the reader to know.
    """
    found = WORD.findall(unicodedata.normalize("NFKC", text[:MAX_CHARS]).casefold())
    words = [DIGIT.sub("0", word) for word in found]
    beginnings = [f"{word[:BEGINNING]}*" for word in words if len(word) > BEGINNING]
    return words + beginnings + [f"{first} {second}" for first, second in pairwise(words)]


def count_words(texts: Sequence[str]) -> csr_matrix:
    """Return float32 counts of shape (len(texts), COLUMNS)."""
    if not texts:
        return csr_matrix((0, COLUMNS), dtype=np.float32)
    return _counter().transform(texts)


@cache
def _counter() -> HashingVectorizer:
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(
        analyzer=words_of, n_features=COLUMNS, alternate_sign=False, norm=None, dtype=np.float32
    )
