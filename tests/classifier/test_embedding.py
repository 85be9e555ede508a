"""Texts to vectors: none is embedded twice, none of two embedders is mixed, and wrong weights are refused."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from classifier.errors import EmbedderUnusable
from classifier.features import embedding
from classifier.features.embedding import (
    CHUNK,
    DEFAULT_EMBEDDER,
    DEFAULT_SHA256,
    embed_texts,
    open_embedder,
)
from store.vectors import open_vectors
from tests.classifier.toy import EmbedderBroken, ToyEmbedder, breaking_at, vector

if TYPE_CHECKING:
    from pathlib import Path


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
def test_default_weights_are_the_published_ones() -> None:
    """They give unit vectors of 384 numbers, and like texts lie nearer than unlike ones."""
    embedder = open_embedder()
    assert embedder.embedder_id == f"{DEFAULT_EMBEDDER}@{DEFAULT_SHA256[:12]}"
    vectors = embedder(["Acetone, 200 litre drum", "Barrel of acetone", "Baby pram for twins", ""])
    assert vectors.shape == (4, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3


@pytest.mark.model
def test_hostile_texts_are_embedded_like_any_others() -> None:
    """No text that the store can hold stops the embedder; what it cannot hold never comes so far."""
    texts = ["a\0b", "苯" * 30_000, "\u202e\u200b", "🧪" * 2_000]
    assert np.isfinite(open_embedder()(texts)).all()


def test_other_weights_under_the_default_name_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that carries other weights than the published ones is not used."""
    (tmp_path / "model.safetensors").write_bytes(b"not the published weights")
    monkeypatch.setattr(embedding, "_default_folder", lambda: tmp_path)
    with pytest.raises(EmbedderUnusable, match=rf"has the SHA-256 [0-9a-f]{{64}}, not {DEFAULT_SHA256}"):
        open_embedder()
    shutil.rmtree(tmp_path)
    with pytest.raises(EmbedderUnusable, match=r"holds no \*\.safetensors"):
        open_embedder()
