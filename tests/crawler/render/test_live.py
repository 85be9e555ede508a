"""Live pages drawn in Chromium: each request under the permission, what was drawn as evidence."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from crawler.evidence.verify import verify
from crawler.evidence.warc_records import body_of
from crawler.live.permission import user_agent
from crawler.render import Rendering
from fixtures.misbehaving.drawn import API, SHOP, STATIC, TRACKER, inline, play_shop, play_static
from fixtures.misbehaving.server import serving
from store.crawl.evidence import evidence_folder, get_record
from store.crawl.pages import drawing_of
from store.database import open_database
from store.review.listings import evidence_of
from tests.crawler.crawls import Job, crawl_all
from tests.crawler.live.sources import everywhere, live, permit

if TYPE_CHECKING:
    from pathlib import Path

    from fixtures.misbehaving.server import Server
    from store.database import Database

pytestmark = pytest.mark.browser
PNG = b"\x89PNG"


def draw(folder: Path, server: Server, *paths: str, rendering: Rendering, **changes: Any) -> Path:
    """Crawl paths of the shop with drawing, and return the store."""
    server.hosts.setdefault(SHOP, play_shop)
    server.hosts.setdefault(STATIC, play_static)
    permission = permit(
        server.url(SHOP), asset_hosts=(server.url(STATIC), server.url(API)), **changes
    )  # fmt: skip
    source = live(*(server.url(SHOP, path) for path in paths), permission=permission)
    database = folder / "store.db"
    names = everywhere(SHOP, STATIC, API, TRACKER)
    crawl_all([Job(database=database, declared=replace(source, rendering=rendering), names=names)])
    return database


def pages_of(db: Database) -> dict[str, dict[str, Any]]:
    """Return the pages by path."""
    query = "SELECT page_id, url, outcome, sentence, payload_sha256 FROM pages ORDER BY page_id"
    return {"/" + row["url"].split("/", 3)[3]: dict(row) for row in db.execute(query)}


def titles(db: Database) -> list[tuple[str, str]]:
    """Return title and price of each listing seen."""
    query = "SELECT title, price_text FROM sightings ORDER BY sighting_id"
    return [(row[0], row[1]) for row in db.execute(query)]


def test_page_drawn_by_script_is_read_and_kept_as_evidence(tmp_path: Path) -> None:
    """The listing comes from the drawn document; document, screenshot and all answers are verified."""
    with serving() as server:
        database = draw(tmp_path, server, "/item/1", rendering=Rendering())
        with closing(open_database(database)) as db:
            assert titles(db) == [("Toluene, 200 l drum", "410.50 EUR")]
            (page,) = pages_of(db).values()
            assert page["outcome"] == "listing"
            assert "Drawn with Chromium" in page["sentence"]
            drawing = drawing_of(db, page["page_id"])
            assert drawing is not None
            assert drawing.requests == 2
            assert {"title", "price_text", "description"} <= set(drawing.boxes)
            folder = evidence_folder(database)
            assert body_of(db, folder, drawing.view_record_id).startswith(PNG)
            assert b"<h1>" not in body_of(db, folder, drawing.plain_record_id or "")
            record = get_record(db, drawing.view_record_id)
            assert record is not None
            assert record.url == f"urn:view:{server.url(SHOP, '/item/1')}"
            kept = {each.url for each in evidence_of(db, page["page_id"])}  # what an export holds
            assert kept == {each + server.url(SHOP, "/item/1") for each in ("", "urn:view:", "urn:document:")}
            checked = verify(db, folder)
            assert checked.pages == 1
            asked = {row["url"]: row["outcome"] for row in db.execute("SELECT url, outcome FROM fetches")}
            assert asked[server.url(STATIC, "/app.js")] == "fetched"
            assert asked[server.url(SHOP, "/api/item/1")] == "fetched"
        assert server.paths(SHOP) == ["/robots.txt", "/item/1", "/api/item/1"]
        assert server.paths(STATIC) == ["/robots.txt", "/app.js"]
        agents = {each.headers["User-Agent"] for each in server.asked}
        assert agents == {user_agent(permit("x"))}
        assert not any("Cookie" in each.headers or "Referer" in each.headers for each in server.asked)


def test_only_pages_without_what_a_listing_needs_are_drawn(tmp_path: Path) -> None:
    """A page that reads well as it came is not drawn, unless the source demands it."""
    with serving() as server:
        needed = draw(tmp_path, server, "/plain", rendering=Rendering())
        always = draw(tmp_path / "always", server, "/plain", rendering=Rendering(when="always"))
        for database, count in ((needed, 0), (always, 1)):
            with closing(open_database(database)) as db:
                assert titles(db) == [("Lamp", "5.00 EUR")]
                assert db.execute("SELECT count(*) FROM page_drawings").fetchone()[0] == count


LEAKING = """
document.getElementById("root").innerHTML = "<h1>Oak chair</h1><p class=price>12.50 EUR</p><p>Well kept.</p>"
  + "<img src='http://tracker.example:PORT/pixel.gif'><iframe src='http://tracker.example:PORT/frame'></iframe>";
