"""Read one text against the gazetteer: which listed substances it names, offers, and how."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from classifier.gazetteer.fold import fold, squeeze, squeezed_positions
from classifier.reading.boundaries import CJK, part_of_longer_name
from classifier.reading.matcher import Matcher, Pattern, matcher_for
from classifier.reading.model import CasNumber, How, Mention, Reading, TradeSign
from classifier.reading.offered import has_context, why_not_offered
from classifier.reading.trade import find_cas_numbers, find_trade_patterns, is_cas_spelling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from classifier.gazetteer.model import Gazetteer, Substance
    from classifier.gazetteer.fold import Folded
    from classifier.reading.model import TradeKind

LEET = str.maketrans("0134578@$!|€", "oieastbasiie")
LEET_OTHER = str.maketrans("1!|", "lll")
LEET_WORD = re.compile(r"[^\W\d_][\d@$!|€]+[^\W\d_]|[@$!|€][^\W\d_]{2}|[^\W\d_]{2}[@$!|€0134578]")
SHORTEST_DISGUISED = 6
"""Letters a name needs before digits may stand for letters in it."""
SHORTEST_BROKEN = 10
"""Letters from which a name may be broken by spaces anywhere."""
SHORTEST_STUMP = 8
"""Letters of a cut-off name that are enough to know it."""
CUT_OFF = re.compile(r"\s*\.{2,}\s*$")
LIST_BREAK = re.compile(r"[;|]|[.,:/]\s|\s[-/+&]\s")
CODE_DIGITS = 5
"""Digits a first part of a CAS number needs to be known without the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hit:
    """A name at a place of the folded text."""

    start: int
    end: int
    substance: Substance | None
    """None for the name of an unlisted chemical."""
    how: How


def read_text(text: str, gazetteer: Gazetteer) -> Reading:
    """Read a listing's text, in any script and however disguised.

    Args:
        text: Title, or title and description.
        gazetteer: The law and the names to read against; keep one and pass it again, since the
            first reading compiles it.

    Returns:
        Mentions, CAS numbers and trade signs, each in the order of the text. Every span indexes
        `text` itself.
    """
    folded = fold(text)
    matcher = matcher_for(gazetteer)
    found = _found(folded.text, matcher)
    hits = _longest(_hits(folded.text, matcher, found)) if found or _may_hide(folded.text) else []
    numbers = list(find_cas_numbers(folded.text))
    signs = _trade_signs(folded.text, gazetteer, found)
    if not (hits or numbers or signs):
        return Reading(mentions=(), cas_numbers=(), trade=())
    return _in_original(folded, gazetteer, hits, numbers, signs)


def _found(text: str, matcher: Matcher) -> list[tuple[Pattern, list[int]]]:
    """Return each pattern found, with the position in `text` of each of its characters."""
    squeezed = squeeze(text)
    matches = list(matcher.find(squeezed))
    if not matches:
        return []
    positions = squeezed_positions(text)
    return [(pattern, positions[start:end]) for pattern, start, end in matches]


def _may_hide(text: str) -> bool:
    return bool(LEET_WORD.search(text) or CUT_OFF.search(text))


def _hits(text: str, matcher: Matcher, found: list[tuple[Pattern, list[int]]]) -> Iterator[_Hit]:
    for pattern, places in found:
        if hit := _accept(text, pattern, places):
            yield hit
    yield from _leet_hits(text, matcher)
    yield from _cut_off_hit(text, matcher)


