"""The model itself: one scikit-learn pipeline that weighs evidence and embedding by logistic regression.

Calibration is folded into the weights (Platt scaling of a linear score is again a linear score), so the
probability is one sigmoid of one sum, and every reason shown is a term of that sum, exactly.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler

from classifier.errors import TooFewLabels, TooFewSellers
from classifier.evidence import FEATURES, NEVER_AGAINST, NEVER_FOR
from classifier.signed import FREE, fit_signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classifier.signed import Bounds

EMBEDDING_WEIGHT = 0.8
"""How far unit vectors are stretched beside evidence of 0 or 1. More fits the starter set's own words
better and carries over worse: other sites' ordinary goods begin to be flagged by their sound."""

PENALTY_C = 1.0
FOLDS = 5
MANY_GROUPS = 2_000
MINIMUM_OF_A_CLASS = 10

TARGET_PRECISION = 0.95
"""The line is the lowest at which this share of out-of-fold flags was right."""


def build_pipeline() -> Pipeline:
    """Return an unfitted pipeline over columns `FEATURES` followed by the embedding; `fit` fits it."""
    evidence = slice(0, len(FEATURES))
    scale = ColumnTransformer(
        [("evidence", MaxAbsScaler(), evidence), ("embedding", "passthrough", slice(len(FEATURES), None))],
        transformer_weights={"evidence": 1.0, "embedding": EMBEDDING_WEIGHT},
    )
    return Pipeline([("scale", scale), ("weigh", LogisticRegression(C=PENALTY_C))])


def fit(
    pipeline: Pipeline,
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    weights: NDArray[np.float64],
) -> Pipeline:
    """Fit the pipeline, with what can speak only for an offer, or only against one, kept from the contrary.

    The last step stays scikit-learn's own class, its weights put in: model files hold no type of ours.
    """
    scaled = np.asarray(pipeline.named_steps["scale"].fit_transform(features), dtype=np.float64)
    weigh = pipeline.named_steps["weigh"]
    coefficients, constant = fit_signed(
        scaled, labels, weights=weights, bounds=_bounds(scaled.shape[1]), penalty_c=weigh.C
    )
    weigh.classes_, weigh.n_features_in_ = np.array([0, 1]), scaled.shape[1]
    weigh.coef_, weigh.intercept_ = coefficients[None, :], np.array([constant])
    return pipeline


def _bounds(columns: int) -> list[Bounds]:
    evidence: list[Bounds] = [
        (0, None) if name in NEVER_AGAINST else (None, 0) if name in NEVER_FOR else FREE for name in FEATURES
    ]
    return evidence + [FREE] * (columns - len(FEATURES))


def fit_with_folds(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    *,
    groups: Sequence[str],
    weights: NDArray[np.float64],
    seed: int,
) -> tuple[Pipeline, float, NDArray[np.float64]]:
    """Fit the pipeline, fold its calibration into the weights, and choose the line.

    Calibration and line come from out-of-fold scores in which no group was split.

    Args:
        features: float32 of shape (n, len(FEATURES) + dimensions).
        labels: 0 or 1, shape (n,).
        groups: A name per row.
        weights: Positive, shape (n,).
        seed: Of the folds.

    Returns:
        The fitted pipeline, whose `predict_proba` is calibrated, the threshold in [0, 1], and each row's
        calibrated probability by the fold that did not see it.

    Raises:
        TooFewLabels: If either class has fewer than `MINIMUM_OF_A_CLASS` rows.
        TooFewSellers: If either class has one group, so that no fold could hold it out.
    """
    _check_enough(labels, groups)
    distinct = len(set(groups))
    # Many groups are even in both classes by chance, and to stratify them takes a millisecond each.
    kind = StratifiedGroupKFold if distinct <= MANY_GROUPS else GroupKFold
    folds = kind(min(FOLDS, distinct), shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # Small label sets cannot be stratified by group exactly; the folds are still disjoint by group.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        parts = list(folds.split(features, labels, groups=list(groups)))
    sums = np.empty(len(labels))
    for known, held_out in parts:
        fold = fit(build_pipeline(), features[known], labels[known], weights[known])
        sums[held_out] = fold.decision_function(features[held_out])
    platt = LogisticRegression(C=1e6).fit(sums.reshape(-1, 1), labels, sample_weight=weights)
    slope, shift = max(float(platt.coef_[0, 0]), 1e-6), float(platt.intercept_[0])
    pipeline = fit(build_pipeline(), features, labels, weights)
    weigh = pipeline.named_steps["weigh"]
    weigh.coef_ = weigh.coef_ * slope
    weigh.intercept_ = weigh.intercept_ * slope + shift
    probabilities = sigmoid(sums * slope + shift)
    return pipeline, choose_threshold(labels, probabilities, weights), probabilities


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


def log_odds_terms(pipeline: Pipeline, features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return each column's term of the score's sum.

    Returns:
        float64 of shape (n, columns); a row's sum plus `intercept(pipeline)` is its log-odds.
    """
    scaled = np.asarray(pipeline.named_steps["scale"].transform(features), dtype=np.float64)
    terms: NDArray[np.float64] = scaled * pipeline.named_steps["weigh"].coef_[0]
    return terms


def intercept(pipeline: Pipeline) -> float:
    """Return the constant of the score's sum, in log-odds."""
    return float(pipeline.named_steps["weigh"].intercept_[0])


def sigmoid(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities in [0, 1] of the same shape."""
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -60, 60)))
