"""Find abbreviations said by initials: `Papa Mike Kilo`, `the letters P, M and K`, `pemkay`, `KMP backwards`.

The names of letters alone (`pee em kay`) are read in `spoken`, whatever they spell; here only what spells one
of a few abbreviations counts, so that less has to be said.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import combinations, takewhile
from typing import TYPE_CHECKING

from text.normalise import fold
from text.tokens import WORD, WordTable, any_bits, bits_of_three, bits_of_two

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

SPELLED = frozenset({"pmk", "bmk", "p2p", "mapa", "apaan", "apaa", "anpp", "npp", "mdp"})
"""Abbreviations by which the trade calls listed substances, or the beginning of one."""

ALPHABETS = {
    "a": "alpha alfa anton antonio ana anna anne anatole anatol alicia анна антон амалия",
    "b": "bravo berta bertha barcelona beatriz bernard berthe bruno борис бета",
    "d": "delta dora david daniel дмитрий давид",
    "k": "kilo kaufmann konrad kleber karl kevin константин ксения киловатт",
    "m": "mike martha maria marcel madrid miguel michel мария михаил марина",
    "n": "november nordpol nora nicolas navarra николай нина надежда",
    "p": "papa paula paul peter pedro pierre paris павел петр полина",
    "2": "two dos dois deux zwei два 2",
}
"""Words by which letters are spelled on the telephone, in six languages."""

SAID = {
    "p": "p pe pee peh pi пэ",
    "m": "m em emm eme emme эм",
    "k": "k ka kay kah ca cay ка",
    "b": "b be bee beh bi бэ",
    "a": "a ay ah",
}
"""A letter and its names, of which a word may be put together."""
JOINED = ("pmk", "bmk", "mapa")

ANNOUNCING = (
    r"(?:letters?|initials?|letras?|iniciales|iniciais|lettres|initiales|(?:anfangs)?buchstaben"
    r"|буквы|букв|инициалы)"
)
ANNOUNCING_CJK = "字母"
ANNOUNCED = re.compile(
    rf"(?<![^\W_]){ANNOUNCING}[^\w]{{1,3}}"
    r"(?P<letters>[a-zа-я0-9](?:[ ,./&+-]{1,3}(?:(?:and|y|e|et|und|и) )?[a-zа-я0-9]){2,4})(?![^\W_])"
    r"|(?:字母|首字母)[ :]?(?P<cjk>[a-z0-9](?:[ ,、.]?[a-z0-9]){2,4})(?![a-z0-9])"
)
LETTER = re.compile(r"(?<![^\W_])[a-zа-я0-9](?![^\W_])")
CYRILLIC = str.maketrans("пбмканд", "pbmkand")
BACKWARDS = re.compile(
    r"(?<![^\W_])(?:k[ .-]?m[ .-]?[pb]|a[ .-]?p[ .-]?a[ .-]?m|n[ .-]?a[ .-]?a[ .-]?p[ .-]?a)(?![^\W_])"
    r".{0,20}(?:backward|revers|from the right|mirror|al reves|ao contrario|a l'envers|ruckwarts|наоборот"
    r"|задом|倒|反)"
)
WORD_OF_BACKWARDS = re.compile(
    "backward|revers|right|mirror|reves|contrario|envers|ruckwarts|наоборот|задом|倒|反"
)
"""A word of what `BACKWARDS` ends with."""
CHINESE = re.compile(r"[皮批屁匹披比必毕逼pb](?:艾姆|爱慕|爱姆|埃姆|哎姆|马|m)[克开凯可k]|[马玛][帕怕葩]")
"""`PMK`, `BMK` and `MAPA` by their sound."""
SEPARATOR = r"[ ._·/+&-]{0,2}"

ALPHABET, ANNOUNCES, TURNS, PIECE, WHOLE = 1, 2, 4, 8, 16
"""Bits of what a word could be part of: a spelling alphabet; what announces letters; what turns them round;
one or more names of letters of what is joined; all of them."""


def find_initials(text: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield start and end of each abbreviation of `SPELLED` that a folded text spells by initials.

    Args:
        text: Folded text.
        words: As `split_words` finds them in it.
    """
    marks = _marks().of(words)
    seen, of_two = any_bits(marks), bits_of_two(marks)
    if bits_of_three(marks) & ALPHABET:
        yield from _by_alphabet(text)
    if seen & ANNOUNCES or ANNOUNCING_CJK in text:
        yield from _announced(text)
    if seen & TURNS:
        yield from (found.span() for found in BACKWARDS.finditer(text))
    if seen & WHOLE or of_two & PIECE:
        for found in _joined().finditer(text):
            if any(len(part) > 1 for part in found.groups("")) and found.group() not in SPELLED:
                yield found.span()
    if not text.isascii():
        yield from (found.span() for found in CHINESE.finditer(text) if not found.group().isascii())


def _announced(text: str) -> Iterator[tuple[int, int]]:
    for found in ANNOUNCED.finditer(text):
        letters = "".join(LETTER.findall(found["letters"] or "")) or re.sub(r"\W", "", found["cjk"] or "")
        if {letters.translate(CYRILLIC), letters.translate(CYRILLIC)[::-1]} & SPELLED:
            yield found.span()


def _by_alphabet(text: str) -> Iterator[tuple[int, int]]:
    """Yield where words side by side are those of a spelling alphabet and spell an abbreviation."""
    letters = _letters()
    if letters.keys().isdisjoint(text.split()):
        return
    words = list(WORD.finditer(text))
    for first in range(len(words)):
        run = list(takewhile(lambda word: word.group() in letters, words[first : first + 5]))
        for length in range(len(run), 2, -1):
            if "".join(letters[word.group()] for word in run[:length]) in SPELLED:
                yield run[0].start(), run[length - 1].end()
                break


@cache
def _letters() -> Mapping[str, str]:
    return {fold(word).text: letter for letter, words in ALPHABETS.items() for word in words.split()}


@cache
def _joined() -> re.Pattern[str]:
    """Return what finds letters and names of letters that together make one of `JOINED`."""
    said = _names()
    shapes = [SEPARATOR.join(f"({said[letter]})" for letter in abbreviation) for abbreviation in JOINED]
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(shapes)})(?![^\W_])")


@cache
def _names() -> Mapping[str, str]:
    """Return the names of each letter, as a pattern."""
    return {
        letter: "|".join(sorted({fold(name).text for name in names.split()}, key=len, reverse=True))
        for letter, names in SAID.items()
    }


@cache
def _marks() -> WordTable[int]:
    """Return what each word could be part of, so that most texts are searched for nothing."""
    said = {letter: f"(?:{names})" for letter, names in _names().items()}
    wholes = ["".join(map(said.__getitem__, abbreviation)) for abbreviation in JOINED]
    pieces = {
        "".join(map(said.__getitem__, abbreviation[first:end]))
        for abbreviation in JOINED
        for first, end in combinations(range(len(abbreviation) + 1), 2)
    }
    tests: dict[int, Callable[[str], object]] = {
        ALPHABET: _letters().__contains__,
        ANNOUNCES: re.compile(ANNOUNCING).fullmatch,
        TURNS: WORD_OF_BACKWARDS.search,
        PIECE: re.compile("|".join(pieces)).fullmatch,
        WHOLE: re.compile("|".join(wholes)).fullmatch,
    }
    return WordTable(lambda word: sum(bit * bool(test(word)) for bit, test in tests.items()))
