"""Contacts of sellers are shown to those who may see them, and every view is in the audit log."""

from __future__ import annotations

import io
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pikepdf
import pytest

from classifier.gazetteer.law import Law
from cli.serve import reference_for
from fixtures.builders.login import entered, headers_of
from fixtures.builders.store import FULL, NOW, crawl_run, see
from fixtures.builders.supplied import link
from store.accounts.users import Role
from store.audit.audit import AuditAction, list_entries
from store.database import open_database
from store.model import Term, TermName
from store.review.cases import open_case, write_entry
from store.review.notices import Notice, record_notices
from suppliers.update import ContactSettings, update

if TYPE_CHECKING:
    from pathlib import Path

    from review.web.providers import Reference

NUMBER = "+8613812345678"
WRITTEN = "+86 138 1234 5678"
HANDLE = "@quiet_depot77"
MAIL = "sales@quiet-depot.example"
IN_MARKUP = tuple(
    Term(name=TermName.CONTACT_CHANNEL, text=text, value=kind, rule="link")
    for kind, text in (
        ("phone", "tel: 138 1234 5678"), ("email", "other@quiet-depot.example"),
        ("telegram", "https://t.me/markup_depot"), ("skype", "skype: markup.depot"),
    )
)  # fmt: skip
"""Contacts that only links of the page state."""


def reference(database: Path) -> Reference:
    """Return the reader of contacts that the command hands to the app."""
    return reference_for(database, Law())


@pytest.fixture
def listing_id(database: Path) -> str:
    """Return a listing that states a phone number."""
    with closing(open_database(database)) as db:
        content = replace(
            FULL, description=f"Call {WRITTEN} <b>now</b>, again {WRITTEN}, Telegram {HANDLE} or {MAIL}"
        )
        content = replace(content, title=f"Acetone {MAIL}", attributes=(("WhatsApp", WRITTEN),))
        content = replace(content, terms=(*content.terms, *IN_MARKUP))
        see(db, crawl_run(db), "https://andes.example/phone", content)
        update(db, ContactSettings(), now=lambda: NOW)
        stated = (
            "SELECT listing_id FROM contact_mentions JOIN contacts USING (contact_id) WHERE kind = 'phone'"
        )
        return str(db.execute(stated).fetchone()[0])


def views(database: Path) -> list[tuple[str, str]]:
    """Return who saw which contacts, newest first."""
    with closing(open_database(database)) as db:
        entries = list_entries(db, action=AuditAction.CONTACTS_VIEWED)
    return [(entry.actor, entry.subject) for entry in entries]


def test_a_reviewer_sees_contacts_on_request(database: Path, listing_id: str) -> None:
    """The listing's own page only offers them, so that looking at a listing is no view of contacts."""
    with entered(database) as client:
        assert f"/listings/{listing_id}/contacts" in client.get(f"/listings/{listing_id}").text
        assert views(database) == []
        shown = client.get(f"/listings/{listing_id}/contacts").text
        assert NUMBER in shown
        assert WRITTEN in shown
        told = client.get(f"/api/listings/{listing_id}/contacts").json()
        said = {(contact["kind"], contact["value"], contact["raw"]) for contact in told}
        assert ("phone", NUMBER, WRITTEN) in said
    assert views(database) == [("ada", f"listing:{listing_id}")] * 2


def test_a_viewer_sees_no_contacts(database: Path, listing_id: str) -> None:
    """Neither by page nor by API, and the listing's page does not offer them."""
    with entered(database, role=Role.VIEWER) as client:
        assert "/contacts" not in client.get(f"/listings/{listing_id}").text
        assert client.get(f"/listings/{listing_id}/contacts").status_code == 403
        assert client.get(f"/api/listings/{listing_id}/contacts").status_code == 403
    assert views(database) == []


@pytest.fixture
def filed(database: Path, listing_id: str) -> int:
    """Return a case that holds the listing."""
    with closing(open_database(database)) as db:
        case_id = open_case(db, "2026/9", "", opened_by="ada", now=NOW)
        write_entry(db, case_id, "listing", listing_id=listing_id, written_by="ada", now=NOW)
        write_entry(db, case_id, "note", note=f"Called {WRITTEN}", written_by="ada", now=NOW)
    return case_id


