"""Cases, sheets, figures and exports: only decided listings leave, and the log has each export."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.forms import judge, read_form
from fixtures.builders.login import headers_of
from fixtures.builders.review_store import HOSTILE_TITLE, NOW
from review.cases.exported import safe_cell
from store.audit.audit import AuditAction, list_entries
from store.database import open_database
from store.review.queue import review_queue
from store.review.workspace import change_setting

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi.testclient import TestClient
    from httpx2 import Response


@pytest.fixture
def decided(client: TestClient, database: Path) -> TestClient:
    """Return a client whose reviewer has decided three listings and escalated one."""
    with closing(open_database(database)) as db:
        change_setting(db, "second_share", 0, changed_by="the tests", now=NOW)
        change_setting(db, "hidden_share", 0, changed_by="the tests", now=NOW)
    page = client.get("/").text
    for decision in ("offer", "not_offer", "offer", "escalate"):
        reason = "confusable" if decision == "not_offer" else "disguised"
        page = judge(client, page, decision=decision, note="=1+1", reason_code=reason).text
    return client


def export(client: TestClient, form: str, **chosen: str) -> Response:
    """Send the export form."""
    sent = read_form(client.get("/exports").text, "/exports")
    return client.post(sent.action, data=sent.values | {"form": form} | chosen)


def test_csv_holds_what_was_decided_and_no_formula(decided: TestClient, database: Path) -> None:
    """What waits or was escalated is not in it; a note that begins like a formula is disarmed."""
    answer = export(decided, "csv")
    assert answer.headers["content-disposition"].startswith('attachment; filename="precursor-watch-2026')
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["decision"] for row in rows] == ["offer", "not_offer", "offer"]
    assert {row["note"] for row in rows} == {"'=1+1"}
    assert rows[2]["title"] == HOSTILE_TITLE
    with closing(open_database(database)) as db:
        entry = list_entries(db, action=AuditAction.EXPORTED)[0]
    assert (entry.actor, entry.subject, entry.details["listings"]) == ("ada", "export:csv", 3)


@pytest.mark.parametrize(
    "cell",
    ["=1", "+1", "-1", "@x", "\t=1", " =1", "\uff1dcmd", "\r=1", "  @SUM(A1)", "\nx", "\tx", "\rx", "'=1"],
)
def test_no_cell_begins_like_a_formula(cell: str) -> None:
    """Whatever a spreadsheet would run is shown as text."""
    assert safe_cell(cell).startswith("'")


def test_plain_cells_stay_as_they_are() -> None:
    """Numbers stay numbers, text stays text."""
    assert [safe_cell(each) for each in ("P2P oil", 0.98, -0.5, None)] == ["P2P oil", "0.98", "-0.5", ""]


def test_json_lines_carry_the_whole_history(decided: TestClient) -> None:
    """Each line has its verdicts with who and when; a filter narrows it."""
    lines = [json.loads(line) for line in export(decided, "jsonl", decision="offer").text.splitlines()]
    assert [line["decision"] for line in lines] == ["offer", "offer"]
    assert lines[0]["verdicts"][0]["reviewer"] == "ada"
    assert lines[0]["page"]["sha256"] == "0" * 64


def test_form_that_is_not_installed_cannot_be_chosen(
    decided: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says who adds it."""
    monkeypatch.setattr("review.cases.case_exports.find_spec", lambda _: None)
    page = decided.get("/exports").text
    assert '<option value="ftm" disabled>' in page
    assert "FollowTheMoney is not installed" in page


def test_followthemoney_entities_are_valid(decided: TestClient) -> None:
    """The library reads each entity back: pages, sellers and links."""
    model = pytest.importorskip("followthemoney").model
    lines = export(decided, "ftm").text.splitlines()
    entities = [model.get_proxy(json.loads(line)) for line in lines]
    assert {entity.schema.name for entity in entities} == {"HyperText", "LegalEntity", "UnknownLink"}
    pages = [entity for entity in entities if entity.schema.name == "HyperText"]
    assert len(pages) == 3
    assert "Phenylacetone" in pages[0].first("title")


