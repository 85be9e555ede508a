"""The folded form of single characters: the character that a reader sees, whatever its Unicode name.

The tables in `characters.toml` have only mappings that no Unicode rule gives.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from importlib.resources import files

_TABLES = tomllib.loads((files("text") / "characters.toml").read_text(encoding="utf-8"))


def _pairs(table: str) -> dict[str, str]:
    """Return the characters of a table of `characters.toml`, each with what it stands for."""
    rows = _TABLES[table].values()
    return {each: meant for written, read in rows for each, meant in zip(written, read, strict=True)}


GREEK_NAMES: dict[str, str] = _TABLES["greek_names"]
LOOKALIKES = str.maketrans(_pairs("lookalikes"))
ONE_ALPHABET = LOOKALIKES | str.maketrans(_pairs("sound_alikes"))
GREEK_CAPITALS = str.maketrans(_pairs("greek_capitals"))
SEEN_AS_LATIN = _pairs("seen_as_latin")

HANGUL_FINALS = {
    final: "".join(
        unicodedata.lookup(f"HANGUL CHOSEONG {consonant}")
        for consonant in unicodedata.name(final).removeprefix("HANGUL JONGSEONG ").split("-")
    )
    for final in map(chr, range(0x11A8, 0x11C3))
}
"""Final consonants of Hangul syllables as initial ones, so that a word spelled in single letters is the same."""

FANCY_LETTERS: dict[str, str] = {
    **_TABLES["letters"],
    **_pairs("rare_scripts"),
    **_pairs("arabic_forms"),
    **HANGUL_FINALS,
    **_pairs("traditional"),
}
"""Characters, before or after case folding, and their folded form."""

LATIN_NAME = re.compile(
    r"(?:(?:CROSSED )?NEGATIVE (?:CIRCLED|SQUARED) |REGIONAL INDICATOR SYMBOL )?(?:LATIN )?"
    r"(?:(?:SMALL|CAPITAL) )?LETTER (?:SMALL CAPITAL |DOTLESS |SCRIPT |OPEN |TURNED |REVERSED |BARRED )?"
    r"(?P<letter>[A-Z])(?: WITH .*)?"
)
"""Names of Latin letters that Unicode does not decompose: with a stroke, in a black circle, rotated."""

UNSEEN = frozenset("\u115f\u1160\u3164\uffa0\u2800\u0640")
"""Hangul fillers, the empty Braille cell and the Arabic stroke that lengthens a word: no letters to a reader."""


class Characters(dict[str, str]):
    """A cache of the folded form of each character."""

    def __missing__(self, character: str) -> str:
        folded = _fold_character(character)
        self[character] = folded
        return folded


def _fold_character(character: str) -> str:
    if character in UNSEEN:
        return ""
    kept = []
    for decomposed in unicodedata.normalize("NFKD", FANCY_LETTERS.get(character, character)).casefold():
        part = FANCY_LETTERS.get(decomposed, decomposed)
        kind = unicodedata.category(part[0])
        if kind in {"Mn", "Me", "Cf"}:
            continue
        kept.append(" " if kind in {"Zs", "Zl", "Zp", "Cc"} else _plain(part, kind))
    return "".join(kept)


def _plain(character: str, kind: str) -> str:
    """Return the Latin letter, digit or hyphen that the Unicode properties of a character give."""
    if character.isascii() or len(character) > 1:
        return character
    if kind == "Pd":
        return "-"
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    latin = LATIN_NAME.fullmatch(unicodedata.name(character, ""))
    return latin["letter"].lower() if latin else character
