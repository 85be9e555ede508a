"""Notices stand beside the score: shown, counted and filtered, and in the queue only by a lead's choice."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from classifier import notices as notices_module
from classifier.gazetteer import Law
from classifier.gazetteer.law import package_rows
from classifier.gazetteer.state import with_imports
from classifier.notices import CHECKS, WEAK, NoticeReader, machines_in, notices_under, rules_broken
from fixtures.builders.store import FULL, NOW, crawl_run, score_all, see, use
from store.audit.audit import list_entries
from store.audit.chain import AuditAction
from store.review.item_query import Filter
from store.review.notices import (
    Notice,
    Noticed,
    count_notices,
    noticed_listings,
    notices_of,
    record_notices,
)
from store.review.queue import list_items, mend_queue
from store.review.workspace import change_setting
from store.scores.law_imports import (
    LawImportRefused,
    bring_law,
    decide_import,
    is_rescoring_due,
    keep_preview,
    kept_preview,
    model_under_import,
    preview,
)
from text.phrases import keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from store.database import Database

PRESS = "TDP 5 tablet press machine with heating mantle, 2 pcs"


def noticed(text: str, *substances: str, url: str = "https://shop.example/1") -> Noticed:
    """Return a listing to be read."""
    return Noticed(sighting_id=1, url=url, text=text, substances=substances)


def fill(db: Database, *titles: str) -> None:
    """Record listings that no model flags."""
    run = crawl_run(db)
    use(db)
    for number, title in enumerate(titles):
        see(
            db,
            run,
            f"https://andes.example/{number}",
            replace(FULL, title=title, description="", attributes=()),
        )
    score_all(db, 0.01)


@pytest.mark.parametrize(
    ("text", "machine"),
    [
        ("Pill press for sale", "tablet_press"),
        ("máquina tableteadora nueva", "tablet_press"),
        ("单冲压片机", "tablet_press"),
        ("Capsule filling machine, semi-automatic", "capsule_filler"),
        ("M30 die set", "punches_and_dies"),
        ("500 ml round-bottom flask", "laboratory_glassware"),
        ("Heating mantle 22 L", "heating_mantle"),
    ],
)
def test_machines_are_named_in_three_languages(text: str, machine: str) -> None:
    """Laboratory ware is weak; each machine cites the laws that name it."""
    (found,) = machines_in(text)
    assert (found.code, found.is_weak) == (machine, machine in WEAK)
    assert found.why
    assert found.spans


def test_everyday_words_are_no_machines() -> None:
    """A word in another sense is nothing."""
    for text in ("Press the tablet to start", "drawing tablet", "die-cast car", "capsule wardrobe"):
        assert list(machines_in(text)) == []


def test_every_machine_has_words_and_a_law() -> None:
    """The lexicon and the table of laws name the same machines."""
    assert set(keys("equipment")) == {row["machine"] for row in notices_module._rows("equipment.csv")}


def test_a_listing_is_held_to_the_rules_of_its_own_marketplace() -> None:
    """A rule that the product can check names what breaks it; the same text elsewhere breaks nothing."""
    alibaba, ebay = "https://www.alibaba.com/p/1", "https://www.ebay.co.uk/itm/1"
    text = "Red phosphorus 25 kg drum"
    assert [each.code for each in rules_broken(noticed(text, "Red phosphorus", url=alibaba), [], Law())] == [
        "alibaba-1"
    ]
    with_number = noticed(f"{text}, CAS 7723-14-0", "Red phosphorus", url=alibaba)
    assert list(rules_broken(with_number, [], Law())) == []
    other_number = noticed(f"{text}, also iodine, CAS 7553-56-2", "Red phosphorus", url=alibaba)
    (broken,) = rules_broken(other_number, [], Law())
    assert "(Red phosphorus)" in broken.why
    salt = noticed("Ephedrine, CAS 50-98-6", "Ephedrine", url=alibaba)
    assert list(rules_broken(salt, [], Law())) == []
    assert [each.code for each in rules_broken(noticed(text, "Red phosphorus", url=ebay), [], Law())] == [
        "ebay-1"
    ]
    assert list(rules_broken(noticed(text, "Red phosphorus"), [], Law())) == []
    machines = list(machines_in(PRESS))
    assert [each.code for each in rules_broken(noticed(PRESS, url=ebay), machines, Law())] == ["ebay-3"]
    fake = noticed(text, "Red phosphorus", url="https://ebay-deals.example/1")
    assert list(rules_broken(fake, [], Law())) == []


def test_every_rule_asks_for_a_known_check() -> None:
    """Adding a pack is adding rows."""
    rules = notices_module._rows("marketplace_rules.csv")
    assert {check for rule in rules for check in rule["check"].split(";") if check} <= set(CHECKS)
    assert len({rule["rule"] for rule in rules}) == len(rules)
    assert all(rule["source"] and rule["confidence"] for rule in rules)


def test_adding_a_pack_is_adding_rows(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules of a further marketplace are read, counted and exported without a line of code."""
    columns = notices_module._rows("marketplace_rules.csv")[0]
    rows = (
        (
            "andes-1,andes,Andes,Chemicals,andes.example/rules,2026,A CAS number,listed_without_cas,,"
            "a listed chemical without a CAS number,the page,high"
        ),
        "andes-2,andes,Andes,Presses,andes.example/rules,2026,No presses,equipment,,a machine,the page,low",
    )
    added = [dict(zip(columns, row.split(","), strict=True)) for row in rows]
    monkeypatch.setattr(
        notices_module,
        "package_rows",
        lambda folder, name: package_rows(folder, name) + (added if name == "marketplace_rules.csv" else []),
    )
    notices_module._rows.cache_clear()
    try:
        fill(db, PRESS, "Oak chair")
        reader = NoticeReader(law=Law())
        record_notices(db, reader, read_with=reader.read_with, run_id=None, now=NOW)
        counts = {each.code: each.listings for each in count_notices(db, "rule")}
        assert counts == {"andes-1": 2, "andes-2": 1}  # both are scored as offers without a number
        (found,) = noticed_listings(db, "rule", "andes-2")
        assert (found.title, found.name) == (PRESS, "Andes: Presses")
        assert found.why == "a machine (tablet press)\nandes.example/rules, 2026 (low confidence)"
        text = noticed("Red phosphorus 25 kg", "Red phosphorus", url="https://andes.example/2")
        assert [each.code for each in rules_broken(text, [], Law())] == ["andes-1"]
    finally:
        notices_module._rows.cache_clear()


