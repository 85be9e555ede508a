"""Plain offers of every strongly controlled substance: what no batch of verdicts may unteach unnoticed.

Held-out examples say little of one substance, and verdicts on it speak for themselves. These texts are the
law's own words, nobody can judge them otherwise, and no model was trained on them, so that the models in
full can be held against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classifier.features.evidence import FEATURES
from classifier.features.matrix import evidence_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scipy.sparse import csr_matrix

    from classifier.gazetteer import Gazetteer
    from classifier.model.persistence import TrainedModel
    from classifier.training.fit import Dataset

STRONGEST_TIERS = 2
"""Tier 3, bulk solvents and acids, is sold so widely that verdicts may well decide about it."""

OFFERED = [list(FEATURES).index(f"offers a tier {tier} substance") for tier in range(1, STRONGEST_TIERS + 1)]
"""Columns of evidence that say so of a text."""

FORM = "{} 25 kg"
LANGUAGE = "en"
"""One language is enough: what is unlearned is a substance or plain naming as such."""


def plain_offers(gazetteer: Gazetteer) -> dict[str, str]:
    """Return the plain offer of each name, in alphabetical order: some 900 texts."""
    names = sorted(
        {
            name.text
            for substance in gazetteer.substances
            if substance.tier <= STRONGEST_TIERS and substance.cas  # without one it is a class, not a name
            for name in substance.names
            if name.lang == LANGUAGE and not name.context
        }
    )
    return {name: FORM.format(name) for name in names}


def lost_names(
    candidate: TrainedModel,
    in_use: TrainedModel,
    gazetteer: Gazetteer,
    features: Callable[[Sequence[str]], csr_matrix],
) -> list[str]:
    """Return the names whose plain offers the model in use flags and the candidate does not."""
    offers = plain_offers(gazetteer)
    rows = features(list(offers.values()))
    mine, theirs = (
        model.pipeline.predict_proba(rows)[:, 1] >= model.threshold for model in (candidate, in_use)
    )
    return [name for name, is_lost in zip(offers, theirs & ~mine, strict=True) if is_lost]


def unlearned_groups(candidate: TrainedModel, in_use: TrainedModel, data: Dataset) -> int:
    """Return how many sellers' listings are judged harmless, offer such a substance, and are flagged no more.

    A model that knows words learns wrong verdicts by what else their listings say, and keeps what is plain.

    Args:
        candidate: Trained on the data.
        in_use: Of the same embedder.
        data: The judged examples among others.
    """
    names = (evidence_in(data.features)[:, OFFERED] > 0).any(axis=1)
    judged = np.array([example.origin != "starter" for example in data.examples])
    rows = np.flatnonzero(judged & names & (data.labels == 0))
    if not len(rows):
        return 0
    mine, theirs = (
        model.pipeline.predict_proba(data.features[rows])[:, 1] >= model.threshold
        for model in (candidate, in_use)
    )
    return len({data.examples[row].group for row in rows[theirs & ~mine]})