def test_a_viewer_reads_no_contact_in_any_text(database: Path, listing_id: str, filed: int) -> None:
    """Not on page, list, sheet, case or by the API; what is no contact stays, and the log says so."""
    with entered(database, role=Role.VIEWER, reference=reference(database)) as client:
        for address in (
            f"/listings/{listing_id}", f"/api/listings/{listing_id}", f"/api/listings/{listing_id}/near",
            f"/listings/{listing_id}/near", "/?state=every", "/api/items?state=every",
            f"/listings/{listing_id}/sheet", f"/cases/{filed}", f"/cases/{filed}/sheet",
            f"/api/cases/{filed}", "/api/cases", "/suppliers", "/api/suppliers", "/suppliers/1",
            "/api/suppliers/1", "/suppliers/1/dossier",
        ):  # fmt: skip
            answer = client.get(address)
            assert answer.status_code in {200, 404}, address
            for contact in (WRITTEN, "1234 5678", HANDLE, MAIL, "quiet-depot", "markup"):
                assert contact not in answer.text, (address, contact)
        page = client.get(f"/listings/{listing_id}")
        assert "Contacts are masked" in page.text
        assert "\N{BULLET}" * 10 in page.text
        assert "Acetone" in page.text
        assert client.get(f"/listings/{listing_id}/page").status_code == 403
    with closing(open_database(database)) as db:
        seen = list_entries(db, action=AuditAction.LISTING_VIEWED, limit=20)
    assert {entry.details["contacts"] for entry in seen} == {"masked"}


def test_a_viewer_reads_no_contact_of_a_supplier(database: Path) -> None:
    """Neither in the titles of its machines nor in the name of the list that follows it."""
    press = Notice(kind="equipment", code="tablet_press", name="tablet press", why="21 U.S.C. 802(38)")
    with closing(open_database(database)) as db:
        content = replace(FULL, title=f"Tablet press, call {WRITTEN}", seller_name=f"Depot {MAIL}")
        see(db, crawl_run(db), "https://andes.example/press", content)
        link(db)
        record_notices(db, lambda batch: [[press] for _ in batch], read_with="test", run_id=None, now=NOW)
        (number,) = db.execute("SELECT max(supplier_id) FROM supplier_accounts").fetchone()
    with entered(database, role=Role.VIEWER, reference=reference(database)) as client:
        page = client.get(f"/suppliers/{number}").text
        assert "Tablet press, call" in page
        lists = client.post(f"/suppliers/{number}/follow", headers=headers_of(client)).text
        lists += client.get("/lists").text + client.get("/api/me/views").text
        assert "Depot" in lists
    for contact in (WRITTEN, MAIL):
        assert contact not in page
        assert contact not in lists


def test_a_view_of_a_text_with_contacts_names_them_in_the_log(database: Path, listing_id: str) -> None:
    """By number, since the text that a reviewer reads holds them."""
    with entered(database, reference=reference(database)) as client:
        assert WRITTEN in client.get(f"/listings/{listing_id}").text
    with closing(open_database(database)) as db:
        (entry,) = list_entries(db, action=AuditAction.LISTING_VIEWED)
        stated = "SELECT DISTINCT contact_id FROM contact_mentions WHERE listing_id = ? ORDER BY contact_id"
        numbers = [row[0] for row in db.execute(stated, [listing_id])]
    assert len(numbers) > 2
    assert entry.details["contacts"] == numbers
    assert WRITTEN not in repr(entry)


@pytest.mark.process  # WeasyPrint looks for its libraries
def test_a_pdf_for_a_viewer_holds_no_contact(database: Path, listing_id: str, filed: int) -> None:
    """Neither drawn nor in the files attached to it."""
    with entered(database, role=Role.VIEWER, reference=reference(database)) as client:
        body = client.get(f"/cases/{filed}/sheet.pdf").content
    with pikepdf.open(io.BytesIO(body)) as pdf:
        attached = b"".join(each.get_file().read_bytes() for each in pdf.attachments.values())
    assert b"Acetone" in attached
    assert WRITTEN.encode() not in attached
    assert MAIL.encode() not in attached


def test_an_app_without_a_reader_of_contacts_masks_all_texts(database: Path, listing_id: str) -> None:
    """Nothing is shown because the reader was forgotten."""
    with entered(database, role=Role.VIEWER) as client:
        page = client.get(f"/listings/{listing_id}").text
    assert WRITTEN not in page
    assert "Acetone" not in page
