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
from functools import lru_cache
from itertools import chain, compress, repeat
from typing import TYPE_CHECKING

from text.characters import GREEK_NAMES, LOOKALIKES, ONE_ALPHABET, Characters

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT_LETTERS = "\u0370-\u03ff\u0400-\u052f"
FOREIGN_LETTER = re.compile(f"[{SCRIPT_LETTERS}]")
TWO_SCRIPTS = re.compile("[A-Za-z][\u0400-\u052f]|[\u0400-\u052f][A-Za-z]")
"""Latin and Cyrillic letters side by side."""
RUN_LETTER = f"[a-z0-9{SCRIPT_LETTERS}\u200b-\u200f]"
LETTER_RUN = re.compile(
    f"(?<!{RUN_LETTER})(?:{RUN_LETTER}[ ._*-]){{3,}}{RUN_LETTER}(?!{RUN_LETTER})|{RUN_LETTER}+"
)
"""A word, or one whose letters stand apart."""
SPECIAL = re.compile(
    r"&(?:amp;)*(?P<sign>#\d{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[A-Za-z][A-Za-z0-9]{1,31};)|[^\x00-\x7f]+"
)
"""An HTML entity, also one whose ampersand was written as an entity, or characters beyond ASCII."""

ENTITY = re.compile(r"&(?:amp;)*(?:#[\dxX]|[A-Za-z][A-Za-z0-9]{1,31};)")
"""What `SPECIAL` needs to find an entity."""
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")

LONGEST_KEPT = 32
"""Characters of a run whose folding is remembered: words recur, paragraphs of Chinese only fill memory."""

_CHARACTERS = Characters()

ASCII_FOLDED = bytes(
    ord(chr(code).lower()) if 32 <= code < 127 else 32 if code < 128 else code for code in range(256)
)
ASCII_SEPARATORS = bytes(code for code in range(128) if not chr(code).isalnum())
ASCII_IS_KEPT = bytes(chr(code).isalnum() for code in range(128)) + bytes(128)
"""What plain texts are folded, squeezed and counted with: over bytes that is many times faster."""

NON_ASCII = re.compile(r"[^\x00-\x7f]")
SEPARATORS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A text in its folded form, with the way back to the original."""

    original: str
    text: str
    """Folded text: lower case, see the module's first paragraph."""

    @property
    def is_plain(self) -> bool:
        """Whether every folded character stands where it stood in the original."""
        if len(self.text) != len(self.original) or _has_entity(self.original):
            return False
        return self.original.isascii() or all(
            len(_CHARACTERS[c]) == 1 for c in set(NON_ASCII.findall(self.original))
        )

    def offsets(self) -> list[tuple[int, int]]:
        """Return, for each folded character, start and end of what it came from in the original."""
        if self.is_plain:
            return [(index, index + 1) for index in range(len(self.text))]
        spans = _spans(self.original)
        folded = _join(self.original)
        return _spell_out(folded, spans)[1] if FOREIGN_LETTER.search(folded) else spans


def fold(text: str) -> Folded:
    """Return `text` in folded form; any string is accepted, also one with lone surrogates."""
    if text.isascii() and not _has_entity(text):
        folded = text.encode().translate(ASCII_FOLDED).decode()
    else:
        folded = _join(text)
        if FOREIGN_LETTER.search(folded):
            folded = _spell_out(folded, [])[0]
    return Folded(original=text, text=folded)


def squeeze(folded: str) -> str:
    """Return the letters and digits of a folded text."""
    if folded.isascii():
        return folded.encode().translate(None, ASCII_SEPARATORS).decode()
    return SEPARATORS.sub("", folded)


def in_one_alphabet(squeezed: str) -> str:
    """Return what is searched for, or in: each Cyrillic letter that passes for a Latin one as that.

    Of the same length. A word of letters of both scripts thus reads like the same word in one.
    """
    return squeezed.translate(ONE_ALPHABET) if FOREIGN_LETTER.search(squeezed) else squeezed


def comparable(name: str) -> str:
    """Return what two spellings of one name have in common."""
    return squeeze(fold(name).text)


def squeezed_positions(folded: str) -> list[int]:
    """Return, for each character of `squeeze(folded)`, its index in `folded`."""
    if folded.isascii():
        return list(compress(range(len(folded)), folded.encode().translate(ASCII_IS_KEPT)))
    return list(compress(range(len(folded)), map(str.isalnum, folded)))


def units(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and character of each unit of a text: a character, or an entity decoded."""
    for start, end, characters in _stretches(text):
        if text[start] == "&" and len(characters) != end - start:
            yield from ((start, end, character) for character in characters)
        else:
            yield from ((start + i, start + i + 1, character) for i, character in enumerate(characters))


def _stretches(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and characters of each stretch: ASCII, other characters, or an entity decoded."""
    position = 0
    for special in SPECIAL.finditer(text):
        start, end = special.span()
        if position < start:
            yield position, start, text[position:start]
        yield start, end, html.unescape("&" + special["sign"]) if special["sign"] else special.group()
        position = end
    if position < len(text):
        yield position, len(text), text[position:]


def _has_entity(text: str) -> bool:
    return "&" in text and ENTITY.search(text) is not None


def _join(text: str) -> str:
    if not _has_entity(text):
        # Over UTF-8 the bytes of other characters stay as they are.
        folded = text.encode("utf-8", "surrogatepass").translate(ASCII_FOLDED)
        return BEYOND_ASCII.sub(_fold_run, folded.decode("utf-8", "surrogatepass"))
    return "".join(
        characters.encode().translate(ASCII_FOLDED).decode()
        if characters.isascii()
        else "".join(map(_CHARACTERS.__getitem__, characters))
        for _start, _end, characters in _stretches(text)
    )


def _fold_run(run: re.Match[str]) -> str:
    characters = run.group()
    return _kept_folded(characters) if len(characters) <= LONGEST_KEPT else _folded_characters(characters)


@lru_cache(maxsize=65_536)
def _kept_folded(characters: str) -> str:
    return _folded_characters(characters)


def _folded_characters(characters: str) -> str:
    return "".join(map(_CHARACTERS.__getitem__, characters))


def _spans(text: str) -> list[tuple[int, int]]:
    """Return, for each character of `_join(text)`, start and end of what it came from."""
    spans: list[tuple[int, int]] = []
    for start, end, characters in _stretches(text):
        lengths = map(len, map(_CHARACTERS.__getitem__, characters))
        if text[start] == "&" and len(characters) != end - start:
            spans += repeat((start, end), sum(lengths))
        elif characters.isascii():
            spans += zip(range(start, end), range(start + 1, end + 1), strict=True)
        else:
            places = zip(range(start, end), range(start + 1, end + 1), strict=True)
            spans += chain.from_iterable(map(repeat, places, lengths))
    return spans


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
    if TWO_SCRIPTS.search(original):
        return True
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
