"""Logistic regression in which some weights may have one sign only.

Evidence that hangs together shares its weight among itself as chance has it: `promises stealth` would lower a
score because `signs of hiding` beside it already counts it, and the reason shown would be absurd. So what can
only speak for an offer is kept from speaking against it, and the other way round. scikit-learn's logistic
regression knows no bounds, and SciPy's L-BFGS-B is many times slower as soon as it has some. So the loss is
minimised without them, weights on the wrong side are held at 0, and it is minimised again, until nothing is
to be held or let go.

Words stand in few rows and evidence in many, so that each round measures every weight by the loss's curvature
along it: with words among the columns, a search takes a third of the steps.
"""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

Ends = tuple[float, float]
Loss = tuple[float, "NDArray[np.float64]"]
"""Of a point, with its slope."""
FREE: Ends = (-np.inf, np.inf)
MOST_STEPS = 2_000
MOST_ROUNDS = 20
"""Of holding weights and letting them go; three or four do."""
TOLERANCE = 1e-7
"""Relative fall of the loss in one step at which a search ends."""
FIRST_TOLERANCE = 1e-3
"""The same of a first round from afar, whose measures are those of the far point."""
PARTS = 2
"""Of the rows, whose losses are worked out side by side."""
PENALTY = 1.0
"""Curvature of the penalty along each weight; it keeps a measure of the intercept finite, too."""


def fit_signed(
    dense: NDArray[np.float64],
    sparse: csr_matrix,
    labels: NDArray[np.int64],
    *,
    weights: NDArray[np.float64],
    bounds: Sequence[Ends],
    penalty_c: float,
    start: tuple[NDArray[np.float64], float] | None = None,
) -> tuple[NDArray[np.float64], float]:
    """Return the weights of all columns, in their order, and the intercept that fit best within the bounds.

    Where the search begins decides how long it takes, not where it ends: the loss has one minimum.

    Args:
        dense: The first columns, of shape (n, some).
        sparse: The columns after them, of shape (n, others); a column without any value weighs nothing.
        labels: 0 or 1, shape (n,).
        weights: Positive, shape (n,).
        bounds: Lowest and highest weight of the first columns, each infinite or 0. Those after them are free.
        penalty_c: As `C` of `sklearn.linear_model.LogisticRegression`; the intercept is not penalised.
        start: What this function returned for other rows with the same columns; None begins at 0.

    Warns:
        ConvergenceWarning: If `MOST_ROUNDS` leave some to be held or let go, or `MOST_STEPS` do not end
            one of them; the bounds hold all the same.
    """
    used = np.flatnonzero(sparse.getnnz(axis=0))
    columns = np.append(np.arange(dense.shape[1]), dense.shape[1] + used)
    lowest, highest = _ends(bounds, len(columns) + 1)
    begin = np.zeros(len(columns) + 1) if start is None else np.append(start[0][columns], start[1])
    signs = np.where(labels > 0, 1.0, -1.0)
    rows = _Rows(dense=dense, sparse=sparse[:, used], signs=signs, weights=penalty_c * weights)
    # Of BLAS, a second thread costs these sizes more in waiting than it takes over.
    with _libraries().limit(limits=1, user_api="blas"), ThreadPoolExecutor(PARTS) as pool:
        problem = _Problem(loss=_shared_out(rows, pool), rows=rows, lowest=lowest, highest=highest)
        found = _minimum(problem, begin, is_near=start is not None)
    fitted = np.zeros(dense.shape[1] + sparse.shape[1])
    fitted[columns] = found[:-1]
    return fitted, float(found[-1])


