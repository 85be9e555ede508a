"""What scoring weighs with says what the trained pipeline says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.features.evidence import FEATURES
from classifier.features.matrix import join_columns
from classifier.features.words import count_words
from tests.classifier.toy import DIMENSIONS

if TYPE_CHECKING:
    from classifier.model.persistence import TrainedModel
    from classifier.training.fit import Dataset

KNOWN = ("no label", "无标签 5kg", "25 kg", "пишите в личку", "price on request", "kettle", "!", "")
"""Some of these the model has weighed, and some not."""

TEXT = st.text(max_size=30) | st.lists(st.sampled_from(KNOWN), max_size=6).map(" ".join)


@given(texts=st.lists(TEXT, max_size=4), seed=st.integers(0, 2**32 - 1))
def test_folded_weights_say_what_the_pipeline_says(texts: list[str], seed: int, model: TrainedModel) -> None:
    """Terms and constant sum to the pipeline's log-odds, to the last digits of float32."""
    chance = np.random.default_rng(seed)
    evidence = chance.choice([0, 0, 1, 3], (len(texts), len(FEATURES))).astype(np.float32)
    vectors = chance.normal(size=(len(texts), DIMENSIONS)).astype(np.float32)
    sums = model.linear.terms(evidence, vectors, count_words(texts)).sum(axis=1) + model.linear.constant
    assert sums.shape == (len(texts),)
    if texts:
        said = model.pipeline.decision_function(join_columns(evidence, vectors, texts))
        assert sums == pytest.approx(said, rel=1e-5, abs=1e-4)


def test_every_example_weighs_the_same(model: TrainedModel, data: Dataset) -> None:
    """Real texts, whose words the model knows, to a millionth of a probability."""
    texts = [example.text for example in data.examples]
    parts = data.features[:, : len(FEATURES) + DIMENSIONS].toarray()
    terms = model.linear.terms(parts[:, : len(FEATURES)], parts[:, len(FEATURES) :], count_words(texts))
    said = model.pipeline.predict_proba(data.features)[:, 1]
    assert terms[:, -2].mean() == pytest.approx(0, abs=1e-4)  # what all vectors share is in the constant
    assert 1 / (1 + np.exp(-terms.sum(axis=1) - model.linear.constant)) == pytest.approx(said, abs=1e-6)
