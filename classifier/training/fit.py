"""Train a model on examples, verdicts and imported labels, and a cross-fitted model for fair comparisons.

Comparisons hold out the newest groups of near-duplicate texts. MinHash signatures find the groups, for
100,000 texts in seconds: two texts are near-duplicates if their sets of character 5-grams have an estimated
Jaccard similarity of at least `ALIKE`. Candidates come from banding (Leskovec, Rajaraman and Ullman, "Mining
of Massive Datasets", ch. 3). In each bucket of a band, a text is compared only with the first and the
previous text, so that the work is linear in the number of copies.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from classifier.explain.nearest import telling_floors
from classifier.features.embedding import weights_of
from classifier.features.evidence import EVIDENCE_RULE, FEATURES
from classifier.features.matrix import evidence_in, features_of, join_columns, vectors_in
from classifier.measures import summary
from classifier.model.cascade import FirstStage, fit_first_stage
from classifier.model.estimator import fit_with_folds
from classifier.model.persistence import FORMAT, Neighbours, TrainedModel, fingerprint
from classifier.training.examples import HELD_OUT_OF, Example
from store import times
from text.signatures import signatures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix
    from sklearn.pipeline import Pipeline

    from classifier.features.embedding import Embedder
    from classifier.features.static_embedding import StaticEmbedder
    from classifier.gazetteer import Gazetteer
    from store.scores.labels import Label
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
    # The evaluated model comes first: its search must not start from weights that know the held-out rows.
    evaluation_pipeline, _threshold, _folds = _fit(data.where(~data.held_out), seed)
    pipeline, threshold, folds = _fit(data, seed, near=evaluation_pipeline)
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


def _fit(
    data: Dataset, seed: int, near: Pipeline | None = None
) -> tuple[Pipeline, float, NDArray[np.float64]]:
    return fit_with_folds(
        data.features, data.labels, groups=data.groups, weights=data.weights, seed=seed, near=near
    )


VERDICT_WEIGHT = 3.0
"""Weight of a reviewed real listing; an example of the starter set has weight 1."""

GROUP_WEIGHT = 10 * VERDICT_WEIGHT
"""Greatest total weight of a group, so that nobody can outvote others by flooding a market."""

ALIKE = 0.8
BANDS = 12
ROWS_OF_A_BAND = 5
"""Twelve bands of five rows find 99 % of the pairs at `ALIKE`, and at most 5 % at half of it."""

CHUNK = 4_096
"""Number of texts whose n-grams are in memory at once."""


def from_labels(labels: Iterable[Label]) -> list[Example]:
    """Return labels as examples, in the order of the first review of their texts.

    A text with several equal labels counts once. A text with contradictory labels is left out, except that
    verdicts outweigh imported labels.
    """
    ordered = sorted(labels, key=lambda label: (label.first_reviewed_at, label.group, label.text_hash))
    groups = joined_groups([label.text for label in ordered], [label.group for label in ordered])
    newest = _newest_groups(groups, ordered)
    by_text: dict[str, list[tuple[Label, str]]] = {}
    for label, group in zip(ordered, groups, strict=True):
        by_text.setdefault(label.text_hash, []).append((label, group))
    settled = [kept for same in by_text.values() if (kept := _settle(same))]
    sizes = Counter(group for _label, group in settled)
    return [
        Example(
            text=label.text,
            label=label.label,
            group=group,
            weight=min(VERDICT_WEIGHT, GROUP_WEIGHT / sizes[group]),
            origin="imported" if label.is_imported else "verdict",
            language=label.language,
            is_newest=group in newest,
        )
        for label, group in settled
    ]


def joined_groups(texts: Sequence[str], groups: Sequence[str]) -> list[str]:
    """Return the group of each text: its own, or the group of its first near-duplicate.

    Sellers with a common text are not joined, because common short titles would join all sellers.
    """
    if not texts:
        return []
    pairs = near_duplicate_pairs(texts)
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(texts), len(texts)))
    _count, cluster_of = connected_components(links, directed=False)
    first = np.unique(cluster_of, return_index=True)[1]
    return [groups[first[cluster]] for cluster in cluster_of]


def near_duplicate_pairs(texts: Sequence[str]) -> NDArray[np.int64]:
    """Return pairs of near-duplicate rows that connect all copies of each text.

    Case, accents, punctuation and white space are ignored.

    Returns:
        int64 of shape (pairs, 2).
    """
    if not texts:
        return np.zeros((0, 2), dtype=np.int64)
    signed = np.vstack(
        [
            signatures(texts[start : start + CHUNK], BANDS * ROWS_OF_A_BAND)
            for start in range(0, len(texts), CHUNK)
        ]
    )
    candidates = np.unique(
        np.vstack([_bucket_pairs(band) for band in np.split(signed, BANDS, axis=1)]), axis=0
    )
    alike = (signed[candidates[:, 0]] == signed[candidates[:, 1]]).mean(axis=1) >= ALIKE
    pairs: NDArray[np.int64] = candidates[alike]
    return pairs


def _settle(same: Sequence[tuple[Label, str]]) -> tuple[Label, str] | None:
    """Return the label of a text from its one or more labels; None if they contradict each other."""
    heard = [each for each in same if not each[0].is_imported] or same
    return heard[-1] if len({label.label for label, _group in heard}) == 1 else None


def _newest_groups(groups: Sequence[str], labels: Sequence[Label]) -> set[str]:
    """Return the fifth of the groups with the latest first review.

    The age of a group is that of its first decision, so that a group never becomes newer (decision 5).
    """
    since: dict[str, datetime] = {}
    for group, label in zip(groups, labels, strict=True):
        since[group] = min(label.first_reviewed_at, since.get(group, label.first_reviewed_at))
    ordered = sorted(since, key=lambda group: (since[group], group))
    return set(ordered[len(ordered) - len(ordered) // HELD_OUT_OF :])


def _bucket_pairs(band: NDArray[np.uint32]) -> NDArray[np.int64]:
    _values, first, bucket = np.unique(band, axis=0, return_index=True, return_inverse=True)
    rows = np.argsort(bucket, kind="stable")
    same = bucket[rows[1:]] == bucket[rows[:-1]]
    before = np.column_stack([rows[:-1][same], rows[1:][same]])
    to_first = np.column_stack([first[bucket[before[:, 1]]], before[:, 1]])
    return np.vstack([before, to_first])
