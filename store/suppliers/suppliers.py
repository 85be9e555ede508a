"""Read suppliers for their pages: accounts, listings, contacts, links and timeline.

Contacts appear by number and kind alone; `store.suppliers.contacts.view_contacts` shows values, with an audit
entry. Every query reads by index and is bounded, so a page of the largest supplier is as quick as others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from store import rows
from store.errors import UnknownRow

if TYPE_CHECKING:
    from store.sqlite import Database

MOST_SHOWN = 200
"""Most accounts, listings, contacts, links or events of one answer."""
EVERY = 10**9
"""As a limit: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplier:
    """A supplier with its counts."""

    supplier_id: int
    name: str
    """Of the account with most listings."""
    account_count: int
    listing_count: int
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierAccount:
    """An account of a supplier."""

    seller_account_id: int
    site: str
    name: str
    shop_url: str
    country: str
    city: str
    member_since: str
    first_seen_at: datetime
    last_seen_at: datetime
    listing_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierListing:
    """A listing of a supplier as it now reads, with its score by the model in use."""

    listing_id: str
    seller_account_id: int
    source_id: str
    url: str
    sighting_id: int
    title: str
    price_text: str
    price_amount: Decimal | None
    currency: str
    quantity_text: str
    first_seen_at: datetime
    seen_at: datetime
    p_offer: float | None
    is_flagged: bool
    substances: tuple[str, ...]
    family: str
    tier: int | None
    decision: str
    """Of the standing verdict; empty if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierContact:
    """A contact that accounts of a supplier state, without its value."""

    contact_id: int
    kind: str
    account_ids: tuple[int, ...]
    mentions: int
    first_seen_at: datetime
    is_common: bool
    """Whether the contact was declared common, and links nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierLink:
    """A link of an account of a supplier, with the decision that stands on its two accounts."""

    link_id: int
    seller_account_id: int
    other_account_id: int
    kind: str
    """Kind of the shared contact, or `name`, `place`, `texts`, `prices`."""
    contact_id: int | None
    match_weight: float
    """log2 of the odds that both accounts have one supplier."""
    probability: float
    parts: Mapping[str, float]
    """Match weight by comparison."""
    is_left_out: bool
    model_id: str
    first_linked_at: datetime
    decision: str
    """`confirmed`, `cut`, or empty."""
    decision_reason: str
    decided_by: str

    @property
    def weight_before(self) -> float:
        """The match weight of two accounts before any evidence; the parts and it add up to `match_weight`."""
        return self.match_weight - sum(self.parts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierEvent:
    """A line of the timeline of a supplier."""

    at: datetime
    kind: str
    """`account_seen`, `listing_seen`, `changed`, `gone`, a kind of move, or a decision."""
    seller_account_id: int | None
    other_account_id: int | None
    listing_id: str | None
    from_supplier_id: int | None
    note: str
    """Title of the listing, or reason of the decision."""


def list_suppliers(db: Database, *, limit: int = 50, offset: int = 0) -> list[Supplier]:
    """Return the suppliers, most accounts first."""
    query = """
        SELECT * FROM suppliers WHERE account_count > 0
        ORDER BY account_count DESC, listing_count DESC, supplier_id LIMIT ? OFFSET ?
    """
    return rows.select(db, Supplier, query, [limit, offset])


def count_suppliers(db: Database) -> tuple[int, int]:
    """Return how many suppliers there are, and how many of them have several accounts."""
    query = "SELECT count(*), coalesce(sum(account_count > 1), 0) FROM suppliers WHERE account_count > 0"
    row = db.execute(query).fetchone()
    return int(row[0]), int(row[1])


def get_supplier(db: Database, supplier_id: int) -> Supplier:
    """Return a supplier; for one that was merged, the supplier that its accounts went to.

    Raises:
        UnknownRow: If there is no such supplier.
    """
    query = "SELECT * FROM suppliers WHERE supplier_id = ?"
    went_to = """
        SELECT supplier_id FROM supplier_moves WHERE from_supplier_id = ? AND supplier_id IS NOT NULL
        ORDER BY move_id DESC LIMIT 1
    """
    asked, seen = supplier_id, set[int]()
    while supplier_id not in seen:
        seen.add(supplier_id)
        found = rows.find(db, Supplier, f"{query} AND account_count > 0", [supplier_id])
        if found is not None:
            return found
        row = db.execute(went_to, [supplier_id]).fetchone()
        if row is None:
            break
        supplier_id = row[0]
    raise UnknownRow("supplier", asked)


def supplier_of_account(db: Database, seller_account_id: int) -> int | None:
    """Return the supplier of an account, or None before the account is linked."""
    query = "SELECT supplier_id FROM supplier_accounts WHERE seller_account_id = ?"
    row = db.execute(query, [seller_account_id]).fetchone()
    return None if row is None else int(row[0])


def supplier_of_listing(db: Database, listing_id: str) -> int | None:
    """Return the supplier of a listing, or None if no seller is named or the account is not linked yet."""
    query = """
        SELECT supplier_id FROM listing_accounts JOIN supplier_accounts USING (seller_account_id)
        WHERE listing_id = ?
    """
    row = db.execute(query, [listing_id]).fetchone()
    return None if row is None else int(row[0])


def accounts_of(db: Database, supplier_id: int, *, limit: int = MOST_SHOWN) -> list[SupplierAccount]:
    """Return the accounts of a supplier in the order of their numbers."""
    query = """
        SELECT seller_accounts.*, (
                   SELECT count(*) FROM listing_accounts AS l
                   WHERE l.seller_account_id = seller_accounts.seller_account_id
               ) AS listing_count
        FROM supplier_accounts JOIN seller_accounts USING (seller_account_id)
        WHERE supplier_id = ? ORDER BY seller_account_id LIMIT ?
    """
    return rows.select(db, SupplierAccount, query, [supplier_id, limit])


def listings_of(
    db: Database,
    supplier_id: int,
    *,
    limit: int = MOST_SHOWN,
    offset: int = 0,
    is_flagged: bool | None = None,
) -> list[SupplierListing]:
    """Return the listings of a supplier as they now read, newest sighting first.

    `is_flagged` returns only flagged listings, or only others; None returns all.
    """
    query = """
        SELECT listing_id, seller_account_id, listings.source_id, listings.url, sightings.sighting_id, title,
               price_text,
               price_amount, currency, quantity_text, listings.first_seen_at, seen_at, p_offer,
               ifnull(p_offer >= (SELECT threshold FROM model_in_use), 0) AS is_flagged,
               ifnull(substances, '[]') AS substances, ifnull(family, '') AS family, tier,
               ifnull((SELECT decision FROM standing_verdicts
                       WHERE standing_verdicts.listing_id = listings.listing_id), '') AS decision
        FROM supplier_accounts CROSS JOIN listing_accounts USING (seller_account_id)
        CROSS JOIN listings USING (listing_id)
        CROSS JOIN sightings USING (listing_id)
        LEFT JOIN scores ON scores.sighting_id = sightings.sighting_id
            AND scores.model_id = (SELECT model_id FROM model_in_use)
        WHERE supplier_id = :supplier
          AND sightings.sighting_id = (
              SELECT max(sighting_id) FROM sightings AS s WHERE s.listing_id = listings.listing_id
          )
          AND (:flagged IS NULL OR :flagged = ifnull(p_offer >= (SELECT threshold FROM model_in_use), 0))
        ORDER BY sightings.sighting_id DESC LIMIT :limit OFFSET :offset
    """
    flagged = None if is_flagged is None else int(is_flagged)
    arguments: dict[str, object] = {
        "supplier": supplier_id,
        "limit": limit,
        "offset": offset,
        "flagged": flagged,
    }
    return rows.select(db, SupplierListing, query, arguments)


def contacts_of(db: Database, supplier_id: int, *, limit: int = MOST_SHOWN) -> list[SupplierContact]:
    """Return the contacts of a supplier without their values, the most stated first."""
    query = """
        SELECT contact_id, contacts.kind, json_group_array(DISTINCT seller_account_id) AS account_ids,
               count(*) AS mentions, contacts.first_seen_at,
               ifnull((SELECT is_common FROM common_contacts
                       WHERE value_hash = lower(hex(contacts.value_hash))
                       ORDER BY declaration_id DESC LIMIT 1), 0) AS is_common
        FROM supplier_accounts CROSS JOIN contact_mentions USING (seller_account_id)
        CROSS JOIN contacts USING (contact_id)
        WHERE supplier_id = ? GROUP BY contact_id
        ORDER BY count(DISTINCT seller_account_id) DESC, mentions DESC, contact_id LIMIT ?
    """
    return rows.select(db, SupplierContact, query, [supplier_id, limit])


def links_of(db: Database, supplier_id: int, *, limit: int = MOST_SHOWN) -> list[SupplierLink]:
    """Return the links of a supplier's accounts, strongest first, with links that join nothing."""
    query = """
        WITH found AS (
            SELECT link_id FROM supplier_accounts CROSS JOIN supplier_links USING (seller_account_id)
            WHERE supplier_id = :supplier
            UNION
            SELECT link_id FROM supplier_accounts CROSS JOIN supplier_links
            ON other_account_id = supplier_accounts.seller_account_id
            WHERE supplier_id = :supplier
        )
        SELECT supplier_links.*, ifnull(decision, '') AS decision, ifnull(reason, '') AS decision_reason,
               ifnull(decided_by, '') AS decided_by
        FROM found CROSS JOIN supplier_links USING (link_id)
        LEFT JOIN link_decisions ON decision_id = (
            SELECT max(decision_id) FROM link_decisions AS d
            WHERE d.seller_account_id = supplier_links.seller_account_id
              AND d.other_account_id = supplier_links.other_account_id
        ) AND decision <> 'withdrawn'
        ORDER BY match_weight DESC, link_id LIMIT :limit
    """
    return rows.select(db, SupplierLink, query, {"supplier": supplier_id, "limit": limit})


def decisions_of(db: Database, supplier_id: int, *, limit: int = MOST_SHOWN) -> list[SupplierEvent]:
    """Return the decisions on links of the accounts of a supplier, newest first, withdrawn ones included."""
    query = """
        SELECT decided_at AS at, decision AS kind, d.seller_account_id, d.other_account_id,
               NULL AS listing_id, NULL AS from_supplier_id, reason || ' (' || decided_by || ')' AS note
        FROM link_decisions AS d WHERE decision_id IN (
            SELECT decision_id FROM supplier_accounts CROSS JOIN link_decisions USING (seller_account_id)
            WHERE supplier_id = :supplier
            UNION
            SELECT decision_id FROM supplier_accounts CROSS JOIN link_decisions
            ON other_account_id = supplier_accounts.seller_account_id
            WHERE supplier_id = :supplier
        )
        ORDER BY decision_id DESC LIMIT :limit
    """
    return rows.select(db, SupplierEvent, query, {"supplier": supplier_id, "limit": limit})


def timeline_of(db: Database, supplier_id: int, *, limit: int = MOST_SHOWN) -> list[SupplierEvent]:
    """Return the events of a supplier, newest first.

    Events are accounts and listings first seen, changes, pages gone, moves of accounts, and decisions.
    """
    queries = (
        """
        SELECT first_seen_at AS at, 'account_seen' AS kind, seller_account_id, NULL AS other_account_id,
               NULL AS listing_id, NULL AS from_supplier_id, name || ', ' || site AS note
        FROM supplier_accounts CROSS JOIN seller_accounts USING (seller_account_id)
        WHERE supplier_id = :supplier ORDER BY at DESC LIMIT :limit
        """,
        """
        SELECT seen_at AS at,
               CASE WHEN EXISTS (SELECT 1 FROM sightings AS e WHERE e.listing_id = sightings.listing_id
                                 AND e.sighting_id < sightings.sighting_id)
                    THEN 'changed' ELSE 'listing_seen' END AS kind,
               seller_account_id, NULL AS other_account_id, listing_id,
               NULL AS from_supplier_id, title AS note
        FROM supplier_accounts CROSS JOIN listing_accounts USING (seller_account_id)
        CROSS JOIN sightings USING (listing_id) WHERE supplier_id = :supplier
        ORDER BY at DESC LIMIT :limit
        """,
        """
        SELECT fetched_at AS at, 'gone' AS kind, seller_account_id, NULL AS other_account_id, listing_id,
               NULL AS from_supplier_id, pages.sentence AS note
        FROM supplier_accounts CROSS JOIN listing_accounts USING (seller_account_id)
        CROSS JOIN listings USING (listing_id)
        CROSS JOIN pages INDEXED BY idx_pages_url
        ON pages.source_id = listings.source_id AND pages.url = listings.url AND pages.outcome = 'gone'
        WHERE supplier_id = :supplier ORDER BY at DESC LIMIT :limit
        """,
        """
        SELECT moved_at AS at, kind, seller_account_id, NULL AS other_account_id, NULL AS listing_id,
               from_supplier_id, '' AS note
        FROM supplier_moves WHERE supplier_id = :supplier ORDER BY move_id DESC LIMIT :limit
        """,
    )  # fmt: skip
    arguments: dict[str, object] = {"supplier": supplier_id, "limit": limit}
    found = [event for query in queries for event in rows.select(db, SupplierEvent, query, arguments)]
    found += decisions_of(db, supplier_id, limit=limit)
    return sorted(found, key=lambda event: event.at, reverse=True)[:limit]


def last_move(db: Database) -> int:
    """Return the number of the newest move of an account; 0 if there is none."""
    return int(db.execute("SELECT ifnull(max(move_id), 0) FROM supplier_moves").fetchone()[0])


def suppliers_since(db: Database, move_id: int, *, limit: int) -> list[Supplier]:
    """Return the suppliers of several accounts that an account joined or left after a move, largest first."""
    query = """
        SELECT * FROM suppliers WHERE account_count > 1 AND supplier_id IN (
            SELECT supplier_id FROM supplier_moves WHERE move_id > :move
            UNION SELECT from_supplier_id FROM supplier_moves WHERE move_id > :move
        )
        ORDER BY account_count DESC, listing_count DESC, supplier_id LIMIT :limit
    """
    return rows.select(db, Supplier, query, {"move": move_id, "limit": limit})
