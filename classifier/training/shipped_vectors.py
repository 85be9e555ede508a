"""Vectors of the starter set that ship with it, so that a first training need not embed its texts.

`python -m fixtures.training.vectors` writes the file. It may be absent, damaged or old: a text that it lacks
is embedded. Each vector is kept as its difference from the mean vector, in steps of a 127th of the largest
component of that difference.
"""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy as np

from classifier.features.embedding import weights_of
from classifier.reading import as_shown
from classifier.training.examples import starter_set
from store.crawl.identity import text_hash

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
    found = {key: shipped[short] for key in missing if (short := key_of(key)) in shipped}
    cache.put({key: vector.tobytes() for key, vector in found.items()})
    return len(found)


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


def key_of(full_hash: str) -> bytes:
    """Return the key of a text in the file: the first bytes of its hash."""
    return bytes.fromhex(full_hash[: 2 * KEY_BYTES])
