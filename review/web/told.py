"""What the store keeps as English words, in the language of the page: law, ends of runs, terms, filters.

Only words that this program writes are translated; what a source of law or a page says stays as it is cited.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from review.web.languages import N_, gettext, ngettext
from review.web.words import DECISIONS, FAMILIES, KINDS, SORTS, STATES
from store.crawl.terms import in_words
from store.model import Change, PageOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from store.crawl.terms import Term

LAW_WORDS = (
    N_("UN 1988 Convention"), N_("EU Reg. 273/2004 and 111/2005"), N_("EU Reg. 111/2005"),
    N_("China: Catalogue of precursor chemicals (Regulation 445)"),
    N_("INCB ISSL (limited international special surveillance list)"), N_("(non-scheduled)"),
    N_("(scheduled, not a listed chemical)"), N_("(immediate precursor)"), N_("(pharmaceutical)"),
    N_("Table I"), N_("Table II"), N_("List I"), N_("List II"), N_("Schedule II"), N_("Schedule III"),
    N_("Category 1"), N_("Category 2"), N_("Category 2A"), N_("Category 2B"), N_("Category 3"),
    N_("Category 4"), N_("precursor"), N_("essential chemical"), N_("added later"),
    N_("date not read"), N_("in force"), N_("final rule"), N_("effective"), N_("regulated since"),
    N_("since"), N_("general knowledge"),
)  # fmt: skip
"""What citations are made of; a whole word of them is translated, all else is cited as it stands."""

_LAW = re.compile(
    "|".join(rf"(?<!\w){re.escape(words)}(?!\w)" for words in sorted(LAW_WORDS, key=len, reverse=True))
)

COUNTED = {
    PageOutcome.LISTING: N_("with a listing"), PageOutcome.CATEGORY: N_("lists"),
    PageOutcome.GONE: N_("gone"), PageOutcome.BLOCKED: N_("blocked"), PageOutcome.EMPTY: N_("empty"),
    PageOutcome.TRUNCATED: N_("truncated"), PageOutcome.NOT_HTML: N_("not HTML"),
    PageOutcome.TOO_LARGE: N_("too large"),
    PageOutcome.UNREADABLE: N_("unreadable"), PageOutcome.NOT_UNDERSTOOD: N_("not understood"),
    PageOutcome.LAYOUT_CHANGED: N_("layout changed"), PageOutcome.REFUSED: N_("refused"),
    PageOutcome.UNREACHABLE: N_("unreachable"),
    Change.NEW: N_("new"), Change.CHANGED: N_("changed"), Change.UNCHANGED: N_("unchanged"),
}  # fmt: skip
"""What a crawl counts."""

_COUNTED = {key.value.replace("_", " "): words for key, words in COUNTED.items()}
_COUNT = re.compile(r"([\d,]+) ([a-z ]+)", re.IGNORECASE)
_CRAWL = re.compile(r"([\d,]+) pages? \((.*)\); listings: (.*)\.")
_SCORING = re.compile(r"([\d,]+) scored, ([\d,]+) flagged by model (\w+)\.")

TERM_VALUES = {
    "pharmaceutical": N_("pharmaceutical"), "food": N_("food"), "feed": N_("feed"),
    "industrial": N_("industrial"), "reagent": N_("reagent"), "analytical": N_("analytical"),
    "cosmetic": N_("cosmetic"), "electronic": N_("electronic"),
    "bank_transfer": N_("bank transfer"), "letter_of_credit": N_("letter of credit"),
    "collection": N_("collection"), "cryptocurrency": N_("cryptocurrency"), "card": N_("card"),
    "cash": N_("cash"), "escrow": N_("escrow"), "invoice": N_("invoice"), "mobile_money": N_("mobile money"),
    "manufacturer": N_("manufacturer"), "trading_company": N_("trading company"),
    "distributor": N_("distributor"), "agent": N_("agent"), "laboratory": N_("laboratory"),
    "private": N_("private"), "import_licence": N_("import licence"),
    "email": N_("email"), "phone": N_("phone"), "website": N_("website"),
    "in_stock": N_("in stock"), "out_of_stock": N_("out of stock"), "preorder": N_("preorder"),
    "drum": N_("drum"), "bag": N_("bag"), "bottle": N_("bottle"), "box": N_("box"),
    "canister": N_("canister"), "can": N_("can"), "min": N_("min"), "worldwide": N_("worldwide"),
}  # fmt: skip
"""Values of `store.crawl.terms` that are words; names as WhatsApp or GMP are the same in every language."""

NARROWINGS = {
    "q": N_("Words"), "state": N_("State"), "source": N_("Source"), "family": N_("Family"),
    "tier": N_("Tier"), "language": N_("Language"), "kind": N_("Evidence"), "assignee": N_("Assigned to"),
    "decision": N_("Verdict"), "seller": N_("Seller"), "p_from": N_("Score from"), "p_to": N_("Score to"),
    "since": N_("Seen from"), "until": N_("Seen to"), "sort": N_("Order"),
}  # fmt: skip
"""What narrows a list, by its name in the address, as the form of filters calls it."""

_CHOSEN: Mapping[str, Mapping[str, str]] = {
    "state": STATES, "family": FAMILIES, "kind": KINDS,
    "sort": {str(sort): words for sort, words in SORTS.items()},
    "decision": {choice.value: choice.words for choice in DECISIONS},
}  # fmt: skip


def law_words(cited: str) -> str:
    """Return a citation of the law, e.g. `UN 1988 Convention, Table I since 2014`."""
    return _LAW.sub(lambda found: gettext(found.group()), cited)


def run_words(sentence: str) -> str:
    """Return what a crawl or a scoring came to; other sentences as they are kept."""
    if crawl := _CRAWL.fullmatch(sentence):
        pages, met, read = crawl.groups()
        said = ngettext("%(num)s page (%(met)s)", "%(num)s pages (%(met)s)", _number(pages))
        return gettext("%(pages)s; listings: %(read)s.") % {
            "pages": said % {"num": pages, "met": _counts(met)},
            "read": _counts(read),
        }
    if scoring := _SCORING.fullmatch(sentence):
        scored, flagged, model = scoring.groups()
        return gettext("%(scored)s scored, %(flagged)s flagged by model %(model)s.") % {
            "scored": scored,
            "flagged": flagged,
            "model": model,
        }
    return sentence


def term_words(term: Term) -> str:
    """Return what a term of an offer was understood as; empty when it was not."""
    if term.value not in TERM_VALUES:
        return in_words(term)
    return in_words(replace(term, value=gettext(TERM_VALUES[term.value])))


def narrowing_words(name: str) -> str:
    """Return what a filter is called."""
    return gettext(NARROWINGS[name])


def chosen_words(value: object, name: str) -> str:
    """Return what a filter is set to."""
    chosen = _CHOSEN.get(name, {}).get(str(value))
    return gettext(chosen) if chosen else str(value)


def _counts(said: str) -> str:
    """Return counts, e.g. `5 category, 45 listing`, as the page calls what is counted."""
    if said == "none":
        return gettext("nothing read")
    return _COUNT.sub(lambda found: f"{found[1]} {gettext(_COUNTED.get(found[2], found[2]))}", said)


def _number(said: str) -> int:
    return int(said.replace(",", ""))
