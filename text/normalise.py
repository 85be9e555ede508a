"""Normalise hostile and ordinary spellings of a text, keep the origin of each character, and split words.

There are two forms. The *folded* text has no accents and no invisible characters; full-width, superscript and
circled characters become plain ones, and look-alike letters of another script become the Latin letters that
they imitate. The *squeezed* text has only the letters and digits of the folded text. Names are searched in
the squeezed text, so no separator, emoji or missing space can hide one.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import chain, compress, repeat
from operator import and_, or_
from typing import TYPE_CHECKING, Generic, TypeVar

from text.characters import GREEK_CAPITALS, GREEK_NAMES, LOOKALIKES, ONE_ALPHABET, Characters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


SCRIPT_LETTERS = "\u0370-\u03ff\u0400-\u052f"
FOREIGN_LETTER = re.compile(f"[{SCRIPT_LETTERS}]")
TWO_SCRIPTS = re.compile("[A-Za-z][\u0400-\u052f]|[\u0400-\u052f][A-Za-z]")
"""Adjacent Latin and Cyrillic letters."""
RUN_LETTER = f"[a-z0-9{SCRIPT_LETTERS}\u200b-\u200f]"
LETTER_RUN = re.compile(
    f"(?<!{RUN_LETTER})(?:{RUN_LETTER}[ ._*-]){{3,}}{RUN_LETTER}(?!{RUN_LETTER})|{RUN_LETTER}+"
)
"""A word, or a word with separated letters."""
SPECIAL = re.compile(
    r"&(?:amp;)*(?P<sign>#\d{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[A-Za-z][A-Za-z0-9]{1,31};)|[^\x00-\x7f]+"
)
"""An HTML entity, even with its ampersand escaped, or characters outside ASCII."""

ENTITY = re.compile(r"&(?:amp;)*(?:#[\dxX]|[A-Za-z][A-Za-z0-9]{1,31};)")
"""Fast precondition for an entity in `SPECIAL`."""
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")

LONGEST_KEPT = 32
"""Longest run of characters that is cached: words recur, but paragraphs of Chinese only fill the memory."""

_CHARACTERS = Characters()

GREEK_WORD = re.compile("[Α-Ωα-ωΆ-ώ]*[ΗΜΝΥ][Α-Ωα-ωΆ-ώ]*")
"""A Greek word with a capital of `GREEK_CAPITALS`."""
ONLY_LOOKALIKES = re.compile("[ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ]+")

ASCII_FOLDED = bytes(
    ord(chr(code).lower()) if 32 <= code < 127 else 32 if code < 128 else code for code in range(256)
)
ASCII_SEPARATORS = bytes(code for code in range(128) if not chr(code).isalnum())
ASCII_IS_KEPT = bytes(chr(code).isalnum() for code in range(128)) + bytes(128)
"""Byte tables that fold, squeeze and count ASCII texts many times faster than string methods."""

NON_ASCII = re.compile(r"[^\x00-\x7f]")
SEPARATORS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A text in folded form, with its original."""

    original: str
    text: str
    """Folded text in lower case, see the module docstring."""

    @property
    def is_plain(self) -> bool:
        """Whether every folded character has the same position as in the original."""
        if len(self.text) != len(self.original) or _has_entity(self.original):
            return False
        return self.original.isascii() or all(
            len(_CHARACTERS[c]) == 1 for c in set(NON_ASCII.findall(self.original))
        )

    def offsets(self) -> list[tuple[int, int]]:
        """Return the start and end in the original of each folded character."""
        if self.is_plain:
            return [(index, index + 1) for index in range(len(self.text))]
        spans = _spans(self.original)
        folded = _join(self.original)
        return _spell_out(folded, spans)[1] if FOREIGN_LETTER.search(folded) else spans


def fold(text: str) -> Folded:
    """Return `text` in folded form; any string is valid, even with lone surrogates."""
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
    """Replace Cyrillic letters that look or sound like Latin letters; the length stays the same.

    Names and texts are compared in this form, so a word that mixes both scripts matches the word in one
    script.
    """
    return squeezed.translate(ONE_ALPHABET) if FOREIGN_LETTER.search(squeezed) else squeezed


