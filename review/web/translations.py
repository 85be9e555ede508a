"""The words of the pages for the codes of the store, in the language of the page."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from review.web.languages import N_, gettext, ngettext
from store.audit.chain import AuditAction
from store.messages import spoken_age
from store.model import (
    Change,
    Decision,
    DigestResult,
    PageOutcome,
    ReasonCode,
    Role,
    RunKind,
    RunOutcome,
    Stage,
    TermName,
    in_words,
)
from store.operations.service import INTERRUPTED, NEVER, UNDER_WAY, Request
from store.review.item_query import Sort, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from enum import StrEnum

    from store.model import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A verdict or a reason that a reviewer can choose."""

    value: StrEnum
    words: str
    key: str
    hint: str


DECISIONS = (
    Choice(
        value=Decision.OFFER,
        words=N_("Offer"),
        key="1",
        hint=N_("Offers a controlled precursor, named or not"),
    ),
    Choice(value=Decision.NOT_OFFER, words=N_("Not an offer"), key="2", hint=N_("Does not offer one")),
    Choice(value=Decision.UNSURE, words=N_("Unsure"), key="3", hint=N_("The page does not say enough")),
    Choice(value=Decision.ESCALATE, words=N_("Escalate"), key="4", hint=N_("For someone else to decide")),
)
"""The verdicts, in the order of their buttons."""

REASONS = (
    Choice(
        value=ReasonCode.UNDOCUMENTED,
        words=N_("Undocumented"),
        key="u",
        hint=N_("No sign of licences or documents"),
    ),
    Choice(
        value=ReasonCode.DOCUMENTED, words=N_("Documented"), key="d", hint=N_("Asks for or shows licences")
    ),
    Choice(value=ReasonCode.DISGUISED, words=N_("Disguised"), key="g", hint=N_("Cover name, code or hint")),
    Choice(
        value=ReasonCode.LABORATORY_SUPPLIER,
        words=N_("Lab supplier"),
        key="l",
        hint=N_("Sells reagents to laboratories"),
    ),
    Choice(
        value=ReasonCode.MENTION_ONLY, words=N_("Mention only"), key="m", hint=N_("Named, but not for sale")
    ),
    Choice(
        value=ReasonCode.CONFUSABLE,
        words=N_("Confusable"),
        key="c",
        hint=N_("Another substance with a similar name"),
    ),
    Choice(
        value=ReasonCode.NOT_A_SALE,
        words=N_("Not a sale"),
        key="s",
        hint=N_("Article, wanted ad, forum post"),
    ),
    Choice(
        value=ReasonCode.FINISHED_DRUG,
        words=N_("Finished drug"),
        key="f",
        hint=N_("Not a precursor: for another team"),
    ),
    Choice(value=ReasonCode.ORDINARY_GOODS, words=N_("Ordinary goods"), key="o", hint=N_("Nothing chemical")),
    Choice(
        value=ReasonCode.WRONG_READING,
        words=N_("Misread page"),
        key="w",
        hint=N_("The program read the page wrongly"),
    ),
    Choice(
        value=ReasonCode.NEEDS_LAW_CHECK,
        words=N_("Needs legal check"),
        key="n",
        hint=N_("For a lawyer or a chemist"),
    ),
)
"""The reasons, those of offers first; a test checks that no key clashes with another."""

KEYS = {
    "".join(choice.key for choice in DECISIONS): N_("give the verdict"),
    "".join(choice.key for choice in REASONS): N_("choose the reason with this letter; press again to clear"),
    "a": N_("write a note; Esc leaves the field"),
    "b": N_("correct the substance"),
    "j": N_("next"),
    "k": N_("previous"),
    "z": N_("undo your last verdict"),
    "y": N_("give an undone verdict again"),
    "t": N_("take over a listing that somebody else has open"),
    "v": N_("show the saved page"),
    "p": N_("show the supplier"),
    "h": N_("open the labelling guide"),
    "e": N_("open the glossary"),
    "i": N_("follow the seller or the substance of the listing"),
    "/": N_("search"),
    "?": N_("show or hide these keys"),
}
"""What keys do, as the program comes; `review.web.preferences` has those that a person prefers."""

