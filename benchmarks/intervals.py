"""Average precision, recall and precision of several ways of scoring, with paired bootstrap intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

RESAMPLES = 300
PRECISION = 0.95
"""The precision at which recall is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure and the central 95 % of its bootstrap resamples; NaN where it cannot be had."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return "-" if np.isnan(self.value) else f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """How one way of scoring orders and flags the rows of one set."""

    average_precision: Interval
    recall_at_precision: Interval
    """Highest recall at which precision is at least `PRECISION`."""
    precision: Interval
    """At the line."""
    recall: Interval
    """At the line."""
    ap_margin: Interval | None = None
    """Average precision of the first way less this one's, on the same resamples; None for the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way of scoring: a score for each row, and the line from which it flags."""

    scores: NDArray[np.float64]
    line: float


def curves_of(
    labels: NDArray[np.int64], ways: Mapping[str, Way], *, seed: int, precision: float = PRECISION
) -> dict[str, Curve]:
    """Return the figures of each way of scoring on the same rows and the same resamples of them.

    Args:
        labels: 0 or 1, shape (n,).
        ways: Scores in the order of the labels; the first way is the one others are held against.
        seed: Of the resamples. Rows are drawn one by one: near copies make the intervals too narrow.
        precision: The precision at which recall is asked for.
    """
    everything = np.ones((1, len(labels)), dtype=np.int64)
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(len(labels), np.full(len(labels), 1 / len(labels)), RESAMPLES)
    found: dict[str, Curve] = {}
    first: NDArray[np.float64] | None = None
    for name, way in ways.items():
        table = np.vstack([_figures(labels, way, draw, precision) for draw in (*everything, *draws)])
        figures = [interval(table[:, column]) for column in range(table.shape[1])]
        margin = None if first is None else interval(first - table[:, 0])
        first = table[:, 0] if first is None else first
        found[name] = Curve(
            average_precision=figures[0],
            recall_at_precision=figures[1],
            precision=figures[2],
            recall=figures[3],
            ap_margin=margin,
        )
    return found


def interval(values: NDArray[np.float64]) -> Interval:
    """Return the first value with the interval that the others span."""
    resampled = values[1:][~np.isnan(values[1:])]
    low, high = np.quantile(resampled, (0.025, 0.975)) if len(resampled) else (np.nan, np.nan)
    return Interval(value=float(values[0]), low=float(low), high=float(high))


def _figures(
    labels: NDArray[np.int64], way: Way, draw: NDArray[np.int64], least: float
) -> NDArray[np.float64]:
    """Return average precision, recall at `least`, and precision and recall at the line, of one resample."""
    order = np.argsort(-way.scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(way.scores[order]) != 0, True))  # of rows with one score
    drawn = draw[order]
    hits, flags = np.cumsum(drawn * labels[order])[ends], np.cumsum(drawn)[ends]
    if not hits[-1]:
        return np.full(4, np.nan)
    precision = hits / np.maximum(flags, 1)
    average = float((np.diff(hits, prepend=0) * precision).sum() / hits[-1])
    recall = float((hits[precision >= least] / hits[-1]).max(initial=0.0))
    flagged = draw * (way.scores >= way.line)
    right = float((flagged * labels).sum())
    total = float(flagged.sum())
    return np.array([average, recall, right / total if total else np.nan, right / float(hits[-1])])


def wilson(wrong: int, of: int) -> Interval:
    """Return a share with its 95 % Wilson interval (Wilson, JASA 1927), which holds for small counts too."""
    if not of:
        return Interval(value=float("nan"), low=float("nan"), high=float("nan"))
    z, share = 1.96, wrong / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * np.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return Interval(value=share, low=max(0.0, middle - half), high=min(1.0, middle + half))
