"""A fitted pipeline folded into one vector for each part of a row: what scoring weighs texts with.

scikit-learn's transformers of columns cost about five milliseconds a call, however few the rows, and who
follows a crawl scores a few texts at a time. Every step of `classifier.model.estimator.build_pipeline` is
linear but for
the length of a text's words, so that scaling and weights fold into one number for each column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.sparse import csr_matrix

from classifier.features.matrix import EMBEDDING, EVIDENCE, WORDS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The weights of a pipeline as `classifier.model.estimator.fit` left it.

    It says what the `decision_function` of the pipeline says.

    To change a step of `build_pipeline`: change this too.
    `tests/classifier/test_linear_weights.py` holds them equal.
    """

    evidence: NDArray[np.float64]
    """Log-odds of one of each feature, shape (len(FEATURES),)."""
    embedding: NDArray[np.float64]
    """Log-odds of each dimension, shape (dimensions,)."""
    rarity: NDArray[np.float64]
    """What one more of each word adds to the length of a text's words, shape (COLUMNS,)."""
    words: NDArray[np.float64]
    """Log-odds of each word in a text of length 1, its rarity in them, shape (COLUMNS,)."""
    constant: float
    """Log-odds of a text without anything."""

    @classmethod
    def of(cls, pipeline: Pipeline) -> Self:
        """Fold a fitted pipeline."""
        scale, weigh = pipeline.named_steps["scale"], pipeline.named_steps["weigh"]
        parts, stretch, weights = scale.named_transformers_, scale.transformer_weights, weigh.coef_[0]
        rarity = np.asarray(parts["words"].idf_, dtype=np.float64)
        return cls(
            evidence=stretch["evidence"] * weights[EVIDENCE] / parts["evidence"].scale_,
            embedding=stretch["embedding"] * weights[EMBEDDING],
            rarity=rarity,
            words=stretch["words"] * weights[WORDS] * rarity,
            constant=float(weigh.intercept_[0]),
        )

    def terms(
        self, evidence: NDArray[np.float32], vectors: NDArray[np.float32], words: csr_matrix
    ) -> NDArray[np.float64]:
        """Return the terms of each row's sum: one of each evidence, one of the embedding, one of the words.

        Args:
            evidence: Shape (n, len(FEATURES)).
            vectors: Shape (n, dimensions).
            words: As `classifier.features.words.count_words` counts them, shape (n, COLUMNS).

        Returns:
            Shape (n, len(FEATURES) + 2); a row's sum plus `constant` is its log-odds.
        """
        said = self.word_terms(words)
        of_words = np.bincount(_rows_of(said), said.data, len(evidence))
        return np.column_stack([evidence * self.evidence, vectors @ self.embedding, of_words])

    def word_terms(self, words: csr_matrix) -> csr_matrix:
        """Return what each column of words adds to each row's sum: what the last of `terms` sums up.

        Args:
            words: As `classifier.features.words.count_words` counts them, shape (n, COLUMNS).

        Returns:
            float64 of the same shape.
        """
        rows, columns = _rows_of(words), words.indices
        heard = 1.0 + np.log(words.data.astype(np.float64))
        length = np.sqrt(np.bincount(rows, (heard * self.rarity[columns]) ** 2, words.shape[0]))
        # A word of no rarity says nothing, and where no word has any there is no length.
        said = heard * self.words[columns] / np.where(length > 0, length, 1.0)[rows]
        return csr_matrix((said, columns, words.indptr), shape=words.shape)


def _rows_of(words: csr_matrix) -> NDArray[np.intp]:
    """Return the row of each value that is stored."""
    return np.repeat(np.arange(words.shape[0]), np.diff(words.indptr))
