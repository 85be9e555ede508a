"""What an interrupted crawl asks for again is told from its pages and where its redirects led."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.builders.store import NOW, crawl_run, page
from store.crawl.pages import (
    REDIRECTED_TO,
    Fetch,
    FetchOutcome,
    addresses_settled,
    record_fetches,
    record_page,
)

if TYPE_CHECKING:
    from store.database import Database

SHOP = "https://andes.example"


def lead(db: Database, run_id: int, url: str, to: str) -> None:
    """Record a redirect."""
    fetch = Fetch(
        run_id=run_id,
        permission_id=None,
        url=url,
        asked_at=NOW,
        outcome=FetchOutcome.REDIRECTED,
        http_status=302,
        sentence=REDIRECTED_TO + to,
    )
    record_fetches(db, [fetch])


def test_a_redirect_is_settled_once_the_page_behind_it_is_there(db: Database) -> None:
    """Over several steps, relative or whole, with a fragment or a tracking parameter; not in a circle."""
    run = crawl_run(db)
    record_page(db, page(run, f"{SHOP}/real/1"), [])
    for at, to in {
        "/b": "/real/1#top",
        "/a": "b",
        "/c": "//andes.example/real/1?utm_source=x",
        "/lost": "/real/2",
        "/x": "/y",
        "/y": "/x",
        "/odd": "http://[",
    }.items():
        lead(db, run, SHOP + at, to)
    assert addresses_settled(db, run) == {SHOP + at for at in ("/real/1", "/a", "/b", "/c")}
    assert addresses_settled(db, run + 1) == set()
