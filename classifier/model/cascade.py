"""Settle clear cases with a first stage: a light model over evidence, static vectors and words.

Texts that name a listed substance go to the transformer, and so do texts with a signal of hiding and without
named goods. The first stage settles the other texts with a probability below its *threshold*. The threshold
comes from out-of-fold scores: at most `RECALL_BUDGET` of the offers are lost, and it never exceeds half of
the full model's threshold. Each training measures the cost and writes it on the model card.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from classifier.model.estimator import LinearWeights, fit_with_folds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix
    from sklearn.pipeline import Pipeline

    from classifier.features.static_embedding import StaticEmbedder

RECALL_BUDGET = 0.005
"""Greatest share of the offers that may be lost."""

USED_OF_BUDGET = 0.5
"""Share of the budget used, because out-of-fold texts resemble the training set more than a crawl does."""

HIGHEST_SHARE = 0.5
"""Highest threshold of the first stage, as a share of the full model's: the first stage settles only clear
cases, even if budget is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStage:
    """The light model that settles texts before the transformer."""

    pipeline: Pipeline
    static: StaticEmbedder
    threshold: float
    """A text without evidence and with a lower probability is settled; 0 settles nothing."""
    linear: LinearWeights = field(init=False, repr=False)
    """The pipeline in the form that scoring uses."""

    def __post_init__(self) -> None:
        """Extract the weights from the pipeline."""
        object.__setattr__(self, "linear", LinearWeights.of(self.pipeline))


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledShares:
    """The cost and the gain of a threshold, on out-of-fold scores."""

    threshold: float
    recall_given_up: float
    """Share of the offers, by weight, that the full model flags and the first stage settles."""
    settled: float
    """Share of the other texts, by weight, that is settled."""
    with_evidence: float
    """Share of all texts, by weight, that goes to the transformer because of its evidence."""


def fit_first_stage(
    features: csr_matrix,
    labels: NDArray[np.int64],
    *,
    groups: Sequence[str],
    weights: NDArray[np.float64],
    flagged: NDArray[np.bool_],
    evident: NDArray[np.bool_],
    threshold: float,
    seed: int,
) -> tuple[Pipeline, SettledShares]:
    """Fit the light model and set its threshold.

    The features have static vectors. `flagged` says whether the full model, whose threshold is given, flags
    each row out of fold, and `evident` is `has_evidence` of each row. No group is split over folds.
    """
    pipeline, _threshold, probabilities = fit_with_folds(
        features, labels, groups=groups, weights=weights, seed=seed
    )
    return pipeline, settle_within_budget(
        probabilities,
        labels=labels,
        weights=weights,
        flagged=flagged,
        evident=evident,
        highest=threshold * HIGHEST_SHARE,
    )


def settle_within_budget(
    probabilities: NDArray[np.float64],
    *,
    labels: NDArray[np.int64],
    weights: NDArray[np.float64],
    flagged: NDArray[np.bool_],
    evident: NDArray[np.bool_],
    highest: float,
) -> SettledShares:
    """Return the highest threshold within the budget, with its cost and gain.

    The probabilities are out of fold; for `flagged` and `evident` see `fit_first_stage`.
    """
    offers = float(weights[labels == 1].sum())
    lost = np.where((labels == 1) & flagged & ~evident, weights, 0.0)
    order = np.argsort(probabilities, kind="stable")
    given_up = np.cumsum(lost[order])
    beyond = np.flatnonzero(given_up > RECALL_BUDGET * USED_OF_BUDGET * offers)
    threshold = min(highest, float(probabilities[order[beyond[0]]]) if len(beyond) else highest)
    settled = (probabilities < threshold) & ~evident
    others = labels == 0
    return SettledShares(
        threshold=threshold,
        recall_given_up=float(lost[settled].sum() / offers),
        settled=float(weights[settled & others].sum() / weights[others].sum()),
        with_evidence=float(weights[evident].sum() / weights.sum()),
    )
