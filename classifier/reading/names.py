"""Find names in a text by their spelling, by a part of it, or by their sound.

This module decides which of the found patterns are names, and keeps the longest where names overlap. A text
may hide part of a name: it replaces letters by digits, masks letters, or cuts the title off. Or it writes a
name phonetically, `pie per oh nal` or `4zeton`. For these each word is reduced to a rough sound, in which
easily confused letters are one. The sounds of the words are concatenated and searched for the sounds of
names.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, islice, pairwise, product, takewhile
from operator import itemgetter
from typing import TYPE_CHECKING

import ahocorasick_rs

from classifier.reading.boundaries import (
    NEAR,
    Place,
    has_context,
    is_part_of_longer_name,
    is_piece_of_spelled_word,
    with_attached,
)
from classifier.reading.trade_signals import is_cas_spelling
from text.normalise import WORD, WordTable, fold, in_one_alphabet, split_words, squeeze, squeezed_positions
from text.phrases import IS_CJK, by_key, folded, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from classifier.gazetteer.substances import Gazetteer, Substance
    from classifier.reading.deobfuscate import Deobfuscated
    from classifier.reading.matcher import Matcher, Pattern
    from classifier.reading.model import How

    Found = tuple[Pattern, list[int]]
    """A pattern and the position of each of its characters in the folded text."""

SHORTEST_BROKEN = 10
"""Letters from which a name may contain spaces anywhere."""
FEWEST_BREAKS = 2
SYLLABLES = ((4, 7), (6, 9))
"""Longest piece and fewest letters of a name that is broken at least `FEWEST_BREAKS` times."""
ABBREVIATED = 2
"""Letters of a first word abbreviated with a full stop, as in `ac.` for `acido`."""
STRETCH = 6
"""Longest span of a spelled-out name, in multiples of its number of letters."""
LIST_BREAK = re.compile(r"[;|]|[.,:/]\s|\s[-/+&]\s")
LINE_ENDS = re.compile(r"[ \t]*(?:[\r\n]|$)")
BETWEEN_TEXTS = "\n"
"""No pattern contains this character, so no match spans two texts."""
RANK: dict[How, int] = {"cas": 0, "name": 1, "abbreviation": 2, "disguised": 3}

LEET = str.maketrans("0134578@$!|€", "oieastbasiie")
LEET_WORD = re.compile(
    r"[\d@$!|€](?:(?<=[^\W\d_].)[\d@$!|€]*[^\W\d_]|(?<=[^\W\d_]{2}[@$!|€0134578])"
    r"|(?<=[@$!|€0134578])(?<![^\W_].)[^\W\d_]{3})"
)
"""A leetspeak character between letters, before three letters of a word, or after two.

The pattern begins with the rare character and looks back, which is faster.
"""
WORD_WITH_LETTERS = re.compile(r"[\d@$!|€]*[^\W\d_][\w@$!|€]*")
MASKED_WORD = re.compile(r"(?<![\w*])[a-z]{1,20}\*[a-z*]{0,20}[a-z](?![\w*])")
CUT_OFF = re.compile(r"(?<=[^\W_])\s*\.{2,}\s*$")
WORD_START = re.compile(r"(?<![^\W_])[^\W_]")

SHORTEST_DISGUISED = 5
"""Letters from which a name may have other characters in place of letters."""
MOST_MASKED, MOST_FITTING, MOST_TRIED = 6, 4, 16
"""Most masked words looked up, known words that fit one of them, and combinations tried."""
SHORTEST_STUMP = 8
"""Letters from which a cut-off name is recognised."""
NEARLY_WHOLE = 3
"""Most missing letters of a cut-off name that is preferred to longer names with the same beginning."""


SHORTEST_SOUND, SHORTEST_PARTED = 6, 7
"""Letters from which a sound in one word, or in several, counts: `a sit on` sounds like acetone."""
MOST_HEARD = 48
"""Words compared by sound: offers name their goods early."""
NO_SOUND = "|"
"""The sound of a word that is in no name: a number or Chinese."""

LEET_SOUNDS = str.maketrans("013458@$", "oieasbas")
BY_LETTERS = (
    ("sch", "s"), ("ph", "f"), ("ch", "k"), ("h", ""), ("qu", "k"), ("ck", "k"), ("x", "ks"), ("tz", "s"),
    ("ts", "s"), ("y", "i"), ("j", "i"), ("ee", "i"), ("ea", "i"), ("ie", "i"), ("ei", "i"), ("oo", "u"),
    ("ou", "u"), ("oe", "o"), ("eu", "u"),
)  # fmt: skip
"""Letter groups and their shorter sounds, in order of replacement."""
SOFT_C = re.compile(r"c(?=[ei])")
SILENT = re.compile(r"^p(?=s)|(?<=..)e$")
ONE_SOUND = str.maketrans("cqdbgvwzeu", "kktpkffsio")
"""Easily confused letters."""
DOUBLED = re.compile(r"(.)\1+")
HAS_LETTERS = re.compile(r"[a-z\u0400-\u052f]")
EASTERN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A name found in the folded text."""

    start: int
    end: int
    substance: Substance | None
    """None for the name of an unlisted chemical."""
    how: How


