"""The model itself: one scikit-learn pipeline that weighs evidence, embedding and words.

Calibration is folded into the weights (Platt scaling of a linear score is again a linear score), so the
probability is one sigmoid of one sum, and every reason shown is a term of that sum, exactly.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
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
from classifier.model.constrained import FREE, fit_signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from classifier.model.constrained import Ends

EMBEDDING_WEIGHT = 0.8
"""How far unit vectors are stretched beside evidence of 0 or 1. More fits the starter set's own words
better and carries over worse: other sites' ordinary goods begin to be flagged by their sound."""

WORD_WEIGHT = 2.5
"""How far a text's words, a unit vector too, are stretched. More, or words that each count in full, lets the
words of an honest shop's long page outweigh its evidence."""

MIN_DF = 3
"""Words of fewer examples are not weighed: they would only name those examples."""

PENALTY_C = 1.0
FOLDS = 5
MANY_GROUPS = 2_000
MINIMUM_OF_A_CLASS = 10

SIDES: dict[str, Ends] = {"raise": (0, np.inf), "lower": (-np.inf, 0), "either": FREE}
BOUNDS: tuple[Ends, ...] = tuple(SIDES[feature.may] for feature in FEATURES.values())
"""Of the weights of evidence; all others are free."""

UNTOLD = list(FEATURES).index(NOTHING_READ)
UNTOLD_WEIGHT = 2.0
"""How often an example counts that offers nothing and of which nothing is read. A fifth of the starter set's
texts without any sign are offers; of what a crawl brings hardly one in ten thousand is, most of it being
headlines, links and notices, and to whoever asks why one is flagged there is nothing to show but words. More
would be nearer to the world, and further from the share that calibration is measured by."""

TARGET_PRECISION = 0.96
"""The line is the lowest at which this share of out-of-fold flags was right. More than is wanted of a queue:
a third of the starter set are offers, a thousandth of a marketplace is."""


def build_pipeline() -> Pipeline:
    """Return an unfitted pipeline over the columns of `classifier.features.matrix`; `fit` fits it."""
    scale = ColumnTransformer(
        [
            ("evidence", MaxAbsScaler(), EVIDENCE),
            ("embedding", "passthrough", EMBEDDING),
            ("words", TfidfTransformer(sublinear_tf=True), WORDS),
        ],
        sparse_threshold=1.0,
        transformer_weights={"evidence": 1.0, "embedding": EMBEDDING_WEIGHT, "words": WORD_WEIGHT},
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
    """Fit the pipeline, with what can speak only for an offer, or only against one, kept from the contrary.

    The last step stays scikit-learn's own class, its weights put in: model files hold no type of ours.

    Args:
        pipeline: Unfitted.
        features: Rows of `classifier.features.matrix`.
        labels: 0 or 1, shape (n,).
        weights: Positive, shape (n,).
        near: Fitted on nearly the same rows; the search begins at its weights and ends where it would anyway.
    """
    scale = pipeline.named_steps["scale"].fit(features)
    _leave_out_rare_words(scale, features)
    # Only names of columns are looked up in it, and skops would write each of its numbers as an object: 30 s.
    scale._transformer_to_input_indices = {}  # noqa: SLF001
    scaled = scale.transform(features).astype(np.float64)
    scaled.eliminate_zeros()
    weigh = pipeline.named_steps["weigh"]
    coefficients, constant = fit_signed(
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
) -> tuple[Pipeline, float, NDArray[np.float64]]:
    """Fit the pipeline, fold its calibration into the weights, and choose the line.

    Calibration and line come from out-of-fold scores in which no group was split.

    Args:
        features: Rows of `classifier.features.matrix`.
        labels: 0 or 1, shape (n,).
        groups: A name per row.
        weights: Positive, shape (n,); what offers and tells nothing counts `UNTOLD_WEIGHT` times that.
        seed: Of the folds.

    Returns:
        The fitted pipeline, whose `predict_proba` is calibrated, the threshold in [0, 1], and each row's
        calibrated probability by the fold that did not see it.

    Raises:
        TooFewLabels: If either class has fewer than `MINIMUM_OF_A_CLASS` rows.
        TooFewSellers: If either class has one group, so that no fold could hold it out.
    """
    _check_enough(labels, groups)
    weights = weights * _commonness(features, labels)
    distinct = len(set(groups))
    # Many groups are even in both classes by chance, and to stratify them takes a millisecond each.
    kind = StratifiedGroupKFold if distinct <= MANY_GROUPS else GroupKFold
    folds = kind(min(FOLDS, distinct), shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # Small label sets cannot be stratified by group exactly; the folds are still disjoint by group.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        parts = list(folds.split(labels, labels, groups=list(groups)))
    pipeline = fit(build_pipeline(), features, labels, weights)
    sums = np.empty(len(labels))
    for known, held_out in parts:
        fold = fit(build_pipeline(), features[known], labels[known], weights[known], near=pipeline)
        sums[held_out] = fold.decision_function(features[held_out])
    platt = LogisticRegression(C=1e6).fit(sums.reshape(-1, 1), labels, sample_weight=weights)
    slope, shift = max(float(platt.coef_[0, 0]), 1e-6), float(platt.intercept_[0])
    weigh = pipeline.named_steps["weigh"]
    weigh.coef_ = weigh.coef_ * slope
    weigh.intercept_ = weigh.intercept_ * slope + shift
    probabilities = sigmoid(sums * slope + shift)
    return pipeline, choose_threshold(labels, probabilities, weights), probabilities


def _commonness(features: csr_matrix, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return by how much more common than in the examples the like of each is among what a crawl brings."""
    untold = features[:, [UNTOLD]].toarray().ravel() > 0
    return np.where(untold & (labels == 0), UNTOLD_WEIGHT, 1.0)


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

    Rows count by their weight: whoever repeats a text a thousand times does not move the line.

    Returns:
        A value in [0.05, 0.95]; 0.5 when no line reaches the precision.
    """
    precision, _recall, lines = precision_recall_curve(labels, probabilities, sample_weight=weights)
    good = lines[precision[:-1] >= TARGET_PRECISION]
    return float(np.clip(good.min(), 0.05, 0.95)) if len(good) else 0.5


def deciding_numbers(pipeline: Pipeline) -> NDArray[np.float64]:
    """Return every fitted number that decides a score, in one row."""
    parts, weigh = pipeline.named_steps["scale"].named_transformers_, pipeline.named_steps["weigh"]
    return np.concatenate(
        [parts["evidence"].scale_, parts["words"].idf_, weigh.coef_[0], weigh.intercept_]
    ).astype(np.float64)


def sigmoid(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities in [0, 1] of the same shape."""
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -60, 60)))