STATES = {
    "": N_("Waiting for me"), State.WAITING: N_("Without a verdict"), State.SECOND: N_("Second review"),
    State.ADJUDICATION: N_("Disputed"), State.DECIDED: N_("Decided"),
    "all": N_("All flagged, sampled or judged"), "every": N_("All listings, flagged or not"),
}  # fmt: skip
"""States as the filter names them; the empty one is what waits for who asks."""

SORTS = {
    Sort.LIKELY: N_("most likely first"), Sort.NEWEST: N_("newest first"), Sort.OLDEST: N_("oldest first"),
    Sort.SELLER: N_("by seller"), Sort.WORTH: N_("most worth looking at first"),
}  # fmt: skip

WORTH_PARTS = {
    "tier_points": N_("tier of the substance"), "family_points": N_("family of the substance"),
    "quantity_points": N_("quantity"), "evasion_points": N_("signs of evasion"),
    "price_points": N_("price against the usual"), "seller_points": N_("new seller"),
    "listing_points": N_("new listing"), "office_points": N_("term of this office"),
    "repeat_points": N_("repeats the text of an earlier listing"),
}  # fmt: skip
"""Parts of the expected worth, by their name in `store.review.queue.Worth`."""

KINDS = {
    "name": N_("name"), "cas": N_("CAS number"), "abbreviation": N_("abbreviation"),
    "disguised": N_("disguised name"),
    "mention": N_("only mentioned"), "trade": N_("trade signal"),
    "office_term": N_("term of this office"), "picture": N_("in a picture"),
}  # fmt: skip
"""Kinds of evidence as the filter names them."""

NOTICES = {
    "watch": N_("under surveillance"), "equipment": N_("equipment"), "rule": N_("rule of the marketplace"),
    "class": N_("class of the law"), "picture": N_("evidence in a picture"),
}  # fmt: skip
"""Kinds of notices."""

FORMS = {
    "salt": N_("salt"), "enantiomer": N_("mirror image"), "stereoisomer": N_("stereoisomer"),
    "ester": N_("ester"), "amide": N_("amide"), "carbamate": N_("carbamate"), "halide": N_("halide"),
    "acetal": N_("acetal"), "derived_nitrogen": N_("group at the nitrogen"),
    "derived_carbon": N_("group at a carbon"), "alkyl_carbon": N_("alkyl group at a carbon"),
    "derived_ring": N_("substituted ring"),
}  # fmt: skip
"""What a compound is of the parent of a class rule (`classifier/gazetteer/curated/class_forms.csv`)."""

MACHINES = {
    "tablet_press": N_("tablet press"), "capsule_filler": N_("capsule filler"),
    "punches_and_dies": N_("punches and dies"), "hydrogenator": N_("hydrogenator"),
    "heating_mantle": N_("heating mantle"), "laboratory_glassware": N_("laboratory glassware"),
}  # fmt: skip

FAMILIES = {
    "opioid": N_("opioid"), "amphetamine-type": N_("amphetamine-type"), "other": N_("other"),
}  # fmt: skip

DIGEST_STATES = {
    "": N_("waiting to be sent"), "begun": N_("being sent"), "sent": N_("sent"),
    "failed": N_("failed, will be retried"), "interrupted": N_("interrupted"), "given_up": N_("given up"),
}  # fmt: skip
"""How the messages to a person stand, by their last event."""

CASE_KINDS = {
    "listing": N_("listing added"), "seller": N_("seller added"), "note": N_("note"),
    "listing_removed": N_("listing removed"), "seller_removed": N_("seller removed"),
    "closed": N_("closed"), "reopened": N_("reopened"), "handed_over": N_("handed over"),
    "member": N_("member added"), "member_removed": N_("member removed"),
    "changed": N_("listing changed"),
}  # fmt: skip
"""Lines of a case's journal as the pages name them."""

