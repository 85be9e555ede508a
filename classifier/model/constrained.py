"""Fit a logistic regression in which some weights must not be negative, or not be positive.

Correlated evidence shares its weight at random. `promises stealth` could lower a score because `signs of
hiding` already counts it, and the reason shown would be absurd. So evidence for an offer must not lower a
score, and evidence against an offer must not raise it. Scikit-learn's regression has no bounds; SciPy's
L-BFGS-B minimises the loss within bounds (decision 70).

Words occur in few rows and evidence in many. So each search scales every weight by the curvature of the loss;
with word columns, this takes a third of the steps.
"""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, minimize
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

Ends = tuple[float, float]
Loss = tuple[float, "NDArray[np.float64]"]
"""Returns the loss at a point and its gradient."""
FREE: Ends = (-np.inf, np.inf)
MOST_STEPS = 2_000
TOLERANCE = 1e-7
"""A search ends when one step lowers the loss by less than this share."""
FIRST_TOLERANCE = 1e-3
"""The same for a first search from 0, whose scales come from a distant point."""
PARTS = 2
"""Parts of the rows whose losses are computed in parallel."""
PENALTY = 1.0
"""Curvature of the penalty along each weight; it also keeps the scale of the intercept finite."""


def fit_constrained(
    dense: NDArray[np.float64],
    sparse: csr_matrix,
    labels: NDArray[np.int64],
    *,
    weights: NDArray[np.float64],
    bounds: Sequence[Ends],
    penalty_c: float,
    start: tuple[NDArray[np.float64], float] | None = None,
) -> tuple[NDArray[np.float64], float]:
    """Return the best weights within the bounds, in the order of the columns, and the intercept.

    The start affects only the duration of the search, because the loss has a single minimum.

    Args:
        dense: The first columns, of shape (n, some).
        sparse: The columns after them, of shape (n, others); a column without any value gets the weight 0.
        labels: 0 or 1, shape (n,).
        weights: Positive, shape (n,).
        bounds: Lowest and highest weight of the first columns. All other weights are free.
        penalty_c: Same as `C` of `sklearn.linear_model.LogisticRegression`; the intercept is not penalised.
        start: The result for other rows with the same columns; None begins at 0.

    Warns:
        ConvergenceWarning: If a search does not end within `MOST_STEPS`; the result is within the bounds.
    """
    used = np.flatnonzero(sparse.getnnz(axis=0))
    columns = np.append(np.arange(dense.shape[1]), dense.shape[1] + used)
    lowest, highest = _ends(bounds, len(columns) + 1)
    point = np.zeros(len(columns) + 1) if start is None else np.append(start[0][columns], start[1])
    signs = np.where(labels > 0, 1.0, -1.0)
    rows = _Rows(dense=dense, sparse=sparse[:, used], signs=signs, weights=penalty_c * weights)
    # At these sizes, a second BLAS thread waits longer than it saves.
    with _libraries().limit(limits=1, user_api="blas"), ThreadPoolExecutor(PARTS) as pool:
        loss = _in_parallel(rows, pool)
        for tolerance in (FIRST_TOLERANCE, TOLERANCE) if start is None else (TOLERANCE,):
            units = 1.0 / np.sqrt(rows.curvature(point) + PENALTY)
            point = _search(loss, point, units, (lowest, highest), tolerance)
    fitted = np.zeros(dense.shape[1] + sparse.shape[1])
    fitted[columns] = point[:-1]
    return fitted, float(point[-1])


@cache
def _libraries() -> ThreadpoolController:
    """Return the BLAS libraries of NumPy and SciPy, which are already loaded; the search takes 10 ms."""
    return ThreadpoolController()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Rows with their loss as a function of the column weights and, last, the intercept."""

    dense: NDArray[np.float64]
    sparse: csr_matrix
    signs: NDArray[np.float64]
    """1 for an offer, -1 for any other row."""
    weights: NDArray[np.float64]

    def part(self, rows: slice) -> _Rows:
        """Return a slice of the rows."""
        return _Rows(
            dense=self.dense[rows],
            sparse=self.sparse[rows],
            signs=self.signs[rows],
            weights=self.weights[rows],
        )

    def sums(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log-odds of each row."""
        split = self.dense.shape[1]
        return np.asarray(self.dense @ point[:split] + self.sparse @ point[split:-1] + point[-1])

    def loss(self, point: NDArray[np.float64]) -> Loss:
        """Return the loss at a point and its gradient, both without the penalty."""
        against = -self.signs * self.sums(point)
        pull = -self.weights * self.signs * expit(against)
        slope = np.concatenate([pull @ self.dense, pull @ self.sparse, [pull.sum()]])
        return float(self.weights @ np.logaddexp(0, against)), slope

    def curvature(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the curvature of the loss along each weight, without the penalty."""
        found = expit(self.sums(point))
        each = self.weights * found * (1 - found)
        squares = self.sparse.multiply(self.sparse).T @ each
        return np.concatenate([np.einsum("ij,ij,i->j", self.dense, self.dense, each), squares, [each.sum()]])


def _in_parallel(rows: _Rows, pool: ThreadPoolExecutor) -> Callable[[NDArray[np.float64]], Loss]:
    """Return the loss with the penalty, computed for parts of the rows in parallel.

    The number of parts is the same on all machines, so that all of them add the same numbers in the same
    order.
    """
    cuts = np.linspace(0, len(rows.signs), PARTS + 1).astype(int)
    parts = [rows.part(slice(begin, end)) for begin, end in pairwise(cuts)]

    def loss(point: NDArray[np.float64]) -> Loss:
        values, slopes = zip(*pool.map(lambda part: part.loss(point), parts), strict=True)
        penalised = np.append(point[:-1], 0.0)
        return sum(values) + 0.5 * PENALTY * float(penalised @ penalised), sum(slopes) + PENALTY * penalised

    return loss


def _search(
    loss: Callable[[NDArray[np.float64]], Loss],
    point: NDArray[np.float64],
    units: NDArray[np.float64],
    ends: tuple[NDArray[np.float64], NDArray[np.float64]],
    tolerance: float,
) -> NDArray[np.float64]:
    """Return the point of least loss within the bounds, searching in the given units from `point`."""

    def measured(point: NDArray[np.float64]) -> Loss:
        value, slope = loss(point * units)
        return value, slope * units

    found = minimize(
        measured,
        point / units,
        jac=True,
        method="L-BFGS-B",
        bounds=Bounds(ends[0] / units, ends[1] / units),
        options={"maxiter": MOST_STEPS, "ftol": tolerance},
    )
    if found.nit >= MOST_STEPS:
        warnings.warn(
            f"A search for weights stopped after {MOST_STEPS} steps, before it found the best weights.",
            ConvergenceWarning,
            stacklevel=3,
        )
    return np.asarray(found.x * units)


def _ends(bounds: Sequence[Ends], columns: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest and the highest weights, each of shape (columns,)."""
    ends = np.tile(np.array(FREE)[:, None], columns)
    ends[:, : len(bounds)] = np.array(bounds).reshape(-1, 2).T
    return ends[0], ends[1]
