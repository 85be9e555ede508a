"""Trust-and-safety teams count, filter and export listings by the rule that they break."""

from __future__ import annotations

import csv
from contextlib import closing
from typing import TYPE_CHECKING

from fixtures.builders.forms import read_form
from fixtures.builders.login import entered
from fixtures.builders.review_store import NOW
from store.accounts.users import Role
from store.audit.audit import AuditAction, list_entries
from store.database import open_database
from store.review.notices import Notice, Noticed, record_notices
from store.review.queue import review_queue
from tests.cli.calls import call

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fastapi.testclient import TestClient


def notice(database: Path) -> None:
    """Let one listing break a rule whose words are a formula, and all show a flask."""

    def read(batch: Sequence[Noticed]) -> list[list[Notice]]:
        broken = Notice(kind="rule", code="ebay-1", name="=eBay: <b>", why="a listed chemical")
        flask = Notice(kind="equipment", code="laboratory_glassware", name="x", why="A list", is_weak=True)
        return [[flask, broken] if number == 0 else [flask] for number, _ in enumerate(batch)]

    with closing(open_database(database)) as db:
        record_notices(db, read, read_with="test", run_id=None, now=NOW)


def test_the_item_and_its_sheet_cite_each_law_once(client: TestClient, database: Path) -> None:
    """Also the law of a machine that the text names twice, and the rule of a marketplace line by line."""
    laws = "Law of the presses\nLaw of the mills"
    press = Notice(kind="equipment", code="tablet_press", name="x", why=laws, spans=((0, 3), (4, 7)))
    broken = Notice(kind="rule", code="ebay-1", name="eBay: Chemicals", why="a listed chemical\nebay.example")
    with closing(open_database(database)) as db:
        record_notices(
            db, lambda batch: [[press, broken] for _ in batch], read_with="a", run_id=None, now=NOW
        )
        listing_id = review_queue(db)[0].listing_id
    for path in ("", "/sheet"):
        page = client.get(f"/listings/{listing_id}{path}").text
        assert page.count(f">{laws}<") == 1, path  # beside what a mark says under the pointer
        assert '<div class="cited">a listed chemical\nebay.example</div>' in page.replace(
            "quiet cited", "cited"
        )


def test_notices_are_counted_and_exported(client: TestClient, database: Path, tmp_path: Path) -> None:
    """The page leads to the filtered list; the file has one line for each notice and is logged."""
    assert "No listing has any of these" in client.get("/notices").text
    notice(database)
    page = client.get("/notices").text
    assert "=eBay: &lt;b&gt;" in page
    assert "/?notice=rule:ebay-1&amp;state=every" in page
    assert "ordinary goods: no evidence alone" in page
    form = read_form(page, "/notices/export")
    made = client.post(form.action, data=form.values | {"kind": "rule", "code": "ebay-1"})
    (row,) = csv.DictReader(made.text.splitlines())
    assert (row["code"], row["name"]) == ("ebay-1", "'=eBay: <b>")
    with closing(open_database(database)) as db:
        (entry,) = list_entries(db, action=AuditAction.EXPORTED)
        assert (entry.subject, entry.details["code"], entry.details["listings"]) == (
            "export:notices", "ebay-1", 1,
        )  # fmt: skip
    assert {each["code"] for each in client.get("/api/notices?kind=rule").json()} == {"ebay-1"}
    assert client.get("/exports").status_code == 200
    file = tmp_path / "rules.csv"
    call("notices", "--kind", "rule", "--export", file, "--db", database)
    assert file.read_text(encoding="utf-8").splitlines() == made.text.splitlines()
    with entered(database, "vic", Role.VIEWER) as viewer:
        assert "export" not in viewer.get("/notices").text.partition("<main")[2]
        assert viewer.post(form.action, data=form.values).status_code == 403


def test_what_one_of_several_listings_shows_is_an_example(client: TestClient, database: Path) -> None:
    """One class rule covers several compounds, and one rule is broken by several substances."""

    def read(batch: Sequence[Noticed]) -> list[list[Notice]]:
        return [
            [
                Notice(kind="class", code="us-8791", name=f"<b> ester {number}", why="An act"),
                Notice(kind="rule", code="ebay-1", name="eBay: Chemicals", why=f"chemical {number}"),
            ]
            for number, _ in enumerate(batch)
        ]

    with closing(open_database(database)) as db:
        record_notices(db, read, read_with="test", run_id=None, now=NOW)
    page = client.get("/notices").text
    assert ">e.g. &lt;b&gt; ester 0</a>" in page
    assert ">eBay: Chemicals</a>" in page
    assert ">An act</td>" in page
    assert ">e.g. chemical 0</td>" in page
    assert "e.g. <b> ester 0" in call("notices", "--db", database).out
