"""Compile all search patterns into one Aho-Corasick automaton.

The automaton runs over the squeezed text, so patterns are squeezed too: names of listed substances with their
usual misspellings, names of other chemicals that contain a listed name (so that the longest name wins),
listed CAS numbers, and trade phrases.

Sellers respell names to hide them from a search but not from a reader: backwards; Korean by initial
consonants; Chinese in pinyin, with its characters split into parts, or with characters of similar look or
sound; `I` for `l`. Each respelling is one more string in the automaton, so reading takes no longer. The
substitutions are in the lexicon under `respelling`.
"""

from __future__ import annotations

import gc
import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import accumulate, combinations, islice, product
from typing import TYPE_CHECKING, Literal, cast

import ahocorasick_rs

from text.normalise import fold, in_one_alphabet, squeeze
from text.phrases import IS_CJK, by_key, folded, keys, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from classifier.gazetteer.substances import Gazetteer, Substance
    from classifier.reading.model import TradeKind

PatternKind = Literal["name", "misspelt", "backwards", "cas", "rival", "trade"]

NEVER = "never"
"""Value of `Name.context`: the name can be looked up, but is not evidence in a text."""
SURE = frozenset({"", "high"})
"""Values of `Name.confidence` with which the misspellings of a name are recognised too."""
SHORTEST_MISSPELT = 9
"""Letters from which a name is recognised with a missing or swapped letter."""
JAPAN = "日本"
"""Its second character is also used for 苯, benzene."""
SHORTEST_MASKED = 5
"""Letters from which a word may have a masked letter."""
CODE_DIGITS = 4
"""Digits from which the first part of a CAS number is recognised without the rest."""

SEPARATOR = re.compile(r"[\W_]")
NOWHERE: frozenset[int] = frozenset()

SHORTEST_INFLECTED = 4
"""Letters from which a word of a name is inflected; shorter ones are abbreviations."""
SHORTEST_TURNED, SHORTEST_TURNED_CJK = 6, 4
"""Letters, and Chinese characters, from which a name is recognised backwards."""
SHORTEST_ALIKE = 6
"""Letters from which a name is recognised with `I` for `l`."""
SHORTEST_SWAPPED = 3
"""Characters from which a Chinese name may have some replaced."""
SHORT = 4
"""Characters up to which any two of a name may be replaced; in a longer name, only two adjacent ones."""
SHORTEST_SAID = 8
"""Letters from which a Chinese name is recognised in pinyin alone."""
MOST_SWAPPED = 48
"""Most respellings of one Chinese name."""

SHORTEST_INITIALS = 4
"""Syllables from which a Korean name is recognised by their initial consonants."""

HANGUL = re.compile("[\uac00-\ud7a3]")
KATAKANA = re.compile("[\u30a1-\u30f6]")


@dataclass(slots=True, kw_only=True, eq=False)
class Pattern:
    """One string searched for in the squeezed text; not frozen, which would triple the time to make one."""

    text: str
    """The squeezed string; for a misspelling, the correct name."""
    kind: PatternKind
    substance: Substance | None = None
    context: str = ""
    """See `Name.context`."""
    is_code: bool = False
    """Whether this is an abbreviation or code, which is never split over words."""
    trade: TradeKind | None = None
    splits: frozenset[int] = frozenset()
    """Usual positions of separators, in characters of `text`."""
    commas: frozenset[int] = frozenset()
    """The `splits` at which the name has a comma and a space, as index names do."""
    may_be_misspelt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matcher:
    """The automaton and its patterns."""

    automaton: ahocorasick_rs.AhoCorasick
    patterns: tuple[Pattern, ...]
    stems: tuple[tuple[str, Substance], ...]
    """Squeezed names in alphabetical order, for titles that end in the middle of a name."""
    rival_stems: tuple[str, ...]
    words: frozenset[str]
    """Latin words in names, for words with a masked letter."""
    numbers: dict[str, Substance]
    """Listed CAS numbers without their hyphens."""
    codes: frozenset[str]
    """Partial CAS numbers that sellers use as names: the first part, and the first two parts."""

    def find(self, squeezed: str) -> Iterator[tuple[Pattern, int, int]]:
        """Yield every pattern in a squeezed text, with start and end."""
        for index, start, end in self.automaton.find_matches_as_indexes(squeezed, overlapping=True):
            yield self.patterns[index], start, end


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause the garbage collector while long-lived objects are made, and keep it from them afterwards.

    It would traverse them again and again: a fifth of the time in which a scorer opens.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if was_enabled:
            gc.enable()


