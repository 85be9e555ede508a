"""Crawled again, a source's listings are new, changed or unchanged; the item's own page has the last word."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from fixtures.marketplaces.build import write_site
from fixtures.marketplaces.data import read_site
from store.database import open_database
from tests.crawler.crawls import NOW, Job, crawl, crawl_all, declare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from store.database import Database
    from store.model import Run

pytestmark = pytest.mark.process

STEM = "anuncios-sur"
LISTINGS = read_site(STEM).listings
EDITED, REMOVED = LISTINGS[1], LISTINGS[2]


def saved_name(folder: Path, item_id: str) -> Path:
    """Return the file in which an item's page is saved."""
    (path,) = folder.glob(f"anuncio-{item_id}-*.html")
    return path


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Run, Run, Run]]:
    """A store into which a site was crawled, then an edited copy of it, then that copy once more."""
    folder = tmp_path_factory.mktemp("again")
    first, second, database = folder / "first", folder / "second", folder / "precursor-watch.db"
    write_site(STEM, "folder", first)
    shutil.copytree(first, second)
    page = saved_name(second, EDITED.item_id)
    page.write_text(page.read_text("utf-8").replace(EDITED.title, EDITED.title + ", vendida"), "utf-8")
    saved_name(second, REMOVED.item_id).unlink()
    start = (read_site(STEM).base_url + "/",)
    runs = [
        crawl(database, declare(archive, start=start), now=NOW + timedelta(days=day))
        for day, archive in enumerate((first, second, second))
    ]
    with closing(open_database(database)) as db:
        yield (db, runs[0], runs[1], runs[2])


def changes(run: Run) -> tuple[int, int, int]:
    """Return how many listings of a run were new, changed and unchanged."""
    return (run.counts["new"], run.counts["changed"], run.counts["unchanged"])


def test_at_first_every_listing_is_new(again: tuple[Database, Run, Run, Run]) -> None:
    """Each listing is counted once, though lists and related boxes show it too."""
    assert changes(again[1]) == (len(LISTINGS), 0, 0)


def test_an_edited_page_is_a_changed_listing(again: tuple[Database, Run, Run, Run]) -> None:
    """The listing gets a second sighting, and the first one stays."""
    db, _, second, _ = again
    assert second.counts["changed"] == 1
    query = """
        SELECT title FROM sightings JOIN listings USING (listing_id)
        WHERE listings.item_id = ? ORDER BY sighting_id
    """
    titles = [row[0] for row in db.execute(query, [EDITED.item_id])]
    assert titles == [EDITED.title, EDITED.title + ", vendida"]


def test_a_list_row_never_replaces_an_own_page(again: tuple[Database, Run, Run, Run]) -> None:
    """When only its list row is left, the listing stays as its own page had said."""
    db, _, second, _ = again
    query = """
        SELECT change, (SELECT count(*) FROM sightings WHERE sightings.listing_id = listings.listing_id)
        FROM listings JOIN page_listings USING (listing_id) JOIN pages USING (page_id)
        WHERE item_id = ? AND run_id = ?
    """
    seen = {tuple(row) for row in db.execute(query, [REMOVED.item_id, second.run_id])}
    assert seen == {("unchanged", 1)}


def test_crawled_once_more_nothing_changes(again: tuple[Database, Run, Run, Run]) -> None:
    """The third crawl finds every listing as the second left it, and adds no sighting."""
    db, _, _, third = again
    assert (third.counts["new"], third.counts["changed"]) == (0, 0)
    assert db.execute("SELECT count(*) FROM sightings WHERE run_id = ?", [third.run_id]).fetchone()[0] == 0


def test_two_sources_keep_the_same_page_apart(tmp_path: Path) -> None:
    """A page saved by two suppliers is two listings: each is evidence of its own."""
    write_site("labware-shop", "warc", tmp_path / "saved")
    database = tmp_path / "precursor-watch.db"
    crawl_all(
        [Job(database=database, declared=declare(tmp_path / "saved", source_id=name)) for name in ("a", "b")]
    )
    with closing(open_database(database)) as db:
        assert db.execute("SELECT count(*), count(DISTINCT url) FROM listings").fetchone()[:] == (92, 46)
