"""A score and its reasons: every shown term adds up to the probability."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from classifier.errors import EmbedderMismatch
from classifier.features.evidence import FEATURES, evidence_matrix, read_all
from classifier.features.matrix import join_columns
from classifier.model.estimator import sigmoid
from classifier.scoring import (
    SHOWN_CONTRIBUTIONS,
    SOUND,
    WORDING,
    ReadTexts,
    check_embedder,
    score_readings,
)
from store.model import Reasons
from tests.classifier.toy import ToyEmbedder

if TYPE_CHECKING:
    from classifier.gazetteer import Gazetteer
    from classifier.model.persistence import TrainedModel
    from classifier.scoring import ScoredText

TEXTS = (
    "Phenylacetone CAS 103-79-7, 25 kg, 99.5%\nWickr only, USDT, stealth packaging to Mexico",
    "Phenylacetic acid 1 kg",
    "Polish remover, acetone free",
    "Mountain bike, hydraulic brakes",
    "苯丙酮 现货 25公斤",
    "",
)


@pytest.fixture(scope="module")
def scored(model: TrainedModel, gazetteer: Gazetteer) -> list[ScoredText]:
    """The texts above, scored by the toy model."""
    return score_readings(ReadTexts.of(TEXTS, gazetteer), ToyEmbedder()(TEXTS), model)


def test_reasons_sum_exactly_to_the_log_odds(scored: list[ScoredText]) -> None:
    """Contributions and rest give the probability back."""
    for text in scored:
        total = sum(each.log_odds for each in text.reasons.contributions) + text.reasons.rest_log_odds
        assert total == pytest.approx(np.log(text.p_offer / (1 - text.p_offer)), rel=1e-9)
        assert sigmoid(np.array(total)) == pytest.approx(text.p_offer, abs=1e-12)


def test_every_field_of_the_reasons_is_in_the_documents() -> None:
    """Whoever reads the JSON finds what each part of the sum is."""
    documented = (Path(__file__).parents[2] / "docs" / "detection.md").read_text(encoding="utf-8")
    table = documented.split("## A score as JSON")[1].split("\n## ")[0]
    assert [each.name for each in fields(Reasons) if f"`{each.name}`" not in table] == []


def test_probability_is_that_of_the_pipeline(
    scored: list[ScoredText], model: TrainedModel, gazetteer: Gazetteer
) -> None:
    """What is explained is what scikit-learn would have said."""
    evidence = evidence_matrix(TEXTS, read_all(TEXTS, gazetteer))
    features = join_columns(evidence, ToyEmbedder()(TEXTS), TEXTS)
    said = model.pipeline.predict_proba(features)[:, 1]
    assert [text.p_offer for text in scored] == pytest.approx(said, abs=1e-6)


def test_contributions_come_largest_first_and_none_is_nothing(scored: list[ScoredText]) -> None:
    """A reviewer reads the strongest reason first, and no reason of zero."""
    for text in scored:
        sizes = [abs(each.log_odds) for each in text.reasons.contributions]
        assert sizes == sorted(sizes, reverse=True)
        assert len(sizes) <= SHOWN_CONTRIBUTIONS
        assert all(sizes)


def test_sound_and_words_are_one_contribution_each(scored: list[ScoredText]) -> None:
    """All columns of the embedding stand under one name, and all words under another."""
    names = [each.feature for each in scored[3].reasons.contributions]
    assert names.count(SOUND) == names.count(WORDING) == 1
    assert not [name for name in names if name not in {*FEATURES, SOUND, WORDING}]


def test_words_sum_exactly_to_their_contribution(scored: list[ScoredText]) -> None:
    """What is told of words is the very term of the score's sum; far below the line nothing is told."""
    shown = 0
    for text, reasons in zip(TEXTS, (each.reasons for each in scored), strict=True):
        terms = [each.log_odds for each in reasons.contributions if each.feature == WORDING]
        if terms and reasons.wording:
            shown += 1
            told = sum(each.log_odds for each in reasons.wording) + reasons.rest_wording
            assert told == pytest.approx(terms[0], abs=1e-9)
        assert all(text[start:end] for each in reasons.wording for start, end in each.spans)
    assert shown
    assert scored[3].reasons.wording == ()


def test_open_offer_scores_above_ordinary_goods(scored: list[ScoredText]) -> None:
    """The order of plain cases holds even with toy vectors."""
    assert scored[0].p_offer > 0.9
    assert scored[3].p_offer < 0.1


def test_substances_family_and_tier_are_those_on_offer(scored: list[ScoredText]) -> None:
    """A substance that is only mentioned gives neither name nor tier."""
    offered, mentioned = scored[0].reasons, scored[2].reasons
    assert (offered.family, offered.tier, len(offered.substances)) == ("amphetamine-type", 1, 1)
    assert (mentioned.family, mentioned.tier, mentioned.substances) == ("", None, ())


def test_nearest_examples_are_shown_for_likely_offers_only(model: TrainedModel, gazetteer: Gazetteer) -> None:
    """Nearest first; nobody reads the neighbours of what is not flagged."""
    telling = replace(model, neighbours=replace(model.neighbours, floors={"LATIN": 0.0}))
    scored = score_readings(ReadTexts.of(TEXTS, gazetteer), ToyEmbedder()(TEXTS), telling)
    likely = [each.similarity for each in scored[0].reasons.neighbours]
    assert len(likely) == 3
    assert likely == sorted(likely, reverse=True)
    assert scored[3].reasons.neighbours == ()


def test_a_text_scores_the_same_alone_and_in_company(
    scored: list[ScoredText], model: TrainedModel, gazetteer: Gazetteer
) -> None:
    """No score depends on what else was in the batch."""
    alone = score_readings(ReadTexts.of(TEXTS[:1], gazetteer), ToyEmbedder()(TEXTS[:1]), model)[0]
    assert alone.p_offer == pytest.approx(scored[0].p_offer, abs=1e-12)
    assert alone.reasons.spans == scored[0].reasons.spans


def test_no_texts_give_no_scores(model: TrainedModel, gazetteer: Gazetteer) -> None:
    """An empty batch is no error."""
    assert score_readings(ReadTexts.of([], gazetteer), ToyEmbedder()([]), model) == []


def test_vectors_of_another_embedder_are_refused(model: TrainedModel) -> None:
    """The sentence names both embedders."""
    check_embedder(model, "toy@1")
    with pytest.raises(EmbedderMismatch, match=r"toy@1, not of other@2.*retrain"):
        check_embedder(model, "other@2")
