"""Near copies are found, whatever their number; unlike texts are not taken for copies."""

from __future__ import annotations

import random

import pytest

from classifier.training.fit import near_duplicate_pairs

STOCK = "Pale yellow oil, drums of 25 litres, ships from the port of Ficticia within a week of order"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (STOCK, STOCK, True),
        (STOCK, STOCK.upper().replace(",", " -"), True),
        (STOCK, f"{STOCK} no. 7", True),
        (STOCK, STOCK[: len(STOCK) // 2], False),
        ("Acetone", "acetone!", True),
        ("Acetone", "Acetophenone", False),
        ("丙酮 200 升 桶装", "丙酮 200 升 桶装。", True),
        ("a", "b", False),
        ("", "", True),
        ("\ud800 kettle", "kettle", True),
    ],
)
def test_copies_are_told_from_others(one: str, other: str, *, alike: bool) -> None:
    """Case, punctuation and a word more do not matter."""
    assert near_duplicate_pairs([one, other]).tolist() == ([[0, 1]] if alike else [])


def test_no_texts_have_no_pairs() -> None:
    """An empty set of labels."""
    assert near_duplicate_pairs([]).shape == (0, 2)


def test_many_copies_give_few_pairs() -> None:
    """The work stays linear: a thousand copies do not make half a million pairs."""
    assert len(near_duplicate_pairs([f"{STOCK} {number}" for number in range(1000)])) < 25_000


def test_texts_of_common_words_are_not_joined() -> None:
    """Two thousand texts from one small vocabulary have no near copies among them."""
    drawn = random.Random(1)
    words = [f"word{number}" for number in range(300)]
    assert len(near_duplicate_pairs([" ".join(drawn.choices(words, k=30)) for _ in range(2000)])) == 0
