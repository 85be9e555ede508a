"""Find names that a text shows only in part: digits for letters, letters masked, titles cut off."""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import islice, takewhile
from operator import itemgetter
from typing import TYPE_CHECKING

from classifier.gazetteer.fold import squeeze
from classifier.reading.boundaries import is_part_of_longer_name
from classifier.reading.hits import Hit, accept, find_patterns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from classifier.gazetteer.model import Substance
    from classifier.reading.matcher import Matcher

LEET = str.maketrans("0134578@$!|€", "oieastbasiie")
LEET_OTHER = str.maketrans("1!|", "lll")
LEET_WORD = re.compile(
    r"[^\W\d_][\d@$!|€]+[^\W\d_]|(?<![^\W_])[@$!|€0134578][^\W\d_]{3}|[^\W\d_]{2}[@$!|€0134578]"
)
MASKED_WORD = re.compile(r"(?<![\w*])[a-z][a-z]*\*[a-z*]*[a-z](?![\w*])")
CUT_OFF = re.compile(r"(?<=[^\W_])\s*\.{2,}\s*$")
WORD_START = re.compile(r"(?<![^\W_])[^\W_]")

SHORTEST_DISGUISED = 6
"""Letters a name needs before other characters may stand for letters in it."""
SHORTEST_STUMP = 8
"""Letters of a cut-off name that are enough to know it."""


def find_hidden(text: str, matcher: Matcher) -> Iterator[Hit]:
    """Yield the names hidden in a folded text, beyond what stands in it openly."""
    if LEET_WORD.search(text):
        yield from _leet(text, matcher)
    for word in MASKED_WORD.finditer(text):
        yield from _masked(word, matcher)
    if cut := CUT_OFF.search(text):
        yield from _cut_off(text[: cut.start()], matcher)


def _leet(text: str, matcher: Matcher) -> Iterator[Hit]:
    for table in ({}, LEET_OTHER):
        plain = text.translate(table).translate(LEET)
        for pattern, places in find_patterns(plain, matcher):
            letters = sum(text[place].isalpha() for place in places)
            is_replaced = letters < len(places) <= 2 * letters and pattern.text.isalpha()
            if not is_replaced or pattern.kind == "misspelt" or len(places) < SHORTEST_DISGUISED:
                continue
            if hit := accept(plain, pattern, places):
                yield Hit(start=hit.start, end=hit.end, substance=hit.substance, how="disguised")


def _masked(word: re.Match[str], matcher: Matcher) -> Iterator[Hit]:
    shown = word.group()
    if len(shown) < SHORTEST_DISGUISED or shown.count("*") * 3 > len(shown):
        return
    shape = re.compile(shown.replace("*", "[a-z]"))
    owners = {s.key: s for text, s in matcher.stems if shape.fullmatch(text)}
    if len(owners) == 1 and not any(shape.fullmatch(rival) for rival in matcher.rival_stems):
        yield Hit(start=word.start(), end=word.end(), substance=next(iter(owners.values())), how="disguised")


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
    if any(r.startswith(stump) and not r.startswith(names) for r in matcher.rival_stems):
        return None
    return owners[0][1]
