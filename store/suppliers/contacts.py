"""Contacts that listings state: kept as the settings say, shown with an audit entry, purged with evidence.

A contact has a normalised value and a keyed hash of that value. Equal contacts are found by the hash, which
is the same whether values are kept in plain text, encrypted, or not at all. The key is in a file beside the
database, so a copy of the database alone does not tell who was hashed.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from itertools import islice
from secrets import token_bytes
from typing import TYPE_CHECKING, Any

from store import rows, times
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.errors import StoreError
from store.messages import reason_of
from store.private import read_secret
from store.sqlite import Database, database_path, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from cryptography.fernet import Fernet

KEY_BYTES = 32
LONGEST_RAW = 200
"""Characters kept of a contact as written."""


class ContactKind(StrEnum):
    """The kind of a contact. The value is the same word in SQL, JSON and benchmarks."""

    PHONE = "phone"
    """`value` is the number in E.164 form, e.g. `+8613812345678`."""
    EMAIL = "email"
    """`value` is in lower case."""
    WEBSITE = "website"
    """`value` is the host without `www.`, with the path if the host is shared by many."""
    TELEGRAM = "telegram"
    """`value` of a messenger is the handle in lower case without `@`, or a number in E.164 form."""
    WHATSAPP = "whatsapp"
    WECHAT = "wechat"
    QQ = "qq"
    SIGNAL = "signal"
    WICKR = "wickr"
    THREEMA = "threema"
    SESSION = "session"
    ICQ = "icq"
    LINE = "line"
    VIBER = "viber"
    KAKAOTALK = "kakaotalk"
    ZALO = "zalo"
    SKYPE = "skype"
    BITCOIN = "bitcoin"
    """`value` of a wallet is its address, with a valid checksum."""
    ETHEREUM = "ethereum"
    TRON = "tron"
    MONERO = "monero"
    LITECOIN = "litecoin"
    VAT = "vat"
    """`value` of a company number is without separators and has a valid check digit."""
    USCC = "uscc"
    """Unified social credit code of China."""
    GSTIN = "gstin"
    """Goods and services tax number of India."""
    LEI = "lei"
    """Legal entity identifier, ISO 17442."""
    EORI = "eori"
    """Economic operators registration number of the European Union."""
    COMPANY = "company"
    """`value` is the country, a colon and the number in the register or tax register of that country."""


class Keep(StrEnum):
    """How contacts are kept, least private first."""

    PLAIN = "plain"
    ENCRYPTED = "encrypted"
    HASHED = "hashed"
    """Only the keyed hash; contacts can be linked but not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundContact:
    """A contact as read from a field of a sighting."""

    kind: ContactKind
    value: str
    raw: str
    """As written."""
    field: str
    """Column of the sighting, e.g. `text`."""
    start: int
    end: int
    rule: str
    confidence: float
    """From 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownContact:
    """A stated contact, for a person who may see it."""

    contact_id: int
    kind: ContactKind
    value: str | None
    """None if only the hash is kept."""
    raw: str | None
    field: str
    span_start: int
    span_end: int
    rule: str
    confidence: float
    listing_id: str
    seen_at: datetime


class ContactKeyUnusable(StoreError):
    """The key of the contacts cannot be used."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(
            f"{path}, the key of the contacts, cannot be used: {found}. Correct this, or restore the file "
            "from a backup. If the key is lost, delete the file and read all contacts again with "
            "`precursor-watch link --reread`."
        )


class WrongContactKey(StoreError):
    """The key of the contacts is not the key with which they were encrypted."""

    def __init__(self) -> None:
        super().__init__(
            "The contacts cannot be decrypted: the key beside the store is not the key with which they were "
            "encrypted. Restore that key from a backup. If it is lost, read all contacts again with "
            "`precursor-watch link --reread`."
        )


