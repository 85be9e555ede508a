"""Verdicts and imported labels as examples: who may say how much, and which are kept for comparisons."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from classifier.training.examples import HELD_OUT_OF, Example
from classifier.training.near_duplicates import near_duplicate_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from store.scores.labels import Label

VERDICT_WEIGHT = 3.0
"""A judged real listing counts as much as three written ones."""

GROUP_WEIGHT = 10 * VERDICT_WEIGHT
"""What all texts of one group may weigh together: whoever floods a market outvotes nobody."""


def from_labels(labels: Iterable[Label]) -> list[Example]:
    """Turn labels into examples, in the order in which their texts were first judged.

    A text that was judged many times the same way counts once. One that was judged both ways teaches
    nothing, except that a verdict given here outweighs an imported label.
    """
    ordered = sorted(labels, key=lambda label: (label.first_judged_at, label.group, label.text_hash))
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
    """Return a group for each text: its own, or that of the first of the texts that it nearly repeats.

    Sellers who share a text are not joined: short titles are common to all, and would make them one.
    """
    if not texts:
        return []
    pairs = near_duplicate_pairs(texts)
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(texts), len(texts)))
    _count, cluster_of = connected_components(links, directed=False)
    first = np.unique(cluster_of, return_index=True)[1]
    return [groups[first[cluster]] for cluster in cluster_of]


def _settle(same: Sequence[tuple[Label, str]]) -> tuple[Label, str] | None:
    """Return the label of one text that was judged once or more, or None if it is in dispute."""
    heard = [each for each in same if not each[0].is_imported] or same
    return heard[-1] if len({label.label for label, _group in heard}) == 1 else None


def _newest_groups(groups: Sequence[str], labels: Sequence[Label]) -> set[str]:
    """Return the fifth of the groups that was first judged last.

    A group is as old as its first decision, so that a group can never become newer: see decision 5.
    """
    since: dict[str, datetime] = {}
    for group, label in zip(groups, labels, strict=True):
        since[group] = min(label.first_judged_at, since.get(group, label.first_judged_at))
    ordered = sorted(since, key=lambda group: (since[group], group))
    return set(ordered[len(ordered) - len(ordered) // HELD_OUT_OF :])
