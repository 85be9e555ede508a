"""What a crawl records: each page once in a run, each listing when it is new or has changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.store import FULL, NOW, crawl_run, page, see
from store.crawl.pages import SeenListing, count_changes, count_outcomes, record_page
from store.crawl.runs import end_run, record_not_run
from store.model import Change, ListingContent, PageOutcome, RunKind, RunOutcome
from store.review.listings import listing_file
from store.review.search import missing, phrase, plain, words_in
from store.review.statistics import count_listings, report_sources
from store.scores.scores import unscored_sightings

if TYPE_CHECKING:
    from store.database import Database
    from store.model import Sighting

URL = "https://andes.example/1"
LIST = "https://andes.example/list"
CHANGED = replace(FULL, title="Industrial solvent, 20 L can")


def sightings(db: Database) -> list[Sighting]:
    """Return every sighting, oldest first."""
    return unscored_sightings(db, "none", limit=100)


def next_run(db: Database, run_id: int) -> int:
    """End a run and begin another."""
    end_run(db, run_id, RunOutcome.DONE, "Done.", now=NOW)
    return crawl_run(db)


def changes(new: int = 0, changed: int = 0, unchanged: int = 0) -> dict[Change, int]:
    """Return a tally."""
    return {Change.NEW: new, Change.CHANGED: changed, Change.UNCHANGED: unchanged}


def see_row(db: Database, run_id: int, content: ListingContent, url: str = URL) -> dict[Change, int]:
    """Record a list page that shows an item in a row."""
    row = SeenListing(url=url, content=content, is_row=True)
    return record_page(db, page(run_id, LIST, PageOutcome.CATEGORY), [row])


def test_a_listing_is_new_then_unchanged_then_changed(db: Database) -> None:
    """Only a new content adds a sighting; the listing stays one."""
    run = crawl_run(db)
    assert see(db, run, URL, FULL) == changes(new=1)
    run = next_run(db, run)
    assert see(db, run, URL, FULL) == changes(unchanged=1)
    run = next_run(db, run)
    assert see(db, run, URL + "?utm_source=x", CHANGED) == changes(changed=1)
    assert [sighting.content for sighting in sightings(db)] == [FULL, CHANGED]
    assert count_listings(db) == 1


def test_a_content_that_returns_is_a_change(db: Database) -> None:
    """A sighting is compared with the newest one only."""
    run = crawl_run(db)
    for content in (FULL, CHANGED, FULL):
        see(db, run, URL, content)
        run = next_run(db, run)
    assert [sighting.content.title for sighting in sightings(db)] == [FULL.title, CHANGED.title, FULL.title]


def test_the_same_page_in_the_same_run_is_recorded_once(db: Database) -> None:
    """An interrupted run is gone over again without a trace."""
    run = crawl_run(db)
    see(db, run, URL, FULL)
    assert see(db, run, URL, CHANGED) == changes()
    assert len(sightings(db)) == 1


def test_a_list_row_never_replaces_the_items_own_page(db: Database) -> None:
    """A row is less complete than the item's own page, but counts as a sighting."""
    run = crawl_run(db)
    see(db, run, URL, FULL)
    assert see_row(db, run, ListingContent(title="Industrial…")) == changes(unchanged=1)
    assert len(sightings(db)) == 1


def test_the_items_own_page_replaces_a_list_row(db: Database) -> None:
    """And the row does not come back in the next run."""
    run = crawl_run(db)
    assert see_row(db, run, ListingContent(title="Industrial…")) == changes(new=1)
    assert see(db, run, URL, FULL) == changes(changed=1)
    run = next_run(db, run)
    assert see_row(db, run, ListingContent(title="Other words")) == changes(unchanged=1)


def test_a_change_on_the_items_own_page_counts_though_its_row_was_met_first(db: Database) -> None:
    """A crawl usually reads the list before the item."""
    run = crawl_run(db)
    see(db, run, URL, FULL)
    run = next_run(db, run)
    assert see_row(db, run, ListingContent(title="Industrial…")) == changes(unchanged=1)
    assert see(db, run, URL, CHANGED) == changes(changed=1)


def test_an_item_in_the_rows_of_two_lists_is_what_the_first_said(db: Database) -> None:
    """Otherwise every crawl would record a change."""
    run = crawl_run(db)
    other = page(run, LIST + "/2", PageOutcome.CATEGORY)
    assert see_row(db, run, ListingContent(title="Industrial…")) == changes(new=1)
    row = SeenListing(url=URL, content=ListingContent(title="Industrial solv…"), is_row=True)
    assert record_page(db, other, [row]) == changes(unchanged=1)


