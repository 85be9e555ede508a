"""The fixture marketplaces, asked for over HTTP, give the same listings as their saved copies."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from crawler.sources.sources import load_sources
from fixtures.marketplaces.data import STEMS
from fixtures.misbehaving.mirror import mirror
from fixtures.misbehaving.server import serving
from store.database import open_database
from tests.crawler.crawls import ROOT, Job, crawl_all
from tests.crawler.live.sources import everywhere, live, permit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.database import Database

pytestmark = pytest.mark.process

LISTINGS = """
    SELECT listings.url, title, description, price_text, price_amount, currency, quantity_text, pack_text,
        minimum_order_text, seller_name, seller_url, location, sightings.item_id, category_path, attributes,
        images, language, provenance, text,
        (SELECT count(*) FROM sightings AS each WHERE each.listing_id = sightings.listing_id)
    FROM latest_sightings AS sightings JOIN listings USING (listing_id) WHERE source_id = ?
"""
PAGES = "SELECT url, http_status, outcome, sentence FROM pages WHERE source_id = ?"
Rows = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def asked_for(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, int]]:
    """A store into which every fixture marketplace was crawled over HTTP, and the port it came from."""
    database = tmp_path_factory.mktemp("live") / "store.db"
    with serving() as server:
        jobs = []
        for stem, declared in load_sources(ROOT / "sources.toml").items():
            home = declared.start[0].rstrip("/")
            host = urlsplit(home).hostname or ""
            server.hosts[host] = mirror(declared, home, server.url(host, ""))
            source = live(server.url(host), permission=permit(server.url(host)), source_id=stem)
            jobs.append(Job(database=database, declared=source, names=everywhere(host)))
        crawl_all(jobs)
        with closing(open_database(database)) as db:
            yield db, server.port


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize("query", [LISTINGS, PAGES], ids=["listings", "pages"])
def test_a_site_says_the_same_over_http_as_saved(
    asked_for: tuple[Database, int], marketplaces: Database, stem: str, query: str
) -> None:
    """Every page and every field of every listing, and how often each was seen with changed content."""
    db, port = asked_for
    live_rows = [_at_home(tuple(row), port) for row in db.execute(query, [stem])]
    saved_rows = [_at_home(tuple(row), port) for row in marketplaces.execute(query, [stem])]
    assert sorted(live_rows, key=repr) == sorted(saved_rows, key=repr)
    assert live_rows


def _at_home(row: tuple[object, ...], port: int) -> tuple[object, ...]:
    """Return a row with the port left out of addresses, and one scheme for all."""
    return tuple(
        re.sub(rf"https?://([\w.-]+\.example)(:{port})?", r"//\1", each) if isinstance(each, str) else each
        for each in row
    )
