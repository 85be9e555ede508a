"""Fit the model: one scikit-learn pipeline that weighs evidence, embedding and words.

Calibration is part of the weights, because Platt scaling of a linear score is again a linear score. So a
probability is the sigmoid of one sum, and every reason shown is one term of this sum.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler

from classifier.errors import TooFewLabels, TooFewSellers
from classifier.features.evidence import FEATURES, NOTHING_READ
from classifier.features.matrix import EMBEDDING, EVIDENCE, WORDS
from classifier.model.constrained import FREE, fit_constrained

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classifier.model.constrained import Ends

EMBEDDING_SPREAD = 1.4
"""Root mean square distance of the scaled embeddings from their mean, beside evidence of 0 or 1. The vectors
of a multilingual model lie close together; at their own length they would have almost no say, and a text in
an unknown language has nothing else (decision 76)."""

WORD_WEIGHT = 2.5
"""Length of a text's word vector. With a larger length, or without a common one, the words of an honest
shop's long page outweigh its evidence."""

MIN_DF = 3
"""Words in fewer examples get no weight, because they would only identify these examples."""

PENALTY_C = 1.0
FOLDS = 5
MANY_GROUPS = 2_000
MINIMUM_OF_A_CLASS = 10

SIDES: dict[str, Ends] = {"raise": (0, np.inf), "lower": (-np.inf, 0), "either": FREE}
BOUNDS: tuple[Ends, ...] = tuple(SIDES[feature.may] for feature in FEATURES.values())
"""Lowest and highest weight of each evidence feature; all other weights are free."""

EMPTY = list(FEATURES).index(NOTHING_READ)
EMPTY_WEIGHT = 5.0
"""Weight of an example without evidence that is no offer. Of the texts without evidence, a fifth are offers
in the starter set, but hardly one in ten thousand in a crawl: most are headlines, links and notices, and a
flag on them has no reasons but words. A larger weight would be more realistic, but further from the share
with which calibration is measured."""

TARGET_PRECISION = 0.94
"""Precision of out-of-fold flags that determines the threshold. It is higher than a queue needs, because a
third of the starter set are offers, but only a thousandth of a marketplace; most of the others in the set
were written to resemble offers."""


def build_pipeline() -> Pipeline:
    """Return an unfitted pipeline over the columns of `classifier.features.matrix`."""
    scale = ColumnTransformer(
        [
            ("evidence", MaxAbsScaler(), EVIDENCE),
            ("embedding", "passthrough", EMBEDDING),
            ("words", TfidfTransformer(sublinear_tf=True), WORDS),
        ],
        sparse_threshold=1.0,
        transformer_weights={"evidence": 1.0, "embedding": 1.0, "words": WORD_WEIGHT},
    )
    return Pipeline([("scale", scale), ("weigh", LogisticRegression(C=PENALTY_C))])


def fit(
    pipeline: Pipeline,
    features: csr_matrix,
    labels: NDArray[np.int64],
    weights: NDArray[np.float64],
    *,
    near: Pipeline | None = None,
) -> Pipeline:
    """Fit the pipeline; no evidence feature moves a score in a forbidden direction.

    The last step is a scikit-learn class with these weights, so that model files contain no types of this
    project.

    Args:
        pipeline: Unfitted.
        features: Rows of `classifier.features.matrix`.
        labels: 0 or 1, shape (n,).
        weights: Positive, shape (n,).
        near: A pipeline fitted on nearly the same rows. The search starts from its weights, which saves time
            without changing the result.
    """
    scale = pipeline.named_steps["scale"].fit(features)
    scale.transformer_weights = scale.transformer_weights | {"embedding": _embedding_factor(features)}
    _leave_out_rare_words(scale, features)
    # The one private attribute of a library that we overwrite; a test fails when the library changes it.
    # Only names of columns are looked up in it, and skops would write each of its numbers as an object: 30 s.
    scale._transformer_to_input_indices = {}  # noqa: SLF001
    scaled = scale.transform(features).astype(np.float64)
    scaled.eliminate_zeros()
    weigh = pipeline.named_steps["weigh"]
    coefficients, constant = fit_constrained(
        scaled[:, : WORDS.start].toarray(),
        scaled[:, WORDS],
        labels,
        weights=weights,
        bounds=BOUNDS,
        penalty_c=weigh.C,
        start=near and _weights_of(near),
    )
    weigh.classes_, weigh.n_features_in_ = np.array([0, 1]), scaled.shape[1]
    weigh.coef_, weigh.intercept_ = coefficients[None, :], np.array([constant])
    return pipeline


