"""The gazetteer and one small trained model, each made once for all tests of `classifier`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from classifier.gazetteer import default_gazetteer
from classifier.training.examples import load_starter
from tests.classifier.toy import EVERY, STARTER, dataset_of, train_toy

if TYPE_CHECKING:
    from classifier.gazetteer import Gazetteer
    from classifier.model.persistence import TrainedModel
    from classifier.training.fit import Dataset


@pytest.fixture(scope="session")
def gazetteer() -> Gazetteer:
    """The gazetteer under the default profile."""
    return default_gazetteer()


@pytest.fixture(scope="session")
def data(gazetteer: Gazetteer) -> Dataset:
    """A slice of the starter set with toy vectors."""
    return dataset_of(load_starter(STARTER)[::EVERY], gazetteer)


@pytest.fixture(scope="session")
def model(data: Dataset) -> TrainedModel:
    """A model trained on that slice."""
    return train_toy(data)