@lru_cache(maxsize=8)
@uncollected()
def matcher_for(gazetteer: Gazetteer, *, names_only: bool = False) -> Matcher:
    """Return the matcher of a gazetteer, compiled once; one of names only finds no trade phrases."""
    patterns: dict[tuple[str, str], Pattern] = {}
    trade = () if names_only else _trade()
    for pattern in [*_names(gazetteer), *_numbers(gazetteer), *trade]:
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
    salt_beginnings = tuple(folded("chemical_names.salt_beginnings"))
    return Matcher(
        automaton=ahocorasick_rs.AhoCorasick([in_one_alphabet(text) for text in texts]),
        patterns=tuple(kept),
        stems=tuple(
            (p.text, p.substance)
            for p in sorted(patterns.values(), key=lambda p: p.text)
            if p.kind == "name" and p.substance and not p.text.startswith(salt_beginnings)
        ),
        rival_stems=tuple(rivals),
        words=_words(gazetteer),
        numbers={squeeze(cas): substance for cas, substance in gazetteer.by_cas.items()},
        codes=_codes(gazetteer),
    )


def _merged(first: Pattern, second: Pattern) -> Pattern:
    """Return one pattern for two spellings of the same letters, with the separators of both."""
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
            is_code = name.kind in {"abbreviation", "code"}
            spelled = (*inflections_of(name.text, name.lang), name.text.upper())
            forms = list(dict.fromkeys(fold(form).text for form in spelled))  # Greek capitals fold otherwise
            for form, spelling in ((each, spelling) for each in forms for spelling in spellings_of(each)):
                yield Pattern(
                    text=squeeze(spelling),
                    kind="name",
                    substance=substance,
                    context=name.context,
                    is_code=is_code,
                    splits=splits_of(spelling),
                    commas=splits_of(spelling, after=", "),
                    may_be_misspelt=not (name.context or is_code)
                    and form == forms[0]
                    and name.confidence in SURE,
                )


def _misspelt(patterns: Iterable[Pattern], known: set[str]) -> Iterator[tuple[str, Pattern]]:
    """Yield long names with one letter missing or doubled, or two neighbours swapped, unless `known`.

    All misspellings of a name share its pattern object, because they outnumber all other patterns.
    """
    seen = set(known)
    for pattern in patterns:
        text = pattern.text
        if not pattern.may_be_misspelt or not text.isascii() or len(text) < SHORTEST_MISSPELT:
            continue
        meant = Pattern(text=text, kind="misspelt", substance=pattern.substance, splits=pattern.splits)
        for word in sorted(slips_of(text) - seen):
            seen.add(word)
            yield word, meant


def _respelt(gazetteer: Gazetteer, known: set[str]) -> Iterator[tuple[str, Pattern]]:
    """Yield reversed and respelled names, unless `known`."""
    seen = set(known)
    for substance in gazetteer.substances:
        names = [
            name for name in substance.names if not name.context and name.kind in {"canonical", "synonym"}
        ]
        for word in {initials for name in names if (initials := initials_of(name.text))} - seen:
            seen.add(word)
            yield word, Pattern(text=word, kind="misspelt", substance=substance)
        for name in {spelling for one in names for spelling in spellings_of(fold(one.text).text)}:
            backwards, splits = reversed_name(squeeze(name)), splits_of(name)
            others = [(squeeze(other), "misspelt", splits_of(other)) for other in respellings(name)]
            reversed_splits = frozenset(len(backwards) - place for place in splits)
            for word, kind, parted in [*others, (backwards, "backwards", reversed_splits)]:
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
    for kind in keys("trade_signals"):
        for phrase in folded(f"trade_signals.{kind}"):
            yield Pattern(
                text=squeeze(phrase), kind="trade", trade=cast("TradeKind", kind), splits=splits_of(phrase)
            )


def _rivals(gazetteer: Gazetteer) -> list[str]:
    names = [*gazetteer.rivals, *(n.text for s in gazetteer.unlisted for n in s.names if not n.context)]
    names += [c.name.partition("(")[0] for c in gazetteer.confusables if not c.borderline]
    names += folded("chemical_names.salts")
    return sorted({text for name in names if len(text := squeeze(fold(name).text)) > 2})


# Other spellings of a name.


def spellings_of(name: str) -> Iterator[str]:
    """Yield a folded name and its variants."""
    variants = {name}
    for usual, other in _other_parts():
        variants |= {v.replace(usual, other) for v in variants if usual in v}
    for variant in sorted(variants):
        squeezed = squeeze(variant)
        if len(squeezed) > 1 or not squeezed.isascii():
            yield variant


def splits_of(name: str, after: str = "") -> frozenset[int]:
    """Return the positions of separators, or of the separator `after`, counted in letters and digits."""
    if name.isalnum() or after not in name:
        return NOWHERE
    parts = map(squeeze, name.split(after)) if after else SEPARATOR.split(name)
    *before, _last = accumulate(map(len, parts))
    return frozenset(before)


def slips_of(text: str) -> set[str]:
    """Return a squeezed name with one inner letter missing or doubled, or two neighbours swapped."""
    inner = [i for i in range(1, len(text) - 1) if text[i].isalpha()]
    missing = {text[:i] + text[i + 1 :] for i in inner}
    doubled = {text[:i] + text[i] + text[i:] for i in inner}
    swapped = {text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in inner if text[i + 1].isalpha()}
    return (missing | doubled | swapped) - {text}


