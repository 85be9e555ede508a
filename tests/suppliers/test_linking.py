"""Accounts are linked with a reason, suppliers keep their numbers, and what people decided stands."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.builders.supplier_store import NOW, Account, Offer, World, Writer, pairs_of, write_accounts
from store.audit.audit import AuditAction, list_entries
from store.audit.verification import verify
from store.database import open_in_memory
from store.sqlite import transaction
from store.suppliers.grouping import MOST_ACCOUNTS, LinkDecision, decide_link, decided_pairs
from store.suppliers.links import DecisionRefused, declare_common
from store.suppliers.suppliers import (
    accounts_of,
    contacts_of,
    get_supplier,
    links_of,
    list_suppliers,
    listings_of,
    supplier_of_account,
    supplier_of_listing,
    timeline_of,
)
from suppliers import linking
from suppliers.linking import FEWEST_LABELS, Linked, link_accounts, train

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from store.database import Database

MAIL, PHONE = ("email", "desk@lumen.example"), ("phone", "+442079460142")
WALLET = ("bitcoin", "bc1qfictional")


def account(name: str, *contacts: tuple[str, str], site: str = "market00.example", city: str = "") -> Account:
    """Return an account with one listing that states these contacts."""
    offer = Offer(
        title=f"Goods of {name}", description=f"Words of {name} alone", price="10", contacts=contacts
    )
    return Account(supplier=0, site=site, name=name, country="CN" if city else "", city=city, offers=(offer,))


def link(db: Database, *, rebuild: bool = False) -> Linked:
    """Link what changed."""
    return link_accounts(db, now=lambda: NOW, rebuild=rebuild)


def linked(*accounts: Account) -> Database:
    """Return a store with these accounts, linked; their numbers begin with 1."""
    db = open_in_memory()
    write_accounts(db, accounts)
    link(db)
    return db


def state(db: Database) -> tuple[list[tuple[object, ...]], set[tuple[int, int]]]:
    """Return all links, and the pairs of accounts of one supplier."""
    query = """
        SELECT seller_account_id, other_account_id, kind, key, match_weight, parts, is_left_out
        FROM supplier_links ORDER BY 1, 2, 3, 4
    """
    of = {row[0]: row[1] for row in db.execute("SELECT * FROM supplier_accounts")}
    return [tuple(row) for row in db.execute(query)], pairs_of(of.get, list(of))


def suppliers_of(db: Database, count: int) -> list[int | None]:
    """Return the suppliers of the first accounts."""
    return [supplier_of_account(db, number) for number in range(1, count + 1)]


def small_world(seed: int) -> list[Account]:
    """Return some sixty accounts of thirty suppliers."""
    return list(World(suppliers=30, accounts=60, seed=seed).make(120))


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 1000), cuts=st.lists(st.integers(1, 59), max_size=3), again=st.booleans())
def test_linking_step_by_step_equals_linking_all_at_once(seed: int, cuts: list[int], *, again: bool) -> None:
    """In whatever portions accounts and listings come; and a rebuild then changes nothing."""
    accounts = small_world(seed)
    at_once = open_in_memory()
    everything = write_accounts(at_once, accounts)
    stepwise = open_in_memory()
    writer: Writer | None = None
    bounds = [0, *sorted(set(cuts)), len(accounts)]
    for start, end in pairwise(bounds):
        writer = write_accounts(stepwise, accounts[start:end], started=writer)
        link(stepwise)
    assert writer is not None
    if again:  # later listings of known accounts, with the contacts of others
        for each in (everything, writer):
            for number in (1, 7, 20):
                each.add_offer(number, accounts[number - 1], accounts[number + 5].offers[0])
        for each, db in ((everything, at_once), (writer, stepwise)):
            with transaction(db):
                each.flush()
    link(at_once)
    link(stepwise)
    assert state(stepwise) == state(at_once)
    assert link(stepwise, rebuild=True).moved == 0
    assert state(stepwise) == state(at_once)


class _Killed(Exception):
    """The process dies."""


@pytest.mark.parametrize("dies_at", [0, 1, 2, 3, 4, 5])
def test_a_run_that_is_killed_goes_on_with_the_same_result(dies_at: int) -> None:
    """Between any two transactions, with small batches."""
    db, whole = open_in_memory(), open_in_memory()
    write_accounts(db, small_world(3))
    write_accounts(whole, small_world(3))
    link(whole)
    calls = 0

    def dying(_step: str, _done: int, _of: int) -> None:
        nonlocal calls
        calls += 1
        if calls > dies_at:
            raise _Killed

    with pytest.raises(_Killed):
        link_accounts(db, now=lambda: NOW, batch=17, progress=dying)
    link(db)
    assert state(db) == state(whole)
    assert link(db) == Linked()


def test_a_generated_market_is_linked_well() -> None:
    """Of 200 links at most one is wrong, and most pairs are found; benchmarks.linking measures more."""
    db = open_in_memory()
    writer = write_accounts(db, list(World(suppliers=1000, accounts=2500, seed=5).make(10_000)))
    link(db)
    true = pairs_of(writer.truth.get, list(writer.truth))
    found = state(db)[1]
    assert len(true & found) / len(true) >= 0.9
    links = {row[:2] for row in state(db)[0]}
    assert len(links & true) / len(links) >= 0.995


def test_a_link_says_what_it_is_by() -> None:
    """Kind, contact, strength and its parts, weights and rule."""
    db = linked(
        account("Lumen Fine Organics", MAIL), account("LUMEN fine organics ltd", MAIL), account("Oaken")
    )
    (found,) = links_of(db, supplier_of_account(db, 1) or 0)
    assert (found.seller_account_id, found.other_account_id, found.kind) == (1, 2, "email")
    assert found.probability > 0.99
    assert found.parts["contact"] > 0 < found.parts["name"]
    assert suppliers_of(db, 3) == [1, 1, 2]


def test_other_names_are_joined_by_what_they_share() -> None:
    """The supplier under three names, which state an e-mail and a phone in turn."""
    db = linked(
        account("Lumen Fine Organics", MAIL, PHONE),
        account("Importa Directo 24", MAIL, site="market01.example"),
        account("Whitecliff", PHONE, site="market02.example"),
        account("Softloom Garments", ("email", "x@softloom.example")),
    )
    assert suppliers_of(db, 4) == [1, 1, 1, 2]


@pytest.mark.parametrize(
    ("one", "other", "is_linked"),
    [
        ("Thanh Hà", "THANH HÀ", True),
        ("Thanh Hà", "Thanh Ha", True),
        ("Thanh Hà", "Thanh Há", False),
        ("Hà", "Hạ", False),
        ("Đức Mận", "Đức Mẫn Shop", False),
        ("Química Peñarol", "Quimica Penarol", True),
        ("Зелёный Чай", "Зеленый Чай", True),
        ("Королёв", "Korolev", False),
        ("Łódź Chemia", "Lodz chemia", True),
    ],
)
def test_names_of_other_accents_are_weaker_evidence(one: str, other: str, *, is_linked: bool) -> None:
    """A missing accent is a habit of typing, but a letter with another accent makes another name."""
    accounts = [account(one, city="Hanoi"), account(other, city="Hanoi", site="market01.example")]
    db = linked(*(replace(each, offers=()) for each in accounts))
    assert (suppliers_of(db, 2) == [1, 1]) == is_linked


def test_a_contact_outweighs_other_accents() -> None:
    """Names that differ in accents alone are linked by a shared contact."""
    db = linked(account("Thanh Hà", MAIL), account("Thanh Há", MAIL, site="market01.example"))
    assert suppliers_of(db, 2) == [1, 1]


def test_a_hotline_links_nobody() -> None:
    """Three thousand accounts state it; it is said, and no link is made."""
    names = [f"Trader {number * 7919:x} {number * 104729:x}" for number in range(3000)]
    db = open_in_memory()
    write_accounts(db, [account(name, ("phone", "+442079460999")) for name in names])
    done = link(db)
    assert done.common == 1
    assert "1 contacts are common" in done.sentence
    assert links_by_contact(db) == 0


def links_by_contact(db: Database) -> int:
    """Return the number of links by contacts."""
    return int(db.execute("SELECT count(*) FROM supplier_links WHERE contact_id IS NOT NULL").fetchone()[0])


def test_a_contact_declared_common_links_nobody_until_it_links_again() -> None:
    """With a reason, in the audit log; accounts part and come back under the same numbers."""
    db = linked(account("Lumen", MAIL), account("Whitecliff", MAIL))
    assert suppliers_of(db, 2) == [1, 1]
    assert declare_common(db, 1, is_common=True, reason="An agent", declared_by="lea", now=NOW)
    assert not declare_common(db, 1, is_common=True, reason="Again", declared_by="lea", now=NOW)
    link(db)
    assert suppliers_of(db, 2) == [1, 2]
    assert contacts_of(db, 1)[0].is_common
    declare_common(db, 1, is_common=False, reason="Their own after all", declared_by="lea", now=NOW)
    link(db)
    assert suppliers_of(db, 2) == [1, 1]
    assert len(list_entries(db, action=AuditAction.CONTACT_DECLARED)) == 2


def test_a_cut_stays_cut_and_a_split_restores_what_was() -> None:
    """Also when the same evidence comes again, and when a third account would join both."""
    db = linked(account("Lumen", WALLET))
    writer = Writer(db)
    write_accounts(db, [account("Whitecliff", MAIL)], started=writer)
    link(db)
    assert suppliers_of(db, 2) == [1, 2]
    with transaction(db):
        writer.add_offer(1, account("Lumen"), account("Lumen", MAIL).offers[0])
        writer.flush()
    link(db)
    assert suppliers_of(db, 2) == [1, 1]
    assert get_supplier(db, 2).supplier_id == 1, "merged suppliers are found under their old numbers"
    decide_link(db, 1, 2, LinkDecision.CUT, reason="A forwarder's address", decided_by="mira", now=NOW)
    assert suppliers_of(db, 2) == [1, 2], "the old number is restored"
    link(db, rebuild=True)
    write_accounts(db, [account("Third", MAIL)], started=writer)
    link(db)
    one, two, three = suppliers_of(db, 3)
    assert one != two
    assert three in {one, two}
    assert [(each.decision, each.is_left_out) for each in links_of(db, 1) if each.other_account_id == 2] == [
        ("cut", True)
    ]
    decide_link(db, 1, 2, LinkDecision.WITHDRAWN, reason="It is theirs", decided_by="mira", now=NOW)
    assert suppliers_of(db, 3) == [1, 1, 1]
    verify(db)


def test_a_confirmation_joins_without_evidence() -> None:
    """And stays after a rebuild; both are labels."""
    db = linked(account("Lumen"), account("Oaken Table"), account("Softloom"))
    assert suppliers_of(db, 3) == [1, 2, 3]
    decide_link(db, 2, 1, LinkDecision.CONFIRMED, reason="Same invoice", decided_by="mira", now=NOW)
    link(db, rebuild=True)
    assert suppliers_of(db, 3) == [1, 1, 3]
    assert decided_pairs(db) == [(1, 2, True)]
    assert [entry.details["decision"] for entry in list_entries(db, action=AuditAction.LINK_DECIDED)] == [
        "confirmed"
    ]


def test_a_later_cut_outweighs_confirmations_that_join_the_pair() -> None:
    """Accounts 1 and 3 were joined by way of 2."""
    db = linked(account("Lumen"), account("Oaken Table"), account("Softloom"))
    for one, other in ((1, 2), (2, 3)):
        decide_link(db, one, other, LinkDecision.CONFIRMED, reason="So", decided_by="mira", now=NOW)
    decide_link(db, 1, 3, LinkDecision.CUT, reason="Two firms", decided_by="lea", now=NOW)
    first, _, third = suppliers_of(db, 3)
    assert first != third


@pytest.mark.parametrize(("pair", "reason"), [((1, 1), "x"), ((1, 2), "  ")])
def test_a_decision_needs_two_accounts_and_a_reason(pair: tuple[int, int], reason: str) -> None:
    """One sentence says so, and nothing is written."""
    db = linked(account("Lumen"), account("Oaken"))
    with pytest.raises(DecisionRefused, match="Nothing was written"):
        decide_link(db, *pair, LinkDecision.CUT, reason=reason, decided_by="mira", now=NOW)
    assert decided_pairs(db) == []


def test_machine_evidence_builds_no_supplier_without_bound() -> None:
    """A chain of accounts, each with the contact of the next; what is left out is said."""
    count = MOST_ACCOUNTS + 40
    mails = [("email", f"desk{number}@chain.example") for number in range(count + 1)]
    db = open_in_memory()
    write_accounts(
        db, [account("Chain Organics", mails[number], mails[number + 1]) for number in range(count)]
    )
    done = link(db)
    sizes = [supplier.account_count for supplier in list_suppliers(db)]
    assert max(sizes) <= MOST_ACCOUNTS
    assert sum(sizes) == count
    assert done.left_out > 0
    assert "left out" in done.sentence


def test_a_thousand_contacts_in_one_listing_are_bounded_and_said() -> None:
    """A directory of phones does not become the hub of everything."""
    phones = [("phone", f"+4420794{number:05}") for number in range(1000)]
    db = open_in_memory()
    write_accounts(db, [account("Directory", *phones), account("Lumen", phones[7])])
    done = link(db)
    assert done.many_contacts == 1
    assert "more contacts than are compared" in done.sentence


def test_an_account_that_is_gone_leaves_its_supplier() -> None:
    """After a new reading, which may drop accounts."""
    db = linked(account("Lumen", MAIL), account("Whitecliff", MAIL))
    with transaction(db):
        for table in ("contact_mentions", "listing_accounts", "seller_accounts"):
            db.execute(f"DELETE FROM {table} WHERE seller_account_id = 2")
    assert link(db).gone == 1
    assert suppliers_of(db, 2) == [1, None]


def test_the_page_of_a_supplier_has_all_parts() -> None:
    """Accounts, listings, contacts and the timeline, of the supplier that a listing leads to."""
    db = linked(account("Lumen", MAIL), account("Whitecliff", MAIL, site="market01.example"))
    listing = db.execute("SELECT listing_id FROM listings ORDER BY listing_id").fetchone()[0]
    number = supplier_of_listing(db, listing)
    assert number == 1
    assert [each.site for each in accounts_of(db, number)] == ["market00.example", "market01.example"]
    assert {each.title for each in listings_of(db, number)} == {"Goods of Lumen", "Goods of Whitecliff"}
    assert [(each.kind, each.account_ids) for each in contacts_of(db, number)] == [("email", (1, 2))]
    kinds = {event.kind for event in timeline_of(db, number)}
    assert {"account_seen", "listing_seen", "founded"} <= kinds


def test_weights_are_estimated_anew_from_enough_decisions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Too few decisions change nothing; enough give new weights, which no later release replaces."""
    db = open_in_memory()
    pairs = 2 * FEWEST_LABELS
    write_accounts(db, [account(f"Firm {number // 2:05}", city="Wuhan") for number in range(2 * pairs)])
    link(db)
    assert "Nothing was changed" in train(db, now=NOW)
    _decide_all(db, [(2 * at + 1, 2 * at + 2) for at in range(FEWEST_LABELS)], LinkDecision.CONFIRMED)
    _decide_all(db, [(2 * at + 1, 2 * at + 3) for at in range(FEWEST_LABELS, pairs - 1)], LinkDecision.CUT)
    _decide_all(db, [(2 * pairs - 1, 1)], LinkDecision.CUT)
    assert "are in use" in train(db, now=NOW)
    models = [row[0] for row in db.execute("SELECT model_id FROM link_models ORDER BY rowid")]
    assert len(models) == 2
    link(db)
    assert {row[0] for row in db.execute("SELECT DISTINCT model_id FROM supplier_links")} <= {models[1]}
    release_weights(monkeypatch, tmp_path, "a later release")
    assert link(db).accounts == 0


