"""Store the compared data of sellers' accounts, and the links between accounts.

Two queues, filled in the transaction of the change, make linking incremental: `accounts_to_link` holds
accounts that changed, and `accounts_to_score` holds accounts whose links must be computed again. A key is the
hash of something that accounts may have in common, such as a contact or a word of the name. The class of a
key, which depends on how many accounts have the key, decides what the key is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from store import rows, times
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.errors import N_, StoreError, UnknownRow
from store.sqlite import transaction

if TYPE_CHECKING:
    from datetime import datetime

    from store.sqlite import Database

LISTINGS_READ = 12
"""Most listings of an account whose texts and prices are compared; the lowest listing ids."""
CONTACTS_READ = 40
"""Most contacts of an account that are compared; those that most listings state."""
MOST_COUNTED = 1_000
"""Accounts of a key that are counted; every greater number counts as one more."""


class DecisionRefused(StoreError):
    """A decision on a link or a contact cannot be recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """The facts of one account by which links are found."""

    seller_account_id: int
    name: str
    country: str
    city: str
    contact_keys: tuple[int, ...]
    has_more_contacts: bool
    """Whether the account states more than `CONTACTS_READ` contacts."""
    texts: tuple[str, ...]
    """Title and description of some listings as they now read."""
    prices: tuple[str, ...]
    """Currency and amount, e.g. `USD 12.50`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkProfile:
    """The compared data of an account."""

    seller_account_id: int
    name: str
    country: str
    city: str
    keys: frozenset[tuple[str, int]]
    """Kind and hash of each key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCount:
    """How many accounts have a key."""

    kind: str
    key: int
    accounts: int
    """At most `MOST_COUNTED` + 1."""
    names: int
    """Different names among them, for contacts; 0 for other kinds."""
    first_account: int


