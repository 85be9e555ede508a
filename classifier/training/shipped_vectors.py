"""Vectors of the starter set that ship with it, so that a first training need not embed its texts.

    python -m classifier.training.shipped_vectors    # renew the file after a change of the starter set

The file may be absent, damaged or old: a text that it lacks is embedded. Each vector is kept as its
difference from the mean vector, in steps of a 127th of the largest component of that difference.
"""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy as np

from classifier.features.embedding import embed_texts, fastest, open_embedder, weights_of
from classifier.reading import as_shown
from classifier.training.examples import load_starter, starter_set
from store.crawl.identity import text_hash
from store.vectors import open_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from store.vectors import VectorCache

KEY_BYTES = 8
"""Bytes kept of the hash of a text; among 32,702 texts two would agree once in 3e10 files."""


def vectors_file() -> Path:
    """Return the path of the file, beside the starter set."""
    return starter_set().with_name("vectors.npz")


def put_shipped(cache: VectorCache, embedder_id: str, texts: Sequence[str]) -> int:
    """Copy the vectors of texts from the file to the cache; return how many the cache lacked.

    Vectors of one embedder serve all its backends, which differ by at most `TOLERANCE`.
    """
    hashes = list(dict.fromkeys(text_hash(as_shown(text)) for text in texts))
    kept = cache.get(hashes)
    missing = [key for key in hashes if key not in kept]
    shipped = _read(vectors_file(), weights_of(embedder_id)) if missing else {}
    found = {key: shipped[short] for key in missing if (short := _key(key)) in shipped}
    cache.put({key: vector.tobytes() for key, vector in found.items()})
    return len(found)


def write(path: Path, embedder_id: str, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
    """Write the vectors of different texts, float32 of shape (len(texts), dimensions)."""
    keys = np.array([int.from_bytes(_key(text_hash(text)), "big") for text in texts], dtype=np.uint64)
    order = np.argsort(keys)  # the same texts give the same file
    mean = vectors.mean(axis=0)
    apart = vectors[order] - mean
    scales = np.abs(apart).max(axis=1, keepdims=True) / 127
    np.savez_compressed(
        path,
        embedder=np.array(weights_of(embedder_id)),
        keys=keys[order],
        mean=mean,
        scales=scales.astype(np.float32),
        steps=np.rint(apart / scales).astype(np.int8),
    )


def _read(path: Path, weights_id: str) -> dict[bytes, NDArray[np.float32]]:
    """Return the vectors by key; empty if the file is absent, damaged or of another embedder."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            if str(file["embedder"]) != weights_id:
                return {}
            vectors = file["steps"] * file["scales"] + file["mean"]
            keys = file["keys"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return {}
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = vectors.astype("<f4")
    return {int(key).to_bytes(KEY_BYTES, "big"): row for key, row in zip(keys, rows, strict=True)}


def _key(full_hash: str) -> bytes:
    return bytes.fromhex(full_hash[: 2 * KEY_BYTES])


def _renew() -> None:
    embedder = fastest(open_embedder())
    texts = list(dict.fromkeys(as_shown(example.text) for example in load_starter(starter_set())))
    with open_vectors(None, embedder.embedder_id) as cache:
        put_shipped(cache, embedder.embedder_id, texts)
        vectors = embed_texts(texts, embedder, cache)
    write(vectors_file(), embedder.embedder_id, texts, vectors)


if __name__ == "__main__":
    _renew()