def find_patterns(text: str, matcher: Matcher) -> list[Found]:
    """Return each pattern in a folded text, with the positions of its characters."""
    return find_all_patterns([text], matcher)[0]


def find_all_patterns(texts: Sequence[str], matcher: Matcher, *, trade: bool = True) -> list[list[Found]]:
    """Return the patterns in each folded text, as `find_patterns` does, in one pass over all texts."""
    squeezed = [in_one_alphabet(squeeze(text)) for text in texts]
    starts = [0, *accumulate(len(text) + len(BETWEEN_TEXTS) for text in squeezed)]
    found: list[list[Found]] = [[] for _ in texts]
    positions: dict[int, list[int]] = {}
    for pattern, start, end in matcher.find(BETWEEN_TEXTS.join(squeezed)):
        if pattern.trade and not trade:
            continue
        index = bisect_right(starts, start) - 1
        if index not in positions:
            positions[index] = squeezed_positions(texts[index])
        found[index].append((pattern, positions[index][start - starts[index] : end - starts[index]]))
    return found


def accept(text: str, pattern: Pattern, places: list[int], deobfuscated: Deobfuscated) -> Hit | None:
    """Return a hit for a found pattern, or None if its letters do not form a name.

    The text is the deobfuscated one, or one of equal length with letters replaced. `places` has the positions
    of the pattern's characters.
    """
    start, end = places[0], places[-1] + 1
    seams = deobfuscated.seams_of(start, end)
    if pattern.kind == "cas":
        accepted = is_cas_spelling(text, places)
        return Hit(start=start, end=end, substance=pattern.substance, how="cas") if accepted else None
    if pattern.kind == "trade" or not _is_whole_word(text, start, end, pattern, seams):
        return None
    if pattern.kind == "backwards":
        return _backwards_hit(text, start, end, pattern, places)
    spelling = _spelling(text, pattern, places)
    if spelling == "disguised" and is_piece_of_spelled_word(text, places):
        return None
    if spelling is None or (pattern.substance and not _stands(text, start, end, pattern, deobfuscated)):
        return None
    how: How = "abbreviation" if pattern.is_code and spelling == "name" else spelling
    return Hit(start=start, end=end, substance=pattern.substance, how=how)


def _backwards_hit(text: str, start: int, end: int, pattern: Pattern, places: list[int]) -> Hit | None:
    """Return a hit for a name written backwards, or None if it is part of a longer word."""
    is_apart = not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())
    if not is_apart or _spelling(text, pattern, places) is None:
        return None
    return Hit(start=start, end=end, substance=pattern.substance, how="disguised")


