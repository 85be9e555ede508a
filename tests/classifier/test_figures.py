"""Figures of labelled rows: of ties, of one class, and of a budget beside a small file."""

from __future__ import annotations

import numpy as np
import pytest

from classifier.evaluation.evaluation import notes_of
from classifier.measures.figures import Scored, figures_of

OFFERS_FIRST = np.array([1] * 30 + [0] * 30, dtype=np.int64)


def scored(labels: np.ndarray, scores: np.ndarray) -> Scored:
    """Return rows as a way of scoring with its line at a half sees them."""
    return Scored(name="way", labels=labels, scores=scores, threshold=0.5)


@pytest.mark.parametrize("labels", [OFFERS_FIRST, OFFERS_FIRST[::-1]])
def test_rows_of_one_score_share_the_places_that_are_left(labels: np.ndarray) -> None:
    """Whatever their order in the file: of 60 rows alike, 30 of them offers, the first 20 hold 10."""
    found = figures_of(scored(labels, np.zeros(60)), budget=20, seed=0)
    assert found["precision of the first 20"].value == 0.5
    assert found["recall of the first 20"].value == pytest.approx(1 / 3, abs=1e-4)


def test_rows_above_the_cut_are_counted_whole() -> None:
    """Two offers above, and two of the four places of the tied rest, of which half are offers."""
    labels = np.array([1, 1, 1, 0, 1, 0], dtype=np.int64)
    found = figures_of(scored(labels, np.array([0.9, 0.9, 0.1, 0.1, 0.1, 0.1])), budget=4, seed=0)
    assert found["precision of the first 4"].value == 0.75


@pytest.mark.parametrize("levels", [2, 10, 1_000])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_interval_holds_its_own_value(levels: int, seed: int) -> None:
    """Also where scores are tied, offers stand first, and the scores are as well calibrated as can be."""
    drawn = np.random.default_rng(seed)
    truth = drawn.beta(0.3, 0.5, 400)
    labels = (drawn.random(400) < truth).astype(np.int64)
    order = np.argsort(-labels, kind="stable")
    scores = np.floor(truth * levels) / levels
    for name, each in figures_of(scored(labels[order], scores[order]), budget=300, seed=seed).items():
        assert each.value is not None, name
        assert each.low is not None, name
        assert each.high is not None, name
        assert each.low <= each.value <= each.high, name


@pytest.mark.parametrize(
    ("budget", "said"),
    [(20, ()), (30, ("The first 30 are 50 % of these rows",)), (60, ("A person reads 60 listings a day",))],
)
def test_a_budget_near_the_size_of_the_file_is_said(budget: int, said: tuple[str, ...]) -> None:
    """And one that takes in the whole file has no figures."""
    notes = notes_of(OFFERS_FIRST, (), budget=budget)
    assert [note.startswith(begun) for note, begun in zip(notes, said, strict=True)] == [True] * len(said)
    found = figures_of(scored(OFFERS_FIRST, np.linspace(1, 0, 60)), budget=budget, seed=0)
    assert (f"recall of the first {budget}" in found) == (budget < 60)
