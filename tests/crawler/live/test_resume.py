"""A repeated or resumed live crawl sends no unnecessary request."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from crawler.evidence.verify import verify
from crawler.evidence.warc_records import body_of
from crawler.live.crawl import plan
from fixtures.builders import store as build
from fixtures.misbehaving.answers import html
from fixtures.misbehaving.server import LOOPBACK, serving
from scheduler.maintenance.upkeep import purge
from scheduler.settings import MaintenanceSettings
from store.crawl.evidence import chain_of, evidence_folder, record_evidence
from store.crawl.runs import list_runs
from store.database import open_database
from store.model import RunOutcome
from store.review.listings import evidence_of
from tests.cli.calls import call_process
from tests.crawler.crawls import NOW, Job, crawl_all
from tests.crawler.killing import kill_when, rows_in
from tests.crawler.live.shop import HOST, Shop
from tests.crawler.live.sources import everywhere, live, permit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.misbehaving.server import Answer, Server
    from store.model import Run

pytestmark = pytest.mark.process

ROBOTS = "User-agent: *\nCrawl-delay: 0.01\nDisallow: /private/"
TABLE = """
[sources.shop]
name = "Shop"
live = true
start = ["http://127.0.0.1:{port}/"]

[sources.shop.permission]
basis = "own_site"
reference = "Ticket 7"
approved_by = "the tests"
valid_from = 2020-01-01
valid_until = 2099-12-31
scope = ["http://127.0.0.1:{port}/"]
contact = "https://tests.example/monitor"
seconds_between_requests = 0.01
private_addresses = ["127.0.0.1"]

[sources.shop.limits]
seconds_between_requests = 0.01
"""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on this machine."""
    with serving() as playing:
        yield playing


def crawl_on(server: Server, database: Path, shop: Shop, day: int) -> tuple[Run, list[str]]:
    """Crawl a shop on some day; return the run and what was asked for in it."""
    server.hosts[HOST] = shop.play
    server.asked.clear()
    source = live(server.url(HOST), permission=permit(server.url(HOST)))
    now = NOW + timedelta(days=day)
    (run,) = crawl_all([Job(database=database, declared=source, names=everywhere(HOST), now=now)])
    return run, server.paths(HOST)


def query(database: Path, statement: str) -> list[tuple[Any, ...]]:
    """Return what the store says."""
    with closing(open_database(database)) as db:
        return [tuple(row) for row in db.execute(statement)]


@pytest.mark.parametrize("marks", [True, False], ids=["with marks", "without marks"])
def test_an_unchanged_shop_is_not_read_again(server: Server, tmp_path: Path, *, marks: bool) -> None:
    """By ETag where it gives one, else by the hash of what came; the evidence repeats, and verifies."""
    database, shop = tmp_path / "store.db", Shop(marks=marks)
    first, _ = crawl_on(server, database, shop, 0)
    again, asked = crawl_on(server, database, shop, 1)
    assert (first.counts["new"], again.counts["new"], again.counts["changed"]) == (12, 0, 0)
    assert again.counts["unchanged"] == 12
    assert len(asked) == 1 + 2 + 12
    outcomes = dict(query(database, "SELECT outcome, count(*) FROM fetches WHERE run_id = 2 GROUP BY 1"))
    assert outcomes == ({"not_modified": 14, "fetched": 1} if marks else {"fetched": 15})
    kinds = dict(
        query(database, "SELECT record_type, count(*) FROM evidence_records WHERE run_id = 2 GROUP BY 1")
    )
    assert kinds["revisit"] == 14
    crawl_on(server, database, shop, 2)
    statement = "SELECT count(*) FROM evidence_records WHERE run_id = 3 AND record_type = 'revisit'"
    assert query(database, statement) == [(14,)]
    with closing(open_database(database)) as db:
        assert verify(db, evidence_folder(database)).pages == 42
        last = max(row[0] for row in db.execute("SELECT page_id FROM page_evidence"))
        assert [each.record_type for each in evidence_of(db, last)] == ["revisit", "response"]


