"""Logistic regression in which some weights may have one sign only.

Evidence that hangs together shares its weight among itself as chance has it: `promises stealth` would lower a
score because `signs of hiding` beside it already counts it, and the reason shown would be absurd. So what can
only speak for an offer is kept from speaking against it, and the other way round. scikit-learn's logistic
regression knows no bounds; its loss and its penalty, minimised by SciPy's L-BFGS-B, do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Bounds = tuple[float | None, float | None]
FREE: Bounds = (None, None)
MOST_STEPS = 2_000
NEAR_ENOUGH = 1e-10
"""Relative fall of the loss in one step at which the search ends."""


def fit_signed(
    columns: NDArray[np.float64],
    labels: NDArray[np.int64],
    *,
    weights: NDArray[np.float64],
    bounds: Sequence[Bounds],
    penalty_c: float,
) -> tuple[NDArray[np.float64], float]:
    """Return the weights, of shape (columns,), and the intercept that fit best within the bounds.

    Args:
        columns: Shape (n, columns).
        labels: 0 or 1, shape (n,).
        weights: Positive, shape (n,).
        bounds: Lowest and highest weight of each column; None for no bound.
        penalty_c: As `C` of `sklearn.linear_model.LogisticRegression`; the intercept is not penalised.
    """
    signs = np.where(labels > 0, 1.0, -1.0)

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        against = -signs * (columns @ point[:-1] + point[-1])
        value = penalty_c * float(weights @ np.logaddexp(0, against)) + 0.5 * float(point[:-1] @ point[:-1])
        pull = -penalty_c * weights * signs * expit(against)
        return value, np.append(columns.T @ pull + point[:-1], pull.sum())

    found = minimize(
        loss,
        np.zeros(columns.shape[1] + 1),
        jac=True,
        method="L-BFGS-B",
        bounds=[*bounds, FREE],
        options={"maxiter": MOST_STEPS, "ftol": NEAR_ENOUGH},
    )
    return np.asarray(found.x[:-1], dtype=np.float64), float(found.x[-1])
