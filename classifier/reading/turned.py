"""Text that a mark turns round: a page shows it in another order than it is written in."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from classifier.reading.model import CasNumber, Mention, Reading, TradeSign
from text.normalise import units

T = TypeVar("T", Mention, CasNumber, TradeSign)

RIGHT_TO_LEFT = "\u202e"
OVERRIDE_ENDS = frozenset("\u202c\u2069\n\r\u2029")
MIRRORED = str.maketrans("()[]{}<>", ")(][}{><")


def in_order_shown(text: str) -> tuple[str, list[tuple[int, int]]] | None:
    """Return the text in the order a page shows it in, if a mark turns a part of it round.

    Only the right-to-left override turns Latin letters round (UAX #9, rule X4).

    Returns:
        The text, and start and end in the original of each of its characters; None if no part is turned.
    """
    if RIGHT_TO_LEFT not in text and "&#" not in text:
        return None
    shown: list[tuple[int, int, str]] = []
    turned: list[tuple[int, int, str]] | None = None
    has_turned = False
    for unit in units(text):
        if turned is None:
            turned = [] if unit[2] == RIGHT_TO_LEFT else None
            if turned is None:
                shown.append(unit)
        elif unit[2] in OVERRIDE_ENDS:
            shown += [*reversed(turned), unit]
            has_turned, turned = True, None
        else:
            turned.append((*unit[:2], unit[2].translate(MIRRORED)))
    if turned:
        shown += reversed(turned)
    if not (has_turned or turned):
        return None
    return "".join(character for _, _, character in shown), [(start, end) for start, end, _ in shown]


def moved(reading: Reading, text: str, spans: list[tuple[int, int]]) -> Reading:
    """Return a reading of the text as shown with the spans it has in the text as written."""

    def back(span: tuple[int, int]) -> tuple[int, int]:
        origins = spans[slice(*span)]
        return min(start for start, _ in origins), max(end for _, end in origins)

    return Reading(
        mentions=tuple(
            replace(each, span=back(each.span), how=each.how if each.how == "cas" else "disguised")
            for each in reading.mentions
        ),
        cas_numbers=tuple(replace(each, span=back(each.span)) for each in reading.cas_numbers),
        trade=tuple(
            replace(each, span=back(each.span), text=text[slice(*back(each.span))]) for each in reading.trade
        ),
        goods=tuple(replace(each, span=back(each.span)) for each in reading.goods),
    )


def joined(written: Reading, shown: Reading) -> Reading:
    """Return what is found in either order of a text, what is found twice once."""

    def both(ours: tuple[T, ...], theirs: tuple[T, ...]) -> tuple[T, ...]:
        known = {each.span for each in ours}
        others = tuple(each for each in theirs if each.span not in known)
        return tuple(sorted(ours + others, key=lambda each: each.span))

    return Reading(
        mentions=both(written.mentions, shown.mentions),
        cas_numbers=both(written.cas_numbers, shown.cas_numbers),
        trade=both(written.trade, shown.trade),
        goods=written.goods,
    )
