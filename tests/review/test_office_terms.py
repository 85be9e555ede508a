"""An office's own terms put listings before a person, with who added each, when and why."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.forms import judge, read_form
from fixtures.builders.login import entered
from fixtures.builders.review_store import FLAGGED, NOW, PLANTED, score, see
from review.cases.exported import record
from review.listing.item import flagged_by
from store.accounts.users import Role
from store.audit.audit import AuditAction, list_entries
from store.audit.verification import verify
from store.database import Database, open_database
from store.model import ListingContent, Term, TermName
from store.review.item_query import Filter
from store.review.listings import listing_file, reviewed_listing
from store.review.office_terms import (
    OfficeTermCommon,
    OfficeTermRefused,
    add_term,
    are_terms_due,
    list_terms,
    reach_of,
    record_hits,
    retire_term,
)
from store.review.queue import count_items, list_items, mend_queue, worth_of
from store.review.workspace import change_setting, review_settings
from store.scores.scores import unit_price
from tests.cli.calls import call
from text.phrases import find_phrase

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi.testclient import TestClient

SOIL = "Garden soil improver"
UNFLAGGED = 2


@pytest.fixture
def db(database: Path) -> Iterator[Database]:
    """Return an open connection to the filled store, which hides no score."""
    with closing(open_database(database)) as opened:
        change_setting(opened, "hidden_share", 0, changed_by="the tests", now=NOW)
        yield opened


def add(db: Database, term: str = "soil improver", why: str = "Case 2026-114") -> int:
    """Add a term as a lead."""
    return add_term(db, term, why=why, substance="BMK", by="lea", now=NOW).office_term_id


def listing_of(db: Database, title: str) -> str:
    """Return the listing with a title."""
    found = db.execute("SELECT listing_id FROM sightings WHERE title = ?", [title]).fetchone()
    return str(found[0])


def test_a_listing_that_names_a_term_waits_whatever_its_score(db: Database) -> None:
    """It enters with the scoring, not with the term; its score stays, and it leaves with the term."""
    number = add(db)
    assert count_items(db, Filter()) == FLAGGED
    assert are_terms_due(db)
    assert record_hits(db, run_id=None, now=NOW) == 1
    assert not are_terms_due(db)
    assert record_hits(db, run_id=None, now=NOW) == 0
    (item,) = list_items(db, Filter(kind="office_term"))
    assert (item.title, item.p_offer, item.is_flagged) == (SOIL, 0.01, True)
    assert count_items(db, Filter()) == FLAGGED + 1
    worth = worth_of(db, item.listing_id)
    assert worth is not None
    assert (worth.place, worth.office_points) == (0.5, 3.0)
    assert mend_queue(db) == 0
    assert flagged_by(listing_file(db, item.listing_id), review_settings(db)) == ("office",)
    retire_term(db, number, why="Too many.", by="lea", now=NOW)
    assert count_items(db, Filter()) == FLAGGED
    assert flagged_by(listing_file(db, item.listing_id), review_settings(db)) == ()
    assert [(each.retired_by, each.hits) for each in list_terms(db)] == [("lea", 1)]
    assert mend_queue(db) == 0


def test_new_sightings_are_searched_and_old_hits_stay(db: Database) -> None:
    """A listing that no longer names the term leaves the queue; one that now does enters it."""
    add(db)
    record_hits(db, run_id=None, now=NOW)
    gone = replace(
        PLANTED[-1], content=replace(PLANTED[-1].content, description="25 kg.", title="Soil, 25 kg")
    )
    come = replace(PLANTED[-2], content=replace(PLANTED[-2].content, description="With SOIL-IMPROVER."))
    changed = (*PLANTED[:-2], come, gone)
    see(db, changed, at=NOW)
    score(db, changed)
    assert record_hits(db, run_id=None, now=NOW) == 1
    assert [item.title for item in list_items(db, Filter(kind="office_term"))] == [PLANTED[-2].content.title]
    assert db.execute("SELECT count(*) FROM office_term_hits").fetchone()[0] == 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Blue-Label oil", ["Blue-Label"]),
        ("ＢＬＵＥ ｌａｂｅｌ", ["ＢＬＵＥ ｌａｂｅｌ"]),
        ("blue labels", []),
        ("bluelabel", []),
        ("Blué lаbel, blue  label", ["Blué lаbel", "blue  label"]),
    ],
)
def test_terms_are_found_as_whole_words_however_they_are_written(text: str, found: list[str]) -> None:
    """Case, accents, width and look-alike letters do not matter; parts of words do not count."""
    assert [text[start:end] for start, end in find_phrase("blue label", text)] == found


def test_a_chinese_term_is_found_within_a_line(db: Database) -> None:
    """Two characters are enough, and no space is needed."""
    assert reach_of(db, "现货供应").count == 1
    assert reach_of(db, "现货").count == 1


def test_the_name_of_a_seller_counts(db: Database) -> None:
    """A term may be a name; there is then nothing to mark in the text."""
    assert reach_of(db, "Aromas del Sur").count == 4


@pytest.mark.parametrize("term", ["P2", " - - ", "x" * 101, "石"])
def test_a_term_too_short_or_too_long_is_refused(db: Database, term: str) -> None:
    """Nothing is written."""
    with pytest.raises(OfficeTermRefused, match="letters and digits"):
        add(db, term)
    assert list_terms(db) == []


def test_a_common_term_has_to_be_confirmed(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says how many listings it names; a term that stands is refused."""
    monkeypatch.setattr("store.review.office_terms.COMMON", 3)
    with pytest.raises(OfficeTermCommon, match="At least 4 stored listings"):
        add(db, "perfumery grade")
    add_term(db, "perfumery grade", why="So it is.", is_confirmed=True, by="lea", now=NOW)
    with pytest.raises(OfficeTermRefused, match="already exists"):
        add(db, "Perfumery Grade")
    with pytest.raises(OfficeTermRefused, match="say why"):
        add(db, "soil improver", why=" ")


