"""Everything that is searched for, compiled into one Aho-Corasick automaton.

The automaton runs over the squeezed text, so patterns are squeezed too: names of listed
substances with their usual misspellings, names of other chemicals that contain one (so that the
longest name wins), listed CAS numbers, and the phrases of the trade.
"""

from __future__ import annotations

import gc
import re
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, cast

import ahocorasick_rs

from classifier.reading.respelt import respellings, turned_round
from classifier.reading.spellings import slips_of, spellings_of, splits_of
from text.normalise import fold, in_one_alphabet, squeeze
from text.phrases import alternatives

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from classifier.gazetteer.model import Gazetteer, Substance
    from classifier.reading.model import TradeKind

PatternKind = Literal["name", "misspelt", "turned", "cas", "rival", "trade"]

NEVER = "never"
"""As `Name.context`: known when it is looked up, and no evidence in a text."""
SHORTEST_MISSPELT = 9
"""Letters a name must have before a missing or swapped letter in it is still certain."""
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
            for spelling in spellings_of(fold(name.text).text):
                yield Pattern(
                    text=squeeze(spelling),
                    kind="name",
                    substance=substance,
                    context=name.context,
                    is_code=name.kind in {"abbreviation", "code"},
                    splits=splits_of(spelling),
                    commas=splits_of(spelling, after=", "),
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
        for word in sorted(slips_of(text) - seen):
            seen.add(word)
            yield word, meant


def _respelt(gazetteer: Gazetteer, known: set[str]) -> Iterator[tuple[str, Pattern]]:
    """Yield names backwards, in other letters and in other characters, unless `known`."""
    seen = set(known)
    for substance in gazetteer.substances:
        names = [
            name for name in substance.names if not name.context and name.kind in {"canonical", "synonym"}
        ]
        for folded in {spelling for name in names for spelling in spellings_of(fold(name.text).text)}:
            backwards, splits = turned_round(squeeze(folded)), splits_of(folded)
            others = [(squeeze(other), "misspelt", splits_of(other)) for other in respellings(folded)]
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


def _numbers(gazetteer: Gazetteer) -> Iterator[Pattern]:
    for cas, substance in gazetteer.by_cas.items():
        yield Pattern(text=squeeze(cas), kind="cas", substance=substance)


def _trade() -> Iterator[Pattern]:
    table = (files("classifier.reading") / "trade_phrases.toml").read_text(encoding="utf-8")
    for kind, phrases in tomllib.loads(table).items():
        for folded in {one.strip() for choices in phrases for one in alternatives(fold(choices).text)}:
            yield Pattern(
                text=squeeze(folded), kind="trade", trade=cast("TradeKind", kind), splits=splits_of(folded)
            )


def _rivals(gazetteer: Gazetteer) -> list[str]:
    names = [*gazetteer.rivals, *(n.text for s in gazetteer.unlisted for n in s.names if not n.context)]
    names += [c.name.partition("(")[0] for c in gazetteer.confusables if not c.borderline]
    names += SALTS
    return sorted({text for name in names if len(text := squeeze(fold(name).text)) > 2})
