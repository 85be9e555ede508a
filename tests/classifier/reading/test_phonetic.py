"""Names written as they are heard are read; what is spelled right, or only sounds a little alike, is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from classifier.reading import read_text
from classifier.reading.names import sound_of

if TYPE_CHECKING:
    from classifier.gazetteer import Gazetteer


@pytest.mark.parametrize(
    ("text", "heard", "substance"),
    [
        ("peeper oh nal crystals, 5 kg", "peeper oh nal", "Piperonal"),
        ("Sell eff a drin, loose", "", ""),
        ("Effed rhin powder, loose", "Effed rhin", "Ephedrine"),
        ("anhydride assetique en bidon", "anhydride assetique", "Acetic anhydride"),
        ("4zeton rein, 6 x 1 L", "4zeton", "Acetone"),
        ("Pypehronaal", "Pypehronaal", "Piperonal"),
        ("пипиранал и пипирональ", "пипирональ", "Piperonal"),
        ("sue do ef edrin base", "sue do ef edrin", "Pseudoephedrine"),
    ],
)
def test_a_name_is_known_by_its_sound(text: str, heard: str, substance: str, gazetteer: Gazetteer) -> None:
    """However it is parted, and with letters that are mistaken for each other."""
    found = [(text[slice(*each.span)], each.substance.name) for each in read_text(text, gazetteer).mentions]
    assert found == ([(heard, substance)] if heard else [])
    assert all(each.how == "disguised" for each in read_text(text, gazetteer).mentions)


@pytest.mark.parametrize(
    "text",
    [
        "acetone-free nail care",
        "pie, per hour, no nails",
        "dimethyl piperonahlate",
        "a sit on the bench",
    ],
)
def test_what_only_sounds_a_little_alike_is_no_name(text: str, gazetteer: Gazetteer) -> None:
    """Words that a list parts, longer names, and what was judged as it is spelled."""
    assert not read_text(text, gazetteer).offered


@pytest.mark.parametrize("before", ["H", "h h", "Ь"])
def test_a_word_without_a_sound_is_no_part_of_a_name(before: str, gazetteer: Gazetteer) -> None:
    """What is spelled right stays so, whatever mark or unit stands before it."""
    (found,) = read_text(f"{before} piperonal 25 kg", gazetteer).mentions
    assert (found.how, found.span[0]) == ("name", len(before) + 1)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("acetone a granel 25 kg", "acetone"),
        ("продажа ацетона", "ацетона"),
        ("Norephedrine HCl 1 kg", "Norephedrine"),
        ("toluene o xileno", "toluene"),
    ],
)
def test_what_is_read_as_it_is_spelled_is_not_heard(text: str, name: str, gazetteer: Gazetteer) -> None:
    """An ending, a salt or a little word after a name makes no disguise of it."""
    found = read_text(text, gazetteer).mentions[0]
    assert (text[slice(*found.span)], found.how) == (name, "name")


def test_sounds_join_as_words_do() -> None:
    """The sound of words is the same however many they are, at their ends too."""
    assert sound_of("pie per oh nal") == sound_of("Piperonal")
    assert sound_of("25 kg") == "|k"
    assert sound_of("") == ""