RUN_KINDS = {
    RunKind.CRAWL: N_("crawl"), RunKind.SCORE: N_("scoring"), RunKind.LINK: N_("linking"),
    RunKind.PICTURES: N_("reading pictures"),
    RunKind.RETRAIN: N_("retraining"),
    RunKind.BACKUP: N_("backup"), RunKind.VERIFY: N_("integrity check"), RunKind.PURGE: N_("purge"),
    RunKind.WEEKLY: N_("weekly report"),
}  # fmt: skip

WISHES = {
    Request.PAUSE: N_("Pause"), Request.RESUME: N_("Resume"), Request.RUN_NOW: N_("Run now"),
}  # fmt: skip
"""What can be asked of the service."""

STANDINGS = {
    RunOutcome.DONE: N_("done"), RunOutcome.FAILED: N_("failed"), RunOutcome.TIMED_OUT: N_("timed out"),
    RunOutcome.OUT_OF_MEMORY: N_("out of memory"), RunOutcome.KILLED: N_("killed"),
    RunOutcome.SKIPPED: N_("skipped"), RunOutcome.MISSED: N_("missed"), UNDER_WAY: N_("under way"),
    INTERRUPTED: N_("interrupted"), NEVER: N_("never"),
}  # fmt: skip
"""How runs stand, as `scheduler.health.standing` says it."""

ACTIONS = {
    AuditAction.LOG_BEGUN: N_("started the log"), AuditAction.VERDICT_GIVEN: N_("gave a verdict"),
    AuditAction.VERDICT_UNDONE: N_("undid a verdict"), AuditAction.LISTING_VIEWED: N_("viewed"
                                                                                          " a "
                                                                                          "listing"),
    AuditAction.CASE_VIEWED: N_("viewed a case"), AuditAction.CASE_CHANGED: N_("changed a case"),
    AuditAction.CASE_OVERRIDDEN: N_("opened a case without being a member"),
    AuditAction.PAGE_VIEWED: N_("viewed a saved page"), AuditAction.SEARCHED: N_("searched"),
    AuditAction.SUPPLIER_VIEWED: N_("viewed a supplier"), AuditAction.CONTACTS_VIEWED: N_("viewed contacts"),
    AuditAction.CONTACTS_PURGED: N_("purged contacts"),
    AuditAction.LINK_DECIDED: N_("decided on a link"), AuditAction.CONTACT_DECLARED: N_("declared a contact"),
    AuditAction.CLAIMED: N_("claimed a listing"), AuditAction.RELEASED: N_("released a listing"),
    AuditAction.ASSIGNED: N_("assigned a listing"), AuditAction.EXPORTED: N_("exported"),
    AuditAction.SETTING_CHANGED: N_("changed a setting"), AuditAction.MODEL_TRAINED: N_("trained a model"),
    AuditAction.MODEL_PROMOTED: N_("put a model in use"), AuditAction.LABELS_IMPORTED: N_("imported labels"),
    AuditAction.HOLD_PLACED: N_("placed a hold"), AuditAction.HOLD_RELEASED: N_("released a hold"),
    AuditAction.EVIDENCE_PURGED: N_("purged evidence"), AuditAction.STORE_RESTORED: N_("restored a backup"),
    AuditAction.SERVICE_ASKED: N_("sent a request to the service"),
    AuditAction.ALARM_ACKNOWLEDGED: N_("acknowledged an alarm"),
    AuditAction.PERMISSION_WITHDRAWN: N_("withdrew a permission"),
    AuditAction.PERMISSION_APPROVED: N_("approved a permission again"),
    AuditAction.OFFICE_TERM_ADDED: N_("added a term of the office"),
    AuditAction.OFFICE_TERM_RETIRED: N_("retired a term of the office"),
    AuditAction.LAW_IMPORTED: N_("imported a legal list"),
    AuditAction.LAW_DECIDED: N_("decided on an import of a legal list"),
    AuditAction.LOGGED_IN: N_("logged in"),
    AuditAction.LOGIN_FAILED: N_("failed to log in"),
    AuditAction.LOGIN_BLOCKED: N_("was blocked from logging in"),
    AuditAction.LOGGED_OUT: N_("logged out"), AuditAction.SESSION_REVOKED: N_("ended a session"),
    AuditAction.ACCESS_REFUSED: N_("was refused access"), AuditAction.USER_ADDED: N_("added a user"),
    AuditAction.USER_CHANGED: N_("changed a user"), AuditAction.TOKEN_ISSUED: N_("created a token"),
    AuditAction.TOKEN_REVOKED: N_("revoked a token"),
}  # fmt: skip
"""What entries of the audit log say was done."""

