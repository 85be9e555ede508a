"""Counts of a text's words, of pairs of words and of pieces of its title's words, in hashed columns.

An embedding made for English understands little of other languages, and the reader's lists hold only the
words that somebody thought of. The weights of words and pairs come from the examples, in any language.

To change what is counted in which column: raise `classifier.model.persistence.FORMAT` too, because models
know words by their columns alone.
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
"""More than twice the 53,000 tokens that occur in three or more texts of the starter set, so that two of them
seldom share a column; its 204,000 rarer tokens are spread among them."""

MAX_CHARS = 2_000
"""Characters of a text that are counted: the rest of a long page is about the shop, not the listing."""

UNSPACED = r"\u3040-\u30ff\u3400-\u9fff"
"""The signs of Chinese and Japanese, which have no spaces, for use in a character set of a pattern."""

WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")
"""A word, or one sign of a script without spaces."""

PIECE = 4
"""Characters of a title's word that count together, its ends included: inflections, compounds and other
spellings share some. Only titles have pieces, because a page has ten times the words and each says less."""

DIGIT = re.compile(r"\d")


def normal_form(text: str) -> str:
    """Return the beginning of a text as readers see it, in one form, in which words are found."""
    return in_one_form(as_shown(text[:MAX_CHARS]))


def in_one_form(text: str) -> str:
    """Return a text in small letters, in normal form KC."""
    return unicodedata.normalize("NFKC", text).casefold()


def tokens_of(text: str) -> list[str]:
    """Return a text's words, then its pairs of words, then the pieces of its title; digits read 0.

    So a number counts by its length alone; which number it is, `classifier.reading` knows.
    """
    words: list[str] = WORD.findall(DIGIT.sub("0", normal_form(text)))
    pairs = [f"{first} {second}" for first, second in pairwise(words)]
    return words + pairs + [piece for word in words[: title_words(text, words)] for piece in pieces_of(word)]


def title_words(text: str, words: Sequence[str]) -> int:
    """Return how many of a text's words stand in its first line; all, if it has one line."""
    title, line_feed, _rest = text.partition("\n")
    return len(WORD.findall(normal_form(title))) if line_feed else len(words)


def pieces_of(word: str) -> list[str]:
    """Return each run of `PIECE` characters of a word, its ends written `<` and `>`."""
    whole = f"<{word}>"
    last = len(whole) - PIECE
    # The only piece of a word of two letters would be the word itself.
    return [f"*{whole[start : start + PIECE]}" for start in range(last + 1)] if last > 0 else []


def words_of_tokens(words: Sequence[str], in_title: int) -> list[tuple[int, int]]:
    """Return the words in each token of `tokens_of`: the number of the first, and one after the last.

    Args:
        words: The text's words.
        in_title: How many of them stand in its title.
    """
    places = range(len(words))
    pieces = [(place, place + 1) for place in places[:in_title] for _piece in pieces_of(words[place])]
    return [(place, place + 1) for place in places] + [(place, place + 2) for place in places[:-1]] + pieces


def columns_of(tokens: Sequence[str]) -> list[int]:
    """Return the column in which each token is counted."""
    from sklearn.utils import murmurhash3_32

    # As `HashingVectorizer` does, which takes ten times as long for few tokens; a test holds both equal.
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
