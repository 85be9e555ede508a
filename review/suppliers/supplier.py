"""Read the facts of a supplier for its page, the API and the dossier."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.listing.masking import NO_MASKS
from review.queue.blinding import hidden_from, hides_verdicts
from review.suppliers.network import draw_network, pairs_of
from review.web.charts import lines_over_time
from review.web.translations import word
from store.review.queue import items_of
from store.suppliers.profile import changes_of, facts_of, offers_of
from store.suppliers.suppliers import accounts_of, contacts_of, get_supplier, listings_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from review.listing.masking import Masks
    from review.suppliers.network import Network, Pair
    from review.web.charts import Line
    from store.database import Database
    from store.model import Decision
    from store.review.item_query import State
    from store.suppliers.contacts import ShownContact
    from store.suppliers.profile import Change, SeenOffer, SupplierFacts
    from store.suppliers.suppliers import Supplier, SupplierAccount, SupplierContact, SupplierListing

PLAIN_KINDS = ("phone", "email", "website")
"""Contacts whose value tells what they are."""

MOST_CHARTED = 8
"""Substances with charts of their own, those with most listings first."""
MOST_POINTS_SHOWN = 100
"""Rows of the table beside a chart, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A listing of a supplier, as this reader may see it."""

    listing: SupplierListing
    state: State | None
    """None if the listing is not a review item."""
    decision: Decision | None
    """Final or first; None if there is none or it is hidden from the reader."""
    is_blind: bool
    """Whether the verdict is hidden from the reader until their own."""
    score_hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ware:
    """The offers of a supplier for one substance."""

    substance: str
    """Empty for listings that name none."""
    listings: tuple[Shown, ...]
    flagged_count: int
    offers: tuple[SeenOffer, ...]
    """Prices and quantities over time, newest first."""
    currency: str
    """Of the chart of prices: the most frequent one."""
    price_line: Line | None
    kg_line: Line | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A supplier as this reader may see it."""

    supplier: Supplier
    facts: SupplierFacts
    points: Mapping[str, float]
    accounts: tuple[SupplierAccount, ...]
    contacts: tuple[SupplierContact, ...]
    labels: Mapping[int, str]
    """What stands for each contact: its value if it is shown, else its kind and number."""
    has_values: bool
    """Whether contacts are shown with their values."""
    pairs: tuple[Pair, ...]
    listings: tuple[Shown, ...]
    """Newest first; of very many, the first `store.suppliers.suppliers.MOST_SHOWN`."""
    wares: tuple[Ware, ...]
    changes: tuple[Change, ...]
    network: Network

    @property
    def score(self) -> float:
        """The sum of the points, from 0 to 100."""
        return sum(self.points.values())

    @property
    def places(self) -> tuple[str, ...]:
        """City and country of each account, without repeats."""
        said = (", ".join(filter(None, (each.city, each.country))) for each in self.accounts)
        return tuple(dict.fromkeys(place for place in said if place))


def label_of(contact_id: int, kind: str, value: str | None = None) -> str:
    """Return the label of a contact: its value, or its kind and number, which do not reveal the value."""
    if value and kind in PLAIN_KINDS:
        return value
    return f"{word('contact_kinds', kind, kind)} {value or contact_id}"


def read_profile(
    db: Database,
    supplier_id: int,
    *,
    reader: str,
    shown: Sequence[ShownContact] = (),
    masks: Masks = NO_MASKS,
    now: datetime,
) -> Profile:
    """Return a supplier as a reader may see it.

    Verdicts and scores are hidden from the reader as everywhere. The audit log has an entry on the contacts
    `shown` with their values.

    Raises:
        UnknownRow: If there is no such supplier.
    """
    supplier = masks(get_supplier(db, supplier_id))
    number = supplier.supplier_id
    facts = facts_of(db, supplier)
    accounts, contacts = masks(accounts_of(db, number)), contacts_of(db, number)
    pairs, offers = masks(pairs_of(db, number)), masks(offers_of(db, number))
    listings = _as_seen_by(db, masks(listings_of(db, number)), reader)
    values = {each.contact_id: each.value for each in shown}
    labels = {
        each.contact_id: label_of(each.contact_id, each.kind, values.get(each.contact_id))
        for each in contacts
    }
    return Profile(
        supplier=supplier,
        facts=facts,
        points=facts.points(now),
        accounts=tuple(accounts),
        contacts=tuple(contacts),
        labels=labels,
        has_values=bool(shown),
        pairs=tuple(pairs),
        listings=tuple(listings),
        wares=tuple(_wares(listings, offers)),
        changes=tuple(masks(changes_of(db, number, offers))),
        network=draw_network(accounts, contacts, pairs, labels),
    )


def _as_seen_by(db: Database, listings: Sequence[SupplierListing], reader: str) -> list[Shown]:
    items = items_of(db, [each.listing_id for each in listings]) if listings else {}
    hides = hidden_from(db, reader)
    seen = []
    for each in listings:
        item = items.get(each.listing_id)
        is_blind = hides_verdicts(item, reviewer=reader)
        seen.append(
            Shown(
                listing=each,
                state=item.state if item else None,
                decision=item.decision if item and not is_blind else None,
                is_blind=is_blind,
                score_hidden=hides(item),
            )
        )
    return seen


def _wares(listings: Sequence[Shown], offers: Sequence[SeenOffer]) -> list[Ware]:
    by_substance: dict[str, list[Shown]] = {}
    for each in listings:
        for substance in each.listing.substances or ("",):
            by_substance.setdefault(substance, []).append(each)
    flagged = {
        substance: sum(each.listing.is_flagged and not each.score_hidden for each in found)
        for substance, found in by_substance.items()
    }
    order = sorted(
        by_substance, key=lambda name: (name == "", -flagged[name], -len(by_substance[name]), name)
    )
    return [
        _ware(substance, by_substance[substance], flagged[substance], offers if at < MOST_CHARTED else ())
        for at, substance in enumerate(order)
    ]


def _ware(substance: str, listings: list[Shown], flagged_count: int, offers: Sequence[SeenOffer]) -> Ware:
    ids = {each.listing.listing_id for each in listings}
    seen = [each for each in offers if each.listing_id in ids]
    currencies = Counter(each.currency for each in seen if each.price_amount is not None)
    currency = currencies.most_common(1)[0][0] if currencies else ""
    priced: dict[str, list[tuple[datetime, float, str]]] = {}
    weighed: dict[str, list[tuple[datetime, float, str]]] = {}
    for each in seen:
        if each.price_amount is not None and each.currency == currency:
            said = f"{each.price_amount:f} {currency}, {each.title[:60]}"
            priced.setdefault(each.listing_id, []).append((each.seen_at, float(each.price_amount), said))
        if each.kg is not None:
            said = f"{each.kg:g} kg, {each.title[:60]}"
            weighed.setdefault(each.listing_id, []).append((each.seen_at, each.kg, said))
    told = [each for each in reversed(seen) if each.price_text or each.quantity_text or each.pack_text]
    return Ware(
        substance=substance,
        listings=tuple(listings),
        flagged_count=flagged_count,
        offers=tuple(told[:MOST_POINTS_SHOWN]),
        currency=currency,
        price_line=lines_over_time(list(priced.values())),
        kg_line=lines_over_time(list(weighed.values())),
    )
