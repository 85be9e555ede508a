"""The page as it looked: screenshots of the crawl, places of fields, and two captures side by side."""

from __future__ import annotations

import hashlib
import io
import re
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageDraw

from classifier.gazetteer.law import Law
from cli.serve import reference_for
from crawler.render import Rendering
from fixtures.builders.login import entered
from fixtures.misbehaving.answers import html
from review.listing.page_view import MAX_PIXELS, difference
from review.web.providers import PageView, Reference
from store.accounts.users import Role
from store.audit.audit import AuditAction, list_entries
from store.database import open_database
from tests.crawler.crawls import NOW, crawl, declare

if TYPE_CHECKING:
    from pathlib import Path

DRAWN = Rendering(when="always")
BEFORE, AFTER = "93.00 EUR", "71.00 EUR"


def page(price: str) -> bytes:
    """Return the page of an item."""
    text = "Technical grade, in closed drums, from a dry store. " * 4
    return html("Acetone", f"<h1>Acetone, 25 kg drum</h1><p class=price>{price}</p><p>{text}</p>")


def crawled(folder: Path, *prices: str, rendering: Rendering | None = DRAWN) -> tuple[Path, str]:
    """Crawl a saved item once for each price, and return the store and the listing's id."""
    database, saved = folder / "store.db", folder / "saved"
    saved.mkdir()
    for day, price in enumerate(prices):
        (saved / "item.html").write_bytes(page(price))
        crawl(database, replace(declare(saved), rendering=rendering), now=NOW + timedelta(days=day))
    with closing(open_database(database)) as db:
        return database, str(db.execute("SELECT listing_id FROM listings").fetchone()[0])


def reference(database: Path) -> Reference:
    """Return the pictures that the command hands to the app."""
    return reference_for(database, Law())


@pytest.mark.browser
def test_screenshot_is_shown_with_its_hash_and_the_place_of_each_field(tmp_path: Path) -> None:
    """The picture comes from our own origin, encoded anew; the view is logged; viewers see nothing."""
    database, listing_id = crawled(tmp_path, BEFORE)
    with entered(database, reference=reference(database)) as client:
        item = client.get(f"/listings/{listing_id}").text
        assert re.search(rf'href="/listings/{listing_id}/view[^"]*#box-1-price_text"', item)
        shown = client.get(f"/listings/{listing_id}/view").text
        assert '<rect class="box" id="box-1-price_text"' in shown
        assert "kept as evidence" in shown
        assert "Drawn with Chromium" in shown
        answer = client.get(f"/listings/{listing_id}/view/1.webp")
        assert answer.headers["Content-Type"] == "image/webp"
        picture = Image.open(io.BytesIO(answer.content))
        assert (picture.format, picture.width) == ("WEBP", 1280)
        assert client.get(f"/listings/{listing_id}/view/99.webp").status_code == 404
        assert "Como se veía" in client.get(
            f"/listings/{listing_id}", headers={"Accept-Language": "es"}
        ).text  # fmt: skip
    with closing(open_database(database)) as db:
        (entry,) = list_entries(db, action=AuditAction.PAGE_VIEWED)
        record = db.execute(
            "SELECT payload_sha256 FROM page_drawings JOIN evidence_records ON record_id = view_record_id"
        ).fetchone()
        assert entry.details["view_sha256"] == record[0]
        assert record[0] in shown
    with entered(database, role=Role.VIEWER, name="vi", reference=reference(database)) as client:
        assert client.get(f"/listings/{listing_id}/view").status_code == 403
        assert client.get(f"/listings/{listing_id}/view/1.webp").status_code == 403
        assert f"{listing_id}/view" not in client.get(f"/listings/{listing_id}").text


@pytest.mark.browser
def test_two_captures_stand_side_by_side_with_the_difference_marked(tmp_path: Path) -> None:
    """Only the price has changed, so the marks lie on its line."""
    database, listing_id = crawled(tmp_path, BEFORE, AFTER)
    with entered(database, reference=reference(database)) as client:
        shown = client.get(f"/listings/{listing_id}/view?page=2&against=1").text
        assert "What differs is marked on both." in shown
        box = re.search(r'id="box-2-price_text" x="-?\d+" y="(\d+)" width="\d+" height="(\d+)"', shown)
        assert box is not None
        top, bottom = int(box[1]), int(box[1]) + int(box[2])
        marks = [int(each) for each in re.findall(r'class="differs" x="\d+" y="(\d+)"', shown)]
        assert marks
        assert all(top - 16 <= each <= bottom for each in marks)
        alike = client.get(f"/listings/{listing_id}/view?page=2&against=2").text
        assert "look alike" not in alike


@pytest.mark.browser
def test_page_that_was_not_drawn_is_drawn_now_without_scripts(tmp_path: Path) -> None:
    """Its picture is no evidence, and says so; the places of its fields are found all the same."""
    database, listing_id = crawled(tmp_path, BEFORE, rendering=None)
    with entered(database, reference=reference(database)) as client:
        shown = client.get(f"/listings/{listing_id}/view").text
        assert "It is not evidence." in shown
        assert 'id="box-1-price_text"' in shown
        said = re.search(r"SHA-256 <code>(\w{64})</code>", shown)
        assert said is not None
        assert client.get(f"/listings/{listing_id}/view/1.webp").status_code == 200


@pytest.mark.browser
def test_picture_that_is_none_is_not_shown(tmp_path: Path) -> None:
    """Neither a damaged picture nor one that is too large is decoded; a missing browser is named."""
    database, listing_id = crawled(tmp_path, BEFORE)
    stream = io.BytesIO()
    Image.new("1", (MAX_PIXELS // 1_000 + 1, 1_000)).save(stream, "PNG")
    gif = io.BytesIO()
    Image.new("RGB", (4, 4)).save(gif, "GIF")
    for bad in (b"", b"\x89PNG\r\n\x1a\n", gif.getvalue(), stream.getvalue()):
        view = PageView(picture=bad, sha256=hashlib.sha256(bad).hexdigest(), why_not="Chromium is missing.")
        with entered(database, reference=Reference(view=lambda *_, view=view: view)) as client:
            assert "Chromium is missing." in client.get(f"/listings/{listing_id}/view").text
            assert client.get(f"/listings/{listing_id}/view/1.webp").status_code == 404


def test_difference_is_marked_in_rows_of_squares() -> None:
    """Equal pictures have no mark; a longer one differs in what is below."""
    one = Image.new("RGB", (160, 64), "white")
    other = one.copy()
    assert difference(one, other) == ()
    ImageDraw.Draw(other).rectangle((34, 20, 60, 30), fill="black")
    assert difference(one, other) == ((32, 16, 32, 16),)
    longer = Image.new("RGB", (160, 96), "white")
    ImageDraw.Draw(longer).rectangle((0, 80, 159, 90), fill="black")
    assert difference(one, longer) == ((0, 80, 160, 16),)
