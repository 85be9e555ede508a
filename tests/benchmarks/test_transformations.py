"""Every transformation is repeatable, changes what it can, and stays readable."""

from __future__ import annotations

import html
import re
import unicodedata
from random import Random

import pytest

from fixtures.transformations import TRANSFORMATIONS, mixed
from fixtures.transformations.letters import CYRILLIC, GREEK
from fixtures.transformations.marks import BIDI_MARKS, BLANKS, ZERO_WIDTH
from fixtures.transformations.numbers import DASHES

TITLE = "Orange oil 250 kg, CAS 8008-57-9, 99.5% - new batch"
NAMES = sorted(TRANSFORMATIONS)


def _plain_dashes(text: str) -> str:
    return "".join("-" if char in DASHES else char for char in text)


def _without(marks: str, text: str) -> str:
    return text.translate(dict.fromkeys(map(ord, marks)))


def _back(table: dict[str, str], text: str) -> str:
    return text.translate({ord(strange): plain for plain, strange in table.items()})


def test_there_are_at_least_fifteen() -> None:
    """The suite is as wide as the product promises."""
    assert len(TRANSFORMATIONS) >= 15


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_gives_the_same_text(name: str) -> None:
    """A transformation is a function of the text and the seed."""
    way = TRANSFORMATIONS[name]
    assert way(TITLE, Random(3)) == way(TITLE, Random(3))


@pytest.mark.parametrize("name", NAMES)
def test_a_title_with_a_number_is_changed(name: str) -> None:
    """Each transformation changes a title with words, digits and a CAS number, for every seed."""
    assert all(TRANSFORMATIONS[name](TITLE, Random(seed)) != TITLE for seed in range(20))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["", " ", "?!", "…"])
def test_a_text_without_letters_or_digits_is_left_readable(name: str, text: str) -> None:
    """A text without letters and digits changes in the width of its signs only."""
    assert unicodedata.normalize("NFKC", TRANSFORMATIONS[name](text, Random(0))) == unicodedata.normalize(
        "NFKC", text
    )


@pytest.mark.parametrize(
    "name",
    ["full_width", "superscript_digits", "subscript_digits", "circled", "bold_letters", "cas_full_width"],
)
def test_compatibility_forms_fold_back(name: str) -> None:
    """NFKC restores a text written in compatibility forms."""
    assert unicodedata.normalize("NFKC", TRANSFORMATIONS[name](TITLE, Random(1))) == TITLE


@pytest.mark.parametrize(
    ("name", "marks"),
    [("zero_width", ZERO_WIDTH), ("blanks", BLANKS), ("bidi_marks", BIDI_MARKS), ("soft_hyphens", "\u00ad")],
)
def test_invisible_marks_are_all_that_is_added(name: str, marks: str) -> None:
    """Taking the marks away gives the text back."""
    assert _without(marks, TRANSFORMATIONS[name](TITLE, Random(1))) == TITLE


@pytest.mark.parametrize(("name", "table"), [("cyrillic", CYRILLIC), ("greek", GREEK)])
def test_foreign_letters_map_back(name: str, table: dict[str, str]) -> None:
    """Each foreign letter maps to one Latin letter."""
    assert _back(table, TRANSFORMATIONS[name](TITLE, Random(1))) == TITLE


@pytest.mark.parametrize(
    ("name", "mark"), [("spaced", " "), ("dotted", "."), ("dashed", "-"), ("underscored", "_")]
)
def test_letters_are_set_apart_by_one_mark(name: str, mark: str) -> None:
    """A word of three letters or more is taken apart, a shorter one is not."""
    assert TRANSFORMATIONS[name]("wax in oil", Random(0)) == f"{mark.join('wax')} in {mark.join('oil')}"


def test_entities_read_as_the_text() -> None:
    """A browser shows the text as it was; what was escaped twice is unescaped twice."""
    assert html.unescape(TRANSFORMATIONS["html_entities"](TITLE, Random(1))) == TITLE
    assert html.unescape(html.unescape(TRANSFORMATIONS["double_entities"](TITLE, Random(1)))) == TITLE


def test_a_text_written_backwards_is_shown_forwards() -> None:
    """After the right-to-left mark, the reversed text with mirrored brackets is the title."""
    written = TRANSFORMATIONS["right_to_left"]("wax (blue)", Random(1))
    assert written.strip("\u202e\u202c") == "(eulb) xaw"


def test_a_cut_title_keeps_its_beginning() -> None:
    """A letter or two are gone, and it shows; a short title is not cut."""
    cut = TRANSFORMATIONS["cut_off"]("Sweet orange peel", Random(1))
    assert re.fullmatch(r"Sweet orange pee?( ?\.\.\.|…)", cut)
    assert TRANSFORMATIONS["cut_off"]("orange", Random(1)) == "orange"


def test_masked_words_lose_one_letter() -> None:
    """A star replaces one inner letter of each long word."""
    assert re.fullmatch(r"O[a-z]*\*[a-z]*e oil", TRANSFORMATIONS["masked"]("Orange oil", Random(1)))


def test_words_run_together_begin_with_capitals() -> None:
    """Only the spaces between words go."""
    assert TRANSFORMATIONS["joined"]("sweet orange, 5 kg oil", Random(1)) == "SweetOrange, 5 kgOil"


def test_flipped_case_is_the_same_word() -> None:
    """Only the case changes."""
    assert TRANSFORMATIONS["case_flips"](TITLE, Random(1)).casefold() == TITLE.casefold()


def test_accents_come_off() -> None:
    """Without its combining marks the text is as it was."""
    apart = unicodedata.normalize("NFD", TRANSFORMATIONS["diacritics"](TITLE, Random(1)))
    assert "".join(char for char in apart if not unicodedata.combining(char)) == TITLE


def test_dashes_stand_for_hyphens() -> None:
    """Every dash written was a hyphen."""
    assert _plain_dashes(TRANSFORMATIONS["dash_variants"](TITLE, Random(1))) == TITLE


def test_emoji_split_leaves_the_letters() -> None:
    """Without the emoji the text is as it was."""
    kept = (
        char
        for char in TRANSFORMATIONS["emoji_split"](TITLE, Random(1))
        if unicodedata.category(char) != "So"
    )
    assert "".join(kept) == TITLE


@pytest.mark.parametrize(
    ("name", "written"), [("cas_spaced", "8 0 0 8 - 5 7 - 9"), ("cas_dotted", "8008.57.9")]
)
def test_only_the_cas_number_is_rewritten(name: str, written: str) -> None:
    """The rest of the title stays as it was."""
    assert TRANSFORMATIONS[name](TITLE, Random(0)) == TITLE.replace("8008-57-9", written)


def test_mixed_can_differ_from_seed_to_seed() -> None:
    """More than one pair of ways is used."""
    seen = {bool(re.search(r"\w\.\w\.\w", mixed(TITLE, Random(seed)))) for seed in range(20)}
    assert seen == {True, False}
