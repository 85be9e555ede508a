"""Read suppliers for lists and pages: search, scores with their parts, and timelines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from store import rows, times
from store.sqlite import transaction
from store.suppliers.contacts import ContactKind, Vault
from store.suppliers.suppliers import Supplier, SupplierEvent, accounts_of, timeline_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from store.sqlite import Database

MOST_OFFERS = 1_000
"""Most sightings that prices, quantities and the timeline of a supplier are read from, newest first."""

TIER_POINTS = {1: 20.0, 2: 12.0, 3: 5.0}
UNKNOWN_TIER_POINTS = 5.0
RECENT_POINTS = ((7, 10.0), (30, 6.0), (90, 3.0))
"""Days since a flagged listing was last seen to change, and their points."""

MOST_POINTS = {
    "flagged_points": 20.0, "tier_points": 20.0, "quantity_points": 10.0, "hiding_points": 15.0,
    "account_points": 10.0, "site_points": 5.0, "offer_points": 10.0, "recency_points": 10.0,
}  # fmt: skip
"""The most points of each part of a score; 100 in all."""

BACK_AFTER = timedelta(days=1)
"""How long all earlier accounts must be unseen before a new account counts as their return: one round of
crawls sees accounts minutes apart."""


class SupplierSort(StrEnum):
    """The order of a list of suppliers."""

    SCORE = "score"
    SIZE = "size"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSupplier:
    """A row of the list of suppliers, with its score as of the last linking."""

    supplier_id: int
    name: str
    account_count: int
    listing_count: int
    first_seen_at: datetime
    last_seen_at: datetime
    score: float | None
    """From 0 to 100; None if none of its listings is flagged or judged."""
    flagged_count: int
    offer_count: int
    tier: int | None
    substances: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierFacts:
    """The facts behind the score of a supplier."""

    supplier_id: int
    account_count: int
    listing_count: int
    site_count: int
    flagged_count: int
    offer_count: int
    """Listings that people judged to be offers, with no second review open."""
    tier: int | None
    """The lowest tier of the flagged listings."""
    quantity: float
    """The highest quantity points of a flagged listing, from 0 to 1 (view `review_points`)."""
    hiding: float
    """The highest points for signs of evasion, from 0 to 1.5 (view `review_points`)."""
    flagged_at: datetime | None
    """When the last change of a flagged listing was seen."""
    substances: tuple[str, ...]

    def points(self, now: datetime) -> Mapping[str, float]:
        """Return the points of each part of the score, by its name in `MOST_POINTS`."""
        if not self.flagged_count and not self.offer_count:
            return dict.fromkeys(MOST_POINTS, 0.0)
        days = (now - self.flagged_at).days if self.flagged_at else RECENT_POINTS[-1][0] + 1
        share = self.flagged_count / max(1, self.listing_count)
        tier = TIER_POINTS.get(self.tier or 0, UNKNOWN_TIER_POINTS) if self.flagged_count else 0.0
        found = {
            "flagged_points": 20 * share,
            "tier_points": tier,
            "quantity_points": 10 * self.quantity,
            "hiding_points": 10 * self.hiding,
            "account_points": 2.0 * (self.account_count - 1),
            "site_points": 2.5 * (self.site_count - 1),
            "offer_points": 2.0 * self.offer_count,
            "recency_points": next((points for most, points in RECENT_POINTS if days <= most), 0.0),
        }
        return {name: min(most, max(0.0, found[name])) for name, most in MOST_POINTS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenOffer:
    """A sighting of a listing of a supplier: its price and quantity at that time."""

    listing_id: str
    seller_account_id: int
    sighting_id: int
    seen_at: datetime
    title: str
    text_hash: str
    price_text: str
    price_amount: Decimal | None
    currency: str
    quantity_text: str
    pack_text: str
    kg: float | None
    """The greatest pack or least order, litres counted as kilogrammes; None if there is none."""
    substances: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedAccount:
    """An account with its present supplier."""

    seller_account_id: int
    name: str
    site: str
    supplier_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A line of the timeline of a supplier across sites."""

    at: datetime
    kind: str
    """A kind of `store.suppliers.suppliers.SupplierEvent`, or `relisted`, `price_moved`, `back`."""
    account_id: int | None
    other_account_id: int | None = None
    listing_id: str | None = None
    from_supplier_id: int | None = None
    note: str = ""
    before: str = ""
    """The price before, or the name of the account that was seen last before."""
    after: str = ""


