"""The pages of suppliers: who sees what, what people decide, and that large suppliers stay readable."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.forms import read_form
from fixtures.builders.login import entered, headers_of
from fixtures.builders.review_store import NOW, score
from fixtures.builders.store import judge
from fixtures.builders.supplied import (
    FIRST,
    MAIL,
    NEIGHBOUR,
    OIL,
    SECOND,
    THIRD,
    WARES,
    fill_suppliers,
    link,
    meet,
    ware,
)
from fixtures.builders.supplier_store import World, write_accounts
from review.suppliers.network import MOST_ACCOUNTS, MOST_CONTACTS, MOST_SITES
from review.suppliers.supplier import read_profile
from review.web.translations import word_tables
from store.accounts.users import Role
from store.audit.audit import AuditAction, list_entries
from store.database import open_database, open_in_memory
from store.model import Decision
from store.review.cases import get_case, open_case
from store.review.notices import Notice, Noticed, record_notices
from store.review.queue import review_queue
from store.review.watchlists import count_new, saved_views
from store.review.workspace import change_setting
from store.suppliers.contacts import ContactKind
from store.suppliers.grouping import LinkDecision, decide_link
from store.suppliers.profile import MOST_POINTS, SupplierSort, find_suppliers, score_suppliers
from store.suppliers.suppliers import list_suppliers
from suppliers.linking import link_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from fastapi.testclient import TestClient

PLAIN_PHONE = "+442079460142"


@pytest.fixture(scope="module")
def supplied(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a linked store, and of the key of its contacts."""
    path = tmp_path_factory.mktemp("supplied") / "store.db"
    fill_suppliers(path)
    with closing(open_database(path)) as db:
        change_setting(db, "hidden_share", 0, changed_by="lou", now=NOW)
        change_setting(db, "second_share", 0, changed_by="lou", now=NOW)
    return path.read_bytes()


