"""Every page of the app under axe: three sizes, both themes, no violation, nothing to scroll sideways."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import axe_playwright_python
import pytest

from classifier.gazetteer import Law
from classifier.notices import NoticeReader, machines_in
from cli.serve import reference_for
from fixtures.builders.login import a_user, build
from fixtures.builders.pictures import drawn, packed
from fixtures.builders.review_store import (
    NOW,
    PLANTED,
    Planted,
    bring_list,
    fill_store,
    score,
    score_under_import,
    see,
)
from fixtures.builders.routes import routes_of
from fixtures.builders.store import declared, judge, keep_picture
from fixtures.builders.supplied import link
from review.web.app import all_routes
from store.accounts.users import Role
from store.crawl.pictures import PictureLine, PictureReading, record_pictures, record_reading
from store.database import open_database, transaction
from store.model import Decision, ListingContent
from store.operations.service import Finding, settle
from store.review.cases import open_case, write_entry
from store.review.item_query import Filter
from store.review.notices import record_notices
from store.review.office_terms import add_term, record_hits
from store.review.queue import list_items, review_queue
from store.review.watchlists import DigestSettings, make_digest, save_view, set_digests
from store.review.workspace import change_setting
from tests.crawler.archives.site import Saved, warc
from tests.crawler.teach.shop import BASE, body
from tests.review.browsing import browser, enter, served
from tests.review.test_cases import LATER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

__all__ = ["browser"]

pytestmark = [pytest.mark.browser, pytest.mark.process]

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")

SIZES = ((1280, 800), (768, 1024), (360, 740))

RULES = {
    "light": None,
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},  # nothing else differs
}
"""What is looked at under each colour scheme; None for every rule."""

CLASSED = Planted(content=ListingContent(title="1-Benzoyl-4-piperidone, CAS 24686-78-0"), p_offer=0.01)
"""A listing of a compound that only a class of the law covers."""

PICTURE = "ab" * 32

VALUES = {
    "listing_id": "", "case_id": "1", "run_id": "1", "name": "bo", "supplier_id": "1", "source_id": "mercado",
}  # fmt: skip
"""What stands for the parts of an address; the listing is filled in when the store is."""

NO_PAGES = (
    "/openapi.json", "/listings/{listing_id}/sheet.pdf", "/cases/{case_id}/sheet.pdf",
    "/listings/{listing_id}/view/{page_id}.webp", "/pictures/{sha256}",
)  # fmt: skip
PARTS = ("/listings/{listing_id}/near", "/listings/{listing_id}/contacts")
"""Parts of a page, without a head of their own."""

MORE = (
    "/service/sources/mercado/teach?page=https://shop.example/item/1&page=https://shop.example/item/2",
    "/?q=nosuch", "/?tour=1", "/?state=every&sort=worth", "/?changed=1", "/bulk?state=every", "/no/page",
    "/listings/{classed}", "/listings/{classed}/sheet", "/?notice=class&state=every", "/bulk?q=phenylacetone",
    "/?q=phenylacetone", "/suppliers?q=nosuch", "/suppliers/{supplier_id}?contacts=shown",
)  # fmt: skip


def routes() -> list[str]:
    """Return the path of every page of the app."""
    return [
        route.path
        for route in routes_of(all_routes())
        if "GET" in (route.methods or ())
        and not route.path.startswith("/api/")
        and route.path not in {*NO_PAGES, *PARTS, "/login"}
    ]


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A lead who is an administrator too, before a store in which something of everything has happened."""
    store = tmp_path_factory.mktemp("axe") / "store.db"
    store.with_name("sources.toml").write_text(declared("mercado", cron="30 3 * * *"), encoding="utf-8")
    lamps = tuple(Saved(url=f"{BASE}item/{number}", body=body(number)) for number in (1, 2))
    store.with_name("mercado").mkdir()
    (store.with_name("mercado") / "site.warc.gz").write_bytes(warc(lamps))
    fill_store(store)
    for name, role in (("ada", Role.ADMIN), ("bo", Role.REVIEWER)):
        a_user(store, name, role)
    with closing(open_database(store)) as db:
        change_setting(db, "second_share", 0, changed_by="ada", now=NOW)
        settle(db, [Finding(kind="disk_low", sentence="Little is left.")], kinds={"disk_low"}, now=NOW)
        queue = review_queue(db)
        VALUES["listing_id"] = queue[0].listing_id
        case = open_case(db, "2026/114", "Oil", opened_by="ada", now=NOW)
        write_entry(db, case, "member", handed_to="bo", written_by="ada", now=NOW)
        for entry in queue[:3]:
            write_entry(db, case, "listing", listing_id=entry.listing_id, written_by="ada", now=NOW)
        for entry in (queue[0], queue[3]):
            judge(db, entry.sighting_id, Decision.OFFER, note="As written.", reviewer="bo", now=NOW)
        add_term(db, "soil improver", why="Case 7", substance="BMK", by="ada", now=NOW)
        record_hits(db, run_id=None, now=NOW)
        save_view(db, "ada", "Phenylacetone", "q=phenylacetone", is_followed=True, now=NOW)
        set_digests(db, DigestSettings(reviewer="ada", address="ada@office.example"), now=NOW)
        make_digest(db, "ada", "test", now=NOW)
        see(db, (LATER,), at=NOW, archive="later.zip")
        score(db, (LATER, *PLANTED))
        link(db)
        score_under_import(db, bring_list(db), (LATER, *PLANTED))
        see(db, (CLASSED,), at=NOW, archive="classed.zip")
        with transaction(db):
            record_pictures(db, VALUES["listing_id"], [keep_picture(db, 1, PICTURE)])
        line = PictureLine(text="CAS 67-64-1", box=(0, 0, 1, 1), confidence=0.9, reader="rapidocr")
        reading = PictureReading(
            format="WEBP",
            width=300,
            height=120,
            lines=(line,),
            unread_lines=1,
            shown=packed(drawn(["CAS 67-64-1"]), "WEBP"),
        )
        record_reading(db, PICTURE, reading, read_with="tests", now=NOW)
        reader, shown = NoticeReader(law=Law()), list(machines_in("Tablet press with heating mantle"))
        record_notices(
            db, lambda batch: [[*shown, *each] for each in reader(batch)],
            read_with="tests", run_id=None, now=NOW,
        )  # fmt: skip
        (classed,) = list_items(db, Filter(notice="class:us-8330"))
        VALUES["classed"] = classed.listing_id
    with served(build(store, reference=reference_for(store, Law()))) as address:
        page = enter(browser, address, "ada", base_url=address, reduced_motion="reduce")
        yield page
        page.context.close()


