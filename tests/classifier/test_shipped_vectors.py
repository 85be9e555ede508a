"""The vectors that ship with the starter set."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from classifier.features.embedding import TOLERANCE, TransformerEmbedder, open_embedder
from classifier.reading import as_shown
from classifier.training import shipped_vectors
from classifier.training.examples import load_starter, starter_set
from classifier.training.shipped_vectors import put_shipped
from fixtures.training.vectors import write
from store.crawl.identity import text_hash
from store.vectors import open_vectors

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = 1_500
"""The real embedder is asked about one text in so many."""


def default() -> TransformerEmbedder:
    """The multilingual embedder, or a skip where its package is not installed."""
    embedder = open_embedder()
    if not embedder.name.startswith("multilingual"):
        pytest.skip("the file holds vectors of the multilingual embedder")
    return embedder


def test_file_holds_every_text_of_the_starter_set() -> None:
    """Training on the starter set embeds nothing; texts of others are not in the file."""
    texts = [example.text for example in load_starter(starter_set())]
    with open_vectors(None, default().embedder_id) as cache:
        assert put_shipped(cache, default().embedder_id, ["a text of nobody", *texts]) == len(
            {as_shown(text) for text in texts}
        )
        assert put_shipped(cache, default().embedder_id, texts) == 0


@pytest.mark.model
def test_vectors_are_those_of_the_embedder() -> None:
    """A sample embedded anew in float32 points where the shipped vectors point."""
    embedder = default()
    texts = [as_shown(example.text) for example in load_starter(starter_set())[::SAMPLE]]
    fresh = embedder(texts)
    with open_vectors(None, embedder.embedder_id) as cache:
        put_shipped(cache, embedder.embedder_id, texts)
        kept = cache.get([text_hash(text) for text in texts])
    shipped = np.stack([np.frombuffer(kept[text_hash(text)], dtype="<f4") for text in texts])
    assert np.einsum("ij,ij->i", fresh, shipped).min() >= 1 - 2 * TOLERANCE


@pytest.mark.parametrize("held", [b"", b"no archive", None])
def test_absent_damaged_or_foreign_file_gives_nothing(
    held: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Training then embeds the texts as if there were no file."""
    path = tmp_path / "vectors.npz"
    monkeypatch.setattr(shipped_vectors, "vectors_file", lambda: path)
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(3, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    write(path, "toy@1+bfloat16", ["a", "b", "c"], vectors)
    with open_vectors(None, "toy@1") as cache:
        assert put_shipped(cache, "toy@1", ["a", "c", "d"]) == 2
        found = np.frombuffer(cache.get([text_hash("c")])[text_hash("c")], dtype="<f4")
        assert found @ vectors[2] > 0.9999
    if held is None:
        path.unlink()
    else:
        path.write_bytes(held)
    for embedder_id in ("toy@1", "toy@2"):
        with open_vectors(None, embedder_id) as cache:
            assert put_shipped(cache, embedder_id, ["a"]) == 0


def test_file_with_a_changed_byte_gives_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compressed stream that no longer unpacks is as good as no file."""
    path = tmp_path / "vectors.npz"
    write(path, "toy@1", ["a", "b"], np.eye(2, 16, dtype=np.float32))
    held = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as file:
        start = file.getinfo("keys.npy").header_offset
    name, extra = (int.from_bytes(held[start + at : start + at + 2], "little") for at in (26, 28))
    held[start + 30 + name + extra] ^= 0xFF  # the first byte of the stream
    path.write_bytes(held)
    monkeypatch.setattr(shipped_vectors, "vectors_file", lambda: path)
    with open_vectors(None, "toy@1") as cache:
        assert put_shipped(cache, "toy@1", ["a"]) == 0
