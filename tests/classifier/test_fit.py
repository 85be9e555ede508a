"""Training is repeatable, its comparison fair, and a worse candidate is known as one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from classifier.errors import TooFewLabels
from classifier.features.evidence import FEATURES
from classifier.training.compare import compare
from classifier.training.fit import Dataset, held_out_figures
from tests.classifier.toy import dataset_of, example, train_toy

if TYPE_CHECKING:
    from classifier.gazetteer import Gazetteer
    from classifier.model.persistence import TrainedModel


def flipped(data: Dataset) -> Dataset:
    """Return the data with every label of the training part turned round."""
    return replace(data, labels=np.where(data.held_out, data.labels, 1 - data.labels))


def test_the_same_seed_gives_the_same_model(model: TrainedModel, data: Dataset) -> None:
    """Trained twice, a model has the same id and the same card."""
    again = train_toy(data)
    assert again.model_id == model.model_id
    assert again.card == model.card


def test_another_seed_gives_another_model(model: TrainedModel, data: Dataset) -> None:
    """The seed decides the folds, and so the calibration."""
    assert train_toy(data, seed=1).model_id != model.model_id


def test_card_says_what_the_model_is_made_of(model: TrainedModel, data: Dataset) -> None:
    """Data, seed, features, versions and held-out figures, as plain JSON."""
    card = json.loads(json.dumps(model.card, allow_nan=False))
    assert card["data"]["starter_examples"] == len(data.examples)
    assert card["data"]["offers"] == data.labels.sum()
    assert card["features"] == list(FEATURES)
    assert card["training"]["seed"] == 0
    assert card["held_out"]["rows"] == data.held_out.sum()
    assert set(card["versions"]) >= {"python", "scikit-learn", "torch"}


def test_small_starter_set_is_learned(model: TrainedModel) -> None:
    """Even with toy vectors and a few hundred texts the evidence carries."""
    assert model.card["held_out"]["average_precision"] > 0.8


def test_evaluation_twin_never_saw_the_held_out_part(model: TrainedModel, data: Dataset) -> None:
    """Turning the held-out labels round changes the model and not its twin."""
    turned = replace(data, labels=np.where(data.held_out, 1 - data.labels, data.labels))
    other = train_toy(turned)
    assert other.model_id != model.model_id
    assert np.array_equal(
        other.evaluation_pipeline.predict_proba(data.features),
        model.evaluation_pipeline.predict_proba(data.features),
    )


def test_first_model_has_nothing_to_be_compared_with(model: TrainedModel, data: Dataset) -> None:
    """It may be used."""
    comparison = compare(model, None, data)
    assert (comparison.may_replace, comparison.in_use) == (True, None)
    assert comparison.sentence == "It is the first model; nothing to compare."


@pytest.fixture(scope="module")
def bad_model(data: Dataset) -> TrainedModel:
    """A model that learned every label the wrong way round."""
    return train_toy(flipped(data))


@pytest.mark.parametrize(
    ("candidate_is_good", "in_use_is_good", "may_replace"),
    [(True, True, True), (True, False, True), (False, True, False)],
)
def test_only_a_candidate_that_is_not_worse_may_replace(
    model: TrainedModel,
    bad_model: TrainedModel,
    data: Dataset,
    *,
    candidate_is_good: bool,
    in_use_is_good: bool,
    may_replace: bool,
) -> None:
    """Both are judged on the same held-out examples; the sentence gives both figures."""
    candidate, in_use = (model if is_good else bad_model for is_good in (candidate_is_good, in_use_is_good))
    comparison = compare(candidate, in_use, data)
    assert comparison.may_replace is may_replace
    assert (": not worse." in comparison.sentence) is may_replace
    assert (": worse on all (average precision" in comparison.sentence) is not may_replace
    assert f"of {in_use.model_id} on the same {data.held_out.sum()}" in comparison.sentence


def test_models_of_two_embedders_are_not_compared(model: TrainedModel, data: Dataset) -> None:
    """The vectors of one mean nothing to the other; a person has to decide."""
    comparison = compare(model, replace(model, embedder_id="other@2"), data)
    assert (comparison.may_replace, comparison.in_use) == (False, None)
    assert "other@2" in comparison.sentence
    assert "--force" in comparison.sentence


@pytest.mark.parametrize("kept", [0, 1, None])
def test_held_out_part_of_one_class_settles_nothing(
    model: TrainedModel, data: Dataset, kept: int | None
) -> None:
    """Without offers and others to tell apart, a candidate does not replace a model by itself."""
    part = data.where(~data.held_out | (data.labels == kept))
    comparison = compare(model, model, part)
    assert not comparison.may_replace
    assert "nothing to compare" in comparison.sentence
    assert "nan" not in comparison.sentence.lower()


def test_no_held_out_rows_give_no_figure(model: TrainedModel, data: Dataset) -> None:
    """Labels whose sellers all fall on the training side can still be trained on."""
    training = data.where(~data.held_out)
    assert held_out_figures(model.pipeline, 0.5, training) == {"average_precision": None, "rows": 0}
    assert train_toy(training).card["held_out"]["rows"] == 0


def test_a_few_labels_are_refused_with_what_is_missing(gazetteer: Gazetteer) -> None:
    """Ten labels are not enough to learn from."""
    few = dataset_of([example(f"text {number}", number % 2, str(number)) for number in range(10)], gazetteer)
    with pytest.raises(TooFewLabels, match="5 offers and 5 others; training needs at least 10 of each"):
        train_toy(few)


def test_no_labels_are_refused_with_what_is_missing(gazetteer: Gazetteer) -> None:
    """An empty set has its sentence too."""
    with pytest.raises(TooFewLabels, match="0 offers and 0 others"):
        train_toy(dataset_of([], gazetteer))


def test_no_sign_of_hiding_speaks_for_the_seller(model: TrainedModel) -> None:
    """Whatever the examples say by chance, the reasons shown make sense to who reads them."""
    weights = dict(zip(FEATURES, model.pipeline.named_steps["weigh"].coef_[0], strict=False))
    assert all(weights[name] >= 0 for name, feature in FEATURES.items() if feature.may == "raise")
    assert all(weights[name] <= 0 for name, feature in FEATURES.items() if feature.may == "lower")
