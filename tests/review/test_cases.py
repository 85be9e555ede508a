"""A case keeps its evidence as it was filed, says what has changed since, and leaves whole (issue 15)."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import subprocess
import zipfile
import zlib
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.builders.forms import judge
from fixtures.builders.login import a_user, entered, headers_of
from fixtures.builders.pdfa import pdfa_problems
from fixtures.builders.pictures import drawn, packed
from fixtures.builders.review_store import (
    MODEL_ID,
    NOW,
    PLANTED,
    SOURCE,
    fill_store,
    put_model_in_use,
    score,
    see,
)
from fixtures.builders.store import keep_picture
from review.cases.sheets import to_pdf
from store.accounts.users import Role
from store.audit.audit import AuditAction, list_entries
from store.audit.verification import verify
from store.crawl.pictures import PictureLine, PictureReading, record_pictures, record_reading
from store.crawl.sources import declare_source
from store.database import open_database, transaction
from store.review.cases import get_case, list_cases, open_case, open_cases, write_entry
from store.review.listings import listing_file, provenance
from store.review.notices import Notice, Noticed, record_notices
from store.review.queue import review_queue
from store.review.workspace import change_setting
from store.rows import insert

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fastapi.testclient import TestClient
    from httpx2 import Response

LATER = replace(
    PLANTED[0],
    content=replace(
        PLANTED[0].content,
        price_text="US $ 900,00 / kg",
        description="Now in jars. " + PLANTED[0].content.description,
    ),
    p_offer=0.6,
)
"""The first listing as a later crawl sees it."""


@dataclass
class Filed:
    """A client with a case of four listings, two of them decided."""

    client: TestClient
    database: Path
    ids: list[str]

    def export(self, form: str, **more: str) -> Response:
        """Export the case."""
        return self.client.post(
            "/exports", data={"form": form, "case_id": "1"} | more, headers=headers_of(self.client)
        )

    def lines(self) -> dict[str, dict[str, Any]]:
        """Return the exported records by listing."""
        found = [json.loads(line) for line in self.export("jsonl").text.splitlines()]
        return {each["listing_id"]: each for each in found}

    def crawl_again(self) -> None:
        """Let a later crawl see another price and text of the first listing."""
        with closing(open_database(self.database)) as db:
            see(db, (LATER,), at=NOW + timedelta(days=1), archive="later.zip")
            score(db, (LATER,))


@pytest.fixture
def filed(client: TestClient, database: Path) -> Filed:
    """Open a case of four, of which two are decided, as ada."""
    with closing(open_database(database)) as db:
        change_setting(db, "second_share", 0, changed_by="the tests", now=NOW)
        change_setting(db, "hidden_share", 0, changed_by="the tests", now=NOW)
        ids = [entry.listing_id for entry in review_queue(db)][:4]
    headers = headers_of(client)
    client.post("/cases", data={"number": "2026/114", "title": "Oil"}, headers=headers)
    for listing_id in ids:
        client.post(f"/listings/{listing_id}/case", data={"case_id": "1"}, headers=headers)
    for listing_id in ids[:2]:
        judge(client, client.get(f"/listings/{listing_id}").text, decision="offer", note="as written")
    return Filed(client, database, ids)


def test_every_format_holds_every_listing_of_the_case(filed: Filed) -> None:
    """Two of four are undecided: they are exported all the same and marked, never dropped in silence."""
    lines = filed.lines()
    assert list(lines) == filed.ids
    assert [lines[each]["state"] for each in filed.ids] == ["decided", "decided", "waiting", "waiting"]
    assert [lines[each]["decision"] for each in filed.ids] == ["offer", "offer", "", ""]
    rows = list(csv.DictReader(io.StringIO(filed.export("csv").content.decode("utf-8-sig"))))
    assert [(row["listing_id"], row["state"]) for row in rows] == [
        (each, lines[each]["state"]) for each in filed.ids
    ]
    page = filed.client.get("/cases/1").text
    assert '<p class="said"' not in page
    assert page.count("pictures: the evidence holds 0 of the 1 that the page names") == 1
    assert "the final verdicts on 2 listings, which are in the file all the same" in page
    with closing(open_database(filed.database)) as db:
        entry = list_entries(db, action=AuditAction.EXPORTED, limit=1)[0]
    assert (entry.details["listings"], entry.details["undecided"]) == (4, 2)


@pytest.mark.process
def test_the_case_file_says_what_it_holds_and_lacks(filed: Filed, tmp_path: Path) -> None:
    """Manifest and README name what is missing and why, and plain sha256sum finds every file whole."""
    with zipfile.ZipFile(io.BytesIO(filed.export("zip").content)) as archive:
        archive.extractall(tmp_path)
        names = set(archive.namelist())
    assert {"case.json", "case.pdf", "listings.jsonl", "manifest.json", "README.txt", "SHA256SUMS"} <= names
    manifest = json.loads((tmp_path / "manifest.json").read_bytes())
    assert (manifest["case"], manifest["listings"]) == ("2026/114", 4)
    assert manifest["undecided_ids"] == filed.ids[2:]
    missing = {(each["listing_id"], each["part"]): each["why"] for each in manifest["missing"]}
    assert missing[filed.ids[2], "verdict"] == "nobody has given a verdict on this text"
    assert missing[filed.ids[0], "page"] == "its bytes were never stored"
    assert missing[filed.ids[0], "pictures"] == "the evidence holds 0 of the 1 that the page names"
    readme = (tmp_path / "README.txt").read_text(encoding="utf-8")
    for (listing_id, part), why in missing.items():
        assert f"listing {listing_id}: {part}: {why}" in readme
    assert "2 of them without a final verdict" in readme
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_a_verdict_cannot_narrow_a_case(filed: Filed) -> None:
    """A case leaves whole: choosing a verdict with it is refused with a sentence, not obeyed in part."""
    refused = filed.export("csv", decision="offer")
    assert refused.status_code == 409
    assert "A case is exported whole" in refused.text


def test_filing_pins_the_evidence(filed: Filed) -> None:
    """After a re-crawl the case still has the filed hash, price, text and score; the newer stand beside."""
    before = filed.lines()[filed.ids[0]]
    filed.crawl_again()
    after = filed.lines()[filed.ids[0]]
    newer = after.pop("newer")
    assert before.pop("newer") is None
    assert after == before
    assert (after["price"], newer["price"]) == ("US $ 1.250,00 / kg", "US $ 900,00 / kg")
    assert after["text_sha256"] != newer["text_sha256"]
    assert after["score"]["p_offer"] == 0.981
    assert {each["field"] for each in newer["differences"]} == {"price_text", "description"}
    assert newer["text"].startswith(LATER.content.title)


def test_a_change_after_filing_is_shown_and_is_a_line_of_the_journal(filed: Filed) -> None:
    """Beside the pinned version, with the difference; by the crawl that saw it, not by a person."""
    filed.crawl_again()
    page = filed.client.get("/cases/1").text
    assert "changed since filed" in page
    assert "<del>US $ 1.250,00 / kg</del> → <ins>US $ 900,00 / kg</ins>" in page
    case = filed.client.get("/api/cases/1").json()
    changes = [line for line in case["entries"] if line["kind"] == "changed"]
    assert [(line["listing_id"], line["entry_id"], line["written_by"]) for line in changes] == [
        (filed.ids[0], None, "")
    ]
    pinned = {each["listing_id"]: each for each in case["filed"]}[filed.ids[0]]
    assert pinned["is_changed"]
    assert pinned["newer_sighting_id"] == changes[0]["sighting_id"]
    sheet = filed.client.get("/cases/1/sheet").text
    assert "US $ 1.250,00 / kg" in sheet
    assert "US $ 900,00 / kg" in sheet


def test_the_sheet_of_a_case_has_the_notices_of_the_filed_version(filed: Filed) -> None:
    """A machine that only the later version names is no notice of the filed one."""
    with closing(open_database(filed.database)) as db:
        record_notices(db, _notices, read_with="a", run_id=None, now=NOW)
        filed.crawl_again()
        record_notices(db, _notices, read_with="a", run_id=None, now=NOW)
    sheet = filed.client.get("/cases/1/sheet").text
    assert "A law on drums" in sheet
    assert "A law on jars" not in sheet


def _notices(batch: Sequence[Noticed]) -> list[list[Notice]]:
    goods = ["jars" if "Now in jars" in each.text else "drums" for each in batch]
    return [[Notice(kind="rule", code=each, name=each, why=f"A law on {each}")] for each in goods]


def test_a_new_model_does_not_touch_what_was_filed(filed: Filed) -> None:
    """The pinned score and model stay; that there is another score now is said."""
    with closing(open_database(filed.database)) as db:
        put_model_in_use(db, "ba9876543210")
        score(db, PLANTED, "ba9876543210")
    assert filed.lines()[filed.ids[0]]["score"]["model"] == MODEL_ID
    assert "now 0.981 by model ba9876543210" in filed.client.get("/cases/1").text


def test_the_law_is_pinned_as_it_stood(tmp_path: Path) -> None:
    """What the program's law says later does not change what a case says of the day of filing."""
    path = tmp_path / "law.db"
    fill_store(path)
    with closing(open_database(path)) as db:
        listing_id = review_queue(db)[0].listing_id
        case_id = open_case(db, "1", "", opened_by="ada", now=NOW)
        law = [{"substance": "phenylacetone", "instrument": "UN 1988 Convention", "list_name": "Table I"}]
        write_entry(db, case_id, "listing", listing_id=listing_id, law=law, written_by="ada", now=NOW)
        assert get_case(db, case_id).entries[0].law == tuple(law)
        assert verify(db).lines > 0


