"""From a listing to its supplier in a real browser: by keys, a link cut, and all listings into a case."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from fixtures.builders.login import a_user, build
from fixtures.builders.review_store import NOW
from fixtures.builders.supplied import FIRST, MAIL, fill_suppliers
from store.accounts.users import Role
from store.database import open_database
from store.review.cases import get_case, open_case
from tests.review.browsing import browser, enter, expect_ready, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

__all__ = ["browser"]

pytestmark = [pytest.mark.browser, pytest.mark.process]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a linked store with a case and a reviewer."""
    path = tmp_path / "store.db"
    fill_suppliers(path)
    with closing(open_database(path)) as db:
        open_case(db, "2026/114", "Oil", opened_by="ada", now=NOW)
    a_user(path, "ada", Role.REVIEWER)
    return path


@pytest.fixture
def page(browser: Browser, store: Path) -> Iterator[Page]:
    """A reviewer before the queue."""
    with served(build(store)) as address:
        page = enter(browser, address, "ada", base_url=address)
        yield page
        page.context.close()


def test_from_a_listing_by_key_to_the_supplier_and_what_is_done_there(page: Page, store: Path) -> None:
    """P leads there; f files all; a link is cut with a reason; c shows contacts; the picture is walked."""
    expect_ready(page)
    page.keyboard.press("p")
    expect(page.locator("h1")).to_have_text(FIRST)
    page.keyboard.press("f")
    expect(page.locator(".said")).to_have_text(
        "6 listings filed. What the case held already stays as it was."
    )
    with closing(open_database(store)) as db:
        assert len(get_case(db, 1).listings) == 6
    row = page.locator("table.pairs tbody tr").filter(has_text="Quimica Muelle Goods")
    row.get_by_text("Decide").click()
    row.get_by_label("Reason").fill("A freight agent's number.")
    row.get_by_role("button", name="Cut", exact=True).click()
    expect(page.locator(".said")).to_contain_text("Link cut.")
    expect(page.locator("main > p").filter(has_text="3 accounts").first).to_be_visible()
    expect(page.locator("table.pairs")).to_contain_text("A freight agent's number. (ada)")
    assert MAIL not in page.content()
    page.keyboard.press("c")
    expect(page.locator("#who ~ .scroll").last).to_contain_text(MAIL)
    nodes = page.locator("svg.network a")
    nodes.first.focus()
    walked = []
    for _ in range(nodes.count()):
        walked.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        page.keyboard.press("Tab")
    assert walked == [nodes.nth(at).get_attribute("aria-label") for at in range(nodes.count())]
    assert [each.partition(":")[0] for each in walked] == sorted(
        (each.partition(":")[0] for each in walked), key=["Site", "Account", "Contact"].index
    )


def test_the_page_is_read_without_scripts(browser: Browser, store: Path) -> None:
    """Table, picture and timeline are there, and the link from the listing is a link."""
    with served(build(store)) as address:
        asked = enter(browser, address, "ada")
        cookies = asked.context.cookies()
        asked.context.close()
        with browser.new_context(java_script_enabled=False) as context:
            context.add_cookies(cookies)  # type: ignore[arg-type]
            page = context.new_page()
            page.goto(f"{address}suppliers")
            page.get_by_role("link", name=FIRST).click()
            expect(page.locator("svg.network a")).to_have_count(10)
            expect(page.locator("table.pairs tbody tr")).to_have_count(4)
            expect(page.locator("ol.history")).to_contain_text("back under another name")
