"""Evidence is kept beside vectors, and read anew when anything that decides it changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from classifier.features.evidence import evidence_matrix, has_evidence, read_all
from classifier.features.matrix import WORDS, EvidenceReader, evidence_in, evident, features_of, vectors_in
from classifier.features.words import count_words
from classifier.scoring import Scorer
from store.crawl.identity import text_hash
from store.vectors import open_vectors
from tests.classifier.toy import ToyEmbedder, vector

if TYPE_CHECKING:
    from classifier.gazetteer import Gazetteer
    from classifier.model.persistence import TrainedModel

TEXTS = ["Phenylacetone 5 kg", "Kettle", "Phenylacetone 5 kg"]


def test_features_are_evidence_then_vector_then_words(gazetteer: Gazetteer) -> None:
    """The same numbers from the cache as when they are made."""
    embedder = ToyEmbedder()
    with open_vectors(None, embedder.embedder_id) as cache:
        made, kept = (
            features_of(TEXTS, embedder=embedder, cache=cache, gazetteer=gazetteer) for _time in range(2)
        )
    assert embedder.texts_asked == 2
    assert (made != kept).nnz == 0
    assert np.array_equal(evidence_in(made), evidence_matrix(TEXTS, read_all(TEXTS, gazetteer)))
    assert np.array_equal(vectors_in(made), [vector(text) for text in TEXTS])
    assert (made[:, WORDS] != count_words(TEXTS)).nnz == 0


def test_another_gazetteer_has_other_evidence(gazetteer: Gazetteer) -> None:
    """Another edition or profile never meets evidence that was kept before."""
    ours = EvidenceReader(gazetteer=gazetteer).embedder_id
    assert EvidenceReader(gazetteer=gazetteer).embedder_id == ours
    assert EvidenceReader(gazetteer=replace(gazetteer, edition="next")).embedder_id != ours
    fewer = replace(gazetteer, substances=gazetteer.substances[1:])
    assert EvidenceReader(gazetteer=fewer).embedder_id != ours


def test_a_scored_text_is_not_read_again(model: TrainedModel, gazetteer: Gazetteer) -> None:
    """Scoring keeps the evidence that retraining asks for."""
    embedder = ToyEmbedder()
    with open_vectors(None, embedder.embedder_id) as cache:
        Scorer(model=model, embedder=embedder, gazetteer=gazetteer, cache=cache).score(TEXTS)
        kept = cache.of(EvidenceReader(gazetteer=gazetteer).embedder_id)
        assert set(kept.get([text_hash(text) for text in TEXTS])) == {text_hash(text) for text in TEXTS}


def test_it_is_kept_of_which_texts_there_is_evidence(gazetteer: Gazetteer) -> None:
    """A first stage asks for no more than that, and no text is read again for it."""
    with open_vectors(None, "toy@1") as cache:
        features_of(TEXTS, embedder=ToyEmbedder(), cache=cache, gazetteer=gazetteer)
        kept = evident(TEXTS, cache=cache, gazetteer=gazetteer)
        assert evident([], cache=cache, gazetteer=gazetteer).tolist() == []
    assert kept.tolist() == [has_evidence(reading) for reading in read_all(TEXTS, gazetteer)]
    assert set(kept.tolist()) == {True, False}
