"""The sets that detection is measured on, and what each way of scoring makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import fixtures
from benchmarks.intervals import Interval, Way, curves_of, interval, wilson
from benchmarks.labelled_rows import APART, ORDINARY, title_hash
from benchmarks.plain_match import plain_match
from classifier.evaluation import score_baselines
from classifier.features.evidence import FEATURES
from classifier.features.matrix import evidence_in, features_of, vectors_in
from classifier.gazetteer import default_gazetteer
from classifier.measures import calibration_error
from classifier.reading import find_mentions
from classifier.scoring import ReadTexts, settle_readings
from classifier.training.examples import read_rows, row_text
from fixtures.marketplaces.data import STEMS, read_site

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from benchmarks.intervals import Curve
    from benchmarks.labelled_rows import Judged, LabelledRow, Truth
    from classifier.gazetteer import Gazetteer
    from classifier.scoring import Scorer
    from classifier.training.fit import Dataset

EVALUATION = Path(fixtures.__path__[0]) / "evaluation"
DISGUISED_SETS = {"disguised": EVALUATION / "disguised.jsonl", "fresh": EVALUATION / "fresh.jsonl"}
"""Covert offers by other hands. Variants of the model were compared on the first; by the second, none was."""
ELSEWHERE = EVALUATION / "elsewhere.jsonl"
"""Headlines, page furniture and goods, in languages the model is not taught."""
MODEL = "this model"
GAZETTEER = "gazetteer alone"
NAMED = [
    list(FEATURES).index(name)
    for name in (
        *(f"offers a tier {tier} substance" for tier in (1, 2, 3)),
        "listed substance only mentioned",
    )
]
"""Columns of which one is set where a listed substance is named, offered or not."""
ORDINARY_GOODS = "false flags among ordinary listings, corrected"
PAGES = "false flags among what a crawl of saved pages brings"
TIERS = {"tiers 1 and 2": (1, 2), "all tiers": (1, 2, 3, None)}
"""Which listed rows are to be found. Those of other tiers are left out: neither right nor wrong to flag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One labelled set: how each way of scoring does on it."""

    name: str
    rows: int
    offers: int
    curves: dict[str, Curve]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many of some rows were flagged, or found, or wrong."""

    name: str
    count: int
    of: int
    share: Interval
    """With its Wilson interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A row on the wrong side of the line, by the corrected label; shown only when asked for."""

    row_id: str
    given_label: str
    label: int
    score: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """Everything this benchmark prints."""

    model_id: str
    line: float
    starter_only: bool
    """Whether the model was trained on the starter set alone, as the figures' claim of unseen texts needs."""
    sets: list[Measured]
    counts: list[Count]
    calibration: Interval
    """Expected calibration error of the evaluation twin on the starter set's held-out groups."""
    corrections: dict[str, int]
    """How many labels were corrected, by how they were found."""
    disagreements: list[Disagreement]


