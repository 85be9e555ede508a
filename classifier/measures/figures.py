"""The figures of one way of scoring on labelled rows, each with its interval: arrays to numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from classifier.measures.metrics import (
    average_precision,
    calibration_error,
    precision_recall,
    recall_at_precision,
)
from store.review.samples import wilson_interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

RESAMPLES = 200
"""Bootstrap resamples; intervals are the central 95 % of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure with its 95 % interval; None where it cannot be had."""

    value: float | None
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.value is None or self.low is None or self.high is None:
            return "-"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Labelled rows as one way of scoring sees them."""

    name: str
    labels: NDArray[np.int64]
    scores: NDArray[np.float64]
    threshold: float

    @property
    def flagged(self) -> NDArray[np.bool_]:
        """Which rows lie on the line or above."""
        return self.scores >= self.threshold


def figures_of(scored: Scored, *, budget: int, seed: int) -> dict[str, Figure]:
    """Return every figure that the rows allow of one way of scoring.

    Of rows of one class only the share that is flagged can be told, with its Wilson interval; all other
    figures have bootstrap intervals.

    Args:
        scored: Labels and scores in one order.
        budget: How many listings a person reads: precision and recall of the `budget` highest, where there
            are more rows than that.
        seed: Of the bootstrap.
    """
    if not has_both(scored.labels):
        name = "recall at the line" if scored.labels.all() else "share flagged at the line"
        return {name: share_of(scored.flagged)}
    measures: dict[str, Callable[[NDArray[np.int64], NDArray[np.float64]], float]] = {
        "average precision": average_precision,
        "recall at 95 % precision": lambda y, p: recall_at_precision(y, p, 0.95),
        "recall at 90 % precision": lambda y, p: recall_at_precision(y, p, 0.90),
        "precision at the line": lambda y, p: precision_recall(y, p >= scored.threshold)[0],
        "recall at the line": lambda y, p: precision_recall(y, p >= scored.threshold)[1],
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
    """Return whether there are offers and others."""
    return bool(labels.any() and not labels.all())


def share_of(hits: NDArray[np.bool_]) -> Figure:
    """Return the share of hits among at least one row, with its 95 % Wilson interval."""
    low, high = wilson_interval(int(hits.sum()), len(hits))
    return Figure(value=rounded(float(hits.mean())), low=rounded(low), high=rounded(high))


def rounded(value: float) -> float | None:
    """Return the value to four places, or None for NaN, which JSON does not know."""
    return None if np.isnan(value) else round(float(value), 4)


def _found(labels: NDArray[np.int64], scores: NDArray[np.float64], budget: int) -> float:
    """Return how many offers are expected among the `budget` highest rows.

    Rows of one score come in no order: those at the cut share the places that are left. By the order of
    the file they would be counted as somebody happened to write them down.
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

    A biased one grows by chance alone, as distances do, and resamples repeat rows: what they lie above the
    value on average is taken off, or the interval would pass by the value of a well-calibrated model.
    """
    value = measure(scored.labels, scored.scores)
    values = np.array([measure(scored.labels[pick], scored.scores[pick]) for pick in picks])
    values = values[~np.isnan(values)]
    if is_biased:
        values = np.maximum(values - values.mean() + value, 0)
    low, high = np.quantile(values, (0.025, 0.975)) if len(values) else (np.nan, np.nan)
    return Figure(value=rounded(value), low=rounded(low), high=rounded(high))
