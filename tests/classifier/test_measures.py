"""Figures on tables small enough to work out by hand; the arithmetic stands beside each."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from classifier.evaluation import notes_of
from classifier.measures import (
    Scored,
    average_precision,
    calibration_error,
    figures_of,
    precision_recall,
    recall_at_precision,
    summary,
)

LABELS = np.array([1, 0, 1, 0, 0], dtype=np.int64)
SCORES = np.array([0.9, 0.8, 0.6, 0.3, 0.1])
"""In order of score: offer, none, offer, none, none; precision is 1/1, 1/2, 2/3, 2/4, 2/5."""


def test_average_precision_is_the_mean_precision_at_each_offer() -> None:
    """(1/1 + 2/3) / 2."""
    assert average_precision(LABELS, SCORES) == pytest.approx(5 / 6)


@pytest.mark.parametrize("labels", [[], [0, 0], [1, 1]])
def test_average_precision_of_one_class_is_no_number(labels: list[int]) -> None:
    """With nothing to tell apart there is no figure, and no error either."""
    assert math.isnan(average_precision(np.array(labels, dtype=np.int64), np.zeros(len(labels))))


@pytest.mark.parametrize(("wanted", "recall"), [(0.95, 0.5), (0.66, 1.0), (0.4, 1.0)])
def test_recall_at_precision_is_the_best_that_keeps_it(wanted: float, recall: float) -> None:
    """Down to the first row precision is 1 with half the offers; down to the third 2/3 with all."""
    assert recall_at_precision(LABELS, SCORES, wanted) == recall


@pytest.mark.parametrize(
    ("flagged", "precision", "recall"),
    [
        ([True, True, False, False, False], 0.5, 0.5),
        ([True, False, True, False, False], 1.0, 1.0),
        ([False, True, False, True, False], 0.0, 0.0),
    ],
)
def test_precision_and_recall_count_flags(flagged: list[bool], precision: float, recall: float) -> None:
    """Hits over flags, and hits over offers."""
    assert precision_recall(LABELS, np.array(flagged)) == (precision, recall)


def test_precision_without_flags_is_no_number() -> None:
    """Nothing flagged is not the same as nothing right."""
    precision, recall = precision_recall(LABELS, np.zeros(5, dtype=bool))
    assert math.isnan(precision)
    assert recall == 0


@pytest.mark.parametrize(
    ("labels", "probabilities", "error"),
    [
        ([1, 1, 0, 0], [1.0, 1.0, 0.0, 0.0], 0.0),
        ([1, 0, 1, 0], [0.55, 0.55, 0.55, 0.55], 0.05),  # one bin: |0.5 - 0.55|
        ([1, 0, 0, 0], [0.75, 0.75, 0.05, 0.05], 0.15),  # half of 0.25 and half of 0.05
    ],
)
def test_calibration_error_weighs_the_gap_of_each_bin(
    labels: list[int], probabilities: list[float], error: float
) -> None:
    """Each bin's distance between what was said and what was true, by its share of the rows."""
    assert calibration_error(np.array(labels), np.array(probabilities)) == pytest.approx(error)


def test_summary_counts_and_measures() -> None:
    """The line at 0.5 flags three rows, of which two are offers."""
    figures = summary(LABELS, SCORES, 0.5)
    assert (figures["rows"], figures["offers"], figures["flagged"]) == (5, 2, 3)
    assert (figures["precision"], figures["recall"]) == (0.6667, 1.0)


@pytest.mark.parametrize("label", [0, 1])
def test_summary_of_one_class_is_plain_json(label: int) -> None:
    """A figure that does not exist is null: the store and other programs refuse NaN."""
    figures = summary(np.full(4, label), np.full(4, 0.2), 0.5)
    assert figures["average_precision"] is None
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures


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
    [(20, ()), (30, ("The first 30 are 50 % of these rows",)), (60, ("People read 60 listings a day",))],
)
def test_a_budget_near_the_size_of_the_file_is_said(budget: int, said: tuple[str, ...]) -> None:
    """And one that takes in the whole file has no figures."""
    notes = notes_of(OFFERS_FIRST, (), budget=budget)
    assert [note.startswith(begun) for note, begun in zip(notes, said, strict=True)] == [True] * len(said)
    found = figures_of(scored(OFFERS_FIRST, np.linspace(1, 0, 60)), budget=budget, seed=0)
    assert (f"recall of the first {budget}" in found) == (budget < 60)
