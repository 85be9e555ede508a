"""Cases by hand: the same file as the page of the case makes, and verified without a store."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.login import a_user
from fixtures.builders.review_store import NOW, fill_store
from store.audit.audit import AuditAction, list_entries
from store.database import open_database
from store.review.cases import open_case, write_entry
from store.review.queue import review_queue
from tests.cli.calls import call

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.process  # WeasyPrint looks for its libraries
def test_a_case_is_listed_shown_exported_and_verified(tmp_path: Path) -> None:
    """Every listing is in the file, the export is logged, and a file that is there is not overwritten."""
    store, file = tmp_path / "store.db", tmp_path / "case.zip"
    fill_store(store)
    a_user(store)
    with closing(open_database(store)) as db:
        case = open_case(db, "2026/114", "Oil", opened_by="ada", now=NOW)
        for entry in review_queue(db)[:2]:
            write_entry(db, case, "listing", listing_id=entry.listing_id, written_by="ada", now=NOW)
    assert "2026/114" in call("cases", "list", "--db", store).out
    (listed,) = json.loads(call("cases", "list", "--db", store, "--json").out)
    assert len(listed["listings"]) == 2
    shown = call("cases", "show", "2026/114", "--by", "ada", "--db", store).out
    assert listed["listings"][0] in shown
    assert "waiting" in shown
    made = call("cases", "export", "2026/114", file, "--by", "ada", "--db", store)
    assert made.exit_code == 0, made.err
    verified = call("cases", "verify", file)
    assert verified.exit_code == 0, verified.err
    assert "2 listings and" in verified.out
    with closing(open_database(store)) as db:
        (logged,) = list_entries(db, action=AuditAction.EXPORTED, limit=9)
        assert (logged.actor, logged.details["case"]) == ("ada", "2026/114")
    again = call("cases", "export", "2026/114", file, "--by", "ada", "--db", store)
    assert again.exit_code == 1
    assert "cannot be written" in again.err
    unknown = call("cases", "show", "7", "--by", "ada", "--db", store)
    assert "There is no case 7." in unknown.err
    unfit = call("cases", "export", "2026/114", tmp_path / "case.txt", "--by", "ada", "--db", store)
    assert unfit.exit_code == 2
