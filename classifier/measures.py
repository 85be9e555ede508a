"""Measure scores against labels, with intervals, in pure functions over arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn import config_context
from sklearn.metrics import average_precision_score, precision_recall_curve

from store.review.statistics import wilson_interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

BINS = 10
"""Equal bins of [0, 1] for measuring calibration."""

RESAMPLES = 200
"""Bootstrap resamples; an interval is their central 95 %."""


def average_precision(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    """Return the area under the precision-recall steps; NaN if a class is missing."""
    if len(np.unique(labels)) < 2:
        return float("nan")
    return float(average_precision_score(labels, scores))


def resampled_average_precision(
    labels: NDArray[np.int64], scores: NDArray[np.float64], draws: NDArray[np.int16]
) -> NDArray[np.float64]:
    """Return the average precision of each resample; NaN where no offer was drawn.

    The rows are sorted only once. `draws` has the number of times that each row was drawn: shape (resamples,
    n).
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
    """Return the highest recall at a precision of at least `wanted`; 0 if none, NaN without offers."""
    if not labels.sum():
        return float("nan")
    precision, recall, _thresholds = precision_recall_curve(labels, scores)
    return float(recall[precision >= wanted].max(initial=0.0))


def precision_recall(labels: NDArray[np.int64], flagged: NDArray[np.bool_]) -> tuple[float, float]:
    """Return precision and recall of flags; NaN where the denominator is 0."""
    hits = float((flagged & (labels == 1)).sum())
    flags, offers = float(flagged.sum()), float(labels.sum())
    return hits / flags if flags else float("nan"), hits / offers if offers else float("nan")


def bin_of(probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the number of the bin, from 0 to `BINS` - 1, of each probability."""
    return np.minimum((probabilities * BINS).astype(np.int64), BINS - 1)


def calibration_error(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    """Return the expected calibration error over ten equal bins (Naeini et al., AAAI 2015), in [0, 1]."""
    bins = bin_of(probabilities)
    gaps = [
        abs(labels[bins == index].mean() - probabilities[bins == index].mean()) * (bins == index).mean()
        for index in np.unique(bins)
    ]
    return float(sum(gaps))


def summary(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64], threshold: float
) -> dict[str, float | int | None]:
    """Return the figures of a model card, rounded to four places; None where a figure does not exist."""
    precision, recall = precision_recall(labels, probabilities >= threshold)
    return {
        "rows": len(labels),
        "offers": int(labels.sum()),
        "flagged": int((probabilities >= threshold).sum()),
        "average_precision": rounded(average_precision(labels, probabilities)),
        "recall_at_95_precision": rounded(recall_at_precision(labels, probabilities, 0.95)),
        "recall_at_90_precision": rounded(recall_at_precision(labels, probabilities, 0.90)),
        "precision": rounded(precision),
        "recall": rounded(recall),
        "calibration_error": rounded(calibration_error(labels, probabilities)),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure with its 95 % interval; None where the rows do not determine it."""

    value: float | None
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.value is None or self.low is None or self.high is None:
            return "-"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Labelled rows with the scores of one method."""

    name: str
    labels: NDArray[np.int64]
    scores: NDArray[np.float64]
    threshold: float

    @property
    def flagged(self) -> NDArray[np.bool_]:
        """Which rows reach the threshold."""
        return self.scores >= self.threshold


def figures_of(scored: Scored, *, budget: int, seed: int) -> dict[str, Figure]:
    """Return all figures of one method that the rows determine.

    Rows of one class give only the share flagged, with its Wilson interval. All other figures have bootstrap
    intervals.

    Args:
        scored: Labels and scores in one order.
        budget: Listings that people can review. Precision and recall of the `budget` highest scores are added
            if there are more rows.
        seed: The seed of the bootstrap.
    """
    if not has_both(scored.labels):
        name = "recall at the threshold" if scored.labels.all() else "share flagged at the threshold"
        return {name: share_of(scored.flagged)}
    measures: dict[str, Callable[[NDArray[np.int64], NDArray[np.float64]], float]] = {
        "average precision": average_precision,
        "recall at 95 % precision": lambda y, p: recall_at_precision(y, p, 0.95),
        "recall at 90 % precision": lambda y, p: recall_at_precision(y, p, 0.90),
        "precision at the threshold": lambda y, p: precision_recall(y, p >= scored.threshold)[0],
        "recall at the threshold": lambda y, p: precision_recall(y, p >= scored.threshold)[1],
    }
    if budget < len(scored.labels):
        measures |= {
            f"precision of the first {budget}": lambda y, p: _found(y, p, budget) / budget,
            f"recall of the first {budget}": lambda y, p: (
                _found(y, p, budget) / y.sum() if y.any() else np.nan
            ),
        }
    picks = np.random.default_rng(seed).integers(0, len(scored.labels), (RESAMPLES, len(scored.labels)))
    return {
        **{name: _interval(measure, scored, picks) for name, measure in measures.items()},
        "calibration error": _interval(calibration_error, scored, picks, is_biased=True),
    }


def has_both(labels: NDArray[np.int64]) -> bool:
    """Return whether the labels contain both offers and others."""
    return bool(labels.any() and not labels.all())


def share_of(hits: NDArray[np.bool_]) -> Figure:
    """Return the share of hits with its 95 % Wilson interval; there must be at least one row."""
    low, high = wilson_interval(int(hits.sum()), len(hits))
    return Figure(value=rounded(float(hits.mean())), low=rounded(low), high=rounded(high))


def rounded(value: float) -> float | None:
    """Return the value rounded to four places, or None for NaN, which JSON lacks."""
    return None if np.isnan(value) else round(float(value), 4)


def _found(labels: NDArray[np.int64], scores: NDArray[np.float64], budget: int) -> float:
    """Return the expected number of offers among the `budget` highest rows.

    Rows with equal scores at the cut share the remaining places, so that their order in the file does not
    matter.
    """
    cut = np.partition(scores, -budget)[-budget]
    above, at = scores > cut, scores == cut
    return float(labels[above].sum() + labels[at].mean() * (budget - above.sum()))


def _interval(
    measure: Callable[[NDArray[np.int64], NDArray[np.float64]], float],
    scored: Scored,
    picks: NDArray[np.int64],
    *,
    is_biased: bool = False,
) -> Figure:
    """Return the measure with the central 95 % of its resamples.

    Chance and repeated rows increase a biased measure, such as a distance. The mean excess over the value is
    subtracted, or the interval of a well-calibrated model would miss the value.
    """
    value = measure(scored.labels, scored.scores)
    # the resamples are rows of what has just been measured, so scikit-learn need not validate each one
    with config_context(assume_finite=True, skip_parameter_validation=True):
        values = np.array([measure(scored.labels[pick], scored.scores[pick]) for pick in picks])
    values = values[~np.isnan(values)]
    if is_biased:
        values = np.maximum(values - values.mean() + value, 0)
    low, high = np.quantile(values, (0.025, 0.975)) if len(values) else (np.nan, np.nan)
    return Figure(value=rounded(value), low=rounded(low), high=rounded(high))
