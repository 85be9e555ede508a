"""Saved pages drawn from their archive alone."""

from __future__ import annotations

import gzip
import io
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from crawler.archives import open_archive
from crawler.evidence.verify import verify
from crawler.evidence.warc_records import body_of
from crawler.render import Rendering
from fixtures.misbehaving.drawn import DRAW, GOODS, item_json, shell
from store.crawl.evidence import evidence_folder
from store.crawl.pages import drawing_of
from store.database import open_database
from tests.crawler.archives.site import Saved, response
from tests.crawler.crawls import crawl, declare

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser
PAGE = "https://shop.example/item/1"
MISSING = "https://far.example/lacking.js"


def warc(path: Path, answers: dict[str, tuple[str, bytes]]) -> Path:
    """Write an archive with one record for each answer."""
    records = [
        gzip.compress(response(Saved(url=url, body=body), headers=f"Content-Type: {media_type}\r\n"))
        for url, (media_type, body) in answers.items()
    ]
    path.write_bytes(b"".join(records))
    return path


def read(database: Path) -> list[tuple[str, str, int, int]]:
    """Return title, price, answered and refused requests of each drawn listing."""
    query = """
        SELECT title, price_text, requests, refused FROM sightings JOIN page_drawings USING (page_id)
        ORDER BY sighting_id
    """
    with closing(open_database(database)) as db:
        return [tuple(row) for row in db.execute(query)]


def test_archive_of_scripts_and_data_is_drawn_without_a_network(tmp_path: Path) -> None:
    """Scripts and data come from the WARC; a request that it lacks fails. What was used is kept again."""
    script = f'fetch("{MISSING}").catch(() => 0);' + DRAW
    archive = warc(
        tmp_path / "shop.warc.gz",
        {
            PAGE: ("text/html", shell("https://static.example/app.js")),
            "https://static.example/app.js": ("text/javascript", script.encode()),
            "https://shop.example/api/item/1": ("application/json", item_json("1")),
        },
    )
    database = tmp_path / "store.db"
    source = replace(declare(archive, start=(PAGE,)), rendering=Rendering())
    crawl(database, source)
    assert read(database) == [(*GOODS["1"], 2, 1)]
    with closing(open_database(database)) as db:
        kept = {row[0] for row in db.execute("SELECT url FROM evidence_records")}
        assert {PAGE, "https://static.example/app.js", f"urn:document:{PAGE}", f"urn:view:{PAGE}"} <= kept
        page_id = db.execute("SELECT page_id FROM page_drawings").fetchone()[0]
        drawing = drawing_of(db, page_id)
        assert drawing is not None
        assert drawing.drawn_with.startswith("Chromium ")
        assert verify(db, evidence_folder(database)).pages == 1


def test_folder_saved_by_a_browser_is_drawn_with_the_files_beside_the_page(tmp_path: Path) -> None:
    """Files without an address are found as they lie beside the page."""
    folder = tmp_path / "saved"
    (folder / "item_files").mkdir(parents=True)
    comment = f"<!-- saved from url=(0027){PAGE} -->".encode()
    (folder / "item.html").write_bytes(comment + shell("./item_files/app.js"))
    script = DRAW.replace('"/api/item/" + location.pathname.split("/").pop()', '"item_files/1.json"')
    (folder / "item_files" / "app.js").write_text(script)
    (folder / "item_files" / "1.json").write_bytes(item_json("1"))
    database = tmp_path / "store.db"
    crawl(database, replace(declare(folder), rendering=Rendering()))
    assert read(database) == [(*GOODS["1"], 2, 0)]


def test_saved_page_is_drawn_with_its_pictures(tmp_path: Path) -> None:
    """The screenshot shows the picture that lies in the folder; the missing one is refused."""
    folder = tmp_path / "saved"
    folder.mkdir()
    comment = f"<!-- saved from url=(0027){PAGE} -->"
    pictures = '<img src="red.png" style="width: 400px; height: 400px"><img src="missing.png">'
    (folder / "item.html").write_text(f"{comment}<h1>Solvent</h1><p>Price: 20 EUR</p>{pictures}", "utf-8")
    Image.new("RGB", (8, 8), (255, 0, 0)).save(folder / "red.png")
    database = tmp_path / "store.db"
    crawl(database, replace(declare(folder), rendering=Rendering(when="always")))
    with closing(open_database(database)) as db:
        (page_id,) = db.execute("SELECT page_id FROM page_drawings").fetchone()
        drawing = drawing_of(db, page_id)
        assert drawing is not None
        assert (drawing.requests, drawing.refused) == (1, 1)
        view = body_of(db, evidence_folder(database), drawing.view_record_id)
    shown = Image.open(io.BytesIO(view)).convert("RGB").getcolors(10**6) or ()
    assert (255, 0, 0) in {colour for _, colour in shown}


def test_archive_opened_without_assets_has_none(tmp_path: Path) -> None:
    """Only an archive that is to be drawn indexes its scripts."""
    script = "https://shop.example/app.js"
    archive = warc(
        tmp_path / "a.warc.gz", {PAGE: ("text/html", shell(script)), script: ("text/javascript", b"1")}
    )
    for has_assets in (False, True):
        with open_archive(archive, has_assets=has_assets) as opened:
            assert (opened.fetch_asset(script, PAGE) is not None) == has_assets
            assert opened.fetch_asset(MISSING, PAGE) is None
