"""Figures on tables small enough to work out by hand; the arithmetic stands beside each."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from classifier.measures.metrics import (
    average_precision,
    calibration_error,
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