def _accept(text: str, pattern: Pattern, places: list[int]) -> _Hit | None:
    """Return the hit that a found pattern is, or None when it is only a run of letters."""
    start, end = places[0], places[-1] + 1
    if pattern.kind == "cas":
        accepted = is_cas_spelling(text, places)
        return _Hit(start=start, end=end, substance=pattern.substance, how="cas") if accepted else None
    if pattern.kind == "trade" or not _is_outside_words(text, start, end):
        return None
    spelling = _spelling(text, pattern, places)
    if spelling is None:
        return None
    if pattern.substance is None:
        return _Hit(start=start, end=end, substance=None, how="name")
    if part_of_longer_name(text, start, end, pattern.substance.key):
        return None
    if pattern.context and not has_context(
        text, start, end, context=pattern.context, tier=pattern.substance.tier
    ):
        return None
    how: How = "abbreviation" if pattern.is_code and spelling == "name" else spelling
    return _Hit(start=start, end=end, substance=pattern.substance, how=how)


def _is_outside_words(text: str, start: int, end: int) -> bool:
    """Say cheaply whether a Latin name begins at a word's beginning; endings are judged later."""
    if start and text[start].isascii() and text[start - 1].isascii() and text[start - 1].isalnum():
        return False
    return end >= len(text) or not (text[end].isdigit() and text[end - 1].isdigit())


def _spelling(text: str, pattern: Pattern, places: list[int]) -> How | None:
    """Say how a name is written, or None when its letters belong to several words by chance."""
    odd = [
        (index, text[a + 1 : b])
        for index, (a, b) in enumerate(zip(places, places[1:], strict=False), start=1)
        if b - a > 1 and index not in pattern.splits and text[a].isalpha() and text[b].isalpha()
    ]
    if places[-1] - places[0] + 1 > 6 * len(places):
        return None
    usual: How = "disguised" if pattern.kind == "misspelt" else "name"
    if any(LIST_BREAK.search(text[a + 1 : b]) for a, b in zip(places, places[1:], strict=False) if b - a > 1):
        pieces = _pieces(len(places), odd)
        if max(pieces) > 1:
            return None
    if not odd:
        return usual
    if pattern.text.isascii() is False and re.match(f"[{CJK}]", pattern.text[-1]):
        return "disguised"
    spelled_out = max(_pieces(len(places), odd)) <= 2  # noqa: PLR2004 - letters, or pairs of them
    plain = all(set(gap) <= set(" -") for _, gap in odd)
    if plain and not spelled_out:
        return usual if len(places) >= SHORTEST_BROKEN and not pattern.is_code else None
    if any(" " in gap for _, gap in odd) and len(places) < SHORTEST_BROKEN and not spelled_out:
        return None
    return "disguised"


def _pieces(length: int, odd: list[tuple[int, str]]) -> list[int]:
    """Return the lengths of the pieces into which odd gaps cut a name."""
    cuts = [0, *(index for index, _ in odd), length]
    return [b - a for a, b in zip(cuts, cuts[1:], strict=False)]


def _leet_hits(text: str, matcher: Matcher) -> Iterator[_Hit]:
    if not LEET_WORD.search(text):
        return
    for table in ({}, LEET_OTHER):
        plain = text.translate(table).translate(LEET)
        for pattern, places in _found(plain, matcher):
            disguised = any(text[place] != plain[place] for place in places)
            if pattern.kind not in {"name", "rival"} or not disguised or len(places) < SHORTEST_DISGUISED:
                continue
            if any(c.isdigit() for c in pattern.text) or _is_all_digits(text, places):
                continue
            if hit := _accept(plain, pattern, places):
                yield _Hit(start=hit.start, end=hit.end, substance=hit.substance, how="disguised")


def _is_all_digits(text: str, places: list[int]) -> bool:
    return sum(text[place].isalpha() for place in places) * 2 < len(places)


def _cut_off_hit(text: str, matcher: Matcher) -> Iterator[_Hit]:
    """Yield the listed name that a text ends in the middle of, if it can be no other."""
    cut = CUT_OFF.search(text)
    if not cut:
        return
    shown = text[: cut.start()]
    for word in re.finditer(r"(?<![^\W_])[^\W_]", shown):
        start = word.start()
        stump = squeeze(shown[start:])
        if len(stump) < SHORTEST_STUMP:
            return
        owner = _owner_of_stump(stump, matcher)
        if owner and not part_of_longer_name(shown, start, len(shown), owner.key):
            yield _Hit(start=start, end=len(shown), substance=owner, how="name")
            return


