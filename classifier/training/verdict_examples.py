"""Turn verdicts and imported labels into weighted examples, and hold the newest groups out for comparisons.

Near-duplicate texts form one group. MinHash signatures find them, for 100,000 texts in seconds: two texts are
near-duplicates if their sets of character 5-grams have an estimated Jaccard similarity of at least `ALIKE`.
Candidates come from banding (Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", ch. 3). In each
bucket of a band, a text is compared only with the first and the previous text, so that the work is linear in
the number of copies.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from classifier.training.examples import HELD_OUT_OF, Example
from text.signatures import signatures

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from store.scores.labels import Label

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
