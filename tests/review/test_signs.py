"""What a score's reasons call things is known to the catalogues, whatever the classifier says."""

from __future__ import annotations

from typing import get_args

import pytest

from classifier.features.evidence import FEATURES
from classifier.features.evidence import NOTES as NAMED
from classifier.reading.model import TradeKind
from classifier.scoring.scoring import SOUND, WORDING
from review.listing.score_reasons import NOTES, SIGNS, kind_words, sign_words
from review.web.languages import ASKED


def test_every_feature_and_note_of_the_classifier_is_a_message() -> None:
    """Neither package imports the other: this holds them together."""
    assert set(SIGNS) == {*FEATURES, SOUND, WORDING}
    assert set(NOTES) == {NAMED.get(kind, kind.replace("_", " ")) for kind in get_args(TradeKind)}


@pytest.mark.parametrize(
    ("said", "spanish"),
    [
        ("takes crypto", "acepta criptomonedas"),
        ("no papers", "sin papeles"),
        ('only mentioned: after "free of"', "solo se menciona: después de «free of»"),
        ('only mentioned: asked for with "busco"', "solo se menciona: se pide con «busco»"),
        ("50-00-0 is on no list in force here", "50-00-0 no está en ninguna lista vigente aquí"),
        ("Instrument, Table I since 1988", "Instrument, Table I since 1988"),
        ("", ""),
    ],
)
def test_reasons_speak_the_language_of_the_page(said: str, spanish: str) -> None:
    """What is not known stands as it was kept."""
    assert sign_words(said) == said
    token = ASKED.set("es")
    try:
        assert sign_words(said) == spanish
        assert (kind_words("trade"), kind_words("other")) == ("señal comercial", "other")
    finally:
        ASKED.reset(token)
