"""Leads see what an import of the law would flag before it counts, and accept or reject it by name."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from classifier.gazetteer import Law
from cli.serve import reference_for
from fixtures.builders.forms import read_form
from fixtures.builders.login import entered, headers_of
from fixtures.builders.review_store import FLAGGED, NOW, bring_list, score_under_import
from store.accounts.users import Role
from store.audit.audit import list_entries
from store.database import open_database
from store.review.item_query import Filter
from store.review.queue import count_items
from store.review.workspace import change_setting
from tests.cli.calls import call

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi.testclient import TestClient

SOIL = "Garden soil improver"


def test_a_lead_looks_and_accepts_in_the_browser(client: TestClient, database: Path) -> None:
    """The button is dead until the history is scored; a reviewer has no button at all."""
    with closing(open_database(database)) as db:
        number = bring_list(db)
    assert "A lead decides whether the import takes effect." in client.get("/law").text
    law = Law(instruments=("canada",))
    with entered(database, "lea", Role.LEAD, reference=reference_for(database, law)) as lea:
        page = lea.get("/law").text
        assert "Acetone &lt;b&gt;" in page
        assert "sightings have not been scored under this import" in page
        form = read_form(page, f"/law/{number}")
        early = lea.post(form.action, data=form.values | {"why": "now", "decision": "accepted"})
        assert early.status_code == 409
        assert "have not been scored under import 1" in early.text
        with closing(open_database(database)) as db:
            score_under_import(db, number)
        page = lea.get("/law").text
        assert "1 listing would be newly flagged." in page
        assert SOIL in page
        assert "Counted" in page
        assert "low confidence" in page
        shown = lea.get(f"/api/law-imports/{number}/preview").json()
        assert [each["title"] for each in shown["newcomers"]] == [SOIL]
        with closing(open_database(database)) as db:
            assert count_items(db, Filter()) == FLAGGED
        assert client.post(form.action, data=form.values | {"why": "x", "decision": "accepted"}).is_error
        lea.post(form.action, data=form.values | {"why": "Looked", "decision": "accepted"})
        page = lea.get("/law").text
        assert "accepted: lea" in page
        assert read_imported(page) == "1"
    with closing(open_database(database)) as db:
        assert count_items(db, Filter()) == FLAGGED + 1
        assert [each.actor for each in list_entries(db, subject=f"law_import:{number}")] == ["lea", "ada"]


def test_a_lead_cannot_accept_on_an_old_count(database: Path) -> None:
    """The page says so, and shows the old count with its time."""
    with closing(open_database(database)) as db:
        number = bring_list(db)
        score_under_import(db, number)
        change_setting(db, "flag_rule", 1, changed_by="lea", now=NOW)
    accept = 'value="accepted"'
    with entered(database, "lea", Role.LEAD) as lea:
        page = lea.get("/law").text
        assert "have changed since the count" in page
        assert "1 listing would be newly flagged." in page
        assert f"{accept} disabled" in page
        with closing(open_database(database)) as db:
            db.execute("DELETE FROM law_previews")
        page = lea.get("/law").text
        assert "The next scoring run counts the listings" in page
        assert "would be newly flagged.</b>" not in page
        assert f"{accept} disabled" in page


def read_imported(page: str) -> str:
    """Return the number of imported entries of Canada."""
    row = page.partition("<code>canada</code>")[2].partition("</tr>")[0]
    return row.split('<td class="number">')[3].partition("<")[0]


def test_an_import_is_decided_by_the_api_and_by_hand(client: TestClient, database: Path) -> None:
    """By hand too it is a lead's to decide."""
    with closing(open_database(database)) as db:
        first = bring_list(db)
    with entered(database, "lea", Role.LEAD) as lea:
        wanted = {"decision": "rejected", "why": "of a draft"}
        path, headers = f"/api/law-imports/{first}/decision", headers_of(lea)
        said = lea.post(path, json=wanted, headers=headers).json()
        assert (said["decision"], said["decided_by"]) == ("rejected", "lea")
        assert lea.get(f"/api/law-imports/{first}/preview").json() is None
        assert lea.post(path, json=wanted, headers=headers).status_code == 409
    assert [each["file_name"] for each in client.get("/api/law-imports").json()] == ["canada.csv"]
    with closing(open_database(database)) as db:
        second = bring_list(db)
        score_under_import(db, second)
    shown = call("law", "preview", "--db", database).out
    assert "would newly flag 1 listing; 0 listings would no longer be flagged" in shown
    refused = call("law", "accept", second, "--why", "x", "--by", "ada", "--db", database)
    assert refused.exit_code == 1
    assert "ada is no lead" in refused.err
    done = call("law", "accept", second, "--why", "x", "--by", "lea", "--db", database)
    assert done.out == "Import 2 is accepted by lea. 1 listing is newly flagged.\n"
    state = json.loads(call("law", "status", "--json", "--profile", "canada", "--db", database).out)
    (canada,) = [each for each in state["profiles"] if each["profile"] == "canada"]
    assert (canada["imported"], canada["is_own"]) == (1, True)


@pytest.mark.parametrize("words", [("preview",), ("accept", "7", "--why", "x", "--by", "lea")])
def test_without_an_import_there_is_nothing_to_decide(database: Path, words: tuple[str, ...]) -> None:
    """One sentence says so."""
    found = call("law", *words, "--db", database)
    assert (found.exit_code, found.out) == (1, "")
    assert found.err.startswith("precursor-watch: ")
    assert len(found.err.splitlines()) == 1
