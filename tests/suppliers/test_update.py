"""One pass over new sightings: accounts and contacts, kept as the settings say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.store import FULL, NOW, crawl_run, see
from store.audit.audit import AuditAction, list_entries
from store.database import open_database
from store.suppliers.contacts import (
    ContactKeyUnusable,
    Keep,
    drop_unmentioned,
    forget_mentions,
    key_path,
    view_contacts,
)
from suppliers.update import ContactSettings, update

if TYPE_CHECKING:
    from pathlib import Path

    from store.database import Database

NUMBER, ADDRESS = "+8613812345678", "sales@ficticia.example"
OFFER = replace(FULL, description=f"Call +86 138 1234 5678 or write to {ADDRESS.upper()}")


def run(db: Database, keep: Keep = Keep.PLAIN) -> int:
    """Make one pass, and return the number of new mentions."""
    return update(db, ContactSettings(keep=keep), now=lambda: NOW).mentions


def rows(db: Database, query: str) -> list[tuple[object, ...]]:
    """Return the rows of a query as tuples."""
    return [tuple(row) for row in db.execute(query)]


def values(db: Database) -> set[object]:
    """Return the values of all contacts as kept."""
    return {row[0] for row in rows(db, "SELECT value FROM contacts")}


def test_a_pass_reads_new_sightings_once(db: Database) -> None:
    """A second pass finds nothing to read, and changes nothing."""
    see(db, crawl_run(db), "https://andes.example/1", OFFER)
    assert run(db) == 2
    before = list(db.iterdump())
    assert run(db) == 0
    assert list(db.iterdump()) == before
    assert values(db) == {NUMBER, ADDRESS}
    assert rows(db, "SELECT site, account_key, name, country, city FROM seller_accounts") == [
        ("andes.example", "andes.example/ficticia", "Ficticia Ltd", "", "")
    ]
    assert rows(db, "SELECT count(*) FROM listing_accounts") == [(1,)]


def test_a_mention_says_where_it_stands(db: Database) -> None:
    """The span gives the contact as written."""
    see(db, crawl_run(db), "https://andes.example/1", OFFER)
    run(db)
    mentions = rows(
        db,
        "SELECT substr(text, span_start + 1, span_end - span_start), raw, field FROM contact_mentions"
        " JOIN sightings USING (sighting_id) ORDER BY span_start",
    )
    assert mentions == [
        ("+86 138 1234 5678", "+86 138 1234 5678", "text"),
        (ADDRESS.upper(), ADDRESS.upper(), "text"),
    ]


def test_a_row_without_a_shop_belongs_to_the_account_of_its_name(db: Database) -> None:
    """List rows often lack the address that the listing's own page has."""
    run_id = crawl_run(db)
    see(db, run_id, "https://andes.example/1", OFFER)
    see(db, run_id, "https://andes.example/2", replace(OFFER, title="Another", seller_url=""))
    run(db)
    assert rows(db, "SELECT count(*), count(DISTINCT seller_account_id) FROM listing_accounts") == [(2, 1)]


@pytest.mark.parametrize("keep", [Keep.ENCRYPTED, Keep.HASHED])
def test_a_private_store_holds_no_contact(keep: Keep, tmp_path: Path) -> None:
    """Neither value nor spelling is in the tables; the hash still links."""
    db = open_database(tmp_path / "store.db")
    see(db, crawl_run(db), "https://andes.example/1", OFFER)
    run(db)
    hashes = rows(db, "SELECT kind, value_hash FROM contacts")
    run(db, keep)
    kept = str(rows(db, "SELECT value FROM contacts UNION ALL SELECT raw FROM contact_mentions"))
    assert NUMBER not in kept
    assert ADDRESS not in kept.lower()
    assert rows(db, "SELECT kind, value_hash FROM contacts") == hashes
    (listing,) = rows(db, "SELECT listing_id FROM listings")[0]
    shown = view_contacts(db, listing_id=str(listing), actor="mira", now=NOW)
    assert {contact.value for contact in shown} == ({NUMBER, ADDRESS} if keep is Keep.ENCRYPTED else {None})
    db.close()


def test_every_view_is_in_the_audit_log(db: Database) -> None:
    """By numbers, not by values."""
    see(db, crawl_run(db), "https://andes.example/1", OFFER)
    run(db)
    (listing,) = rows(db, "SELECT listing_id FROM listings")[0]
    assert len(view_contacts(db, listing_id=str(listing), actor="mira", now=NOW)) == 2
    assert len(view_contacts(db, account_ids=[1], actor="mira", now=NOW)) == 2
    entries = list_entries(db, action=AuditAction.CONTACTS_VIEWED)
    assert [(entry.actor, entry.subject) for entry in entries] == [
        ("mira", "accounts:1"),
        ("mira", f"listing:{listing}"),
    ]
    assert "138" not in str(entries)


def test_a_lost_key_is_told_and_reading_again_mends_it(tmp_path: Path) -> None:
    """A new key would silently link nothing."""
    path = tmp_path / "store.db"
    db = open_database(path)
    see(db, crawl_run(db), "https://andes.example/1", OFFER)
    run(db)
    key_path(path).unlink()
    with pytest.raises(ContactKeyUnusable, match="it is missing, although the store has contacts"):
        run(db)
    forget_mentions(db)
    assert run(db) == 2
    assert (drop_unmentioned(db), len(values(db))) == (2, 2)
    db.close()
