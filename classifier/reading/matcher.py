"""Everything that is searched for, compiled into one Aho-Corasick automaton.

The automaton runs over the squeezed text, so patterns are squeezed too: names of listed
substances with their usual misspellings, names of other chemicals that contain one (so that the
longest name wins), listed CAS numbers, and the phrases of the trade.
"""

from __future__ import annotations

import gc
import itertools
import re
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, cast

import ahocorasick_rs

from classifier.gazetteer.choices import alternatives
from classifier.gazetteer.fold import fold, in_one_alphabet, squeeze
from classifier.reading.respelt import respellings, turned_round

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from classifier.gazetteer.model import Gazetteer, Substance
    from classifier.reading.model import TradeKind

PatternKind = Literal["name", "misspelt", "turned", "cas", "rival", "trade"]

NEVER = "never"
"""As `Name.context`: known when it is looked up, and no evidence in a text."""
SHORTEST_MISSPELT = 9
"""Letters a name must have before a missing or swapped letter in it is still certain."""
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

JAPAN = "日本"
"""Its second character is also written for 苯, benzene."""
SHORTEST_MASKED = 5
"""Letters of a word of which one may be masked."""
CODE_DIGITS = 4
"""Digits a first part of a CAS number needs to be known without the rest."""
SALT_BEGINNINGS = (
    "chlorhydrate",
    "clorhidrato",
    "cloridrato",
    "sodium",
    "calcium",
    "ammonium",
    "magnesium",
    "iron",
)
"""Beginnings that a name shares with the salts of everything else: no use in a cut-off title."""
SALTS = ("hydrochloride", "hydrobromide", "hydroiodide")
"""Salts of everything else, whose names begin like those of the acids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One string searched for in the squeezed text."""

    text: str
    """Squeezed; of a misspelling the name that is meant."""
    kind: PatternKind
    substance: Substance | None = None
    context: str = ""
    """As `Name.context`."""
    is_code: bool = False
    """An abbreviation or code: never split over words."""
    trade: TradeKind | None = None
    splits: frozenset[int] = frozenset()
    """Where in `text` a separator is usual; after how many characters."""
    commas: frozenset[int] = frozenset()
    """Those of `splits` where the name itself has a comma and a space, as index names do."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matcher:
    """The automaton and what each of its patterns means."""

    automaton: ahocorasick_rs.AhoCorasick
    patterns: tuple[Pattern, ...]
    stems: tuple[tuple[str, Substance], ...]
    """Squeezed names in alphabetical order, for titles cut off in the middle of one."""
    rival_stems: tuple[str, ...]
    words: frozenset[str]
    """Latin words of which names are made, for words with a masked letter."""
    numbers: dict[str, Substance]
    """Listed CAS numbers without their hyphens."""
    codes: frozenset[str]
    """What the trade calls a listed substance by: the first part of its CAS number, or the first two."""

    def find(self, squeezed: str) -> Iterator[tuple[Pattern, int, int]]:
        """Yield every pattern that occurs in a squeezed text, with start and end."""
        for index, start, end in self.automaton.find_matches_as_indexes(squeezed, overlapping=True):
            yield self.patterns[index], start, end


@contextmanager
def _uncollected() -> Iterator[None]:
    """Make lasting objects while the garbage collector, which would walk them again and again, rests."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@lru_cache(maxsize=8)
@_uncollected()
def matcher_for(gazetteer: Gazetteer) -> Matcher:
    """Return the matcher of a gazetteer, compiled once for each."""
    patterns: dict[tuple[str, str], Pattern] = {}
    for pattern in [*_names(gazetteer), *_numbers(gazetteer), *_trade()]:
        mark = (pattern.text, pattern.trade or "substance")
        patterns[mark] = _merged(patterns.get(mark, pattern), pattern)
    taken = {text for text, kind in patterns if kind == "substance"}
    rivals = [text for text in _rivals(gazetteer) if text not in taken]
    kept = [*patterns.values(), *(Pattern(text=text, kind="rival") for text in rivals)]
    texts = [p.text for p in kept]
    known = taken | set(rivals)
    for word, pattern in (*_misspelt(patterns.values(), known), *_respelt(gazetteer, known)):
        texts.append(word)
        kept.append(pattern)
    return Matcher(
        automaton=ahocorasick_rs.AhoCorasick([in_one_alphabet(text) for text in texts]),
        patterns=tuple(kept),
        stems=tuple(
            (p.text, p.substance)
            for p in sorted(patterns.values(), key=lambda p: p.text)
            if p.kind == "name" and p.substance and not p.text.startswith(SALT_BEGINNINGS)
        ),
        rival_stems=tuple(rivals),
        words=_words(gazetteer),
        numbers={squeeze(cas): substance for cas, substance in gazetteer.by_cas.items()},
        codes=_codes(gazetteer),
    )


def _merged(first: Pattern, second: Pattern) -> Pattern:
    """Return the first of two spellings of the same letters, which may be parted as in either."""
    if first is second:
        return first
    return replace(first, splits=first.splits | second.splits, commas=first.commas | second.commas)