def test_rows_without_an_address_are_listings_of_their_own(db: Database) -> None:
    """Their address is the list page's."""
    run = crawl_run(db)
    rows = [
        SeenListing(url=LIST + "#row", content=ListingContent(title=title), is_row=True)
        for title in ("Drum", "Can")
    ]
    assert record_page(db, page(run, LIST, PageOutcome.CATEGORY), rows) == changes(new=2)


def test_an_item_shown_twice_on_a_page_is_one_sighting(db: Database) -> None:
    """The first showing counts, so that crawling the same page again finds nothing changed."""
    rows = [
        SeenListing(url=URL, content=replace(FULL, price_text=price), is_row=True) for price in ("1 €", "2 €")
    ]
    run = crawl_run(db)
    assert record_page(db, page(run, LIST, PageOutcome.CATEGORY), rows) == changes(new=1)
    run = next_run(db, run)
    assert record_page(db, page(run, LIST, PageOutcome.CATEGORY), rows) == changes(unchanged=1)
    assert len(sightings(db)) == 1


def test_a_page_that_fails_halfway_is_not_recorded(db: Database) -> None:
    """Page and listings are written together or not at all."""
    run = crawl_run(db)
    broken = SeenListing(url=URL, content=None)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        record_page(db, page(run, LIST), [SeenListing(url=URL, content=FULL), broken])
    assert count_listings(db) == 0


def test_a_run_is_counted_by_outcome_and_by_change(db: Database) -> None:
    """Every change is in the tally, those that did not happen with 0."""
    run = crawl_run(db)
    see(db, run, URL, FULL)
    record_page(db, page(run, "https://andes.example/gone", PageOutcome.GONE))
    record_page(db, page(run, "https://andes.example/void", PageOutcome.GONE))
    assert count_outcomes(db, run) == {PageOutcome.GONE: 2, PageOutcome.LISTING: 1}
    assert count_changes(db, run) == changes(new=1)


def test_every_sighting_is_indexed_under_its_own_row(db: Database) -> None:
    """The index knows each by its id."""
    run = crawl_run(db)
    for number in range(5):
        url = f"https://andes.example/{number}"
        see(db, run, url, replace(FULL, title=f"Drum number {number}"))
    kept = db.execute("SELECT sighting_id, title FROM sightings ORDER BY sighting_id").fetchall()
    for row in kept:
        match = "title : " + phrase(words_in(plain(row["title"])))
        found = db.execute("SELECT rowid FROM said_fts WHERE said_fts MATCH ?", [match]).fetchall()
        assert [each[0] for each in found] == [row["sighting_id"]]
    assert missing(db) == []
    links = "SELECT count(*) FROM sightings JOIN pages USING (page_id) JOIN listings USING (listing_id, url)"
    assert db.execute(links).fetchone()[0] == 5


def test_one_listing_whole(db: Database) -> None:
    """Sightings are newest first, with the place of the stored page."""
    run = crawl_run(db)
    see(db, run, URL, FULL)
    see(db, next_run(db, run), URL, CHANGED)
    file = listing_file(db, sightings(db)[0].listing_id)
    assert [sighting.content.title for sighting in file.sightings] == [CHANGED.title, FULL.title]
    assert (file.locator, file.score, file.verdicts) == ("andes.zip#1.html", None, ())
    assert (file.listing.url, file.listing.first_seen_at) == (URL, NOW)


def test_the_report_shows_the_last_crawl_that_was_begun(db: Database) -> None:
    """A due time that was missed later does not hide it."""
    run = crawl_run(db)
    see(db, run, URL, replace(FULL, price_amount=None))
    see(db, run, "https://andes.example/2", replace(FULL, seller_name=""))
    end_run(db, run, RunOutcome.DONE, "Done.", now=NOW)
    record_not_run(
        db, RunKind.CRAWL, source_id="andes", due_at=NOW, outcome=RunOutcome.MISSED, sentence="Missed."
    )
    (report,) = report_sources(db)
    assert (report.pages, report.outcomes) == (2, {"listing": 2})
    assert (report.listings, report.with_title, report.with_price, report.with_seller) == (2, 2, 1, 1)


def test_the_report_counts_the_last_whole_crawl_and_says_that_a_later_one_failed(db: Database) -> None:
    """Listings that are known do not stand beside 0 pages."""
    run = crawl_run(db)
    see(db, run, URL, FULL)
    assert [(each.pages, each.last_crawl) for each in report_sources(db)] == [(1, "")]
    end_run(db, run, RunOutcome.DONE, "Done.", now=NOW)
    failed = crawl_run(db)
    end_run(db, failed, RunOutcome.FAILED, "The archive is gone.", now=NOW)
    (report,) = report_sources(db)
    assert (report.pages, report.listings, report.last_crawl) == (1, 1, "failed")
