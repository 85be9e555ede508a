"""Texts to scores with their reasons: pure, given a model, a gazetteer and vectors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import compress
from typing import TYPE_CHECKING, Self

import numpy as np

from classifier.errors import EmbedderMismatch
from classifier.explain.nearest import nearest
from classifier.explain.wording import word_shares
from classifier.features.embedding import weights_of
from classifier.features.evidence import (
    FEATURES,
    evidence_matrix,
    evidence_spans,
    has_evidence,
    offered_keys,
    read_all,
)
from classifier.features.words import count_words
from classifier.model.estimator import sigmoid
from store.model import Contribution, Reasons, ScoreStage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from classifier.gazetteer import Gazetteer
    from classifier.model.cascade import FirstStage
    from classifier.model.persistence import TrainedModel
    from classifier.reading import Reading
    from store.model import WordShare

SOUND = "what the text sounds like"
"""Name of the embedding's contribution, all its columns together."""

WORDING = "the words it uses"
"""Name of the words' contribution, all together."""

NAMES = (*FEATURES, SOUND, WORDING)
SHOWN_CONTRIBUTIONS = 8

TOLD_ABOVE = 0.5
"""Nearest examples and single words are looked up from this share of the threshold upwards: nobody reads the
others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredText:
    """A probability and its reasons."""

    p_offer: float
    reasons: Reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTexts:
    """Texts and all that both stages weigh in them but their sound."""

    texts: Sequence[str]
    readings: Sequence[Reading]
    evidence: NDArray[np.float32]
    """Shape (n, len(FEATURES))."""
    words: csr_matrix
    """Shape (n, COLUMNS)."""

    @classmethod
    def of(cls, texts: Sequence[str], gazetteer: Gazetteer) -> Self:
        """Read texts and count their words."""
        readings = read_all(texts, gazetteer)
        evidence = evidence_matrix(texts, readings)
        return cls(texts=texts, readings=readings, evidence=evidence, words=count_words(texts))

    def at(self, rows: Sequence[int]) -> ReadTexts:
        """Return some of them, in this order."""
        return ReadTexts(
            texts=[self.texts[row] for row in rows],
            readings=[self.readings[row] for row in rows],
            evidence=self.evidence[rows],
            words=self.words[rows],
        )


def score_texts(
    texts: Sequence[str], vectors: NDArray[np.float32], model: TrainedModel, gazetteer: Gazetteer
) -> list[ScoredText]:
    """Return each text's calibrated probability of being an offer, with its reasons.

    Args:
        texts: Listing texts as built by `store.crawl.identity.listing_text`; may be empty.
        vectors: float32 of shape (len(texts), dimensions), by the model's embedder.
        model: Its features are those of this release (checked when it was loaded).
        gazetteer: The knowledge the texts are read with.

    Returns:
        One `ScoredText` for each text, in order; contributions and rest sum to the log-odds.
    """
    return score_readings(ReadTexts.of(texts, gazetteer), vectors, model)


def score_readings(read: ReadTexts, vectors: NDArray[np.float32], model: TrainedModel) -> list[ScoredText]:
    """Return what `score_texts` does, of texts that were read already.

    Args:
        read: The texts.
        vectors: One of each text, by the model's embedder.
        model: Its features are those of this release.
    """
    if not read.texts:
        return []
    terms, constant = model.folded.terms(read.evidence, vectors, read.words), model.folded.constant
    probabilities = sigmoid(terms.sum(axis=1) + constant)
    scored = [
        ScoredText(p_offer=float(probabilities[index]), reasons=_reasons(terms[index], constant, reading))
        for index, reading in enumerate(read.readings)
    ]
    told = np.flatnonzero(probabilities >= model.threshold * TOLD_ABOVE).tolist()
    likely = read.at(told)
    near_each = nearest(likely.texts, vectors[told], model.neighbours)
    for index, near, (words, rest) in zip(told, near_each, _wording(likely, model), strict=True):
        reasons = replace(scored[index].reasons, neighbours=near, wording=words, rest_wording=rest)
        scored[index] = replace(scored[index], reasons=reasons)
    return scored


def settle_readings(read: ReadTexts, stage: FirstStage) -> list[ScoredText | None]:
    """Return the score of each text that the first stage settles; None of each that the transformer must see.

    Args:
        read: The texts.
        stage: Of the model.
    """
    settled: list[ScoredText | None] = [None] * len(read.texts)
    rows = [row for row, reading in enumerate(read.readings) if not has_evidence(reading)]
    if not rows or stage.line <= 0:
        return settled
    left, constant = read.at(rows), stage.folded.constant
    terms = stage.folded.terms(left.evidence, stage.static(left.texts), left.words)
    probabilities = sigmoid(terms.sum(axis=1) + constant)
    for index in np.flatnonzero(probabilities < stage.line).tolist():
        reasons = replace(_reasons(terms[index], constant, left.readings[index]), stage=ScoreStage.FIRST)
        settled[rows[index]] = ScoredText(p_offer=float(probabilities[index]), reasons=reasons)
    return settled


def check_embedder(model: TrainedModel, embedder_id: str) -> None:
    """Refuse vectors of other weights than the model was fitted on; any backend of the same will do.

    Raises:
        EmbedderMismatch: If the ids differ.
    """
    if model.embedder_id != weights_of(embedder_id):
        raise EmbedderMismatch(model.embedder_id, embedder_id)


def _reasons(terms: NDArray[np.float64], constant: float, reading: Reading) -> Reasons:
    values = terms.tolist()
    named = list(compress(zip(NAMES, values, strict=True), values))
    ranked = sorted(named, key=lambda item: -abs(item[1]))
    shown = ranked[:SHOWN_CONTRIBUTIONS]
    offered = list(offered_keys(reading).values())
    return Reasons(
        contributions=tuple(Contribution(feature=name, log_odds=value) for name, value in shown),
        rest_log_odds=constant + sum(value for _name, value in ranked[SHOWN_CONTRIBUTIONS:]),
        constant_log_odds=constant,
        spans=evidence_spans(reading),
        substances=tuple(mention.substance.name for mention in offered),
        family=offered[0].substance.family if offered else "",
        tier=offered[0].substance.tier if offered else None,
    )


def _wording(read: ReadTexts, model: TrainedModel) -> list[tuple[tuple[WordShare, ...], float]]:
    terms = model.folded.word_terms(read.words)
    by_column = (dict(zip(row.indices.tolist(), row.data.tolist(), strict=True)) for row in terms)
    return [word_shares(text, added) for text, added in zip(read.texts, by_column, strict=True)]