def _embedding_factor(features: csr_matrix) -> float:
    """Return the factor that gives the embeddings the spread `EMBEDDING_SPREAD`."""
    vectors = features[:, EMBEDDING].toarray()
    spread = float(np.sqrt(vectors.var(axis=0, dtype=np.float64).sum()))
    return EMBEDDING_SPREAD / spread if spread > 0 else EMBEDDING_SPREAD


def _weights_of(pipeline: Pipeline) -> tuple[NDArray[np.float64], float]:
    weigh = pipeline.named_steps["weigh"]
    return weigh.coef_[0], float(weigh.intercept_[0])


def _leave_out_rare_words(scale: ColumnTransformer, features: csr_matrix) -> None:
    rarity = scale.named_transformers_["words"]
    examples = features[:, WORDS].getnnz(axis=0)
    rarity.idf_ = np.where(examples < MIN_DF, 0.0, rarity.idf_)


def fit_with_folds(
    features: csr_matrix,
    labels: NDArray[np.int64],
    *,
    groups: Sequence[str],
    weights: NDArray[np.float64],
    seed: int,
    near: Pipeline | None = None,
) -> tuple[Pipeline, float, NDArray[np.float64]]:
    """Fit the pipeline, fold its calibration into the weights, and choose the threshold.

    Calibration and threshold come from out-of-fold scores; no group is split over folds.

    Args:
        features: Rows of `classifier.features.matrix`.
        labels: 0 or 1, shape (n,).
        groups: The group of each row.
        weights: Positive, shape (n,); for texts without evidence that are no offers, `EMPTY_WEIGHT` times as
            much is used.
        seed: The seed of the folds.
        near: As in `fit`.

    Returns:
        The fitted pipeline with calibrated `predict_proba`, the threshold in [0, 1], and the calibrated
        out-of-fold probability of each row.

    Raises:
        TooFewLabels: If either class has fewer than `MINIMUM_OF_A_CLASS` rows.
        TooFewSellers: If either class has only one group, so that no fold can hold it out.
    """
    _check_enough(labels, groups)
    distinct = len(set(groups))
    # Many groups are balanced by chance, and stratifying takes a millisecond for each group.
    kind = StratifiedGroupKFold if distinct <= MANY_GROUPS else GroupKFold
    folds = kind(min(FOLDS, distinct), shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # Small label sets cannot be stratified by group exactly; the folds are still disjoint by group.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        parts = list(folds.split(labels, labels, groups=list(groups)))
    return fit_with_parts(features, labels, parts=parts, weights=weights, near=near)


def fit_with_parts(
    features: csr_matrix,
    labels: NDArray[np.int64],
    *,
    parts: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
    weights: NDArray[np.float64],
    near: Pipeline | None = None,
) -> tuple[Pipeline, float, NDArray[np.float64]]:
    """Do the same with given folds: the rows fitted and the rows held out, for each fold.

    Rows that no fold holds out do not count for calibration and threshold; their probability is NaN.
    """
    weights = weights * _frequency(features, labels)
    pipeline = fit(build_pipeline(), features, labels, weights, near=near)
    sums = np.full(len(labels), np.nan)
    for known, held_out in parts:
        fold = fit(build_pipeline(), features[known], labels[known], weights[known], near=pipeline)
        sums[held_out] = fold.decision_function(features[held_out])
    scored = ~np.isnan(sums)
    platt = LogisticRegression(C=1e6).fit(
        sums[scored].reshape(-1, 1), labels[scored], sample_weight=weights[scored]
    )
    slope, shift = max(float(platt.coef_[0, 0]), 1e-6), float(platt.intercept_[0])
    weigh = pipeline.named_steps["weigh"]
    weigh.coef_ = weigh.coef_ * slope
    weigh.intercept_ = weigh.intercept_ * slope + shift
    probabilities = sigmoid(sums * slope + shift)
    threshold = choose_threshold(labels[scored], probabilities[scored], weights[scored])
    return pipeline, threshold, probabilities


def _frequency(features: csr_matrix, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a factor for each row, because some texts are more common in a crawl than in the examples."""
    is_empty = features[:, [EMPTY]].toarray().ravel() > 0
    return np.where(is_empty & (labels == 0), EMPTY_WEIGHT, 1.0)


def _check_enough(labels: NDArray[np.int64], groups: Sequence[str]) -> None:
    offers = int(labels.sum())
    if min(offers, len(labels) - offers) < MINIMUM_OF_A_CLASS:
        raise TooFewLabels(offers, len(labels) - offers)
    for label, what in ((1, "offer"), (0, "listing that is no offer")):
        if len({group for group, each in zip(groups, labels, strict=True) if each == label}) < 2:
            raise TooFewSellers(what)


def choose_threshold(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64], weights: NDArray[np.float64]
) -> float:
    """Return the lowest probability above which at least `TARGET_PRECISION` of the rows are offers.

    Rows are weighted, so that repeating a text a thousand times does not move the threshold.

    Returns:
        A value in [0.05, 0.95]; 0.5 if no threshold reaches the precision.
    """
    precision, _recall, thresholds = precision_recall_curve(labels, probabilities, sample_weight=weights)
    good = thresholds[precision[:-1] >= TARGET_PRECISION]
    return float(np.clip(good.min(), 0.05, 0.95)) if len(good) else 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearWeights:
    """A fitted pipeline as one weight vector for each part of a row, for fast scoring.

    All steps of the pipeline are linear, except for the length of the word vector, so that scaling and
    weights combine into one number for each column. Scikit-learn's column transformer takes about five
    milliseconds per call even for a few rows, and scoring during a crawl has few texts at a time.

    To change a step of `build_pipeline`: change this class too; a test compares the two.
    """

    evidence: NDArray[np.float64]
    """Log-odds of each feature of size 1, shape (len(FEATURES),)."""
    embedding: NDArray[np.float64]
    """Log-odds of each dimension, shape (dimensions,)."""
    rarity: NDArray[np.float64]
    """Rarity (IDF) of each word, shape (COLUMNS,)."""
    words: NDArray[np.float64]
    """Log-odds of each word in a text with a word vector of length 1, rarity included, shape (COLUMNS,)."""
    constant: float
    """Log-odds of a text without evidence and words whose vector is the mean one."""
    mean_vector: float = 0.0
    """Log-odds of the mean vector. It is part of `constant`, not of a text's term for its vector: all vectors
    of a multilingual model share a large part, which says nothing about any text."""

    @classmethod
    def of(cls, pipeline: Pipeline, examples: NDArray[np.float32] | None = None) -> Self:
        """Return the weights of a fitted pipeline; the mean vector of the examples is no indication."""
        scale, weigh = pipeline.named_steps["scale"], pipeline.named_steps["weigh"]
        parts, factors, weights = scale.named_transformers_, scale.transformer_weights, weigh.coef_[0]
        rarity = np.asarray(parts["words"].idf_, dtype=np.float64)
        embedding = factors["embedding"] * weights[EMBEDDING]
        mean_vector = (
            float(examples.mean(axis=0, dtype=np.float64) @ embedding)
            if examples is not None and len(examples)
            else 0.0
        )
        return cls(
            evidence=factors["evidence"] * weights[EVIDENCE] / parts["evidence"].scale_,
            embedding=embedding,
            rarity=rarity,
            words=factors["words"] * weights[WORDS] * rarity,
            constant=float(weigh.intercept_[0]) + mean_vector,
            mean_vector=mean_vector,
        )

    def terms(
        self, evidence: NDArray[np.float32], vectors: NDArray[np.float32], words: csr_matrix
    ) -> NDArray[np.float64]:
        """Return the log-odds of each row: one term per feature, one for the embedding, one for the words.

        The words are as `count_words` counts them. The shape is (n, len(FEATURES) + 2); a row's sum plus
        `constant` is its log-odds.
        """
        added = self.word_terms(words)
        of_words = np.bincount(_rows_of(added), added.data, len(evidence))
        return np.column_stack(
            [evidence * self.evidence, vectors @ self.embedding - self.mean_vector, of_words]
        )

    def word_terms(self, words: csr_matrix) -> csr_matrix:
        """Return the log-odds of each word column in each row; they add up to the last column of `terms`."""
        rows, columns = _rows_of(words), words.indices
        damped = 1.0 + np.log(words.data.astype(np.float64))
        length = np.sqrt(np.bincount(rows, (damped * self.rarity[columns]) ** 2, words.shape[0]))
        # Words without rarity add 0; a text with only such words has length 0.
        added = damped * self.words[columns] / np.where(length > 0, length, 1.0)[rows]
        return csr_matrix((added, columns, words.indptr), shape=words.shape)


def _rows_of(words: csr_matrix) -> NDArray[np.intp]:
    """Return the row of each stored value."""
    return np.repeat(np.arange(words.shape[0]), np.diff(words.indptr))


def deciding_numbers(pipeline: Pipeline) -> NDArray[np.float64]:
    """Return all fitted numbers that affect a score, shape (n,)."""
    parts, weigh = pipeline.named_steps["scale"].named_transformers_, pipeline.named_steps["weigh"]
    return np.concatenate(
        [parts["evidence"].scale_, parts["words"].idf_, weigh.coef_[0], weigh.intercept_]
    ).astype(np.float64)


def sigmoid(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities in [0, 1] of the same shape."""
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -60, 60)))