TITLES = {
    401: N_("Not logged in"), 403: N_("Not allowed"), 404: N_("Not found"), 405: N_("Method not allowed"),
    409: N_("Not possible now"), 413: N_("Too large"), 422: N_("Not understood"),
    429: N_("Too many attempts"), 500: N_("Something failed"), 503: N_("Not available"),
}  # fmt: skip
"""What stands above the sentence of an error, by its HTTP status."""

ROLE_NAMES = {
    Role.VIEWER: N_("viewer"), Role.REVIEWER: N_("reviewer"), Role.LEAD: N_("lead"),
    Role.ADMIN: N_("admin"),
}  # fmt: skip

ROLES = {
    Role.VIEWER: N_("viewer: may look"), Role.REVIEWER: N_("reviewer: may also decide"),
    Role.LEAD: N_("lead: may also assign listings and change settings"),
    Role.ADMIN: N_("administrator: may also manage users"),
}  # fmt: skip

STAGES = {
    Stage.FIRST: N_("first review"), Stage.SECOND: N_("second review"), Stage.ADJUDICATION: N_("final"
                                                                                           " "
                                                                                           "decision"),
}  # fmt: skip

FIELDS = {
    "title": N_("Title"), "price_text": N_("Price"), "price_amount": N_("Price as a number"),
    "quantity_text": N_("Quantity"), "pack_text": N_("Pack"),
    "minimum_order_text": N_("Minimum order"), "seller_name": N_("Seller"), "seller_url": N_("Seller's page"),
    "location": N_("Location"), "item_id": N_("Item number"), "category_path": N_("Category"),
    "language": N_("Language"),
    "description": N_("Description"), "currency": N_("Currency"),
    "attributes": N_("Properties"), "images": N_("Images"), "terms": N_("Terms"),
}  # fmt: skip
"""Fields of `ListingContent` as the pages name them, in the order they are shown."""

TERMS = {
    TermName.CAS_NUMBER: N_("CAS number"), TermName.PURITY: N_("Purity"), TermName.GRADE: N_("Grade"),
    TermName.PACK_SIZE: N_("Pack size"), TermName.MINIMUM_ORDER: N_("Minimum order"),
    TermName.UNIT_PRICE: N_("Price per unit"), TermName.SHIPS_FROM: N_("Ships from"),
    TermName.SHIPS_TO: N_("Ships to"),
    TermName.PAYMENT: N_("Payment"), TermName.SUPPLIER_TYPE: N_("Supplier type"),
    TermName.SUPPLIER_YEARS: N_("Supplier since"), TermName.CERTIFICATE: N_("Certificate claimed"),
    TermName.CONTACT_CHANNEL: N_("Contact via"), TermName.AVAILABILITY: N_("Availability"),
    TermName.BRAND: N_("Brand"),
    TermName.GTIN: N_("GTIN"),
}  # fmt: skip
"""Typed terms of an offer as the pages name them."""

_DECIDED = {choice.value: choice.words for choice in DECISIONS} | {Decision.UNDONE: N_("Undone")}

_REASONED = {choice.value: choice.words for choice in REASONS}

_TIERS = {
    1: N_("tier 1, few licit uses"), 2: N_("tier 2, dual use"), 3: N_("tier 3, bulk chemical"),
}  # fmt: skip


def decision_words(decision: Decision) -> str:
    """Return the button text of a decision."""
    return gettext(_DECIDED[decision])


def reason_words(reason: ReasonCode | None) -> str:
    """Return the button text of a reason; empty for none."""
    return "" if reason is None else gettext(_REASONED[reason])


def tier_words(tier: int | None) -> str:
    """Return the meaning of a tier; empty for none."""
    return "" if tier is None else gettext(_TIERS.get(tier, f"tier {tier}"))