KeyClass = Callable[[KeyCount], object]
"""Returns the class of a key; equal classes are worth the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLink:
    """A link as computed."""

    seller_account_id: int
    """The lower number of the two."""
    other_account_id: int
    kind: str
    """`contact`, or `name`, `place`, `texts`, `prices`."""
    key: int
    """Of the shared contact; 0 for other kinds."""
    match_weight: float
    probability: float
    parts: Mapping[str, float]
    """Match weight by comparison."""


def contact_key(value_hash: bytes) -> int:
    """Return the key of a contact: the first 64 bits of its hash."""
    return int.from_bytes(value_hash[:8], "big", signed=True)


def next_to_link(db: Database, limit: int) -> list[tuple[int, int]]:
    """Return the next accounts that changed, each with the number of its last change."""
    query = "SELECT seller_account_id, change FROM accounts_to_link ORDER BY change LIMIT ?"
    return [(row[0], row[1]) for row in db.conn.execute(query, [limit])]


def count_to_link(db: Database) -> int:
    """Return how many accounts changed since the last linking, or still have to be scored."""
    query = """
        SELECT count(*) FROM (
            SELECT seller_account_id FROM accounts_to_link
            UNION SELECT seller_account_id FROM accounts_to_score
        )
    """
    return int(db.conn.execute(query).fetchone()[0])


def link_all_again(db: Database) -> None:
    """Queue every account, so that all keys and links are computed again."""
    with transaction(db):
        db.conn.execute(
            "INSERT OR REPLACE INTO accounts_to_link SELECT seller_account_id, row_number() OVER () FROM"
            " (SELECT seller_account_id FROM seller_accounts"
            " UNION SELECT seller_account_id FROM link_profiles)"
        )
        db.conn.execute("INSERT OR IGNORE INTO accounts_to_score SELECT seller_account_id FROM link_profiles")


def facts_of(db: Database, account_ids: Sequence[int]) -> Iterator[AccountFacts]:
    """Yield the facts of accounts; an account that is gone has none."""
    contacts = """
        SELECT value_hash, count(*) AS mentions FROM contact_mentions JOIN contacts USING (contact_id)
        WHERE seller_account_id = ? GROUP BY value_hash ORDER BY mentions DESC, value_hash LIMIT ?
    """
    listings = """
        SELECT title, description, price_amount, currency
        FROM (SELECT listing_id FROM listing_accounts WHERE seller_account_id = ? ORDER BY listing_id LIMIT ?)
            AS sampled
        JOIN sightings ON sighting_id = (
            SELECT max(sighting_id) FROM sightings AS seen WHERE seen.listing_id = sampled.listing_id
        )
    """
    account = "SELECT name, country, city FROM seller_accounts WHERE seller_account_id = ?"
    for account_id in account_ids:
        found = db.conn.execute(account, [account_id]).fetchone()
        if found is None:
            continue
        hashes = db.conn.execute(contacts, [account_id, CONTACTS_READ + 1]).fetchall()
        seen = db.conn.execute(listings, [account_id, LISTINGS_READ]).fetchall()
        yield AccountFacts(
            seller_account_id=account_id,
            name=found["name"],
            country=found["country"],
            city=found["city"],
            contact_keys=tuple(contact_key(row[0]) for row in hashes[:CONTACTS_READ]),
            has_more_contacts=len(hashes) > CONTACTS_READ,
            texts=tuple(f"{row['title']}\n{row['description']}" for row in seen),
            prices=tuple(f"{row['currency']} {row['price_amount']}" for row in seen if row["price_amount"]),
        )


def store_profiles(
    db: Database, queued: Sequence[tuple[int, int]], profiles: Iterable[LinkProfile], key_class: KeyClass
) -> int:
    """Store the profiles of queued accounts, and queue the accounts that the change concerns for scoring.

    Queued for scoring are the accounts whose profile changed, and every account of a key whose class changed
    by that. All is one transaction, so a kill leaves the accounts queued as they were. `queued` are accounts
    with the number of their change, as `next_to_link` gave them; an account without a profile is gone. Return
    how many of the profiles changed.
    """
    new = {profile.seller_account_id: profile for profile in profiles}
    with transaction(db):
        changed: list[int] = []
        touched: set[tuple[str, int]] = set()
        for account_id, _change in queued:
            old, profile = _profile(db, account_id), new.get(account_id)
            if old != profile:
                changed.append(account_id)
                touched |= (old.keys if old else frozenset()) | (profile.keys if profile else frozenset())
        before = _classes(db, touched, key_class)
        for account_id in changed:
            _replace_profile(db, account_id, new.get(account_id))
        after = _classes(db, touched, key_class)
        flipped = [key for key in touched if before.get(key) != after.get(key)]
        db.conn.executemany(
            "INSERT OR IGNORE INTO accounts_to_score VALUES (?)", [(account_id,) for account_id in changed]
        )
        _queue_accounts_of(db, flipped)
        db.conn.executemany(
            "DELETE FROM accounts_to_link WHERE seller_account_id = ? AND change <= ?", queued
        )
    return len(changed)


@contextmanager
def snapshot(db: Database) -> Iterator[None]:
    """Read one state of the store inside the block, without keeping other processes from writing."""
    db.conn.execute("BEGIN")
    try:
        yield
    finally:
        db.conn.commit()  # temporary tables alone were written


def next_to_score(db: Database, limit: int) -> list[int]:
    """Return the next accounts whose links must be computed."""
    query = "SELECT seller_account_id FROM accounts_to_score ORDER BY seller_account_id LIMIT ?"
    return [row[0] for row in db.conn.execute(query, [limit])]


def select_to_score(db: Database, account_ids: Sequence[int]) -> Iterator[KeyCount]:
    """Select accounts for scoring, and yield a count for each of their keys that others have too.

    The selection stands until the next one, on this connection.
    """
    _temporary(db, "selected", "seller_account_id INTEGER PRIMARY KEY", [(each,) for each in account_ids])
    _temporary(db, "touched", "kind TEXT, key INTEGER, PRIMARY KEY (kind, key)", [])
    db.conn.execute(
        "INSERT OR IGNORE INTO temp.touched SELECT kind, key FROM temp.selected JOIN link_keys"
        " USING (seller_account_id)"
    )
    return (count for count in _counts(db) if count.accounts > 1)


def neighbours(db: Database, keys: Iterable[tuple[str, int, int | None]]) -> list[int]:
    """Return the accounts that share one of these keys with a selected account, the selected ones included.

    Call it after `select_to_score`. `keys` are kind, hash and hub; if there is a hub, each account of the key
    is compared with the hub alone.
    """
    _temporary(db, "blocking", "kind TEXT, key INTEGER, hub INTEGER, PRIMARY KEY (kind, key)", keys)
    query = """
        SELECT seller_account_id FROM temp.selected
        UNION SELECT link_keys.seller_account_id FROM temp.blocking JOIN link_keys USING (kind, key)
        WHERE hub IS NULL OR link_keys.seller_account_id = hub
           OR hub IN (SELECT seller_account_id FROM temp.selected)
    """
    return [row[0] for row in db.conn.execute(query)]


def profiles_of(db: Database, account_ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """Return id, name, country, city, and the numbers of contact, text and price keys of accounts."""
    _temporary(db, "wanted", "seller_account_id INTEGER PRIMARY KEY", [(each,) for each in account_ids])
    query = """
        SELECT seller_account_id, name, country, city,
               (SELECT count(*) FROM link_keys AS k
                WHERE k.seller_account_id = p.seller_account_id AND kind = 'contact'),
               (SELECT count(*) FROM link_keys AS k
                WHERE k.seller_account_id = p.seller_account_id AND kind = 'text'),
               (SELECT count(*) FROM link_keys AS k
                WHERE k.seller_account_id = p.seller_account_id AND kind = 'price')
        FROM temp.wanted JOIN link_profiles AS p USING (seller_account_id)
    """
    return [tuple(row) for row in db.conn.execute(query)]


def shared_keys(db: Database) -> Iterator[tuple[int, str, int]]:
    """Yield account, kind and hash of the keys of selected accounts, for each account last asked for.

    The accounts are those given to `profiles_of`.
    """
    query = """
        SELECT link_keys.seller_account_id, kind, key
        FROM temp.wanted JOIN link_keys USING (seller_account_id) JOIN temp.touched USING (kind, key)
    """
    return ((row[0], row[1], row[2]) for row in db.conn.execute(query))


def replace_links(
    db: Database,
    scored: Sequence[int],
    found: Iterable[FoundLink],
    *,
    model_id: str,
    now: datetime,
) -> tuple[int, int, set[int]]:
    """Replace the links of accounts, within the caller's transaction, and take the accounts off the queue.

    A link that was there before keeps its number and its time. Return how many links are new and how many are
    gone, and the accounts at the ends of both.
    """
    _temporary(db, "scored", "seller_account_id INTEGER PRIMARY KEY", [(each,) for each in scored])
    old = {
        tuple(row)[1:]: row[0]
        for row in db.conn.execute(
            "SELECT link_id, seller_account_id, other_account_id, kind, key FROM supplier_links"
            " WHERE seller_account_id IN temp.scored"
            " UNION SELECT link_id, seller_account_id, other_account_id, kind, key FROM supplier_links"
            " WHERE other_account_id IN temp.scored"
        )
    }
    contacts: dict[int, tuple[int | None, str]] = {}
    ends: set[int] = set()
    new, at = 0, times.to_text(now)
    for link in found:
        contact_id, kind = None, link.kind
        if link.kind == "contact":
            if link.key not in contacts:
                contacts[link.key] = _contact_of(db, link.key)
            contact_id, kind = contacts[link.key]
        pair = (link.seller_account_id, link.other_account_id)
        computed = (
            contact_id, round(link.match_weight, 3), link.probability, rows.to_json(link.parts), model_id,
        )  # fmt: skip
        link_id = old.pop((*pair, kind, link.key), None)
        if link_id is None:
            db.conn.execute(
                "INSERT INTO supplier_links (seller_account_id, other_account_id, kind, key, contact_id,"
                " match_weight, probability, parts, model_id, is_left_out, first_linked_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
                (*pair, kind, link.key, *computed, at),
            )
            new += 1
            ends.update(pair)
        else:
            updated = db.conn.execute(
                "UPDATE supplier_links SET contact_id = ?1, match_weight = ?2, probability = ?3, parts = ?4,"
                " model_id = ?5 WHERE link_id = ?6"
                " AND (match_weight, parts, model_id) IS NOT (?2, ?4, ?5)",
                (*computed, link_id),
            )
            if updated.rowcount:
                ends.update(pair)
    for gone, link_id in old.items():
        db.conn.execute("DELETE FROM supplier_links WHERE link_id = ?", [link_id])
        ends.update(gone[:2])
    db.conn.execute("DELETE FROM accounts_to_score WHERE seller_account_id IN temp.scored")
    return new, len(old), ends


def register_link_model(db: Database, model_id: str, settings: str, sentence: str, *, now: datetime) -> None:
    """Record weights, which are then in use."""
    values = {
        "model_id": model_id, "created_at": times.to_text(now), "settings": settings, "sentence": sentence,
    }  # fmt: skip
    with transaction(db):
        rows.insert(db, "link_models", values)


def link_model(db: Database) -> tuple[str, str, str] | None:
    """Return id, settings and sentence of the weights in use, or None if no accounts were linked yet."""
    query = "SELECT model_id, settings, sentence FROM link_models ORDER BY rowid DESC LIMIT 1"
    found = db.conn.execute(query).fetchone()
    return None if found is None else (found[0], found[1], found[2])


def has_link_model(db: Database, model_id: str) -> bool:
    """Return whether these weights are or were in use."""
    return bool(db.conn.execute("SELECT 1 FROM link_models WHERE model_id = ?", [model_id]).fetchone())


def common_keys(db: Database) -> dict[int, str]:
    """Return the keys of the contacts that were declared common, each with the reason."""
    query = """
        SELECT value_hash, reason FROM common_contacts AS declared
        WHERE is_common AND NOT EXISTS (
            SELECT 1 FROM common_contacts AS later
            WHERE later.value_hash = declared.value_hash AND later.declaration_id > declared.declaration_id
        )
    """
    return {contact_key(bytes.fromhex(row[0])): row[1] for row in db.conn.execute(query)}


def declare_common(
    db: Database,
    contact_id: int,
    *,
    is_common: bool,
    reason: str,
    declared_by: str,
    origin: Origin = BY_HAND,
    now: datetime,
) -> bool:
    """Declare that a contact links nobody, or that it links again; the next linking scores its accounts.

    The caller checks that the role is lead. Return False if the declaration stands already.

    Raises:
        UnknownRow: If there is no such contact.
        DecisionRefused: If the reason is empty.
    """
    if not reason.strip():
        raise DecisionRefused(N_("Give a reason for the declaration. Nothing was written."))
    with transaction(db):
        row = db.conn.execute("SELECT value_hash FROM contacts WHERE contact_id = ?", [contact_id]).fetchone()
        if row is None:
            raise UnknownRow("contact", contact_id)
        standing = _is_common(db, row[0])
        if (standing or False) == is_common:
            return False
        declaration_id = _declare(db, row[0], int(is_common), reason, declared_by, now)
        audit.record(
            db,
            AuditAction.CONTACT_DECLARED,
            actor=declared_by,
            origin=origin,
            subject=f"contact:{contact_id}",
            details={"is_common": is_common, "reason": reason.strip()},
            rows=[("common_contacts", declaration_id)],
            now=now,
        )
    return True


def declare_defaults(db: Database, reasons: Mapping[bytes, str], *, now: datetime) -> None:
    """Declare the product's common contacts by hash, unless somebody has declared them before."""
    with transaction(db):
        for value_hash, reason in reasons.items():
            if _is_common(db, value_hash) is None:
                _declare(db, value_hash, 1, reason, "precursor-watch", now)


