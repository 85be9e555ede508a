"""One pass over new sightings: accounts and contacts, kept as the settings say."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.store import FULL, NOW, crawl_run, judge, keep_picture, page, score, see, use
from store.audit.audit import AuditAction, list_entries
from store.audit.verification import verify
from store.crawl.pages import SeenListing, record_page
from store.crawl.pictures import PictureCode, PictureLine, PictureReading, record_reading
from store.database import open_database
from store.model import Term, TermName
from store.operations.retention import count_old_contacts, place_hold, purge_contacts, release_hold
from store.review.notices import Notice, record_notices
from store.scores.scores import record_scores
from store.suppliers.contacts import (
    ContactKeyUnusable,
    Keep,
    WrongContactKey,
    drop_unmentioned,
    forget_mentions,
    key_path,
    view_contacts,
)
from suppliers.contacts import MOST_CONTACTS
from suppliers.update import ContactSettings, place_of, update

if TYPE_CHECKING:
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
        ("andes.example", "andes.example/ficticia", "Ficticia Ltd", "", "Lima")
    ]
    assert rows(db, "SELECT count(*) FROM listing_accounts") == [(1,)]


def test_contacts_in_pictures_are_read_once_the_picture_is(db: Database) -> None:
    """A line and a QR code give contacts of the seller's account, marked as from a picture."""
    run_id, url = crawl_run(db), "https://andes.example/1"
    pictures = (keep_picture(db, run_id, "aa"),)
    record_page(db, page(run_id, url), [SeenListing(url=url, content=FULL, pictures=pictures)])
    assert run(db) == 0
    line = PictureLine(text="WhatsApp +86 138 1234 5678", box=(0, 0, 1, 1), confidence=1, reader="tests")
    code = PictureCode(format="QRCode", text="https://t.me/ficticia_shop", box=(0, 0, 1, 1))
    record_reading(db, "aa", PictureReading(lines=(line,), codes=(code,)), read_with="tests", now=NOW)
    assert run(db) == 2
    assert run(db) == 0
    query = (
        "SELECT kind, value, field, seller_account_id FROM contact_mentions JOIN contacts USING (contact_id)"
    )
    assert set(rows(db, query)) == {
        ("whatsapp", NUMBER, "picture", 1), ("telegram", "ficticia_shop", "picture", 1),
    }  # fmt: skip


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


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("Guangdong, China (Mainland)", ("CN", "Guangdong")),
        ("Lima, Perú", ("PE", "Lima")),
        ("Germany", ("DE", "")),
        ("ships worldwide", ("", "")),
        ("10115 Berlin", ("", "")),
        ("", ("", "")),
    ],
)
def test_country_and_city_are_read_from_the_place(location: str, place: tuple[str, str]) -> None:
    """A part with digits, such as a postcode, is no city."""
    assert place_of(location) == place


def test_the_age_of_an_account_is_a_year(db: Database) -> None:
    """Stated as a year, or as years on the site."""
    for number, term in enumerate([{"value": "2014"}, {"amount": Decimal(8)}], start=1):
        stated = Term(name=TermName.SUPPLIER_YEARS, **term)  # type: ignore[arg-type]
        content = replace(FULL, title=str(number), seller_url=f"https://a.example/{number}", terms=(stated,))
        see(db, crawl_run(db), f"https://andes.example/{number}", content)
    run(db)
    assert rows(db, "SELECT member_since FROM seller_accounts") == [("2014",), ("2018",)]


def test_a_row_without_a_shop_belongs_to_the_account_of_its_name(db: Database) -> None:
    """List rows often lack the address that the listing's own page has."""
    run_id = crawl_run(db)
    see(db, run_id, "https://andes.example/1", OFFER)
    see(db, run_id, "https://andes.example/2", replace(OFFER, title="Another", seller_url=""))
    run(db)
    assert rows(db, "SELECT count(*), count(DISTINCT seller_account_id) FROM listing_accounts") == [(2, 1)]


def test_names_of_one_site_that_differ_in_accents_are_two_accounts(db: Database) -> None:
    """Letter case makes no difference."""
    for number, name in enumerate(("Hà", "Há", "hà")):
        see(
            db,
            crawl_run(db),
            f"https://andes.example/{number}",
            replace(OFFER, seller_name=name, seller_url=""),
        )
    run(db)
    assert rows(
        db, "SELECT seller_account_id FROM listing_accounts JOIN listings USING (listing_id) ORDER BY url"
    ) == [(1,), (2,), (1,)]


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
    assert "13812345678" not in str(entries)


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


def test_a_key_of_another_store_is_told(tmp_path: Path) -> None:
    """Encrypted contacts need the key with which they were encrypted."""
    path = tmp_path / "store.db"
    db = open_database(path)
    see(db, crawl_run(db), "https://andes.example/1", OFFER)
    run(db, Keep.ENCRYPTED)
    key_path(path).write_text("ab" * 32)
    with pytest.raises(WrongContactKey, match="Restore that key from a backup"):
        view_contacts(db, account_ids=[1], actor="mira", now=NOW)
    db.close()


