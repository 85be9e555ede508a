"""Count the words of a text, their pairs, and pieces of title words, in hashed columns.

An English embedding understands little of other languages, and the lexicon is never complete. The weights of
words and pairs come from the examples, in any language.

To change the columns or their counts: raise `classifier.model.persistence.FORMAT` too, because a model stores
only weights of columns.
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
"""More than twice the number of tokens in three or more texts of the starter set (53,000), so that two of
these seldom share a column. The 204,000 rarer tokens are spread among all columns."""

MAX_CHARS = 2_000
"""Characters whose words are counted; the rest of a long page describes the shop, not the listing."""

UNSPACED = r"\u3040-\u30ff\u3400-\u9fff"
"""Characters of Chinese and Japanese, which have no spaces, for use in a character class."""

MARKS = "".join(char for char in map(chr, range(0x300, 0x0E80)) if unicodedata.category(char) in {"Mn", "Mc"})
"""Combining marks, such as the vowel signs of Arabic, Hindi and Thai: parts of words."""

WORD = re.compile(rf"[{UNSPACED}]|(?:[^\W{UNSPACED}]|[{MARKS}])+")
"""A word, or one character of a script without spaces."""

PIECE = 4
"""Length of the pieces of a title word, including its end marks. Inflections, compounds and other spellings
share pieces. Only titles have pieces, because a page has ten times as many words and each matters less."""

DIGIT = re.compile(r"\d")


def normal_form(text: str) -> str:
    """Return the beginning of a text without disguises, in the form for finding words."""
    return in_one_form(as_shown(text[:MAX_CHARS]))


def in_one_form(text: str) -> str:
    """Return a text in lower case and normal form KC."""
    return unicodedata.normalize("NFKC", text).casefold()


def tokens_of(text: str) -> list[str]:
    """Return the words of a text, then its pairs of words, then the pieces of its title.

    Every digit becomes 0, so that only the length of a number counts. `classifier.reading` reads its value.
    """
    words: list[str] = WORD.findall(DIGIT.sub("0", normal_form(text)))
    pairs = [f"{first} {second}" for first, second in pairwise(words)]
    return words + pairs + [piece for word in words[: title_words(text, words)] for piece in pieces_of(word)]


def title_words(text: str, words: Sequence[str]) -> int:
    """Return the number of words in the first line of a text."""
    title, line_feed, _rest = text.partition("\n")
    return len(WORD.findall(normal_form(title))) if line_feed else len(words)


def pieces_of(word: str) -> list[str]:
    """Return each run of `PIECE` characters of a word, with `<` and `>` as end marks."""
    whole = f"<{word}>"
    last = len(whole) - PIECE
    # The only piece of a word of two letters would be the word itself.
    return [f"*{whole[start : start + PIECE]}" for start in range(last + 1)] if last > 0 else []


def words_of_tokens(words: Sequence[str], in_title: int) -> list[tuple[int, int]]:
    """Return the first word and the end (one after the last word) of each token of `tokens_of`.

    `in_title` is the number of words in the title.
    """
    places = range(len(words))
    pieces = [(place, place + 1) for place in places[:in_title] for _piece in pieces_of(words[place])]
    return [(place, place + 1) for place in places] + [(place, place + 2) for place in places[:-1]] + pieces


def columns_of(tokens: Sequence[str]) -> list[int]:
    """Return the column of each token."""
    from sklearn.utils import murmurhash3_32

    # Equal to `HashingVectorizer` (a test compares both), which takes ten times as long for few tokens.
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
