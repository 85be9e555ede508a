"""How an embedding model is run: in float32, or in bfloat16 where that is clearly faster and right enough.

Whatever the number type, texts of nearly equally many tokens share a batch: hardly anything is padded, which
alone makes the default model half as fast again. Only the transformer runs in the chosen type; pooling and
what follows it are always float32, so that sums over tokens lose nothing.
"""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer
    from torch import Tensor

Backend = Literal["float32", "bfloat16"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)
REFERENCE: Backend = "float32"

TOLERANCE = 1e-3
"""Greatest cosine distance between a backend's vectors and float32's at which it counts as right. In bfloat16
the default model is well within it; int8 by dynamic quantisation was tried, and is far beyond it."""

SCORE_TOLERANCE = 0.02
"""How far a score may be from float32's, in probability: a test holds the default model to it."""

GAIN = 1.2
"""How many times faster a backend must be to be preferred: less is noise."""

ROUNDS = 8
"""Over the sample, the backends in turn, of which each one's best by processor time counts.

On two cores with six processes at work on them, bfloat16 so came out 2.5 to 4.3 times as fast as float32 with
two threads (twelve times tried) and 3.0 to 3.2 times with one; on the same cores at rest 2.9 times. The best
of three rounds by the clock, one backend after the other, gave 1.9 to 14.5 and 2.4 to 3.4, and processor time
summed over all rounds 1.2 to 3.3, since threads spin while they wait."""

TOKENS_IN_A_BATCH = 4_096
"""Keeps what a layer works on in the processor's cache, and memory flat whatever the texts' lengths."""

BATCH_COSTS = 256
"""Tokens in whose time a batch is begun, since the weights are laid out anew for each: to pad as many is no
dearer than another batch. Measured on two cores with AMX in bfloat16."""

TEMPLATE = "in"
"""A word that is one token: where it comes to stand among special ones shows where a lone token goes."""

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
"""Invented texts of unlike lengths, to measure on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How a backend did on the sample."""

    backend: Backend
    texts_per_second: float
    """Of the processor's time, all threads together, so that other work on the machine hardly counts."""
    distance: float
    """Greatest cosine distance to float32."""


def run_model(model: SentenceTransformer, texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the vectors of texts, each of length 1, in order.

    Args:
        model: As `in_backend` made it ready.
        texts: May be empty.
    """
    import torch

    if not _is_transformer(model):
        return np.asarray(model.encode(list(texts), normalize_embeddings=True), dtype=np.float32)
    vectors: dict[int, NDArray[np.float32]] = {}
    with torch.inference_mode():
        for rows, inputs in _inputs(model, texts):
            outputs = model[0](inputs)
            outputs["token_embeddings"] = outputs["token_embeddings"].float()
            for module in list(model)[1:]:
                outputs = module(outputs)
            found = torch.nn.functional.normalize(outputs["sentence_embedding"].float(), dim=1)
            vectors.update(zip(rows, found.numpy(), strict=True))
    return np.stack([vectors[row] for row in range(len(texts))]) if vectors else np.zeros((0, 0), np.float32)


def in_backend(model: SentenceTransformer, backend: Backend) -> SentenceTransformer:
    """Make a model run in a backend, in place."""
    import torch

    if _is_transformer(model):
        model[0].to(getattr(torch, backend))
    return model


def choose_backend(load: Callable[[], SentenceTransformer]) -> tuple[Backend, list[Trial]]:
    """Return the fastest backend that is right on this machine, and how each did: some seconds.

    Args:
        load: Loads the model in float32; called once for each backend, and all are in memory together.
    """
    models = {backend: in_backend(load(), backend) for backend in BACKENDS}
    vectors = {backend: run_model(model, SAMPLE) for backend, model in models.items()}  # sets much up, too
    seconds: dict[Backend, list[float]] = {backend: [] for backend in BACKENDS}
    for _ in range(ROUNDS):
        for backend, model in models.items():
            began = time.process_time()
            run_model(model, SAMPLE)
            seconds[backend].append(time.process_time() - began)
    trials = [
        Trial(
            backend=backend,
            texts_per_second=len(SAMPLE) / min(seconds[backend]),
            distance=float(np.max(1 - np.sum(vectors[backend] * vectors[REFERENCE], axis=1))),
        )
        for backend in BACKENDS
    ]
    return decide(trials), trials


def decide(trials: Sequence[Trial]) -> Backend:
    """Return the fastest backend within the tolerance; float32 unless another is clearly faster."""
    reference = next(trial for trial in trials if trial.backend == REFERENCE)
    right = [trial for trial in trials if trial.distance <= TOLERANCE]
    best = max(right, key=lambda trial: trial.texts_per_second)
    is_clear = best.texts_per_second >= GAIN * reference.texts_per_second
    return best.backend if is_clear else REFERENCE


def asked_for() -> Backend | None:
    """Return the backend that `PRECURSOR_WATCH_BACKEND` names; None for `auto`, or when it is not set."""
    name = os.environ.get("PRECURSOR_WATCH_BACKEND", "auto")
    return next((backend for backend in BACKENDS if backend == name), None)


def this_machine() -> str:
    """Return what a measurement holds for: processor, cores and the version of torch."""
    from importlib.metadata import version

    return f"{_processor()}, {os.cpu_count()} cores, torch {version('torch')}"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 (no file of ours)
            flags = next((line for line in lines if line.startswith("flags")), "")
    except OSError:
        flags = ""
    known = sorted(flag for flag in flags.split() if flag.startswith(("amx", "avx")))
    return " ".join([platform.machine(), *known])


def _is_transformer(model: SentenceTransformer) -> bool:
    from sentence_transformers.sentence_transformer.modules import Transformer

    return isinstance(model[0], Transformer)


def _inputs(
    model: SentenceTransformer, texts: Sequence[str]
) -> Iterator[tuple[list[int], dict[str, Tensor]]]:
    """Yield rows and inputs of each batch."""
    if not texts:
        return
    limit = model.max_seq_length
    encoded = model.tokenizer(list(texts), truncation=limit is not None, max_length=limit)
    for rows in batches([len(tokens) for tokens in encoded["input_ids"]]):
        chosen = {name: [column[row] for row in rows] for name, column in encoded.items()}
        yield rows, dict(model.tokenizer.pad(chosen, return_tensors="pt"))


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the rows of each batch, the longest texts first, so that padding costs less than more batches.

    Args:
        lengths: Tokens of each text.
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


def run_tokens(model: SentenceTransformer) -> NDArray[np.float32] | None:
    """Return each token's vector when it is all the text there is: shape (tokens, dimensions).

    None for a model without transformer.
    """
    import torch

    if not _is_transformer(model):
        return None
    tokens = torch.arange(len(model.tokenizer))
    template = model.tokenizer(TEMPLATE)["input_ids"]
    place = next(at for at, token in enumerate(template) if token not in model.tokenizer.all_special_ids)
    found: list[NDArray[np.float32]] = []
    with torch.inference_mode():
        for batch in torch.split(tokens, TOKENS_IN_A_BATCH // len(template)):
            inputs = torch.tensor(template).repeat(len(batch), 1)
            inputs[:, place] = batch
            outputs = model[0]({"input_ids": inputs, "attention_mask": torch.ones_like(inputs)})
            found.append(outputs["token_embeddings"].float().mean(dim=1).numpy())
    return np.concatenate(found)
