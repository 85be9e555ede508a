"""Put English chemical names into the spellings of other languages, piece by piece.

Systematic names are built of the same pieces everywhere, so the tables `name_pieces` of the lexicon cover
every name built of them: `N-methylephedrine` is `N-Methylephedrin`, `N-metilefedrina`, `N-метилэфедрин`. A
name with a piece that is not in the tables is left alone. General knowledge of chemical nomenclature; used
when the gazetteer is built, not when a text is read.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from text.phrases import by_key, keys, words

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGES = ("de", "es", "pt", "fr", "ru")

LETTERS = re.compile("[a-z]+")
ESTER = re.compile(r"((?:di)?(?:methyl|ethyl)|(?:iso)?propyl|(?:iso|sec-|tert-)?butyl) (.+ate)")
RUSSIAN_ADJECTIVE = re.compile("[а-яё]+(?:ая|ый|ий|ой)")


def translations(name: str) -> Iterator[tuple[str, str]]:
    """Yield language and spelling of an English name in each language whose pieces are known."""
    english = name.casefold()
    base, _, salt = english.rpartition(" ")
    endings = by_key("salt_endings")
    if salt in endings and (german := _spelled(base, "de")):
        yield "de", german + endings[salt][0]
    elif salt == "acid" and not base.endswith(" methyl glycidic"):
        yield from _acid(base)
    else:
        if ester := ESTER.fullmatch(english):
            yield from _ester(ester[1], ester[2])
        yield from _plain(english)


def inversions(name: str, lang: str) -> Iterator[str]:
    """Yield a name of adjective and noun the other way round, as Russian catalogues print it."""
    words = name.split(" ")
    if lang == "ru" and len(words) == 2 and RUSSIAN_ADJECTIVE.fullmatch(words[0]):
        yield f"{words[1]} {words[0]}"


def _spelled(english: str, lang: str) -> str:
    """Return a name with every piece in `lang`, or the empty text if a piece is not known."""
    longest_first = _longest_first()
    if LETTERS.search(longest_first.sub("", english)):
        return ""
    return longest_first.sub(lambda piece: _pieces(lang)[piece.group()], english)


@cache
def _pieces(lang: str) -> dict[str, str]:
    """Return each English piece in a language."""
    return {
        piece: phrase.text
        for piece in keys("name_pieces")
        for phrase in words(f"name_pieces.{piece}")
        if phrase.language == lang
    }


@cache
def _longest_first() -> re.Pattern[str]:
    return re.compile("|".join(sorted(keys("name_pieces"), key=len, reverse=True)))


def _plain(english: str) -> Iterator[tuple[str, str]]:
    yield from ((lang, text) for lang in LANGUAGES if (text := _spelled(english, lang)))


def _acid(base: str) -> Iterator[tuple[str, str]]:
    shapes = {"de": "{acid}{word}", "ru": "{acid} {word}"}
    word = {phrase.language: phrase.text for phrase in words("acid_names.word")}
    for lang in LANGUAGES:
        if text := _spelled(base, lang):
            yield lang, shapes.get(lang, "{word} {acid}").format(acid=text, word=word[lang])


def _ester(alkyl: str, acid: str) -> Iterator[tuple[str, str]]:
    """Yield the Romance way of an ester: the acid, then of what alcohol."""
    for lang, of, ending in (("es", "de ", "o"), ("pt", "de ", "a"), ("fr", "de ", "e"), ("fr", "d'", "e")):
        if text := _spelled(acid, lang):
            yield lang, f"{text} {of}{_spelled(alkyl, lang)}{ending}"