def test_a_revisit_of_a_revisit_leads_to_the_payload(server: Server, tmp_path: Path) -> None:
    """A store in which a record repeats one that repeats another, as written before, verifies and exports."""
    database, shop = tmp_path / "store.db", Shop(marks=True)
    for day in range(3):
        crawl_on(server, database, shop, day)
    with closing(open_database(database)) as db:
        third = query(database, "SELECT max(page_id) FROM page_evidence")[0][0]
        record, original = evidence_of(db, third)
        second = query(
            database,
            f"SELECT record_id FROM evidence_records WHERE run_id = 2 AND repeats = '{original.record_id}'",
        )[0][0]
        chained = replace(record, record_id=record.record_id[::-1], repeats=second)
        record_evidence(db, [chained])
        assert [each.record_id for each in chain_of(db, chained)] == [
            chained.record_id, second, original.record_id,
        ]  # fmt: skip
        body = body_of(db, evidence_folder(database), chained.record_id)
        assert hashlib.sha256(body).hexdigest() == original.payload_sha256
        lost = replace(chained, repeats="nowhere")
        assert chain_of(db, lost) == [lost]


@pytest.mark.parametrize("marks", [True, False], ids=["with marks", "without marks"])
def test_a_page_whose_bytes_were_purged_is_kept_again(server: Server, tmp_path: Path, *, marks: bool) -> None:
    """The request is unconditional, because no stored bytes could be repeated."""
    database, shop = tmp_path / "store.db", Shop(marks=marks)
    crawl_on(server, database, shop, 0)
    with closing(open_database(database)) as db:  # what was not scored yet, or flagged, is not purged
        build.use(db)
        build.score_all(db, 0.1)
    (gone,) = purge(
        database, MaintenanceSettings(evidence_days=30), by="ada", now=NOW + timedelta(days=365)
    ).evidence
    run, _ = crawl_on(server, database, shop, 1)
    assert not [each for each in server.asked if "If-None-Match" in each.headers]
    assert run.counts["unchanged"] == 12
    kinds = dict(
        query(database, "SELECT record_type, count(*) FROM evidence_records WHERE run_id = 2 GROUP BY 1")
    )
    assert kinds == {"response": 15}
    with closing(open_database(database)) as db:
        done = verify(db, evidence_folder(database))
        assert (done.files, done.purged, done.pages) == (1, 1, 14)
        assert not (evidence_folder(database) / gone.file).exists()


def test_gone_blocked_and_layout_changed_are_told_apart(server: Server, tmp_path: Path) -> None:
    """A listing that nothing links to any more is asked for until it is gone, and then no more."""
    database, shop = tmp_path / "store.db", Shop()
    crawl_on(server, database, shop, 0)
    strange = {
        "/item/chair-4": (html("Shop", "<h1>Welcome</h1><p>Our new look.</p>"), 200),
        "/item/chair-5": (html("Just a moment...", "Checking your browser"), 403),
        "/item/chair-6": (html("Oops", "Back soon"), 503),
    }

    def differ(answer: Any) -> bool:
        if answer.path in strange:
            body, status = strange[answer.path]
            answer.give(body, status)
        return answer.path in strange

    shop.unlisted, shop.gone, shop.before = {"chair 1", "chair 2"}, {"chair 2", "chair 3"}, differ
    _, asked = crawl_on(server, database, shop, 1)
    statement = "SELECT url, outcome FROM pages WHERE run_id = 2 AND url LIKE '%item%'"
    outcomes = {url.rpartition("-")[2]: outcome for url, outcome in query(database, statement)}
    assert [outcomes[each] for each in "123456"] == [
        "listing", "gone", "gone", "layout_changed", "blocked", "unreachable",
    ]  # fmt: skip
    assert Counter(asked).most_common(1)[0][1] == 1
    _, asked = crawl_on(server, database, shop, 2)
    assert "/item/chair-1" in asked, "it stands still, though nothing links to it"
    assert "/item/chair-2" not in asked, "it is known to be gone"
    assert "/item/chair-3" in asked, "a list names it"
    assert {"/item/chair-5", "/item/chair-6"} <= set(asked), "refusals and failures say nothing of a listing"


