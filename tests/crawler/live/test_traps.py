"""A site without an end is abandoned when it yields nothing new, and all its items are found."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from crawler.live.gate import Frontier, kind_of, looks_endless, without_session
from crawler.live.scope import Scope
from fixtures.misbehaving.server import serving
from fixtures.misbehaving.traps import GOODS, TRAPS, play
from store.database import open_database
from tests.crawler.crawls import Job, crawl_all
from tests.crawler.live.sources import everywhere, live, permit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.misbehaving.server import Server
    from store.database import Database

pytestmark = pytest.mark.process

BARREN = 10
HOME = "http://shop.example/"


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Server]]:
    """A store into which every trap was crawled, each as a source of its own."""
    database = tmp_path_factory.mktemp("traps") / "store.db"
    with serving() as server:
        server.hosts |= dict.fromkeys(TRAPS, play)
        jobs = [
            Job(
                database=database,
                declared=live(
                    server.url(host),
                    permission=permit(server.url(host)),
                    source_id=host.partition(".")[0],
                    limits={"barren_pages": BARREN},
                ),
                names=everywhere(host),
            )
            for host in TRAPS
        ]
        crawl_all(jobs)
        with closing(open_database(database)) as db:
            yield db, server


@pytest.mark.parametrize("host", TRAPS)
def test_a_trap_is_left_and_its_goods_are_found(crawled: tuple[Database, Server], host: str) -> None:
    """A trap costs some hundred requests, and the end has a row with a sentence."""
    db, server = crawled
    source = host.partition(".")[0]
    query = """
        SELECT count(DISTINCT title) FROM sightings JOIN pages USING (page_id)
        WHERE source_id = ? AND outcome = 'listing' AND title LIKE '%chair'
    """
    assert db.execute(query, [source]).fetchone()[0] == GOODS
    assert len(server.paths(host)) < 20 * BARREN
    query = """
        SELECT sentence FROM fetches JOIN runs USING (run_id)
        WHERE source_id = ? AND fetches.outcome = 'refused'
    """
    said = [row[0] for row in db.execute(query, [source])]
    assert all("led to nothing new." in sentence for sentence in said)
    assert bool(said) == (host != "sessions.example"), "session ids that are known are left out beforehand"


def test_a_page_behind_a_session_id_is_asked_for_once(crawled: tuple[Database, Server]) -> None:
    """The parameter names the visit and not the page, so it is not sent."""
    _, server = crawled
    paths = server.paths("sessions.example")
    assert len(paths) == len(set(paths))
    assert not any("PHPSESSID" in path for path in paths)


def test_a_kind_of_page_that_brings_news_again_is_gone_on_with() -> None:
    """The count begins anew with every page that says what none before it said."""
    cut: list[str] = []
    frontier = Frontier(Scope([HOME]), barren_pages=3, on_cut=lambda url, _: cut.append(url))
    for number in range(9):
        (url,) = frontier.admit([f"{HOME}list/{number}"])
        frontier.found(url, [f"chair {number}"] if number % 3 == 2 else [])
    assert not cut
    for number in range(9, 12):
        (url,) = frontier.admit([f"{HOME}list/{number}"])
        frontier.found(url, ["chair 2"])
    assert not list(frontier.admit([f"{HOME}list/12", f"{HOME}list/13"]))
    assert cut == [f"{HOME}list/12"]
    assert list(frontier.admit([f"{HOME}item/1"]))


def test_news_counts_for_the_pages_that_led_to_it() -> None:
    """Lists that show nothing by themselves are gone on with while their goods are new."""
    frontier = Frontier(Scope([HOME]), barren_pages=3, on_cut=lambda *_: None)
    for number in range(9):
        (page,) = frontier.admit([f"{HOME}list/{number}"])
        frontier.found(page, [])
        (item,) = frontier.admit([f"{HOME}item/{number}"], from_url=page)
        frontier.found(item, [f"chair {number}"])
    assert frontier.is_open(f"{HOME}list/9")


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("https://a.example/x;jsessionid=AB12?p=2", "https://a.example/x?p=2"),
        ("https://a.example/x?PHPSESSID=1&p=2&utm_source=m", "https://a.example/x?p=2"),
        ("https://a.example/x?p=2#top", "https://a.example/x?p=2"),
        ("https://a.example/x?a=%E6%A4%85&b=椅", "https://a.example/x?a=%E6%A4%85&b=%E6%A4%85"),
    ],
)
def test_an_address_is_asked_for_without_its_session(url: str, bare: str) -> None:
    """Everything else stays as the page wrote it."""
    assert without_session(url) == bare


def test_an_address_that_grows_by_itself_is_told() -> None:
    """By its length, or by a part that comes again and again."""
    assert looks_endless(HOME + "x/y/x/y/x/y/x/y")
    assert looks_endless(HOME + "x" * 2_100)
    assert not looks_endless(HOME + "shop/chairs/oak/2")
    assert not looks_endless(HOME + "2026/11/26/11")


def test_pages_of_one_form_are_of_one_kind() -> None:
    """Numbers and the values of parameters make no difference; names and depth do."""
    assert kind_of(HOME + "c/1?p=2") == kind_of(HOME + "c/7?p=9") != kind_of(HOME + "c/1/2?p=2")
    assert kind_of(HOME + "c1/1") == kind_of(HOME + "c22/1") != kind_of(HOME + "d1/1")