def _is_common(db: Database, value_hash: bytes) -> bool | None:
    query = "SELECT is_common FROM common_contacts WHERE value_hash = ? ORDER BY declaration_id DESC LIMIT 1"
    row = db.conn.execute(query, [value_hash.hex()]).fetchone()
    return None if row is None else bool(row[0])


def _declare(
    db: Database,
    value_hash: bytes,
    is_common: int,
    reason: str,
    declared_by: str,
    now: datetime,
) -> int:
    values = {
        "value_hash": value_hash.hex(), "is_common": is_common, "reason": rows.clean(reason.strip()),
        "declared_by": rows.clean(declared_by), "declared_at": times.to_text(now),
    }  # fmt: skip
    declaration_id = rows.insert(db, "common_contacts", values)
    _queue_accounts_of(db, [("contact", contact_key(value_hash))])
    return int(declaration_id or 0)


def _profile(db: Database, account_id: int) -> LinkProfile | None:
    query = "SELECT * FROM link_profiles WHERE seller_account_id = ?"
    row = db.conn.execute(query, [account_id]).fetchone()
    if row is None:
        return None
    keys = db.conn.execute("SELECT kind, key FROM link_keys WHERE seller_account_id = ?", [account_id])
    return LinkProfile(
        seller_account_id=account_id,
        name=row["name"],
        country=row["country"],
        city=row["city"],
        keys=frozenset((key[0], key[1]) for key in keys),
    )