@pytest.fixture
def store(tmp_path: Path, supplied: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a linked store of one test."""
    path = tmp_path / "store.db"
    path.write_bytes(supplied)
    made = next(tmp_path_factory.getbasetemp().glob("supplied*/store.db.contacts.key"))
    key = path.with_name(made.name)
    key.write_bytes(made.read_bytes())
    key.chmod(0o600)
    return path


@pytest.fixture
def ada(store: Path) -> Iterator[TestClient]:
    """Return a client of a reviewer."""
    with entered(store) as client:
        yield client


def actions(store: Path, action: AuditAction) -> list[tuple[str, dict[str, object]]]:
    """Return subject and details of the entries of an action, newest first."""
    with closing(open_database(store)) as db:
        return [(entry.subject, dict(entry.details)) for entry in list_entries(db, action=action, limit=50)]


def test_a_supplier_of_three_names_is_found_and_shown(ada: TestClient) -> None:
    """Its names, sites, substances and timeline stand on one page, and the list leads there."""
    listed = ada.get("/suppliers").text
    assert "/suppliers/1" in listed
    page = ada.get("/suppliers/1").text
    for said in (FIRST, SECOND, THIRD, "mercado.example", "bazar.example", "phenylacetone", "piperonal"):
        assert said in page
    for said in ("back under another name", "listed again", "price changed", "page gone"):
        assert said in page
    assert "Network of sites, accounts and contacts" in page


def test_a_press_and_a_powder_from_one_hand_are_a_finding(ada: TestClient, store: Path) -> None:
    """Machines are shown on a supplier whatever the queue's settings say; ordinary glassware is not."""
    assert "from one hand" not in ada.get("/suppliers/1").text

    def machines(batch: Sequence[Noticed]) -> list[list[Notice]]:
        press = Notice(kind="equipment", code="tablet_press", name="tablet press", why="21 U.S.C. 802(38)")
        flask = Notice(kind="equipment", code="laboratory_glassware", name="x", why="A list", is_weak=True)
        return [
            [press, flask] if FIRST in each.text or not number else [] for number, each in enumerate(batch)
        ]

    with closing(open_database(store)) as db:
        record_notices(db, machines, read_with="test", run_id=None, now=NOW)
    page = ada.get("/suppliers/1").text
    assert "machines and listed substances from one supplier." in page
    assert "tablet press" in page
    assert "21 U.S.C. 802(38)" in page
    assert "laboratory glassware" not in page


def test_from_a_listing_one_link_leads_to_its_supplier(ada: TestClient) -> None:
    """Its key is p; a listing of nobody known has no such link."""
    listing = ada.get("/api/items").json()["items"][0]["listing_id"]
    page = ada.get(f"/listings/{listing}").text
    assert 'href="/suppliers/1" data-key="p"' in page
    assert ada.get(f"/listings/{listing}/supplier").url.path == "/suppliers/1"
    assert ada.get("/listings/nosuch/supplier").url.path == "/suppliers"


def test_contacts_are_shown_on_request_and_each_view_is_logged(ada: TestClient, store: Path) -> None:
    """The page alone names kinds and numbers; the log names numbers, never contacts."""
    page = ada.get("/suppliers/1").text
    assert PLAIN_PHONE not in page
    assert MAIL not in page
    assert not actions(store, AuditAction.CONTACTS_VIEWED)
    shown = ada.get("/suppliers/1?contacts=shown").text
    assert PLAIN_PHONE in shown
    assert MAIL in shown
    by_api = ada.get("/api/suppliers/1/contacts").json()
    assert {each["value"] for each in by_api} >= {PLAIN_PHONE, MAIL}
    logged = actions(store, AuditAction.CONTACTS_VIEWED)
    assert len(logged) == 2
    assert PLAIN_PHONE not in repr(logged)
    assert actions(store, AuditAction.SUPPLIER_VIEWED)


def test_contacts_come_in_pages_and_the_log_names_those_of_the_page(ada: TestClient, store: Path) -> None:
    """Pages together are the whole; a page beyond the last is empty and no view; a limit has bounds."""
    address = "/api/suppliers/1/contacts"
    whole = ada.get(address).json()
    assert len(whole) > 1
    pages = [ada.get(f"{address}?start={start}&limit=1").json() for start in range(len(whole) + 1)]
    assert pages == [*([each] for each in whole), []]
    logged = actions(store, AuditAction.CONTACTS_VIEWED)
    assert len(logged) == 1 + len(whole)
    assert ada.get(f"{address}?limit=0").status_code == ada.get(f"{address}?limit=100000").status_code == 422


def test_a_viewer_sees_no_contact(store: Path) -> None:
    """Not on the page, not by its address, not by the API, not by a search; refusals are logged."""
    with entered(store, "vera", Role.VIEWER) as client:
        page = client.get("/suppliers/1")
        assert page.status_code == 200
        assert "Your role may not see the contacts" in page.text
        assert "contacts=shown" not in page.text
        for address in (
            "/suppliers/1?contacts=shown", "/api/suppliers/1/contacts", f"/suppliers?contact={MAIL}",
            f"/api/suppliers?contact={MAIL}",
        ):  # fmt: skip
            answer = client.get(address)
            assert answer.status_code == 403
            assert PLAIN_PHONE not in answer.text
        assert MAIL not in client.get("/api/suppliers/1").text
        choice = {"one": 1, "other": 2, "decision": "cut", "reason": "No."}
        assert client.post("/api/links", json=choice, headers=headers_of(client)).status_code == 403
        assert (
            client.post("/suppliers/1/file", data={"case_id": 1}, headers=headers_of(client)).status_code
            == 403
        )
    assert len(actions(store, AuditAction.ACCESS_REFUSED)) == 6
    assert not actions(store, AuditAction.CONTACTS_VIEWED)


def test_suppliers_are_found_by_name_and_by_contact(ada: TestClient, store: Path) -> None:
    """However a contact is spelt; the log says that somebody searched, not for what."""
    for query in (f"q={SECOND.lower()}", f"contact={MAIL.upper()}", "contact=44 20 7946-0142"):
        assert ada.get(f"/api/suppliers?{query}").json()["total"] == 1, query
    for query in ("q=nobody", "contact=+15550000000", "q=%25"):
        assert ada.get(f"/api/suppliers?{query}").json()["total"] == 0, query
    searches = actions(store, AuditAction.SEARCHED)
    assert len(searches) == 3
    assert "7946" not in repr(searches)
    assert "No supplier matches" in ada.get("/suppliers?q=nobody").text


def test_a_link_that_is_cut_with_a_reason_stays_cut(ada: TestClient, store: Path) -> None:
    """The account leaves, the page says who cut it and why, and linking again changes nothing."""
    page = ada.get("/suppliers/1").text
    form = read_form(page, "/suppliers/1/links")
    values = form.values | {"one": "2", "other": "3", "decision": "cut", "reason": "A forwarding agent."}
    refused = ada.post(form.action, data=values | {"reason": " "})
    assert refused.status_code == 409
    assert "Give a reason" in refused.text
    after = ada.post(form.action, data=values).text
    assert "Link cut." in after
    assert "A forwarding agent." in after
    assert "3 accounts" in after
    with closing(open_database(store)) as db:
        link_accounts(db, now=lambda: NOW, rebuild=True)
        found, total = find_suppliers(db, sort=SupplierSort.SIZE)
    assert total == 2
    assert {each.name for each in found} == {FIRST, NEIGHBOUR}
    assert actions(store, AuditAction.LINK_DECIDED)[0][1]["reason"] == "A forwarding agent."
    back = ada.post(form.action, data=values | {"decision": "withdrawn"}).text
    assert "Decision withdrawn." in back
    assert "4 accounts" in back


def test_a_supplier_is_followed_as_one_list_that_grows_with_it(store: Path) -> None:
    """An account that is linked later belongs to the list; a number that is no supplier's lists nothing."""
    with entered(store) as client:
        form = read_form(client.get("/suppliers/1").text, "/suppliers/1/follow")
        assert "You now follow this supplier" in client.post(form.action, data=form.values).text
        with closing(open_database(store)) as db:
            ((view,), listed) = saved_views(db, "ada"), client.get("/?supplier=1").text
            assert (view.query, list(count_new(db, "ada").values())) == ("supplier=1", [0])
            new = ware("Phenylacetone, 1 kg", "Fresh Face Chemicals", OIL, price=1300)
            meet(db, "bazar", {"9": new}, days=0)
            score(db, (*WARES.values(), new))
            link(db)
            assert list(count_new(db, "ada").values()) == [1]
        assert "Fresh Face" not in listed
        page = client.get("/?supplier=1").text
        assert "Fresh Face Chemicals" in page
        assert '<input type="hidden" name="supplier" value="1">' in page
        assert "Fresh Face" not in client.get("/?supplier=99").text


def test_all_listings_go_into_a_case_once(ada: TestClient, store: Path) -> None:
    """Pressed again, nothing is filed twice; the flagged ones alone can be filed."""
    with closing(open_database(store)) as db:
        case_id = open_case(db, "2026/114", "Oil", opened_by="ada", now=NOW)
        other = open_case(db, "2026/115", "", opened_by="ada", now=NOW)
    form = read_form(ada.get("/suppliers/1").text, "/suppliers/1/file")
    assert "6 listings filed." in ada.post(form.action, data=form.values | {"case_id": case_id}).text
    assert "0 listings filed." in ada.post(form.action, data=form.values | {"case_id": case_id}).text
    flagged = form.values | {"case_id": other, "only": "flagged"}
    assert "4 listings filed." in ada.post(form.action, data=flagged).text
    with closing(open_database(store)) as db:
        assert len(get_case(db, case_id).listings) == 6
    assert actions(store, AuditAction.CASE_CHANGED)[0][1]["supplier_id"] == 1


def test_what_is_hidden_until_a_verdict_is_hidden_here(store: Path) -> None:
    """The first verdict from who gives the second one, and scores from who judges without them."""
    with closing(open_database(store)) as db:
        change_setting(db, "second_share", 1, changed_by="lou", now=NOW)
        change_setting(db, "hidden_share", 1, changed_by="lou", now=NOW)
        first = review_queue(db)[0]
        judge(db, first.sighting_id, Decision.OFFER, reviewer="bo", now=NOW)
        profile = read_profile(db, 1, reader="ada", now=NOW)
    blind = [each for each in profile.listings if each.listing.listing_id == first.listing_id]
    assert [(each.is_blind, each.decision) for each in blind] == [(True, None)]
    with entered(store) as client:
        page, api = client.get("/suppliers/1").text, client.get("/api/suppliers/1").json()
    assert "verdict hidden until yours" in page
    assert '<span class="chip judged">Offer</span>' not in page
    assert {each["decision"] for each in api["listings"]} == {None}
    assert {each["p_offer"] for each in api["listings"] if each["score_hidden"]} == {None}


def test_a_score_is_the_sum_of_its_parts(ada: TestClient, store: Path) -> None:
    """No part exceeds its most, all the most make 100, and a verdict counts at once on the page."""
    assert sum(MOST_POINTS.values()) == 100
    before = ada.get("/api/suppliers/1").json()
    assert before["score"] == pytest.approx(sum(before["points"].values()))
    assert all(0 <= points <= MOST_POINTS[name] for name, points in before["points"].items())
    with closing(open_database(store)) as db:
        judge(db, review_queue(db)[0].sighting_id, Decision.OFFER, reviewer="bo", now=NOW)
        assert score_suppliers(db, now=NOW, supplier_ids=[1]) == 1
        listed = find_suppliers(db)[0][0].score
    after = ada.get("/api/suppliers/1").json()
    assert after["points"]["offer_points"] == 2
    assert after["score"] == pytest.approx(listed)


def test_a_merged_supplier_leads_to_where_its_accounts_went(ada: TestClient, store: Path) -> None:
    """Addresses that people noted stay good; an unknown one is a sentence."""
    with closing(open_database(store)) as db:
        for decision in (LinkDecision.CUT, LinkDecision.WITHDRAWN):
            decide_link(db, 2, 3, decision, reason="Trial.", decided_by="ada", now=NOW)
        merged = next(
            number for number in (1, 2) if number not in {s.supplier_id for s in list_suppliers(db)}
        )
    answer = ada.get(f"/suppliers/{merged}")
    assert answer.status_code == 200
    assert f"Supplier {merged} was merged into this supplier." in answer.text
    assert ada.get("/suppliers/999").status_code == 404
    assert ada.get("/suppliers/x").status_code == 422


def test_a_large_supplier_is_bounded_and_the_rest_is_counted() -> None:
    """The picture has at most sixty nodes, each in its place, and says what it leaves out."""
    db = open_in_memory()
    write_accounts(db, list(World(suppliers=1, accounts=60, seed=1).make(300)))
    link_accounts(db, now=lambda: NOW)
    supplier = list_suppliers(db)[0]
    network = read_profile(db, supplier.supplier_id, reader="ada", now=NOW).network
    assert supplier.account_count > MOST_ACCOUNTS
    assert len(network.nodes) <= MOST_ACCOUNTS + MOST_CONTACTS + MOST_SITES == 60
    assert network.more["account"] == supplier.account_count - MOST_ACCOUNTS
    for kind in ("site", "account", "contact"):
        column = [node.y for node in network.nodes if node.kind == kind]
        assert column == sorted(column)
        assert max(column) < network.height


def test_every_kind_of_contact_has_a_name() -> None:
    """A new kind is named here too."""
    assert word_tables()["contact_kinds"].keys() == {*ContactKind}
