"""One site gives the same listings from whichever format it was saved in."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from fixtures.comparable import comparable
from fixtures.marketplaces.build import write_site
from fixtures.marketplaces.data import read_site
from fixtures.marketplaces.save_formats import FORMATS
from store.database import open_database
from tests.crawler.crawls import Job, crawl_all, declare

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.process

STEMS = ("anuncios-sur", "labware-shop")
Tables = dict[str, list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Tables]:
    """Return the store of each site and format after one crawl."""
    folder = tmp_path_factory.mktemp("formats")
    jobs = {(stem, name): _job(folder / f"{stem}-{name}", stem, name) for stem in STEMS for name in FORMATS}
    crawl_all(list(jobs.values()))
    return {key: _tables(job.database) for key, job in jobs.items()}


@pytest.mark.parametrize("table", ["listings", "sightings", "page_listings"])
@pytest.mark.parametrize("save_format", sorted(FORMATS))
@pytest.mark.parametrize("stem", STEMS)
def test_every_format_gives_the_same_listings(
    stores: dict[tuple[str, str], Tables], stem: str, save_format: str, table: str
) -> None:
    """Ids, every field, the text and its hashes are those that a crawl of the folder gives."""
    expected = stores[stem, "folder"][table]
    assert len(expected) == len(read_site(stem).listings)
    assert stores[stem, save_format][table] == expected


@pytest.mark.parametrize("save_format", sorted(FORMATS))
@pytest.mark.parametrize("stem", STEMS)
def test_every_format_gives_the_same_pages(
    stores: dict[tuple[str, str], Tables], stem: str, save_format: str
) -> None:
    """The same addresses are met, and each turns out to be the same."""
    assert _said(stores[stem, save_format]) == _said(stores[stem, "folder"])


def _job(folder: Path, stem: str, save_format: str) -> Job:
    write_site(stem, save_format, folder / "saved")
    declared = declare(folder / "saved", source_id=stem, start=(read_site(stem).base_url + "/",))
    return Job(database=folder / "precursor-watch.db", declared=declared)


def _tables(database: Path) -> Tables:
    with closing(open_database(database)) as db:
        return comparable(db)


def _said(tables: Tables) -> list[tuple[object, ...]]:
    return [(url, outcome, said) for _, _, url, _, _, outcome, said, *_ in tables["pages"]]
