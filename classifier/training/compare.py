"""Compare a candidate with the model in use: on held-out examples, slice by slice, and on plain offers.

Held-out examples contain little on any one substance, and wrong verdicts on it would confirm themselves. So
the models are also compared on plain offers of every strongly controlled substance: verdicts must not make a
model forget one unnoticed. These texts consist of the names in the law. Verdicts cannot change their meaning,
and no model was trained on them, so the full models are compared, not the cross-fitted models.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from classifier.features.evidence import FEATURES
from classifier.features.matrix import evidence_in
from classifier.measures import RESAMPLES, resampled_average_precision
from classifier.training.fit import held_out_figures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from classifier.gazetteer import Gazetteer
    from classifier.model.persistence import TrainedModel
    from classifier.training.examples import Example
    from classifier.training.fit import Dataset

SHOWN_LOST = 5
MINIMUM_UNLEARNED = 10
"""Number of sellers from which verdicts against names in the law need a review by a person."""
MINIMUM_ROWS = 20
"""Fewest rows of a guarded slice; smaller slices are only shown."""
MINIMUM_SHARED = 10
"""Fewest offers, and fewest others, of a guarded figure: one offer of five is 20 percentage points."""

STRONGEST_TIERS = 2
"""Tiers guarded against verdicts. Tier 3, bulk solvents and acids, is sold so widely that verdicts decide."""

OFFERED = [list(FEATURES).index(f"offers a tier {tier} substance") for tier in range(1, STRONGEST_TIERS + 1)]
"""Evidence columns of offers in these tiers."""

PLAIN_OFFER = "{} 25 kg"
LANGUAGE = "en"
"""A plain offer. One language is enough, because a model forgets a substance, or plain names in general."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Limits on the fall of one figure on a slice."""

    name: str
    tolerance: float
    """A greater fall is worse if its interval is below zero."""
    limit: float
    """A greater fall is worse in any case."""