@dataclass(frozen=True, slots=True)
class Vault:
    """Hashes, encrypts and decrypts contacts."""

    keep: Keep
    key: bytes

    @classmethod
    def of(cls, db: Database, keep: Keep = Keep.PLAIN) -> Vault:
        """Return the vault of a store; its key is made on first use.

        Raises:
            ContactKeyUnusable: If the key cannot be read or made, others may read it, or it is missing
                although there are contacts.
        """
        database = database_path(db)
        if database is None:
            return cls(keep, _key_of_memory())
        path = key_path(database)
        try:
            if not path.exists() and db.execute("SELECT 1 FROM contact_mentions LIMIT 1").fetchone():
                raise ContactKeyUnusable(path, "it is missing, although the store has contacts")
            return cls(keep, read_secret(path, KEY_BYTES))
        except (OSError, ValueError) as error:
            raise ContactKeyUnusable(path, reason_of(error)) from error

    def hash(self, kind: str, value: str) -> bytes:
        """Return the keyed hash of a contact; numbers in E.164 form hash alike for every messenger."""
        scope = ContactKind.PHONE if value.startswith("+") else kind
        return hashlib.blake2b(
            f"{scope}\n{value}".encode("utf-8", "surrogatepass"),
            key=self.key,
            digest_size=32,
            person=b"contact hash",
        ).digest()

    def seal(self, text: str) -> str | None:
        """Return a text in the form in which it is kept; None if only hashes are kept."""
        match self.keep:
            case Keep.PLAIN:
                return rows.clean(text)
            case Keep.ENCRYPTED:
                return self._cipher().encrypt(rows.clean(text).encode()).decode()
            case Keep.HASHED:
                return None

    def open(self, keep: str, kept: str | None) -> str | None:
        """Return the text of a kept value, or None if only its hash is kept.

        Raises:
            WrongContactKey: If the value was encrypted with another key.
        """
        if kept is None or keep == Keep.PLAIN:
            return kept
        from cryptography.fernet import InvalidToken

        try:
            return self._cipher().decrypt(kept).decode()
        except InvalidToken as error:
            raise WrongContactKey from error

    def _cipher(self) -> Fernet:
        return _cipher_of(self.key)


def key_path(database: Path) -> Path:
    """Return the path of the key of the contacts of a store."""
    return database.with_name(f"{database.name}.contacts.key")


def record_contacts(
    db: Database,
    vault: Vault,
    sighting: Any,
    account_id: int | None,
    found: Iterable[FoundContact],
    *,
    now: datetime,
) -> int:
    """Record the contacts that a sighting states, and return the number of new mentions.

    The sighting is a row with `sighting_id`, `listing_id` and `seen_at`. Contacts that were recorded before,
    or that a purge removed, are left alone. The caller holds the transaction.
    """
    query = "SELECT 1 FROM contact_purges WHERE sighting_id = ?"
    if db.conn.execute(query, [sighting["sighting_id"]]).fetchone():
        return 0
    new = 0
    for contact in found:
        hash_ = vault.hash(contact.kind, contact.value)
        contact_id = _contact_id(db, vault, contact, hash_, sighting["seen_at"])
        new += db.conn.execute(
            "INSERT OR IGNORE INTO contact_mentions (contact_id, seller_account_id, listing_id, sighting_id,"
            " raw, field, span_start, span_end, rule, confidence, read_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                contact_id, account_id, sighting["listing_id"], sighting["sighting_id"],
                vault.seal(contact.raw[:LONGEST_RAW]), contact.field, contact.start, contact.end,
                contact.rule, contact.confidence, times.to_text(now),
            ],
        ).rowcount  # fmt: skip
    return new


def keep_as(db: Database, vault: Vault, *, batch: int = 1_000) -> int:
    """Bring contacts that are kept in another way into the way of the vault; return their number.

    Each batch is one transaction. Values of which only the hash is kept stay so until they are read again.
    """
    done = 0
    query = "SELECT contact_id, keep, value FROM contacts WHERE keep <> ? AND keep <> 'hashed' LIMIT ?"
    while found := db.execute(query, [vault.keep, batch]).fetchall():
        with transaction(db):
            for contact_id, keep, value in found:
                mentions = db.execute(
                    "SELECT mention_id, raw FROM contact_mentions WHERE contact_id = ?", [contact_id]
                ).fetchall()
                db.conn.executemany(
                    "UPDATE contact_mentions SET raw = ? WHERE mention_id = ?",
                    [(vault.seal(vault.open(keep, raw) or ""), mention) for mention, raw in mentions],
                )
                db.conn.execute(
                    "UPDATE contacts SET keep = ?, value = ? WHERE contact_id = ?",
                    [vault.keep, vault.seal(vault.open(keep, value) or ""), contact_id],
                )
        done += len(found)
    return done


def forget_mentions(db: Database) -> None:
    """Remove all mentions, so that the next pass reads every sighting again, but no purged contact.

    Contacts keep their numbers; `drop_unmentioned` removes those that are not found again.
    """
    with transaction(db):
        db.conn.execute("DELETE FROM contact_mentions")
        db.conn.execute("DELETE FROM supplier_progress WHERE step IN ('contacts', 'pictures')")


