"""How a model does on labelled listings it was not trained on: pure functions from arrays to figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import precision_recall_curve

from classifier.measures import (
    BINS,
    average_precision,
    figures_of,
    has_both,
    precision_recall,
    rounded,
    share_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classifier.measures import Figure, Scored

SHOWN_MISTAKES = 30
"""At most; half of them of either kind, where both are possible."""
CURVE_POINTS = 200

NAMES = ("title", "text", "description")
"""What a row is called by, the first that it has."""

NO_OFFERS = (
    "No row is an offer: what is told is how much is flagged of what offers nothing. Recall, precision, "
    "calibration and curves need offers too."
)
OFFERS_ALONE = (
    "Every row is an offer: what is told is how many are flagged. Precision, calibration and curves need "
    "rows that are none."
)

OF_OFFERS = ("family", "tier")
"""Kinds of slices that only offers have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A row on the wrong side of the line."""

    row_id: str
    title: str
    label: int
    score: float
    given_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of the rows at the line; what needs offers and others is None where either is missing."""

    slice: str
    """Its kind and value, e.g. `language de`."""
    rows: int
    offers: int
    flagged: int
    average_precision: float | None
    precision: float | None
    recall: float | None
    """None without offers."""
    share_flagged: Figure
    """With its Wilson interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What was found with one part of the rows' texts shown to every way of scoring."""

    shown: str
    """`titles and descriptions` or `titles only`."""
    figures: dict[str, dict[str, Figure]]
    """By way of scoring (the model first, then the baselines), then by figure."""
    confusion: dict[str, int]
    """How many rows the line puts where: found, missed, false flags, rightly left; of one class only two."""
    slices: list[Slice] = field(default_factory=list)
    reliability: list[dict[str, float]] = field(default_factory=list)
    """Empty, as `curves`, for rows of one class."""
    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """Recall and precision at falling lines, by way of scoring."""
    mistakes: list[Mistake] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Everything `evaluate` shows."""

    file: str
    model_id: str
    law: str
    """Which lists counted, as of when."""
    rows: int
    offers: int
    threshold: float
    budget: int
    notes: tuple[str, ...]
    """What the reader of the figures must know, in sentences."""
    views: tuple[View, ...]

    @property
    def has_both(self) -> bool:
        """Whether there are offers and others among the rows."""
        return 0 < self.offers < self.rows


def view_of(
    shown: str,
    ways: Sequence[Scored],
    rows: Sequence[dict[str, object]],
    keys: Mapping[str, Sequence[str]],
    *,
    budget: int,
    seed: int,
) -> View:
    """Return everything there is to say of one view.

    Args:
        shown: As `View.shown`.
        ways: The model first, then the baselines, over the same rows.
        rows: As they came, for examples.
        keys: As for `slices_of`.
        budget: How many listings a person reads.
        seed: Of the bootstrap.
    """
    model = ways[0]
    is_told_apart = has_both(model.labels)
    return View(
        shown=shown,
        figures={way.name: figures_of(way, budget=budget, seed=seed) for way in ways},
        confusion=confusion_of(model),
        slices=slices_of(model, keys),
        reliability=reliability_of(model) if is_told_apart else [],
        curves={way.name: curve_of(way) for way in ways} if is_told_apart else {},
        mistakes=mistakes_of(model, rows),
    )


def notes_of(labels: NDArray[np.int64], views: Sequence[View], *, budget: int) -> tuple[str, ...]:
    """Return sentences on what the figures leave out, and on what they do not mean.

    Args:
        labels: Of all rows.
        views: Of the same rows.
        budget: How many listings a person reads.
    """
    rows, offers = len(labels), int(labels.sum())
    if not offers:
        return (NO_OFFERS,)
    if offers == rows:
        return (OFFERS_ALONE,)
    notes = []
    if budget >= rows:
        notes.append(
            f"A person reads {budget:,} listings a day and these are {rows:,}, so there are no figures of "
            f"the first {budget:,}; --budget names fewer."
        )
    elif 2 * budget >= rows:
        notes.append(
            f"The first {budget:,} are {100 * budget / rows:.0f} % of these rows, so their figures say "
            "little of a market where offers are rare; --budget names fewer."
        )
    if any(each.slice.split(" ")[0] in OF_OFFERS for view in views for each in view.slices):
        notes.append(
            "Slices of a family or tier hold its offers alone: of them there is recall, and nothing else."
        )
    return tuple(notes)


def slices_of(scored: Scored, keys: Mapping[str, Sequence[str]]) -> list[Slice]:
    """Return counts, precision and recall at the line for each value of each key, e.g. each language.

    Rows that are no offers have no family or tier of their own: a slice of `OF_OFFERS` holds offers alone.

    Args:
        scored: The model's scores.
        keys: For each kind of slice, a value for each row; empty values are left out.
    """
    found = []
    for kind, values in keys.items():
        column = np.array(values, dtype=object)
        may_count = scored.labels == 1 if kind in OF_OFFERS else np.ones(len(column), dtype=bool)
        for value in sorted({*column[may_count]} - {""}):
            rows = (column == value) & may_count
            found.append(
                _slice(f"{kind} {value}", scored.labels[rows], scored.scores[rows], scored.threshold)
            )
    return found


def _slice(name: str, labels: NDArray[np.int64], scores: NDArray[np.float64], threshold: float) -> Slice:
    flagged = scores >= threshold
    precision, recall = precision_recall(labels, flagged)
    return Slice(
        slice=name,
        rows=len(labels),
        offers=int(labels.sum()),
        flagged=int(flagged.sum()),
        average_precision=rounded(average_precision(labels, scores)),
        precision=rounded(precision) if has_both(labels) else None,
        recall=rounded(recall),
        share_flagged=share_of(flagged),
    )


def reliability_of(scored: Scored) -> list[dict[str, float]]:
    """Return, for each tenth of the probabilities, how many rows lie there and how many are offers."""
    bins = np.minimum((scored.scores * BINS).astype(int), BINS - 1)
    return [
        {
            "from": index / BINS,
            "to": (index + 1) / BINS,
            "rows": float((bins == index).sum()),
            "mean_score": float(scored.scores[bins == index].mean()),
            "offers": float(scored.labels[bins == index].mean()),
        }
        for index in range(BINS)
        if (bins == index).any()
    ]


def confusion_of(scored: Scored) -> dict[str, int]:
    """Return how many rows the line puts right and wrong; what there are no rows for is left out."""
    flagged, offers = scored.flagged, scored.labels == 1
    of_offers = {"found": int((flagged & offers).sum()), "missed": int((~flagged & offers).sum())}
    of_others = {
        "false flags": int((flagged & ~offers).sum()),
        "rightly left": int((~flagged & ~offers).sum()),
    }
    return (of_offers if offers.any() else {}) | (of_others if not offers.all() else {})


def curve_of(scored: Scored) -> list[tuple[float, float]]:
    """Return recall and precision at falling lines, some hundred of them, for a plot."""
    precision, recall, _lines = precision_recall_curve(scored.labels, scored.scores)
    kept = np.unique(np.linspace(0, len(recall) - 1, CURVE_POINTS).astype(int))
    return [(round(float(recall[at]), 4), round(float(precision[at]), 4)) for at in kept]


def mistakes_of(scored: Scored, rows: Sequence[dict[str, object]]) -> list[Mistake]:
    """Return the most confident mistakes of both kinds, false flags first."""
    shown = SHOWN_MISTAKES // 2 if has_both(scored.labels) else SHOWN_MISTAKES
    false_flags = np.flatnonzero(scored.flagged & (scored.labels == 0))
    missed = np.flatnonzero(~scored.flagged & (scored.labels == 1))
    worst = [
        *false_flags[np.argsort(-scored.scores[false_flags], kind="stable")][:shown],
        *missed[np.argsort(scored.scores[missed], kind="stable")][:shown],
    ]
    return [
        Mistake(
            row_id=str(rows[index].get("id", index)),
            title=next((str(rows[index][key])[:120] for key in NAMES if rows[index].get(key)), ""),
            label=int(scored.labels[index]),
            score=round(float(scored.scores[index]), 4),
            given_label=str(rows[index].get("label", "")),
        )
        for index in worst
    ]
