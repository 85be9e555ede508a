"""The one sum behind every probability: fitted, calibrated, and refused where nothing can be learned."""

from __future__ import annotations

from itertools import cycle, islice

import numpy as np
import pytest

from classifier.errors import TooFewLabels, TooFewSellers
from classifier.model.estimator import (
    EMPTY,
    EMPTY_WEIGHT,
    build_pipeline,
    choose_threshold,
    fit_with_folds,
    sigmoid,
)
from tests.classifier.toy import numbers


def test_weights_count_like_repeated_rows() -> None:
    """A probability moves towards the rows that weigh more."""
    features, labels, groups = numbers([0, 1] * 20)
    features.data[features.indices == 0] = 0
    light, heavy = (
        fit_with_folds(features, labels, groups=groups, weights=np.where(labels == 1, weight, 1.0), seed=0)[
            0
        ].predict_proba(features)[0, 1]
        for weight in (1.0, 3.0)
    )
    assert light == pytest.approx(0.5, abs=0.01)
    assert heavy == pytest.approx(0.75, abs=0.01)


def test_what_offers_nothing_and_tells_nothing_counts_as_the_many_of_its_like() -> None:
    """One such text of two is an offer among the examples, one of three as they are weighed."""
    features, labels, groups = numbers([0, 1] * 200)
    features = features.tolil()
    features[:, 0], features[:, EMPTY] = 0, 1
    pipeline, _line, _probabilities = fit_with_folds(
        features.tocsr(), labels, groups=groups, weights=np.ones(400), seed=0
    )
    assert pipeline.predict_proba(features.tocsr())[0, 1] == pytest.approx(1 / (1 + EMPTY_WEIGHT), abs=0.01)


def test_nothing_but_names_of_columns_needs_what_is_dropped_of_scikit_learns() -> None:
    """The one private attribute that is overwritten is still there, and a transformation does without it."""
    features, _labels, _groups = numbers([0, 1] * 20)
    scale = build_pipeline().named_steps["scale"].fit(features)
    assert {"evidence", "embedding", "words"} <= set(scale._transformer_to_input_indices)
    before = scale.transform(features)
    scale._transformer_to_input_indices = {}
    assert (before != scale.transform(features)).nnz == 0


@pytest.mark.parametrize(("offers", "others"), [(0, 0), (0, 50), (50, 0), (9, 50), (50, 9)])
def test_too_few_of_a_class_are_refused(offers: int, others: int) -> None:
    """The sentence says how many there are and what to do."""
    features, labels, groups = numbers([1] * offers + [0] * others)
    with pytest.raises(TooFewLabels, match=rf"{offers} offers and {others} others.*at least 10.*--starter"):
        fit_with_folds(features, labels, groups=groups, weights=np.ones(len(labels)), seed=0)


@pytest.mark.parametrize(
    "groups",
    [["one"] * 40, ["offers", "others"] * 20, list(islice(cycle(["one", "other", "one", "third"]), 40))],
)
def test_a_class_from_one_seller_is_refused(groups: list[str]) -> None:
    """Whether the seller or the offer was learned could not be told apart."""
    features, labels, _groups = numbers([1, 0] * 20)
    with pytest.raises(TooFewSellers, match="one seller"):
        fit_with_folds(features, labels, groups=groups, weights=np.ones(40), seed=0)


def test_two_sellers_of_each_class_are_enough() -> None:
    """The smallest set of sellers that can be split is trained on."""
    features, labels, _groups = numbers([1, 0] * 20)
    groups = list(islice(cycle("abcd"), 40))
    pipeline, line, _probabilities = fit_with_folds(
        features, labels, groups=groups, weights=np.ones(40), seed=0
    )
    assert pipeline.predict_proba(features)[:2, 1].round() == pytest.approx([1, 0])
    assert 0.05 <= line <= 0.95


@pytest.mark.parametrize(
    ("labels", "probabilities", "line"),
    [
        ([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.8], 0.7),
        ([0, 1, 0, 1], [0.1, 0.2, 0.7, 0.8], 0.8),
        ([1, 0, 1, 0], [0.1, 0.2, 0.7, 0.8], 0.5),  # at best half of the flags would be right
        ([0, 0, 1, 1], [0.001, 0.002, 0.01, 0.02], 0.05),
        ([0, 0, 1, 1], [0.1, 0.2, 0.98, 0.99], 0.95),
    ],
)
def test_line_is_the_lowest_that_keeps_the_precision(
    labels: list[int], probabilities: list[float], line: float
) -> None:
    """It stays between 0.05 and 0.95, and is 0.5 where no line will do."""
    assert choose_threshold(np.array(labels), np.array(probabilities), np.ones(len(labels))) == line


def test_sigmoid_keeps_to_its_range() -> None:
    """Sums of any size give probabilities, without a warning."""
    assert sigmoid(np.array([-1e6, 0.0, 1e6])) == pytest.approx([0, 0.5, 1])
