"""Find words of the lexicon on pages: labels of values, phrases, and countries in places.

The text of a page is not folded, so terms are quoted as shown. Case is ignored; phrases also match without
their accents. `text.phrases` describes the notation of phrases.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from ahocorasick_rs import AhoCorasick

from text.phrases import CJK, keys, words, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from text.phrases import Phrase


_LONGEST_LABEL = 40
_LONGEST_TERM_LABEL = 60


class Label(StrEnum):
    """The field of a listing that a labelled row of a page fills."""

    PRICE = "price_text"
    QUANTITY = "quantity_text"
    PACK = "pack_text"
    MINIMUM_ORDER = "minimum_order_text"
    SELLER = "seller_name"
    LOCATION = "location"
    ITEM_ID = "item_id"
    DESCRIPTION = "description"
    CATEGORY = "category"
    ATTRIBUTE = "attribute"
    """A known property (CAS number, purity, brand…) without a field of its own."""


@lru_cache(maxsize=8192)
def spelling(text: str) -> str:
    """Return a text in the form used to compare labels: without case, accents and final punctuation."""
    return _plain(text).rstrip(" :.：*?").replace("（", "(")


@cache
def spellings(*names: str) -> frozenset[str]:
    """Return the phrases under some keys of the lexicon in the form used to compare labels."""
    return frozenset(map(spelling, written(*names)))


def mentions(text: str, name: str) -> bool:
    """Return whether a text contains a phrase under a key of the lexicon, even inside a word."""
    return bool(_phrases_of(name).find_matches_as_indexes(_plain(text)))


@cache
def _phrases_of(name: str) -> AhoCorasick:
    plain = {_plain(text) for text in written(name)}
    return AhoCorasick(
        [form for text in plain for form in {text, text.replace("-", " "), text.replace("-", "")}]
    )


def known_label(text: str) -> Label | None:
    """Return the field that a label, such as `Pureza:` or `起订量`, names, or None for an unknown label."""
    return _labels().get(spelling(text)) if len(text) <= _LONGEST_LABEL else None


def known_term(text: str) -> str:
    """Return the key in `[term_labels]` of a label, e.g. `payment` for `Zahlungsart:`; empty if unknown."""
    return _term_labels().get(spelling(text), "") if len(text) <= _LONGEST_TERM_LABEL else ""


@cache
def _labels() -> dict[str, Label]:
    fields = {word: label for label in Label for word in spellings(f"labels.{label.name.lower()}")}
    return dict.fromkeys(_term_labels(), Label.ATTRIBUTE) | fields


@cache
def _term_labels() -> dict[str, str]:
    return key_of_word("term_labels", spellings)


@cache
def phrases_anywhere(*names: str) -> str:
    """Return a pattern for the phrases under some keys, anywhere in lower-case text."""
    return _any(names, lambda _, pattern: pattern)


@cache
def whole_phrases(*names: str, after_digits: bool = False, tail: str = "") -> str:
    """Return a pattern for the phrases under some keys, as whole words in lower-case text.

    Chinese phrases match anywhere, and phrases with a star match the beginning of a word. With
    `after_digits`, a phrase may follow a digit without a space, as in `12x`. `tail` is a pattern to append to
    each phrase.
    """
    start = r"(?<![^\W\d_])" if after_digits else r"(?<!\w)"

    def bounded(phrase: Phrase, pattern: str) -> str:
        before = start if _is_letter(phrase.text[0]) else ""
        after = r"(?!\w)" if _is_letter(phrase.text[-1]) else ""
        if phrase.is_beginning:
            return f"{before}{pattern}" + (r"\w*" if after else "")
        return f"{before}{pattern}{tail}{after}"

    return _any(names, bounded)


@cache
def name_parts(*names: str) -> str:
    """Return a pattern for the phrases under some keys, anywhere in the name of an element."""

    def part(phrase: Phrase, pattern: str) -> str:
        return pattern if phrase.is_beginning else f"{pattern}(?![a-z])"

    return _any(names, part, hyphen="[-_]?")


@dataclass(frozen=True, slots=True)
class _Kinds:
    """The patterns of a table's keys, and for each key the parts of words that its phrases need to match."""

    patterns: dict[str, re.Pattern[str]]
    part_keys: list[str]
    parts: AhoCorasick


