"""Wanted advertisements are no offers. Every example was written for these tests."""

from __future__ import annotations

import pytest

from classifier.gazetteer import default_gazetteer
from classifier.reading import read_text

WANTED = [
    "Looking for 20 L acetone",
    "Wanted: 20 L acetone",
    "WTB acetone 20 litres",
    "We buy acetone in bulk",
    "Acetone??",
    "丙酮？？",
    "Acetone ???\nAcetone for the workshop",
]

OFFERED = [
    "Looking for distributors of acetone",
    "Looking for buyers for acetone, 20 t a month",
    "Partners wanted, acetone by the drum",
    "No permit wanted, acetone 20 L",
    "Acetone?",
    "Acetone?? 20 L in stock",
    "Paint thinner?\nAcetone??",
]


@pytest.mark.parametrize("text", WANTED)
def test_what_somebody_asks_for_is_no_offer(text: str) -> None:
    """Whatever amount, pack or supplier stands between; the reason is given."""
    reading = read_text(text, default_gazetteer())
    assert reading.mentions
    assert [mention.why_not for mention in reading.mentions if not mention.why_not.startswith("asked")] == []


@pytest.mark.parametrize("text", OFFERED)
def test_a_seller_who_asks_still_offers(text: str) -> None:
    """Whoever looks for buyers, or asks who is looking for it, sells."""
    assert {mention.substance.key for mention in read_text(text, default_gazetteer()).offered} == {"ACE"}


def test_a_list_is_asked_for_as_a_whole() -> None:
    """Amounts between its names do not part them; what is offered in exchange is."""
    assert read_text("Suche 10 L Toluol und 20 L Aceton", default_gazetteer()).offered == ()
    assert len(read_text("Suche Toluol, biete Aceton", default_gazetteer()).offered) == 1


def test_one_verb_at_the_end_asks_for_a_whole_list() -> None:
    """In German what is wished for stands before the verb; a verb of sale offers it."""
    asked = read_text("Möchte 10 L Toluol und 20 L Aceton kaufen", default_gazetteer())
    assert (len(asked.mentions), asked.offered) == (2, ())
    assert asked.mentions[0].why_not == 'asked for with "mochte … kaufen"'
    assert len(read_text("Möchte 10 L Toluol und 20 L Aceton verkaufen", default_gazetteer()).offered) == 2


def test_only_the_words_that_ask_are_told() -> None:
    """Nothing of the space or the amount that they are known by."""
    reasons = [
        read_text(text, default_gazetteer()).mentions[0].why_not
        for text in ("ISO 20 L acetone", "Acetone 20 L wanted")
    ]
    assert reasons == ['asked for with "ISO"', 'asked for with "wanted"']


def test_barrels_that_are_wanted_are_not_the_goods() -> None:
    """`求购` right before something else asks for that."""
    asked = read_text("丙酮，求购空桶", default_gazetteer())
    assert not any(mention.why_not.startswith("asked") for mention in asked.mentions)
