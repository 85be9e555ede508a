"""Read one text against the gazetteer: which listed substances it names, offers, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifier.gazetteer.fold import fold, is_disguised
from classifier.reading.hidden import find_hidden
from classifier.reading.hits import Hit, accept, find_all_patterns, longest
from classifier.reading.matcher import matcher_for
from classifier.reading.model import CasNumber, Mention, Reading, TradeSign
from classifier.reading.offered import why_not_offered
from classifier.reading.trade import find_cas_numbers, find_trade_signs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from classifier.gazetteer.fold import Folded
    from classifier.gazetteer.model import Gazetteer
    from classifier.reading.hits import Found
    from classifier.reading.matcher import Matcher
    from classifier.reading.model import TradeKind

NOTHING = Reading(mentions=(), cas_numbers=(), trade=())

TOGETHER = 256
"""Texts of which each step is taken before the next."""


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
    return read_texts([text], gazetteer)[0]


def read_texts(texts: Sequence[str], gazetteer: Gazetteer) -> list[Reading]:
    """Return what `read_text` does of each text; many at once take half the time.

    Each step is taken for some hundreds of texts before the next, so that what it works with stays in the
    processor's cache.
    """
    matcher = matcher_for(gazetteer)
    readings: list[Reading] = []
    for start in range(0, len(texts), TOGETHER):
        readings += _read_together(texts[start : start + TOGETHER], matcher, gazetteer)
    return readings


def find_mentions(texts: Sequence[str], gazetteer: Gazetteer) -> list[list[Hit]]:
    """Return where each text names listed substances, and nothing more: the gazetteer's part of `read_texts`.

    Positions are those of the folded text.
    """
    matcher = matcher_for(gazetteer)
    hits: list[list[Hit]] = []
    for start in range(0, len(texts), TOGETHER):
        hits += _find_together([fold(text).text for text in texts[start : start + TOGETHER]], matcher)[0]
    return hits


def _find_together(plain: list[str], matcher: Matcher) -> tuple[list[list[Hit]], list[list[Found]]]:
    """Return the hits in each folded text, and all patterns found in it, those of the trade too."""
    found = find_all_patterns(plain, matcher)
    return [_all_hits(text, seen, matcher) for text, seen in zip(plain, found, strict=True)], found


def _read_together(texts: Sequence[str], matcher: Matcher, gazetteer: Gazetteer) -> list[Reading]:
    folded = [fold(text) for text in texts]
    plain = [each.text for each in folded]
    hits, found = _find_together(plain, matcher)
    numbers = [list(find_cas_numbers(text)) for text in plain]
    signs = [find_trade_signs(text, matcher.codes, seen) for text, seen in zip(plain, found, strict=True)]
    return [
        _reading(each, hit, number, sign, gazetteer) if hit or number or sign else NOTHING
        for each, hit, number, sign in zip(folded, hits, numbers, signs, strict=True)
    ]


def _all_hits(text: str, found: list[Found], matcher: Matcher) -> list[Hit]:
    open_hits = [hit for pattern, places in found if (hit := accept(text, pattern, places))]
    return longest([*open_hits, *find_hidden(text, matcher)])


def _reading(
    folded: Folded,
    hits: list[Hit],
    numbers: list[tuple[str, int, int]],
    signs: list[tuple[TradeKind, int, int]],
    gazetteer: Gazetteer,
) -> Reading:
    text = folded.original
    offsets = [] if folded.is_plain else folded.offsets()

    def span(start: int, end: int) -> tuple[int, int]:
        return (offsets[start][0], offsets[end - 1][1]) if offsets else (start, end)

    return Reading(
        mentions=tuple(_mentions(hits, text, folded.text, span)) if hits else (),
        cas_numbers=tuple(
            CasNumber(number=number, span=span(start, end), listed=number in gazetteer.by_cas)
            for number, start, end in numbers
        ),
        trade=tuple(
            TradeSign(kind=kind, span=span(start, end), text=text[slice(*span(start, end))])
            for kind, start, end in signs
        ),
    )


def _mentions(
    hits: list[Hit], text: str, folded: str, span: Callable[[int, int], tuple[int, int]]
) -> Iterator[Mention]:
    """Yield the mentions; of names side by side, as in `ketone (MEK)`, the first decides for all."""
    last, why_last = 0, ""
    title = fold(text.partition("\n")[0]).text
    for hit in hits:
        if hit.substance is None:
            continue
        is_beside = hit.start > 0 and not folded[last : hit.start].strip(" ([-")
        why_not = (why_last if is_beside else "") or why_not_offered(folded, hit.start, hit.end, title=title)
        last, why_last = hit.end, why_not
        first, end = span(hit.start, hit.end)
        is_hidden = hit.how != "cas" and is_disguised(text[first:end])
        yield Mention(
            substance=hit.substance,
            span=(first, end),
            how="disguised" if is_hidden else hit.how,
            offered=not why_not,
            why_not=why_not,
        )
