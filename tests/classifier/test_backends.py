"""Backends: the fastest is taken only if it is right, the choice is kept, and vectors are never mixed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from classifier.features import backends, embedding
from classifier.features.backends import (
    BACKENDS,
    BATCH_COSTS,
    ROUNDS,
    SAMPLE,
    SCORE_TOLERANCE,
    TOKENS_IN_A_BATCH,
    TOLERANCE,
    Trial,
    batches,
    decide,
)
from classifier.features.embedding import embed_texts, fastest, open_embedder, weights_of
from classifier.training.examples import load_starter
from classifier.training.fit import build_dataset, train
from store.vectors import open_vectors
from tests.classifier.toy import NOW, STARTER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from classifier.features.embedding import TransformerEmbedder
    from classifier.gazetteer import Gazetteer


def trial(backend: str, speed: float, distance: float = 0.0) -> Trial:
    """Return how a backend did."""
    return Trial(backend=backend, texts_per_second=speed, distance=distance)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("speed", "distance", "chosen"),
    [
        (300.0, TOLERANCE / 10, "bfloat16"),
        (300.0, TOLERANCE * 2, "float32"),  # fast and wrong
        (110.0, 0.0, "float32"),  # hardly faster
        (50.0, 0.0, "float32"),  # as without hardware for it
    ],
)
def test_the_fastest_right_backend_is_chosen(speed: float, distance: float, chosen: str) -> None:
    """Wrong vectors are refused however fast, and noise does not decide."""
    assert decide([trial("float32", 100.0), trial("bfloat16", speed, distance)]) == chosen


def test_rounds_that_were_disturbed_do_not_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other work slows most rounds of the faster backend down; its best one counts."""
    spent = 0.0
    rounds = {"float32": 0, "bfloat16": 0}

    def run(model: str, texts: Sequence[str]) -> np.ndarray:
        nonlocal spent
        rounds[model] += 1
        is_disturbed = model == "bfloat16" and rounds[model] != ROUNDS
        spent += (3.0 if model == "float32" else 1.0) * (10.0 if is_disturbed else 1.0)
        return np.ones((len(texts), 1), np.float32)

    monkeypatch.setattr(backends, "in_backend", lambda _model, backend: backend)
    monkeypatch.setattr(backends, "run_model", run)
    monkeypatch.setattr("classifier.features.backends.time.process_time", lambda: spent)
    chosen, trials = backends.choose_backend(lambda: None)  # type: ignore[arg-type, return-value]
    assert chosen == "bfloat16"
    assert [trial.texts_per_second for trial in trials] == pytest.approx([len(SAMPLE) / 3, len(SAMPLE)])


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand in for the measurement, which says bfloat16, and list each time it is made."""
    calls: list[str] = []

    def choose(load: object) -> tuple[str, list[Trial]]:
        calls.append("measured")
        return "bfloat16", [trial("float32", 100.0), trial("bfloat16", 300.0)]

    monkeypatch.delenv("PRECURSOR_WATCH_BACKEND", raising=False)
    monkeypatch.setattr(embedding, "choose_backend", choose)
    return calls


def test_the_choice_is_kept_beside_the_store(tmp_path: Path, measured: list[str]) -> None:
    """A second run measures nothing and uses the same vectors."""
    chosen = [fastest(open_embedder(), tmp_path / "watch.db") for _ in range(2)]
    assert measured == ["measured"]
    assert [each.embedder_id for each in chosen] == [f"{chosen[0].weights_id}+bfloat16"] * 2


def test_another_machine_measures_for_itself(
    tmp_path: Path, measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that is moved takes its choice with it only to the same kind of machine."""
    fastest(open_embedder(), tmp_path / "watch.db")
    monkeypatch.setattr(embedding, "this_machine", lambda: "another")
    fastest(open_embedder(), tmp_path / "watch.db")
    assert len(measured) == 2


def test_a_backend_that_is_asked_for_is_not_measured(
    measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`PRECURSOR_WATCH_BACKEND=float32` gives float32, whose vectors are those of old."""
    monkeypatch.setenv("PRECURSOR_WATCH_BACKEND", "float32")
    embedder = fastest(open_embedder(), None)
    assert not measured
    assert embedder.embedder_id == embedder.weights_id == weights_of(f"{embedder.weights_id}+bfloat16")


def in_each_backend() -> list[TransformerEmbedder]:
    """Return the default embedder in every backend."""
    return [replace(open_embedder(), backend=backend) for backend in BACKENDS]


def test_texts_of_nearly_equal_length_share_a_batch() -> None:
    """Each text is in one batch, the longest first; little is padded, and no batch grows without end."""
    lengths = [256, 5, 6, 250, 7, 256, 100, *([20] * 600)]
    found = list(batches(lengths))
    assert sorted(row for rows in found for row in rows) == list(range(len(lengths)))
    assert found[0] == [0, 5, 3, 6]  # to pad the last is cheaper than a batch of its own
    assert len(found) == 4
    for rows in found:
        tokens = [lengths[row] for row in rows]
        assert max(tokens) * len(rows) <= TOKENS_IN_A_BATCH
        assert max(tokens) * len(rows) - sum(tokens) <= BATCH_COSTS


@pytest.mark.model
def test_backends_agree_and_never_share_a_vector(tmp_path: Path) -> None:
    """All are within the tolerance of float32, in the order of the texts, and each keeps its own."""
    texts = [*SAMPLE, SAMPLE[0][:20], *reversed(SAMPLE)]
    found = []
    for embedder in in_each_backend():
        with open_vectors(tmp_path / "watch.db", embedder.embedder_id) as cache:
            found.append(embed_texts(texts, embedder, cache))
    assert np.allclose(found[0][: len(SAMPLE)], found[0][len(SAMPLE) + 1 :][::-1])
    assert np.max(1 - np.sum(found[0] * found[1], axis=1)) <= TOLERANCE
    assert not np.array_equal(found[0], found[1])


@pytest.mark.model
def test_float32_is_what_sentence_transformers_gives() -> None:
    """Batches of nearly equally long texts change nothing but the last digits."""
    embedder = open_embedder()
    stock = embedder.load().encode(list(SAMPLE), normalize_embeddings=True)
    assert np.allclose(embedder(SAMPLE), stock, atol=1e-5)


@pytest.mark.model
def test_scores_of_all_backends_are_within_the_stated_tolerance(gazetteer: Gazetteer) -> None:
    """A model trained on one backend's vectors scores another's as its own, to two hundredths."""
    examples = load_starter(STARTER)[::60]
    datasets = []
    for embedder in in_each_backend():
        with open_vectors(None, embedder.embedder_id) as cache:
            datasets.append(build_dataset(examples, embedder=embedder, cache=cache, gazetteer=gazetteer))
    model = train(datasets[0], embedder=open_embedder(), gazetteer_edition="1", seed=0, now=NOW)
    reference, other = (model.pipeline.predict_proba(data.features)[:, 1] for data in datasets)
    assert np.max(np.abs(reference - other)) <= SCORE_TOLERANCE
