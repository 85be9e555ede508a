"""How good probabilities are against labels: pure functions over arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 10


def average_precision(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    """Return the area under the precision-recall steps; NaN when one class is missing."""
    if len(np.unique(labels)) < 2:
        return float("nan")
    return float(average_precision_score(labels, scores))


def resampled_average_precision(
    labels: NDArray[np.int64], scores: NDArray[np.float64], draws: NDArray[np.int16]
) -> NDArray[np.float64]:
    """Return the average precision of each resample; the rows are sorted once for all of them.

    Args:
        labels: 0 or 1, shape (n,).
        scores: Shape (n,).
        draws: How often each row was drawn, shape (resamples, n).

    Returns:
        Shape (resamples,); NaN where no offer was drawn.
    """
    order = np.argsort(-scores, kind="stable")
    offers = labels[order]
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))  # of rows with one score
    found = np.empty(len(draws))
    for index, draw in enumerate(draws):
        drawn = draw[order].astype(np.int64)
        hits, flags = np.cumsum(drawn * offers)[ends], np.cumsum(drawn)[ends]
        steps = np.diff(hits, prepend=0) * hits / np.maximum(flags, 1)
        found[index] = steps.sum() / hits[-1] if hits[-1] else np.nan
    return found


def recall_at_precision(labels: NDArray[np.int64], scores: NDArray[np.float64], wanted: float) -> float:
    """Return the highest recall at which precision is at least `wanted`; 0 if it never is."""
    if not labels.sum():
        return float("nan")
    precision, recall, _lines = precision_recall_curve(labels, scores)
    return float(recall[precision >= wanted].max(initial=0.0))


def precision_recall(labels: NDArray[np.int64], flagged: NDArray[np.bool_]) -> tuple[float, float]:
    """Return precision and recall of a flag; NaN where there is nothing to divide by."""
    hits = float((flagged & (labels == 1)).sum())
    flags, offers = float(flagged.sum()), float(labels.sum())
    return hits / flags if flags else float("nan"), hits / offers if offers else float("nan")


def calibration_error(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    """Return the expected calibration error over ten equal bins (Naeini et al., AAAI 2015), in [0, 1]."""
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    gaps = [
        abs(labels[bins == index].mean() - probabilities[bins == index].mean()) * (bins == index).mean()
        for index in range(BINS)
        if (bins == index).any()
    ]
    return float(sum(gaps))


def summary(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64], threshold: float
) -> dict[str, float | int | None]:
    """Return the figures that every card shows, rounded to four places; None where there is none."""
    precision, recall = precision_recall(labels, probabilities >= threshold)
    figures = {
        "average_precision": average_precision(labels, probabilities),
        "recall_at_95_precision": recall_at_precision(labels, probabilities, 0.95),
        "recall_at_90_precision": recall_at_precision(labels, probabilities, 0.90),
        "precision": precision,
        "recall": recall,
        "calibration_error": calibration_error(labels, probabilities),
    }
    counts = {
        "rows": len(labels),
        "offers": int(labels.sum()),
        "flagged": int((probabilities >= threshold).sum()),
    }
    rounded = {name: None if math.isnan(value) else round(value, 4) for name, value in figures.items()}
    return {**counts, **rounded}
