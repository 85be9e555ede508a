"""The words of a text, their pairs and the pieces of its title's, as counts in hashed columns: none to fit.

An embedding made for English hears little of other languages, and the reader's lists hold what somebody
thought of. Words and pairs of words, in any language, are weighed as the examples say.

To change what is counted in which column: raise `classifier.model.persistence.FORMAT` too, since models know
words by
their columns alone.
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
"""More than twice the 53,000 tokens that stand in three or more texts of the starter set, so that two of them
seldom share a column; its 204,000 rarer ones lie among them."""

MAX_CHARS = 2_000
"""How far a text is looked at: the rest of a long page is the shop's, not the listing's."""

UNSPACED = r"\u3040-\u30ff\u3400-\u9fff"
"""The signs of Chinese and Japanese, which set no spaces, as they stand in a set of a pattern."""

WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")
"""A word, or one sign of a script that sets no spaces."""

PIECE = 4
"""Characters of a title's word that count together, its ends being characters too: inflections, compounds and
other spellings have some in common. Of titles alone: a page has ten times the words and each says less."""

DIGIT = re.compile(r"\d")


def normal_form(text: str) -> str:
    """Return what words are found in: the beginning of a text as the eye takes it, in one form."""
    return in_one_form(as_shown(text[:MAX_CHARS]))


def in_one_form(text: str) -> str:
    """Return a text in small letters, each written in one way (NFKC)."""
    return unicodedata.normalize("NFKC", text).casefold()


def tokens_of(text: str) -> list[str]:
    """Return a text's words, then its pairs of words, then the pieces of its title's; every digit reads 0.

    A number is known by its length: which one it is, is for the reader to know.
    """
    words: list[str] = WORD.findall(DIGIT.sub("0", normal_form(text)))
    pairs = [f"{first} {second}" for first, second in pairwise(words)]
    return words + pairs + [piece for word in words[: title_words(text, words)] for piece in pieces_of(word)]


def title_words(text: str, words: Sequence[str]) -> int:
    """Return how many of a text's words stand in its first line; one that is shown otherwise has no lines."""
    title, line_feed, _rest = text.partition("\n")
    return len(WORD.findall(normal_form(title))) if line_feed else len(words)


def pieces_of(word: str) -> list[str]:
    """Return each `PIECE` characters of a word that stand together, its ends written `<` and `>`."""
    whole = f"<{word}>"
    last = len(whole) - PIECE
    # A word of two letters would be its own only piece.
    return [f"*{whole[start : start + PIECE]}" for start in range(last + 1)] if last > 0 else []


def words_of_tokens(words: Sequence[str], in_title: int) -> list[tuple[int, int]]:
    """Return which words each of `tokens_of` is made of: the number of the first, and one after the last.

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