def test_terms_are_in_the_audit_log_the_record_and_exports(db: Database) -> None:
    """The log vouches for the rows, and an exported listing says under which terms it was shown."""
    add(db)
    record_hits(db, run_id=None, now=NOW)
    assert [entry.details["term"] for entry in list_entries(db, action=AuditAction.OFFICE_TERM_ADDED)] == [
        "soil improver"
    ]
    assert db.execute("SELECT count(*) FROM record WHERE table_name = 'office_terms'").fetchone()[0] == 1
    verify(db)  # raises if a row and the log differ
    (hit,) = record(reviewed_listing(db, listing_of(db, SOIL)))["office_terms"]
    assert (hit["term"], hit["added_by"], hit["why"]) == ("soil improver", "lea", "Case 2026-114")


def test_a_lead_adds_a_term_in_the_browser_and_reviewers_see_why(client: TestClient, database: Path) -> None:
    """First what it finds, then the term; the item shows who, when and why, and marks the place."""
    with entered(database, "lea", Role.LEAD) as lea:
        form = read_form(lea.get("/office-terms").text, "/office-terms")
        typed = {"term": "soil improver", "substance": "BMK", "why": "Case <7>"}
        looked = lea.post(form.action, data=form.values | typed | {"step": "look"})
        assert "1 stored listing contains the term." in looked.text
        assert SOIL in looked.text
        with closing(open_database(database)) as db:
            assert list_terms(db) == []
        lea.post(form.action, data=form.values | typed | {"step": "add"})
        refused = lea.post(form.action, data=form.values | typed | {"step": "add"})
        assert refused.status_code == 409
        assert "already exists" in refused.text
    with closing(open_database(database)) as db:
        record_hits(db, run_id=None, now=NOW)
        listing_id = listing_of(db, SOIL)
    page = client.get(f"/listings/{listing_id}").text
    assert "added by lea on 2026-11-02, because: Case &lt;7&gt;" in page
    assert '<mark data-kind="office_term"' in page
    sheet = client.get(f"/listings/{listing_id}/sheet").text
    assert "Office term" in sheet
    assert client.post(form.action, data=form.values | typed).status_code == 403
    assert 'name="why"' not in client.get("/office-terms").text


