"""The first stage: a light model over evidence, static vectors and words settles what is clearly no offer.

Whatever names something listed goes to the transformer, however it sounds, and so does a sign of hiding
where no goods are named. Of the rest, the first stage settles what it gives a probability below its *line*.
The line is set from out-of-fold scores, so that at most `RECALL_BUDGET` of the offers are given up, and
never above half of the threshold; what it comes to is measured at every training and stands in the card.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from classifier.model.estimator import fit_with_folds
from classifier.model.folded import Folded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix
    from sklearn.pipeline import Pipeline

    from classifier.features.static_embedding import StaticEmbedder

    Static = Callable[[Sequence[str]], NDArray[np.float32]]

RECALL_BUDGET = 0.005
"""Greatest share of the offers that may be given up."""

USED_OF_BUDGET = 0.5
"""How much of it the line uses: out-of-fold scores are of texts like the training set's."""

HIGHEST_LINE = 0.5
"""The line's limit, as a share of the threshold: the first stage settles what it is sure of, not what it
would itself hardly flag, however much of the budget is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStage:
    """What settles texts before the transformer."""

    pipeline: Pipeline
    static: StaticEmbedder
    line: float
    """Below it a text without evidence is settled; 0 settles nothing."""
    folded: Folded = field(init=False, repr=False)
    """The pipeline as scoring weighs with it."""

    def __post_init__(self) -> None:
        """Fold the pipeline, once."""
        object.__setattr__(self, "folded", Folded.of(self.pipeline))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """What a line costs and saves, on out-of-fold scores."""

    line: float
    recall_given_up: float
    """Share of the offers, by weight, that the whole model flags and the first stage settles."""
    settled: float
    """Share of what is no offer, by weight, that is settled."""
    with_evidence: float
    """Share of all, by weight, that goes to the transformer because of its evidence."""


def cascade_is_on() -> bool:
    """Return whether first stages are made and used: unless `PRECURSOR_WATCH_CASCADE` is `off`."""
    return os.environ.get("PRECURSOR_WATCH_CASCADE", "on") != "off"


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
) -> tuple[Pipeline, Settling]:
    """Fit the light model and set its line.

    Args:
        features: Rows of `classifier.features.matrix` with static vectors.
        labels: 0 or 1.
        groups: A name per row; no group is split over folds.
        weights: Positive.
        flagged: Which rows the whole model flags, out of fold.
        evident: Which rows `has_evidence`.
        threshold: Of the whole model.
        seed: Of the folds.
    """
    pipeline, _threshold, probabilities = fit_with_folds(
        features, labels, groups=groups, weights=weights, seed=seed
    )
    return pipeline, set_line(
        probabilities,
        labels=labels,
        weights=weights,
        flagged=flagged,
        evident=evident,
        highest=threshold * HIGHEST_LINE,
    )


def set_line(
    probabilities: NDArray[np.float64],
    *,
    labels: NDArray[np.int64],
    weights: NDArray[np.float64],
    flagged: NDArray[np.bool_],
    evident: NDArray[np.bool_],
    highest: float,
) -> Settling:
    """Return the highest line that keeps to the budget, and what it comes to.

    Args:
        probabilities: Of the first stage, out of fold.
        labels: 0 or 1.
        weights: Positive.
        flagged: Which rows the whole model flags, out of fold.
        evident: Which rows `has_evidence`.
        highest: The line's limit.
    """
    offers = float(weights[labels == 1].sum())
    lost = np.where((labels == 1) & flagged & ~evident, weights, 0.0)
    order = np.argsort(probabilities, kind="stable")
    given_up = np.cumsum(lost[order])
    beyond = np.flatnonzero(given_up > RECALL_BUDGET * USED_OF_BUDGET * offers)
    line = min(highest, float(probabilities[order[beyond[0]]]) if len(beyond) else highest)
    settled = (probabilities < line) & ~evident
    others = labels == 0
    return Settling(
        line=line,
        recall_given_up=float(lost[settled].sum() / offers),
        settled=float(weights[settled & others].sum() / weights[others].sum()),
        with_evidence=float(weights[evident].sum() / weights.sum()),
    )
