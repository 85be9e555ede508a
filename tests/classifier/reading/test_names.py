"""Names are read whole, in seven languages.

The examples were written here; plain names of chemicals aside, none is taken from a real listing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from classifier.reading import read_text

if TYPE_CHECKING:
    from classifier.gazetteer import Gazetteer

NAMED = [
    ("Acetic Anhydride 99%", "AA"),
    ("Phenyl Acetic Acid", "PAA"),
    ("Phenyl Acetone", "P2P"),
    ("Methylethyl ketone, drum", "MEK"),
]

LONGER_NAMES = [
    "2-methyl-4-(trifluoromethyl)benzaldehyde",
    "4-hydroxyphenylacetic acid",
    "4-hydroxy phenyl acetic acid",
    "Acetylacetone, reagent",
]


@pytest.mark.parametrize(("text", "key"), NAMED)
def test_a_listed_name_is_read(text: str, key: str, gazetteer: Gazetteer) -> None:
    """A name in any usual spelling of seven languages is read as its substance, and as offered."""
    assert key in [m.substance.key for m in read_text(text, gazetteer).offered]


@pytest.mark.parametrize("text", LONGER_NAMES)
def test_a_name_inside_a_longer_one_is_not_read(text: str, gazetteer: Gazetteer) -> None:
    """A listed name that is part of another chemical's name, or of a word, is no mention."""
    assert read_text(text, gazetteer).offered == ()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Potassium permangan...", "KMNO4"),
        ("Sulfuric acid 98% tec...", "H2SO4"),
        ("pure methyl isobutyl keton...", "MIBK"),
        ("Pseudoephedr…", "PSE"),
    ],
)
def test_a_cut_off_title_is_read_if_it_can_be_one_name_only(
    text: str, key: str, gazetteer: Gazetteer
) -> None:
    """A name cut off by the marketplace counts if no unlisted chemical begins the same way."""
    assert [m.substance.key for m in read_text(text, gazetteer).offered] == ([key] if key else [])


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("PMK oil", "PMK"),
        ("PMK ethyl glycidate", "PMKE_ethyl"),
        ("BMK powder 25kg", "BMKA"),
        ("BMK 99.5%", "P2P"),
    ],
)
def test_an_abbreviation_counts_in_its_context_only(text: str, key: str, gazetteer: Gazetteer) -> None:
    """An abbreviation is evidence beside a form, pack or purity, and never beside another meaning."""
    keys = [m.substance.key for m in read_text(text, gazetteer).offered]
    assert key in keys if key else keys == []


def test_no_confusable_is_taken_for_an_offer(gazetteer: Gazetteer) -> None:
    """None of the legitimate chemicals and products on the confusable list is read as an offer."""
    wrong = [
        c.name for c in gazetteer.confusables if not c.borderline and read_text(c.name, gazetteer).offered
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        "best price for acetone",
        "acetone free shipping",
        "contact us for acetone",
        "precio para acetona",
    ],
)
def test_a_sellers_words_before_a_name_keep_it_an_offer(text: str, gazetteer: Gazetteer) -> None:
    """A price for it, or a seller's question who wants it, offers it."""
    assert [m.substance.key for m in read_text(text, gazetteer).offered] == ["ACE"]


def test_names_side_by_side_share_their_reason(gazetteer: Gazetteer) -> None:
    """When the first of two names beside each other is only mentioned, so is the second."""
    assert read_text("free of methyl ethyl ketone (MEK solvent)", gazetteer).offered == ()


@pytest.mark.parametrize(
    "text",
    [
        "paint thinner free of toluene",
        "acetone-free polish remover for nails",
        "Quitaesmalte sin acetona",
        "removedor sem acetona",
    ],
)
def test_a_mere_mention_is_not_an_offer(text: str, gazetteer: Gazetteer) -> None:
    """A substance that the words deny, test for or write about is no offer; the reason is given."""
    reading = read_text(text, gazetteer)
    assert reading.offered == ()
    assert all(m.why_not for m in reading.mentions)


ABOUT_IT = [
    "Enamel sign 'Toluene - no open fire'",
    "Safrole analytical standard, 2 ml ampoule",
    "Urine swab tests ephedrine, norephedrine",
    "Letrero acetona inflamable, 20 x 30",
]


@pytest.mark.parametrize("title", ABOUT_IT)
def test_what_is_about_a_substance_offers_none(title: str, gazetteer: Gazetteer) -> None:
    """Signs, standards, tests, courses and traces name it and sell something else."""
    reading = read_text(f"{title}\nfast dispatch, packed with care", gazetteer)
    assert reading.mentions
    assert not reading.offered


@pytest.mark.parametrize(
    "text",
    [
        "Toluene, 200 l drum\nwarning sign on each drum, analytical standard certificate on request",
        "Acetone and toluene, drums",
        "Sell ephedrine, norephedrine",
        "甲苯，丙酮 桶装",
    ],
)
def test_what_is_said_below_the_title_does_not_withdraw_an_offer(text: str, gazetteer: Gazetteer) -> None:
    """A label or a standard in the description is no other goods, nor is a list of names."""
    reading = read_text(text, gazetteer)
    assert reading.offered == reading.mentions != ()


@pytest.mark.parametrize(
    "text",
    [
        "Ephedrin 1 kg, leaves no traces",
        "Ephedrin 1 kg ohne Spuren",
        "Эфедрин 1 кг без следов",
        "Phenylacetone 5 l, sign for parcel",
    ],
)
def test_what_a_seller_says_of_the_substance_itself_withdraws_no_offer(
    text: str, gazetteer: Gazetteer
) -> None:
    """A promise to leave no traces, or a word on the parcel, does not turn an offer into a mention."""
    assert read_text(text, gazetteer).offered