AVERAGE_PRECISION = Guard(name="average precision", tolerance=0.005, limit=0.05)
RECALL = Guard(name="recall at the threshold", tolerance=0.02, limit=0.15)
LEFT_ALONE = Guard(name="others left alone", tolerance=0.02, limit=0.15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One figure of both models on one slice."""

    slice: str
    figure: str
    rows: int
    offers: int
    candidate: float
    in_use: float
    low: float
    """Lower end of the interval of the difference, candidate minus model in use."""
    high: float
    is_worse: bool

    def __str__(self) -> str:
        return f"{self.slice} ({self.figure} {self.candidate:.3f}, was {self.in_use:.3f})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The comparison of a candidate with the model in use."""

    candidate: dict[str, Any]
    in_use: dict[str, Any] | None
    """None without a comparable model in use."""
    differences: tuple[Difference, ...] = ()
    lost: tuple[str, ...] = ()
    """Names of strongly controlled substances whose plain offers the candidate no longer flags."""
    unlearned: int = 0
    """Number of sellers as in `unlearned_groups`."""
    may_replace: bool
    """False if the candidate is worse on any slice, or if it could not be compared."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """Rows with labels, the probabilities and flags of both models, and the resamples."""

    labels: NDArray[np.int64]
    scores: tuple[NDArray[np.float64], NDArray[np.float64]]
    flags: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    draws: NDArray[np.int16] = field(repr=False)

    def where(self, rows: NDArray[np.intp]) -> _Pair:
        return _Pair(
            labels=self.labels[rows],
            scores=(self.scores[0][rows], self.scores[1][rows]),
            flags=(self.flags[0][rows], self.flags[1][rows]),
            draws=self.draws[:, rows],
        )


def compare(
    candidate: TrainedModel,
    in_use: TrainedModel | None,
    data: Dataset,
    *,
    lost: Sequence[str] = (),
    unlearned: int = 0,
    seed: int = 0,
) -> Comparison:
    """Compare a candidate with the model in use on the held-out part of the candidate's data.

    The cross-fitted models of both are compared. They saw no held-out group, so that neither profits from its
    training rows. The intervals come from resampling groups, not rows, because the texts of one seller are a
    single observation.

    Args:
        candidate: The newly trained model.
        in_use: The model in use, if any.
        data: The data of the candidate, including the held-out part.
        lost: Names whose plain offers only the model in use flags; one of them makes the candidate worse.
        unlearned: The number from `unlearned_groups`; `MINIMUM_UNLEARNED` make the candidate worse.
        seed: The seed of the resamples.
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
    differences = tuple(_differences(candidate, in_use, data.where(data.held_out), seed))
    worse = [str(each) for each in differences if each.is_worse]
    if lost:
        more = f" and {len(lost) - SHOWN_LOST} more" if len(lost) > SHOWN_LOST else ""
        worse.append(f"plain offers of {', '.join(lost[:SHOWN_LOST])}{more} (no longer flagged)")
    if unlearned >= MINIMUM_UNLEARNED:
        worse.append(
            f"offers of tier 1 or 2 by name from {unlearned} sellers "
            "(reviewed as no offers, no longer flagged)"
        )
    sentence = (
        f"Held-out average precision {mine['average_precision']:.4f}, "
        f"against {theirs['average_precision']:.4f} of {in_use.model_id} on the same {mine['rows']}: "
        + (f"worse on {'; '.join(worse)}." if worse else "not worse.")
    )
    return Comparison(
        candidate=mine,
        in_use=theirs,
        differences=differences,
        lost=tuple(lost),
        unlearned=unlearned,
        may_replace=not worse,
        sentence=sentence,
    )


def not_compared(candidate: dict[str, Any], why: str) -> Comparison:
    """Return the comparison for models that cannot be compared; a person has to decide."""
    sentence = (
        f"There is nothing to compare it with: {why.rstrip('.')}. Use --force to promote it all the same."
    )
    return Comparison(candidate=candidate, in_use=None, may_replace=False, sentence=sentence)


def plain_offers(gazetteer: Gazetteer) -> dict[str, str]:
    """Return the plain offer of each name, in alphabetical order: some 900 texts."""
    names = sorted(
        {
            name.text
            for substance in gazetteer.substances
            if substance.tier <= STRONGEST_TIERS and substance.cas  # a substance without a number is a class
            for name in substance.names
            if name.lang == LANGUAGE and not name.context
        }
    )
    return {name: PLAIN_OFFER.format(name) for name in names}


def lost_names(
    candidate: TrainedModel,
    in_use: TrainedModel,
    gazetteer: Gazetteer,
    features: Callable[[Sequence[str]], csr_matrix],
) -> list[str]:
    """Return the names whose plain offers the model in use flags but the candidate does not."""
    offers = plain_offers(gazetteer)
    rows = features(list(offers.values()))
    mine, theirs = (
        model.pipeline.predict_proba(rows)[:, 1] >= model.threshold for model in (candidate, in_use)
    )
    return [name for name, is_lost in zip(offers, theirs & ~mine, strict=True) if is_lost]


def unlearned_groups(candidate: TrainedModel, in_use: TrainedModel, data: Dataset) -> int:
    """Return the number of sellers whose offers of guarded substances would lose their flags by verdicts.

    A model with word weights can learn wrong verdicts from other words of these listings and still flag plain
    offers.
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


def _differences(
    candidate: TrainedModel, in_use: TrainedModel, kept: Dataset, seed: int
) -> Iterator[Difference]:
    mine, theirs = (
        model.evaluation_pipeline.predict_proba(kept.features)[:, 1] for model in (candidate, in_use)
    )
    pair = _Pair(
        labels=kept.labels,
        scores=(mine, theirs),
        flags=(mine >= candidate.threshold, theirs >= in_use.threshold),
        draws=_draw_groups(kept.groups, seed),
    )
    for name, rows in _slices(kept.examples):
        yield from _compare_slice(name, pair.where(rows))


def _slices(examples: Sequence[Example]) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Yield the slices: all examples, then each origin, age, language, kind, tier and family."""
    yield "all", np.arange(len(examples))
    tags = [
        {
            f"{example.origin} examples",
            "newest verdicts" if example.is_newest else "",
            *(
                f"{kind} {value}" if (value := getattr(example, kind)) else ""
                for kind in ("language", "kind", "tier", "family")
            ),
        }
        for example in examples
    ]
    for name in sorted({tag for each in tags for tag in each if tag}):
        yield name, np.flatnonzero([name in each for each in tags])


def _draw_groups(groups: Sequence[str], seed: int) -> NDArray[np.int16]:
    """Return the number of draws of each row when groups are drawn with replacement."""
    names, number = np.unique(groups, return_inverse=True)
    shares = np.full(len(names), 1 / len(names))
    drawn = np.random.default_rng(seed).multinomial(len(names), shares, size=RESAMPLES)
    return drawn.astype(np.int16)[:, number]


def _compare_slice(name: str, pair: _Pair) -> Iterator[Difference]:
    """Yield the figures that the rows determine: average precision for both classes, else the share right."""
    offers = pair.labels == 1
    if 0 < offers.sum() < len(offers):
        mine, theirs = (_average_precisions(pair, scores) for scores in pair.scores)
        rarer = min(int(offers.sum()), int((~offers).sum()))
        yield _difference(name, AVERAGE_PRECISION, pair, mine, theirs, of=rarer)
    if offers.any():
        mine, theirs = (_shares(pair.draws, offers, flags) for flags in pair.flags)
        yield _difference(name, RECALL, pair, mine, theirs, of=int(offers.sum()))
    else:
        mine, theirs = (_shares(pair.draws, ~offers, ~flags) for flags in pair.flags)
        yield _difference(name, LEFT_ALONE, pair, mine, theirs, of=len(offers))


def _average_precisions(pair: _Pair, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the average precision of all rows, then of each resample."""
    return resampled_average_precision(pair.labels, scores, _with_all_rows(pair.draws))


def _shares(draws: NDArray[np.int16], of: NDArray[np.bool_], right: NDArray[np.bool_]) -> NDArray[np.float64]:
    drawn = _with_all_rows(draws)[:, of].astype(np.float64)
    total = drawn.sum(axis=1)
    shares: NDArray[np.float64] = np.full(len(drawn), np.nan)
    np.divide(drawn @ right[of], total, out=shares, where=total > 0)
    return shares


def _with_all_rows(draws: NDArray[np.int16]) -> NDArray[np.int16]:
    return np.vstack([np.ones((1, draws.shape[1]), dtype=draws.dtype), draws])


def _difference(
    name: str,
    guard: Guard,
    pair: _Pair,
    mine: NDArray[np.float64],
    theirs: NDArray[np.float64],
    *,
    of: int,
) -> Difference:
    change = mine - theirs
    resampled = change[1:][~np.isnan(change[1:])]
    low, high = np.quantile(resampled, (0.025, 0.975)) if len(resampled) else (-1.0, 1.0)
    fall = -change[0]
    counts = len(pair.labels) >= MINIMUM_ROWS and of >= MINIMUM_SHARED
    return Difference(
        slice=name,
        figure=guard.name,
        rows=len(pair.labels),
        offers=int(pair.labels.sum()),
        candidate=round(float(mine[0]), 4),
        in_use=round(float(theirs[0]), 4),
        low=round(float(low), 4),
        high=round(float(high), 4),
        is_worse=bool(counts and fall > guard.tolerance and (high < 0 or fall > guard.limit)),
    )
