"""Words are counted in any script, and a number's digits tell nothing."""

from __future__ import annotations

import hashlib

import pytest

from classifier.features.words import COLUMNS, MAX_CHARS, count_words, in_one_form, tokens_of
from classifier.model.persistence import FORMAT


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("Pot, RED\nNo label", ["pot", "red", "no", "label", "pot red", "red no", "no label",
                                "*<pot", "*pot>", "*<red", "*red>"]),
        ("Этикетки\nнет", ["этикетки", "нет", "этикетки нет",
                           "*<эти", "*этик", "*тике", "*икет", "*кетк", "*етки", "*тки>"]),
        ("p.o.w.d.e.r\nshop", ["powder", "shop", "powder shop",
                               "*<pow", "*powd", "*owde", "*wder", "*der>"]),
        ("无标签 5kg", ["无", "标", "签", "0kg", "无 标", "标 签", "签 0kg", "*<0kg", "*0kg>"]),
        ("no\n28578-16-7", ["no", "00000", "00", "0", "no 00000", "00000 00", "00 0"]),
        ("\nＦｕｌｌ", ["full"]),
    ],
)  # fmt: skip
def test_words_pairs_and_pieces(text: str, words: list[str]) -> None:
    """Words stand first, then neighbours, then pieces of the title's; signs without spaces are words."""
    assert tokens_of(text) == words


@pytest.mark.parametrize(
    "text", ["p.o.w.d.e.r", "pow\u200bder", "роwder", "\U0001d429\U0001d428\U0001d430der"]
)
def test_a_disguised_word_counts_as_it_is_read(text: str) -> None:
    """Letters set apart, invisible ones and those of other alphabets hide no word."""
    assert "powder" in tokens_of(text)


def test_inflections_share_pieces() -> None:
    """What differs only at its end has columns in common in titles."""
    one, other = count_words(["этикетками", "этикетке"])
    assert len(one.multiply(other).indices) == len(["<эти", "этик", "тике", "икет", "кетк"])


def test_counts_are_as_wide_with_texts_as_without() -> None:
    """No text is no row."""
    assert count_words([]).shape == (0, COLUMNS)
    assert count_words(["no label, no name"]).shape == (1, COLUMNS)
    assert count_words(["\nno label, no name"]).max() == 2


def test_a_long_page_is_looked_at_from_its_beginning() -> None:
    """What stands after the limit changes nothing."""
    page = "soap " * (MAX_CHARS // 5)
    assert (count_words([page]) != count_words([page + "hidden"])).nnz == 0


def test_vowel_signs_are_parts_of_words() -> None:
    """A word of Hindi, Thai or pointed Arabic is not cut at each of its signs."""
    for word in ("किलो", "น้ำยา", "كِيلُو"):
        assert tokens_of(f"{word} 5")[0] == in_one_form(word)


def test_what_a_column_counts_is_part_of_the_format() -> None:
    """Models know words by their columns alone: whoever changes what one counts raises `FORMAT`, and this."""
    texts = [
        "Pot, RED\n28578 no label",
        "p.o.w.d.e.r, роwder",
        "Этикетки нет",
        "无标签 5kg Ｆｕｌｌ",
        "बिना लेबल",
    ]
    counted = count_words(texts)
    seen = [counted.shape, counted.indptr.tolist(), counted.indices.tolist(), counted.data.tolist()]
    assert (FORMAT, hashlib.sha256(repr(seen).encode()).hexdigest()[:12]) == (6, "ec3669fe500e")
