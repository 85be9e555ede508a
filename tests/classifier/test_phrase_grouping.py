"""Words with an amount each become phrases that a person would quote. The examples were written for this."""

from __future__ import annotations

import pytest

from classifier.explain.word_contributions import LONGEST, CountedText, listed
from classifier.features.words import WORD


def phrases(text: str, *amounts: float) -> list[tuple[str, float]]:
    """Return what is told of a text whose words add these amounts, in order."""
    words = list(WORD.finditer(text))
    assert len(words) == len(amounts), [word.group() for word in words]
    return [
        (text[words[phrase.first].start() : words[phrase.last].end()], phrase.amount)
        for phrase in CountedText(text, words, amounts).phrases()
    ]


@pytest.mark.parametrize(
    ("text", "amounts", "told"),
    [
        ("plain grey drums", (1, 1, 1), [("plain grey drums", 3)]),
        ("plain grey drums", (1, -1, 1), [("plain", 1), ("grey", -1), ("drums", 1)]),
        ("plain grey drums", (1, -0.01, 1), [("plain grey drums", 1.99)]),
        ("plain grey drums", (1, 0, -1), [("plain", 1), ("drums", -1)]),
        ("drums, labels", (1, 1), [("drums", 1), ("labels", 1)]),
        ("drums\nlabels", (1, 1), [("drums", 1), ("labels", 1)]),
        ("pre-war drums", (1, 1, 1), [("pre-war drums", 3)]),
        ("money with the trustee", (1, -0.5, 0.25, 1), [("money with the trustee", 1.75)]),
        ("and the drums of it", (2, 2, 1, 2, 2), [("drums", 1)]),
        ("no papers", (1, 1), [("no papers", 2)]),
        ("no papers", (-1, 1), [("papers", 1)]),
        ("5", (1,), []),
        ("v", (1,), []),
        ("5 kg", (-1, 2), [("5 kg", 1)]),
        ("drums 5 kg full", (1, -0.1, 0.09, 1), [("drums 5 kg full", 1.99)]),
        ("2.5 kg drums", (-1, 1, 2, 1), [("2.5 kg drums", 3)]),
        ("64-17-5 kg", (1, 1, 1, 1), [("kg", 1)]),
        ("6 and papers", (1, 1, 1), [("papers", 1)]),
        ("管得严的那个", (1, -3, 1, 4, 1, 1), [("管得严的那个", 5)]),
        ("无标签，很多桶", (1, 1, 1, -1, -1, -1), [("无标签", 3), ("很多桶", -3)]),
        ("20升桶", (1, 1, 1), [("20升桶", 3)]),
        ("桶", (1,), [("桶", 1)]),
    ],
)
def test_neighbours_that_speak_alike_are_one_phrase(
    text: str, amounts: tuple[float, ...], told: list[tuple[str, float]]
) -> None:
    """Function words and numbers alone are none; signs of a script without spaces are told by the clause."""
    assert [said for said, _amount in phrases(text, *amounts)] == [said for said, _amount in told]
    assert dict(phrases(text, *amounts)) == pytest.approx(dict(told))


@pytest.mark.parametrize("word", ["drums ", "桶"])
def test_no_phrase_is_endless(word: str) -> None:
    """Where one grows too long another begins, and nothing is lost."""
    told = phrases(word * 100, *[1.0] * 100)
    assert max(len(said) for said, _amount in told) <= LONGEST
    assert sum(amount for _said, amount in told) == 100


def test_function_words_are_written_as_words_are_found() -> None:
    """Each is one word in its one form, and what denies is kept apart."""
    function_words, negations = listed("function_words.words"), listed("function_words.negations")
    assert all(WORD.fullmatch(word) for word in function_words | negations)
    assert not function_words & negations
