"""The first stage settles what is clearly not an offer, says so, and never decides against evidence."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from classifier.errors import ModelFolderWrong
from classifier.features.evidence import has_evidence, read_all
from classifier.features.static_embedding import StaticEmbedder
from classifier.model.cascade import RECALL_BUDGET, settle_within_budget
from classifier.model.persistence import load_model, save_model, write_manifest
from classifier.reading import read_text
from classifier.scoring import Scorer
from classifier.training.fit import Cascade, train
from store.model import Reasons, ScoreStage
from store.rows import to_json
from store.vectors import open_vectors
from tests.classifier.toy import NOW, ToyEmbedder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from classifier.gazetteer import Gazetteer
    from classifier.model.persistence import TrainedModel
    from classifier.training.fit import Dataset

pytestmark = pytest.mark.model

ORDINARY = "Handmade wooden garden bench with two seats, collect in person on Sundays"
OFFER = "PMK powder CAS 28578-16-7, 25 kg drums, stealth packaging, customs clearance guaranteed"


@pytest.fixture(scope="module")
def cascaded(data: Dataset, gazetteer: Gazetteer) -> TrainedModel:
    """A model with a first stage over random token vectors."""
    texts = [example.text for example in data.examples]
    evident = np.array([has_evidence(reading) for reading in read_all(texts, gazetteer)])
    cascade = Cascade(static=static_of(texts), evident=evident)
    return train(data, embedder=ToyEmbedder(), gazetteer_edition="test", seed=0, now=NOW, cascade=cascade)


def static_of(texts: Sequence[str]) -> StaticEmbedder:
    """Return an embedder of whole words with 32 random numbers each."""
    words = {word for text in texts for word, _span in Whitespace().pre_tokenize_str(text)}
    vocabulary = {word: index for index, word in enumerate(["?", *sorted(words - {"?"})])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="?"))
    tokenizer.pre_tokenizer = Whitespace()
    weights = np.random.default_rng(0).normal(size=(len(vocabulary), 32))
    return StaticEmbedder(tokenizer=tokenizer.to_str(), weights=weights.astype(np.float16))


def test_what_is_settled_says_so_and_is_not_embedded(cascaded: TrainedModel, gazetteer: Gazetteer) -> None:
    """The score is below the threshold, its reasons name the stage, also when read back from the store."""
    embedder = ToyEmbedder()
    with open_vectors(None, embedder.embedder_id) as cache:
        scorer = Scorer(model=cascaded, embedder=embedder, gazetteer=gazetteer, cache=cache)
        settled, whole = scorer.score([ORDINARY, OFFER])
    assert settled.reasons.stage is ScoreStage.FIRST
    assert settled.p_offer < cascaded.threshold
    assert whole.reasons.stage is ScoreStage.TRANSFORMER
    assert embedder.asked == [[OFFER]]
    assert msgspec.json.decode(to_json(settled.reasons), type=Reasons).stage is ScoreStage.FIRST


def test_reasons_of_a_settled_text_sum_to_its_score(cascaded: TrainedModel, gazetteer: Gazetteer) -> None:
    """The first stage explains itself as exactly as the whole model."""
    embedder = ToyEmbedder()
    with open_vectors(None, embedder.embedder_id) as cache:
        scorer = Scorer(model=cascaded, embedder=embedder, gazetteer=gazetteer, cache=cache)
        (settled,) = scorer.score([ORDINARY])
    reasons = settled.reasons
    log_odds = sum(each.log_odds for each in reasons.contributions) + reasons.rest_log_odds
    assert settled.p_offer == pytest.approx(1 / (1 + np.exp(-log_odds)))


def test_off_by_a_setting(cascaded: TrainedModel, gazetteer: Gazetteer) -> None:
    """Without the cascade the transformer sees every text, a repeated one once."""
    embedder = ToyEmbedder()
    with open_vectors(None, embedder.embedder_id) as cache:
        scorer = Scorer(model=cascaded, embedder=embedder, gazetteer=gazetteer, cache=cache, cascade=False)
        scored = scorer.score([ORDINARY, OFFER, ORDINARY])
    assert {each.reasons.stage for each in scored} == {ScoreStage.TRANSFORMER}
    assert embedder.texts_asked == 2
    assert scored[0] == scored[2]


def test_a_text_met_again_is_not_read_again(
    cascaded: TrainedModel, gazetteer: Gazetteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was scored a moment ago is remembered, as far as the bound allows, and is the same."""
    monkeypatch.setattr("classifier.scoring.REMEMBERED", 1)
    embedder = ToyEmbedder()
    with open_vectors(None, embedder.embedder_id) as cache:
        scorer = Scorer(model=cascaded, embedder=embedder, gazetteer=gazetteer, cache=cache)
        ordinary, offer = scorer.score([ORDINARY, OFFER])
        assert scorer.score([OFFER]) == [offer]
        assert scorer.score([OFFER])[0] is offer
        again = scorer.score([ORDINARY, OFFER])
    assert again[0] is not ordinary
    assert again == [ordinary, offer]