def find_suppliers(
    db: Database,
    *,
    words: str = "",
    contact: str = "",
    sort: SupplierSort = SupplierSort.SCORE,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[ListedSupplier], int]:
    """Return suppliers by name or contact, and how many there are.

    `words` are a part of the name of one of its accounts. `contact` is looked up by its keyed hash, so it is
    found however contacts are kept. What is empty does not narrow.
    """
    where, arguments = ["account_count > 0"], dict[str, object]()
    if words:
        where.append(
            "supplier_id IN (SELECT supplier_id FROM seller_accounts JOIN supplier_accounts"
            " USING (seller_account_id) WHERE instr(lower(seller_accounts.name), lower(:words)))"
        )
        arguments["words"] = words
    if contact:
        hashes = {f"hash{at}": found for at, found in enumerate(_hashes_of(db, contact))}
        marks = ", ".join(f":{name}" for name in hashes)
        where.append(
            "supplier_id IN (SELECT supplier_id FROM contacts JOIN contact_mentions USING (contact_id)"  # noqa: S608 (marks alone)
            f" JOIN supplier_accounts USING (seller_account_id) WHERE value_hash IN ({marks}))"
        )
        arguments |= hashes
    order = {
        SupplierSort.SCORE: "ifnull(score, 0) DESC, account_count DESC",
        SupplierSort.SIZE: "account_count DESC, listing_count DESC",
        SupplierSort.NEWEST: "first_seen_at DESC",
    }[sort]
    found = " AND ".join(where)
    query = f"""
        SELECT suppliers.*, score, ifnull(flagged_count, 0) AS flagged_count,
               ifnull(offer_count, 0) AS offer_count, tier, ifnull(substances, '[]') AS substances
        FROM suppliers LEFT JOIN supplier_scores USING (supplier_id)
        WHERE {found} ORDER BY {order}, supplier_id LIMIT :limit OFFSET :offset
    """  # noqa: S608 (ours)
    total = db.execute(f"SELECT count(*) FROM suppliers WHERE {found}", arguments).fetchone()[0]  # noqa: S608 (ours)
    listed = rows.select(db, ListedSupplier, query, arguments | {"limit": limit, "offset": offset})
    return listed, int(total)


def facts_of(db: Database, supplier: Supplier) -> SupplierFacts:
    """Return the facts behind the score of a supplier."""
    found = _facts(db, "supplier_accounts.supplier_id = ?", [supplier.supplier_id])
    if found:
        return found[0]
    sites = {each.site for each in accounts_of(db, supplier.supplier_id)}
    return SupplierFacts(
        supplier_id=supplier.supplier_id, account_count=supplier.account_count,
        listing_count=supplier.listing_count, site_count=len(sites), flagged_count=0, offer_count=0,
        tier=None, quantity=0.0, hiding=0.0, flagged_at=None, substances=(),
    )  # fmt: skip


def score_suppliers(db: Database, *, now: datetime, supplier_ids: Sequence[int] | None = None) -> int:
    """Compute the scores of suppliers again, of all or of some, and return how many have one."""
    if supplier_ids is None:
        found, gone, arguments = _facts(db, "true", []), "true", list[int]()
    else:
        arguments = list(supplier_ids)
        gone = f"supplier_id IN ({', '.join('?' * len(arguments))})"
        found = _facts(db, f"supplier_accounts.{gone}", arguments)
    at = times.to_text(now)
    with transaction(db):
        db.conn.execute(f"DELETE FROM supplier_scores WHERE {gone}", arguments)  # noqa: S608 (marks alone)
        db.conn.executemany(
            "INSERT INTO supplier_scores VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    each.supplier_id, sum(each.points(now).values()), each.flagged_count, each.offer_count,
                    each.tier, rows.to_json(each.substances), at,
                )
                for each in found
            ],
        )  # fmt: skip
    return len(found)