def longest(hits: Iterable[Hit]) -> list[Hit]:
    """Keep the longest of overlapping hits, then drop the names of unlisted chemicals."""
    kept: list[Hit] = []
    taken: set[int] = set()
    for hit in sorted(hits, key=lambda h: (h.start - h.end, RANK[h.how], h.start)):
        places = range(hit.start, hit.end)
        if taken.isdisjoint(places):
            taken.update(places)
            kept.append(hit)
    return sorted((h for h in kept if h.substance), key=lambda h: h.start)


def _is_whole_word(text: str, start: int, end: int, pattern: Pattern, seams: tuple[bool, bool]) -> bool:
    """Return whether a name starts and ends at word boundaries; endings of listed names are checked later."""
    before = text[start - 1] if start and not seams[0] else " "
    after = text[end] if end < len(text) and not seams[1] else " "
    if text[start].isascii() and before.isascii() and before.isalnum():
        return False
    if pattern.kind == "rival":
        return not after.isalnum() or not after.isascii()
    return not (after.isdigit() and text[end - 1].isdigit())


def _stands(text: str, start: int, end: int, pattern: Pattern, deobfuscated: Deobfuscated) -> bool:
    substance, seams = pattern.substance, deobfuscated.seams_of(start, end)
    if substance is None or is_part_of_longer_name(text, start, end, substance.key, seams):
        return False
    if not pattern.context:
        return True
    place = _place(text, *with_attached(text, start, end), deobfuscated)
    return has_context(place, context=pattern.context, tier=substance.tier)


def _place(text: str, start: int, end: int, deobfuscated: Deobfuscated) -> Place:
    original, spans = deobfuscated.folded.original, deobfuscated.spans
    first, last = (spans[start][0], spans[end - 1][1]) if spans else (start, end)
    return Place(
        text=text,
        start=start,
        end=end,
        ends_line=LINE_ENDS.match(original, last) is not None,
        written=original[first:last],
        around=original[max(0, first - NEAR) : last + NEAR],
    )


def _spelling(text: str, pattern: Pattern, places: list[int]) -> How | None:
    """Return how a name is written, or None if its letters belong to unrelated words."""
    gaps = [(i, text[a + 1 : b]) for i, (a, b) in enumerate(pairwise(places), start=1) if b - a > 1]
    odd = [
        (i, gap)
        for i, gap in gaps
        if i not in pattern.splits and text[places[i - 1]].isalpha() and text[places[i]].isalpha()
    ]
    longest_piece = max(b - a for a, b in pairwise([0, *(i for i, _ in odd), len(places)]))
    is_stretched = places[-1] - places[0] >= STRETCH * len(places)
    parted = any(
        LIST_BREAK.search(gap)
        for i, gap in gaps
        if i not in pattern.commas and (i, gap) != (ABBREVIATED, ". ")
    )
    if _is_in_syllables(len(odd), longest_piece, len(places)) and not (is_stretched or pattern.is_code):
        return "disguised"
    if is_stretched or (longest_piece > 2 and parted):
        return None
    if not odd:
        return "disguised" if pattern.kind == "misspelt" else "name"
    spelled_out = longest_piece <= 2 or bool(IS_CJK.match(pattern.text[-1]))
    if spelled_out or not any(" " in gap or gap == "-" for _, gap in odd):
        return "disguised"
    if len(places) < SHORTEST_BROKEN or pattern.is_code:
        return None
    is_plain = all(set(gap) <= set(" -") for _, gap in odd) and pattern.kind != "misspelt"
    return "name" if is_plain else "disguised"


def _is_in_syllables(breaks: int, longest_piece: int, letters: int) -> bool:
    """Return whether a name has too many breaks for its pieces to be ordinary words."""
    return breaks >= FEWEST_BREAKS and any(
        longest_piece <= piece and letters >= least for piece, least in SYLLABLES
    )


# Hidden names.


