"""Find names that a text shows only in part: digits for letters, letters masked, titles cut off."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from itertools import islice, product, takewhile
from operator import itemgetter
from typing import TYPE_CHECKING

from classifier.reading.boundaries import is_part_of_longer_name
from classifier.reading.hits import Hit, accept, find_all_patterns, find_patterns
from text.normalise import squeeze

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from classifier.gazetteer.model import Substance
    from classifier.reading.hits import Found
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
LEET_CHARACTER = re.compile(r"[0134578@$!|€]")
LIKE_L = re.compile(r"[1!|]")
REST_OF_RUN = re.compile(r"[\w@$!|€]*")
"""Where there may be a word that leetspeak changes: a run of such characters with one of leetspeak in it."""
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


def find_all_hidden(texts: Sequence[Unfolded], matcher: Matcher) -> list[list[Hit]]:
    """Return, for each text, the names hidden in it, beyond what stands in it openly."""
    found: list[list[Hit]] = [[] for _ in texts]
    leet = [(index, plain) for index, each in enumerate(texts) for plain in _plain_readings(each.text)]
    patterns = find_all_patterns([plain for _, plain in leet], matcher, trade=False)
    for (index, plain), seen in zip(leet, patterns, strict=True):
        found[index] += _hits_in(plain, seen, texts[index])
    for index, each in enumerate(texts):
        if "*" in each.text:
            found[index] += _masked(each, matcher)
        if each.text.rstrip().endswith("..") and (cut := CUT_OFF.search(each.text)):
            found[index] += _cut_off(each.text[: cut.start()], matcher)
    return found


def _plain_readings(text: str) -> Iterator[str]:
    """Yield the text with its leetspeak turned into letters, in each way that changes something."""
    if not LEET_WORD.search(text):
        return
    by_i = _replaced(text, _plain_run)
    if by_i != text:
        yield by_i
    by_l = _replaced(text, _plain_run_by_l) if LIKE_L.search(text) else by_i
    if by_l not in {text, by_i}:
        yield by_l


def _replaced(text: str, plain_run: Callable[[str], str]) -> str:
    """Replace each run of word characters that holds leetspeak; found from what is rare, not word by word."""
    parts: list[str] = []
    done = 0
    for sign in LEET_CHARACTER.finditer(text):
        if sign.start() < done:
            continue
        start = sign.start() - _end_of_run(text[done : sign.start()][::-1])
        end = _end_of_run(text, sign.start())
        parts += [text[done:start], plain_run(text[start:end])]
        done = end
    return "".join([*parts, text[done:]])


def _end_of_run(text: str, start: int = 0) -> int:
    run = REST_OF_RUN.match(text, start)
    return run.end() if run else start


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
        yield from _hits_in(plain, find_patterns(plain, matcher), unfolded)


def _hits_in(plain: str, found: Iterable[Found], unfolded: Unfolded) -> Iterator[Hit]:
    """Yield the names in `plain` that replaced characters of the equally long unfolded text hide."""
    text = unfolded.text
    for pattern, places in found:
        if not _may_hide(pattern):
            continue
        is_hidden = any(text[place] != plain[place] for place in places)
        shown = sum(text[place] == plain[place] for place in places)
        if not is_hidden or shown * 3 < len(places):
            continue
        if hit := accept(plain, pattern, places, unfolded):
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
