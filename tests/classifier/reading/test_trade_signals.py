"""Signs of how a seller trades are found, each kind in several languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from classifier.reading import read_text

if TYPE_CHECKING:
    from classifier.gazetteer import Gazetteer


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("25kg drum", "quantity", "25kg"),
        ("CAS 74-89-5 20 kg", "quantity", "20 kg"),
        ("5-10 kg", "quantity", "10 kg"),
        ("lote de 20 litros", "quantity", "20 litros"),
    ],
)
def test_a_trade_sign_is_found(text: str, kind: str, words: str, gazetteer: Gazetteer) -> None:
    """Each sign is reported with its kind and its words as they stand in the text."""
    assert (kind, words) in [(s.kind, s.text) for s in read_text(text, gazetteer).trade]


@pytest.mark.parametrize(
    "text",
    [
        "USB-C cable 4468",
        "signal cable",
        "a subtct",
        "oak stool with cushion",
    ],
)
def test_ordinary_words_are_no_trade_signs(text: str, gazetteer: Gazetteer) -> None:
    """Letters that only contain a phrase, and numbers alone, say nothing."""
    assert read_text(text, gazetteer).trade == ()


WITHHOLDING = {
    "form": [
        "off-white crystals",
    ],
    "name_withheld": [
        "the name is on the lid",
    ],
    "number_spoken": [
        "one zero three dash seven nine dash seven",
    ],
    "spelled_letters": [
        "pee em kay",
    ],
    "no_papers": [
        "no end use statement",
    ],
    "stands_in": [
        "replaces what was banned",
    ],
    "riddle": [
        "violet salt that stains, by the keg",
    ],
}
"""What sellers say who keep back what they sell, by kind of sign. Written for these tests."""


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in WITHHOLDING.items() for text in texts]
)
def test_what_is_kept_back_is_a_sign(kind: str, text: str, gazetteer: Gazetteer) -> None:
    """A withheld name, number or paper is seen in each of the seven languages, inside a longer title."""
    title = f"★ {text}, 45 €"
    signs = read_text(title, gazetteer).trade
    assert kind in [sign.kind for sign in signs]
    assert all(title[slice(*sign.span)] == sign.text for sign in signs)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("form", "boiler room, toilet seat"),
        ("code_number", "gear oil 28578"),
        ("name_withheld", "see photo for part number of the printer"),
        ("name_withheld", "name tag for dogs, your photo printed"),
    ],
)
def test_what_only_comes_near_is_no_sign(kind: str, text: str, gazetteer: Gazetteer) -> None:
    """Part numbers, counting and ordinary papers are not read as something kept back."""
    assert kind not in [sign.kind for sign in read_text(text, gazetteer).trade]


@pytest.mark.parametrize(
    "text",
    [
        "the one you asked for",
        "te mando el nombre",
        "sage ich am Telefon",
        "peça o nome",
        "plus que ces thèses",
    ],
)
def test_a_word_of_one_language_is_no_good_of_another(text: str, gazetteer: Gazetteer) -> None:
    """`thé` and `the` fold alike, and a title with an article sells no tea."""
    assert read_text(text, gazetteer).goods == ()


@pytest.mark.parametrize(
    ("text", "goods"),
    [
        ("Pure beeswax\nno name on the label", ["beeswax"]),
        ("Special item, no name on the label\nComes in a box of beeswax", []),
        ("特殊料 标签不写品名\n洗衣粉袋", []),
        ("Ｓｐｅｃｉａｌ ｉｔｅｍ\nbeeswax box", []),
        ("ethanamine nitrate(1:1) 5 kg", []),
    ],
)
def test_goods_are_those_of_the_title(text: str, goods: list[str], gazetteer: Gazetteer) -> None:
    """What stands below, such as what it is packed in, is not what is sold."""
    found = [text[slice(*one.span)] for one in read_text(text, gazetteer).goods]
    assert found[-1:] == goods


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("Disguised as soap", "talk_cover", "Disguised as soap"),
        ("fine chemistry", "chemistry", "chemistry"),
        ("нейтральная упаковка", "talk_label", "нейтральная упаковка"),
        ("单上写颜料粉", "talk_cover", "单上写颜料"),
    ],
)
def test_a_topic_ends_with_its_word(text: str, kind: str, words: str, gazetteer: Gazetteer) -> None:
    """Stems are beginnings of words; a reviewer is shown whole ones, where words stand apart."""
    assert (kind, words) in [(sign.kind, sign.text) for sign in read_text(text, gazetteer).trade]


@pytest.mark.parametrize(
    "text",
    [
        "Soap flakes, no questions, no minimum\nLicence checked before dispatch",
        "Plain box\nLabel with each drum",
        "Ware nur auf Anfrage ohne Kundenkonto\nHärter separat verpackt",
        "CAS 74-89-5\n20 kg",
        "Purity 99%\nPure stock",
        "Plain\u200b b&#111;x\nLabel with each drum",
    ],
)
def test_a_sign_ends_with_its_line(text: str, gazetteer: Gazetteer) -> None:
    """A title and what stands below it are two sentences."""
    assert not [sign.text for sign in read_text(text, gazetteer).trade if "\n" in sign.text]


def _talks_of_chemistry(text: str, gazetteer: Gazetteer) -> list[str]:
    return [sign.text for sign in read_text(text, gazetteer).trade if sign.kind == "chemistry"]


@pytest.mark.parametrize(
    "text",
    [
        "Pseudoephedrine 60 mg tablets, box of 24 (pharmacy)",
        "Pharmacy shelf, oak",
        "Farmacia del centro, turno de noche",
        "Balança de farmácia antiga",
    ],
)
def test_a_shop_and_a_name_are_no_talk_of_chemistry(text: str, gazetteer: Gazetteer) -> None:
    """A pharmacy is a shop, and `化学` alone the end of a firm's name or a school's subject."""
    assert _talks_of_chemistry(text, gazetteer) == []


@pytest.mark.parametrize(
    "text",
    [
        "Pharmaceutical grade, by the bag",
        "pharma batch, sealed",
        "Grado farmacéutico",
        "Qualité pharmaceutique",
    ],
)
def test_what_is_made_for_drugs_is_talk_of_chemistry(text: str, gazetteer: Gazetteer) -> None:
    """The trade and its grades still are."""
    assert len(_talks_of_chemistry(text, gazetteer)) == 1


def test_customers_and_customs_make_nothing_special(gazetteer: Gazetteer) -> None:
    """A word is not what another one begins with; made to order is a service."""
    for text in ("product for old customers", "powder, customs cleared"):
        assert "talk_special" not in {sign.kind for sign in read_text(text, gazetteer).trade}
    reading = read_text("Custom synthesis of intermediates, NDA, audits welcome", gazetteer)
    assert [good.kind for good in reading.goods] == ["service"]