def kinds_in(table: str, text: str, tail: str = "") -> Iterator[tuple[str, str]]:
    """Yield each key of a table that a text mentions, with its first mention as written.

    The text is searched once for parts of all phrases, then only for the possible keys.
    """
    kinds = _kinds(table, tail)
    lower = text.lower().encode("utf-8", "replace").decode("utf-8")  # JSON can spell half a character
    hinted = {
        kinds.part_keys[index] for index, _, _ in kinds.parts.find_matches_as_indexes(lower, overlapping=True)
    }
    for key, pattern in kinds.patterns.items():
        if key in hinted and (found := pattern.search(lower)):
            yield key, text[found.start() : found.end()] if len(lower) == len(text) else found[0]


@cache
def _kinds(table: str, tail: str) -> _Kinds:
    parts: dict[tuple[str, str], None] = {}
    for key in keys(table):
        for phrase in words(f"{table}.{key}"):
            for form in _accents(phrase.text.lower()):
                parts[max(re.split(r"[\s-]", form), key=len), key] = None
    return _Kinds(
        {key: re.compile(whole_phrases(f"{table}.{key}", tail=tail)) for key in keys(table)},
        [key for _, key in parts],
        AhoCorasick([part for part, _ in parts]),
    )


@cache
def key_of_word(table: str, spelt: Callable[[str], Iterable[str]]) -> dict[str, str]:
    """Return the key of each phrase of a table, e.g. `drum` for `barrel`; `spelt` returns a key's phrases."""
    return {word: key for key in keys(table) for word in spelt(f"{table}.{key}")}


def _plain(text: str) -> str:
    """Return a text without case, accents and extra white space."""
    if text.isascii():
        return " ".join(text.lower().split())
    whole = text.encode("utf-8", "replace").decode("utf-8")  # JSON in a page can spell half a character
    letters = unicodedata.normalize("NFKD", whole.casefold())
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).split())


def _accents(text: str) -> set[str]:
    """Return a text as written and, if it is Latin, also without accents."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return {text, plain} if plain.isascii() else {text}


def _is_letter(character: str) -> bool:
    """Return whether a character belongs to a word in a script that separates words by spaces."""
    return character.isalnum() and re.match(f"[{CJK}\u3040-\u30ff\uac00-\ud7af]", character) is None


def _any(names: Iterable[str], wrap: Callable[[Phrase, str], str], hyphen: str = r"[\s-]?") -> str:
    """Return an alternation of phrases, longest first, each pattern completed by `wrap`."""
    found: dict[str, int] = {}
    for phrase in (phrase for name in names for phrase in words(name)):
        for text in _accents(phrase.text.lower()):
            pattern = re.escape(text).replace(r"\ ", r"[\s-]+").replace(r"\-", hyphen)
            found[wrap(phrase, pattern)] = len(text)
    return f"(?:{'|'.join(sorted(found, key=lambda pattern: (-found[pattern], pattern)))})"


_LANGUAGES = ("en", "es", "pt", "fr", "de", "ru", "zh")
_LONGEST_PLACE = 120


def country_in(text: str) -> str:
    """Return the ISO 3166-1 code of the last country in a text, `worldwide`, or empty text."""
    short = text[:_LONGEST_PLACE]
    if mentions(short, "countries.worldwide"):
        return "worldwide"
    found = _country_pattern().findall(short.casefold())
    return _countries()[found[-1]] if found else ""


def is_country(text: str) -> bool:
    """Return whether a text is the name of a country."""
    return text.strip().casefold() in _countries()


@cache
def _countries() -> dict[str, str]:
    # Loading seven languages of names takes some hundredths of a second, so it waits for the first use.
    from babel import Locale

    codes = key_of_word("countries", written).copy()
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha():
                codes.setdefault(name.casefold(), code)
    return codes


@cache
def _country_pattern() -> re.Pattern[str]:
    names = "|".join(re.escape(name) for name in sorted(_countries(), key=len, reverse=True))
    return re.compile(rf"(?<![a-zа-яё])(?:{names})(?![a-zа-яё])")