@cache
def _libraries() -> ThreadpoolController:
    """Return the BLAS of NumPy and SciPy, which are loaded by now; to look for them takes 10 ms."""
    return ThreadpoolController()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Rows with what they tell of the weights of the columns and of the intercept, which is the last."""

    dense: NDArray[np.float64]
    sparse: csr_matrix
    signs: NDArray[np.float64]
    """1 of an offer, -1 of any other."""
    weights: NDArray[np.float64]

    def part(self, rows: slice) -> _Rows:
        """Return some of them."""
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
        """Return the loss of a point and its slope, both without the penalty's."""
        against = -self.signs * self.sums(point)
        pull = -self.weights * self.signs * expit(against)
        slope = np.concatenate([pull @ self.dense, pull @ self.sparse, [pull.sum()]])
        return float(self.weights @ np.logaddexp(0, against)), slope

    def curvature(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the loss's curvature along each weight, without the penalty's."""
        found = expit(self.sums(point))
        each = self.weights * found * (1 - found)
        squares = self.sparse.multiply(self.sparse).T @ each
        return np.concatenate([np.einsum("ij,ij,i->j", self.dense, self.dense, each), squares, [each.sum()]])


def _shared_out(rows: _Rows, pool: ThreadPoolExecutor) -> Callable[[NDArray[np.float64]], Loss]:
    """Return the loss with the penalty's, whose parts of the rows are worked out side by side.

    There are as many parts on any machine, so that all of them add up the same numbers in the same order.
    """
    cuts = np.linspace(0, len(rows.signs), PARTS + 1).astype(int)
    parts = [rows.part(slice(begin, end)) for begin, end in pairwise(cuts)]

    def loss(point: NDArray[np.float64]) -> Loss:
        values, slopes = zip(*pool.map(lambda part: part.loss(point), parts), strict=True)
        penalised = np.append(point[:-1], 0.0)
        return sum(values) + 0.5 * PENALTY * float(penalised @ penalised), sum(slopes) + PENALTY * penalised

    return loss


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    """A convex loss, with the ends of each weight: infinite or 0."""

    loss: Callable[[NDArray[np.float64]], Loss]
    rows: _Rows
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]


def _minimum(problem: _Problem, point: NDArray[np.float64], *, is_near: bool) -> NDArray[np.float64]:
    """Return the point within the bounds at which the loss is least, searched from `point`.

    Weights that are 0 at a near start were held there; from anywhere else, the first round only comes near.
    """
    bounded = np.isfinite(problem.lowest) | np.isfinite(problem.highest)
    held = bounded & (point == 0) & is_near
    for _round in range(MOST_ROUNDS):
        point = _searched(problem, point, held, TOLERANCE if is_near else FIRST_TOLERANCE)
        wrong = (point < problem.lowest) | (point > problem.highest)
        point[wrong] = 0.0
        # Held at 0, a weight is let go again where a step to its own side would lower the loss.
        fall = -problem.loss(point)[1]
        inwards = held & (((fall > 0) & (problem.highest > 0)) | ((fall < 0) & (problem.lowest < 0)))
        if is_near and not wrong.any() and not inwards.any():
            return point
        held, is_near = (held | wrong) & ~inwards, True
    warnings.warn(
        f"Which weights to hold at 0 was not settled in {MOST_ROUNDS} rounds; they are nearly the best.",
        ConvergenceWarning,
        stacklevel=3,
    )
    return point


def _searched(
    problem: _Problem, point: NDArray[np.float64], held: NDArray[np.bool_], tolerance: float
) -> NDArray[np.float64]:
    """Return where the loss is least with some weights held at 0, bounds aside."""
    units = 1.0 / np.sqrt(problem.rows.curvature(point) + PENALTY)

    def measured(point: NDArray[np.float64]) -> Loss:
        value, slope = problem.loss(point * units)
        return value, np.where(held, 0.0, slope * units)

    options = {"maxiter": MOST_STEPS, "ftol": tolerance}
    found = minimize(measured, point / units, jac=True, method="L-BFGS-B", options=options)
    if found.nit >= MOST_STEPS:
        warnings.warn(
            f"A search for weights ended after {MOST_STEPS} steps, not at the best ones.",
            ConvergenceWarning,
            stacklevel=4,
        )
    return np.asarray(found.x * units)


def _ends(bounds: Sequence[Ends], columns: int) -> NDArray[np.float64]:
    """Return the lowest and the highest weights, each of shape (columns,)."""
    ends = np.tile(np.array(FREE)[:, None], columns)
    ends[:, : len(bounds)] = np.array(bounds).reshape(-1, 2).T
    return ends