def test_zip_names_what_it_lacks(decided: TestClient) -> None:
    """Of a store without kept bytes the bundle has no records and says so; its manifest covers every file."""
    with zipfile.ZipFile(io.BytesIO(export(decided, "zip").content)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert set(manifest["files"]) | {"manifest.json", "signature.json"} == set(archive.namelist())
        assert (manifest["listings"], manifest["without_page"]) == (3, 3)
        assert "does not prove" in archive.read("README.txt").decode()


@pytest.mark.process
def test_zip_of_a_case_holds_what_is_undecided_and_says_so(decided: TestClient, database: Path) -> None:
    """An undecided listing of the case is in it, named in the manifest and README, and counted in the log."""
    with closing(open_database(database)) as db:
        listing_id = review_queue(db)[0].listing_id
    headers = headers_of(decided)
    decided.post("/cases", data={"number": "2026/115"}, headers=headers)
    decided.post(f"/listings/{listing_id}/case", data={"case_id": "1"}, headers=headers)
    with zipfile.ZipFile(io.BytesIO(export(decided, "zip", case_id="1").content)) as archive:
        assert json.loads(archive.read("manifest.json"))["undecided_ids"] == [listing_id]
        assert json.loads(archive.read("listings.jsonl"))["listing_id"] == listing_id
        assert "1 of them without a final verdict" in archive.read("README.txt").decode()
    with closing(open_database(database)) as db:
        assert list_entries(db, action=AuditAction.EXPORTED, limit=1)[0].details["undecided"] == 1


@pytest.mark.process  # WeasyPrint asks ldconfig where Pango is
def test_case_from_opening_to_sheet(decided: TestClient, database: Path) -> None:
    """Listing, seller and note go in, a sheet and a PDF come out, a closed case takes nothing more."""
    with closing(open_database(database)) as db:
        listing_id = review_queue(db)[0].listing_id
    client, headers = decided, headers_of(decided)
    opened = client.post("/cases", data={"number": "2026/114", "title": "Oil"}, headers=headers)
    assert "Case 2026/114" in opened.text
    assert "The case holds no listing yet" in opened.text
    assert "Nothing is missing" not in opened.text
    assert client.post("/cases", data={"number": "2026/114"}, headers=headers).status_code == 409
    filed = client.post(f"/listings/{listing_id}/case", data={"case_id": "1"}, headers=headers)
    assert "In case 2026/114" in filed.text
    client.post("/cases/1", data={"kind": "seller", "listing_id": listing_id}, headers=headers)
    page = client.post("/cases/1", data={"kind": "note", "note": "seen before"}, headers=headers).text
    assert "seen before" in page
    sheet = client.get("/cases/1/sheet").text
    assert "What this does not prove" in sheet
    assert "Review not finished" in sheet
    pdf = client.get("/cases/1/sheet.pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")
    client.post("/cases/1", data={"kind": "closed"}, headers=headers)
    refused = client.post("/cases/1", data={"kind": "note", "note": "late"}, headers=headers)
    assert refused.status_code == 409
    assert "is closed" in refused.text
    lines = export(client, "jsonl", case_id="1").text
    assert json.loads(lines)["state"] == "waiting"  # what the case holds is not decided, and is in it
    with closing(open_database(database)) as db:
        logged = {each.action for each in list_entries(db, subject="case:1", limit=100)}
    assert logged == {AuditAction.CASE_CHANGED, AuditAction.CASE_VIEWED}


@pytest.mark.process
def test_sheet_of_a_hostile_listing_is_text(decided: TestClient, database: Path) -> None:
    """Its markup is printed, in HTML and in PDF, and nothing is fetched."""
    with closing(open_database(database)) as db:
        row = db.execute("SELECT listing_id FROM sightings WHERE title = ?", [HOSTILE_TITLE]).fetchone()
    sheet = decided.get(f"/listings/{row[0]}/sheet").text
    assert "&lt;script&gt;alert" in sheet
    assert "<script" not in sheet
    assert "<iframe" not in sheet
    assert decided.get(f"/listings/{row[0]}/sheet.pdf").content.startswith(b"%PDF-")


def test_figures_show_charts_and_tables(decided: TestClient) -> None:
    """The day's bars, the precision, and what is not known yet stand on the page."""
    page = decided.get("/figures").text
    assert '<tr><th scope="row">2026-11-02</th><td class="number">10</td><td class="number">4</td>' in page
    assert "0.67" in page
    assert "No sample from below the threshold has been judged" in page
    assert page.count("<rect class=") > 3
    assert '<div class="y-ticks" aria-hidden="true"><span>10</span><span>5</span><span>0</span></div>' in page
    assert '<div class="x-ticks" aria-hidden="true"><span>2026-11-02</span></div>' in page
    assert decided.get("/figures?days=0").status_code == 422
