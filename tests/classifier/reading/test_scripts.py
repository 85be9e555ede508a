"""Names and numbers are read in each script as people write it. Every text was written here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from classifier.reading import read_text, read_texts
from classifier.reading.boundaries import with_attached
from classifier.reading.matcher import inflections_of, initials_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from classifier.gazetteer import Gazetteer


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ขายอะซิโตน๒๐๐ลิตร", "ACE"),
        ("工場直販アセトン販売", "ACE"),
        ("无水醋酸现货", "AA"),
        ("للبيع بالأسيتون ٢٠ لتر", "ACE"),
        ("أسيتـــون نقي", "ACE"),
        ("CAS ١٠٣-٧٩-٧", "P2P"),
        ("CAS १०३-७९-७", "P2P"),
        ("CAS ১০৩-৭৯-৭", "P2P"),
        ("ㅁㅜㅅㅜㅊㅗㅅㅏㄴ 20kg", "AA"),
        ("ㄱㅁㄱㅅㅋㄹ 25kg", "KMNO4"),
        ("아세톤은 20리터씩 팝니다", "ACE"),
        ("ｱｾﾄﾝ", "ACE"),
        ("ﾄﾙｴﾝ 16L", "TOL"),
        ("むすいさくさん", "AA"),
        ("高锰酸鉀 500g", "KMNO4"),
        ("Υπερμαγγανικό κάλιο 25 κιλών", "KMNO4"),
        ("ΑΣΕΤΟΝ 1L", "ACE"),
        ("ban axeton cong nghiep", "ACE"),
        ("İZOSAFROL 5 KG", "ISOS"),
        ("sulfurik asidi bidonla", "H2SO4"),
        ("партія сірчаної кислоти", "H2SO4"),
        ("kyselinou sírovou", "H2SO4"),
        ("25 kg nadmanganianu potasu", "KMNO4"),
        ("kénsavat hordóban", "H2SO4"),
        ("θειικού οξέος 96%", "H2SO4"),
        ("האצטון בחבית", "ACE"),
        ("20 ליטר טולואן", "TOL"),
        ("saltsyreopløsning 30 %", "HCL"),
        ("eddiksyreanhydridet på lager", "AA"),
        ("rikkihappoa kanisterissa", "H2SO4"),
        ("punaista fosforia 5 kg", "RP"),
        ("kyselinu soľnú v bandaske", "HCL"),
        ("sumpornom kiselinom", "H2SO4"),
        ("калијум перманганат 25 кг", "KMNO4"),
        ("сирћетног анхидрида 200 литара", "AA"),
        ("asid sulfurik 35 liter", "H2SO4"),
    ],
)
def test_a_name_is_read_in_the_spelling_of_its_script(text: str, key: str, gazetteer: Gazetteer) -> None:
    """No spaces, native digits, single letters, half width, missing tones and cases hide no name."""
    assert [mention.substance.key for mention in read_text(text, gazetteer).mentions] == [key]


@pytest.mark.parametrize("written", [str, str.title, str.upper])
def test_every_name_is_read_in_any_case(written: Callable[[str], str], gazetteer: Gazetteer) -> None:
    """A name in small letters, with capitals or all in capitals is offered with its amount."""
    names = {name.text: each.key for each in gazetteer.substances for name in each.names
             if not name.context and name.lang != "en"}  # fmt: skip
    readings = read_texts([f"{written(name)} 25 kg" for name in names], gazetteer)
    unread = [name for name, reading in zip(names, readings, strict=True) if not any(
        mention.offered for mention in reading.mentions)]  # fmt: skip
    assert unread == []


@pytest.mark.parametrize(
    "text", ["アセトニトリル", "ヘキサフルオロアセトン", "황산염", "سأسيتونات", "efedrynowy", "ㅋㅋㅋㅋㅋㅋ"]
)
def test_a_longer_word_is_no_name(text: str, gazetteer: Gazetteer) -> None:
    """A name is not read out of a longer word, also where the script has no spaces."""
    assert read_text(text, gazetteer).mentions == ()


def test_a_reason_quotes_the_text_as_written(gazetteer: Gazetteer) -> None:
    """The reviewer sees whole syllables, vowel signs and tones."""
    why = [read_text(text, gazetteer).mentions[0].why_not for text in ("아세톤 삽니다", "cần mua axeton")]
    assert why == ['asked for with "삽니다"', 'asked for with "cần mua"']


def test_the_words_of_a_name_are_inflected_together() -> None:
    """The endings are in the lexicon, in one order for every kind of word."""
    assert "сірчаної кислоти" in list(inflections_of("сірчана кислота", "uk"))
    assert "kwasem siarkowym" in list(inflections_of("kwas siarkowy", "pl"))
    assert list(inflections_of("PMK", "pl")) == ["pmk"]


def test_articles_and_endings_belong_to_the_word() -> None:
    """An unknown ending makes another word."""
    assert with_attached("بالاسيتون", 3, 9) == (0, 9)
    assert with_attached("asetonu", 0, 6) == (0, 7)
    assert with_attached("asetonit", 0, 6) == (0, 6)


@pytest.mark.parametrize(
    "text", ["pe em kå olie", "pee äm koo öljyä", "שמן פי אם קיי", "πι εμ κέι λάδι", "پی ایم کے تیل"]
)
def test_letters_are_named_in_each_language(text: str, gazetteer: Gazetteer) -> None:
    """Whoever dictates the letters of an abbreviation spells it."""
    assert "spelled_letters" in {signal.kind for signal in read_text(text, gazetteer).trade}


def test_initial_consonants_stand_for_long_korean_names_only() -> None:
    """Three consonants are chat language."""
    assert len(initials_of("에페드린")) == 4
    assert initials_of("아세톤") == ""
