"""Find the nearest examples of a text, and the lowest similarity at which they are worth showing.

An embedder also compares texts in languages that it does not understand. To all-MiniLM-L6-v2, made for
English, the texts most similar to half of the offers in Chinese are no offers. So training measures for each
script the similarity from which the nearest examples share a text's label (decision 44).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from store.model import Neighbour

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classifier.model.persistence import Neighbours

SHOWN = 3
"""Most examples shown beside a score."""
SHOWN_CHARS = 160
"""Most characters shown of each example."""
SHARED = 0.8
"""Required share of nearest examples with the label of the text, for each label."""
LEAST_MET = 20
"""Fewest nearest examples of each label from which a share is measured."""
SAMPLE = 1_000
"""Most texts of a script in the measurement."""
FLOORS = tuple(step / 100 for step in range(40, 100))
"""Similarities tried, from 0.40 to 0.99. The vectors of multilingual-e5-small lie so near to each other that
a hundredth matters: the nearest examples have 0.90 on average, unlike texts 0.75."""

_AT_ONCE = 250
_SCRIPT_CHARS = 500


def script_of(text: str) -> str:
    """Return the script of most of a text's first letters, as Unicode names it, e.g. `LATIN`, `CJK`."""
    scripts: Counter[str] = Counter()
    for letter, times in Counter(text[:_SCRIPT_CHARS]).items():
        if script := _script(letter):
            scripts[script] += times
    return max(scripts, key=lambda script: scripts[script], default="")


def telling_floors(
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: Sequence[str],
    texts: Sequence[str],
    *,
    seed: int,
) -> dict[str, float]:
    """Return for each script the similarity from which the nearest examples share the label of a text.

    That is the lowest similarity of `FLOORS` from which the nearest examples, of other groups, share the
    label in `SHARED` of cases, for offers and for others. Scripts without such a similarity are omitted.
    Vectors have the length 1.
    """
    scripts, group = np.array([script_of(text) for text in texts]), np.unique(groups, return_inverse=True)[1]
    random = np.random.default_rng(seed)
    floors: dict[str, float] = {}
    for script in sorted(set(scripts.tolist())):
        rows = np.flatnonzero(scripts == script)
        sample = np.sort(random.choice(rows, min(SAMPLE, len(rows)), replace=False))
        near, similarity = _of_other_groups(sample, vectors, group)
        floor = _floor(labels[near], labels[sample][:, None] == labels[near], similarity)
        if floor is not None:
            floors[script] = floor
    return floors


def nearest(
    texts: Sequence[str], vectors: NDArray[np.float32], examples: Neighbours
) -> list[tuple[Neighbour, ...]]:
    """Return the examples of each text that are similar enough to show, nearest first."""
    if not len(vectors) or not len(examples.vectors):
        return [()] * len(vectors)
    similarity = vectors @ examples.vectors.T
    best = _highest(similarity)
    floors = (_floor_of(text, examples.floors) for text in texts)
    return [
        tuple(
            Neighbour(
                label=int(examples.labels[column]),
                text=_beginning(examples.texts[column]),
                similarity=round(float(similarity[row, column]), 3),
            )
            for column in columns
            if similarity[row, column] >= floor
        )
        for row, (columns, floor) in enumerate(zip(best.tolist(), floors, strict=True))
    ]


def _highest(similarity: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the `SHOWN` highest columns of each row, highest first."""
    shown = min(SHOWN, similarity.shape[1])
    columns = np.sort(np.argpartition(-similarity, shown - 1, axis=1)[:, :shown], axis=1)
    order = np.argsort(-np.take_along_axis(similarity, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)


def _floor_of(text: str, floors: Mapping[str, float]) -> float:
    return floors.get(script_of(text), np.inf)


def _beginning(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS else f"{text[: SHOWN_CHARS - 1].rstrip()}…"


@lru_cache(maxsize=8_192)
def _script(character: str) -> str:
    if not character.isalpha():
        return ""
    named = unicodedata.name(unicodedata.normalize("NFKC", character)[0], "").partition(" ")[0]
    return "CJK" if named in {"HIRAGANA", "KATAKANA"} else named


def _of_other_groups(
    rows: NDArray[np.int64], vectors: NDArray[np.float32], groups: NDArray[np.intp]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the nearest rows of other groups and their similarities, nearest first: shapes (n, <= 3)."""
    near, similarities = [], []
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        similarity = vectors[part] @ vectors.T
        similarity[groups[part][:, None] == groups[None, :]] = -np.inf
        best = _highest(similarity)
        near.append(best)
        similarities.append(np.take_along_axis(similarity, best, axis=1))
    return np.concatenate(near), np.concatenate(similarities)


def _floor(
    labels: NDArray[np.int64], shares: NDArray[np.bool_], similarity: NDArray[np.float32]
) -> float | None:
    """Return the lowest similarity from which examples of both labels are worth showing."""
    return next(
        (
            floor
            for floor in FLOORS
            if all(
                np.count_nonzero(met) >= LEAST_MET and shares[met].mean() >= SHARED
                for met in ((similarity >= floor) & (labels == label) for label in (0, 1))
            )
        ),
        None,
    )