def test_the_newer_version_can_be_filed_too(filed: Filed) -> None:
    """Both filings stay in the journal; the same version is not filed twice."""
    headers = headers_of(filed.client)
    again = filed.client.post(f"/listings/{filed.ids[0]}/case", data={"case_id": "1"}, headers=headers)
    assert again.status_code == 409
    assert "holds this version of the listing already" in again.text
    filed.crawl_again()
    filed.client.post("/cases/1", data={"kind": "listing", "listing_id": filed.ids[0]}, headers=headers)
    assert filed.lines()[filed.ids[0]]["price"] == "US $ 900,00 / kg"
    kinds = [line["kind"] for line in filed.client.get("/api/cases/1").json()["entries"]]
    assert kinds.count("listing") == 5
    assert kinds.count("changed") == 1


def test_closing_reopening_and_handing_over_are_lines_of_the_journal(filed: Filed) -> None:
    """Each with who, when and why; a case is handed to users only; several cases may hold one listing."""
    client, headers = filed.client, headers_of(filed.client)
    with entered(filed.database, "bo"):
        pass
    for kind, more in (
        ("handed_over", {"handed_to": "bo", "note": "on leave"}),
        ("closed", {"note": "sent to court"}),
        ("reopened", {"note": "sent back"}),
    ):
        assert client.post("/cases/1", data={"kind": kind} | more, headers=headers).status_code == 200
    case = client.get("/api/cases/1").json()
    assert [(line["kind"], line["note"], line["handed_to"]) for line in case["entries"][-3:]] == [
        ("handed_over", "on leave", "bo"),
        ("closed", "sent to court", ""),
        ("reopened", "sent back", ""),
    ]
    assert case["kept_by"] == "bo"
    unknown = client.post("/cases/1", data={"kind": "handed_over", "handed_to": "nobody"}, headers=headers)
    assert unknown.status_code == 404
    client.post("/cases", data={"number": "2026/115"}, headers=headers)
    client.post(f"/listings/{filed.ids[0]}/case", data={"case_id": "2"}, headers=headers)
    page = client.get(f"/listings/{filed.ids[0]}").text
    assert "In case 2026/114" in page
    assert "In case 2026/115" in page


