"""Ways in which sellers disguise the letters and digits of a title, each a pure function of text and chance.

A person can still read every result. What a transformation finds nothing to change in comes back as it was,
so a measurement counts only the texts that changed. To add a way, write the function in the module of its
sort and name it in `TRANSFORMATIONS`; the tests go through that table.
"""

from __future__ import annotations

from random import Random  # noqa: TC003 - see below
from typing import TYPE_CHECKING

from benchmarks.transformations import letters, marks, numbers, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.transformations.changing import Transformation

__all__ = ["TRANSFORMATIONS", "mixed"]


def mixed(text: str, chance: Random) -> str:
    """Apply two of the ways that leave each other's letters readable, one after the other."""
    change = chance.choice((letters.cyrillic, letters.greek, letters.diacritics, letters.case_flips))
    split = chance.choice((marks.zero_width, marks.dotted))
    return split(numbers.dash_variants(change(text, chance), chance), chance)


TRANSFORMATIONS: Mapping[str, Transformation] = {
    way.__name__: way
    for way in (
        marks.zero_width,
        marks.blanks,
        marks.bidi_marks,
        marks.soft_hyphens,
        marks.combining_marks,
        marks.spaced,
        marks.dotted,
        marks.dashed,
        marks.underscored,
        marks.separators,
        marks.emoji_split,
        marks.emoji_between,
        marks.html_entities,
        marks.double_entities,
        letters.cyrillic,
        letters.greek,
        letters.rare_scripts,
        letters.leetspeak,
        letters.full_width,
        letters.circled,
        letters.bold_letters,
        letters.many_alphabets,
        letters.diacritics,
        letters.case_flips,
        words.masked,
        words.joined,
        words.cut_off,
        words.right_to_left,
        numbers.superscript_digits,
        numbers.subscript_digits,
        numbers.foreign_digits,
        numbers.dash_variants,
        numbers.cas_spaced,
        numbers.cas_dotted,
        numbers.cas_full_width,
        numbers.cas_in_words,
        numbers.cas_split,
        mixed,
    )
}
"""Every way by its name."""