@pytest.mark.parametrize("path", [*routes(), *MORE, "/login"])
def test_no_page_has_a_violation(page: Page, path: str) -> None:
    """At every size and in both themes; pages fit their windows."""
    page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})
    page.emulate_media(color_scheme="light")
    if path == "/login":  # the last of all
        page.context.clear_cookies()
    answer = page.goto(path.format(**VALUES), wait_until="networkidle")
    assert answer is not None
    assert answer.status in {200, 404}, answer.status_text
    page.evaluate(AXE)
    found = []
    for scheme, rules in RULES.items():
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
            result = page.evaluate("(options) => axe.run(document, options)", options)
            found += [
                (
                    scheme,
                    width,
                    each["id"],
                    each["impact"],
                    [node["html"][:160] for node in each["nodes"][:3]],
                )
                for each in result["violations"]
            ]
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (scheme, width)
    assert found == []


def test_no_button_is_narrower_or_lower_than_its_words(page: Page) -> None:
    """The settings have the longest words on a button, in the narrowest place."""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/settings")
    spills = "e.scrollHeight > e.clientHeight || e.scrollWidth > e.clientWidth"
    cut = f"all => all.filter(e => {spills}).map(e => e.innerText)"
    assert page.locator("main button").evaluate_all(cut) == []
