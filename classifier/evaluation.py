"""Measure the model in use on a file of labelled listings outside its training data.

A view gives the model and three baselines one part of each text: the title, or the title with the
description. The baselines are simpler methods, trained on the same examples.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve
from sklearn.pipeline import make_pipeline

from classifier.errors import DataFileWrong
from classifier.features.evidence import read_all
from classifier.features.matrix import embed_as_shown, vectors_in
from classifier.measures import (
    BINS,
    Scored,
    average_precision,
    bin_of,
    figures_of,
    has_both,
    precision_recall,
    rounded,
    share_of,
)
from classifier.training.examples import columns_of, given_label, load_starter, read_rows, row_text
from classifier.training.fit import build_dataset
from store.model import Decision
from text.cas import cas_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from classifier.gazetteer import Gazetteer
    from classifier.measures import Figure
    from classifier.reading import Reading
    from classifier.scoring import ScoredText, Scorer
    from classifier.training.fit import Dataset
    from store.model import Reasons

    Row = dict[str, Any]

WHOLE, TITLES = "titles and descriptions", "titles only"
MEANINGS = {"1": 1, "0": 0, Decision.OFFER: 1, Decision.NOT_OFFER: 0}
"""The default meanings of labels in files and of verdicts."""
BATCH = 2_048
"""Texts scored between two progress reports."""

BASELINE_THRESHOLD = 0.5

SHOWN_MISTAKES = 30
"""Most mistakes shown: half of each kind, where both kinds are possible."""
CURVE_POINTS = 200

NAMES = ("title", "text", "description")
"""Columns that may name a row; the first one present is used."""

NO_OFFERS = (
    "No row is an offer, so the only figure is the share of these rows that is flagged. Recall, precision, "
    "calibration and curves need offers too."
)
OFFERS_ALONE = (
    "Every row is an offer, so the only figure is the share that is flagged. Precision, calibration and "
    "curves need rows that are no offers."
)

OFFER_SLICES = ("family", "tier")
"""Kinds of slices that contain only offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateOptions:
    """Which labels mean an offer, and what to show."""

    positive: tuple[str, ...] | None = None
    """Labels that mean an offer; all others mean no offer. None uses `MEANINGS`."""
    ignore: tuple[str, ...] = ()
    """Labels whose rows are left out."""
    titles_only: bool = False
    """If false, also evaluate titles with descriptions, where the file has descriptions."""
    budget: int = 300
    """Listings that people can review in a day."""
    seed: int = 0
    baselines_from: Path | None = None
    """The starter set to train the baselines on; None omits the baselines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A row on the wrong side of the threshold."""

    row_id: str
    title: str
    label: int
    score: float
    given_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of the rows; figures that need both offers and others are None where one of them is missing."""

    slice: str
    """The kind and value of the slice, e.g. `language de`."""
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
    """The results of every method on one part of each text."""

    shown: str
    """`titles and descriptions` or `titles only`."""
    figures: dict[str, dict[str, Figure]]
    """By method (the model first, then the baselines), then by figure."""
    confusion: dict[str, int]
    """Numbers of rows found, missed, falsely flagged and rightly left; only two of them for one class."""
    slices: list[Slice] = field(default_factory=list)
    reliability: list[dict[str, float]] = field(default_factory=list)
    """Empty for rows of one class, like `curves`."""
    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """Recall and precision at falling thresholds, by method."""
    mistakes: list[Mistake] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """All results that `evaluate` shows."""

    file: str
    model_id: str
    law: str
    """The lists that count, and their date."""
    rows: int
    offers: int
    threshold: float
    budget: int
    notes: tuple[str, ...]
    """Limits of the figures, one sentence each."""
    views: tuple[View, ...]

    @property
    def has_both(self) -> bool:
        """Whether the rows contain both offers and others."""
        return 0 < self.offers < self.rows


def evaluate_file(
    path: Path,
    scorer: Scorer,
    options: EvaluateOptions,
    *,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Score a labelled file with the model and return the results.

    Args:
        path: JSONL or CSV with `title`, perhaps `description`, and `label`; `id`, `lang` (or `language`),
            `source`, `kind`, `family`, `tier` and `cas` are used if present.
        scorer: The model.
        options: Which labels mean an offer, and what to show.
        progress: Called with the number of texts scored since the last call.

    Raises:
        DataFileWrong: If the file cannot be read, a row has no label or an unknown label, no row is left, or
            no row has a label that means an offer.
    """
    labelled = list(_labelled(path, options))
    rows, labels = (
        [row for row, _label in labelled],
        np.array([label for _row, label in labelled], dtype=np.int64),
    )
    _refuse_unnamed(path, rows, labels, options.positive)
    shown = [TITLES] if options.titles_only or not _has_descriptions(rows) else [WHOLE, TITLES]
    training = (
        build_dataset(
            load_starter(options.baselines_from),
            embedder=scorer.embedder,
            cache=scorer.cache,
            gazetteer=scorer.gazetteer,
        )
        if options.baselines_from
        else None
    )
    views = tuple(_view(each, rows, labels, scorer, options, training, progress) for each in shown)
    return Evaluation(
        file=str(path),
        model_id=scorer.model.model_id,
        law=scorer.gazetteer.law,
        rows=len(rows),
        offers=int(labels.sum()),
        threshold=scorer.model.threshold,
        budget=options.budget,
        notes=notes_of(labels, views, budget=options.budget),
        views=views,
    )


