"""Abbreviations are substances where what stands beside them says so. Every example was written here."""

from __future__ import annotations

import pytest

from classifier.gazetteer import default_gazetteer
from classifier.reading import read_text

MAPS = [
    "Mapa antigo, óleo sobre tela",
    "Mapa de Portugal 1 kg",
    "Mapa mural, polvo y manchas",
    "MAPA MURAL DEL MUNDO, 1 KG",
]
METHYL_ALPHA_PHENYLACETOACETATE = [
    "MAPA 1 kg",
    "Fresh MAPA, 25 kg in the box",
    "mapa powder, 25 kg",
    "mapa, purity 99%",
]
NO_IODINE_NO_OLEUM = [
    "Sel iodé 1 kg",
    "Gros sel marin iodé, sac de 5 kg",
    "Speisesalz mit Jod 500 g",
    "Oleum Ricini 30 ml",
]
STILL_IODINE_OR_OLEUM = [
    "Iode 1 kg",
    "Jod 500 g",
    "Oleum 20%",
    "Oleum, drum of 200 l",
]
SOLD_BARE = [
    ("WTS BMK", ["P2P"]),
    ("WTS: PMK", ["PMK"]),
    ("vendo BMK", ["P2P"]),
    ("Selling PMK, worldwide", ["PMK"]),
]
NOT_SOLD_BARE = [
    "WTS PMK yoga mat",
    "WTS BMK keycaps",
    "WTS BMK bike 2021",
    "wts bmk",
]


def _offered(text: str) -> list[str]:
    return [each.substance.key for each in read_text(text, default_gazetteer()).offered]


@pytest.mark.parametrize("text", MAPS)
def test_a_map_is_no_substance(text: str) -> None:
    """`Mapa` in a sentence is a map, whatever form, dust or weight stands beside it."""
    assert _offered(text) == []


@pytest.mark.parametrize("text", METHYL_ALPHA_PHENYLACETOACETATE)
def test_an_abbreviation_that_is_a_word_is_read_where_chemistry_stands_by(text: str) -> None:
    """Capitals among small letters, or words of chemistry, make `MAPA` a substance."""
    assert _offered(text) == ["MAPA"]


@pytest.mark.parametrize("text", NO_IODINE_NO_OLEUM)
def test_iodised_salt_and_latin_oils_are_not_offered(text: str) -> None:
    """`Iodé` is iodised, and oleum with a plant's Latin name is its oil."""
    assert _offered(text) == []


@pytest.mark.parametrize("text", STILL_IODINE_OR_OLEUM)
def test_iodine_and_oleum_themselves_are_offered(text: str) -> None:
    """The element and the acid are read by the same short names."""
    assert len(_offered(text)) == 1


@pytest.mark.parametrize(("text", "keys"), SOLD_BARE)
def test_words_of_selling_support_a_bare_abbreviation(text: str, keys: list[str]) -> None:
    """`WTS BMK` offers it: words of selling stand right before capitals of tier 1."""
    assert _offered(text) == keys


@pytest.mark.parametrize("text", NOT_SOLD_BARE)
def test_words_of_selling_support_nothing_that_others_sell(text: str) -> None:
    """Other goods that follow, small letters and abbreviations of everybody's are no offer."""
    assert _offered(text) == []


def test_capitals_far_off_say_nothing_of_an_abbreviation() -> None:
    """Small letters count near it only, so that a text of many such words is read in time."""
    near, far = "the MAPA 1 kg", "THE" + " MAPA 1 KG" * 40 + " the"
    assert _offered(near) == ["MAPA"]
    assert len(_offered(far)) < 40
