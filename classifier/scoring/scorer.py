"""A model made ready to score: its files, its embedder, the gazetteer and the vector cache, held together."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from classifier.features.embedding import SAMPLE, fastest, open_embedder
from classifier.features.evidence import default_gazetteer, read_all
from classifier.features.matrix import embed_as_shown, keep_evidence
from classifier.model.cascade import cascade_is_on
from classifier.model.persistence import load_model
from classifier.scoring.scoring import ReadTexts, check_embedder, score_readings, settle_readings
from store.crawl.identity import text_hash
from store.vectors import open_vectors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from classifier.features.embedding import Embedder
    from classifier.gazetteer import Gazetteer
    from classifier.model.persistence import TrainedModel
    from classifier.scoring.scoring import ScoredText
    from store.model import Model
    from store.vectors import VectorCache


REMEMBERED = 4_096
"""Scored texts that a scorer holds: one text often stands in many listings, met soon after each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """Scores texts with one model."""

    model: TrainedModel
    embedder: Embedder
    gazetteer: Gazetteer
    cache: VectorCache

    cascade: bool = True
    """Let the model's first stage, if it has one, settle what is clearly not an offer."""

    _recent: dict[str, ScoredText] = field(default_factory=dict, init=False, repr=False)
    """By text hash, the oldest first."""

    def score(self, texts: Sequence[str]) -> list[ScoredText]:
        """Return each text's probability and reasons, in order; equal texts are read once."""
        hashes = [text_hash(text) for text in texts]
        fresh = {key: text for key, text in zip(hashes, texts, strict=True) if key not in self._recent}
        self._recent.update(zip(fresh, self._score(list(fresh.values())), strict=True))
        scored = [self._recent[key] for key in hashes]
        for key in list(self._recent)[: max(0, len(self._recent) - REMEMBERED)]:
            del self._recent[key]
        return scored

    def _score(self, texts: Sequence[str]) -> list[ScoredText]:
        read = ReadTexts.of(texts, self.gazetteer)
        keep_evidence(texts, read.readings, read.evidence, self.gazetteer, self.cache)
        scored: list[ScoredText | None] = [None] * len(texts)
        if self.cascade and self.model.first_stage:
            scored = settle_readings(read, self.model.first_stage)
        left = read.at([row for row, settled in enumerate(scored) if settled is None])
        vectors = embed_as_shown(left.texts, self.embedder, self.cache)
        whole = iter(score_readings(left, vectors, self.model))
        return [settled or next(whole) for settled in scored]


@contextmanager
def open_scorer(
    model: Model,
    *,
    database: Path,
    embedder: Embedder | None = None,
    keep_vectors: bool = True,
    vectors_beside: Path | None = None,
) -> Iterator[Scorer]:
    """Make a registered model ready to score while inside.

    `PRECURSOR_WATCH_CASCADE=off` leaves out its first stage.

    Args:
        model: As registered in the store.
        database: The store it is registered in.
        embedder: What made the model's vectors; None opens the one its card names.
        keep_vectors: Keep them beside the store for the next time; otherwise in memory.
        vectors_beside: Keep them beside this file instead.

    Raises:
        ModelFolderWrong: If the model's files cannot be used.
        EmbedderMismatch: If the embedder is not the one the model was fitted on.
    """
    trained = load_model(model_folder(model, database))
    embedder = embedder or fastest(
        open_embedder(str(trained.card["embedder"])), database if keep_vectors else None
    )
    check_embedder(trained, embedder.embedder_id)
    gazetteer = default_gazetteer()
    read_all(SAMPLE, gazetteer)  # compiles all that reads: who follows a crawl has nothing else to do yet
    beside = vectors_beside or (database if keep_vectors else None)
    with open_vectors(beside, embedder.embedder_id) as cache:
        yield Scorer(
            model=trained,
            embedder=embedder,
            gazetteer=gazetteer,
            cache=cache,
            cascade=cascade_is_on(),
        )


def backend_for(model: Model, database: Path) -> str:
    """Return the backend that `open_scorer` would run a model's embedder in here."""
    card = load_model(model_folder(model, database)).card
    return fastest(open_embedder(str(card["embedder"])), database).backend


def model_folder(model: Model, database: Path) -> Path:
    """Return where a registered model lies; its folder may be relative to its store's."""
    return database.resolve().parent / model.folder
