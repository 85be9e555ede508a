"""What the review app is handed: the gazetteer's law, and a page as a real crawl keeps it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from classifier.gazetteer import Law
from cli.serve import jurisdictions_of, law_of, reference_for
from fixtures.builders.store import NOW
from store.database import open_database
from store.scores.law_imports import bring_law, decide_import
from tests.crawler.archives.site import BASE, Saved, html, warc
from tests.crawler.crawls import crawl, declare

if TYPE_CHECKING:
    from pathlib import Path


def test_law_names_instrument_list_and_source() -> None:
    """A listed substance has its entries, an unknown name none."""
    entries = law_of(Law(), ["Acetic anhydride", "no such substance"])
    assert {entry.substance for entry in entries} == {"Acetic anhydride"}
    un = next(entry for entry in entries if entry.instrument == "UN 1988 Convention")
    assert (un.list_name, un.code) == ("Table I", "HS 2915.24")
    assert un.source


def test_each_jurisdiction_stands_once_and_the_offices_own_comes_first() -> None:
    """Other jurisdictions follow, marked as such; a proposed list says so."""
    found = jurisdictions_of(Law(instruments=("canada",)), ["Red phosphorus"])
    assert [(each.name, each.is_own) for each in found[:2]] == [("Canada", True), ("INCB", False)]
    assert len({each.name for each in found}) == len(found) > 5
    proposed = next(each for each in found if each.name == "European Union (proposed)")
    assert "proposed, not in force" in proposed.entries[0].list_name


def test_an_accepted_list_is_cited_by_the_running_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From its acceptance on, and with the name of a jurisdiction that is new."""
    monkeypatch.setattr("cli.serve.REREAD_S", 1e-9)
    row = {"profile": "vietnam", "jurisdiction": "Vietnam", "instrument": "Vietnam: Decree 1/2027",
           "list": "List IVA", "substance": "Citric acid", "cas": "77-92-9", "family": "other", "tier": "3",
           "since": "2020-01-15", "status": "in force", "source": "Gazette", "confidence": "low"}  # fmt: skip
    database = tmp_path / "store.db"
    with closing(open_database(database)) as db:
        reference = reference_for(database, Law())
        early = row | {"list": "List V", "since": "2999"}
        number = bring_law(db, "a.csv", [row, early], why="A decree", by="ada", now=NOW).law_import_id
        assert reference.law(["Citric acid"]) == []
        decide_import(db, number, "accepted", why="Read", by="lea", now=NOW)
    entries = [(each.list_name, each.since) for each in reference.law(["Citric acid"])]
    assert entries == [
        ("List IVA (low confidence)", "2020-01-15"),
        ("List V (low confidence)", "2999 (not yet in force)"),
    ]
    (found,) = reference.jurisdictions(["Citric acid"])
    assert (found.name, found.is_own) == ("Vietnam", True)
    assert reference.names("77-92-9") == {"77-92-9": "Citric acid"}


@pytest.mark.process
def test_kept_page_is_decoded_and_damage_shows_nothing(tmp_path: Path) -> None:
    """The bytes of the evidence come back as text with their hash; damaged evidence comes back as nothing."""
    body = html("Oak chair", "<h1>Oak chair ñ</h1><p>Price: 12 EUR</p>")
    (tmp_path / "site.warc.gz").write_bytes(warc((Saved(url=BASE + "item/1", body=body),)))
    database = tmp_path / "store.db"
    crawl(database, declare(tmp_path / "site.warc.gz", source_id="site"))
    reference = reference_for(database, Law())
    with closing(open_database(database)) as db:
        page_id = int(db.execute("SELECT page_id FROM page_evidence").fetchone()[0])
        kept = reference.page(db, page_id)
        assert kept is not None
        assert "Oak chair ñ" in kept.html
        assert len(kept.sha256) == 64
        for file in (reference.evidence or tmp_path).iterdir():
            file.write_bytes(b"damaged")
        assert reference.page(db, page_id) is None