def test_terms_go_from_office_to_office_as_a_file(database: Path, tmp_path: Path) -> None:
    """What one exports another imports; a wrong file adds nothing."""
    assert "names it" in call("terms", "add", "soil improver", "--why", "Case 7", "--db", database).out
    file = tmp_path / "terms.csv"
    call("terms", "export", file, "--db", database)
    assert file.read_text(encoding="utf-8").splitlines() == ["term,substance,why", "soil improver,,Case 7"]
    assert call("terms", "import", file, "--db", database).out == "0 terms added, 1 stood already.\n"
    call("terms", "retire", "1", "--why", "Done", "--db", database)
    assert call("terms", "import", file, "--db", database).out == "1 term added, 0 stood already.\n"
    listed = json.loads(call("terms", "list", "--all", "--json", "--db", database).out)
    assert [(each["office_term_id"], each["retired_why"]) for each in listed] == [(2, None), (1, "Done")]
    file.write_text("term,why\nlong enough,because\nxy,because\n", encoding="utf-8")
    called = call("terms", "import", file, "--db", database)
    assert (called.exit_code, called.out) == (1, "")
    assert "has 2 letters" in called.err
    file.write_bytes(b"term,why\n\xff,x\n")
    assert "is not a CSV file in UTF-8" in call("terms", "import", file, "--db", database).err
    with closing(open_database(database)) as db:
        assert len(list_terms(db)) == 2


@pytest.mark.parametrize(
    ("terms", "price", "currency", "found"),
    [
        ([("unit_price", "2", "g", "EUR")], None, "", (2000.0, "kg", "EUR")),
        ([("pack_size", "25", "kg", "drum")], "500", "USD", (20.0, "kg", "USD")),
        ([("pack_size", "25", "kg", ""), ("pack_size", "1", "kg", "")], "500", "USD", None),
        ([("pack_size", "500", "mL", "")], "10", "EUR", (20.0, "L", "EUR")),
        ([("pack_size", "0", "kg", "")], "10", "EUR", None),
        ([("unit_price", "2", "", "EUR")], "10", "EUR", None),
    ],
)
def test_the_price_for_one_unit(
    terms: list[tuple[str, str, str, str]], price: str | None, currency: str, found: object
) -> None:
    """Stated outright, or by one price and one pack size."""
    stored = [dict(zip(("name", "amount", "unit", "value"), each, strict=True)) for each in terms]
    assert unit_price(stored, price, currency) == found


def test_a_price_far_from_the_usual_is_worth_a_look(db: Database) -> None:
    """The median of earlier listings is the usual price; fewer than five say nothing."""
    priced = tuple(
        replace(
            PLANTED[0],
            content=ListingContent(
                title=f"Phenylacetone offer {number}",
                seller_name="Norte Fine Trading (fictional)",
                terms=(
                    Term(name=TermName.UNIT_PRICE, amount=Decimal(price), unit="kg", value="USD", text="x"),
                ),
            ),
            evidence=(),
        )
        for number, price in enumerate((100, 90, 110, 120, 80, 450))
    )
    see(db, (*PLANTED, *priced), at=NOW)
    score(db, (*PLANTED, *priced))
    last, before = (worth_of(db, listing_of(db, f"Phenylacetone offer {number}")) for number in (5, 4))
    assert last is not None
    assert before is not None
    assert (last.amount, last.usual, last.compared, last.price_points) == (450, 100, 5, 1.0)
    assert (before.compared, before.price_points) == (4, 0.0)
    assert (last.seller_points, last.listing_points) == (0.2, 0.3)
    assert mend_queue(db) == 0


def test_a_judged_listing_whose_new_text_is_below_the_threshold_waits_as_changed(
    client: TestClient, database: Path
) -> None:
    """It does not leave the queue in silence: the difference stands on its page (issue 15)."""
    title = PLANTED[0].content.title
    with closing(open_database(database)) as db:
        for name in ("second_share", "hidden_share"):
            change_setting(db, name, 0, changed_by="the tests", now=NOW)
        listing_id = listing_of(db, title)
    judge(client, client.get(f"/listings/{listing_id}").text, decision="offer")
    with closing(open_database(database)) as db:
        assert count_items(db, Filter()) == FLAGGED - 1
        content = replace(PLANTED[0].content, description="Sold. Ask for other goods.")
        tame = replace(PLANTED[0], content=content, p_offer=0.03, evidence=())
        see(db, (tame, *PLANTED[1:]), at=NOW)
        score(db, (tame, *PLANTED[1:]))
        (item,) = list_items(db, Filter(changed="1"))
        assert (item.listing_id, item.is_flagged, item.p_offer) == (listing_id, False, 0.03)
        assert mend_queue(db) == 0
    assert title in client.get("/?changed=1").text
    page = client.get(f"/listings/{listing_id}").text
    assert "Changed since the verdict" in page
    assert "0.030" in page