def find_all_hidden(texts: Sequence[Deobfuscated], matcher: Matcher) -> list[list[Hit]]:
    """Return the names that each text disguises; plainly written names are not included."""
    found: list[list[Hit]] = [[] for _ in texts]
    plain_readings = map(_plain_reading, (each.text for each in texts))
    leet = [(index, plain) for index, plain in enumerate(plain_readings) if plain != texts[index].text]
    patterns = find_all_patterns([plain for _, plain in leet], matcher, trade=False)
    for (index, plain), seen in zip(leet, patterns, strict=True):
        found[index] += _hits_in(plain, seen, texts[index])
    for index, each in enumerate(texts):
        if "*" in each.text:
            found[index] += _masked(each, matcher)
        if each.text.rstrip().endswith("..") and (cut := CUT_OFF.search(each.text)):
            found[index] += _cut_off(each.text[: cut.start()], matcher)
    return found


def _plain_reading(text: str) -> str:
    """Return the text with the leetspeak in its words replaced by letters."""
    if not LEET_WORD.search(text):
        return text
    return WORD_WITH_LETTERS.sub(lambda word: word.group().translate(LEET), text)


def _masked(deobfuscated: Deobfuscated, matcher: Matcher) -> Iterator[Hit]:
    """Yield names with masked letters, where only a few known words fit."""
    fitting: dict[str, list[str]] = {}
    for word in sorted(set(MASKED_WORD.findall(deobfuscated.text)))[:MOST_MASKED]:
        if word.count("*") * 3 <= len(word):
            shape = re.compile(word.replace("*", "[a-z]"))
            known = sorted(each for each in matcher.words if shape.fullmatch(each))
            fitting |= {word: known} if 0 < len(known) <= MOST_FITTING else {}
    for choice in islice(product(*fitting.values()), MOST_TRIED if fitting else 0):
        known_as = dict(zip(fitting, choice, strict=True))
        plain = MASKED_WORD.sub(lambda word: known_as.get(word.group(), word.group()), deobfuscated.text)  # noqa: B023
        yield from _hits_in(plain, find_patterns(plain, matcher), deobfuscated)


def _hits_in(plain: str, found: Iterable[Found], deobfuscated: Deobfuscated) -> Iterator[Hit]:
    """Yield the names in `plain` that the text disguises; both texts have the same length."""
    text = deobfuscated.text
    for pattern, places in found:
        if not _may_hide(pattern):
            continue
        is_hidden = any(text[place] != plain[place] for place in places)
        shown = sum(text[place] == plain[place] for place in places)
        if not is_hidden or shown * 3 < len(places):
            continue
        if hit := accept(plain, pattern, places, deobfuscated):
            yield Hit(start=hit.start, end=hit.end, substance=hit.substance, how="disguised")


def _may_hide(pattern: Pattern) -> bool:
    is_plain = pattern.kind == "rival" or bool(pattern.may_be_misspelt or pattern.context)
    return is_plain and len(pattern.text) >= SHORTEST_DISGUISED


def _cut_off(shown: str, matcher: Matcher) -> Iterator[Hit]:
    """Yield the listed name cut off at the end of the text, if it is unambiguous."""
    for word in WORD_START.finditer(shown):
        stump = squeeze(shown[word.start() :])
        if len(stump) < SHORTEST_STUMP:
            return
        owner = _owner_of_stump(stump, matcher)
        if owner and not is_part_of_longer_name(shown, word.start(), len(shown), owner.key):
            yield Hit(start=word.start(), end=len(shown), substance=owner, how="name")
            return


def _owner_of_stump(stump: str, matcher: Matcher) -> Substance | None:
    """Return the substance whose name begins with `stump`, unless it may be an unlisted chemical."""
    first = bisect_left(matcher.stems, stump, key=itemgetter(0))
    beginning = takewhile(lambda stem: stem[0].startswith(stump), islice(matcher.stems, first, None))
    owners = [(text, substance) for text, substance in beginning if len(stump) * 2 >= len(text)]
    if not owners or not any(c.isalpha() for c in stump):
        return None
    missing, nearest = min((len(text) - len(stump), index) for index, (text, _) in enumerate(owners))
    names = tuple(text for text, _ in owners)
    first_rival = bisect_left(matcher.rival_stems, stump)
    rivals = takewhile(lambda stem: stem.startswith(stump), islice(matcher.rival_stems, first_rival, None))
    others = [len(rival) - len(stump) for rival in rivals if not rival.startswith(names)]
    if others and not (missing <= NEARLY_WHOLE and min(others) > missing + 1):
        return None
    return owners[nearest][1]