def _owner_of_stump(stump: str, matcher: Matcher) -> Substance | None:
    owners = [(text, substance) for text, substance in matcher.stems if text.startswith(stump) and text != stump]
    if not owners or not any(c.isalpha() for c in stump):
        return None
    names = [text for text, _ in owners]
    rival = any(r.startswith(stump) and not r.startswith(tuple(names)) for r in matcher.rival_stems)
    return None if rival else owners[0][1]


def _longest(hits: Iterator[_Hit]) -> list[_Hit]:
    """Keep the longest of overlapping hits; unlisted names then drop out."""
    kept: list[_Hit] = []
    rank = {"cas": 0, "name": 1, "abbreviation": 2, "disguised": 3}
    for hit in sorted(hits, key=lambda h: (h.start - h.end, rank[h.how], h.start)):
        if all(hit.end <= other.start or hit.start >= other.end for other in kept):
            kept.append(hit)
    return sorted((h for h in kept if h.substance), key=lambda h: h.start)


def _trade_signs(
    text: str, gazetteer: Gazetteer, found: list[tuple[Pattern, list[int]]]
) -> list[tuple[TradeKind, int, int]]:
    signs = list(find_trade_patterns(text, _codes(gazetteer))) if any(map(str.isdigit, text)) else []
    for pattern, places in found:
        start, end = places[0], places[-1] + 1
        if pattern.trade and _is_whole_phrase(text, pattern, places):
            signs.append((pattern.trade, start, end))
    return sorted(set(signs), key=lambda sign: sign[1:])


def _is_whole_phrase(text: str, pattern: Pattern, places: list[int]) -> bool:
    start, end = places[0], places[-1] + 1
    if places[-1] - places[0] + 1 > 2 * len(places) + 4:
        return False
    if re.match(f"[{CJK}]", text[start]):
        return True
    before, after = text[:start][-1:], text[end:][:1]
    whole = not (before.isalnum() and before.isascii()) and not (after.isalnum() and after.isascii())
    gaps = [(i, b - a) for i, (a, b) in enumerate(zip(places, places[1:], strict=False), start=1) if b - a > 1]
    return whole and (all(i in pattern.splits for i, _ in gaps) or len(gaps) >= len(places) - 2)


@lru_cache(maxsize=8)
def _codes(gazetteer: Gazetteer) -> frozenset[str]:
    first_parts = (cas.partition("-")[0] for cas, s in gazetteer.by_cas.items() if s.tier == 1)
    return frozenset(part for part in first_parts if len(part) >= CODE_DIGITS)


def _in_original(
    folded: Folded,
    gazetteer: Gazetteer,
    hits: list[_Hit],
    numbers: list[tuple[str, int, int]],
    signs: list[tuple[TradeKind, int, int]],
) -> Reading:
    offsets = folded.offsets()

    def span(start: int, end: int) -> tuple[int, int]:
        return offsets[start][0], offsets[end - 1][1]

    mentions = []
    for hit in hits:
        assert hit.substance is not None  # noqa: S101 - for the type checker: `_longest` dropped the others
        why_not = why_not_offered(folded.text, hit.start, hit.end)
        mentions.append(
            Mention(
                substance=hit.substance,
                span=span(hit.start, hit.end),
                how=hit.how,
                offered=not why_not,
                why_not=why_not,
            )
        )
    trade = []
    for kind, start, end in signs:
        first, last = span(start, end)
        trade.append(TradeSign(kind=kind, span=(first, last), text=folded.original[first:last]))
    return Reading(
        mentions=tuple(mentions),
        cas_numbers=tuple(
            CasNumber(number=n, span=span(a, b), listed=n in gazetteer.by_cas) for n, a, b in numbers
        ),
        trade=tuple(trade),
    )
