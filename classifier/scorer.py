"""A model made ready to score: its files, its embedder, the gazetteer and the vector cache, held together."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from classifier.embedding import embed_texts, open_embedder
from classifier.folder import load_model
from classifier.gazetteer import load_gazetteer
from classifier.scoring import check_embedder, score_texts
from listings.vectors import open_vectors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from classifier.embedding import Embedder
    from classifier.folder import TrainedModel
    from classifier.gazetteer import Gazetteer
    from classifier.scoring import ScoredText
    from listings.model import Model
    from listings.vectors import VectorCache


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """Scores texts with one model."""

    model: TrainedModel
    embedder: Embedder
    gazetteer: Gazetteer
    cache: VectorCache

    def score(self, texts: Sequence[str]) -> list[ScoredText]:
        """Return each text's probability and reasons, in order."""
        vectors = embed_texts(texts, self.embedder, self.cache)
        return score_texts(texts, vectors, self.model, self.gazetteer)


@contextmanager
def open_scorer(model: Model, *, database: Path | None, embedder: Embedder | None = None) -> Iterator[Scorer]:
    """Make a registered model ready to score while inside.

    Args:
        model: As registered in the store.
        database: Where vectors are kept beside; None keeps them in memory.
        embedder: What made the model's vectors; None opens the one its card names.

    Raises:
        ModelFolderWrong: If the model's files cannot be used.
        EmbedderMismatch: If the embedder is not the one the model was fitted on.
    """
    trained = load_model(Path(model.folder))
    embedder = embedder or open_embedder(str(trained.card["embedder"]))
    check_embedder(trained, embedder.embedder_id)
    with open_vectors(database, embedder.embedder_id) as cache:
        yield Scorer(model=trained, embedder=embedder, gazetteer=load_gazetteer(), cache=cache)