# Names by their sound.


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhoneticNames:
    """An index of names by sound."""

    automaton: ahocorasick_rs.AhoCorasick
    substances: tuple[Substance, ...]
    """The substance of each sound in the automaton."""
    spelled: frozenset[str]
    """Squeezed spellings of names and ordinary words, which are not matched by sound."""


def find_phonetic(text: str, words: Sequence[str], names: PhoneticNames) -> Iterator[Hit]:
    """Yield each listed name that words of a folded text, from `split_words`, sound like."""
    sounds = _sounds().of(words[:MOST_HEARD])
    found = names.automaton.find_matches_as_indexes("".join(sounds), overlapping=True)
    if not found:
        return
    ends = [0, *accumulate(map(len, sounds))]
    for index, start, end in found:
        # A word without a sound, such as `h`, before or after a name is not part of it.
        first, after = bisect_right(ends, start) - 1, bisect_left(ends, end)
        is_long = after - first == 1 or end - start >= SHORTEST_PARTED
        is_whole = ends[first] == start and ends[after] == end
        if is_long and is_whole and "".join(words[first:after]) not in names.spelled:
            places = [word.span() for word in islice(WORD.finditer(text), after)]
            begins, stops = places[first][0], places[-1][1]
            key = names.substances[index].key
            if not (
                LIST_BREAK.search(text, begins, stops) or is_part_of_longer_name(text, begins, stops, key)
            ):
                yield Hit(start=begins, end=stops, substance=names.substances[index], how="disguised")


@lru_cache(maxsize=8)
def phonetic_names(gazetteer: Gazetteer) -> PhoneticNames:
    """Index the names of a gazetteer by sound, without the sounds that unlisted chemicals share."""
    listed = [(name, substance) for substance in gazetteer.substances for name in substance.names]
    others = [*gazetteer.rivals, *(name.text for each in gazetteer.unlisted for name in each.names)]
    taken = {sound_of(name) for name in others}
    known_by_letters = (*others, *(name.text for name, _substance in listed), *folded("phonetic.ordinary"))
    known: dict[str, Substance] = {}
    for name, substance in listed:
        sound = sound_of(name.text)
        is_name = name.kind in {"canonical", "synonym"} and not name.context
        if is_name and len(sound) >= SHORTEST_SOUND and NO_SOUND not in sound and sound not in taken:
            known.setdefault(sound, substance)
    return PhoneticNames(
        automaton=ahocorasick_rs.AhoCorasick(list(known)),
        substances=tuple(known.values()),
        spelled=frozenset(squeeze(fold(text).text) for text in known_by_letters),
    )


def sound_of(text: str) -> str:
    """Return the concatenated sounds of a name's words."""
    return "".join(_sounds().of(split_words(fold(text).text)))


@lru_cache(maxsize=1)
def _sounds() -> WordTable[str]:
    return WordTable(_sound)


def _sound(word: str) -> str:
    if EASTERN.search(word) or not HAS_LETTERS.search(word):
        return NO_SOUND
    heard = word.translate(LEET_SOUNDS).translate(_in_latin())
    for letters, less in BY_LETTERS:
        heard = heard.replace(letters, less)
    heard = SILENT.sub("", SOFT_C.sub("s", heard))
    return DOUBLED.sub(r"\1", heard.translate(ONE_SOUND))


@cache
def _in_latin() -> dict[int, str]:
    """Return the `str.translate` table from Russian letters to their sounds."""
    sounds = {letter: sound[0] for letter, sound in by_key("phonetic.letters").items()}
    return str.maketrans(sounds | dict.fromkeys(written("phonetic.silent"), ""))
