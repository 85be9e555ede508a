"""The life of a supplier from pages to dossier and weekly report, with what people confirmed kept apart."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from classifier.gazetteer import Law
from cli.serve import reference_for
from fixtures.builders.forms import read_form
from fixtures.builders.login import entered, headers_of
from fixtures.builders.pdfa import pdfa_problems
from fixtures.builders.review_store import MODEL_ID, NOW, SOURCE, put_model_in_use
from fixtures.builders.store import judge
from fixtures.builders.supplied import FIRST, MAIL, NEIGHBOUR, SECOND, THIRD, fill_suppliers, link, meet, ware
from review.suppliers.dossier import FIELDS, dossier_html, dossier_record, read_dossier
from review.web.app import build_templates
from scheduler.alarms import Unsent
from scheduler.digests import compose, send_week, week_until
from store.accounts.users import Role
from store.audit.audit import AuditAction, list_entries
from store.crawl.sources import declare_source
from store.database import open_database
from store.model import Decision
from store.review.queue import review_queue
from store.review.workspace import change_setting
from store.suppliers.grouping import LinkDecision, decide_link
from store.suppliers.suppliers import MOST_SHOWN
from store.suppliers.week import QUIET, last_report_until, read_week
from tests.cli.calls import call

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LONG_AGO = NOW - timedelta(days=60)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which a person confirmed one link, cut one, and judged one listing an offer."""
    path = tmp_path_factory.mktemp("dossier") / "store.db"
    fill_suppliers(path)
    with closing(open_database(path)) as db:
        for setting in ("hidden_share", "second_share"):
            change_setting(db, setting, 0, changed_by="lou", now=NOW)
        first = review_queue(db)[0]
        judge(db, first.sighting_id, Decision.OFFER, note="Offered without papers.", reviewer="bo", now=NOW)
        decide_link(db, 1, 4, LinkDecision.CONFIRMED, reason="One drum.", decided_by="bo", now=NOW)
        decide_link(db, 2, 3, LinkDecision.CUT, reason="A freight agent.", decided_by="bo", now=NOW)
    return path


def opened(body: bytes) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return the files of a dossier by name, and its data."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return files, json.loads(files["dossier.json"])


def ran(*arguments: object, status: int = 0) -> str:
    """Return what a command prints, after checking how it ends."""
    called = call(*arguments)
    assert called.exit_code == status, called.err
    return called.out + called.err