def test_a_plan_tells_what_is_known_and_what_robots_txt_said(server: Server, tmp_path: Path) -> None:
    """Without a request: how many pages are known, each standing listing, and the robots.txt as kept."""
    database, shop = (
        tmp_path / "store.db",
        Shop(robots=ROBOTS),
    )
    crawl_on(server, database, shop, 0)
    server.asked.clear()
    urls = (server.url(HOST), server.url(HOST, "/private/"))
    made = plan(database, live(*urls, permission=permit(server.url(HOST))), NOW)
    assert (made.refusal, made.known, len(made.standing)) == ("", 14, 12)
    (said,) = made.robots
    assert said == (
        f"{urls[0]}robots.txt, read on 2026-11-24 09:00 UTC (HTTP 200), forbids {urls[1]} and asks for "
        "0.01 s between requests"
    )
    assert not server.asked


def test_a_killed_crawl_goes_on_without_asking_again(server: Server, tmp_path: Path) -> None:
    """SIGKILL twice: what was recorded is not asked for again, and the store ends as undisturbed."""
    shop = Shop(goods=[f"chair {number}" for number in range(60)])
    server.hosts[LOOPBACK] = shop.play
    (tmp_path / "sources.toml").write_text(TABLE.format(port=server.port), "utf-8")
    disturbed, undisturbed = tmp_path / "killed.db", tmp_path / "whole.db"
    recorded: set[str] = set()
    for pages in (8, 30):
        kill_when(rows_in(disturbed, "pages", pages), *_command(tmp_path, disturbed))
        recorded = {row[0] for row in query(disturbed, "SELECT url FROM pages")}
        with closing(open_database(disturbed)) as db:
            assert verify(db, evidence_folder(disturbed)).unsealed == 1
    server.asked.clear()
    assert call_process(*_command(tmp_path, disturbed)).exit_code == 0
    asked = {server.url(LOOPBACK, path) for path in server.paths(LOOPBACK)}
    assert not asked & recorded
    assert call_process(*_command(tmp_path, undisturbed)).exit_code == 0
    for statement in (
        "SELECT url, outcome, sentence, payload_sha256 FROM pages ORDER BY url",
        "SELECT listing_id, title, price_text, content_hash FROM sightings ORDER BY listing_id",
    ):
        assert query(disturbed, statement) == query(undisturbed, statement)
    with closing(open_database(disturbed)) as db:
        (run,) = list_runs(db)
        assert (run.outcome, run.attempts) == (RunOutcome.DONE, 3)
        assert verify(db, evidence_folder(disturbed)).unsealed == 0


def test_a_crawl_killed_right_after_a_redirect_gets_the_page_behind_it(
    server: Server, tmp_path: Path
) -> None:
    """The redirect is in the store, the page is not: it is asked for again, and only it."""
    shop, is_held = Shop(goods=[f"chair {number}" for number in range(6)]), threading.Event()

    def lead_on(answer: Answer) -> bool:
        if answer.path == "/item/chair-2":
            answer.give(b"", 302, Location="/really/chair-2")
        elif answer.path == "/really/chair-2":
            if not is_held.is_set():
                is_held.wait(60)
                raise ConnectionError
            answer.give(html("chair 2", "<h1>chair 2</h1><p class=price>7 EUR</p><p>Well kept.</p>"))
        return "chair-2" in answer.path

    shop.before = lead_on
    server.hosts[LOOPBACK] = shop.play
    (tmp_path / "sources.toml").write_text(TABLE.format(port=server.port), "utf-8")
    database = tmp_path / "killed.db"
    kill_when(rows_in(database, "fetches WHERE outcome = 'redirected'", 1), *_command(tmp_path, database))
    is_held.set()
    recorded = {row[0] for row in query(database, "SELECT url FROM pages")}
    assert server.url(LOOPBACK, "/really/chair-2") not in recorded
    server.asked.clear()
    assert call_process(*_command(tmp_path, database)).exit_code == 0
    asked = {server.url(LOOPBACK, path) for path in server.paths(LOOPBACK)}
    assert not asked & recorded
    listings = "SELECT count(DISTINCT url) FROM pages WHERE outcome = 'listing'"
    assert query(database, listings) == [(6,)]
    with closing(open_database(database)) as db:
        (run,) = list_runs(db)
    assert (run.outcome, run.attempts) == (RunOutcome.DONE, 2)


def _command(folder: Path, database: Path) -> tuple[object, ...]:
    return ("crawl", "--db", database, "--sources", folder / "sources.toml")
