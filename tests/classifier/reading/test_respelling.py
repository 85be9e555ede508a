"""Names are read in the other spellings a seller may give them. Every example was written for these tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from classifier.gazetteer import default_gazetteer
from classifier.reading import read_text
from classifier.reading.matcher import respellings, reversed_name

if TYPE_CHECKING:
    from classifier.gazetteer import Gazetteer

RESPELT = [
    ("enotecalynehp, two bottles", "P2P"),
    ("enidirepip (backwards)", "PIP"),
    ("ociteca odirdihna al revés", "AA"),
    ("烷乙基硝 倒着读", "NET"),
]


@pytest.mark.parametrize(("text", "key"), RESPELT)
def test_a_name_spelled_otherwise_is_offered(text: str, key: str) -> None:
    """What a careful reader takes for the name is that substance, and nothing else is."""
    offered = {mention.substance.key for mention in read_text(text, default_gazetteer()).offered}
    assert offered == ({key} if key else set())


@pytest.mark.parametrize(
    "text",
    [
        "日本乙酸 试剂",
        "xenidirepipx",
        "pen tan one, metal a mine",
        "anol ox ide",
    ],
)
def test_chance_letters_are_no_name(text: str) -> None:
    """Letters that go on, and words that only sound like pieces of a name, name nothing."""
    assert not read_text(text, default_gazetteer()).mentions


def test_no_name_backwards_is_another_name() -> None:
    """Turned round, no listed name is the name of something else that is listed."""
    gazetteer: Gazetteer = default_gazetteer()
    names = {name.text.lower() for substance in gazetteer.substances for name in substance.names}
    assert not {reversed_name(name) for name in names if name.isalpha()} & (names - {""})


def test_few_ways_to_write_one_chinese_name_are_searched_for() -> None:
    """Even a long name adds few strings."""
    assert len(set(respellings("4-苯胺基-n-苯乙基哌啶盐酸盐"))) < 200


def test_a_word_in_two_scripts_is_a_disguise() -> None:
    """The reviewer is told that the name was hidden."""
    (mention,) = read_text("тoлyол", default_gazetteer()).mentions
    assert mention.how == "disguised"
