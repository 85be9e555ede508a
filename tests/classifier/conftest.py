"""The gazetteer and one small trained model, each made once for all tests of `classifier`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from classifier.gazetteer import default_gazetteer
from classifier.training.examples import load_starter
from tests.classifier.toy import dataset_of, train_toy, write_starter

if TYPE_CHECKING:
    from classifier.gazetteer import Gazetteer
    from classifier.model.persistence import TrainedModel
    from classifier.training.fit import Dataset


@pytest.fixture(scope="session")
def gazetteer() -> Gazetteer:
    """The gazetteer under the default profile."""
    return default_gazetteer()


@pytest.fixture(scope="session")
def data(gazetteer: Gazetteer, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The starter set for toys with toy vectors."""
    return dataset_of(
        load_starter(write_starter(tmp_path_factory.mktemp("toy") / "starter.jsonl")), gazetteer
    )


@pytest.fixture(scope="session")
def model(data: Dataset) -> TrainedModel:
    """A model trained on that set."""
    return train_toy(data)