def _replace_profile(db: Database, account_id: int, profile: LinkProfile | None) -> None:
    db.conn.execute("DELETE FROM link_keys WHERE seller_account_id = ?", [account_id])
    if profile is None:
        db.conn.execute("DELETE FROM link_profiles WHERE seller_account_id = ?", [account_id])
        return
    db.conn.execute(
        "INSERT OR REPLACE INTO link_profiles VALUES (?, ?, ?, ?)",
        [account_id, profile.name, profile.country, profile.city],
    )
    db.conn.executemany(
        "INSERT INTO link_keys VALUES (?, ?, ?)", [(kind, key, account_id) for kind, key in profile.keys]
    )


def _classes(
    db: Database, keys: Iterable[tuple[str, int]], key_class: KeyClass
) -> dict[tuple[str, int], object]:
    _temporary(db, "touched", "kind TEXT, key INTEGER, PRIMARY KEY (kind, key)", keys)
    return {(count.kind, count.key): key_class(count) for count in _counts(db)}


def _counts(db: Database) -> Iterator[KeyCount]:
    """Yield the count of each key in `temp.touched` that an account has."""
    query = f"""
        SELECT kind, key,
               (SELECT count(*) FROM (SELECT 1 FROM link_keys AS k
                WHERE k.kind = t.kind AND k.key = t.key LIMIT {MOST_COUNTED + 1})),
               CASE WHEN kind = 'contact' THEN (
                   SELECT count(DISTINCT name) FROM (
                       SELECT name FROM link_keys AS k CROSS JOIN link_profiles USING (seller_account_id)
                       WHERE k.kind = t.kind AND k.key = t.key LIMIT {MOST_COUNTED}
                   )
               ) ELSE 0 END,
               (SELECT min(seller_account_id) FROM link_keys AS k WHERE k.kind = t.kind AND k.key = t.key)
        FROM temp.touched AS t
    """  # noqa: S608 (a number of ours)
    for kind, key, accounts, names, first in db.conn.execute(query):
        if accounts:
            yield KeyCount(kind=kind, key=key, accounts=accounts, names=names, first_account=first)


