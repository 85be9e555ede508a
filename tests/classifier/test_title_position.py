"""Where a listed name stands in its title is told in any wording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from classifier.features.evidence import FEATURES, MOST_FORMS, evidence_matrix, named_after_preposition
from classifier.reading import read_text

if TYPE_CHECKING:
    from classifier.gazetteer import Gazetteer

BEFORE, MEASURED = "words of the title before its name", "named beside a quantity, purity or price"
BELOW, FOLLOWED = "named below the title only", "another word right after its name"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Toluene 25 kg", {MEASURED: 1}),
        ("Toluene, drums of 25 kg", {MEASURED: 1}),
        ("Old enamel advertisement, Toluene", {BEFORE: 3 / 8}),
        ("Toluene umbrella", {FOLLOWED: 1}),
        ("Toluene supplier", {}),
        ("Ephedrine hydrate", {}),
        ("Toluene without label", {}),
        ("Продажа толуола оптом", {BEFORE: 1 / 8}),
        ("Толуола зонтик", {FOLLOWED: 1}),
        ("甲苯 现货", {}),
        ("甲苯 雨伞", {FOLLOWED: 1}),
        ("甲苯雨伞", {FOLLOWED: 1}),
        ("Drums\nToluene, technical", {BELOW: 1}),
        ("Umbrella, 25 kg", {}),
    ],
)
def test_the_place_of_a_name(text: str, told: dict[str, float], gazetteer: Gazetteer) -> None:
    """Words before it, what goes on after it, an amount beside it, and names below the title only."""
    row = evidence_matrix([text], [read_text(text, gazetteer)])[0]
    found = dict(zip(FEATURES, row.tolist(), strict=True))
    assert {
        name: found[name] for name in (BEFORE, MEASURED, BELOW, FOLLOWED) if found[name]
    } == pytest.approx(told)


def test_words_before_a_name_are_counted_up_to_a_limit(gazetteer: Gazetteer) -> None:
    """A title without end counts no more than a long one."""
    text = "very " * 40 + "Toluene"
    row = evidence_matrix([text], [read_text(text, gazetteer)])[0]
    assert dict(zip(FEATURES, row.tolist(), strict=True))[BEFORE] == 1


@pytest.mark.parametrize(
    ("text", "is_after"),
    [
        ("Shelf of Toluene", True),
        ("Shelf under (Toluene)", True),
        ("Shelves, with Toluene and with acetone", True),
        ("With Toluene, acetone", False),
        ("Полка из толуола", True),
        ("Supplier of Toluene", False),
        ("Venta de tolueno al por mayor", False),
        ("Supplier shelf, with Toluene", True),
        ("proof Toluene", False),
        ("Shelf\nof Toluene", False),
        ("of Toluene " * MOST_FORMS + "Toluene", True),
    ],
)
def test_a_name_after_a_preposition(text: str, *, is_after: bool, gazetteer: Gazetteer) -> None:
    """Each name of the title, of the first that is; no part of a word is a preposition."""
    assert named_after_preposition(text, read_text(text, gazetteer)) == is_after
