"""Texts to scores with their reasons: pure, given a model, a gazetteer and vectors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from classifier.cascade import has_evidence
from classifier.columns import join_columns
from classifier.embedding import weights_of
from classifier.errors import EmbedderMismatch
from classifier.evidence import FEATURES, evidence_matrix, evidence_spans, offered_keys, read_all
from classifier.weighing import intercept, log_odds_terms, sigmoid, word_terms
from classifier.wording import word_shares
from listings.model import Contribution, Neighbour, Reasons, ScoreStage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from classifier.cascade import FirstStage
    from classifier.folder import Neighbours, TrainedModel
    from classifier.gazetteer import Gazetteer
    from classifier.reading import Reading
    from listings.model import WordShare

SOUND = "what the text sounds like"
"""Name of the embedding's contribution, all its columns together."""

WORDING = "the words it uses"
"""Name of the words' contribution, all together."""

NAMES = (*FEATURES, SOUND, WORDING)
SHOWN_CONTRIBUTIONS = 8
SHOWN_NEIGHBOURS = 3
NEIGHBOUR_CHARS = 160

TOLD_ABOVE = 0.5
"""Nearest examples and single words are looked up from this share of the threshold upwards: nobody reads the
others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredText:
    """A probability and its reasons."""

    p_offer: float
    reasons: Reasons


def score_texts(
    texts: Sequence[str], vectors: NDArray[np.float32], model: TrainedModel, gazetteer: Gazetteer
) -> list[ScoredText]:
    """Return each text's calibrated probability of being an offer, with its reasons.

    Args:
        texts: Listing texts as built by `listings.text.listing_text`; may be empty.
        vectors: float32 of shape (len(texts), dimensions), by the model's embedder.
        model: Its features are those of this release (checked when it was loaded).
        gazetteer: The knowledge the texts are read with.

    Returns:
        One `ScoredText` for each text, in order; contributions and rest sum to the log-odds.
    """
    readings = read_all(texts, gazetteer)
    return score_readings(readings, evidence_matrix(texts, readings), vectors, texts, model)


def score_readings(
    readings: Sequence[Reading],
    evidence: NDArray[np.float32],
    vectors: NDArray[np.float32],
    texts: Sequence[str],
    model: TrainedModel,
) -> list[ScoredText]:
    """Return what `score_texts` does, of texts that were read already.

    Args:
        readings: One of each text.
        evidence: As `evidence_matrix` makes it of them.
        vectors: One of each text, by the model's embedder.
        texts: What was read.
        model: Its features are those of this release.
    """
    if not readings:
        return []
    features = join_columns(evidence, vectors, texts)
    terms = log_odds_terms(model.pipeline, features)
    constant = intercept(model.pipeline)
    probabilities = sigmoid(terms.sum(axis=1) + constant)
    scored = [
        ScoredText(p_offer=float(probabilities[index]), reasons=_reasons(terms[index], constant, reading))
        for index, reading in enumerate(readings)
    ]
    told = np.flatnonzero(probabilities >= model.threshold * TOLD_ABOVE).tolist()
    nearest, wording = (
        _nearest(vectors[told], model.neighbours),
        _wording([texts[index] for index in told], features[told], model),
    )
    for index, near, (words, rest) in zip(told, nearest, wording, strict=True):
        reasons = replace(scored[index].reasons, neighbours=near, wording=words, rest_wording=rest)
        scored[index] = replace(scored[index], reasons=reasons)
    return scored


def settle_readings(
    readings: Sequence[Reading], evidence: NDArray[np.float32], texts: Sequence[str], stage: FirstStage
) -> list[ScoredText | None]:
    """Return the score of each text that the first stage settles; None of each that the transformer must see.

    Args:
        readings: One of each text.
        evidence: As `evidence_matrix` makes it of them.
        texts: What was read.
        stage: Of the model.
    """
    settled: list[ScoredText | None] = [None] * len(texts)
    rows = [row for row, reading in enumerate(readings) if not has_evidence(reading)]
    if not rows or stage.line <= 0:
        return settled
    left = [texts[row] for row in rows]
    features = join_columns(evidence[rows], stage.static(left), left)
    terms = log_odds_terms(stage.pipeline, features)
    constant = intercept(stage.pipeline)
    probabilities = sigmoid(terms.sum(axis=1) + constant)
    for index in np.flatnonzero(probabilities < stage.line):
        reasons = replace(_reasons(terms[index], constant, readings[rows[index]]), stage=ScoreStage.FIRST)
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
        spans=evidence_spans(reading),
        substances=tuple(mention.substance.name for mention in offered),
        family=offered[0].substance.family if offered else "",
        tier=offered[0].substance.tier if offered else None,
    )


def _wording(
    texts: Sequence[str], features: csr_matrix, model: TrainedModel
) -> list[tuple[tuple[WordShare, ...], float]]:
    if not texts:
        return []
    terms = word_terms(model.pipeline, features)
    by_column = (dict(zip(row.indices.tolist(), row.data.tolist(), strict=True)) for row in terms)
    return [word_shares(text, added) for text, added in zip(texts, by_column, strict=True)]


def _beginning(text: str) -> str:
    return text if len(text) <= NEIGHBOUR_CHARS else f"{text[: NEIGHBOUR_CHARS - 1].rstrip()}…"


def _nearest(vectors: NDArray[np.float32], neighbours: Neighbours) -> list[tuple[Neighbour, ...]]:
    if not len(vectors) or not len(neighbours.vectors):
        return [()] * len(vectors)
    similarity = vectors @ neighbours.vectors.T
    best = np.argsort(-similarity, axis=1, kind="stable")[:, :SHOWN_NEIGHBOURS]
    return [
        tuple(
            Neighbour(
                label=int(neighbours.labels[column]),
                text=_beginning(neighbours.texts[column]),
                similarity=round(float(similarity[row, column]), 3),
            )
            for column in columns
        )
        for row, columns in enumerate(best)
    ]
