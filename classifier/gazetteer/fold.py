"""Bring hostile and honest spellings of a text to one form, keeping where each character came from.

Two forms are used. The *folded* text is what a careful reader would type: no accents, no invisible
characters, full-width, superscript and circled characters as plain ones, look-alike letters of
another script as the Latin letters they imitate. The *squeezed* text is the folded text without
anything but letters and digits: it is what names are searched in, so that no separator, emoji or
missing space can hide one.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass

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
    "авеікмнорстухѕјԁԛԝһӏєαβεζηικνορτυχωϲγμ",
    "abeikmhopctyxsjdqwhleabeznikvoptuxwcyu",
)
"""Cyrillic and Greek small letters, after case folding, and the Latin letters they are mistaken for.

A hand-picked part of the Unicode confusables (UTS 39) that keyboards can type. Greek capitals that look
like another Latin letter than their small letters do (Η, Μ, Ν, Υ) are in `FANCY_LETTERS`.
"""

SCRIPT_LETTERS = "\u0370-\u03ff\u0400-\u052f"
FOREIGN_LETTER = re.compile(f"[{SCRIPT_LETTERS}]")
RUN_LETTER = f"[a-z0-9{SCRIPT_LETTERS}\u200b-\u200f]"
LETTER_RUN = re.compile(
    f"(?<!{RUN_LETTER})(?:{RUN_LETTER}[ ._*-]){{3,}}{RUN_LETTER}(?!{RUN_LETTER})|{RUN_LETTER}+"
)
"""A word, or one whose letters stand apart."""
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
FANCY_LETTERS = {
    "ß": "ss",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "æ": "ae",
    "œ": "oe",
    "ı": "i",
    "ɑ": "a",
    "ɡ": "g",
    "ⅼ": "l",
    "‐": "-",
    "‑": "-",
    "‒": "-",
    "–": "-",
    "—": "-",
    "―": "-",
    "−": "-",
    "﹣": "-",
    "－": "-",
    "ー": "-",
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
    "【": "[",
    "】": "]",
}
UNDECOMPOSED = {
    **{chr(0x1F150 + i): chr(97 + i) for i in range(26)},
    **{chr(0x1F170 + i): chr(97 + i) for i in range(26)},
    **{chr(0x1F1E6 + i): chr(97 + i) for i in range(26)},
    **{chr(0x2776 + i): str(i + 1) for i in range(9)},
    "⓿": "0",
    "⓪": "0",
    **dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True)),
}
"""Letters and digits in black circles and squares, and small capitals: Unicode decomposes none of them."""


class _Characters(dict[str, str]):
    """The folded form of each character, worked out when it is first met."""

    def __missing__(self, character: str) -> str:
        folded = _fold_character(character)
        self[character] = folded
        return folded


def _fold_character(character: str) -> str:
    if character in UNDECOMPOSED:
        return UNDECOMPOSED[character]
    kept = []
    for decomposed in unicodedata.normalize("NFKD", FANCY_LETTERS.get(character, character)).casefold():
        part = FANCY_LETTERS.get(decomposed, decomposed)
        kind = unicodedata.category(part[0])
        if kind in {"Mn", "Me", "Cf"}:
            continue
        kept.append(" " if kind in {"Zs", "Zl", "Zp", "Cc"} else part)
    return "".join(kept)


_CHARACTERS = _Characters()


class _SeparatorTable(dict[int, int | None]):
    """A translation table that keeps letters and digits and drops the rest."""

    def __missing__(self, code: int) -> int | None:
        kept = code if chr(code).isalnum() else None
        self[code] = kept
        return kept


_SEPARATORS = _SeparatorTable()


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A text in its folded form, with the way back to the original."""

    original: str
    text: str
    """Folded text: lower case, see the module's first paragraph."""

    @property
    def is_plain(self) -> bool:
        """Whether every folded character stands where it stood in the original."""
        return self.original.isascii() and "&" not in self.original

    def offsets(self) -> list[tuple[int, int]]:
        """Return, for each folded character, start and end of what it came from in the original."""
        if self.is_plain:
            return [(index, index + 1) for index in range(len(self.text))]
        spans: list[tuple[int, int]] = []
        for start, end, character in _units(self.original):
            spans.extend([(start, end)] * len(_CHARACTERS[character]))
        return _spell_out(_join(self.original), spans)[1]


