"""One character's folded form: what a reader takes it for, whatever Unicode calls it.

Tables hold only what no rule of Unicode gives. The look-alikes are a hand-picked part of the Unicode
confusables (UTS #39, version 15, read 2026-11-26).
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
"""Greek letters that chemical names spell out when they stand as a word of their own."""

LOOKALIKES = str.maketrans(
    "авеікмнорстухѕјԁԛԝһӏҽꙇѵѡүєαβεζηικνορτυχωϲγμϳ",
    "abeikmhopctyxsjdqwhleivwyeabeznikvoptuxwcyuj",
)
"""Cyrillic and Greek small letters, after case folding, and the Latin letters they are mistaken for.

Only where all foreign letters of a word are in this table: a word in that script is left as it is.
"""

ONE_ALPHABET = LOOKALIKES | str.maketrans("иіфдлгзэ", "iifdlgze")
"""Those, and Cyrillic letters that sound like a Latin one: by these a word mixed of both is searched."""

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
"""Letters of scripts that no seller here writes: they are Latin ones whatever stands beside them."""

SEEN_AS_LATIN = dict(
    zip(
        "аеорсухіјѕԁһԛԝѵьАВЕЗКМНОРСТУХІЈЅԌԚԜ"  # Cyrillic
        "οναρτυικχγηωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"  # Greek
        "օսոհցԼՏՕ",  # Armenian
        "aeopcyxijsdhqwvbABE3KMHOPCTYXIJSGQWovaptuikxynwABEZHIKMNOPTYXounhgLSO",
        strict=True,
    )
)
"""Letters of other scripts that no common font tells from Latin ones, and what they are taken for.

From the Unicode confusables table (UTS 39, revision 30). A person is warned of them; reading uses the tables above.
"""

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
}
"""Characters, before or after case folding, and what they are read as."""

LATIN_NAME = re.compile(
    r"(?:(?:CROSSED )?NEGATIVE (?:CIRCLED|SQUARED) |REGIONAL INDICATOR SYMBOL )?(?:LATIN )?"
    r"(?:(?:SMALL|CAPITAL) )?LETTER (?:SMALL CAPITAL |DOTLESS |SCRIPT |OPEN |TURNED |REVERSED |BARRED )?"
    r"(?P<letter>[A-Z])(?: WITH .*)?"
)
"""Names of the Latin letters that Unicode does not decompose: with a stroke, in a black circle, turned."""

UNSEEN = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Hangul fillers and the Braille cell without dots: letters or signs to Unicode, nothing to the eye."""


class Characters(dict[str, str]):
    """The folded form of each character, worked out when it is first met."""

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
    """Return the Latin letter, the digit or the hyphen that a folded character is by its properties."""
    if character.isascii() or len(character) > 1:
        return character
    if kind == "Pd":
        return "-"
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    latin = LATIN_NAME.fullmatch(unicodedata.name(character, ""))
    return latin["letter"].lower() if latin else character
