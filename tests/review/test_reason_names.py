"""Every name in the reasons of a score is in the catalogues."""

from __future__ import annotations

from typing import get_args

import pytest

from classifier.features.evidence import FEATURES
from classifier.features.evidence import NOTES as NAMED
from classifier.reading.model import TradeKind
from classifier.scoring import SOUND, WORDING
from review.listing.score_reasons import kind_words, signal_words
from review.web.languages import ASKED
from review.web.translations import word_tables


def test_every_feature_and_note_of_the_classifier_is_a_message() -> None:
    """Neither package imports the other: this holds them together."""
    tables = word_tables()
    assert set(tables["signals"]) == {*FEATURES, SOUND, WORDING}
    assert set(tables["notes"]) == {NAMED.get(kind, kind.replace("_", " ")) for kind in get_args(TradeKind)}


@pytest.mark.parametrize(
    ("said", "english", "spanish"),
    [
        ("takes crypto", "takes crypto", "acepta criptomonedas"),
        ("no papers", "no documents", "sin documentos"),
        (
            'only mentioned: after "free of"',
            'only mentioned: after "free of"',
            "solo se menciona: después de «free of»",
        ),
        (
            'only mentioned: asked for with "busco"',
            'only mentioned: asked for with "busco"',
            "solo se menciona: se pide con «busco»",
        ),
        (
            "50-00-0 is on no list in force here",
            "50-00-0 is on no list in force here",
            "50-00-0 no está en ninguna lista vigente aquí",
        ),
        ("Instrument, Table I since 1988",) * 3,
        ("", "", ""),
    ],
)
def test_reasons_speak_the_language_of_the_page(said: str, english: str, spanish: str) -> None:
    """An unknown name stays as it is stored."""
    assert signal_words(said) == english
    token = ASKED.set("es")
    try:
        assert signal_words(said) == spanish
        assert (kind_words("trade"), kind_words("other")) == ("señal comercial", "other")
    finally:
        ASKED.reset(token)
