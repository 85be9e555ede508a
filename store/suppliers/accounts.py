"""Accounts of sellers, and how far sightings were read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from store import rows, times
from store.crawl.pictures import PICTURE_STEP, pictured_sightings

if TYPE_CHECKING:
    from store.crawl.pictures import Pictured
    from store.sqlite import Database

CONTACTS = "contacts"
"""The step of `link` that reads contacts and accounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAccount:
    """An account as a sighting names it. An empty text means that the sighting does not state it."""

    site: str
    account_key: str
    has_shop: bool
    """Whether the key is the address of a shop, not a name."""
    name: str
    shop_url: str = ""
    country: str = ""
    city: str = ""
    member_since: str = ""


def unread_sightings(db: Database, step: str, *, limit: int) -> list[Any]:
    """Return the next sightings that a step has not read, in the order in which they were recorded.

    Each row has the columns of the sighting, and `url` and `source_id` of its listing.
    """
    query = """
        SELECT sightings.*, listings.url, listings.source_id
        FROM sightings JOIN listings USING (listing_id)
        WHERE sighting_id > coalesce((SELECT last_sighting_id FROM supplier_progress WHERE step = ?), 0)
        ORDER BY sighting_id LIMIT ?
    """
    return db.execute(query, [step, limit]).fetchall()


def count_unread(db: Database, step: str) -> int:
    """Return the number of sightings that a step has not read."""
    query = """
        SELECT count(*) FROM sightings
        WHERE sighting_id > coalesce((SELECT last_sighting_id FROM supplier_progress WHERE step = ?), 0)
    """
    return int(db.execute(query, [step]).fetchone()[0])


def unread_pictures(db: Database, *, limit: int) -> list[Pictured]:
    """Return the next sightings whose pictures were read and not yet searched for contacts."""
    query = "SELECT last_sighting_id FROM supplier_progress WHERE step = ?"
    done = db.execute(query, [PICTURE_STEP]).fetchone()
    return pictured_sightings(db, after=done[0] if done else 0, limit=limit)


def sighting_with_account(db: Database, sighting_id: int) -> Any:
    """Return a row as `unread_sightings` does, with the `seller_account_id` of its listing, or NULL."""
    query = """
        SELECT sightings.*, listings.url, listings.source_id, seller_account_id
        FROM sightings JOIN listings USING (listing_id) LEFT JOIN listing_accounts USING (listing_id)
        WHERE sighting_id = ?
    """
    return db.execute(query, [sighting_id]).fetchone()


def mark_read(db: Database, step: str, sighting_id: int, *, now: datetime) -> None:
    """Record the last sighting that a step has read, in the transaction of the step's results."""
    db.conn.execute(
        "INSERT INTO supplier_progress (step, last_sighting_id, updated_at) VALUES (?, ?, ?)"
        " ON CONFLICT (step) DO UPDATE SET last_sighting_id = excluded.last_sighting_id,"
        " updated_at = excluded.updated_at",
        [step, sighting_id, times.to_text(now)],
    )


def record_account(db: Database, sighting: Any, found: FoundAccount) -> int:
    """Record the account that a sighting names, as the current account of its listing; return its number.

    A sighting that names only the seller belongs to the one account of this site with this name, if there is
    exactly one, because a list row often lacks the address of the shop that the listing's own page has. The
    sighting is a row with `listing_id` and `seen_at`. The caller holds the transaction.
    """
    seen_at = sighting["seen_at"]
    known = db.conn.execute(
        "SELECT seller_account_id FROM seller_accounts WHERE site = ? AND account_key = ?",
        [found.site, found.account_key],
    ).fetchall()
    if not known and not found.has_shop:
        known = db.conn.execute(
            "SELECT seller_account_id FROM seller_accounts WHERE site = ? AND name = ? LIMIT 2",
            [found.site, rows.clean(found.name)],
        ).fetchall()
    stated = {
        name: rows.clean(getattr(found, name))
        for name in ("name", "shop_url", "country", "city", "member_since")
    }
    if len(known) == 1:
        account_id = int(known[0][0])
        db.conn.execute(_UPDATE, {**stated, "seen_at": seen_at, "account_id": account_id})
    else:
        values = {
            "site": found.site,
            "account_key": rows.clean(found.account_key),
            **stated,
            "first_seen_at": seen_at,
            "last_seen_at": seen_at,
        }
        account_id = int(rows.insert(db, "seller_accounts", values) or 0)
    db.conn.execute(
        "INSERT INTO listing_accounts (listing_id, seller_account_id, since) VALUES (?, ?, ?)"
        " ON CONFLICT (listing_id) DO UPDATE SET seller_account_id = excluded.seller_account_id,"
        " since = excluded.since WHERE seller_account_id <> excluded.seller_account_id",
        [sighting["listing_id"], account_id, seen_at],
    )
    return account_id


_UPDATE = """
    UPDATE seller_accounts
    SET name = coalesce(nullif(:name, ''), name), shop_url = coalesce(nullif(:shop_url, ''), shop_url),
        country = coalesce(nullif(:country, ''), country), city = coalesce(nullif(:city, ''), city),
        member_since = coalesce(nullif(:member_since, ''), member_since),
        first_seen_at = min(first_seen_at, :seen_at), last_seen_at = max(last_seen_at, :seen_at)
    WHERE seller_account_id = :account_id
"""