def drop_unmentioned(db: Database) -> int:
    """Remove the contacts that no sighting states any more, and return their number."""
    with transaction(db):
        return db.conn.execute(
            "DELETE FROM contacts WHERE contact_id NOT IN (SELECT contact_id FROM contact_mentions)"
        ).rowcount


def states_contacts(db: Database, sighting_id: int) -> bool:
    """Return whether contacts were read in a sighting."""
    query = "SELECT 1 FROM contact_mentions WHERE sighting_id = ? LIMIT 1"
    return db.execute(query, [sighting_id]).fetchone() is not None


def view_contacts(
    db: Database,
    *,
    listing_id: str | None = None,
    account_ids: Sequence[int] = (),
    start: int = 0,
    limit: int | None = None,
    actor: str,
    origin: Origin = BY_HAND,
    now: datetime,
) -> list[ShownContact]:
    """Return the contacts of a listing's latest sighting, or of accounts; record the view in the audit log.

    The caller checks that the person's role may see contacts (`store.model.MAY_SEE_CONTACTS`). The audit log
    names the contacts by number only. Nothing is recorded if there is no contact. Of accounts, all sightings
    count, with the latest mention of each contact; `start` and `limit` choose a page of the contacts.

    Raises:
        ContactKeyUnusable: If the key of the contacts cannot be read.
        WrongContactKey: If the contacts were encrypted with another key.
    """
    if listing_id is not None:
        where, arguments = (
            "m.sighting_id = (SELECT max(sighting_id) FROM sightings WHERE listing_id = ?)",
            [listing_id],
        )
        subject = f"listing:{listing_id}"
    else:
        where = f"m.seller_account_id IN ({', '.join('?' * len(account_ids))})"
        arguments = list(map(str, account_ids))
        subject = f"accounts:{','.join(arguments)}"
    query = f"""
        SELECT contact_id, kind, keep, value, raw, field, span_start, span_end, rule, confidence,
               m.listing_id AS listing_id, seen_at
        FROM contact_mentions AS m JOIN contacts USING (contact_id) JOIN sightings USING (sighting_id)
        WHERE {where} ORDER BY m.sighting_id DESC, field, span_start, contact_id
    """  # noqa: S608 (marks alone)
    found = db.execute(query, arguments).fetchall()
    latest: dict[object, sqlite3.Row] = {}
    for row in found:
        key = (row["contact_id"], row["field"], row["span_start"]) if listing_id else row["contact_id"]
        latest.setdefault(key, row)
    page = list(islice(latest.values(), start, None if limit is None else start + limit))
    if not page:
        return []
    vault = Vault.of(db)
    contacts = [
        rows.read(
            ShownContact,
            row,
            value=vault.open(row["keep"], row["value"]),
            raw=vault.open(row["keep"], row["raw"]),
        )
        for row in page
    ]
    audit.record(
        db,
        AuditAction.CONTACTS_VIEWED,
        actor=actor,
        origin=origin,
        subject=subject,
        details={"contacts": sorted({shown.contact_id for shown in contacts})},
        now=now,
    )
    return contacts


def _contact_id(db: Database, vault: Vault, contact: FoundContact, hash_: bytes, seen_at: str) -> int:
    row = db.conn.execute(
        "SELECT contact_id, keep, first_seen_at FROM contacts WHERE kind = ? AND value_hash = ?",
        [contact.kind, hash_],
    ).fetchone()
    if row is None:
        return int(
            db.conn.execute(
                "INSERT INTO contacts (kind, keep, value, value_hash, first_seen_at) VALUES (?, ?, ?, ?, ?)",
                [contact.kind, vault.keep, vault.seal(contact.value), hash_, seen_at],
            ).lastrowid
            or 0
        )
    if (
        row["keep"] == Keep.HASHED and vault.keep != Keep.HASHED
    ):  # kept by its hash alone until it was read again
        db.conn.execute(
            "UPDATE contacts SET keep = ?, value = ? WHERE contact_id = ?",
            [vault.keep, vault.seal(contact.value), row["contact_id"]],
        )
    return int(row["contact_id"])


@cache
def _key_of_memory() -> bytes:
    """Return the key of stores in memory, which end with the process."""
    return token_bytes(KEY_BYTES)


@cache
def _cipher_of(key: bytes) -> Fernet:
    from cryptography.fernet import Fernet

    derived = hashlib.blake2b(b"", key=key, digest_size=32, person=b"contact cipher").digest()
    return Fernet(base64.urlsafe_b64encode(derived))