def test_what_is_hidden_from_the_exporter_is_called_hidden(filed: Filed) -> None:
    """A blind second reviewer finds no trace of the first verdict: on page, list, sheet, export or API."""
    first = filed.ids[2]
    page = filed.client.get(f"/listings/{first}").text
    judge(filed.client, page, decision="escalate", note="looks coded", reason_code="disguised")
    with entered(filed.database, "bo", Role.LEAD) as bo:
        other = Filed(bo, filed.database, filed.ids)
        line = other.lines()[first]
        assert (line["verdict_hidden"], line["verdicts"], line["decision"]) == (True, [], "")
        rows = csv.DictReader(io.StringIO(other.export("csv").content.decode("utf-8-sig")))
        assert {row["listing_id"]: row["hidden"] for row in rows}[first] == "verdict"
        shown = {
            "page": bo.get(f"/listings/{first}").text,
            "list": bo.get("/?state=second").text,
            "sheet": bo.get(f"/listings/{first}/sheet").text,
            "case": bo.get("/cases/1").text,
            "case sheet": bo.get("/cases/1/sheet").text,
            "several": bo.get("/bulk?state=second").text,
            "item": bo.get(f"/api/listings/{first}").text,
            "items": bo.get("/api/items?state=second").text,
            "filed": bo.get("/api/cases/1").text,
            "log": bo.get(f"/api/audit?subject=listing:{first}&action=verdict_given").text,
        }
        for place, said in shown.items():
            assert "looks coded" not in said, place
            assert "hidden" in said, place
        for place in ("page", "sheet"):
            assert "Nobody has given a verdict yet" not in shown[place]
        judge(bo, shown["page"], decision="offer")
        assert not other.lines()[first]["verdict_hidden"]


