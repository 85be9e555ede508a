"""What the pages call things: decisions and reasons with their keys, fields, times and addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from listings.model import Decision, ReasonCode

if TYPE_CHECKING:
    from datetime import datetime
    from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One button or reason a reviewer can choose."""

    value: StrEnum
    words: str
    key: str
    hint: str


DECISIONS = (
    Choice(value=Decision.OFFER, words="Offer", key="1", hint="Offers a controlled precursor, named or not"),
    Choice(value=Decision.NOT_OFFER, words="Not an offer", key="2", hint="Does not offer one"),
    Choice(value=Decision.UNSURE, words="Unsure", key="3", hint="Cannot be told from what is shown"),
    Choice(value=Decision.ESCALATE, words="Escalate", key="4", hint="For someone else to decide"),
)
"""The verdicts, in the order of their buttons."""

REASONS = (
    Choice(value=ReasonCode.UNDOCUMENTED, words="Undocumented", key="u", hint="No sign of the papers"),
    Choice(value=ReasonCode.DOCUMENTED, words="Documented", key="d", hint="Asks for or shows licences"),
    Choice(value=ReasonCode.DISGUISED, words="Disguised", key="g", hint="Cover name, code or hint"),
    Choice(value=ReasonCode.LABORATORY_SUPPLIER, words="Lab supplier", key="l", hint="Reagent packs"),
    Choice(value=ReasonCode.MENTION_ONLY, words="Mention only", key="m", hint="Named, but not for sale"),
    Choice(value=ReasonCode.CONFUSABLE, words="Confusable", key="c", hint="Another substance, like name"),
    Choice(value=ReasonCode.NOT_A_SALE, words="Not a sale", key="s", hint="Article, wanted ad, forum post"),
    Choice(value=ReasonCode.FINISHED_DRUG, words="Finished drug", key="f", hint="Another queue's work"),
    Choice(value=ReasonCode.ORDINARY_GOODS, words="Ordinary goods", key="o", hint="Nothing chemical"),
    Choice(value=ReasonCode.WRONG_READING, words="Wrong reading", key="w", hint="The page was read wrongly"),
    Choice(value=ReasonCode.NEEDS_LAW_CHECK, words="Needs law check", key="n", hint="Lawyer or chemist"),
)
"""The reasons, those of offers first; no key clashes with the page's own (j, k, z, a, /, ?)."""

KEYS = (
    ("1 – 4", "give the verdict"),
    ("letter", "choose the reason that shows it; again to clear"),
    ("a", "add a note; Esc leaves it"),
    ("j  k", "next, previous"),
    ("z", "undo your last verdict"),
    ("/", "search"),
    ("?", "show or hide these keys"),
)

FIELDS = {
    "title": "Title", "price_text": "Price", "price_amount": "Price as a number",
    "quantity_text": "Quantity", "pack_text": "Pack",
    "minimum_order_text": "Minimum order", "seller_name": "Seller", "seller_url": "Seller's page",
    "location": "Location", "item_id": "Item number", "category_path": "Category", "language": "Language",
    "description": "Description", "currency": "Currency",
    "attributes": "Properties", "images": "Images",
}  # fmt: skip
"""Fields of `ListingContent` as the pages name them, in the order they are shown."""

_DECIDED = {choice.value: choice.words for choice in DECISIONS} | {Decision.UNDONE: "Taken back"}
_REASONED = {choice.value: choice.words for choice in REASONS}
_TIERS = {1: "tier 1, few licit uses", 2: "tier 2, dual use", 3: "tier 3, bulk chemical"}


def decision_words(decision: Decision) -> str:
    """Return a decision as its button says it."""
    return _DECIDED[decision]


def reason_words(reason: ReasonCode | None) -> str:
    """Return a reason as its key says it; nothing for none."""
    return "" if reason is None else _REASONED[reason]


def tier_words(tier: int | None) -> str:
    """Return what a tier means; nothing for none."""
    return "" if tier is None else _TIERS.get(tier, f"tier {tier}")


def when(moment: datetime) -> str:
    """Return a time for reading, in UTC, e.g. `2026-11-02 08:00 UTC`."""
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def defang(url: str) -> str:
    """Return an address that can be read but not followed, e.g. `hxxps://shop[.]example/item/7`."""
    try:
        host = urlsplit(url).netloc
    except ValueError:
        host = ""
    if not host:
        return url.replace(":", "[:]", 1).replace(".", "[.]")
    return url.replace(host, host.replace(".", "[.]"), 1).replace("http", "hxxp", 1)