def test_a_watched_substance_is_noticed_but_a_listed_one_is_not() -> None:
    """What is listed belongs to the score."""
    read = NoticeReader(law=Law())
    (found,) = read([noticed("Lithium aluminium hydride 16853-85-3, and red phosphorus")])
    assert [(each.kind, each.name) for each in found] == [("watch", "Lithium aluminium hydride")]
    assert read([noticed("Caffeine, food grade, 25 kg")]) == [[]]
    assert NoticeReader(law=Law(instruments=("brazil",)))([noticed("Caffeine, 25 kg")])[0][0].kind == "watch"


@pytest.mark.parametrize(
    "text",
    [
        "Formic acid 25 kg",
        "F o r m i c   a c i d, drum",
        "F\u200bo\u200br\u200bm\u200bi\u200bc acid, drum",
        "\u202edica cimroF\u202c 25 kg drum",
        "for sale, CAS six four one eight six, 25 kg",
        "for sale, CAS 64.18.6, 25 kg",
    ],
)
def test_a_watched_substance_is_noticed_in_any_disguise(text: str) -> None:
    """Only texts that may name a watched substance are read in full; none of these may be missed."""
    (found,) = NoticeReader(law=Law())([noticed(text)])
    assert [each.name for each in found] == ["Formic acid"]


def test_notices_are_counted_and_filtered_and_flag_by_choice(db: Database) -> None:
    """Off by default; on, the listing waits for a person; a weak notice alone never does."""
    read = NoticeReader(law=Law())
    fill(db, PRESS, "Heating mantle 5 L", "Oak chair")
    assert record_notices(db, read, read_with="a", run_id=None, now=NOW) == 3
    assert record_notices(db, read, read_with="a", run_id=None, now=NOW) == 0
    counts = {each.code: each.listings for each in count_notices(db, "equipment")}
    assert counts == {"tablet_press": 1, "heating_mantle": 2}
    assert [each.title for each in noticed_listings(db, "equipment", "tablet_press")] == [PRESS]
    assert list_items(db, Filter()) == []
    shown = list_items(db, Filter(state="every", notice="equipment:tablet_press"))
    assert [each.title for each in shown] == [PRESS]
    change_setting(db, "flag_equipment", 1, changed_by="lea", now=NOW)
    assert [each.title for each in list_items(db, Filter(notice="equipment"))] == [PRESS]
    assert mend_queue(db) == 0
    change_setting(db, "flag_equipment", 0, changed_by="lea", now=NOW)
    assert list_items(db, Filter()) == []


def test_other_rules_read_the_history_anew(db: Database) -> None:
    """What no longer holds is gone; nothing is double."""
    fill(db, PRESS)
    record_notices(db, NoticeReader(law=Law()), read_with="a", run_id=None, now=NOW)
    record_notices(db, lambda batch: [[] for _ in batch], read_with="b", run_id=None, now=NOW)
    sighting_id = int(db.execute("SELECT max(sighting_id) FROM sightings").fetchone()[0])
    assert notices_of(db, sighting_id) == []
    record_notices(
        db, NoticeReader(law=Law()), read_with="a", run_id=None, now=NOW
    )  # back to the first rules
    assert [each.code for each in notices_of(db, sighting_id)] == ["tablet_press", "heating_mantle"]


