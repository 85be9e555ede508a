"""The life of one supplier, from saved pages of two marketplaces to its dossier.

Two accounts on an English marketplace and one on a Spanish board have three names, and state the same address
and number in turn. Nothing tells the program that they belong together.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.calls import call, call_process

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.process

NAMES = {"Lumen Fine Organics", "Nimbus Global Sourcing", "Importa Directo 24"}


def test_the_life_of_a_supplier(tmp_path: Path) -> None:
    """Accounts are linked, a link is cut and stays cut, a person confirms it, and the dossier says so."""
    store = tmp_path / "precursor-watch.db"
    for source in ("harbor-wholesale", "anuncios-sur"):
        called = call_process("crawl", source, "--db", store)
        assert called.exit_code == 0, called.err

    # Linking reads who offers, and finds one supplier of several accounts.
    said = done("link", store)
    assert "Supplier" in said
    supplier = largest(store)
    accounts = {account["name"]: account["seller_account_id"] for account in supplier["accounts"]}
    assert set(accounts) == NAMES
    assert {account["site"].removeprefix("www.") for account in supplier["accounts"]} == {
        "harborwholesale.example",
        "anunciossur.example",
    }
    assert {link["kind"] for link in supplier["links"]} == {"email", "phone"}
    assert {contact["kind"] for contact in supplier["contacts"]} >= {"email", "phone"}
    number = supplier["supplier"]["supplier_id"]

    # A second pass has nothing to do.
    assert "0 changed accounts" in done("link", store)

    # A reviewer cuts one account off both others, with a reason.
    apart = accounts["Importa Directo 24"]
    others = [account for name, account in accounts.items() if name != "Importa Directo 24"]
    for other in others:
        said = done(
            "link", store, "cut", apart, other, "--reason", "A forwarding agent's address", "--by", "mira"
        )
    assert "The accounts have suppliers" in said
    assert names_of(store, number) == NAMES - {"Importa Directo 24"}

    # All is linked again, by the same evidence; the accounts stay apart, and the links say why.
    done("link", store, "--rebuild")
    assert names_of(store, number) == NAMES - {"Importa Directo 24"}
    cut = [
        link
        for link in shown(store, number)["links"]
        if apart in (link["seller_account_id"], link["other_account_id"])
    ]
    assert {(link["decision"], link["is_left_out"], link["decided_by"]) for link in cut} == {
        ("cut", True, "mira")
    }

    # A lead finds the same registration, and confirms one pair. The cut of the other pair still binds.
    done("link", store, "confirm", apart, others[0], "--reason", "Same registration", "--by", "lea")
    done("link", store, "--rebuild")
    assert not any(names_of(store, each) >= NAMES for each in (number, number + 1))

    # She withdraws the other decision, and evidence joins all three again.
    done("link", store, "withdraw", apart, others[1], "--reason", "Not the forwarder's", "--by", "lea")
    done("link", store, "--rebuild")
    assert names_of(store, number) == NAMES

    # The dossier tells what the lead confirmed from what the machine links.
    done("dossier", store, number, "--out", tmp_path / "dossier", "--by", "lea")
    written = {file.name: file for file in (tmp_path / "dossier").iterdir()}
    assert {"evidence.zip", "SHA256SUMS"} <= set(written)
    (file,) = (path for name, path in written.items() if name.endswith(".json") and "ftm" not in name)
    whole = json.loads(file.read_text(encoding="utf-8"))
    assert {account["name"] for account in whole["accounts"]} == NAMES
    (pair,) = whole["confirmed_by_people"]["links"]
    ends = [pair[end]["seller_account_id"] for end in ("one", "other")]
    assert (ends, pair["decision"]) == (sorted((apart, others[0])), "confirmed")
    assert {pair["decision"] for pair in whole["machine_linked"]["links"]} == {""}

    # Every decision is in the audit log, and the record holds.
    log = json.loads(call("audit", "list", "--action", "link_decided", "--json", "--db", store).out)
    assert [entry["actor"] for entry in log] == ["lea", "lea", "mira", "mira"]
    assert call("audit", "verify", "--db", store).exit_code == 0

    # What cannot be decided is said in one sentence.
    refused = call("link", "cut", apart, apart, "--reason", "x", "--db", store)
    assert (refused.exit_code, "two different accounts" in refused.err) == (1, True)
    assert "There is no account 999" in call("link", "cut", 1, 999, "--reason", "x", "--db", store).err


def done(command: str, store: Path, *arguments: object) -> str:
    """Run a command that must succeed, and return what it prints."""
    called = call(command, *arguments, "--db", store)
    assert called.exit_code == 0, called.err
    return called.out


def shown(store: Path, number: int) -> dict[str, Any]:
    """Return all that `suppliers show` knows of a supplier."""
    found: dict[str, Any] = json.loads(done("suppliers", store, "show", number, "--json"))
    return found


def largest(store: Path) -> dict[str, Any]:
    """Return the supplier of most accounts."""
    first = json.loads(done("suppliers", store, "list", "--limit", "1", "--json"))[0]
    return shown(store, first["supplier_id"])


def names_of(store: Path, number: int) -> set[str]:
    """Return the names of the accounts of a supplier."""
    return {account["name"] for account in shown(store, number)["accounts"]}
