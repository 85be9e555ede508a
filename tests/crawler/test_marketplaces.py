"""The fixture marketplaces, crawled from their committed form, are read as their truth files say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fixtures.marketplaces.data import FOLDER, STEMS
from store.crawl.runs import list_runs
from store.model import RunOutcome
from tests.crawler.crawls import NOW

if TYPE_CHECKING:
    from store.database import Database

pytestmark = pytest.mark.process

FIELDS = ("title", "price_amount", "currency", "seller_name", "location", "item_id")


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("stem", STEMS)
def test_a_field_is_read_as_the_truth_file_says(marketplaces: Database, stem: str, field: str) -> None:
    """Every listing of the site shows the value it was made with."""
    query = f"SELECT url, {field} FROM latest_sightings JOIN listings USING (listing_id) WHERE source_id = ?"
    query = query.replace(" item_id ", " listings.item_id ")
    read = dict(marketplaces.execute(query, [stem]).fetchall())
    lines = (FOLDER / stem / "truth.jsonl").read_text("utf-8").splitlines()
    truth = {row["url"]: row[field] for row in map(json.loads, lines)}
    wrong = {url: (read.get(url), truth.get(url)) for url in read.keys() | truth.keys()}
    wrong = {url: pair for url, pair in wrong.items() if (pair[0] or "") != (pair[1] or "")}
    assert not wrong, "read and true values that differ, by address"


@pytest.mark.parametrize("stem", STEMS)
def test_every_page_of_a_site_is_a_listing_or_a_list(marketplaces: Database, stem: str) -> None:
    """Following links from the home page reaches every listing; nothing is left not understood."""
    query = "SELECT outcome, count(*) FROM pages WHERE source_id = ? GROUP BY outcome"
    outcomes = dict(marketplaces.execute(query, [stem]).fetchall())
    listings = len((FOLDER / stem / "truth.jsonl").read_text("utf-8").splitlines())
    assert outcomes == {"listing": listings, "category": outcomes["category"]}


def test_every_run_is_done_and_says_what_it_came_to(marketplaces: Database) -> None:
    """Each site has one run, ended as done, whose counts are those of its rows."""
    for run in list_runs(marketplaces):
        assert (run.outcome, run.attempts, run.ended_at) == (RunOutcome.DONE, 1, NOW)
        query = "SELECT count(*) FROM pages WHERE run_id = ?"
        assert run.counts["pages"] == marketplaces.execute(query, [run.run_id]).fetchone()[0]
        assert run.sentence.startswith(f"{run.counts['pages']} pages (")
