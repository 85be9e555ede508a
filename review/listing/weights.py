"""What weighed in a score, for reading: its terms as bars, and the phrases that speak for and against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.listing.signs import sign_words, speaks_against
from review.web.languages import gettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from store.model import Reasons, WordShare

UNTOLD = 1e-9
"""A sum of signs no greater is none: what rounding leaves."""

TELLING = 3
"""So many signs stand beside the score; the rest is unfolded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of the contributions' chart. Lengths are in percent of the longest."""

    words: str
    log_odds: float
    length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What the contribution of words is made of."""

    bars: tuple[Bar, ...]
    """The strongest words, largest first, then all others as one."""
    log_odds: float
    """Their sum."""
    pro: tuple[str, ...]
    """The words that speak most for an offer, for the first look."""
    con: tuple[str, ...]
    """Those that speak most against one."""
    is_apart: bool
    """Whether a phrase stands among the bars alone, since the marks on it say the opposite."""


def read_bars(reasons: Reasons) -> tuple[Bar, ...]:
    """Return the terms of the score's sum as bars: the signs, all others as one, the constant last."""
    terms = [(sign_words(each.feature), each.log_odds) for each in reasons.contributions]
    constant = reasons.constant_log_odds
    if constant is None:
        rest = [(gettext("all other signs, and what every text starts from"), reasons.rest_log_odds)]
    else:
        others = reasons.rest_log_odds - constant
        rest = [(gettext("all other signs"), others)] if abs(others) > UNTOLD else []
        rest.append((gettext("what every text starts from"), constant))
    return _bars([*terms, *rest])


def read_wording(text: str, reasons: Reasons) -> Wording | None:
    """Return what phrases add to the score, or None if it tells of none.

    A sign of trade and the words it is made of share what the model learnt of them: where the sign took
    more than its due, the words are left with an amount of the other direction. It is exact and belongs to
    the sum, but says nothing of the seller. So a phrase that is marked from end to end with what speaks the
    other way is in the bars alone, not among the phrases of the first look (decision 38).

    Args:
        text: The sighting's, which the reasons' places are of.
        reasons: Of its score.
    """
    if not reasons.wording:
        return None
    marked = {against: _marked(reasons, against=against) for against in (False, True)}
    agreed = [each for each in reasons.wording if not _lies_within(text, each, marked[each.log_odds > 0])]
    return Wording(
        bars=_bars(
            [
                *((each.words, each.log_odds) for each in reasons.wording),
                (gettext("the other words together"), reasons.rest_wording),
            ]
        ),
        log_odds=sum(each.log_odds for each in reasons.wording) + reasons.rest_wording,
        pro=tuple([each.words for each in agreed if each.log_odds > 0][:TELLING]),
        con=tuple([each.words for each in agreed if each.log_odds < 0][:TELLING]),
        is_apart=len(agreed) < len(reasons.wording),
    )


def _marked(reasons: Reasons, *, against: bool) -> frozenset[int]:
    """Return the places of the characters that are marked as speaking one way."""
    spans = (span for span in reasons.spans if speaks_against(span) is against)
    return frozenset(place for span in spans for place in range(span.start, span.end))


def _lies_within(text: str, share: WordShare, marked: frozenset[int]) -> bool:
    """Say whether every letter and digit of a phrase is marked, at each of its places that are told."""
    places = [
        place
        for start, end in share.spans
        for place in range(start, end)
        if text[place : place + 1].isalnum()
    ]
    return bool(places) and marked.issuperset(places)


def _bars(terms: Sequence[tuple[str, float]]) -> tuple[Bar, ...]:
    longest = max(abs(value) for _, value in terms) or 1.0
    return tuple(
        Bar(words=words, log_odds=value, length=round(100 * abs(value) / longest, 2))
        for words, value in terms
    )