def _words(gazetteer: Gazetteer) -> frozenset[str]:
    names = (fold(name.text).text for s in gazetteer.substances for name in s.names)
    rivals = (fold(name).text for name in gazetteer.rivals)
    found = (word for text in (*names, *rivals) for word in re.findall("[a-z]+", text))
    return frozenset(word for word in found if len(word) >= SHORTEST_MASKED)


def _codes(gazetteer: Gazetteer) -> frozenset[str]:
    numbers = [cas for cas, substance in gazetteer.by_cas.items() if substance.tier < 3]
    first_parts = {cas.partition("-")[0] for cas in numbers}
    two_parts = {cas.rpartition("-")[0] for cas in numbers}
    return frozenset({part for part in first_parts if len(part) >= CODE_DIGITS} | two_parts)


def _names(gazetteer: Gazetteer) -> Iterator[Pattern]:
    for substance in gazetteer.substances:
        for name in substance.names:
            if name.context == NEVER:
                continue
            for spelling in _spellings(fold(name.text).text):
                yield Pattern(
                    text=squeeze(spelling),
                    kind="name",
                    substance=substance,
                    context=name.context,
                    is_code=name.kind in {"abbreviation", "code"},
                    splits=_splits(spelling),
                    commas=_splits(spelling, after=", "),
                )


def _spellings(folded: str) -> Iterator[str]:
    """Yield a folded name and its variants."""
    variants = {folded}
    for usual, other in SPELLINGS:
        variants |= {v.replace(usual, other) for v in variants if usual in v}
    variants |= {declined for v in variants for declined in _russian_cases(v)}
    for variant in sorted(variants):
        squeezed = squeeze(variant)
        if len(squeezed) > 1 or not squeezed.isascii():
            yield variant


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


def _splits(folded: str, after: str = "") -> frozenset[int]:
    """Return after how many letters and digits there is something else, or `after` in particular."""
    return frozenset(
        found.start() - others
        for others, found in enumerate(SEPARATOR.finditer(folded))
        if folded.startswith(after, found.start())
    )


def _misspelt(patterns: Iterable[Pattern], known: set[str]) -> Iterator[tuple[str, Pattern]]:
    """Yield long names with one letter missing or doubled, or two neighbours swapped, unless `known`.

    The wrong spellings of one name share its pattern: there are more of them than of all else.
    """
    seen = set(known)
    for pattern in patterns:
        text = pattern.text
        if pattern.kind != "name" or pattern.context or pattern.is_code or not text.isascii():
            continue
        if len(text) < SHORTEST_MISSPELT:
            continue
        meant = Pattern(text=text, kind="misspelt", substance=pattern.substance, splits=pattern.splits)
        for word in sorted(_slips(text) - seen):
            seen.add(word)
            yield word, meant


def _respelt(gazetteer: Gazetteer, known: set[str]) -> Iterator[tuple[str, Pattern]]:
    """Yield names backwards, in other letters and in other characters, unless `known`."""
    seen = set(known)
    for substance in gazetteer.substances:
        names = [
            name for name in substance.names if not name.context and name.kind in {"canonical", "synonym"}
        ]
        for folded in {spelling for name in names for spelling in _spellings(fold(name.text).text)}:
            backwards, splits = turned_round(squeeze(folded)), _splits(folded)
            others = [(squeeze(other), "misspelt", _splits(other)) for other in respellings(folded)]
            turned = frozenset(len(backwards) - place for place in splits)
            for word, kind, parted in [*others, (backwards, "turned", turned)]:
                if word.startswith(JAPAN[1]):
                    yield JAPAN[0] + word, Pattern(text=JAPAN[0] + word, kind="rival")
                if word and word not in seen:
                    seen.add(word)
                    yield (
                        word,
                        Pattern(
                            text=word, kind=cast("PatternKind", kind), substance=substance, splits=parted
                        ),
                    )


def _slips(text: str) -> set[str]:
    inner = [i for i in range(1, len(text) - 1) if text[i].isalpha()]
    missing = {text[:i] + text[i + 1 :] for i in inner}
    doubled = {text[:i] + text[i] + text[i:] for i in inner}
    swapped = {text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in inner if text[i + 1].isalpha()}
    return (missing | doubled | swapped) - {text}


def _numbers(gazetteer: Gazetteer) -> Iterator[Pattern]:
    for cas, substance in gazetteer.by_cas.items():
        yield Pattern(text=squeeze(cas), kind="cas", substance=substance)


def _trade() -> Iterator[Pattern]:
    table = (files("classifier.reading") / "trade_phrases.toml").read_text(encoding="utf-8")
    for kind, phrases in tomllib.loads(table).items():
        for folded in {one.strip() for choices in phrases for one in alternatives(fold(choices).text)}:
            yield Pattern(
                text=squeeze(folded), kind="trade", trade=cast("TradeKind", kind), splits=_splits(folded)
            )


def _rivals(gazetteer: Gazetteer) -> list[str]:
    names = [*gazetteer.rivals, *(n.text for s in gazetteer.unlisted for n in s.names if not n.context)]
    names += [c.name.partition("(")[0] for c in gazetteer.confusables if not c.borderline]
    names += SALTS
    return sorted({text for name in names if len(text := squeeze(fold(name).text)) > 2})
