"""Contacts of sellers are shown to those who may see them, and every view is in the audit log."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.login import entered
from fixtures.builders.store import FULL, NOW, crawl_run, see
from store.accounts.users import Role
from store.audit.audit import AuditAction, list_entries
from store.database import open_database
from suppliers.update import ContactSettings, update

if TYPE_CHECKING:
    from pathlib import Path

NUMBER = "+8613812345678"
WRITTEN = "+86 138 1234 5678"


@pytest.fixture
def listing_id(database: Path) -> str:
    """Return a listing that states a phone number."""
    with closing(open_database(database)) as db:
        content = replace(FULL, description=f"Call {WRITTEN} <b>now</b>")
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
        (contact,) = client.get(f"/api/listings/{listing_id}/contacts").json()
        assert (contact["kind"], contact["value"], contact["raw"]) == ("phone", NUMBER, WRITTEN)
    assert views(database) == [("ada", f"listing:{listing_id}")] * 2


def test_a_viewer_sees_no_contacts(database: Path, listing_id: str) -> None:
    """Neither by page nor by API, and the listing's page does not offer them."""
    with entered(database, role=Role.VIEWER) as client:
        assert "/contacts" not in client.get(f"/listings/{listing_id}").text
        assert client.get(f"/listings/{listing_id}/contacts").status_code == 403
        assert client.get(f"/api/listings/{listing_id}/contacts").status_code == 403
    assert views(database) == []
