"""Train a model on examples, and a cross-fitted model for fair comparisons."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from classifier.explain.nearest import telling_floors
from classifier.features.embedding import weights_of
from classifier.features.evidence import EVIDENCE_RULE, FEATURES
from classifier.features.matrix import evidence_in, features_of, join_columns, vectors_in
from classifier.measures import summary
from classifier.model.cascade import FirstStage, fit_first_stage
from classifier.model.estimator import fit_with_folds
from classifier.model.persistence import FORMAT, Neighbours, TrainedModel, fingerprint
from classifier.training.verdict_examples import GROUP_WEIGHT, VERDICT_WEIGHT
from store import times

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix
    from sklearn.pipeline import Pipeline

    from classifier.features.embedding import Embedder
    from classifier.features.static_embedding import StaticEmbedder
    from classifier.gazetteer import Gazetteer
    from classifier.training.examples import Example
    from store.vectors import VectorCache

NEIGHBOUR_CHARS = 500
"""Characters kept of each example's text, for showing it beside similar texts."""

LIBRARIES = ("scikit-learn", "skops", "sentence-transformers", "torch", "numpy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Examples as arrays, in one order."""

    examples: tuple[Example, ...]
    features: csr_matrix
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
        """Whether each row is held out for comparisons."""
        return np.array([example.is_held_out for example in self.examples], dtype=bool)

    @property
    def weights(self) -> NDArray[np.float64]:
        """The weight of each row."""
        return np.array([example.weight for example in self.examples], dtype=np.float64)

    @property
    def groups(self) -> list[str]:
        """The group of each row."""
        return [example.group for example in self.examples]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cascade:
    """The parts of a first stage."""

    static: StaticEmbedder
    evident: NDArray[np.bool_]
    """Whether each row of the data has evidence and so goes to the transformer."""


def build_dataset(
    examples: Sequence[Example],
    *,
    embedder: Embedder,
    cache: VectorCache,
    gazetteer: Gazetteer,
    progress: Callable[[int], None] | None = None,
) -> Dataset:
    """Read and embed the examples that are missing from the cache."""
    texts = [example.text for example in examples]
    return Dataset(
        examples=tuple(examples),
        features=features_of(texts, embedder=embedder, cache=cache, gazetteer=gazetteer, progress=progress),
        labels=np.array([example.label for example in examples], dtype=np.int64),
    )


def train(
    data: Dataset,
    *,
    embedder: Embedder,
    gazetteer_edition: str,
    seed: int,
    now: datetime,
    cascade: Cascade | None = None,
) -> TrainedModel:
    """Train a model on all data, and its cross-fitted model without the held-out groups.

    Args:
        data: The training examples.
        embedder: The embedder of the data's vectors.
        gazetteer_edition: The edition of the gazetteer that read the data.
        seed: The seed of the folds.
        now: The time of creation.
        cascade: The parts of the first stage; without it, every text goes to the transformer.

    Raises:
        TooFewLabels: If a class has too few rows.
    """
    pipeline, threshold, folds = _fit(data, seed)
    evaluation_pipeline, _threshold, _folds = _fit(data.where(~data.held_out), seed)
    first_stage, settled = _first_stage(data, cascade, folds >= threshold, threshold, seed)
    neighbours = _neighbours(data, seed)
    embedder_id = weights_of(embedder.embedder_id)
    model_id = fingerprint(
        pipeline,
        threshold=threshold,
        embedder_id=embedder_id,
        edition=gazetteer_edition,
        first_stage=first_stage,
    )
    card = _provenance(data, embedder, gazetteer_edition, seed, now) | {
        "model_id": model_id,
        "threshold": threshold,
        "cascade": settled,
        "nearest_shown_from": dict(neighbours.floors),
        "held_out": held_out_figures(evaluation_pipeline, threshold, data),
    }
    return TrainedModel(
        model_id=model_id,
        pipeline=pipeline,
        evaluation_pipeline=evaluation_pipeline,
        threshold=threshold,
        embedder_id=embedder_id,
        neighbours=neighbours,
        card=card,
        first_stage=first_stage,
    )


def _provenance(
    data: Dataset, embedder: Embedder, gazetteer_edition: str, seed: int, now: datetime
) -> dict[str, object]:
    """Return the part of a model card on the making of the model."""
    return {
        "format": FORMAT,
        "summary": "Probability that a listing offers a controlled precursor: a flag is a request to look.",
        "created_at": times.to_text(now),
        "embedder": embedder.name,
        "embedder_id": weights_of(embedder.embedder_id),
        "features": list(FEATURES),
        "data": describe(data),
        "training": {
            "seed": seed,
            "vectors_of": embedder.embedder_id,
            "gazetteer_edition": gazetteer_edition,
            "verdict_weight": VERDICT_WEIGHT,
            "group_weight": GROUP_WEIGHT,
        },
        "versions": {"python": sys.version.split()[0]} | {name: version(name) for name in LIBRARIES},
    }


def _neighbours(data: Dataset, seed: int) -> Neighbours:
    vectors = vectors_in(data.features)
    texts = [example.text for example in data.examples]
    return Neighbours(
        vectors=vectors,
        labels=data.labels,
        texts=tuple(text[:NEIGHBOUR_CHARS] for text in texts),
        floors=telling_floors(vectors, data.labels, data.groups, texts, seed=seed),
    )


def _first_stage(
    data: Dataset, cascade: Cascade | None, flagged: NDArray[np.bool_], threshold: float, seed: int
) -> tuple[FirstStage | None, dict[str, object]]:
    """Return the first stage with its cost and gain; None and an empty dict without a cascade."""
    if cascade is None:
        return None, {}
    texts = [example.text for example in data.examples]
    static = cascade.static(texts)
    pipeline, shares = fit_first_stage(
        join_columns(evidence_in(data.features), static, texts),
        data.labels,
        groups=data.groups,
        weights=data.weights,
        flagged=flagged,
        evident=cascade.evident,
        threshold=threshold,
        seed=seed,
    )
    stage = FirstStage(pipeline=pipeline, static=cascade.static, threshold=shares.threshold)
    return stage, asdict(shares) | {"goes_on": EVIDENCE_RULE}


def describe(data: Dataset) -> dict[str, object]:
    """Return the numbers of examples by origin, of offers and of groups."""
    origins = sorted({example.origin for example in data.examples})
    counts = {
        f"{origin}_examples": sum(example.origin == origin for example in data.examples) for origin in origins
    }
    return {**counts, "offers": int(data.labels.sum()), "groups": len(set(data.groups))}


def held_out_figures(pipeline: Pipeline, threshold: float, data: Dataset) -> dict[str, Any]:
    """Return the figures of a pipeline on the held-out rows; without rows, average precision is None."""
    kept = data.where(data.held_out)
    if not len(kept.labels):
        return {"average_precision": None, "rows": 0}
    return summary(kept.labels, pipeline.predict_proba(kept.features)[:, 1], threshold)


def _fit(data: Dataset, seed: int) -> tuple[Pipeline, float, NDArray[np.float64]]:
    return fit_with_folds(data.features, data.labels, groups=data.groups, weights=data.weights, seed=seed)
