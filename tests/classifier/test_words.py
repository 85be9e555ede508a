"""Words are counted in any script, and a number's digits tell nothing."""

from __future__ import annotations

import pytest

from classifier.words import COLUMNS, MAX_CHARS, count_words, tokens_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("Kettle, RED", ["kettle", "red", "kettle red"]),
        ("Этикетки нет", ["этикетки", "нет", "этикет*", "этикетки нет"]),
        ("无标签 5kg", ["无", "标", "签", "0kg", "无 标", "标 签", "签 0kg"]),
        ("28578-16-7", ["00000", "00", "0", "00000 00", "00 0"]),
        ("Ｆｕｌｌ", ["full"]),
    ],
)
def test_words_beginnings_and_pairs(text: str, words: list[str]) -> None:
    """Words stand first, then beginnings of long ones, then neighbours; signs without spaces are words."""
    assert tokens_of(text) == words


@pytest.mark.parametrize(
    "text", ["p.o.w.d.e.r", "pow\u200bder", "роwder", "\U0001d429\U0001d428\U0001d430der"]
)
def test_a_disguised_word_counts_as_it_is_read(text: str) -> None:
    """Letters set apart, invisible ones and those of other alphabets hide no word."""
    assert "powder" in tokens_of(text)


def test_inflections_share_a_beginning() -> None:
    """What differs only at its end has a column in common."""
    one, other = count_words(["этикетками", "этикетке"])
    assert one.multiply(other).sum() == 1


def test_counts_are_as_wide_with_texts_as_without() -> None:
    """No text is no row."""
    assert count_words([]).shape == (0, COLUMNS)
    assert count_words(["no label, no name"]).shape == (1, COLUMNS)
    assert count_words(["no label, no name"]).max() == 2


def test_a_long_page_is_looked_at_from_its_beginning() -> None:
    """What stands after the limit changes nothing."""
    page = "soap " * (MAX_CHARS // 5)
    assert (count_words([page]) != count_words([page + "hidden"])).nnz == 0