def language_tag(code: str) -> str:
    """Return a language code fit for a `lang` attribute; empty, which says unknown, for anything else."""
    return code if re.fullmatch("[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", code) else ""


def outcome_words(outcome: str) -> str:
    """Return what a page is, in words."""
    return gettext(COUNTED[PageOutcome(outcome)])


def standing_words(standing: str) -> str:
    """Return the words for the state of a run."""
    return gettext(STANDINGS.get(standing, standing))


def age(then: datetime, now: datetime) -> str:
    """Return how long ago a time is, in its largest whole unit, e.g. `3 h`."""
    return spoken_age(now - then)


def defang(url: str) -> str:
    """Return an address that can be read but not followed, e.g. `hxxps://shop[.]example/item/7`."""
    try:
        host = urlsplit(url).netloc
    except ValueError:
        host = ""
    if not host:
        return url.replace(":", "[:]", 1).replace(".", "[.]")
    return url.replace(host, host.replace(".", "[.]"), 1).replace("http", "hxxp", 1)


LAW_WORDS = (
    N_("UN 1988 Convention"), N_("EU Reg. 273/2004 and 111/2005"), N_("EU Reg. 111/2005"),
    N_("China: Catalogue of precursor chemicals (Regulation 445)"),
    N_("INCB ISSL (limited international special surveillance list)"), N_("(non-scheduled)"),
    N_("(scheduled, not a listed chemical)"), N_("(immediate precursor)"), N_("(pharmaceutical)"),
    N_("Table I"), N_("Table II"), N_("List I"), N_("List II"), N_("Schedule II"), N_("Schedule III"),
    N_("Category 1"), N_("Category 2"), N_("Category 2A"), N_("Category 2B"), N_("Category 3"),
    N_("Category 4"), N_("precursor"), N_("essential chemical"), N_("added later"),
    N_("date not read, so taken as in force"), N_("at any date"), N_("date not read"), N_("in force"),
    N_("final rule"), N_("effective"), N_("regulated since"),
    N_("since"), N_("until"), N_("general knowledge"), N_("decision"), N_("decisions"), N_("2010 decision"),
    N_("CND decision"), N_("CND decisions"), N_("March 2022"), N_("March 2024"), N_("rule"),
    N_("rule title read in"), N_("status"), N_("moved to group footnote"),
    N_("as a carbamate of 4-piperidone"), N_("halides added"), N_("proposed"), N_("final rule later in 2021"),
    N_("specific listing"), N_("edition of"), N_("of 2025-05-21"), N_("OJ"),
    N_("Ephedrine, its salts, optical isomers"), N_("scope note of Ephedrine (optical isomers)"),
    N_("(secondary source only; the list itself is distributed to authorities)"),
    N_("is the proposal only"),
    N_("confirms it is scheduled (CN codes updated by 2024/1331) but not the category"),
    N_("count read: seven BMK glycidic acid esters"), N_("count read: six PMK glycidic acid esters"),
    N_("the individual ester names are inferred from the UN group"),
    N_("shows the entry cut off at"), N_("(count: acid + eight esters)"), N_("(count: seven esters)"),
    N_("(ester names)"), N_("prints"), N_("(group name)"),
    N_("(older French decree counts sassafras oil with it)"),
    N_("(CAS and CN code read; that page prints them beside the wrong name)"),
    N_("United Nations"), N_("European Union"), N_("United States"), N_("Brazil"), N_("Hong Kong"),
    N_("Japan"), N_("South Korea"), N_("Singapore"), N_("United Kingdom"), N_("(proposed)"),
    N_("(surveillance)"), N_("about"), N_("(proposed, not in force)"), N_("(low confidence)"),
    N_("(proposed, not in force; low confidence)"), N_("Canada"), N_("Mexico"), N_("Texas"),
)  # fmt: skip
"""What citations are made of; a whole word of them is translated, all else is cited as it stands."""

_LAW = re.compile(
    "|".join(rf"(?<!\w){re.escape(words)}(?!\w)" for words in sorted(LAW_WORDS, key=len, reverse=True))
)

