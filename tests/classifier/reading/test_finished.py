"""Goods made of a listed substance are no offers of it. Every example was written here."""

from __future__ import annotations

import pytest

from classifier.gazetteer import default_gazetteer
from classifier.reading import read_text

FINISHED = [
    "Ergotamine tartrate tablets 1 mg",
    "Ergotamine 1 mg + caffeine 100 mg, 20 tablets",
    "Norephedrine 50 mg capsules, box of 30",
    "Ergotamina 1 mg, 20 comprimidos",
]
ITSELF = [
    "Ergotamine tartrate 1 kg",
    "Ergotamine tartrate powder, no tablets",
    "No tablets: ergotamine tartrate, 1 kg",
    "Ergotamine raw material for tablets",
]


@pytest.mark.parametrize("text", FINISHED)
def test_finished_goods_are_not_offered(text: str) -> None:
    """A drug ready for use, and a striker strip, are other queues' work or ordinary goods."""
    reading = read_text(text, default_gazetteer())
    assert reading.mentions
    assert reading.offered == ()


@pytest.mark.parametrize("text", ITSELF)
def test_the_substance_itself_is_offered(text: str) -> None:
    """Also medicines with (pseudo)ephedrine, which are listed: the guide has people look at them."""
    assert read_text(text, default_gazetteer()).offered