def named_accounts(db: Database, account_ids: Sequence[int]) -> dict[int, NamedAccount]:
    """Return the accounts that still exist with their present suppliers, by number."""
    marks = ", ".join("?" * len(account_ids))
    query = f"""
        SELECT seller_account_id, name, site, supplier_id
        FROM seller_accounts LEFT JOIN supplier_accounts USING (seller_account_id)
        WHERE seller_account_id IN ({marks})
    """  # noqa: S608 (marks alone)
    return {each.seller_account_id: each for each in rows.select(db, NamedAccount, query, account_ids)}


def offers_of(db: Database, supplier_id: int, *, limit: int = MOST_OFFERS) -> list[SeenOffer]:
    """Return the sightings of the listings of a supplier, oldest first; of very many, the newest."""
    query = """
        SELECT listing_id, seller_account_id, sightings.sighting_id, seen_at, title, text_hash, price_text,
               price_amount, currency, quantity_text, pack_text,
               (
                   SELECT max(CAST(json_extract(value, '$.amount') AS REAL)
                       * CASE json_extract(value, '$.unit') WHEN 'kg' THEN 1 WHEN 'L' THEN 1
                              WHEN 't' THEN 1000 WHEN 'g' THEN 0.001 WHEN 'mL' THEN 0.001 END)
                   FROM json_each(sightings.terms)
                   WHERE json_extract(value, '$.name') IN ('pack_size', 'minimum_order')
               ) AS kg,
               ifnull(substances, '[]') AS substances
        FROM supplier_accounts CROSS JOIN listing_accounts USING (seller_account_id)
        CROSS JOIN sightings USING (listing_id)
        LEFT JOIN scores ON scores.sighting_id = sightings.sighting_id
            AND scores.model_id = (SELECT model_id FROM model_in_use)
        WHERE supplier_id = ? ORDER BY sightings.sighting_id DESC LIMIT ?
    """
    return rows.select(db, SeenOffer, query, [supplier_id, limit])[::-1]


def changes_of(
    db: Database, supplier_id: int, offers: Sequence[SeenOffer], *, limit: int = 200
) -> list[Change]:
    """Return the events of a supplier across sites, newest first.

    An account is back under another name if it was first seen `BACK_AFTER` or more after all earlier accounts
    were last seen. A listing is relisted if it reads like an earlier listing of the supplier. `offers` are
    its sightings, as `offers_of` returns them.
    """
    accounts = sorted(accounts_of(db, supplier_id), key=lambda each: each.first_seen_at)
    back = {}
    for at, account in enumerate(accounts):
        last = max(accounts[:at], key=lambda each: each.last_seen_at, default=None)
        if last and last.name != account.name and account.first_seen_at - last.last_seen_at >= BACK_AFTER:
            back[account.seller_account_id] = last.name
    told = {"listing_seen", "changed"}  # which the sightings tell in more detail
    events = [each for each in timeline_of(db, supplier_id, limit=limit) if each.kind not in told]
    titles = {each.listing_id: each.title for each in offers}
    found = [_change_of(each, back, titles) for each in events]
    found += _changes_of_offers(offers)
    return sorted(found, key=lambda each: each.at, reverse=True)[:limit]


