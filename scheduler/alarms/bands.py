"""The usual band of a number, learnt from its own history; and how far two distributions lie apart."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from store.operations.overview import Band

if TYPE_CHECKING:
    from collections.abc import Sequence

HISTORY = 30
"""How many runs a band is learnt from."""

MIN_HISTORY = 5
"""Of fewer runs nothing is learnt, so nothing is out of the ordinary."""

SPREADS = 4.0
"""How many robust standard deviations around the median are ordinary."""

MAD_TO_SD = 1.4826
"""The standard deviation of a normal distribution over its median absolute deviation."""

LEAST_SHARE = 0.25
"""The least half-width, as a share of the median: a source that always gave 40 may give 30."""

LEAST_COUNT = 3.0
"""The least half-width of a band of counts, for small ones."""


def usual_band(history: Sequence[float], *, least: float = LEAST_COUNT) -> Band | None:
    """Return the band around the median of past values, or None when they are too few to learn from.

    Median and median absolute deviation, so that a bad day in the history does not widen it.

    >>> usual_band([40, 42, 38, 41, 40])
    Band(low=30.0, usual=40, high=50.0, runs=5)
    >>> usual_band([40, 42]) is None
    True

    Args:
        history: Values of earlier runs.
        least: The least half-width, in the unit of the values.
    """
    if len(history) < MIN_HISTORY:
        return None
    middle = median(history)
    spread = MAD_TO_SD * median(abs(value - middle) for value in history)
    half = max(SPREADS * spread, LEAST_SHARE * middle, least)
    return Band(low=max(0.0, middle - half), usual=middle, high=middle + half, runs=len(history))


def stability_index(before: Sequence[int], after: Sequence[int]) -> float:
    """Return the population stability index between two histograms over the same bands.

    The sum of (a - b) ln(a / b) over the shares; one is added to each count so that an empty band is no
    infinity. By custom of credit scoring below 0.1 is no change and above 0.25 a large one.

    >>> stability_index([90, 10], [90, 10])
    0.0
    """
    first = [(count + 1) / (sum(before) + len(before)) for count in before]
    second = [(count + 1) / (sum(after) + len(after)) for count in after]
    return sum((b - a) * math.log(b / a) for a, b in zip(first, second, strict=True))
