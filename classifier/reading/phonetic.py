"""Find names that are written as they are heard: `pie per oh nal`, `anidride assétik`, `4zeton`.

Every word is brought to a rough sound, worked out once for each, in which letters that are mistaken for each
other are one. The sounds of a text's words stand in a row, and names are searched for in it by theirs; they
begin and end with a word, so that it does not matter where the seller parts it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, islice
from typing import TYPE_CHECKING

import ahocorasick_rs

from classifier.reading.boundaries import is_part_of_longer_name
from classifier.reading.hits import LIST_BREAK, Hit
from text.normalise import fold, squeeze
from text.phrases import by_key, folded, written
from text.tokens import WORD, WordTable, split_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from classifier.gazetteer.model import Gazetteer, Substance

SHORTEST_SOUND, SHORTEST_PARTED = 6, 7
"""Letters of a sound that is no chance in one word, and in several: `a sit on` sounds like acetone."""
MOST_WORDS = 48
"""Words that are listened to: an offer soon says what it is of."""
NO_SOUND = "|"
"""Of a word that no name has: a number, or Chinese."""

LEET = str.maketrans("013458@$", "oieasbas")
BY_LETTERS = (
    ("sch", "s"), ("ph", "f"), ("ch", "k"), ("h", ""), ("qu", "k"), ("ck", "k"), ("x", "ks"), ("tz", "s"),
    ("ts", "s"), ("y", "i"), ("j", "i"), ("ee", "i"), ("ea", "i"), ("ie", "i"), ("ei", "i"), ("oo", "u"),
    ("ou", "u"), ("oe", "o"), ("eu", "u"),
)  # fmt: skip
"""What is heard as something shorter, in the order in which it is replaced."""
SOFT_C = re.compile(r"c(?=[ei])")
SILENT = re.compile(r"^p(?=s)|(?<=..)e$")
ONE_SOUND = str.maketrans("cqdbgvwzeu", "kktpkffsio")
"""Letters that are mistaken for others."""
DOUBLED = re.compile(r"(.)\1+")
HAS_LETTERS = re.compile(r"[a-z\u0400-\u052f]")
EASTERN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhoneticNames:
    """The names by their sounds."""

    automaton: ahocorasick_rs.AhoCorasick
    substances: tuple[Substance, ...]
    """Of each sound."""
    spelled: frozenset[str]
    """Names and ordinary words as they are spelled, squeezed: what is written so sounds like nothing else."""


def find_phonetic(text: str, words: Sequence[str], names: PhoneticNames) -> Iterator[Hit]:
    """Yield each listed name that words of a folded text sound like.

    Args:
        text: Folded text.
        words: As `split_words` finds them in it.
        names: See `phonetic_names`.
    """
    sounds = _sounds().of(words[:MOST_WORDS])
    found = names.automaton.find_matches_as_indexes("".join(sounds), overlapping=True)
    if not found:
        return
    ends = [0, *accumulate(map(len, sounds))]
    for index, start, end in found:
        # A word without a sound, as `h`, is no part of a name that it stands before or after.
        first, after = bisect_right(ends, start) - 1, bisect_left(ends, end)
        is_long = after - first == 1 or end - start >= SHORTEST_PARTED
        is_whole = ends[first] == start and ends[after] == end
        if is_long and is_whole and "".join(words[first:after]) not in names.spelled:
            places = [word.span() for word in islice(WORD.finditer(text), after)]
            begins, stops = places[first][0], places[-1][1]
            key = names.substances[index].key
            if not (
                LIST_BREAK.search(text, begins, stops) or is_part_of_longer_name(text, begins, stops, key)
            ):
                yield Hit(start=begins, end=stops, substance=names.substances[index], how="disguised")


@lru_cache(maxsize=8)
def phonetic_names(gazetteer: Gazetteer) -> PhoneticNames:
    """Return the names of a gazetteer by their sounds; a sound that other chemicals share is left out."""
    listed = [(name, substance) for substance in gazetteer.substances for name in substance.names]
    others = [*gazetteer.rivals, *(name.text for each in gazetteer.unlisted for name in each.names)]
    taken = {sound_of(name) for name in others}
    known_by_letters = (*others, *(name.text for name, _substance in listed), *folded("phonetic.ordinary"))
    known: dict[str, Substance] = {}
    for name, substance in listed:
        sound = sound_of(name.text)
        is_name = name.kind in {"canonical", "synonym"} and not name.context
        if is_name and len(sound) >= SHORTEST_SOUND and NO_SOUND not in sound and sound not in taken:
            known.setdefault(sound, substance)
    return PhoneticNames(
        automaton=ahocorasick_rs.AhoCorasick(list(known)),
        substances=tuple(known.values()),
        spelled=frozenset(squeeze(fold(text).text) for text in known_by_letters),
    )


def sound_of(text: str) -> str:
    """Return the sound of a name, its words together."""
    return "".join(_sounds().of(split_words(fold(text).text)))


@lru_cache(maxsize=1)
def _sounds() -> WordTable[str]:
    return WordTable(_sound)


def _sound(word: str) -> str:
    if EASTERN.search(word) or not HAS_LETTERS.search(word):
        return NO_SOUND
    heard = word.translate(LEET).translate(_in_latin())
    for letters, less in BY_LETTERS:
        heard = heard.replace(letters, less)
    heard = SILENT.sub("", SOFT_C.sub("s", heard))
    return DOUBLED.sub(r"\1", heard.translate(ONE_SOUND))


@cache
def _in_latin() -> dict[int, str]:
    """Return what each Russian letter sounds like, as `str.translate` wants it."""
    sounds = {letter: sound[0] for letter, sound in by_key("phonetic.letters").items()}
    return str.maketrans(sounds | dict.fromkeys(written("respelling.signs.silent"), ""))