@pytest.mark.parametrize(
    ("text", "evident"),
    [
        (ORDINARY, False),
        ("Pure white powder, 99.9 %, 5 kg, EUR 20 per kg", False),  # weighed, however many
        ("Olive oil and acetone, 5 l", True),
        ("Olive oil, stealth packaging", False),  # goods are named, so the sign is weighed
        ("acetone", True),
        ("CAS 67-64-1", True),
        ("CAS 108-94-1", False),  # the number of an unlisted substance
        ("stealth packaging, ask", True),
    ],
)
def test_evidence_goes_to_the_transformer(text: str, gazetteer: Gazetteer, *, evident: bool) -> None:
    """A listed name or number, or a sign of hiding without goods; what else is read is weighed."""
    assert has_evidence(read_text(text, gazetteer)) is evident


def test_the_card_says_what_the_cascade_costs(cascaded: TrainedModel, tmp_path: Path) -> None:
    """In figures for programs, and in words for people."""
    found = cascaded.card["cascade"]
    assert 0 < found["threshold"] <= cascaded.threshold / 2
    assert found["recall_given_up"] <= RECALL_BUDGET
    assert 0 < found["settled"] < 1
    assert "- recall given up: " in (save_model(cascaded, tmp_path) / "card.md").read_text(encoding="utf-8")


def test_a_saved_first_stage_scores_the_same(
    cascaded: TrainedModel, gazetteer: Gazetteer, tmp_path: Path
) -> None:
    """Bit for bit; and a folder whose token vectors were changed is refused."""
    folder = save_model(cascaded, tmp_path)
    embedder = ToyEmbedder()
    with open_vectors(None, embedder.embedder_id) as cache:
        before, after = (
            Scorer(model=model, embedder=embedder, gazetteer=gazetteer, cache=cache).score([ORDINARY])
            for model in (cascaded, load_model(folder))
        )
    assert before == after
    with np.load(folder / "static.npz") as arrays:
        changed = arrays["weights"] + 1
    np.savez_compressed(folder / "static.npz", weights=changed)
    write_manifest(folder)
    with pytest.raises(ModelFolderWrong, match="its weights give the id"):
        load_model(folder)


def test_a_model_without_first_stage_has_none(model: TrainedModel, tmp_path: Path) -> None:
    """Models of before load as they did, and send every text to the transformer."""
    folder = save_model(model, tmp_path)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    del card["cascade"]
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    write_manifest(folder)
    assert load_model(folder).first_stage is None


def test_a_first_stage_of_another_rule_is_left_out(cascaded: TrainedModel, tmp_path: Path) -> None:
    """What it gives up was measured under the rule of its release, so every text goes to the transformer."""
    folder = save_model(cascaded, tmp_path)
    assert load_model(folder).first_stage is not None
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    card["cascade"]["goes_on"] = "names on a list"
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    write_manifest(folder)
    assert load_model(folder).first_stage is None


def test_the_line_keeps_to_the_budget() -> None:
    """Of 1,000 offers two that the whole model flags may be settled, and not a third."""
    rng = random.Random(0)
    labels = np.array([1] * 1_000 + [0] * 1_000)
    found = np.array(
        [rng.uniform(0.2, 1.0) for _ in range(1_000)] + [rng.uniform(0, 0.3) for _ in range(1_000)]
    )
    found[:5] = [0.01, 0.02, 0.03, 0.04, 0.05]
    flagged, evident = np.ones(2_000, dtype=bool), np.zeros(2_000, dtype=bool)
    evident[0] = True  # goes to the transformer however it sounds
    settling = settle_within_budget(
        found, labels=labels, weights=np.ones(2_000), flagged=flagged, evident=evident, highest=0.5
    )
    assert settling.recall_given_up == 0.002
    assert settling.threshold == 0.04
    flagged[:5] = False  # what the whole model would not flag either is no loss
    again = settle_within_budget(
        found, labels=labels, weights=np.ones(2_000), flagged=flagged, evident=evident, highest=0.5
    )
    assert again.threshold > 0.19
    low = settle_within_budget(
        found, labels=labels, weights=np.ones(2_000), flagged=flagged, evident=evident, highest=0.1
    )
    assert low.threshold == 0.1
