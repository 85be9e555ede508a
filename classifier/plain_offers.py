"""Plain offers of every strongly controlled substance: what no batch of verdicts may unteach unnoticed.

Held-out examples say little of one substance, and verdicts on it speak for themselves. These texts are the
law's own words, nobody can judge them otherwise, and no model was trained on them, so that the models in
full can be held against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scipy.sparse import csr_matrix

    from classifier.folder import TrainedModel
    from classifier.gazetteer import Gazetteer

STRONGEST_TIERS = 2
"""Tier 3, bulk solvents and acids, is sold so widely that verdicts may well decide about it."""

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