def _change_of(event: SupplierEvent, back: Mapping[int, str], titles: Mapping[str, str]) -> Change:
    is_back = event.kind == "account_seen" and event.seller_account_id in back
    return Change(
        at=event.at,
        kind="back" if is_back else event.kind,
        account_id=event.seller_account_id,
        other_account_id=event.other_account_id,
        listing_id=event.listing_id,
        from_supplier_id=event.from_supplier_id,
        note=titles.get(event.listing_id, "") if event.listing_id else event.note,
        before=back.get(event.seller_account_id or 0, "") if is_back else "",
    )


def _changes_of_offers(offers: Iterable[SeenOffer]) -> list[Change]:
    by_listing: dict[str, list[SeenOffer]] = {}
    texts: dict[str, str] = {}
    found = []
    for each in offers:
        seen = by_listing.setdefault(each.listing_id, [])
        seen.append(each)
        if len(seen) == 1:
            is_known = texts.setdefault(each.text_hash, each.listing_id) != each.listing_id
            found.append(_of_offer(each, "relisted" if is_known else "listing_seen"))
    for seen in by_listing.values():
        for before, after in pairwise(seen):
            if before.price_text != after.price_text:
                found.append(
                    _of_offer(after, "price_moved", before=before.price_text, after=after.price_text)
                )
            else:
                found.append(_of_offer(after, "changed"))
    return found


def _of_offer(offer: SeenOffer, kind: str, *, before: str = "", after: str = "") -> Change:
    return Change(
        at=offer.seen_at, kind=kind, account_id=offer.seller_account_id, listing_id=offer.listing_id,
        note=offer.title, before=before, after=after,
    )  # fmt: skip


def _facts(db: Database, where: str, arguments: Sequence[object]) -> list[SupplierFacts]:
    """Return the facts of suppliers with a flagged or judged listing."""
    query = f"""
        WITH items AS MATERIALIZED (
            SELECT supplier_id, sighting_id, score_id, is_flagged, tier, seen_at,
                   decision = 'offer' AND state = 'decided' AS is_offer
            FROM supplier_accounts JOIN listing_accounts USING (seller_account_id)
            JOIN review_items USING (listing_id)
            WHERE (is_flagged OR decision = 'offer') AND {where}
        )
        SELECT supplier_id, account_count, listing_count, (
                   SELECT count(DISTINCT site) FROM supplier_accounts AS s
                   JOIN seller_accounts USING (seller_account_id) WHERE s.supplier_id = suppliers.supplier_id
               ) AS site_count,
               sum(is_flagged) AS flagged_count, sum(ifnull(is_offer, 0)) AS offer_count,
               min(CASE WHEN is_flagged THEN items.tier END) AS tier,
               ifnull(max(CASE WHEN is_flagged THEN quantity_points END), 0.0) AS quantity,
               ifnull(max(CASE WHEN is_flagged THEN evasion_points END), 0.0) AS hiding,
               max(CASE WHEN is_flagged THEN items.seen_at END) AS flagged_at,
               '[' || ifnull(group_concat(DISTINCT CASE WHEN scores.substances <> '[]'
                   THEN substr(scores.substances, 2, length(scores.substances) - 2) END), '') || ']'
                   AS substances
        FROM items JOIN suppliers USING (supplier_id) JOIN review_points USING (sighting_id)
        LEFT JOIN scores ON scores.score_id = items.score_id
        GROUP BY supplier_id HAVING flagged_count > 0 OR offer_count > 0
    """  # noqa: S608 (ours)
    found = db.execute(query, arguments).fetchall()
    return [
        rows.read(SupplierFacts, row, substances=tuple(dict.fromkeys(json.loads(row["substances"]))))
        for row in found
    ]


def _hashes_of(db: Database, contact: str) -> set[bytes]:
    """Return the hashes that a contact may have, whatever its kind."""
    said = contact.strip()
    number = "".join(letter for letter in said if letter.isdigit())
    spelled = {said, said.casefold(), said.casefold().lstrip("@"), said.casefold().removeprefix("www.")}
    if number:
        spelled |= {f"+{number}", number}
    vault = Vault.of(db)
    return {vault.hash(kind, value) for kind in ContactKind for value in spelled}
