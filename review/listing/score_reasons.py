"""A score's reasons for reading: signals as bars, phrases for and against, in the language of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.web.languages import N_, gettext
from review.web.translations import KINDS

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


SIGNALS: Mapping[str, str] = {name: name for name in (
    N_("offers a tier 1 substance"), N_("offers a tier 2 substance"), N_("offers a tier 3 substance"),
    N_("listed by CAS number"), N_("listed by name"), N_("listed by abbreviation"),
    N_("offered in the title"), N_("more than one listed substance"), N_("listed substance only mentioned"),
    N_("states a quantity"), N_("states a purity"), N_("priced by weight"), N_("contact off the platform"),
    N_("takes crypto"), N_("names a destination"), N_("code in place of a name"),
    N_("evasive trade in a listed substance"), N_("evasive trade in an unnamed chemical"),
    N_("a chemical form"), N_("name kept off the page"), N_("abbreviation spelled by letter names"),
    N_("a chemical form with its name withheld"), N_("evasive trade in a chemical form"),
    N_("number that may stand for a substance"), N_("called by a letter or small number"),
    N_("talks of passing customs"), N_("talks of labels left off"), N_("talks of bans and lists"),
    N_("talks of what others no longer sell"), N_("calls what it sells special"),
    N_("talks of other goods on the papers"), N_("talks of chemistry"), N_("names everyday goods"),
    N_("names a material that is not listed"), N_("names a service"), N_("named after a preposition"),
    N_("named first"), N_("named beside a quantity, purity or price"), N_("named after other goods"),
    N_("named in quotation marks"), N_("listed substance beside everyday goods"),
)} | {
    "listed name in disguise": N_("listed name, disguised"),
    "share of the title that names it": N_("share of the title that the name takes"),
    "another CAS number": N_("CAS number of an unlisted substance"),
    "promises stealth": N_("promises discreet packaging"),
    "promises customs": N_("promises customs clearance"),
    "hints at control": N_("hints that the substance is controlled"),
    "signs of hiding where nothing is named for sale": N_("signs of evasion with nothing named for sale"),
    "number said in words or in part": N_("CAS number in words or in part"),
    "number in part that may be a listed one": N_("part of a number that may be listed"),
    "number in part of an unlisted chemical": N_("part of the number of an unlisted chemical"),
    "no papers asked": N_("asks for no documents"),
    "stands in for something banned": N_("substitute for something banned"),
    "a chemical form without papers": N_("a chemical form without documents"),
    "tells a substance by what it is like": N_("describes a substance instead of naming it"),
    "speaks to those who know": N_("addresses insiders"),
    "talks of papers not needed": N_("talks of documents not needed"),
    "talks of a name not written": N_("talks of a name that is not written"),
    "talks of a list not shown": N_("talks of a list that is not shown"),
    "talks of its own way of sending": N_("talks of a special way of shipping"),
    "talks of what is lost on the way": N_("talks of parcels lost on the way"),
    "talks of buyers who stay unknown": N_("talks of anonymous buyers"),
    "names what tests, holds or explains": N_("names test kits, containers or literature"),
    "listed substance beside what tests, holds or explains it":
        N_("listed substance beside test kits, containers or literature"),
    "words of the title before its name": N_("title words before the name"),
    "named below the title only": N_("named only below the title"),
    "another word right after its name": N_("another word right after the name"),
    "nothing is read in it": N_("no evidence in the text"),
    "what the text sounds like": N_("overall wording (embedding)"),
    "the words it uses": N_("words and phrases"),
}  # fmt: skip
"""Labels of the signals of `classifier.features` by stored name; a test compares both."""

NOTES: Mapping[str, str] = {name: name for name in (
    N_("chemistry"), N_("form"), N_("quantity"), N_("purity"), N_("price per unit"), N_("off platform"),
    N_("destination"), N_("code number"), N_("name withheld"), N_("spelled letters"), N_("nickname"),
    N_("of passing customs"), N_("of labels left off"), N_("of bans and lists"),
    N_("of what others no longer sell"), N_("of something special"), N_("of other goods on the papers"),
    N_("part of a CAS number that is on no list in force here"), N_("may stand for a CAS number"),
)} | {
    "stealth": N_("discreet packaging"),
    "customs promise": N_("customs clearance promised"),
    "crypto": N_("cryptocurrency"),
    "controlled hint": N_("hint at control"),
    "number spoken": N_("number in words"),
    "no papers": N_("no documents"),
    "stands in": N_("substitute"),
    "of papers not needed": N_("of documents not needed"),
    "of a name not written": N_("of a name that is not written"),
    "of a list not shown": N_("of a list that is not shown"),
    "of its own way of sending": N_("of a special way of shipping"),
    "of what is lost on the way": N_("of parcels lost on the way"),
    "of buyers who stay unknown": N_("of anonymous buyers"),
    "may be the part of a listed CAS number": N_("may be part of a listed CAS number"),
    "to those who know": N_("to insiders"),
    "of a substance by what it is like": N_("of a substance without its name"),
}  # fmt: skip
"""Labels of the notes on trade signals, by the stored note."""

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

_LABELS = {**SIGNALS, **NOTES}

_FORMS = tuple(
    (form, re.compile(re.escape(form).replace(re.escape("%(words)s"), "(.*)"), re.DOTALL)) for form in FORMS
)


def kind_words(kind: str) -> str:
    """Return the name of a kind of evidence."""
    return gettext(KINDS[kind]) if kind in KINDS else kind


def speaks_against(span: Span) -> bool:
    """Say whether marked evidence speaks against an offer: a mention, or a number that no list holds."""
    return span.kind == "mention" or UNLISTED in span.note


def signal_words(said: str) -> str:
    """Return the label of a contribution or a note; an unknown name stays as it is."""
    if said in _LABELS:
        return gettext(_LABELS[said])
    filled = ((form, pattern.fullmatch(said)) for form, pattern in _FORMS)
    return next((gettext(form) % {"words": found[1]} for form, found in filled if found), said)
