"""CAS numbers in parts and in words. Every example was written for these tests."""

from __future__ import annotations

import pytest

from classifier.features.evidence import evidence_spans
from classifier.gazetteer import default_gazetteer
from classifier.reading import read_text
from classifier.reading.numbers import PARTS, find_numbers
from text.normalise import fold

IN_WORDS = [
    ("sixty-two thousand three hundred and four, nought nine", ["62304", "0", "9"]),
    ("ochenta mil quinientos treinta y dos", ["80532"]),
    ("vinte e oito mil quinhentos e setenta e oito", ["28578"]),
    ("quatre-vingt-dix-sept puis soixante-douze, dix-huit", ["97", "72", "18"]),
    ("fünfundzwanzigtausendfünfhundertsiebenundvierzig", ["25547"]),
    ("тысяча четыреста семьдесят четыре, ноль два", ["1474", "0", "2"]),
    ("二十三 一四七四", ["23", "1474"]),
    ("1o5 2l4 10l", ["105", "214", "10"]),
]


@pytest.mark.parametrize(("text", "digits"), IN_WORDS)
def test_numbers_in_words_are_read(text: str, digits: list[str]) -> None:
    """As they would be written in figures, each as long as grammar lets it be."""
    from classifier.reading.numbers import in_figures

    assert [number.digits for number in find_numbers(in_figures(fold(text).text))] == digits


LISTED = [
    ("shelf 100, box 52, bag 7", "100-52-7"),
    ("pagina 4433 fila 77, cubetas", "4433-77-6"),
    ("4468 / 48 / ? fresh", "4468-48-8"),
    ("2857*-16-7 yellow", "28578-16-7"),
]


@pytest.mark.parametrize(("text", "number"), LISTED)
def test_a_part_points_to_the_listed_number(text: str, number: str) -> None:
    """The reviewer is told which number is meant."""
    signs = [sign for sign in read_text(text, default_gazetteer()).trade if sign.kind == "listed_part"]
    assert [sign.meant[0].split()[0] for sign in signs] == [number]


@pytest.mark.parametrize("text", ["6401*-17-5 clear", "12345-6?-7", "98 765 / 4x / 1"])
def test_a_masked_number_that_no_listed_one_fits_is_of_something_else(text: str) -> None:
    """It speaks against an offer of a listed substance, not for it."""
    reading = read_text(text, default_gazetteer())
    assert [sign.kind for sign in reading.trade if "part" in sign.kind] == ["unlisted_part"]
    assert "on no list" in evidence_spans(reading)[0].note


@pytest.mark.parametrize(
    "text",
    [
        "shelf 100 x 52 x 7 cm",
        "28578-99-1 powder",
        "desk 120 x 60, screws 4 x 40",
        "set of 103 pieces, 79 EUR, 7 colours",
        "phone 100 52 75",
        "one two three four",
    ],
)
def test_other_numbers_are_no_parts(text: str) -> None:
    """Sizes, other registry numbers, prices and counts."""
    signs = read_text(text, default_gazetteer()).trade
    assert not [sign for sign in signs if sign.kind in {"listed_part", "unlisted_part"}]


def test_a_long_first_part_stands_alone() -> None:
    """Five figures are no chance; four are, where nothing chemical is spoken of."""
    kinds = [
        {sign.kind for sign in read_text(f"new {number} in", default_gazetteer()).trade}
        for number in ("28578", "4468")
    ]
    assert kinds == [{"bare_code"}, set()]


WHOLE = [
    "74-89-5",
    "Methylamine 74-89-5, 20 kg",
    "28578-16-7 powder",
    "CAS 28578-16-7 oil",
    "cas 103.79.7",
    "CAS 103/79/7",
    "１０３-７９-７",
    "1 0 3 - 7 9 - 7",
    "103–79–7",
    "28578\u200b-16-7",
    "one zero three dash seven nine dash seven",
    "一〇三杠七九杠七",
    # of something else
    "64-17-5 ethanol",
    "2857-81-0",
]


@pytest.mark.parametrize("text", WHOLE)
def test_a_number_in_full_is_no_part_of_itself(text: str) -> None:
    """Listed or not, and however it is dressed: nothing of it is withheld."""
    reading = read_text(text, default_gazetteer())
    assert reading.mentions or reading.cas_numbers
    assert not {sign.kind for sign in reading.trade} & PARTS


def test_a_number_in_full_hides_no_other_in_part() -> None:
    """Only the part that stands where the whole number does is none."""
    signs = read_text("64-17-5 ethanol; 28578-1?-7 yellow", default_gazetteer()).trade
    assert [sign.text for sign in signs if sign.kind == "listed_part"] == ["28578-1?-7"]


def test_a_whole_number_in_figures_is_not_said_in_words() -> None:
    """What stands beside it does not make it one either."""
    for text in ("64-17-5", "last price, 64-17-5", "ends soon: 103-79-7", "74-89-5 family"):
        assert "number_spoken" not in {sign.kind for sign in read_text(text, default_gazetteer()).trade}
