"""A score's reasons for reading: signals as bars, phrases for and against, in the language of the page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.web.languages import N_, gettext
from review.web.translations import word, word_tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from store.model import Reasons, Span, WordShare


ROUNDING = 1e-9
"""A smaller sum of signals is a rounding error."""

TELLING = 3
"""The number of signals beside the score; the others are folded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of the contributions' chart; its length is in percent of the longest."""

    words: str
    log_odds: float
    length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WordContributions:
    """The contributions of words and phrases."""

    bars: tuple[Bar, ...]
    """The strongest words, largest first, then all others as one."""
    log_odds: float
    """Their sum."""
    pro: tuple[str, ...]
    """The strongest words for an offer."""
    con: tuple[str, ...]
    """The strongest words against an offer."""
    mixed: frozenset[str]
    """Those of `con` that contain marked evidence, e.g. a sign of evasion, which needs an explanation."""
    is_apart: bool
    """Whether a phrase stands among the bars alone, since the marks on it say the opposite."""


def read_bars(reasons: Reasons) -> tuple[Bar, ...]:
    """Return the terms of the score as bars: the signals, all others as one, the constant last."""
    terms = [(signal_words(each.feature), each.log_odds) for each in reasons.contributions]
    constant = reasons.constant_log_odds
    if constant is None:
        rest = [(gettext("all other signals and the base value"), reasons.rest_log_odds)]
    else:
        others = reasons.rest_log_odds - constant
        rest = [(gettext("all other signals"), others)] if abs(others) > ROUNDING else []
        rest.append((gettext("base value of every text"), constant))
    return _bars([*terms, *rest])


def read_word_contributions(text: str, reasons: Reasons) -> WordContributions | None:
    """Return the contributions of phrases, or None if the score has none.

    A sign of trade and the words it is made of share what the model learnt of them: where the sign took
    more than its due, the words are left with an amount of the other direction. It is exact and belongs to
    the sum, but says nothing of the seller. So a phrase that is marked from end to end with what speaks the
    other way is in the bars alone, not among the phrases of the first look (decision 38).
    """
    if not reasons.wording:
        return None
    marked = {against: _marked(reasons, against=against) for against in (False, True)}
    agreed = [each for each in reasons.wording if not _lies_within(text, each, marked[each.log_odds > 0])]
    con = [each for each in agreed if each.log_odds < 0][:TELLING]
    return WordContributions(
        bars=_bars(
            [
                *((each.words, each.log_odds) for each in reasons.wording),
                (gettext("all other words"), reasons.rest_wording),
            ]
        ),
        log_odds=sum(each.log_odds for each in reasons.wording) + reasons.rest_wording,
        pro=tuple([each.words for each in agreed if each.log_odds > 0][:TELLING]),
        con=tuple(each.words for each in con),
        mixed=frozenset(
            each.words
            for each in con
            if any(not marked[False].isdisjoint(range(start, end)) for start, end in each.spans)
        ),
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


FORMS = (
    N_('only mentioned: after "%(words)s"'),
    N_('only mentioned: asked for with "%(words)s"'),
    N_('only mentioned: before "%(words)s"'),
    N_('only mentioned: the text is about "%(words)s"'),
    N_("%(words)s is on no list in force here"),
    N_("may be part of %(words)s"),
)
"""Notes with a filled-in place."""

UNLISTED = "is on no list in force here"
"""The text in notes on unlisted CAS numbers."""

_FORMS = tuple(
    (form, re.compile(re.escape(form).replace(re.escape("%(words)s"), "(.*)"), re.DOTALL)) for form in FORMS
)


def kind_words(kind: str) -> str:
    """Return the name of a kind of evidence."""
    return word("kinds", kind, kind)


def speaks_against(span: Span) -> bool:
    """Say whether marked evidence speaks against an offer: a mention, or a number that no list holds."""
    return span.kind == "mention" or UNLISTED in span.note


def signal_words(said: str) -> str:
    """Return the label of a contribution or a note; an unknown name stays as it is."""
    tables = word_tables()
    if label := tables["signals"].get(said) or tables["notes"].get(said):
        return gettext(label)
    filled = ((form, pattern.fullmatch(said)) for form, pattern in _FORMS)
    return next((gettext(form) % {"words": found[1]} for form, found in filled if found), said)
