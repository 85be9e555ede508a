"""Find names that a text shows only in part: digits for letters, letters masked, titles cut off."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from itertools import islice, takewhile
from operator import itemgetter
from typing import TYPE_CHECKING

from classifier.gazetteer.fold import squeeze
from classifier.reading.boundaries import is_part_of_longer_name
from classifier.reading.hits import Hit, accept, find_patterns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from classifier.gazetteer.model import Substance
    from classifier.reading.matcher import Matcher, Pattern

LEET = str.maketrans("0134578@$!|€", "oieastbasiie")
LEET_OTHER = str.maketrans("1!|", "lll")
LEET_WORD = re.compile(
    r"[\d@$!|€](?:(?<=[^\W\d_].)[\d@$!|€]*[^\W\d_]|(?<=[^\W\d_]{2}[@$!|€0134578])"
    r"|(?<=[@$!|€0134578])(?<![^\W_].)[^\W\d_]{3})"
)
"""Between letters, before three of a word, or after two. It begins with what is rare, and looks back."""
WORD_WITH_LETTERS = re.compile(r"[\d@$!|€]*[^\W\d_][\w@$!|€]*")
RUN_WITH_LEET = re.compile(r"(?<![\w@$!|€])[\w@$!|€]*[013457@$!|€8][\w@$!|€]*")
"""Where there may be a word that leetspeak changes."""
MASKED_WORD = re.compile(r"(?<![\w*])[a-z]{1,20}\*[a-z*]{0,20}[a-z](?![\w*])")
CUT_OFF = re.compile(r"(?<=[^\W_])\s*\.{2,}\s*$")
WORD_START = re.compile(r"(?<![^\W_])[^\W_]")

SHORTEST_DISGUISED = 5
"""Letters a name needs before other characters may stand for letters in it."""
SHORTEST_STUMP = 8
"""Letters of a cut-off name that are enough to know it."""


def find_hidden(text: str, matcher: Matcher) -> Iterator[Hit]:
    """Yield the names hidden in a folded text, beyond what stands in it openly."""
    if LEET_WORD.search(text):
        yield from _leet(text, matcher)
    if "*" in text:
        yield from _masked(text, matcher)
    if text.rstrip().endswith("..") and (cut := CUT_OFF.search(text)):
        yield from _cut_off(text[: cut.start()], matcher)


def _leet(text: str, matcher: Matcher) -> Iterator[Hit]:
    tried = {text}
    for plain_run in (_plain_run, _plain_run_by_l):
        plain = RUN_WITH_LEET.sub(lambda run: plain_run(run.group()), text)  # noqa: B023 - used at once
        if plain not in tried:
            tried.add(plain)
            yield from _hits_in(plain, text, matcher)


@lru_cache(maxsize=65_536)
def _plain_run(run: str) -> str:
    """Return a run of characters with the leetspeak of its word turned into letters."""
    return WORD_WITH_LETTERS.sub(lambda word: word.group().translate(LEET), run)


@lru_cache(maxsize=65_536)
def _plain_run_by_l(run: str) -> str:
    """Return the same, where what may stand for i or l stands for l."""
    return WORD_WITH_LETTERS.sub(lambda word: word.group().translate(LEET_OTHER).translate(LEET), run)


def _masked(text: str, matcher: Matcher) -> Iterator[Hit]:
    """Yield names of which a letter or two are masked, if only one word of the names fits."""
    known: dict[str, str] = {}
    for word in set(MASKED_WORD.findall(text)):
        if word.count("*") * 3 <= len(word):
            shape = re.compile(word.replace("*", "[a-z]"))
            fitting = [known_word for known_word in matcher.words if shape.fullmatch(known_word)]
            known |= {word: fitting[0]} if len(fitting) == 1 else {}
    if known:
        plain = MASKED_WORD.sub(lambda word: known.get(word.group(), word.group()), text)
        yield from _hits_in(plain, text, matcher)


def _hits_in(plain: str, text: str, matcher: Matcher) -> Iterator[Hit]:
    """Yield the names in `plain` that replaced characters of the equally long `text` hide."""
    if not any(_may_hide(pattern) for pattern, _start, _end in matcher.find(squeeze(plain))):
        return
    for pattern, places in find_patterns(plain, matcher):
        is_hidden = any(text[place] != plain[place] for place in places)
        shown = sum(text[place] == plain[place] for place in places)
        if not is_hidden or shown * 3 < len(places):
            continue
        if _may_hide(pattern) and (hit := accept(plain, pattern, places)):
            yield Hit(start=hit.start, end=hit.end, substance=hit.substance, how="disguised")


def _may_hide(pattern: Pattern) -> bool:
    return pattern.kind in {"name", "rival"} and len(pattern.text) >= SHORTEST_DISGUISED


def _cut_off(shown: str, matcher: Matcher) -> Iterator[Hit]:
    """Yield the listed name that the shown text ends in the middle of, if it can be no other."""
    for word in WORD_START.finditer(shown):
        stump = squeeze(shown[word.start() :])
        if len(stump) < SHORTEST_STUMP:
            return
        owner = _owner_of_stump(stump, matcher)
        if owner and not is_part_of_longer_name(shown, word.start(), len(shown), owner.key):
            yield Hit(start=word.start(), end=len(shown), substance=owner, how="name")
            return


def _owner_of_stump(stump: str, matcher: Matcher) -> Substance | None:
    """Return the substance whose name begins with `stump`, unless an unlisted chemical's does too."""
    first = bisect_left(matcher.stems, stump, key=itemgetter(0))
    beginning = takewhile(lambda stem: stem[0].startswith(stump), islice(matcher.stems, first, None))
    owners = [(text, substance) for text, substance in beginning if len(stump) * 2 >= len(text)]
    if not owners or not any(c.isalpha() for c in stump):
        return None
    names = tuple(text for text, _ in owners)
    first_rival = bisect_left(matcher.rival_stems, stump)
    rivals = takewhile(lambda stem: stem.startswith(stump), islice(matcher.rival_stems, first_rival, None))
    if not all(rival.startswith(names) for rival in rivals):
        return None
    return owners[0][1]