def release_weights(monkeypatch: pytest.MonkeyPatch, folder: Path, trained_on: str) -> None:
    """Ship the weights with another sentence, so with another id."""
    shipped = json.loads(linking._WEIGHTS.read_text(encoding="utf-8"))
    file = folder / "weights.json"
    file.write_text(json.dumps(shipped | {"trained_on": trained_on}), encoding="utf-8")
    monkeypatch.setattr(linking, "_WEIGHTS", file)


def test_weights_of_a_release_reach_a_linked_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All accounts are linked again by them once; an older program that comes back changes nothing."""
    db = linked(account("Lumen", MAIL), account("Whitecliff", MAIL))
    older = linking._WEIGHTS
    release_weights(monkeypatch, tmp_path, "a later release")
    assert [link(db).accounts for _ in range(2)] == [2, 0]
    assert [row[0] for row in db.execute("SELECT sentence FROM link_models ORDER BY rowid")][1:] == [
        "a later release"
    ]
    newest = [row[0] for row in db.execute("SELECT model_id FROM link_models ORDER BY rowid")][-1]
    assert {row[0] for row in db.execute("SELECT model_id FROM supplier_links")} == {newest}
    monkeypatch.setattr(linking, "_WEIGHTS", older)
    assert link(db).accounts == 0


def _decide_all(db: Database, pairs: Sequence[tuple[int, int]], decision: LinkDecision) -> None:
    with transaction(db):
        for one, other in pairs:
            decide_link(db, one, other, decision, reason="As read", decided_by="mira", now=NOW)
