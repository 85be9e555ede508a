"""What one would use instead of this model, trained on the same examples and run on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from classifier.features.matrix import vectors_in
from classifier.measures import Scored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classifier.reading import Reading
    from classifier.training.fit import Dataset

LINE = 0.5
"""The line of every baseline."""


def score_baselines(
    training: Dataset,
    texts: Sequence[str],
    readings: Sequence[Reading],
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
) -> list[Scored]:
    """Return the baselines' scores: gazetteer alone, TF-IDF and embedding with logistic regression.

    Args:
        training: The examples the model was trained on.
        texts: What to score.
        readings: Of the texts.
        vectors: float32 of shape (len(texts), dimensions).
        labels: Of the texts.
    """
    words = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=2), LogisticRegression(max_iter=2_000))
    words.fit([example.text for example in training.examples], training.labels)
    sound = LogisticRegression(max_iter=2_000).fit(vectors_in(training.features), training.labels)
    scores = {
        "gazetteer alone": np.array([float(bool(reading.mentions)) for reading in readings]),
        "TF-IDF + LR": words.predict_proba(texts)[:, 1],
        "embedding + LR": sound.predict_proba(vectors)[:, 1],
    }
    return [
        Scored(name=name, labels=labels, scores=np.asarray(values, dtype=np.float64), threshold=LINE)
        for name, values in scores.items()
    ]