def test_a_page_names_the_supplier_that_its_crawl_read(database: Path) -> None:
    """A second archive, declared by somebody else later, is not shown with the first one's supplier."""
    with closing(open_database(database)) as db:
        second = replace(SOURCE, supplied_by="R. Ortiz", supplied_on="2026-11-05")
        declare_source(db, second, now=NOW + timedelta(days=4))
        see(db, (LATER,), at=NOW + timedelta(days=5), archive="second.zip")
        listing_id = db.execute(
            "SELECT listing_id FROM sightings ORDER BY sighting_id DESC LIMIT 1"
        ).fetchone()[0]
        new, old = listing_file(db, listing_id).sightings
        found = [provenance(db, each.page_id) for each in (new, old)]
    assert [(each.supplied_by, each.supplied_on) for each in found] == [
        ("R. Ortiz", "2026-11-05"),
        ("the tests", "2026-11-01"),
    ]


@pytest.mark.process
def test_the_pdf_is_pdf_a_with_its_data_and_hashes(filed: Filed) -> None:
    """Its structure is that of PDF/A-3u, it carries the data it shows, and says what no font could draw."""
    pdf = filed.export("pdf").content
    assert pdfa_problems(pdf) == []
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    plain = b"".join(zlib.decompress(each) for each in streams if each.startswith(b"x"))
    pages = re.findall(rb"/Type ?/Page\b", pdf + plain)
    assert len(pages) >= 6  # contents, four listings and journal each begin a page with their own hash
    sheet = filed.client.get("/cases/1/sheet").text
    data = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in filed.lines().values()).encode()
    assert f"SHA-256 listings.jsonl {hashlib.sha256(data).hexdigest()}" in sheet
    assert json.loads(filed.export("jsonl").text.splitlines()[0])["title"].encode() in plain
    made = to_pdf("<p>\u5316 plain \ue123</p>", "")
    assert "\ue123" in made.undrawn
    assert "p" not in made.undrawn


def addresses_of_case() -> list[str]:
    """Return every address that shows case 1."""
    return ["/cases/1", "/cases/1/sheet", "/cases/1/sheet.pdf", "/api/cases/1"]


@pytest.mark.process  # WeasyPrint looks for its libraries
def test_only_members_see_a_case(filed: Filed) -> None:
    """To others it does not exist: no list, page, sheet, export, filing or line of its journal."""
    a_user(filed.database, "bo")
    with entered(filed.database, "bo") as bo:
        headers = headers_of(bo)
        assert "2026/114" not in bo.get("/cases").text + bo.get("/exports").text
        assert bo.get("/api/cases").json() == []
        assert [bo.get(address).status_code for address in addresses_of_case()] == [404] * 4
        sent = [
            bo.post("/exports", data={"form": "zip", "case_id": "1"}, headers=headers),
            bo.post("/api/exports", json={"form": "jsonl", "case_id": 1}, headers=headers),
            bo.post("/cases/1", data={"kind": "note", "note": "mine"}, headers=headers),
            bo.post("/api/cases/1/entries", json={"kind": "member", "handed_to": "bo"}, headers=headers),
            bo.post(f"/listings/{filed.ids[3]}/case", data={"case_id": "1"}, headers=headers),
        ]
        assert [answer.status_code for answer in sent] == [404] * 5
        listing = bo.get(f"/listings/{filed.ids[0]}").text
        assert "2026/114" not in listing
    with closing(open_database(filed.database)) as db:
        assert {entry.written_by for entry in get_case(db, 1).entries} == {"ada"}