@pytest.mark.process  # WeasyPrint looks for its libraries
def test_what_people_confirmed_and_what_is_machine_linked_stand_apart(
    store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Accounts, links and listings each in one part only; each listing is pinned; the export is logged."""
    with entered(store) as client:
        form = read_form(client.get("/suppliers/1").text, "/suppliers/1/dossier")
        answer = client.post(form.action, data=form.values)
    assert answer.status_code == 200, answer.text
    files, whole = opened(answer.content)
    assert set(files) >= {"dossier.json", "evidence.zip", "SHA256SUMS"}
    assert pdfa_problems(files["dossier.pdf"]) == []
    assert not [said for said in caplog.messages if "columns" in said]  # WeasyPrint leaves cells out
    accounts = {each["seller_account_id"]: each["name"] for each in whole["accounts"]}
    confirmed, machine = whole["confirmed_by_people"], whole["machine_linked"]
    assert {accounts[number] for number in confirmed["accounts"]} == {FIRST, THIRD}
    assert {accounts[number] for number in machine["accounts"]} == {SECOND}
    assert NEIGHBOUR not in accounts.values()
    assert [each["decision"] for each in confirmed["links"]] == ["confirmed"]
    assert {each["decision"] for each in machine["links"]} == {""}
    assert len(confirmed["listings"]) == 1
    assert {each["decision"] for each in machine["listings"]} == {""}
    pinned = confirmed["listings"][0]
    assert pinned["sighting_id"]
    assert len(pinned["page"]["sha256"]) == 64
    assert MAIL not in json.dumps(
        whole | {"machine_linked": 0, "confirmed_by_people": 0, "other_listings": 0}
    )
    assert whole["contacts_withheld"] == 4
    with closing(open_database(store)) as db:
        exported = list_entries(db, action=AuditAction.EXPORTED, limit=1)[0]
    assert exported.subject == "supplier:1"
    assert exported.details["with_contacts"] is False


@pytest.mark.process  # WeasyPrint looks for its libraries
def test_the_dossiers_entities_are_valid(store: Path, tmp_path: Path) -> None:
    """The library reads each back; links state who confirmed them, and lead to accounts of the file."""
    model = pytest.importorskip("followthemoney").model
    ran("dossier", "1", "--out", tmp_path / "out", "--contacts", "--by", "bo", "--db", store)
    (file,) = (tmp_path / "out").glob("*.ftm.json")
    entities = [model.get_proxy(json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]
    for entity in entities:
        entity.schema.validate(entity.to_dict())
    names = {
        name for entity in entities if entity.schema.name == "LegalEntity" for name in entity.get("name")
    }
    assert names >= {FIRST, SECOND, THIRD}
    stating = {
        name for entity in entities if MAIL in entity.get("email", quiet=True) for name in entity.get("name")
    }
    assert stating == {FIRST, SECOND, THIRD}
    known = {entity.id for entity in entities}
    links = [entity for entity in entities if entity.schema.name == "UnknownLink"]
    assert {end for link in links for end in (*link.get("subject"), *link.get("object"))} <= known
    roles = {role for link in links for role in link.get("role")}
    assert "confirmed: One drum. (bo)" in roles
    assert any(role.startswith("machine-linked") for role in roles)


@pytest.mark.process  # WeasyPrint looks for its libraries
def test_a_dossier_by_command_states_contacts_only_if_asked(store: Path, tmp_path: Path) -> None:
    """A folder that is not empty is left alone; an unknown supplier is one sentence."""
    bare = ran("dossier", "1", "--out", tmp_path / "bare", "--db", store)
    assert "The dossier of supplier 1 is in" in bare
    full = tmp_path / "full"
    ran("dossier", "1", "--out", full, "--contacts", "--by", "bo", "--db", store)
    whole = json.loads((full / "dossier.json").read_text(encoding="utf-8"))
    assert MAIL in {each["value"] for each in whole["contacts"]}
    with closing(open_database(store)) as db:
        assert list_entries(db, action=AuditAction.CONTACTS_VIEWED, limit=1)[0].actor == "bo"
    report = {each["field"]: each["value"] for each in whole["suspicious_order_report"]}
    assert FIRST in report["name or business name of each party"]
    assert MAIL in report["contact information"]
    assert "phenylacetone" in report["chemical name"]
    assert "Offered without papers." in report["basis for making the report"]
    assert report["method of transfer"] == report["date of the regulated transaction"] == ""
    assert "is not empty" in ran("dossier", "1", "--out", full, "--db", store, status=2)
    assert "no supplier 999" in ran("dossier", "999", "--out", tmp_path / "none", "--db", store, status=1)


def test_the_printable_dossier_marks_what_is_empty_and_withholds_contacts(store: Path) -> None:
    """A viewer may read it; only a reviewer may export it."""
    with entered(store, "vera", Role.VIEWER) as client:
        page = client.get("/suppliers/1/dossier").text
        assert "Only machine-linked" in page
        assert "[to be filled in]" in page
        assert "4 contacts are withheld" in page
        assert MAIL not in page.partition("Contacts</h2>")[2]
        assert client.post("/suppliers/1/dossier", headers=headers_of(client)).status_code == 403


def test_a_dossier_says_what_it_leaves_out(tmp_path: Path) -> None:
    """The page to print and the JSON state how many listings and entries of the timeline there are."""
    path, count = tmp_path / "store.db", MOST_SHOWN + 1
    with closing(open_database(path)) as db:
        put_model_in_use(db, MODEL_ID)
        declare_source(db, SOURCE, now=NOW)
        wares = {str(at): ware(f"Drum number {at}", FIRST, f"Mail {MAIL}.", price=5) for at in range(count)}
        meet(db, "mercado", wares, days=1)
        link(db)
        dossier = read_dossier(db, 1, by="bo", now=NOW)
    whole = dossier_record(dossier, reference_for(path, Law()))
    assert whole["shortened"]["listings"] == {"shown": MOST_SHOWN, "total": count}
    assert whole["shortened"]["timeline"]["total"] > count
    assert len(whole["other_listings"]) == MOST_SHOWN
    page = dossier_html(dossier, build_templates())
    assert "Only the newest 200 of 201 listings are in this dossier." in page
    assert "entries of the timeline are in this dossier." in page


def test_the_list_of_fields_names_source_and_confidence() -> None:
    """Each field says where it was read, and 21 CFR 1310.06 comes first."""
    with FIELDS.open(encoding="utf-8", newline="") as file:
        fields = list(csv.DictReader(file))
    assert fields[0]["form_or_rule"].startswith("21 CFR 1310.06(a)")
    assert all(each["source"] and each["confidence"] for each in fields)


def test_the_week_tells_what_people_reviewed(store: Path) -> None:
    """Piperonal, which nobody judged, is told only where a lead chose so; contacts never are."""
    with closing(open_database(store)) as db:
        later = NOW + timedelta(hours=1)
        reviewed = read_week(db, LONG_AGO, later, has_unreviewed=False)
        everything = read_week(db, LONG_AGO, later, has_unreviewed=True)
        none = read_week(db, later, later + timedelta(days=7), has_unreviewed=True)
    assert [line.details for line in reviewed.suppliers] == [("phenylacetone",)]
    assert reviewed.links[0].details == ("confirmed by bo", "cut by bo")
    assert everything.suppliers[0].details == ("phenylacetone", "piperonal")
    assert any("by email" in said for line in everything.links for said in line.details)
    assert none.suppliers == none.links == none.substances == ()
    for week in (reviewed, everything, none):
        title, text, page = compose(week)
        assert title in text
        assert MAIL not in text + page
        assert "7946" not in text + page
    assert "piperonal" not in compose(reviewed)[1]


def test_new_substances_of_a_known_supplier_and_silence_are_told_once(store: Path) -> None:
    """A substance is new in the week in which it comes; a supplier goes quiet in one week only."""
    with closing(open_database(store)) as db:
        begin = NOW - timedelta(days=35)
        week = read_week(db, begin, NOW - timedelta(days=20), has_unreviewed=True)
        assert week.suppliers == week.substances == ()
        soap = next(each for each in review_queue(db) if "Piperonal" in each.title)
        judge(db, soap.sighting_id, Decision.OFFER, reviewer="bo", now=NOW + timedelta(days=2))
        week = read_week(db, NOW + timedelta(days=1), NOW + timedelta(days=7), has_unreviewed=False)
        assert [line.details for line in week.substances] == [("piperonal",)]
        assert week.suppliers == ()
        meet(db, "mercado", {}, days=0)
        met = NOW - timedelta(days=10)
        told = [
            [line.name for line in read_week(db, day, day + timedelta(days=7), has_unreviewed=True).quiet]
            for day in (met + timedelta(days=7 * at) for at in range(4))
        ]
    assert timedelta(days=14) == QUIET
    assert told == [[], [], [FIRST], []]


def test_a_report_is_sent_once_and_a_failed_one_comes_with_the_next(store: Path) -> None:
    """The next report begins where the last sent one ended."""
    sent: list[str] = []

    def deliver(_urls: Sequence[str], _title: str, body: str, *, is_html: bool) -> None:
        assert is_html
        sent.append(body)

    def fail(*_message: object, **_how: object) -> None:
        raise Unsent("No address accepted the message.")

    with closing(open_database(store)) as db:
        with pytest.raises(Unsent):
            send_week(db, ["json://a/"], now=NOW + timedelta(hours=2), deliver=fail)
        assert last_report_until(db) is None
        week = send_week(db, ["json://a/"], now=NOW + timedelta(hours=3), deliver=deliver)
        assert last_report_until(db) == week.until
        assert week_until(db, NOW + timedelta(days=7)).since == week.until
    assert len(sent) == 1
    assert "Norte Fine Trading" in sent[0]


def test_weekly_by_command_says_what_is_missing(store: Path) -> None:
    """Text and HTML; without an address nothing is sent."""
    assert "New suppliers: 1" in ran("weekly", "--since", "2026-09-01", "--db", store)
    assert "<h2>" in ran("weekly", "--html", "--db", store)
    assert "weekly_urls" in ran("weekly", "--send", "--db", store, status=2)
    assert "--since cannot" in ran("weekly", "--send", "--since", "2026-09-01", "--db", store, status=2)
