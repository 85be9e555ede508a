"""Find names that a text shows only in part: digits for letters, letters masked, titles cut off."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from itertools import islice, product, takewhile
from operator import itemgetter
from typing import TYPE_CHECKING

from classifier.gazetteer.fold import squeeze
from classifier.reading.boundaries import is_part_of_longer_name
from classifier.reading.hits import Hit, accept, find_patterns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from classifier.gazetteer.model import Substance
    from classifier.reading.matcher import Matcher, Pattern
    from classifier.reading.unfold import Unfolded

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
MOST_MASKED, MOST_FITTING, MOST_TRIED = 6, 4, 16
"""Masked words looked up, known words that one may stand for, and ways to read them all that are tried."""
SHORTEST_STUMP = 8
"""Letters of a cut-off name that are enough to know it."""
NEARLY_WHOLE = 3
"""Letters missing at most where the name is meant though longer ones begin like it."""


def find_hidden(unfolded: Unfolded, matcher: Matcher) -> Iterator[Hit]:
    """Yield the names hidden in a text, beyond what stands in it openly."""
    text = unfolded.text
    if LEET_WORD.search(text):
        yield from _leet(unfolded, matcher)
    if "*" in text:
        yield from _masked(unfolded, matcher)
    if text.rstrip().endswith("..") and (cut := CUT_OFF.search(text)):
        yield from _cut_off(text[: cut.start()], matcher)


def _leet(unfolded: Unfolded, matcher: Matcher) -> Iterator[Hit]:
    text = unfolded.text
    tried = {text}
    for plain_run in (_plain_run, _plain_run_by_l):
        plain = RUN_WITH_LEET.sub(lambda run: plain_run(run.group()), text)  # noqa: B023 - used at once
        if plain not in tried:
            tried.add(plain)
            yield from _hits_in(plain, unfolded, matcher)


@lru_cache(maxsize=65_536)
def _plain_run(run: str) -> str:
    """Return a run of characters with the leetspeak of its word turned into letters."""
    return WORD_WITH_LETTERS.sub(lambda word: word.group().translate(LEET), run)


@lru_cache(maxsize=65_536)
def _plain_run_by_l(run: str) -> str:
    """Return the same, where what may stand for i or l stands for l."""
    return WORD_WITH_LETTERS.sub(lambda word: word.group().translate(LEET_OTHER).translate(LEET), run)


def _masked(unfolded: Unfolded, matcher: Matcher) -> Iterator[Hit]:
    """Yield names of which a letter or two are masked, if few words of the names fit."""
    fitting: dict[str, list[str]] = {}
    for word in sorted(set(MASKED_WORD.findall(unfolded.text)))[:MOST_MASKED]:
        if word.count("*") * 3 <= len(word):
            shape = re.compile(word.replace("*", "[a-z]"))
            known = sorted(each for each in matcher.words if shape.fullmatch(each))
            fitting |= {word: known} if 0 < len(known) <= MOST_FITTING else {}
    for choice in islice(product(*fitting.values()), MOST_TRIED if fitting else 0):
        known_as = dict(zip(fitting, choice, strict=True))
        plain = MASKED_WORD.sub(lambda word: known_as.get(word.group(), word.group()), unfolded.text)  # noqa: B023
        yield from _hits_in(plain, unfolded, matcher)


def _hits_in(plain: str, unfolded: Unfolded, matcher: Matcher) -> Iterator[Hit]:
    """Yield the names in `plain` that replaced characters of the equally long unfolded text hide."""
    text = unfolded.text
    if not any(_may_hide(pattern) for pattern, _start, _end in matcher.find(squeeze(plain))):
        return
    for pattern, places in find_patterns(plain, matcher):
        is_hidden = any(text[place] != plain[place] for place in places)
        shown = sum(text[place] == plain[place] for place in places)
        if not is_hidden or shown * 3 < len(places):
            continue
        if _may_hide(pattern) and (hit := accept(plain, pattern, places, unfolded)):
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
    missing, nearest = min((len(text) - len(stump), index) for index, (text, _) in enumerate(owners))
    names = tuple(text for text, _ in owners)
    first_rival = bisect_left(matcher.rival_stems, stump)
    rivals = takewhile(lambda stem: stem.startswith(stump), islice(matcher.rival_stems, first_rival, None))
    others = [len(rival) - len(stump) for rival in rivals if not rival.startswith(names)]
    if others and not (missing <= NEARLY_WHOLE and min(others) > missing + 1):
        return None
    return owners[nearest][1]