def _labelled(path: Path, options: EvaluateOptions) -> Iterator[tuple[Row, int]]:
    """Yield each row that is not ignored, with 1 for an offer and 0 for no offer."""
    for number, row in read_rows(path):
        given = given_label(row)
        if given and given in options.ignore:
            continue
        if not given:
            has = "an empty label" if "label" in row else f"no label, but {columns_of(row)}"
            raise DataFileWrong(
                str(path),
                f"line {number} has {has}; label the row as an offer or not, or remove it",
            )
        if options.positive is None and given not in MEANINGS:
            raise DataFileWrong(
                str(path),
                f"line {number} has the label {given!r}, not 0 or 1, offer or not_offer; give the "
                "labels of offers with --positive, and labels to skip with --ignore",
            )
        means = MEANINGS[given] if options.positive is None else int(given in options.positive)
        yield {"id": f"line {number}", **row}, means


def _refuse_unnamed(
    path: Path, rows: Sequence[Row], labels: NDArray[np.int64], positive: tuple[str, ...] | None
) -> None:
    if not rows:
        raise DataFileWrong(str(path), "it has no rows, or all its rows have labels to ignore")
    if positive and not labels.any():
        found = ", ".join(sorted({given_label(row) for row in rows})[:8])
        raise DataFileWrong(
            str(path),
            f"no row has a label of --positive (labels: {found}); "
            "if none of them means an offer, use --positive ''",
        )


def _has_descriptions(rows: Sequence[Row]) -> bool:
    return any(row.get("description") or row.get("text") for row in rows)


def _view(
    shown: str,
    rows: Sequence[Row],
    labels: NDArray[np.int64],
    scorer: Scorer,
    options: EvaluateOptions,
    training: Dataset | None,
    progress: Callable[[int], None] | None,
) -> View:
    texts = [row_text({"title": row.get("title")} if shown == TITLES else row) for row in rows]
    scored: list[ScoredText] = []
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        scored += scorer.score(batch)
        if progress:
            progress(len(batch))
    model = Scored(
        name="this model",
        labels=labels,
        scores=np.array([text.p_offer for text in scored]),
        threshold=scorer.model.threshold,
    )
    methods = [model]
    if training:
        vectors = embed_as_shown(texts, scorer.embedder, scorer.cache)
        methods += score_baselines(training, texts, read_all(texts, scorer.gazetteer), vectors, labels)
    keys = slice_keys(rows, [text.reasons for text in scored], scorer.gazetteer)
    if options.positive is not None:
        keys["label"] = [given_label(row) for row in rows]
    return view_of(shown, methods, rows, keys, budget=options.budget, seed=options.seed)


def slice_keys(rows: Sequence[Row], reasons: Sequence[Reasons], gazetteer: Gazetteer) -> dict[str, list[str]]:
    """Return the value of each row for each kind of slice; empty where the row has no value.

    Family and tier come from the columns `family` and `tier`, else from the substance of the column `cas`,
    else from the substances read in the text.
    """
    listed = [gazetteer.by_cas.get(cas_in(str(row.get("cas") or ""))) for row in rows]
    known = list(zip(rows, listed, reasons, strict=True))
    return {
        "family": [str(row.get("family") or (by.family if by else why.family)) for row, by, why in known],
        "tier": [str(row.get("tier") or (by.tier if by else why.tier or "")) for row, by, why in known],
        "language": [str(row.get("lang") or row.get("language") or "") for row in rows],
        "source": [str(row.get("source") or "") for row in rows],
        "kind": [str(row.get("kind") or "") for row in rows],
    }


