"""Every page of a misbehaving site gets an outcome and a sentence, in bounded time and memory."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from crawler.evidence.verify import verify
from fixtures.misbehaving import ways as bad
from fixtures.misbehaving.answers import give
from fixtures.misbehaving.server import serving
from store.crawl.evidence import evidence_folder
from store.database import open_database
from tests.crawler.crawls import Job, crawl_all
from tests.crawler.live.sources import everywhere, live, permit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.misbehaving.server import Server
    from store.database import Database

pytestmark = pytest.mark.process

FORBIDDEN = "/private/list"


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Server, Path]]:
    """A store into which the misbehaving site was crawled, all of its ways in one crawl."""
    database = tmp_path_factory.mktemp("misbehaving") / "store.db"
    with serving() as server:
        server.hosts[bad.HOST] = bad.play
        server.hosts[bad.OTHER] = give()
        paths = [*bad.WAYS, *bad.LED_AWAY, FORBIDDEN]
        source = live(
            *(server.url(bad.HOST, path) for path in paths),
            permission=permit(server.url(bad.HOST), at_once=8),
            limits={
                "timeout_s": bad.TIMEOUT_S,
                "max_page_bytes": bad.LIMIT,
                "blocked_in_a_row": 99,
                "at_once": 8,
            },
        )
        crawl_all([Job(database=database, declared=source, names=everywhere(bad.HOST, bad.OTHER))])
        with closing(open_database(database)) as db:
            yield db, server, database


def test_the_table_has_at_least_forty_ways() -> None:
    """One crawl meets at least forty bad inputs."""
    assert len(bad.WAYS) + len(bad.LED_AWAY) >= 40


@pytest.mark.parametrize("path", bad.WAYS)
def test_a_bad_page_has_its_outcome_and_says_why(crawled: tuple[Database, Server, Path], path: str) -> None:
    """The outcome tells gone, blocked, cut, too large and unreachable apart."""
    db, server, _ = crawled
    query = "SELECT outcome, sentence FROM pages WHERE url = ?"
    rows = [tuple(row) for row in db.execute(query, [server.url(bad.HOST, path)])]
    assert len(rows) == 1
    assert rows[0][0] == bad.WAYS[path].outcome
    assert bad.WAYS[path].said in rows[0][1]


@pytest.mark.parametrize("path", bad.LED_AWAY)
def test_a_redirect_out_of_the_permission_is_not_followed(
    crawled: tuple[Database, Server, Path], path: str
) -> None:
    """The redirect has a row with its target and the reason, and the target gets no request."""
    db, server, _ = crawled
    to, said = bad.LED_AWAY[path]
    query = "SELECT outcome, sentence FROM fetches WHERE url = ?"
    (redirect,) = db.execute(query, [server.url(bad.HOST, path)]).fetchall()
    assert tuple(redirect) == ("redirected", f"To {to.format(port=server.port)}")
    query = "SELECT outcome, sentence FROM pages WHERE url = ?"
    (page,) = db.execute(query, [server.url(bad.HOST, path)]).fetchall()
    assert page["outcome"] == "refused"
    assert page["sentence"].startswith("It redirects to ")
    assert said in page["sentence"]
    assert not server.paths(bad.OTHER)
    assert not server.paths("127.0.0.1")


def test_what_robots_txt_forbids_is_not_asked_for(crawled: tuple[Database, Server, Path]) -> None:
    """The refusal is a page and a fetch, each with the sentence; the server never saw the request."""
    db, server, _ = crawled
    url = server.url(bad.HOST, FORBIDDEN)
    for table in ("pages", "fetches"):
        row = db.execute(f"SELECT outcome, sentence FROM {table} WHERE url = ?", [url]).fetchone()
        assert tuple(row) == ("refused", "It was not requested: the site's robots.txt forbids it.")
    assert FORBIDDEN not in server.paths(bad.HOST)


def test_every_request_has_a_row_with_its_permission(crawled: tuple[Database, Server, Path]) -> None:
    """The requests that the server saw equal the stored ones, all under the one permission."""
    db, server, _ = crawled
    sent = db.execute("SELECT url FROM fetches WHERE outcome <> 'refused'").fetchall()
    assert sorted(row[0] for row in sent) == sorted(
        server.url(bad.HOST, path) for path in server.paths(bad.HOST)
    )
    assert db.execute("SELECT count(DISTINCT permission_id) FROM fetches").fetchone()[0] == 1
    assert db.execute("SELECT count(*) FROM fetches WHERE permission_id IS NULL").fetchone()[0] == 0


def test_every_request_says_who_asks(crawled: tuple[Database, Server, Path]) -> None:
    """The user agent names the product and the contact; no cookie, no referrer."""
    _, server, _ = crawled
    for asked in server.asked:
        assert asked.headers["User-Agent"].endswith("(+https://tests.example/monitor)")
        assert not {"Cookie", "Referer", "Authorization"} & set(asked.headers)


def test_the_evidence_of_it_all_matches(crawled: tuple[Database, Server, Path]) -> None:
    """Bombs, cut bodies and refusals are kept as they came, and verify."""
    db, _, database = crawled
    assert verify(db, evidence_folder(database)).records > len(bad.WAYS) / 2
