"""Turn a text into one row of numbers: evidence, then an embedding, then word counts.

Rows are sparse because of the words. The embedding, full or static, may have any length. Evidence and
embeddings are kept beside the store, so that retraining reads and embeds only new texts.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache as once
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix, hstack

from classifier.features.embedding import embed_texts
from classifier.features.evidence import FEATURES, evidence_matrix, has_evidence, read_all
from classifier.features.words import COLUMNS, count_words
from classifier.reading import as_shown
from store.crawl.identity import text_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from importlib.resources.abc import Traversable

    from numpy.typing import NDArray

    from classifier.features.embedding import Embedder
    from classifier.gazetteer import Gazetteer
    from classifier.reading import Reading
    from store.vectors import VectorCache

EVIDENCE = slice(0, len(FEATURES))
EMBEDDING = slice(len(FEATURES), -COLUMNS)
WORDS = slice(-COLUMNS, None)


def join_columns(
    evidence: NDArray[np.float32], vectors: NDArray[np.float32], texts: Sequence[str]
) -> csr_matrix:
    """Return one row for each text, float32 of shape (len(texts), len(FEATURES) + dimensions + COLUMNS)."""
    return hstack([csr_matrix(np.hstack([evidence, vectors])), count_words(texts)], format="csr")


def evidence_in(rows: csr_matrix) -> NDArray[np.float32]:
    """Return the evidence of rows, dense."""
    return np.asarray(rows[:, EVIDENCE].toarray(), dtype=np.float32)


def vectors_in(rows: csr_matrix) -> NDArray[np.float32]:
    """Return the embeddings of rows, dense."""
    return np.asarray(rows[:, EMBEDDING].toarray(), dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceReader:
    """Returns evidence with the interface of an embedder, so that the same cache keeps both."""

    gazetteer: Gazetteer
    name: str = "evidence"

    @property
    def embedder_id(self) -> str:
        """Name, and digest of the gazetteer and of all code and data that affect a reading."""
        listed = sorted(substance.key for substance in self.gazetteer.substances)
        systematic = "systematic names" if self.gazetteer.systematic_names else ""
        read_with = [package_digest(), self.gazetteer.edition, systematic]
        known = "\n".join([*read_with, *listed, *sorted(self.gazetteer.by_cas)])
        return f"{self.name}@{hashlib.sha256(known.encode()).hexdigest()[:12]}"

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 of shape (len(texts), len(FEATURES) + 1); the last column is `has_evidence`."""
        readings = read_all(texts, self.gazetteer)
        return _kept(evidence_matrix(texts, readings), readings)


def features_of(
    texts: Sequence[str],
    *,
    embedder: Embedder,
    cache: VectorCache,
    gazetteer: Gazetteer,
    progress: Callable[[int], None] | None = None,
) -> csr_matrix:
    """Return evidence, embedding and words of texts, as in `join_columns`.

    Only texts missing from the cache are read and embedded. `progress` is called with the number of texts
    embedded since the last call.
    """
    vectors = embed_as_shown(texts, embedder, cache, progress=progress)
    return join_columns(_evidence(texts, gazetteer, cache)[:, : len(FEATURES)], vectors, texts)


def evident(texts: Sequence[str], *, cache: VectorCache, gazetteer: Gazetteer) -> NDArray[np.bool_]:
    """Return `has_evidence` of each text, reading only texts missing from the cache."""
    return _evidence(texts, gazetteer, cache)[:, len(FEATURES) :].astype(np.bool_).ravel()


def embed_as_shown(
    texts: Sequence[str],
    embedder: Embedder,
    cache: VectorCache,
    *,
    progress: Callable[[int], None] | None = None,
) -> NDArray[np.float32]:
    """Embed texts with disguises removed, because an embedding model knows only plain words."""
    return embed_texts([as_shown(text) for text in texts], embedder, cache, progress=progress)


def keep_evidence(
    texts: Sequence[str],
    readings: Sequence[Reading],
    evidence: NDArray[np.float32],
    gazetteer: Gazetteer,
    cache: VectorCache,
) -> None:
    """Keep evidence from scoring in the cache, so that retraining need not read the texts again."""
    kept = _kept(evidence, readings).astype("<f4")
    rows = {text_hash(text): row.tobytes() for text, row in zip(texts, kept, strict=True)}
    cache.of(EvidenceReader(gazetteer=gazetteer).embedder_id).put(rows)


def forget_earlier_evidence(gazetteer: Gazetteer, cache: VectorCache) -> None:
    """Drop evidence of other releases and laws, which is no longer used."""
    cache.of(EvidenceReader(gazetteer=gazetteer).embedder_id).forget_earlier()


def _evidence(texts: Sequence[str], gazetteer: Gazetteer, cache: VectorCache) -> NDArray[np.float32]:
    reader = EvidenceReader(gazetteer=gazetteer)
    return embed_texts(texts, reader, cache.of(reader.embedder_id))


def _kept(evidence: NDArray[np.float32], readings: Sequence[Reading]) -> NDArray[np.float32]:
    """Return the cached row of each text: its evidence, then `has_evidence`."""
    has_any = np.array([has_evidence(reading) for reading in readings], dtype=np.float32)
    return np.column_stack([evidence, has_any])


@once
def package_digest() -> str:
    """Return a hash of all files of `text` and `classifier`; a change makes all cached evidence stale."""
    digest = hashlib.sha256()
    for package in ("text", "classifier"):
        for file in _walk(files(package)):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def _walk(folder: Traversable) -> Iterator[Traversable]:
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _walk(entry)
        elif entry.is_file():
            yield entry