def score_baselines(
    training: Dataset,
    texts: Sequence[str],
    readings: Sequence[Reading],
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
) -> list[Scored]:
    """Return the scores of the baselines: the gazetteer, and logistic regression on TF-IDF or embedding.

    There is one reading, one row of vectors and one label for each text.
    """
    words = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=2), LogisticRegression(max_iter=2_000))
    words.fit([example.text for example in training.examples], training.labels)
    sound = LogisticRegression(max_iter=2_000).fit(vectors_in(training.features), training.labels)
    scores = {
        "gazetteer alone": np.array([float(bool(reading.mentions)) for reading in readings]),
        "TF-IDF + LR": words.predict_proba(texts)[:, 1],
        "embedding + LR": sound.predict_proba(vectors)[:, 1],
    }
    return [
        Scored(
            name=name,
            labels=labels,
            scores=np.asarray(values, dtype=np.float64),
            threshold=BASELINE_THRESHOLD,
        )
        for name, values in scores.items()
    ]


def view_of(
    shown: str,
    methods: Sequence[Scored],
    rows: Sequence[dict[str, object]],
    keys: Mapping[str, Sequence[str]],
    *,
    budget: int,
    seed: int,
) -> View:
    """Return all results of one view: the model first, then the baselines, over the same rows.

    For `shown` and `keys` see `View` and `slices_of`; the seed is that of the bootstrap.
    """
    model = methods[0]
    has_others_too = has_both(model.labels)
    return View(
        shown=shown,
        figures={method.name: figures_of(method, budget=budget, seed=seed) for method in methods},
        confusion=confusion_of(model),
        slices=slices_of(model, keys),
        reliability=reliability_of(model) if has_others_too else [],
        curves={method.name: curve_of(method) for method in methods} if has_others_too else {},
        mistakes=mistakes_of(model, rows),
    )


def notes_of(labels: NDArray[np.int64], views: Sequence[View], *, budget: int) -> tuple[str, ...]:
    """Return sentences on the limits of the figures, for people who review `budget` listings a day."""
    rows, offers = len(labels), int(labels.sum())
    if not offers:
        return (NO_OFFERS,)
    if offers == rows:
        return (OFFERS_ALONE,)
    notes = []
    if budget >= rows:
        notes.append(
            f"People read {budget:,} listings a day and the file has only {rows:,} rows, so there are no "
            f"figures of the first {budget:,}; set a smaller --budget."
        )
    elif 2 * budget >= rows:
        notes.append(
            f"The first {budget:,} are {100 * budget / rows:.0f} % of these rows, so their figures say "
            "little about a market where offers are rare; set a smaller --budget."
        )
    if any(each.slice.split(" ")[0] in OFFER_SLICES for view in views for each in view.slices):
        notes.append("Slices of a family or tier contain only offers, so recall is their only figure.")
    return tuple(notes)


def slices_of(scored: Scored, keys: Mapping[str, Sequence[str]]) -> list[Slice]:
    """Return counts, precision and recall at the threshold for each value of each key, e.g. each language.

    Empty values are left out. Only offers have a family or tier, so the slices of `OFFER_SLICES` contain only
    offers.
    """
    found = []
    for kind, values in keys.items():
        column = np.array(values, dtype=object)
        may_count = scored.labels == 1 if kind in OFFER_SLICES else np.ones(len(column), dtype=bool)
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
    """Return the numbers of rows and of offers in each tenth of the probabilities."""
    bins = bin_of(scored.scores)
    return [
        {
            "from": index / BINS,
            "to": (index + 1) / BINS,
            "rows": float((bins == index).sum()),
            "mean_score": float(scored.scores[bins == index].mean()),
            "offers": float(scored.labels[bins == index].mean()),
        }
        for index in np.unique(bins).tolist()
    ]


def confusion_of(scored: Scored) -> dict[str, int]:
    """Return the numbers of right and wrong rows at the threshold, without zero counts."""
    flagged, offers = scored.flagged, scored.labels == 1
    of_offers = {"found": int((flagged & offers).sum()), "missed": int((~flagged & offers).sum())}
    of_others = {
        "false flags": int((flagged & ~offers).sum()),
        "rightly left": int((~flagged & ~offers).sum()),
    }
    return (of_offers if offers.any() else {}) | (of_others if not offers.all() else {})


def curve_of(scored: Scored) -> list[tuple[float, float]]:
    """Return recall and precision at up to `CURVE_POINTS` falling thresholds, for a plot."""
    precision, recall, _thresholds = precision_recall_curve(scored.labels, scored.scores)
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
