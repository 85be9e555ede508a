"""Read one text against the gazetteer: which listed substances it names, offers, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifier.gazetteer.fold import fold, is_disguised
from classifier.reading.hidden import find_hidden
from classifier.reading.hits import Hit, accept, find_patterns, longest
from classifier.reading.matcher import matcher_for
from classifier.reading.model import CasNumber, Mention, Reading, TradeSign
from classifier.reading.offered import why_not_offered
from classifier.reading.trade import find_cas_numbers, find_trade_signs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from classifier.gazetteer.model import Gazetteer

NOTHING = Reading(mentions=(), cas_numbers=(), trade=())


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
    found = find_patterns(folded.text, matcher)
    open_hits = [hit for pattern, places in found if (hit := accept(folded.text, pattern, places))]
    hits = longest([*open_hits, *find_hidden(folded.text, matcher)])
    numbers = list(find_cas_numbers(folded.text))
    signs = find_trade_signs(folded.text, matcher.codes, found)
    if not (hits or numbers or signs):
        return NOTHING
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
