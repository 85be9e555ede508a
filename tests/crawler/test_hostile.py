"""Damaged and hostile pages each get an outcome and a sentence, and the crawl goes on."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from store.crawl.runs import list_runs
from store.database import open_database
from store.model import RunOutcome
from tests.crawler.crawls import ROOT, crawl, declare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.database import Database

pytestmark = pytest.mark.process

BASE = "https://hostile.example/item/"
READ_FROM_PAGE = "One listing, read from the visible page."
READ_FROM_BOTH = "One listing, read from json-ld and the visible page."
NOTHING_FOUND = "HTML without a listing or a list."
NO_TEXT = "The page has no text: no bytes, or only white space."
CHALLENGE = "The site shows a challenge instead of the page; it is not worked around."
PAGES = {
    "bidi-and-zero-width-in-title": ("listing", READ_FROM_PAGE),
    "broken-json-ld": ("listing", READ_FROM_PAGE),
    "challenge": ("blocked", CHALLENGE),
    "deep-json-ld": ("listing", READ_FROM_PAGE),
    "empty": ("empty", NO_TEXT),
    "forty-digit-price": ("listing", READ_FROM_BOTH),
    "good-kettle": ("listing", READ_FROM_BOTH),
    "good-lantern": ("listing", READ_FROM_BOTH),
    "image-error-in-title": ("listing", READ_FROM_PAGE),
    "json-named": ("not_html", "The bytes are JSON, not HTML, despite the name."),
    "latin-1-declared-utf-8": ("listing", READ_FROM_PAGE),
    "negative-price": ("listing", READ_FROM_BOTH),
    "nested-divs": ("not_understood", NOTHING_FOUND),
    "nul-bytes": ("listing", READ_FROM_PAGE),
    "pdf-named": ("not_html", "The bytes are a PDF document, not HTML, despite the name."),
    "png-named": ("not_html", "The bytes are a PNG image, not HTML, despite the name."),
    "script-in-title": ("listing", READ_FROM_PAGE),
    "soft-not-found": ("gone", "The page says that its content is no longer there."),
    "truncated-in-attribute": (
        "truncated",
        "The page ends in the middle of a tag; it was not read as a listing.",
    ),
    "truncated-in-json-ld": (
        "truncated",
        "The page ends in the middle of a script; it was not read as a listing.",
    ),
    "utf-16-with-bom": ("listing", READ_FROM_PAGE),
    "whitespace": ("empty", NO_TEXT),
}
GOOD = {
    "good-kettle": ("Enamel whistling kettle, two litres", "24.00"),
    "good-lantern": ("Storm lantern with spare wick", "18.50"),
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A store into which the hostile pages were crawled."""
    database = tmp_path_factory.mktemp("hostile") / "precursor-watch.db"
    crawl(database, declare(ROOT / "fixtures" / "hostile"))
    with closing(open_database(database)) as db:
        yield db


def test_the_crawl_ends_as_done(hostile: Database) -> None:
    """No damaged page fails the run, and each has one row."""
    (run,) = list_runs(hostile)
    assert run.outcome is RunOutcome.DONE
    assert run.counts["pages"] == len(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_hostile_page_gets_its_outcome_and_sentence(hostile: Database, name: str) -> None:
    """The outcome is what a person would say of the page, and the sentence says why."""
    query = "SELECT outcome, sentence FROM pages WHERE url = ?"
    assert tuple(hostile.execute(query, [BASE + name]).fetchone()) == PAGES[name]


def test_accents_of_a_page_that_wrongly_says_utf_8_are_kept(hostile: Database) -> None:
    """Bytes of Windows-1252 on an English page are read as such."""
    query = "SELECT title FROM sightings JOIN pages USING (page_id) WHERE url = ?"
    row = hostile.execute(query, [BASE + "latin-1-declared-utf-8"]).fetchone()
    assert row["title"] == "Crème brûlée torch"


def test_a_price_below_zero_is_kept_as_text_only(hostile: Database) -> None:
    """Neither the negative nor the positive number becomes an amount."""
    query = "SELECT price_text, price_amount FROM sightings JOIN pages USING (page_id) WHERE url = ?"
    row = hostile.execute(query, [BASE + "negative-price"]).fetchone()
    assert "-5.00" in row["price_text"]
    assert row["price_amount"] is None


@pytest.mark.parametrize("name", GOOD)
def test_a_good_page_among_hostile_ones_is_read(hostile: Database, name: str) -> None:
    """A good page beside damaged pages is parsed as if alone."""
    query = "SELECT title, price_amount FROM sightings JOIN pages USING (page_id) WHERE url = ?"
    assert tuple(hostile.execute(query, [BASE + name]).fetchone()) == GOOD[name]
