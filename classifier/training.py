"""Examples to a trained model, and a candidate held against the model in use."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from classifier.embedding import embed_texts
from classifier.evidence import FEATURES, evidence_matrix, read_all
from classifier.examples import VERDICT_WEIGHT
from classifier.folder import FORMAT, Neighbours, TrainedModel, fingerprint
from classifier.metrics import summary
from classifier.weighing import fit_calibrated
from listings import times

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

    from classifier.embedding import Embedder
    from classifier.examples import Example
    from classifier.gazetteer import Gazetteer
    from listings.vectors import VectorCache

LIBRARIES = ("scikit-learn", "skops", "sentence-transformers", "torch", "numpy")

TOLERANCE = 0.005
"""A candidate whose held-out average precision is lower by more than this is worse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Examples as arrays, in one order."""

    examples: tuple[Example, ...]
    features: NDArray[np.float32]
    labels: NDArray[np.int64]

    def where(self, chosen: NDArray[np.bool_]) -> Dataset:
        """Return the chosen rows."""
        rows = np.flatnonzero(chosen)
        return Dataset(
            examples=tuple(self.examples[row] for row in rows),
            features=self.features[rows],
            labels=self.labels[rows],
        )

    @property
    def held_out(self) -> NDArray[np.bool_]:
        """Which rows are kept for comparisons."""
        return np.array([example.is_held_out for example in self.examples], dtype=bool)

    @property
    def weights(self) -> NDArray[np.float64]:
        """Each row's weight."""
        return np.array([example.weight for example in self.examples], dtype=np.float64)

    @property
    def groups(self) -> list[str]:
        """Each row's group."""
        return [example.group for example in self.examples]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A candidate beside the model in use, on the same held-out examples."""

    candidate: dict[str, Any]
    in_use: dict[str, Any] | None
    """None when there is no model in use."""
    may_replace: bool
    """False if the candidate is worse, or if nothing says that it is not."""
    sentence: str


def build_dataset(
    examples: Sequence[Example],
    *,
    embedder: Embedder,
    cache: VectorCache,
    gazetteer: Gazetteer,
    progress: Callable[[int], None] | None = None,
) -> Dataset:
    """Read and embed the examples; vectors kept before are not made again."""
    texts = [example.text for example in examples]
    vectors = embed_texts(texts, embedder, cache, progress=progress)
    evidence = evidence_matrix(texts, read_all(texts, gazetteer))
    return Dataset(
        examples=tuple(examples),
        features=np.hstack([evidence, vectors]) if texts else evidence,
        labels=np.array([example.label for example in examples], dtype=np.int64),
    )


def train(
    data: Dataset, *, embedder: Embedder, gazetteer_edition: str, seed: int, now: datetime
) -> TrainedModel:
    """Train a model on all of the data, and its evaluation twin without the held-out groups.

    Raises:
        TooFewLabels: If a class has too few rows.
    """
    pipeline, threshold = _fit(data, seed)
    evaluation_pipeline, _line = _fit(data.where(~data.held_out), seed)
    model_id = fingerprint(
        pipeline, threshold=threshold, embedder_id=embedder.embedder_id, edition=gazetteer_edition
    )
    card = {
        "format": FORMAT,
        "model_id": model_id,
        "summary": "Probability that a listing offers a controlled precursor: a flag is a request to look.",
        "created_at": times.to_text(now),
        "embedder": embedder.name,
        "embedder_id": embedder.embedder_id,
        "threshold": threshold,
        "features": list(FEATURES),
        "data": describe(data),
        "training": {"seed": seed, "gazetteer_edition": gazetteer_edition, "verdict_weight": VERDICT_WEIGHT},
        "held_out": held_out_figures(evaluation_pipeline, threshold, data),
        "versions": {"python": sys.version.split()[0]} | {name: version(name) for name in LIBRARIES},
    }
    return TrainedModel(
        model_id=model_id,
        pipeline=pipeline,
        evaluation_pipeline=evaluation_pipeline,
        threshold=threshold,
        embedder_id=embedder.embedder_id,
        neighbours=Neighbours(
            vectors=data.features[:, len(FEATURES) :],
            labels=data.labels,
            texts=tuple(example.text[:500] for example in data.examples),
        ),
        card=card,
    )


def compare(candidate: TrainedModel, in_use: TrainedModel | None, data: Dataset) -> Comparison:
    """Hold a candidate against the model in use on the held-out part of the candidate's data.

    Both are judged by their evaluation twins, which saw no held-out group, so that the older model is
    not flattered by rows it was trained on.
    """
    mine = held_out_figures(candidate.evaluation_pipeline, candidate.threshold, data)
    if in_use is None:
        first = "It is the first model; nothing to compare."
        return Comparison(candidate=mine, in_use=None, may_replace=True, sentence=first)
    if in_use.embedder_id != candidate.embedder_id:
        return not_compared(mine, f"the model in use was fitted on vectors of {in_use.embedder_id}")
    if mine["average_precision"] is None:
        return not_compared(mine, "the held-out examples lack offers or others")
    theirs = held_out_figures(in_use.evaluation_pipeline, in_use.threshold, data)
    may_replace = mine["average_precision"] - theirs["average_precision"] >= -TOLERANCE
    sentence = (
        f"Held-out average precision {mine['average_precision']:.4f}, "
        f"against {theirs['average_precision']:.4f} "
        f"of {in_use.model_id} on the same {mine['rows']}: {'not worse' if may_replace else 'worse'}."
    )
    return Comparison(candidate=mine, in_use=theirs, may_replace=may_replace, sentence=sentence)


def not_compared(candidate: dict[str, Any], why: str) -> Comparison:
    """Return the comparison that could not be made; a person has to decide."""
    sentence = (
        f"There is nothing to compare it with: {why.rstrip('.')}. Use --force to promote it all the same."
    )
    return Comparison(candidate=candidate, in_use=None, may_replace=False, sentence=sentence)


def describe(data: Dataset) -> dict[str, object]:
    """Return how many examples of which origin a model saw."""
    origins = sorted({example.origin for example in data.examples})
    counts = {
        f"{origin}_examples": sum(example.origin == origin for example in data.examples) for origin in origins
    }
    return {**counts, "offers": int(data.labels.sum()), "groups": len(set(data.groups))}


def held_out_figures(pipeline: Pipeline, threshold: float, data: Dataset) -> dict[str, Any]:
    """Return the figures of a pipeline on the held-out rows; without any, there is no average precision."""
    kept = data.where(data.held_out)
    if not len(kept.labels):
        return {"average_precision": None, "rows": 0}
    return summary(kept.labels, pipeline.predict_proba(kept.features)[:, 1], threshold)


def _fit(data: Dataset, seed: int) -> tuple[Pipeline, float]:
    return fit_calibrated(data.features, data.labels, groups=data.groups, weights=data.weights, seed=seed)
