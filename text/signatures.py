"""MinHash signatures: texts with similar sets of character n-grams have similar signatures.

The share of equal numbers in two signatures estimates the Jaccard similarity of the two sets of n-grams
(Broder, "On the resemblance and containment of documents", 1997). Case, accents, punctuation and white space
do not count.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

GRAM = 5
MAX_CHARS = 2_000
"""A longer text is cut."""

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


def signatures(texts: Sequence[str], size: int, *, gram: int = GRAM) -> NDArray[np.uint32]:
    """Return the signature of each text: uint32 of shape (texts, size).

    The n-grams of all texts are in memory at once, so give a few thousand texts at a time.
    """
    from rensa import RMinHash

    plain = [_plain(text).ljust(gram) for text in texts]
    ends = np.cumsum([len(text) for text in plain])
    codes = np.frombuffer("".join(plain).encode("utf-32-le"), dtype="<u4").astype(np.uint64)
    hashes = np.zeros(len(codes), dtype=np.uint64)
    for place in range(gram):
        hashes = hashes * _MULTIPLIER + np.roll(codes, -place)  # overflow is intended
    hashes = (hashes ^ (hashes >> _HALF)) * _MULTIPLIER
    inside = np.ones(len(codes), dtype=bool)
    for place in range(1, gram):
        inside[ends - place] = False  # n-grams that extend into the next text
    offsets = np.concatenate([[0], ends - (gram - 1) * np.arange(1, len(ends) + 1)]).astype(np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes[inside], offsets, num_perm=size, seed=0)
    return np.array(matrix.to_rows(), dtype=np.uint32)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text[:MAX_CHARS]).casefold()
    return re.sub(r"[\W_]+", " ", folded).strip().encode("utf-8", "replace").decode("utf-8")
