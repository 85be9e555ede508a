"""Logistic regression in which some weights may have one sign only.

Evidence that hangs together shares its weight among itself as chance has it: `promises stealth` would lower a
score because `signs of hiding` beside it already counts it, and the reason shown would be absurd. So what can
only speak for an offer is kept from speaking against it, and the other way round. scikit-learn's logistic
regression knows no bounds, and SciPy's L-BFGS-B is many times slower as soon as it has some. So the loss is
minimised without them, weights on the wrong side are held at 0, and it is minimised again, until nothing is
to be held or let go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

Ends = tuple[float, float]
FREE: Ends = (-np.inf, np.inf)
MOST_STEPS = 2_000
MOST_ROUNDS = 20
"""Of holding weights and letting them go; three or four do."""
NEAR_ENOUGH = 1e-7
"""Relative fall of the loss in one step at which a search ends."""


def fit_signed(
    dense: NDArray[np.float64],
    sparse: csr_matrix,
    labels: NDArray[np.int64],
    *,
    weights: NDArray[np.float64],
    bounds: Sequence[Ends],
    penalty_c: float,
) -> tuple[NDArray[np.float64], float]:
    """Return the weights of all columns, in their order, and the intercept that fit best within the bounds.

    Args:
        dense: The first columns, of shape (n, some).
        sparse: The columns after them, of shape (n, others); a column without any value weighs nothing.
        labels: 0 or 1, shape (n,).
        weights: Positive, shape (n,).
        bounds: Lowest and highest weight of the first columns, each infinite or 0. Those after them are free.
        penalty_c: As `C` of `sklearn.linear_model.LogisticRegression`; the intercept is not penalised.
    """
    used = np.flatnonzero(sparse.getnnz(axis=0))
    rest = sparse[:, used]
    split = dense.shape[1]
    signs = np.where(labels > 0, 1.0, -1.0)

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        against = -signs * (dense @ point[:split] + rest @ point[split:-1] + point[-1])
        value = penalty_c * float(weights @ np.logaddexp(0, against)) + 0.5 * float(point[:-1] @ point[:-1])
        pull = -penalty_c * weights * signs * expit(against)
        slope = np.concatenate([pull @ dense, pull @ rest]) + point[:-1]
        return value, np.append(slope, pull.sum())

    lowest, highest = _ends(bounds, split + len(used) + 1)
    found = _minimum(loss, lowest, highest)
    fitted = np.zeros(split + sparse.shape[1])
    fitted[:split], fitted[split + used] = found[:split], found[split:-1]
    return fitted, float(found[-1])


def _minimum(
    loss: Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]],
    lowest: NDArray[np.float64],
    highest: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the point within the bounds at which a convex loss is least."""
    free = np.ones(len(lowest), dtype=bool)

    def held(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, slope = loss(point)
        return value, np.where(free, slope, 0.0)

    point = np.zeros(len(lowest))
    for _round in range(MOST_ROUNDS):
        point = minimize(
            held,
            point,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": MOST_STEPS, "ftol": NEAR_ENOUGH},
        ).x
        wrong = (point < lowest) | (point > highest)
        point[wrong] = 0.0
        # Held at 0, a weight is let go again where a step to its own side would lower the loss.
        fall = -loss(point)[1]
        inwards = ~free & (((fall > 0) & (highest > 0)) | ((fall < 0) & (lowest < 0)))
        if not wrong.any() and not inwards.any():
            break
        free = (free & ~wrong) | inwards
    return np.clip(point, lowest, highest)


def _ends(bounds: Sequence[Ends], columns: int) -> NDArray[np.float64]:
    """Return the lowest and the highest weights, each of shape (columns,)."""
    ends = np.tile(np.array(FREE)[:, None], columns)
    ends[:, : len(bounds)] = np.array(bounds).reshape(-1, 2).T
    return ends