def comparable(name: str) -> str:
    """Return a form of a name that is the same for all its spellings."""
    return squeeze(fold(name).text)


def squeezed_positions(folded: str) -> list[int]:
    """Return, for each character of `squeeze(folded)`, its index in `folded`."""
    if folded.isascii():
        return list(compress(range(len(folded)), folded.encode().translate(ASCII_IS_KEPT)))
    return list(compress(range(len(folded)), map(str.isalnum, folded)))


def units(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the start, end and character of each unit of a text: a character or a decoded entity."""
    for start, end, characters in _stretches(text):
        if text[start] == "&" and len(characters) != end - start:
            yield from ((start, end, character) for character in characters)
        else:
            yield from ((start + i, start + i + 1, character) for i, character in enumerate(characters))


def _stretches(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the start, end and characters of each run: ASCII, other characters, or a decoded entity."""
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
        # The table does not change the UTF-8 bytes of other characters.
        folded = text.encode("utf-8", "surrogatepass").translate(ASCII_FOLDED)
        return BEYOND_ASCII.sub(_fold_run, folded.decode("utf-8", "surrogatepass"))
    return "".join(
        characters.encode().translate(ASCII_FOLDED).decode()
        if characters.isascii()
        else _folded_characters(characters)
        for _start, _end, characters in _stretches(text)
    )


def _fold_run(run: re.Match[str]) -> str:
    characters = run.group()
    return _kept_folded(characters) if len(characters) <= LONGEST_KEPT else _folded_characters(characters)


@lru_cache(maxsize=65_536)
def _kept_folded(characters: str) -> str:
    return _folded_characters(characters)


def _folded_characters(characters: str) -> str:
    return "".join(map(_CHARACTERS.__getitem__, GREEK_WORD.sub(_capitals_seen, characters)))


def _capitals_seen(word: re.Match[str]) -> str:
    """Return a word in Latin capitals if all its letters look like them: `Υπερμαγγανικό` stays Greek."""
    return word.group().translate(GREEK_CAPITALS) if ONLY_LOOKALIKES.fullmatch(word.group()) else word.group()


def _spans(text: str) -> list[tuple[int, int]]:
    """Return the start and end in `text` of each character of `_join(text)`."""
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
    """Resolve the Greek and Cyrillic letters of each word, and update `spans`, if given, to match.

    A single Greek letter is spelled out. If all foreign letters of a word look like Latin letters, they
    become Latin. A word with any other foreign letter, such as nearly every Russian word, is not changed.
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
    """Return whether a piece of text disguises plain Latin letters or digits as other characters.

    Accents, single Greek letters and full-width characters among Chinese ones are not disguises.
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


T = TypeVar("T")

WORD = re.compile(r"[^\W_]+")
KEPT_WORDS = 65_536
"""Most words in the table, so that an endless market cannot fill the memory."""
LONGEST_CACHED = 64
"""Characters of the longest cached word; longer words rarely recur."""


class WordTable(dict[str, T], Generic[T]):
    """A cache of one computed value per word."""

    def __init__(self, work_out: Callable[[str], T]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, word: str) -> T:
        value = self._work_out(word)
        if len(word) <= LONGEST_CACHED:
            if len(self) >= KEPT_WORDS:
                self.clear()
            self[word] = value
        return value

    def of(self, words: Iterable[str]) -> list[T]:
        """Return the values of words, in order."""
        return list(map(self.__getitem__, words))


def split_words(text: str) -> list[str]:
    """Return the words of a folded text: runs of letters and digits."""
    return WORD.findall(text)


def any_bits(marks: Iterable[int]) -> int:
    """Return the bits set for at least one word."""
    return reduce(or_, marks, 0)


def bits_of_two(marks: Sequence[int]) -> int:
    """Return the bits set for two adjacent words."""
    return any_bits(map(and_, marks, marks[1:]))


def bits_of_three(marks: Sequence[int]) -> int:
    """Return the bits set for three adjacent words."""
    return any_bits(map(and_, map(and_, marks, marks[1:]), marks[2:]))
