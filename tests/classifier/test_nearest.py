"""Which examples stand beside a score, and how it is measured from where on they tell anything."""

from __future__ import annotations

import numpy as np
import pytest

from classifier.explain.nearest import nearest, script_of, telling_floors
from classifier.model.persistence import Neighbours

LATIN, HAN = "plain acetone in drums", "桶装丙酮现货供应"


@pytest.mark.parametrize(
    ("text", "script"),
    [
        (LATIN, "LATIN"),
        ("Ацетон, CAS 67-64-1", "CYRILLIC"),
        (f"{HAN} CAS 67-64-1 OK", "CJK"),
        ("ｄｒｕｍ", "LATIN"),
        ("アセトン", "CJK"),
        ("67-64-1 !", ""),
        ("", ""),
    ],
)
def test_a_text_is_of_the_script_most_of_its_letters_are_of(text: str, script: str) -> None:
    """Numbers and a few letters of another script, as of CAS, count for nothing."""
    assert script_of(text) == script


def test_nearness_tells_only_where_it_was_found_to() -> None:
    """Where vectors say the label, examples are worth showing; where they say nothing, none is."""
    random = np.random.default_rng(0)
    labels = np.tile([0, 1], 200)
    told = np.stack([1 - labels, labels], axis=1) + random.normal(0, 0.05, (400, 2))
    untold = np.stack([np.ones(400), random.normal(0, 0.05, 400)], axis=1)
    vectors = np.concatenate([np.pad(told, ((0, 0), (0, 2))), np.pad(untold, ((0, 0), (2, 0)))])
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    groups = [str(number // 4) for number in range(800)]
    texts = [LATIN] * 400 + [HAN] * 400
    floors = telling_floors(vectors, np.tile(labels, 2), groups, texts, seed=1)
    assert floors.keys() == {"LATIN"}
    assert floors == telling_floors(vectors, np.tile(labels, 2), groups, texts, seed=1)


def test_texts_of_the_same_group_say_nothing_of_nearness() -> None:
    """A template's own texts are alike because one hand wrote them: with no other group nothing is told."""
    vectors = np.tile(np.array([[1, 0]], dtype=np.float32), (100, 1))
    assert telling_floors(vectors, np.zeros(100, dtype=np.int64), ["a"] * 100, [LATIN] * 100, seed=1) == {}


def test_examples_are_shown_from_the_floor_of_the_texts_script_on() -> None:
    """Nearest first; a script without a floor shows none, whatever the similarity."""
    examples = Neighbours(
        vectors=np.array([[1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32),
        labels=np.array([1, 0, 1]),
        texts=("x" * 500, "second", "third"),
        floors={"LATIN": 0.7},
    )
    vectors = np.array([[1, 0], [1, 0]], dtype=np.float32)
    latin, han = nearest([LATIN, HAN], vectors, examples)
    assert [(each.label, each.similarity) for each in latin] == [(1, 1.0), (0, 0.8)]
    assert (len(latin[0].text), latin[1].text) == (160, "second")
    assert han == ()