COUNTED: Mapping[StrEnum, str] = {
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
"""Values of `store.model` that are words; names as WhatsApp or GMP are the same in every language."""

NARROWINGS = {
    "q": N_("Words"), "state": N_("State"), "source": N_("Source"), "family": N_("Family"),
    "tier": N_("Tier"), "language": N_("Language"), "kind": N_("Evidence"), "assignee": N_("Assigned to"),
    "notice": N_("Notice"),
    "decision": N_("Verdict"), "seller": N_("Seller"), "supplier": N_("Supplier"),
    "p_from": N_("Score from"), "p_to": N_("Score to"),
    "since": N_("Seen from"), "until": N_("Seen to"), "sort": N_("Order"),
    "changed": N_("Changed since judged"),
}  # fmt: skip
"""What narrows a list, by its name in the address, as the form of filters calls it."""

_CHOSEN: Mapping[str, Mapping[str, str]] = {
    "state": STATES, "family": FAMILIES, "kind": KINDS, "notice": NOTICES, "changed": {"1": N_("yes")},
    "sort": {str(sort): words for sort, words in SORTS.items()},
    "decision": {choice.value: choice.words for choice in DECISIONS},
}  # fmt: skip


def law_words(cited: str) -> str:
    """Return a citation of the law in the page's language, e.g. `UN 1988 Convention, Table I since 2014`."""
    return _LAW.sub(lambda found: gettext(found.group()), cited)


def run_words(kind: str, sentence: str, counts: Mapping[str, int]) -> str:
    """Return how a run ended, drawn from its counts; without counts, the English sentence as stored."""
    if kind == RunKind.CRAWL and "pages" in counts:
        pages = ngettext("%(num)s page (%(met)s)", "%(num)s pages (%(met)s)", counts["pages"])
        said = gettext("%(pages)s; listings: %(read)s.") % {
            "pages": pages % {"num": f"{counts['pages']:,}", "met": _counted(PageOutcome, counts)},
            "read": _counted(Change, counts),
        }
        return " ".join([said, *_digest_words(counts)])
    if kind == RunKind.SCORE and "scored" in counts:
        said = gettext("%(scored)s scored, %(flagged)s flagged.") % {
            "scored": f"{counts['scored']:,}",
            "flagged": f"{counts.get('flagged', 0):,}",
        }
        if named := counts.get("office_terms", 0):
            found = ngettext(
                "Terms of the office were found %(num)s time.",
                "Terms of the office were found %(num)s times.",
                named,
            )
            said += " " + found % {"num": f"{named:,}"}
        return said
    return sentence


def _digest_words(counts: Mapping[str, int]) -> Iterator[str]:
    """Yield a sentence on the pages that differ from a stated digest, and on those that were not compared."""
    if count := counts.get(f"digest_{DigestResult.MISMATCH}", 0):
        yield ngettext(
            "The bytes of %(num)s page do not match the digest that the archive states.",
            "The bytes of %(num)s pages do not match the digest that the archive states.",
            count,
        ) % {"num": f"{count:,}"}
    if count := counts.get(f"digest_{DigestResult.UNCHECKED}", 0):
        yield ngettext(
            "The stated digest of %(num)s page could not be compared.",
            "The stated digests of %(num)s pages could not be compared.",
            count,
        ) % {"num": f"{count:,}"}


def term_words(term: Term) -> str:
    """Return the value of a term of an offer; empty if the term was not understood."""
    if term.value not in TERM_VALUES:
        return in_words(term)
    return in_words(replace(term, value=gettext(TERM_VALUES[term.value])))


def narrowing_words(name: str) -> str:
    """Return the name of a filter."""
    return gettext(NARROWINGS[name])


def chosen_words(value: object, name: str) -> str:
    """Return the chosen value of a filter."""
    chosen = _CHOSEN.get(name, {}).get(str(value))
    return gettext(chosen) if chosen else str(value)


def _counted(kinds: type[StrEnum], counts: Mapping[str, int]) -> str:
    """Return counts in words, e.g. `5 lists, 45 with a listing`."""
    found = [f"{counts[kind]:,} {gettext(COUNTED[kind])}" for kind in kinds if counts.get(kind)]
    return ", ".join(found) or gettext("none")