const far = "http://tracker.example:PORT";
fetch(far + "/fetch").catch(() => 0);
fetch("http://127.0.0.1:PORT/near").catch(() => 0);
fetch("/write", {method: "POST", body: "x"}).catch(() => 0);
navigator.sendBeacon(far + "/beacon", "x");
navigator.serviceWorker && navigator.serviceWorker.register("/worker.js").catch(() => 0);
new WebSocket("ws://tracker.example:PORT/socket");
new WebSocket("ws://127.0.0.1:PORT/socket");
new EventSource("/events");
new Worker(URL.createObjectURL(new Blob([`fetch("${far}/worker")`])));
for (const rel of ["prefetch", "preconnect", "dns-prefetch", "preload", "prerender"]) {
  const link = document.createElement("link");
  Object.assign(link, {rel, href: far + "/" + rel, as: "script"});
  document.head.append(link);
}
const peer = new RTCPeerConnection({iceServers: [{urls: "stun:127.0.0.1:PORT"}]});
peer.createDataChannel("x");
peer.createOffer().then((offer) => peer.setLocalDescription(offer));
window.open(far + "/window");
const anchor = document.createElement("a");
Object.assign(anchor, {href: "/download", download: "x.bin"});
document.body.append(anchor);
anchor.click();
navigator.geolocation.getCurrentPosition(() => { document.body.append("it is " + "located"); }, () => 0);
setTimeout(() => { alert("stop"); confirm("stop"); location.href = "/elsewhere"; }, 100);
"""


def test_page_reaches_nothing_outside_the_permission(tmp_path: Path) -> None:
    """Neither a request nor a packet leaves for another host, and nothing is written to the site."""
    with serving() as server:
        script = LEAKING.replace("PORT", str(server.port))
        server.hosts[SHOP] = lambda answer: (
            answer.give(inline(script)) if answer.path == "/leak" else answer.give(b"", 404)
        )
        database = draw(tmp_path, server, "/leak", rendering=Rendering(when="always", images=True))
        assert {each.host for each in server.asked} == {SHOP}
        # Where the page tried to go lies in the scope, so the crawl requests it by itself, as it does links.
        assert set(server.paths(SHOP)) <= {"/robots.txt", "/leak", "/elsewhere", "/download"}
        with closing(open_database(database)) as db:
            page = pages_of(db)["/leak"]
            assert page["outcome"] == "listing"
            drawing = drawing_of(db, page["page_id"])
            assert drawing is not None
            assert drawing.refused >= 8
            assert drawing.requests == 0
            refused = [row[0] for row in db.execute("SELECT url FROM fetches WHERE outcome = 'refused'")]
            assert server.url(TRACKER, "/fetch") in refused
            html = body_of(db, evidence_folder(database), _record_of(db, page["page_id"])).decode()
            assert "it is located" not in html


def _record_of(db: Database, page_id: int) -> str:
    query = "SELECT record_id FROM page_evidence WHERE page_id = ?"
    return str(db.execute(query, [page_id]).fetchone()[0])


def test_list_is_clicked_through_within_its_bound(tmp_path: Path) -> None:
    """Each click on the declared button is a page of its own, with its own document and picture."""
    with serving() as server:
        rendering = Rendering(when="always", click="#next", clicks=2)
        database = draw(tmp_path, server, "/list", rendering=rendering)
        with closing(open_database(database)) as db:
            drawn = [path for path in pages_of(db) if path.startswith("/list")]
            assert drawn == ["/list", "/list#drawn-2", "/list#drawn-3"]
            assert {title for title, _ in titles(db)} == {f"Drum of solvent {each}" for each in range(12)}
            verify(db, evidence_folder(database))


def test_growing_list_is_scrolled_within_its_bound(tmp_path: Path) -> None:
    """A list that grows without end is scrolled as often as declared."""
    with serving() as server:
        database = draw(tmp_path, server, "/growing", rendering=Rendering(when="always", scrolls=2))
        with closing(open_database(database)) as db:
            count = db.execute("SELECT count(*) FROM sightings").fetchone()[0]
            assert 8 <= count <= 24


def test_answers_are_asked_for_once_and_at_the_permitted_rate(tmp_path: Path) -> None:
    """Two pages with one script ask for it once; the requests of a page keep the pause between requests."""
    with serving() as server:
        draw(
            tmp_path,
            server,
            "/item/1",
            "/item/2",
            rendering=Rendering(),
            seconds_between_requests=0.3,
            at_once=1,
        )
        assert server.paths(STATIC) == ["/robots.txt", "/app.js"]
        times = [each.at for each in server.asked if each.host == SHOP]
        assert min(later - earlier for earlier, later in pairwise(times)) > 0.25


def test_budget_that_ends_within_a_page_leaves_the_page_to_the_next_run(tmp_path: Path) -> None:
    """A page whose requests the budget refuses is not recorded as read."""
    with serving() as server:
        database = draw(tmp_path, server, "/item/1", rendering=Rendering(), max_pages=2)
        with closing(open_database(database)) as db:
            assert pages_of(db) == {}
            run = db.execute("SELECT outcome, sentence FROM run_log").fetchone()
            assert (run["outcome"], "budget of 2 requests" in run["sentence"]) == ("done", True)


def test_drawn_page_is_drawn_again_by_the_next_crawl(tmp_path: Path) -> None:
    """Nobody asks whether the plain response of a drawn page has changed: its data may have."""
    with serving() as server:
        for _ in range(2):
            database = draw(tmp_path, server, "/item/1", rendering=Rendering())
        assert server.paths(SHOP).count("/api/item/1") == 2
        with closing(open_database(database)) as db:
            changes = [row[0] for row in db.execute("SELECT change FROM page_listings ORDER BY page_id")]
            assert changes == ["new", "unchanged"]
            hashes = {row[0] for row in db.execute("SELECT payload_sha256 FROM pages")}
            assert hashes != {hashlib.sha256(b"").hexdigest()}
            verify(db, evidence_folder(database))