def inflections_of(name: str, language: str) -> Iterator[str]:
    """Yield a name and its other cases, all words in the same case, as `серная кислота`, `серной кислоты`."""
    rows = _inflections().get(language, ())
    parts = name.casefold().split(" ")
    forms = [_cases_of(part, rows) for part in parts]
    yield " ".join(parts)
    for case in range(max(map(len, forms))):
        yield " ".join(
            cases[case] if case < len(cases) else part for part, cases in zip(parts, forms, strict=True)
        )


def _cases_of(word: str, rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Return the other cases of a word in the dictionary form, or nothing if no row has its ending."""
    for ending, *others in rows if len(word) >= SHORTEST_INFLECTED else ():
        if word.endswith(ending) if ending else word[-1].isalpha():
            return [word.removesuffix(ending) + other for other in others]
    return []


@cache
def _inflections() -> dict[str, list[tuple[str, ...]]]:
    """Return, for each language, the endings of each kind of word, the longest dictionary form first."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in words("inflections.endings"):
        row = tuple(each.replace("-", "") for each in phrase.text.split(" "))
        found.setdefault(phrase.language, []).append(row)
    return {language: sorted(rows, key=lambda row: -len(row[0])) for language, rows in found.items()}


def reversed_name(squeezed: str) -> str:
    """Return the name backwards, or an empty string if it is short enough to occur by chance."""
    shortest = SHORTEST_TURNED_CJK if IS_CJK.search(squeezed) else SHORTEST_TURNED
    letters = sum(map(str.isalpha, squeezed))
    backwards = squeezed[::-1]
    return backwards if letters >= shortest and backwards != squeezed else ""


def respellings(name: str) -> list[str]:
    """Return the distinct respellings of a folded name, with spaces where a separator is possible."""
    return list(dict.fromkeys(_respellings(name)))


def _respellings(name: str) -> Iterator[str]:
    if KATAKANA.search(name):
        yield KATAKANA.sub(lambda kana: chr(ord(kana.group()) - 0x60), name)
    if IS_CJK.search(name):
        yield from _chinese(name)
    elif name.isascii() and "l" in name and sum(map(str.isalpha, name)) >= SHORTEST_ALIKE:
        yield name.replace("l", "i")


def initials_of(name: str) -> str:
    """Return a Korean name in the initial consonants of its syllables, or an empty string if too short."""
    syllables = HANGUL.findall(name)
    if len(syllables) < SHORTEST_INITIALS or len(syllables) < len(squeeze(name)):
        return ""
    return "".join(chr(0x1100 + (ord(each) - 0xAC00) // 588) for each in syllables)


def _chinese(name: str) -> Iterator[str]:
    yield from _with(name, _written_for("respelling.apart"))
    if len(IS_CJK.findall(name)) < SHORTEST_SWAPPED:
        return
    yield from islice(_swapped(name), MOST_SWAPPED)
    said = _pinyin()
    if set(IS_CJK.findall(name)) <= said.keys():
        in_full = "".join(f" {said[each]} " if each in said else each for each in name)
        if sum(map(str.isalpha, in_full)) >= SHORTEST_SAID:
            yield in_full
    yield from _with(name, said, is_whole=False)


def _with(name: str, others: Mapping[str, str], *, is_whole: bool = True) -> Iterator[str]:
    """Yield the name with one, two or all of its characters replaced by their other form.

    Unless `is_whole`, at least one character is not replaced.
    """
    places = [place for place, character in enumerate(name) if character in others]
    pairs = [(a, b) for a, b in combinations(places, 2) if b == a + 1 or len(places) <= SHORT]
    for chosen in {*((place,) for place in places), *pairs, tuple(places)} - {()}:
        if len(chosen) < len(IS_CJK.findall(name)) or is_whole:
            yield "".join(
                f" {others[character]} " if place in chosen else character
                for place, character in enumerate(name)
            )


def _swapped(name: str) -> Iterator[str]:
    """Yield the name with one or two characters replaced by characters of similar look or sound."""
    alike = by_key("respelling.alike")
    places = [place for place, character in enumerate(name) if character in alike]
    for count in (1, 2):
        for chosen in combinations(places, count):
            for others in product(*(alike[name[place]] for place in chosen)):
                swap = dict(zip(chosen, others, strict=True))
                yield "".join(swap.get(place, character) for place, character in enumerate(name))


@cache
def _other_parts() -> list[tuple[str, str]]:
    """Return pairs of a part of a folded name and another spelling of that part."""
    parts = by_key("respelling.parts").items(), by_key("respelling.first_words").items()
    pairs = [(fold(part).text, fold(other).text, "") for part, others in parts[0] for other in others]
    pairs += [(fold(word).text, fold(other).text, " ") for word, others in parts[1] for other in others]
    return [(part + end, other + end) for part, other, end in pairs]


@cache
def _pinyin() -> dict[str, str]:
    return {
        character: syllable
        for syllable, all_of in by_key("respelling.pinyin").items()
        for character in all_of
    }


@cache
def _written_for(table: str) -> dict[str, str]:
    return {character: other[0] for character, other in by_key(table).items()}
