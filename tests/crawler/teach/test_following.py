"""Tests of a declared reader in crawls: its fields are kept, and general rules take over when it falls."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from crawler.teach import CannotTeach
from crawler.teach.following import WINDOW
from crawler.teach.pages import saved_page, saved_pages
from crawler.teach.reader import Rule
from crawler.teach.teaching import Pointed, teach
from store.crawl.evidence import evidence_folder
from store.database import open_database
from tests.crawler.crawls import crawl, declare
from tests.crawler.teach.shop import BASE, CHANGED, body, truth, write_site
from tests.crawler.teach.test_teaching import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.sources.sources import DeclaredSource

pytestmark = pytest.mark.process


def declared_shop(folder: Path, *, first: int, changed: int = 0) -> DeclaredSource:
    """Return the shop with a reader that was taught on three saved pages of its first layout."""
    declared = replace(declare(write_site(folder / "saved", first=first, changed=changed)), base_url=BASE)
    pages = {page.url: page for page in saved_pages(None, folder / "x.db", declared)}
    chosen = [(pages[f"{BASE}item/{number}.html"], truth(number)) for number in (1, 2, 3)]
    lesson = teach(
        [(page, {name: Pointed(value=value) for name, value in wanted.items()}) for page, wanted in chosen],
        [page for page in pages.values() if int(page.url.rpartition("/")[2][:-5]) <= first],
        before=None,
        by="ada",
        now=NOW,
    )
    return replace(declared, reader=lesson.reader)


def kept(database: Path) -> dict[int, dict[str, str]]:
    """Return what was kept of each item, by its number."""
    query = (
        "SELECT url, title, price_text, seller_name, location FROM sightings JOIN listings USING (listing_id)"
    )
    with closing(open_database(database)) as db:
        rows = db.execute(query).fetchall()
    names = ("title", "price", "seller", "location")
    return {int(row[0].rpartition("/")[2][:-5]): dict(zip(names, row[1:], strict=True)) for row in rows}


def test_a_crawl_keeps_what_was_taught(tmp_path: Path) -> None:
    """Every item has the title, price, seller and place that a person sees, and the run counts agreement."""
    database = tmp_path / "watch.db"
    run = crawl(database, declared_shop(tmp_path, first=12))
    assert kept(database) == {number: truth(number) for number in range(1, 13)}
    assert run.counts["reader_pages"] == run.counts["reader_found"] == 12
    assert run.counts["reader_agreed"] < run.counts["reader_compared"]
    assert "reader_set_aside" not in run.counts


def test_the_archive_has_the_pages_whose_evidence_is_gone(tmp_path: Path) -> None:
    """Retention may have removed what a crawl stored; the source can still be taught."""
    database, declared = tmp_path / "watch.db", declared_shop(tmp_path, first=3)
    crawl(database, declared)
    with closing(open_database(database)) as db:
        assert list(saved_pages(db, database, declared))
        shutil.rmtree(evidence_folder(database))
        assert list(saved_pages(db, database, declared))


def test_a_page_is_that_of_the_source_that_is_taught(tmp_path: Path) -> None:
    """Another source has a newer page at the address; its pages have numbers, which are no addresses."""
    database, declared = tmp_path / "watch.db", declared_shop(tmp_path, first=3)
    other = replace(
        declare(write_site(tmp_path / "other", first=0, changed=3), source_id="other"), base_url=BASE
    )
    url = f"{BASE}item/1.html"
    for each in (declared, other):
        crawl(database, each)
    with closing(open_database(database)) as db:
        assert saved_page(db, database, declared, url).body == body(1)
        assert saved_page(db, database, other, url).body == body(1, CHANGED)
        (number,) = db.execute("SELECT max(page_id) FROM pages WHERE source_id = 'other'").fetchone()
        with pytest.raises(CannotTeach, match="shop has no saved page"):
            saved_page(db, database, declared, str(number))


def test_a_changed_layout_is_seen_and_read_by_general_rules(tmp_path: Path) -> None:
    """When the pages change, the reader is set aside in the crawl, and stays so until it is taught again."""
    database, declared = tmp_path / "watch.db", declared_shop(tmp_path, first=4, changed=WINDOW + 6)
    first = crawl(database, declared)
    assert declared.reader is not None
    assert first.counts["reader_set_aside"] == declared.reader.identity
    assert "was set aside during this crawl" in first.sentence
    read = kept(database)
    assert read[28]["title"] == truth(28)["title"]
    assert read[28]["price"] == truth(28)["price"]
    second = crawl(database, declared)
    assert "set aside by an earlier crawl" in second.sentence
    assert second.counts["reader_set_aside"] == declared.reader.identity
    later = declared.reader.taught_at + timedelta(days=1)  # version 1 again, if the file was removed first
    taught_again = replace(declared, reader=replace(declared.reader, taught_at=later))
    assert "by an earlier crawl" not in crawl(database, taught_again).sentence


def test_a_reader_that_fails_its_cases_is_not_used(tmp_path: Path) -> None:
    """The cases are tested before the first page, and the general rules read the pages instead."""
    database, declared = tmp_path / "watch.db", declared_shop(tmp_path, first=5)
    assert declared.reader is not None
    spoilt = {**declared.reader.fields, "title": Rule(css="dd")}
    wrong = replace(declared.reader, fields=spoilt)
    run = crawl(database, replace(declared, reader=wrong))
    assert (
        "failed its own test and is not used: on https://shop.example/item/1.html it reads title"
        in run.sentence
    )
    assert run.counts["reader_set_aside"] == wrong.identity
    assert all(each["title"] not in {"Ana Rojas", "Hall 4"} for each in kept(database).values())


def test_a_file_that_is_wrong_is_said_by_the_run(tmp_path: Path) -> None:
    """Without a usable reader the crawl goes on, and its sentence says why."""
    declared = replace(declared_shop(tmp_path, first=3), reader=None, reader_problem="The reader is wrong.")
    run = crawl(tmp_path / "watch.db", declared)
    assert run.sentence.endswith("The reader is wrong.")
    assert "reader_pages" not in run.counts
