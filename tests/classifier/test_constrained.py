"""Weights keep to their side, and without a side they are scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from classifier.model import constrained
from classifier.model.constrained import FREE, fit_constrained

SEED = 7


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns of which the second speaks against what is labelled 1, with labels and weights."""
    drawn = np.random.default_rng(SEED)
    columns = drawn.normal(size=(400, 3))
    labels = (columns @ [2.0, -1.5, 0.5] + drawn.normal(size=400) > 0).astype(np.int64)
    return columns, labels, drawn.uniform(0.5, 2.0, size=400)


def test_without_bounds_it_is_scikit_learns(rows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    """The same loss and penalty give the same weights."""
    columns, labels, weights = rows
    first, others = columns[:, :2], csr_matrix(columns[:, 2:])
    found, constant = fit_constrained(first, others, labels, weights=weights, bounds=[], penalty_c=0.3)
    stock = LogisticRegression(C=0.3, tol=1e-8).fit(columns, labels, sample_weight=weights)
    assert found == pytest.approx(stock.coef_[0], abs=1e-3)
    assert constant == pytest.approx(stock.intercept_[0], abs=1e-3)


def test_a_weight_stays_on_its_side(rows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    """What may not speak against an offer is 0 where the rows say that it does; the others make up for it."""
    columns, labels, weights = rows
    bounds = [FREE, (0.0, np.inf), (-np.inf, 0.0)]
    nothing = csr_matrix((len(labels), 0))
    found, _constant = fit_constrained(
        columns, nothing, labels, weights=weights, bounds=bounds, penalty_c=1.0
    )
    assert found[0] > 1
    assert found[1:] == pytest.approx([0, 0])


def test_held_weights_are_those_of_a_bounded_search(rows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    """Where holding one weight moves the others, SciPy's bounded search finds the same."""
    columns, labels, weights = rows
    drawn = np.random.default_rng(SEED)
    mixed = np.hstack([columns @ drawn.normal(size=(3, 9)) + 0.5 * drawn.normal(size=(400, 9)), columns])
    bounds = [(0.0, np.inf)] * 5 + [(-np.inf, 0.0)] * 4 + [FREE] * 3
    nothing = csr_matrix((400, 0))
    found, constant = fit_constrained(mixed, nothing, labels, weights=weights, bounds=bounds, penalty_c=1.0)
    signs = np.where(labels > 0, 1.0, -1.0)

    def loss(point: np.ndarray) -> float:
        sums = mixed @ point[:-1] + point[-1]
        return float(weights @ np.logaddexp(0, -signs * sums) + 0.5 * point[:-1] @ point[:-1])

    bounded = minimize(loss, np.zeros(13), method="L-BFGS-B", bounds=[*bounds, FREE], tol=1e-12)
    assert np.append(found, constant) == pytest.approx(bounded.x, abs=5e-3)
    assert (found[:5] == 0).any()


@pytest.mark.parametrize("begins_held", [True, False])
def test_a_near_start_ends_where_a_far_one_does(
    rows: tuple[np.ndarray, np.ndarray, np.ndarray], *, begins_held: bool
) -> None:
    """Weights that other rows held are let go, and those that they let go are held."""
    columns, labels, weights = rows
    nothing = csr_matrix((len(labels), 0))

    def fit(labels: np.ndarray, **start: tuple[np.ndarray, float]) -> tuple[np.ndarray, float]:
        bounds = [(0.0, np.inf)] * 3
        return fit_constrained(
            columns, nothing, labels, weights=weights, bounds=bounds, penalty_c=1.0, **start
        )

    other, here = (labels, 1 - labels) if begins_held else (1 - labels, labels)
    far, constant = fit(here)
    near, same_constant = fit(here, start=fit(other))
    assert ((far == 0) == (near == 0)).all()
    assert near == pytest.approx(far, abs=2e-3)
    assert same_constant == pytest.approx(constant, abs=2e-3)


def test_a_search_that_is_cut_short_is_told(
    rows: tuple[np.ndarray, np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights that are not the best ones never pass for them, and keep their sides all the same."""
    columns, labels, weights = rows
    monkeypatch.setattr(constrained, "MOST_STEPS", 1)
    bounds, nothing = [(0.0, np.inf)] * 3, csr_matrix((len(labels), 0))
    with pytest.warns(ConvergenceWarning, match="after 1 steps"):
        found, _constant = fit_constrained(
            columns, nothing, labels, weights=weights, bounds=bounds, penalty_c=1.0
        )
    assert (found >= 0).all()