def test_a_purge_removes_old_contacts_but_none_that_is_protected(db: Database) -> None:
    """What was flagged, reviewed or held keeps its contacts; nothing is left of the others."""
    run_id = crawl_run(db)
    for number in (1, 2, 3):
        text = f"Call +86 138 1234 567{number}"
        see(db, run_id, f"https://andes.example/{number}", replace(FULL, title=str(number), description=text))
    run(db)
    use(db)
    record_scores(db, [score(1, p_offer=0.9), score(2, p_offer=0.1)])
    later = NOW + timedelta(days=40)
    hold = place_hold(db, "andes", reason="Case 7", by="ada", now=NOW)
    assert purge_contacts(db, before=later, by="ada", now=later) == 0
    release_hold(db, hold, by="ada", now=NOW)
    assert count_old_contacts(db, before=later) == 1
    assert purge_contacts(db, before=later, by="ada", now=later) == 1
    assert values(db) == {"+8613812345671", "+8613812345673"}  # flagged, and not scored yet
    (entry,) = list_entries(db, action=AuditAction.CONTACTS_PURGED)
    assert (entry.details["mentions"], "13812345678" in str(entry)) == (1, False)
    verify(db)
    assert run(db) == 0


def test_a_listing_flagged_by_a_notice_keeps_its_contacts(db: Database) -> None:
    """It waits for a person, although its score is low."""
    see(db, crawl_run(db), "https://andes.example/1", OFFER)
    run(db)
    use(db)
    record_scores(db, [score(1, p_offer=0.1)])
    later = NOW + timedelta(days=40)
    assert count_old_contacts(db, before=later) == 2
    notice = Notice(kind="class", code="us-8330", name="a compound", why="a law")
    record_notices(db, lambda batch: [[notice] for _ in batch], read_with="tests", run_id=None, now=NOW)
    assert count_old_contacts(db, before=later) == 0
    assert purge_contacts(db, before=later, by="ada", now=later) == 0


def test_reading_again_brings_no_purged_contact_back(db: Database) -> None:
    """Not even if the listing was judged since; other contacts are read again."""
    run_id = crawl_run(db)
    for number in (1, 2):
        text = f"Call +86 138 1234 567{number}"
        see(db, run_id, f"https://andes.example/{number}", replace(FULL, title=str(number), description=text))
    run(db)
    use(db)
    record_scores(db, [score(1, p_offer=0.9), score(2, p_offer=0.1)])
    later = NOW + timedelta(days=40)
    purge_contacts(db, before=later, by="ada", now=later)
    judge(db, 2, now=later)
    forget_mentions(db)
    assert run(db) == 1
    drop_unmentioned(db)
    assert values(db) == {"+8613812345671"}


def test_a_killed_pass_is_repeated_from_its_last_batch(tmp_path: Path) -> None:
    """Whatever the moment, the store holds whole batches, and the next pass does the rest once."""
    whole, killed = open_database(tmp_path / "whole.db"), open_database(tmp_path / "killed.db")
    for db in (whole, killed):
        run_id = crawl_run(db)
        for number in range(7):
            text = f"mail a{number}@b.example"
            see(
                db,
                run_id,
                f"https://andes.example/{number}",
                replace(FULL, title=str(number), description=text),
            )
    run(whole)

    def stop(done: int, _of: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        update(killed, ContactSettings(), now=lambda: NOW, progress=stop, batch=2)
    assert rows(killed, "SELECT count(*), max(sighting_id) FROM contact_mentions") == [(4, 4)]
    assert run(killed) == 3
    query = "SELECT contact_id, sighting_id, raw, span_start, rule FROM contact_mentions ORDER BY 1, 2"
    assert rows(killed, query) == rows(whole, query)
    whole.close()
    killed.close()


def test_a_seller_of_ten_kilobytes_is_cut_and_told(db: Database) -> None:
    """A thousand phones in one text, and a name that is a whole page, are bounded."""
    many = ", ".join(f"+86138{number:08}" for number in range(1_000))
    see(
        db,
        crawl_run(db),
        "https://andes.example/1",
        replace(FULL, seller_name="x" * 10_000, description=many),
    )
    counts = update(db, ContactSettings(), now=lambda: NOW)
    assert counts.mentions == MOST_CONTACTS
    assert counts.sentence.endswith("1 seller names longer than 200 characters were cut.")
    assert rows(db, "SELECT length(name) FROM seller_accounts") == [(200,)]


@pytest.mark.process
def test_no_contact_is_in_the_output_of_a_run(tmp_path: Path) -> None:
    """Neither on standard output nor on standard error, even when the run fails."""
    path = tmp_path / "store.db"
    with closing(open_database(path)) as db:
        see(db, crawl_run(db), "https://andes.example/1", OFFER)
    outputs = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "cli", "link", "--db", str(path)],
            cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip
        outputs.append(done.stdout + done.stderr)
        key_path(path).chmod(0o644)
    assert "2 new mentions" in outputs[0]
    assert "cannot be used: others than its owner may read or write it" in outputs[1]
    assert not any(part in "".join(outputs).lower() for part in ("13812345678", "1234 5678", ADDRESS))
