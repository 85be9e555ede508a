"""How a model does on labelled listings it was not trained on: pure functions from arrays to figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import precision_recall_curve

from classifier.figures import figures_of, rounded
from classifier.metrics import BINS, average_precision, precision_recall

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from classifier.figures import Figure, Scored

SHOWN_MISTAKES = 15
CURVE_POINTS = 200

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
class View:
    """What was found with one part of the rows' texts shown to every way of scoring."""

    shown: str
    """`titles and descriptions` or `titles only`."""
    figures: dict[str, dict[str, Figure]]
    """By way of scoring (the model first, then the baselines), then by figure."""
    confusion: dict[str, int]
    """How many rows the line puts where: found, missed, false flags, rightly left."""
    slices: list[dict[str, object]] = field(default_factory=list)
    reliability: list[dict[str, float]] = field(default_factory=list)
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
    return View(
        shown=shown,
        figures={way.name: figures_of(way, budget=budget, seed=seed) for way in ways},
        confusion=confusion_of(model),
        slices=slices_of(model, keys),
        reliability=reliability_of(model),
        curves={way.name: curve_of(way) for way in ways},
        mistakes=mistakes_of(model, rows),
    )


def notes_of(rows: int, *, budget: int) -> tuple[str, ...]:
    """Return sentences on figures that are left out, or say little of so many rows.

    Args:
        rows: How many there are.
        budget: How many listings a person reads.
    """
    if budget >= rows:
        note = (
            f"A person reads {budget:,} listings a day and these are {rows:,}, so there are no figures of "
            f"the first {budget:,}; --budget names fewer."
        )
        return (note,)
    if 2 * budget >= rows:
        note = (
            f"The first {budget:,} are {100 * budget / rows:.0f} % of these rows, so their figures say "
            "little of a market where offers are rare; --budget names fewer."
        )
        return (note,)
    return ()


def slices_of(scored: Scored, keys: Mapping[str, Sequence[str]]) -> list[dict[str, object]]:
    """Return counts, precision and recall at the line for each value of each key, e.g. each language.

    Rows that are no offers have no family or tier of their own: a slice of `OF_OFFERS` holds the offers of
    one, and every row that is no offer.

    Args:
        scored: The model's scores.
        keys: For each kind of slice, a value for each row; empty values are left out.
    """
    found = []
    for kind, values in keys.items():
        column = np.array(values, dtype=object)
        is_of_offers = kind in OF_OFFERS
        offered = {value for value, label in zip(values, scored.labels, strict=True) if label}
        for value in sorted({*(offered if is_of_offers else values)} - {""}):
            rows = column == value
            rows = (rows & (scored.labels == 1)) | (scored.labels == 0) if is_of_offers else rows
            labels, scores = scored.labels[rows], scored.scores[rows]
            precision, recall = precision_recall(labels, scores >= scored.threshold)
            found.append(
                {
                    "slice": f"{kind} {value}",
                    "rows": int(rows.sum()),
                    "offers": int(labels.sum()),
                    "flagged": int((scores >= scored.threshold).sum()),
                    "average_precision": rounded(average_precision(labels, scores)),
                    "precision": rounded(precision),
                    "recall": rounded(recall),
                }
            )
    return found


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
    """Return how many rows the line puts right and wrong."""
    flagged, offers = scored.scores >= scored.threshold, scored.labels == 1
    return {
        "found": int((flagged & offers).sum()),
        "missed": int((~flagged & offers).sum()),
        "false flags": int((flagged & ~offers).sum()),
        "rightly left": int((~flagged & ~offers).sum()),
    }


def curve_of(scored: Scored) -> list[tuple[float, float]]:
    """Return recall and precision at falling lines, some hundred of them, for a plot."""
    precision, recall, _lines = precision_recall_curve(scored.labels, scored.scores)
    kept = np.unique(np.linspace(0, len(recall) - 1, CURVE_POINTS).astype(int))
    return [(round(float(recall[at]), 4), round(float(precision[at]), 4)) for at in kept]


def mistakes_of(scored: Scored, rows: Sequence[dict[str, object]]) -> list[Mistake]:
    """Return the most confident mistakes of both kinds, false flags first."""
    flagged = scored.scores >= scored.threshold
    false_flags = np.flatnonzero(flagged & (scored.labels == 0))
    missed = np.flatnonzero(~flagged & (scored.labels == 1))
    worst = [
        *false_flags[np.argsort(-scored.scores[false_flags], kind="stable")][:SHOWN_MISTAKES],
        *missed[np.argsort(scored.scores[missed], kind="stable")][:SHOWN_MISTAKES],
    ]
    return [
        Mistake(
            row_id=str(rows[index].get("id", index)),
            title=str(rows[index].get("title", ""))[:120],
            label=int(scored.labels[index]),
            score=round(float(scored.scores[index]), 4),
            given_label=str(rows[index].get("label", "")),
        )
        for index in worst
    ]
