"""Decide which of the found patterns are names, and keep the longest where they overlap."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from classifier.reading.boundaries import (
    NEAR,
    Place,
    has_context,
    is_part_of_longer_name,
    is_piece_of_spelled_word,
)
from classifier.reading.trade import is_cas_spelling
from text.normalise import in_one_alphabet, squeeze, squeezed_positions
from text.phrases import IS_CJK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from classifier.gazetteer.model import Substance
    from classifier.reading.matcher import Matcher, Pattern
    from classifier.reading.model import How
    from classifier.reading.unfold import Unfolded

    Found = tuple[Pattern, list[int]]
    """A pattern and the position of each of its characters in the folded text."""

SHORTEST_BROKEN = 10
"""Letters from which a name may be broken by spaces anywhere."""
FEWEST_BREAKS = 2
SYLLABLES = ((4, 7), (6, 9))
"""Longest piece, and fewest letters, of a name that is parted as often as that anywhere."""
ABBREVIATED = 2
"""Letters of a first word that is cut short with a full stop, as `ac.` for `acido`."""
STRETCH = 6
"""How many times longer than its letters a spelled-out name may be."""
LIST_BREAK = re.compile(r"[;|]|[.,:/]\s|\s[-/+&]\s")
LINE_ENDS = re.compile(r"[ \t]*(?:[\r\n]|$)")
BETWEEN_TEXTS = "\n"
"""Stands in no pattern, so that none is found across two texts."""
RANK: dict[How, int] = {"cas": 0, "name": 1, "abbreviation": 2, "disguised": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A name at a place of the folded text."""

    start: int
    end: int
    substance: Substance | None
    """None for the name of an unlisted chemical."""
    how: How


def find_patterns(text: str, matcher: Matcher) -> list[Found]:
    """Return each pattern in a folded text, with the position of each of its characters."""
    return find_all_patterns([text], matcher)[0]


def find_all_patterns(texts: Sequence[str], matcher: Matcher, *, trade: bool = True) -> list[list[Found]]:
    """Return, for each folded text, what `find_patterns` does; in one pass over all of them.

    Args:
        texts: Folded texts.
        matcher: What is searched for.
        trade: Whether the phrases of the trade are wanted too.
    """
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


def accept(text: str, pattern: Pattern, places: list[int], unfolded: Unfolded) -> Hit | None:
    """Return the hit that a found pattern is, or None when it is only a run of letters.

    Args:
        text: The unfolded text, or an equally long one in which letters were replaced.
        pattern: What was found in it.
        places: Where each of its characters stands.
        unfolded: Knows where words may begin without a space.
    """
    start, end = places[0], places[-1] + 1
    seams = unfolded.seams_of(start, end)
    if pattern.kind == "cas":
        accepted = is_cas_spelling(text, places)
        return Hit(start=start, end=end, substance=pattern.substance, how="cas") if accepted else None
    if pattern.kind == "trade" or not _is_whole_word(text, start, end, pattern, seams):
        return None
    if pattern.kind == "turned":
        return _turned_hit(text, start, end, pattern, places)
    spelling = _spelling(text, pattern, places)
    if spelling == "disguised" and is_piece_of_spelled_word(text, places):
        return None
    if spelling is None or (pattern.substance and not _stands(text, start, end, pattern, unfolded)):
        return None
    how: How = "abbreviation" if pattern.is_code and spelling == "name" else spelling
    return Hit(start=start, end=end, substance=pattern.substance, how=how)


def _turned_hit(text: str, start: int, end: int, pattern: Pattern, places: list[int]) -> Hit | None:
    """Return the hit that a name written backwards is; what stands beside it can be no part of it."""
    is_apart = not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())
    if not is_apart or _spelling(text, pattern, places) is None:
        return None
    return Hit(start=start, end=end, substance=pattern.substance, how="disguised")


def longest(hits: Iterable[Hit]) -> list[Hit]:
    """Keep the longest of overlapping hits, then drop those that name unlisted chemicals."""
    kept: list[Hit] = []
    taken: set[int] = set()
    for hit in sorted(hits, key=lambda h: (h.start - h.end, RANK[h.how], h.start)):
        places = range(hit.start, hit.end)
        if taken.isdisjoint(places):
            taken.update(places)
            kept.append(hit)
    return sorted((h for h in kept if h.substance), key=lambda h: h.start)


def _is_whole_word(text: str, start: int, end: int, pattern: Pattern, seams: tuple[bool, bool]) -> bool:
    """Say cheaply whether a name begins and ends with a word; endings of listed ones are judged later."""
    before = text[start - 1] if start and not seams[0] else " "
    after = text[end] if end < len(text) and not seams[1] else " "
    if text[start].isascii() and before.isascii() and before.isalnum():
        return False
    if pattern.kind == "rival":
        return not after.isalnum() or not after.isascii()
    return not (after.isdigit() and text[end - 1].isdigit())


def _stands(text: str, start: int, end: int, pattern: Pattern, unfolded: Unfolded) -> bool:
    substance, seams = pattern.substance, unfolded.seams_of(start, end)
    if substance is None or is_part_of_longer_name(text, start, end, substance.key, seams):
        return False
    return not pattern.context or has_context(
        _place(text, start, end, unfolded), context=pattern.context, tier=substance.tier
    )


def _place(text: str, start: int, end: int, unfolded: Unfolded) -> Place:
    original, spans = unfolded.folded.original, unfolded.spans
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
    """Say how a name is written, or None when its letters belong to several words by chance."""
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
    """Say whether a name is parted so often, for its length, that its pieces are no words side by side."""
    return breaks >= FEWEST_BREAKS and any(
        longest_piece <= piece and letters >= least for piece, least in SYLLABLES
    )