class Scores:
    """Scores texts in every way; what was read and embedded once is kept."""

    def __init__(self, scorer: Scorer, training: Dataset) -> None:
        self.scorer, self.training = scorer, training

    def ways(self, texts: Sequence[str], labels: NDArray[np.int64]) -> dict[str, Way]:
        """Return the model and the baselines on `texts`."""
        features = self.features(texts)
        model = Way(scores=self._model(features), line=self.scorer.model.threshold)
        screen = Way(scores=plain_match(texts, self.scorer.gazetteer), line=1.0)
        named = np.asarray((evidence_in(features)[:, NAMED] > 0).any(axis=1), dtype=np.float64)
        reading = Way(scores=named, line=1.0)
        # The readings, which only the gazetteer's own baseline needs, are in the features already.
        learnt = score_baselines(self.training, texts, (), vectors_in(features), labels)
        found = {MODEL: model, "keyword screen": screen, GAZETTEER: reading}
        return found | {
            each.name: Way(scores=each.scores, line=each.threshold)
            for each in learnt
            if each.name != GAZETTEER
        }

    def model(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the probabilities of the model in use."""
        return self._model(self.features(texts))

    def _model(self, features: csr_matrix) -> NDArray[np.float64]:
        return np.asarray(self.scorer.model.pipeline.predict_proba(features)[:, 1], dtype=np.float64)

    def settled(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Say which texts the model's first stage settles; none if it has no first stage."""
        stage = self.scorer.model.first_stage
        if stage is None:
            return np.zeros(len(texts), dtype=bool)
        found = settle_readings(ReadTexts.of(texts, self.scorer.gazetteer), stage)
        return np.array([each is not None for each in found])

    def features(self, texts: Sequence[str]) -> csr_matrix:
        """Return evidence, embedding and words."""
        scorer = self.scorer
        return features_of(texts, embedder=scorer.embedder, cache=scorer.cache, gazetteer=scorer.gazetteer)


def listing_sets(rows: Sequence[LabelledRow], ways: dict[str, Way], read: str, seed: int) -> list[Measured]:
    """Return the figures on the labelled rows: by tiers, as given and as corrected."""
    found = []
    kinds: dict[str, Callable[[LabelledRow], Truth]] = {
        "as given": lambda row: row.given,
        "corrected": lambda row: row.corrected,
    }
    for kind, truth_of in kinds.items():
        for name, tiers in TIERS.items():
            truths = [truth_of(row) for row in rows]
            kept = [
                index
                for index, truth in enumerate(truths)
                if truth.label == 0 or (truth.label == 1 and truth.tier in tiers)
            ]
            labels = np.array([truths[index].label for index in kept], dtype=np.int64)
            chosen = {way: Way(scores=each.scores[kept], line=each.line) for way, each in ways.items()}
            found.append(
                Measured(
                    name=f"listings, {read}, {name}, {kind}",
                    rows=len(kept),
                    offers=int(labels.sum()),
                    curves=curves_of(labels, chosen, seed=seed),
                )
            )
    return found


def count_false_flags(rows: Sequence[LabelledRow], flagged: NDArray[np.bool_]) -> list[Count]:
    """Return how many ordinary listings were flagged, by their labels and by the corrected ones."""
    ordinary = np.array([row.given_label in ORDINARY for row in rows])
    wrong = np.array([row.corrected.label == 0 for row in rows])
    return [
        _count("false flags among ordinary listings, as given", flagged[ordinary]),
        _count(ORDINARY_GOODS, flagged[ordinary & wrong]),
    ]


def count_by_law(
    rows: Sequence[LabelledRow], flagged: NDArray[np.bool_], gazetteer: Gazetteer
) -> list[Count]:
    """Return how many rows that are no offers are flagged, and which of them the wider law names.

    The labels follow the default law. A flagged row that names a substance which only another list of
    `gazetteer` has is counted for each such list; the others are wrong under any law.
    """
    default = {each.key for each in default_gazetteer().substances}
    wrong = np.array([row.corrected.label == 0 for row in rows])
    titles = [row.title for row, hit in zip(rows, flagged & wrong, strict=True) if hit]
    named = [
        {
            f"{substance.name}, {entry.instrument}"
            for mention in mentions
            if (substance := mention.substance) and substance.key not in default
            for entry in substance.entries
        }
        for mentions in find_mentions(titles, gazetteer)
    ]
    lists = sorted(set().union(*named))
    return [
        _count("flagged among all that is no offer by the corrected labels", flagged[wrong]),
        *(
            _count(f"of these, listed elsewhere: {one}", np.array([one in each for each in named]))
            for one in lists
        ),
        _count("of these, on no list beyond the default law", np.array([not each for each in named])),
    ]


def count_apart(rows: Sequence[LabelledRow], flagged: NDArray[np.bool_]) -> list[Count]:
    """Return how many rows were flagged of each label that is reported apart."""
    labels = np.array([row.given_label for row in rows])
    return [_count(f"flagged among {label}", flagged[labels == label]) for label in APART]


def count_marketplaces(scores: Scores) -> list[Count]:
    """Return recall and false flags on the saved marketplaces, by language."""
    found = []
    for stem in STEMS:
        site = read_site(stem)
        texts = [row_text({"title": one.title, "description": one.description}) for one in site.listings]
        flagged = scores.model(texts) >= scores.scorer.model.threshold
        offers = np.array([one.truth == "offer" for one in site.listings])
        found.append(_count(f"saved marketplace {stem} ({site.language}): offers found", flagged[offers]))
        found.append(_count(f"saved marketplace {stem} ({site.language}): others flagged", flagged[~offers]))
    return found


def disguised_set(name: str, scores: Scores, seed: int) -> tuple[Measured, list[Count]]:
    """Return the figures on a set of disguised offers, and what was found of each kind and language.

    Args:
        name: A key of `DISGUISED_SETS`.
        scores: Of the model.
        seed: Of the resamples.
    """
    rows = [row for _number, row in read_rows(DISGUISED_SETS[name])]
    texts, labels = [row_text(row) for row in rows], np.array([int(row["label"]) for row in rows])
    ways = scores.ways(texts, labels)
    flagged = ways[MODEL].scores >= ways[MODEL].line
    given_up = scores.settled(texts)[flagged & (labels == 1)]
    counts = [_count(f"{name}: offers found that the first stage would settle", given_up)]
    for key in ("kind", "lang"):
        column = np.array([str(row[key]) for row in rows])
        for value in dict.fromkeys(column):
            for label, what in ((1, "found"), (0, "flagged wrongly")):
                if (chosen := (column == value) & (labels == label)).any():
                    counts.append(_count(f"{name}, {key} {value}: {what}", flagged[chosen]))
    measured = Measured(
        name=f"{name} and unnamed offers",
        rows=len(rows),
        offers=int(labels.sum()),
        curves=curves_of(labels, ways, seed=seed),
    )
    return measured, counts


def calibration_of(training: Dataset, scorer: Scorer, seed: int) -> Interval:
    """Return the calibration error of the evaluation twin on the starter set's held-out groups."""
    kept = training.where(training.held_out)
    chances = scorer.model.evaluation_pipeline.predict_proba(kept.features)[:, 1]
    rows = np.arange(len(kept.labels))
    picks = [rows, *np.random.default_rng(seed).integers(0, len(rows), (200, len(rows)))]
    return interval(np.array([calibration_error(kept.labels[pick], chances[pick]) for pick in picks]))


def count_elsewhere(scores: Scores) -> list[Count]:
    """Return how much was flagged of what offers nothing, in languages the model is not taught."""
    texts = [row_text(row) for _number, row in read_rows(ELSEWHERE)]
    return [
        _count(f"false flags among {ELSEWHERE.name}", scores.model(texts) >= scores.scorer.model.threshold)
    ]


def count_pages(scores: Scores, texts: Sequence[str]) -> list[Count]:
    """Return how much was flagged of what a crawl read on pages that offer nothing listed."""
    return [_count(PAGES, scores.model(texts) >= scores.scorer.model.threshold)]


def count_sample(rows: Sequence[LabelledRow], sample: dict[str, Judged]) -> list[Count]:
    """Return how often the blind sample's judge disagreed with what model and label agreed on."""
    by_id = {row.row_id: row for row in rows}
    drawn = [(each, by_id[row_id]) for row_id, each in sample.items()]
    stale = [row.row_id for each, row in drawn if each.title_hash != title_hash(row.title)]
    if stale:
        raise ValueError(f"Row {stale[0]} is not the one that was judged for the sample.")
    counts = []
    for stratum in dict.fromkeys(each.stratum for each, _row in drawn):
        judged = [(each, row) for each, row in drawn if each.stratum == stratum and each.label is not None]
        wrong = np.array([each.label != row.given.label for each, row in judged])
        counts.append(_count(f"blind sample of agreements on {stratum}: label judged wrong", wrong))
    return counts


def disagreements_of(rows: Sequence[LabelledRow], way: Way, line: float) -> list[Disagreement]:
    """Return the rows on the wrong side of the line by their corrected labels, highest score first."""
    return [
        Disagreement(
            row_id=row.row_id,
            given_label=row.given_label,
            label=row.corrected.label,
            score=round(float(score), 3),
            title=row.title[:120],
        )
        for row, score in sorted(zip(rows, way.scores, strict=True), key=lambda pair: -pair[1])
        if row.corrected.label is not None and (score >= line) != row.corrected.label
    ]


def _count(name: str, hits: NDArray[np.bool_]) -> Count:
    return Count(name=name, count=int(hits.sum()), of=len(hits), share=wilson(int(hits.sum()), len(hits)))
