"""Texts that nearly repeat each other, by MinHash signatures: a hundred thousand in seconds.

Two texts are near-duplicates when their sets of character 5-grams have an (estimated) Jaccard similarity
of at least `ALIKE`. Candidates are found by banding (Leskovec, Rajaraman and Ullman, "Mining of Massive
Datasets", ch. 3): of a band's bucket each text is held against the first and the one before it, so that
the work stays linear however many copies there are.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
from rensa import RMinHash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

GRAM = 5
ALIKE = 0.8
BANDS = 12
ROWS_OF_A_BAND = 5
"""Twelve bands of five find 99 % of the pairs at `ALIKE`, and 5 % of those at half of it or less."""

MAX_CHARS = 2_000
CHUNK = 4_096
"""Texts whose grams are in memory at once."""

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


def near_duplicate_pairs(texts: Sequence[str]) -> NDArray[np.int64]:
    """Return pairs of rows that are near-duplicates, enough to connect all copies of a text.

    Case, accents, punctuation and white space do not count.

    Returns:
        int64 of shape (pairs, 2).
    """
    if not texts:
        return np.zeros((0, 2), dtype=np.int64)
    signatures = np.vstack(
        [_signatures(texts[start : start + CHUNK]) for start in range(0, len(texts), CHUNK)]
    )
    candidates = np.unique(
        np.vstack([_bucket_pairs(band) for band in np.split(signatures, BANDS, axis=1)]), axis=0
    )
    alike = (signatures[candidates[:, 0]] == signatures[candidates[:, 1]]).mean(axis=1) >= ALIKE
    pairs: NDArray[np.int64] = candidates[alike]
    return pairs


def _signatures(texts: Sequence[str]) -> NDArray[np.uint32]:
    plain = [_plain(text).ljust(GRAM) for text in texts]
    ends = np.cumsum([len(text) for text in plain])
    codes = np.frombuffer("".join(plain).encode("utf-32-le"), dtype="<u4").astype(np.uint64)
    hashes = np.zeros(len(codes), dtype=np.uint64)
    for place in range(GRAM):
        hashes = hashes * _MULTIPLIER + np.roll(codes, -place)  # wraps on purpose
    hashes = (hashes ^ (hashes >> _HALF)) * _MULTIPLIER
    inside = np.ones(len(codes), dtype=bool)
    for place in range(1, GRAM):
        inside[ends - place] = False  # grams that would run into the next text
    offsets = np.concatenate([[0], ends - (GRAM - 1) * np.arange(1, len(ends) + 1)]).astype(np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(
        hashes[inside], offsets, num_perm=BANDS * ROWS_OF_A_BAND, seed=0
    )
    return np.array(matrix.to_rows(), dtype=np.uint32)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text[:MAX_CHARS]).casefold()
    return re.sub(r"[\W_]+", " ", folded).strip().encode("utf-8", "replace").decode("utf-8")


def _bucket_pairs(band: NDArray[np.uint32]) -> NDArray[np.int64]:
    _values, first, bucket = np.unique(band, axis=0, return_index=True, return_inverse=True)
    rows = np.argsort(bucket, kind="stable")
    same = bucket[rows[1:]] == bucket[rows[:-1]]
    before = np.column_stack([rows[:-1][same], rows[1:][same]])
    to_first = np.column_stack([first[bucket[before[:, 1]]], before[:, 1]])
    return np.vstack([before, to_first])