def test_another_model_reads_the_history_anew(db: Database) -> None:
    """The rules of a marketplace ask for the substances that the scores of the model in use name."""

    def read(batch: Sequence[Noticed]) -> list[list[Notice]]:
        return [[Notice(kind="rule", code=n, name=n, why="") for n in each.substances] for each in batch]

    fill(db, PRESS)
    assert record_notices(db, read, read_with="a", run_id=None, now=NOW) == 1
    use(db, "b" * 12)
    assert count_notices(db, "rule")
    assert record_notices(db, read, read_with="a", run_id=None, now=NOW) == 0  # no score, no substance
    assert count_notices(db, "rule") == []


def test_the_preview_of_an_import_counts_what_rules_of_marketplaces_would_flag(db: Database) -> None:
    """If a lead chose that such rules flag, also below the threshold."""
    see(db, crawl_run(db), "https://www.ecplaza.net/9", FULL)
    use(db)
    waiting = bring_law(db, "a.csv", [], why="A decree", by="ada", now=NOW)
    model = model_under_import(db, waiting)
    assert model
    score_all(db, 0.01, model.model_id)
    rules = partial(notices_under, Law(), Law())
    before = preview(db, waiting, notices_under=rules)
    change_setting(db, "flag_rule", 1, changed_by="lea", now=NOW)
    after = preview(db, waiting, notices_under=rules)
    assert before
    assert after
    assert [(each.entering, each.noticed) for each in (before, after)] == [(0, 0), (0, 1)]


def test_the_preview_of_an_import_counts_what_watched_substances_would_flag(db: Database) -> None:
    """If a lead chose that they flag, and only for substances that the import brings."""
    fill(db, "Citric acid monohydrate, food grade, 25 kg bags", "Caffeine powder 25 kg", "Garden chair")
    row = {
        "profile": "vietnam", "jurisdiction": "Vietnam", "instrument": "Vietnam: Decree 1/2027", "list": "A",
        "item": "1", "substance": "Citric acid", "cas": "77-92-9", "family": "other", "tier": "watch",
        "since": "2027-01-15", "status": "in force", "source": "Gazette 3/2027", "confidence": "low",
    }  # fmt: skip
    waiting = bring_law(db, "a.csv", [row], why="A decree", by="ada", now=NOW)
    model = model_under_import(db, waiting)
    assert model
    score_all(db, 0.01, model.model_id)
    notices = partial(notices_under, Law(), with_imports(db, Law(), even_waiting=True))
    before = preview(db, waiting, notices_under=notices)
    change_setting(db, "flag_watch", 1, changed_by="lea", now=NOW)
    after = preview(db, waiting, notices_under=notices)
    assert before
    assert after
    assert [(each.entering, each.noticed) for each in (before, after)] == [(0, 0), (0, 1)]


def test_known_compounds_are_covered_without_rdkit_and_java(monkeypatch: pytest.MonkeyPatch) -> None:
    """What OPSIN would read of a title is found among the precomputed compounds, by name and by number."""
    for package in ("rdkit", "py2opsin", "chemicals"):
        monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    titles = ("Isobutyl phenylacetate 25 kg drum, 99 %", "Powder, CAS 24686-78-0, 1 kg, purity 98 %")
    found = NoticeReader(law=Law())([noticed(title) for title in titles])
    assert [[(each.kind, each.code) for each in one] for one in found] == [
        [("class", "us-8791")],
        [("class", "us-8330")],
    ]
    assert all(each.relation and each.relation.smiles for one in found for each in one)


def test_what_a_notice_would_flag_is_counted_before_and_recorded_with_the_decision(db: Database) -> None:
    """After a change of the notices that flag, an import is counted again before a lead can accept it."""
    see(db, crawl_run(db), "https://www.ecplaza.net/9", FULL)
    use(db)
    waiting = bring_law(db, "a.csv", [], why="A decree", by="ada", now=NOW)
    model = model_under_import(db, waiting)
    assert model
    score_all(db, 0.01, model.model_id)
    rules = partial(notices_under, Law(), Law())

    def count() -> None:
        counted = preview(db, waiting, notices_under=rules)
        assert counted
        keep_preview(db, waiting, counted, now=NOW)

    assert is_rescoring_due(db)
    count()
    assert not is_rescoring_due(db)
    change_setting(db, "flag_rule", 1, changed_by="lea", now=NOW)
    shown = kept_preview(db, waiting)
    assert shown
    assert (shown.noticed, shown.counted_at, shown.is_current) == (0, NOW, False)
    assert is_rescoring_due(db)
    with pytest.raises(LawImportRefused, match="have not been counted since"):
        decide_import(db, waiting.law_import_id, "accepted", why="seen", by="lea", now=NOW)
    count()
    decided = decide_import(db, waiting.law_import_id, "accepted", why="seen", by="lea", now=NOW)
    assert decided.newly_flagged == 1
    (logged,) = list_entries(db, action=AuditAction.LAW_DECIDED)
    assert logged.details["newly_flagged"] == 1
