"""The addresses of a host and its robots.txt are checked before any request."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from fixtures.misbehaving import ways
from fixtures.misbehaving.hosts import HOSTS, play
from fixtures.misbehaving.server import serving
from store.database import open_database
from store.model import PageOutcome
from tests.crawler.crawls import Job, crawl_all
from tests.crawler.live.sources import live, permit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.misbehaving.server import Server
    from store.database import Database

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Server, Path]]:
    """A store into which every host was crawled, all of them under one permission that names each."""
    database = tmp_path_factory.mktemp("hosts") / "store.db"
    with serving() as server:
        server.hosts |= dict.fromkeys(HOSTS, play)
        urls = [server.url(host) for host in HOSTS]
        source = live(
            *urls, permission=permit(*urls), limits={"timeout_s": ways.TIMEOUT_S, "max_page_bytes": 300_000}
        )
        names = {name: host.addresses for name, host in HOSTS.items() if host.addresses is not None}
        crawl_all([Job(database=database, declared=source, names=names)])
        with closing(open_database(database)) as db:
            yield db, server, database


@pytest.mark.parametrize("name", HOSTS)
def test_a_host_is_asked_or_refused_with_its_reason(
    crawled: tuple[Database, Server, Path], name: str
) -> None:
    """The first page has its outcome and sentence, and a refused host never saw a request for it."""
    db, server, _ = crawled
    query = "SELECT outcome, sentence FROM pages WHERE url = ?"
    ((outcome, sentence),) = db.execute(query, [server.url(name)]).fetchall()
    assert outcome == HOSTS[name].outcome
    assert HOSTS[name].said in sentence
    asked = "/" in server.paths(name)
    assert asked == (outcome == PageOutcome.LISTING)


def test_nothing_but_the_named_address_was_connected_to(crawled: tuple[Database, Server, Path]) -> None:
    """Every answer came from 127.0.0.1; the crawl's process would have died at any other connection."""
    db, server, _ = crawled
    addresses = {row[0] for row in db.execute("SELECT DISTINCT address FROM fetches WHERE address <> ''")}
    assert addresses == {"127.0.0.1"}
    assert not server.paths(ways.OTHER)
