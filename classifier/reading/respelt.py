"""Other spellings of a name, by which a seller hides it from a search and not from a reader.

Backwards; a Russian name in Latin letters; a Chinese one in pinyin, with its characters taken apart, or with
others that look or sound like them; `I` for `l`. Each is one more string to search for, so that reading costs
no more. What stands for what is in `respelt.toml`.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from itertools import combinations, islice, product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHORTEST_TURNED, SHORTEST_TURNED_CJK = 6, 4
"""Letters, and characters, that are no chance when they spell a name backwards."""
SHORTEST_LATIN = 7
"""Letters of a Russian name that is known in Latin ones."""
SHORTEST_ALIKE = 6
"""Letters of a name that is known with `I` for `l`."""
SHORTEST_SWAPPED = 3
"""Characters of a Chinese name in which some may be written otherwise."""
SHORT = 4
"""Characters of a name of which any two may be written otherwise, in a longer one two side by side."""
SHORTEST_SAID = 8
"""Letters of a Chinese name that is known in pinyin alone."""
MOST_SWAPPED = 48
"""Ways to write one Chinese name otherwise that are searched for."""

CJK = re.compile("[\u3400-\u9fff]")
CYRILLIC = re.compile("[\u0400-\u052f]")

ADJECTIVE_END = re.compile("[ыи]и(?= |$)")
"""What is `ый` or `ий` before it is folded, and is written in many ways in Latin letters."""
SOFT_BEGINNING = "io"
"""What is `йо` before it is folded."""
ADJECTIVE_ENDS = ("yi", "yy", "yj", "iy", "y")


def turned_round(squeezed: str) -> str:
    """Return the name backwards, or the empty text if that is too short to be no chance."""
    shortest = SHORTEST_TURNED_CJK if CJK.search(squeezed) else SHORTEST_TURNED
    letters = sum(map(str.isalpha, squeezed))
    backwards = squeezed[::-1]
    return backwards if letters >= shortest and backwards != squeezed else ""


def respellings(folded: str) -> list[str]:
    """Return other spellings of a folded name, each once; spaces stand where its parts may be parted."""
    return list(dict.fromkeys(_respellings(folded)))


def _respellings(folded: str) -> Iterator[str]:
    if CJK.search(folded):
        yield from _chinese(folded)
    elif CYRILLIC.search(folded):
        yield from _in_latin(folded)
    elif folded.isascii() and "l" in folded and sum(map(str.isalpha, folded)) >= SHORTEST_ALIKE:
        yield folded.replace("l", "i")


def _in_latin(folded: str) -> Iterator[str]:
    if sum(map(str.isalpha, folded)) < SHORTEST_LATIN:
        return
    for ending in ADJECTIVE_ENDS if ADJECTIVE_END.search(folded) else ("",):
        written = ADJECTIVE_END.sub(ending, folded)
        for scheme in _table()["schemes"].values():
            letters = _table()["latin"] | scheme
            latin = "".join(letters.get(letter, letter) for letter in written)
            yield latin
            if latin.startswith(SOFT_BEGINNING):
                yield "j" + latin[1:]


def _chinese(folded: str) -> Iterator[str]:
    yield from _with(folded, _table()["apart"])
    if len(CJK.findall(folded)) < SHORTEST_SWAPPED:
        return
    yield from islice(_swapped(folded), MOST_SWAPPED)
    said = {character: syllable for syllable, all_of in _table()["pinyin"].items() for character in all_of}
    if set(CJK.findall(folded)) <= said.keys():
        in_full = "".join(f" {said[each]} " if each in said else each for each in folded)
        if sum(map(str.isalpha, in_full)) >= SHORTEST_SAID:
            yield in_full
    yield from _with(folded, said, is_whole=False)


def _with(folded: str, others: Mapping[str, str], *, is_whole: bool = True) -> Iterator[str]:
    """Yield the name with one, two or all of its characters that have another form in that form.

    Unless `is_whole`, some character of it stays.
    """
    places = [place for place, character in enumerate(folded) if character in others]
    pairs = [(a, b) for a, b in combinations(places, 2) if b == a + 1 or len(places) <= SHORT]
    for chosen in {*((place,) for place in places), *pairs, tuple(places)} - {()}:
        if len(chosen) < len(CJK.findall(folded)) or is_whole:
            yield "".join(
                f" {others[character]} " if place in chosen else character
                for place, character in enumerate(folded)
            )


def _swapped(folded: str) -> Iterator[str]:
    """Yield the name with one character, then two, as ones that look or sound alike."""
    alike = _table()["alike"]
    places = [place for place, character in enumerate(folded) if character in alike]
    for count in (1, 2):
        for chosen in combinations(places, count):
            for others in product(*(alike[folded[place]] for place in chosen)):
                swap = dict(zip(chosen, others, strict=True))
                yield "".join(swap.get(place, character) for place, character in enumerate(folded))


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads((files("classifier.reading") / "respelt.toml").read_text(encoding="utf-8"))
