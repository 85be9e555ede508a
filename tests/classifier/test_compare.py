"""When a candidate is worse on a slice, and when a fall is only noise."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from classifier.measures import resampled_average_precision
from classifier.training.compare import _compare_slice, _draw_groups, _Pair


@pytest.mark.parametrize(
    ("offers", "others", "found_before", "found_now", "is_worse"),
    [
        (200, 0, 200, 200, False),
        (200, 0, 200, 197, False),  # within the tolerance
        (200, 0, 200, 180, True),
        (200, 0, 180, 200, False),
        (19, 0, 19, 0, False),  # too few rows to guard
        (20, 0, 20, 10, True),
        (9, 90, 9, 0, False),  # enough rows, too few offers
        (10, 90, 10, 0, True),
    ],
)
def test_a_fall_in_recall_is_worse_if_it_is_no_noise(
    offers: int, others: int, found_before: int, found_now: int, *, is_worse: bool
) -> None:
    """Beyond the tolerance with an interval below zero, and on enough rows."""
    rows = np.arange(offers + others)
    before, now = rows < found_before, rows < found_now
    # The scores of both are the same, so that average precision has nothing to say.
    scores = (rows < offers).astype(float)
    pair = _Pair(
        labels=(rows < offers).astype(np.int64),
        scores=(scores, scores),
        flags=(now, before),
        draws=_draw_groups([str(row) for row in rows], seed=0),
    )
    assert any(each.is_worse for each in _compare_slice("all", pair)) is is_worse


def test_groups_are_drawn_whole() -> None:
    """Texts of one seller are one observation."""
    draws = _draw_groups(["a", "b", "a", "c"], seed=3)
    assert (draws[:, 0] == draws[:, 2]).all()
    assert (draws[:, [0, 1, 3]].sum(axis=1) == 3).all()


def test_resampled_average_precision_is_that_of_scikit_learn() -> None:
    """With ties, and with rows drawn often or never."""
    drawn = np.random.default_rng(5)
    labels, scores = drawn.integers(0, 2, 60), drawn.integers(0, 9, 60) / 9
    draws = drawn.integers(0, 4, (8, 60)).astype(np.int16)
    expected = [average_precision_score(labels, scores, sample_weight=draw) for draw in draws]
    assert resampled_average_precision(labels, scores, draws) == pytest.approx(expected)
    none = np.where(labels == 1, 0, draws[:1]).astype(np.int16)
    assert np.isnan(resampled_average_precision(labels, scores, none)).all()