def _queue_accounts_of(db: Database, keys: Iterable[tuple[str, int]]) -> None:
    db.conn.executemany(
        "INSERT OR IGNORE INTO accounts_to_score SELECT seller_account_id FROM link_keys"
        " WHERE kind = ? AND key = ?",
        list(keys),
    )


def _contact_of(db: Database, key: int) -> tuple[int | None, str]:
    """Return number and kind of the first contact with a key."""
    start = key.to_bytes(8, "big", signed=True)
    query = (
        "SELECT contact_id, kind FROM contacts WHERE value_hash BETWEEN ? AND ? ORDER BY contact_id LIMIT 1"
    )
    row = db.conn.execute(query, [start, start + b"\xff" * 25]).fetchone()
    return (None, "contact") if row is None else (row[0], row[1])


def _temporary(db: Database, name: str, columns: str, values: Iterable[tuple[object, ...]]) -> None:
    """Make a temporary table of this connection anew."""
    db.conn.execute(f"CREATE TEMP TABLE IF NOT EXISTS {name} ({columns})")
    db.conn.execute(f"DELETE FROM temp.{name}")  # noqa: S608 (our names)
    marks = ", ".join("?" * (1 + columns.split(", PRIMARY", maxsplit=1)[0].count(",")))
    db.conn.executemany(f"INSERT OR IGNORE INTO temp.{name} VALUES ({marks})", values)  # noqa: S608 (so)
