"""The folded form of single characters: the character that a reader sees, whatever its Unicode name.

The tables have only mappings that no Unicode rule gives. The look-alikes are a hand-picked part of the
Unicode confusables (UTS #39, version 15, read 2026-11-26).
"""

from __future__ import annotations

import re
import unicodedata

GREEK_NAMES = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ω": "omega",
    "ψ": "psi",
}
"""Greek letters that chemical names spell out if they are separate words."""

LOOKALIKES = str.maketrans(
    "авеікмнорстухѕјԁԛԝһӏҽꙇѵѡүєαβεζηικνορτυχωϲγμϳ",
    "abeikmhopctyxsjdqwhleivwyeabeznikvoptuxwcyuj",
)
"""Cyrillic and Greek small letters, after case folding, and the Latin letters that they resemble.

Applied only if this table has every foreign letter of a word; other words in that script are not changed.
"""

ONE_ALPHABET = LOOKALIKES | str.maketrans("иіфдлгзэ", "iifdlgze")
"""`LOOKALIKES`, and Cyrillic letters that sound like a Latin one; used to search words that mix both scripts."""

RARE_SCRIPTS = dict(
    zip(
        "ցհոռօգզսաք"  # Armenian, small
        "ᎪᏏᏴᏟᏧᎠᎬᏀᏻᎻᏂᎥᎫᏦᏞᎷᏢᎡᏒᏚᏕᎢᏙᎳᏔᎩᎽᏃ"  # Cherokee
        "ⲁⲃⲥⲉⲏⲓⲕⲙⲛⲟⲣⲅⲧⲭⲩⲍⳑ"  # Coptic
        "ꓮꓐꓚꓒꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ"  # Lisu
        "ᗅᑲᖯᗷᑯᗞᗪᖴᕼᒍᒪᗰᑭᖇᑌᐯᕁ᙭",  # Canadian syllabics
        "ghnnoqquwfabbcddegghhijklmprrsstvwwyyzabcehikmnoprtxyzlabcddefghijklmnoprstuvwxyzabbbdddfhjlmpruvxx",
        strict=True,
    )
)
"""Letters of scripts that no seller here uses: always read as Latin letters."""

SEEN_AS_LATIN = dict(
    zip(
        "аеорсухіјѕԁһԛԝѵьАВЕЗКМНОРСТУХІЈЅԌԚԜ"  # Cyrillic
        "οναρτυικχγηωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"  # Greek
        "օսոհցԼՏՕ",  # Armenian
        "aeopcyxijsdhqwvbABE3KMHOPCTYXIJSGQWovaptuikxynwABEZHIKMNOPTYXounhgLSO",
        strict=True,
    )
)
"""Letters of other scripts that look the same as Latin letters in common fonts.

From the Unicode confusables table (UTS 39, revision 30). Used to warn people; reading uses the tables above.
"""

ARABIC_FORMS = dict(
    zip("\u06a9\u06cc\u0649\u06d2\u06c1\u06be\u0629\u06c3\u06ba", "كيييهههه\u0646", strict=True)
)
"""Persian and Urdu letters, and Arabic endings often written for each other, as one Arabic letter."""

HANGUL_FINALS = dict(
    zip(
        map(chr, range(0x11A8, 0x11C3)),
        [
            "ᄀ",
            "ᄁ",
            "ᄀᄉ",
            "ᄂ",
            "ᄂᄌ",
            "ᄂᄒ",
            "ᄃ",
            "ᄅ",
            "ᄅᄀ",
            "ᄅᄆ",
            "ᄅᄇ",
            "ᄅᄉ",
            "ᄅᄐ",
            "ᄅᄑ",
            "ᄅᄒ",
            "ᄆ",
            "ᄇ",
            "ᄇᄉ",
            "ᄉ",
            "ᄊ",
            "ᄋ",
            "ᄌ",
            "ᄎ",
            "ᄏ",
            "ᄐ",
            "ᄑ",
            "ᄒ",
        ],
        strict=True,
    )
)
"""Final consonants of Hangul syllables as initial ones, so that a word spelled in single letters is the same."""

FANCY_LETTERS = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ɑ": "a",
    "ɩ": "i",
    "ǀ": "l",
    "ʋ": "v",
    "ɣ": "y",
    "ƅ": "b",
    "ƽ": "s",
    "−": "-",
    "ー": "-",
    "➖": "-",
    "─": "-",
    "━": "-",
    "¯": "-",
    "’": "'",
    "′": "'",
    "‘": "'",
    "ʼ": "'",
    "，": ",",
    "、": ",",
    "。": ".",
    "Η": "h",
    "Μ": "m",
    "Ν": "n",
    "Υ": "y",
    "Տ": "s",
    "Ս": "u",
    "Օ": "o",
    "【": "[",
    "】": "]",
    **RARE_SCRIPTS,
    **ARABIC_FORMS,
    **HANGUL_FINALS,
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
