"""Where each part of a text's row of numbers stands: evidence, then an embedding, then the words.

Rows are sparse, because of the words; the embedding, whole or static, may have any length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix, hstack

from classifier.features.evidence import FEATURES
from classifier.features.words import COLUMNS, count_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

EVIDENCE = slice(0, len(FEATURES))
EMBEDDING = slice(len(FEATURES), -COLUMNS)
WORDS = slice(-COLUMNS, None)


def join_columns(
    evidence: NDArray[np.float32], vectors: NDArray[np.float32], texts: Sequence[str]
) -> csr_matrix:
    """Return one row of each text, float32 of shape (len(texts), len(FEATURES) + dimensions + COLUMNS).

    Args:
        evidence: Shape (len(texts), len(FEATURES)).
        vectors: Shape (len(texts), dimensions).
        texts: Whose words are counted.
    """
    return hstack([csr_matrix(np.hstack([evidence, vectors])), count_words(texts)], format="csr")


def evidence_in(rows: csr_matrix) -> NDArray[np.float32]:
    """Return the evidence of rows, dense."""
    return np.asarray(rows[:, EVIDENCE].toarray(), dtype=np.float32)


def vectors_in(rows: csr_matrix) -> NDArray[np.float32]:
    """Return the embeddings of rows, dense."""
    return np.asarray(rows[:, EMBEDDING].toarray(), dtype=np.float32)
