"""Pages that harm the browser: each is one outcome, and the crawl goes on."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import psutil
import pytest

from crawler.archives import open_archive
from crawler.render import Rendering
from crawler.render.pages import ArchiveAnswers, PageDrawer
from crawler.run.crawled_page import CrawledPage
from crawler.workers.page_parser import PageJob, parse_here
from fixtures.misbehaving.answers import PAGE
from fixtures.misbehaving.drawn import SHOP, inline
from fixtures.misbehaving.server import serving
from store.database import open_database
from tests.crawler.render.test_live import draw, pages_of, titles

if TYPE_CHECKING:
    from pathlib import Path

    from fixtures.misbehaving.server import Answer

pytestmark = pytest.mark.browser
SCRIPTS = {
    "/loop": "for (;;) {}",
    "/later-loop": "setTimeout(() => { for (;;) {} }, 200);",
    "/swell": "const kept = []; setInterval(() => { kept.push(new Uint8Array(5e7).fill(kept.length)); }, 5);",
    "/nodes": "setInterval(() => { for (let n = 0; n < 2e4; n++) root.append(n + ' '.repeat(999)); }, 1);",
    "/polling": "setInterval(() => fetch('/data?' + Math.random()).catch(() => 0), 20);",
    "/reload": "setInterval(() => location.reload(), 50);",
    "/dialogs": "setInterval(() => { alert(1); }, 20); onbeforeunload = () => 'stay';",
    "/kill": "fetch('/kill-browser').catch(() => 0);",
}
GOOD = "root.innerHTML = '<h1>Oak chair</h1><p class=price>12.50 EUR</p><p>Kept in a dry room.</p>';"


def kill_browsers() -> None:
    """Kill the browsers that belong to this test's crawl."""
    for process in psutil.Process().children(recursive=True):
        if any(each.startswith("--precursor-watch=") for each in process.cmdline()):
            process.kill()


def play(answer: Answer) -> None:
    """Answer with a page whose script does harm, or with a good one."""
    if answer.path == "/kill-browser":
        kill_browsers()
        answer.give(b"")
    elif answer.path.startswith("/data"):
        answer.give(b"{}", content_type="application/json")
    elif answer.path in SCRIPTS:
        answer.give(inline(SCRIPTS[answer.path]))
    elif answer.path == "/good":
        answer.give(inline(GOOD))
    elif answer.path == "/robots.txt":
        answer.give(b"", 404)
    else:
        answer.give(PAGE)


RENDERING = Rendering(seconds=4, memory_mb=700, max_requests=10)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/loop", "took more than 4 seconds"),
        ("/later-loop", "took more than 4 seconds"),
        ("/swell", "needed more than 700 MB"),
        ("/nodes", ""),
        ("/kill", "crashed"),
    ],
)
def test_page_that_harms_the_browser_is_an_outcome_and_the_crawl_goes_on(
    path: str, said: str, tmp_path: Path
) -> None:
    """The page is unreadable with the reason; the next page is drawn by a browser that is whole."""
    with serving() as server:
        server.hosts[SHOP] = play
        database = draw(tmp_path, server, path, "/good", rendering=RENDERING)
        with closing(open_database(database)) as db:
            pages = pages_of(db)
            assert pages[path]["outcome"] == "unreadable"
            assert said in pages[path]["sentence"]
            assert titles(db) == [("Oak chair", "12.50 EUR")]
            assert db.execute("SELECT outcome FROM run_log").fetchone()[0] == "done"


def test_page_that_reloads_without_end_does_not_stop_the_crawl(tmp_path: Path) -> None:
    """The page is given up, or drawn as it stood between two reloads; the next page is drawn."""
    with serving() as server:
        server.hosts[SHOP] = play
        database = draw(tmp_path, server, "/reload", "/good", rendering=RENDERING)
        with closing(open_database(database)) as db:
            assert pages_of(db)["/reload"]["outcome"] in {"unreadable", "not_understood"}
            assert titles(db) == [("Oak chair", "12.50 EUR")]
            assert db.execute("SELECT outcome FROM run_log").fetchone()[0] == "done"


def test_page_that_never_rests_is_drawn_as_it_stands(tmp_path: Path) -> None:
    """Endless requests end at the bound, and dialogs change nothing."""
    with serving() as server:
        server.hosts[SHOP] = play
        draw(tmp_path, server, "/polling", "/dialogs", rendering=replace(RENDERING, seconds=20))
        database = tmp_path / "store.db"
        with closing(open_database(database)) as db:
            pages = pages_of(db)
            assert [pages[path]["outcome"] for path in ("/polling", "/dialogs")] == ["not_understood"] * 2
            assert db.execute("SELECT count(*) FROM page_drawings").fetchone()[0] == 2
        assert sum(path.startswith("/data") for path in server.paths(SHOP)) <= RENDERING.max_requests


def test_without_a_browser_pages_are_read_as_they_came_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without Chromium crawls on."""
    monkeypatch.setenv("PATH", str(tmp_path))
    body = inline(GOOD)
    job = PageJob(url="https://shop.example/1", body=body, status=200, headers={})
    extracted = asyncio.run(parse_here(job))
    plain = CrawledPage(url=job.url, http_status=200, extracted=extracted, body=body)
    with open_archive(tmp_path) as archive:
        drawer = PageDrawer(Rendering(), ArchiveAnswers(archive), parse_here)
        (page,) = asyncio.run(drawer.drawn(plain, job))
    assert page.drawing is None
    assert page.extracted.outcome == "not_understood"
    assert "It was not drawn: Chromium is missing" in page.extracted.sentence