def fold(text: str) -> Folded:
    """Return `text` in folded form; any string is accepted, also one with lone surrogates."""
    if text.isascii() and "&" not in text:
        folded = text.lower().translate(_ASCII_CONTROLS)
    else:
        folded = _join(text)
        if FOREIGN_LETTER.search(folded):
            folded = _spell_out(folded, [])[0]
    return Folded(original=text, text=folded)


_ASCII_CONTROLS = dict.fromkeys([*range(32), 127], " ")


def squeeze(folded: str) -> str:
    """Return the letters and digits of a folded text."""
    return folded.translate(_SEPARATORS)


def squeezed_positions(folded: str) -> list[int]:
    """Return, for each character of `squeeze(folded)`, its index in `folded`."""
    return [index for index, character in enumerate(folded) if character.isalnum()]


def _units(text: str) -> list[tuple[int, int, str]]:
    """Return start, end and character of each unit: a character, or an HTML entity decoded."""
    if "&" not in text:
        return [(i, i + 1, c) for i, c in enumerate(text)]
    units: list[tuple[int, int, str]] = []
    position = 0
    for entity in ENTITY.finditer(text):
        units.extend((i, i + 1, text[i]) for i in range(position, entity.start()))
        units.extend((entity.start(), entity.end(), c) for c in html.unescape(entity.group()))
        position = entity.end()
    units.extend((i, i + 1, text[i]) for i in range(position, len(text)))
    return units


def _join(text: str) -> str:
    characters = (c for _, _, c in _units(text)) if "&" in text else text
    return "".join(map(_CHARACTERS.__getitem__, characters))


def _spell_out(folded: str, spans: list[tuple[int, int]]) -> tuple[str, list[tuple[int, int]]]:
    """Resolve the Greek and Cyrillic letters of each word, and keep `spans` in step if given.

    A lone Greek letter is spelled out. In a word whose every foreign letter looks like a Latin one,
    they become Latin; a word with any other foreign letter (as nearly every Russian word has) stays.
    """
    parts: list[str] = []
    kept_spans: list[tuple[int, int]] = []
    position = 0
    for run in LETTER_RUN.finditer(folded):
        word = run.group()
        if not FOREIGN_LETTER.search(word):
            continue
        replaced = _resolve_word(word)
        parts += [folded[position : run.start()], replaced]
        if spans:
            kept_spans += spans[position : run.start()]
            kept_spans += (
                spans[run.start() : run.end()]
                if len(replaced) == len(word)
                else [spans[run.start()]] * len(replaced)
            )
        position = run.end()
    parts.append(folded[position:])
    return "".join(parts), kept_spans + spans[position:]


def _resolve_word(word: str) -> str:
    if word in GREEK_NAMES:
        return GREEK_NAMES[word]
    latin = word.translate(LOOKALIKES)
    return word if FOREIGN_LETTER.search(latin) else latin


def is_disguised(original: str) -> bool:
    """Say whether a stretch of text hides plain Latin letters or digits behind other characters.

    Accents, Greek letters on their own and full-width characters among Chinese ones are honest.
    """
    if original.isascii():
        return "&" in original
    for word in re.findall(r"[^\s-]+", original):
        if any(unicodedata.category(c) == "Cf" for c in word):
            return True
        if word.casefold() in GREEK_NAMES:
            continue
        for character in word:
            folded = fold(word).text if FOREIGN_LETTER.match(character.casefold()) else fold(character).text
            is_letter = unicodedata.normalize("NFD", character)[0].isascii() or character in "ßøæœłđ"
            if not is_letter and character.isalnum() and folded.isascii() and folded.isalnum():
                return True
    return False