@pytest.mark.process  # WeasyPrint looks for its libraries
def test_a_member_joins_and_leaves_by_the_journal(filed: Filed) -> None:
    """Who is added sees the case until removed; who keeps it cannot be removed."""
    a_user(filed.database, "bo", Role.VIEWER)
    headers = headers_of(filed.client)

    def change(kind: str, name: str) -> int:
        """Write a line about a member, and return the status of the answer."""
        line = {"kind": kind, "handed_to": name}
        return filed.client.post("/cases/1", data=line, headers=headers, follow_redirects=False).status_code

    with entered(filed.database, "bo", Role.VIEWER) as bo:
        assert change("member", "bo") == 303
        assert "<bdi>bo</bdi>" in filed.client.get("/cases/1").text
        assert [bo.get(address).status_code for address in addresses_of_case()] == [200] * 4
        assert [case["number"] for case in bo.get("/api/cases").json()] == ["2026/114"]
        assert change("member_removed", "bo") == 303
        assert bo.get("/cases/1").status_code == 404
        assert (change("member_removed", "ada"), change("member", "nobody"), change("member", "")) == (
            409, 404, 409,
        )  # fmt: skip
    with closing(open_database(filed.database)) as db:
        for name in ("ada", "bo", "lea"):
            assert (
                bool(list_cases(db, name)) == bool(open_cases(db, name)) == (name in get_case(db, 1).members)
            )


@pytest.mark.process  # WeasyPrint looks for its libraries
def test_a_leads_override_is_in_the_log(filed: Filed) -> None:
    """A lead who is no member sees the case, and each time the log says so; a member's view is a view."""
    with entered(filed.database, "lea", Role.LEAD) as lea:
        assert "2026/114" in lea.get("/cases").text
        for address in addresses_of_case():
            assert lea.get(address).status_code == 200
        headers = headers_of(lea)
        assert lea.post("/exports", data={"form": "csv", "case_id": "1"}, headers=headers).status_code == 200
    assert filed.client.get("/cases/1").status_code == 200
    with closing(open_database(filed.database)) as db:
        overridden = list_entries(db, action=AuditAction.CASE_OVERRIDDEN, limit=99)
        assert {(entry.actor, entry.subject) for entry in overridden} == {("lea", "case:1")}
        assert len(overridden) == 5


@pytest.mark.process  # WeasyPrint looks for its libraries
def test_the_pdf_of_a_listing_shows_its_pictures(client: TestClient, database: Path) -> None:
    """With the SHA-256 and the text read in each; a picture comes from the store, never from an address."""
    shown = packed(drawn(["CAS 67-64-1"]), "WEBP")
    sha256 = "ab" * 32
    with closing(open_database(database)) as db, transaction(db):
        listing_id = review_queue(db)[0].listing_id
        record_pictures(db, listing_id, [keep_picture(db, 1, sha256)])
        line = PictureLine(text="CAS 67-64-1", box=(0, 0, 1, 1), confidence=0.9, reader="rapidocr")
        reading = PictureReading(format="WEBP", width=64, height=48, lines=(line,), shown=shown)
        record_reading(db, sha256, reading, read_with="tests", now=NOW)
    sheet = client.get(f"/listings/{listing_id}/sheet").text
    assert f'<img src="/pictures/{sha256}"' in sheet
    assert "Read in the picture: CAS 67-64-1" in sheet
    assert "the evidence holds 1 of the 1 that the page names" in sheet
    pdf = client.get(f"/listings/{listing_id}/sheet.pdf").content
    assert pdfa_problems(pdf) == []
    assert re.search(rb"/Subtype ?/Image", pdf)
    with entered(database, "vic", Role.VIEWER) as viewer:
        assert "<img" not in viewer.get(f"/listings/{listing_id}/sheet").text


@pytest.mark.process  # the first use of WeasyPrint asks ldconfig where its libraries are
def test_a_case_file_says_that_a_page_does_not_match_its_digest(filed: Filed) -> None:
    """Whoever gets the file learns what the archive stated, as the item page shows it."""
    with closing(open_database(filed.database)) as db, transaction(db):
        page_id = listing_file(db, filed.ids[0]).sightings[0].page_id
        values = {"page_id": page_id, "result": "mismatch", "details": "WARC-Payload-Digest sha1:7F"}
        insert(db, "page_digests", values)
    with zipfile.ZipFile(io.BytesIO(filed.export("zip").content)) as bundle:
        lines = [json.loads(line) for line in bundle.read("listings.jsonl").splitlines()]
    found = {line["listing_id"]: line["page"]["digest"] for line in lines}
    assert found.pop(filed.ids[0]) == {"result": "mismatch", "details": "WARC-Payload-Digest sha1:7F"}
    assert set(found.values()) == {None}
