"""How else a folded name may honestly be spelled, where it may be parted, and how it is mistyped."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from text.normalise import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterator

SPELLINGS = (
    ("sulf", "sulph"),
    ("sulph", "sulf"),
    ("alpha", "a"),
    ("gamma", "g"),
    ("gamma", "y"),
    ("gamma", "r"),
    ("кислота", "k-ta"),
    ("кислоты", "k-ты"),
    ("acido ", "ac "),
    ("acide ", "ac "),
)

SEPARATOR = re.compile(r"[\W_]")

RUSSIAN_ADJECTIVE = re.compile("([а-я]+)(ая|ыи|ии)")
RUSSIAN_NOUN = re.compile("([а-я]*[бвгджзклмнпрстфхцчшщ])(а?)")
DECLENSIONS = {
    ("ая", "а"): (("ои", "ы"), ("ую", "у"), ("ои", "ои"), ("ои", "е")),
    ("ыи", ""): (("ого", "а"), ("ому", "у"), ("ым", "ом")),
    ("ии", ""): (("ого", "а"), ("ому", "у"), ("им", "ом")),
}
"""Oblique endings of adjective and noun by their endings in the nominative; й is folded to и."""


def spellings_of(folded: str) -> Iterator[str]:
    """Yield a folded name and its variants."""
    variants = {folded}
    for usual, other in SPELLINGS:
        variants |= {v.replace(usual, other) for v in variants if usual in v}
    variants |= {declined for v in variants for declined in _russian_cases(v)}
    for variant in sorted(variants):
        squeezed = squeeze(variant)
        if len(squeezed) > 1 or not squeezed.isascii():
            yield variant


def splits_of(folded: str, after: str = "") -> frozenset[int]:
    """Return after how many letters and digits there is something else, or `after` in particular."""
    return frozenset(
        found.start() - others
        for others, found in enumerate(SEPARATOR.finditer(folded))
        if folded.startswith(after, found.start())
    )


def slips_of(text: str) -> set[str]:
    """Return a squeezed name with one inner letter missing or doubled, or two neighbours swapped."""
    inner = [i for i in range(1, len(text) - 1) if text[i].isalpha()]
    missing = {text[:i] + text[i + 1 :] for i in inner}
    doubled = {text[:i] + text[i] + text[i:] for i in inner}
    swapped = {text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in inner if text[i + 1].isalpha()}
    return (missing | doubled | swapped) - {text}


def _russian_cases(folded: str) -> Iterator[str]:
    """Yield the oblique cases of a name of adjective and noun, in either order.

    A noun alone needs none: its endings are read as such, see `boundaries`.
    """
    words = folded.split(" ")
    for first, second in itertools.permutations(words) if len(words) == 2 else ():
        adjective, noun = RUSSIAN_ADJECTIVE.fullmatch(first), RUSSIAN_NOUN.fullmatch(second)
        if adjective is None or noun is None:
            continue
        for of_adjective, of_noun in DECLENSIONS.get((adjective[2], noun[2]), ()):
            pair = (adjective[1] + of_adjective, noun[1] + of_noun)
            yield " ".join(pair if first == words[0] else reversed(pair))
