"""A reviewer's morning in a real browser, from login to logout, with a colleague at work."""

from __future__ import annotations

import csv
import io
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from fixtures.builders.login import PASSWORD, a_user, build
from fixtures.builders.review_store import NOW, PLANTED, Planted, fill_store
from fixtures.builders.store import declared
from review.web.serve import address_of, build_server, listen
from store.accounts.users import Role
from store.database import open_database
from store.operations.alarms import Finding, settle
from store.review.item_query import Filter
from store.review.queue import count_items
from store.review.verdicts import count_standing
from store.review.workspace import change_setting
from tests.review.test_browser import PATIENCE_MS, TITLE, browser, expect_ready

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

__all__ = ["browser"]

pytestmark = [pytest.mark.browser, pytest.mark.process]

LOTS = 30

SOURCES = declared("mercado", "Mercado", cron="30 3 * * *", timezone="America/Lima")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with the planted listings and thirty more, and three people."""
    lots = tuple(
        Planted(
            content=replace(PLANTED[6].content, title=f"Piperonal lot {number:02}", language="en"),
            p_offer=0.7 - number / 1000,
            substances=("piperonal",),
        )
        for number in range(LOTS)
    )
    path = tmp_path / "morning.db"
    path.with_name("sources.toml").write_text(SOURCES, encoding="utf-8")
    fill_store(path, (*PLANTED, *lots))
    for name, role in (
        ("ada", Role.REVIEWER),
        ("ben", Role.REVIEWER),
        ("lou", Role.LEAD),
        ("root", Role.ADMIN),
    ):
        a_user(path, name, role)
    with closing(open_database(path)) as db:
        change_setting(db, "second_share", 0, changed_by="lou", now=NOW)
        change_setting(db, "hidden_share", 0, changed_by="lou", now=NOW)
        settle(db, [Finding(kind="disk_low", sentence="Little is left.")], kinds={"disk_low"}, now=NOW)
    return path


@pytest.fixture
def address(store: Path) -> Iterator[str]:
    """Serve the store on a free port."""
    with listen("127.0.0.1", 0) as listener:
        server = build_server(build(store))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield address_of(listener)
        server.should_exit = True
        thread.join()


def enter(browser: Browser, address: str, name: str, **options: object) -> Page:
    """Log in by the form, in a window of its own."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}, **options).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(TITLE)).to_be_visible()
    expect_ready(page)
    return page


def left(page: Page, count: int) -> None:
    """Wait until the page says how many are left."""
    expect(page.locator(".counts dd").first).to_have_text(str(count))
    expect_ready(page)


def test_a_morning(  # noqa: PLR0915 (one morning, in order)
    browser: Browser, address: str, store: Path, tmp_path: Path
) -> None:
    """Log in, filter, decide 20 by keys, undo, collide, check blind, file a case, print, export, log out."""
    ada = enter(browser, address, "ada")
    left(ada, 10 + LOTS)

    ada.goto(f"{address}?q=lot&state=waiting")
    expect(ada.locator(".list h2")).to_have_text(f"{LOTS} found")
    expect_ready(ada)
    for done in range(20):
        title = ada.locator(TITLE).inner_text()
        ada.keyboard.press("o")
        ada.keyboard.press("2")
        left(ada, 10 + LOTS - 1 - done)
        expect(ada.locator(TITLE)).not_to_have_text(title)
    ada.keyboard.press("z")
    left(ada, 10 + LOTS - 19)
    ada.keyboard.press("y")
    left(ada, 10 + LOTS - 20)
    with closing(open_database(store)) as db:
        assert count_standing(db, "ada", since=NOW) == 20

    ben = enter(browser, address, "ben")
    ada.goto(address)
    held = ada.locator(TITLE).inner_text()
    ben.goto(ada.url)
    expect(ben.locator(TITLE)).not_to_have_text(held)  # led past what ada has open
    ben.locator(".list a", has_text=held[:30]).first.click()
    expect(ben.locator(".warned")).to_contain_text("ada has this listing open")
    ben.locator("textarea[name=note]").fill("mine after all")
    ben.keyboard.press("Escape")
    expect_ready(ben)
    ben.keyboard.press("1")
    expect(ben.locator(".warned").first).to_contain_text("nothing was written")
    expect(ben.locator("textarea[name=note]")).to_have_value("mine after all")
    ben.keyboard.press("t")
    expect(ben.locator(".said")).to_contain_text("You have taken over this listing.")
    ben.locator("textarea[name=note]").fill("looks coded")
    ben.keyboard.press("Escape")
    expect_ready(ben)
    ben.keyboard.press("4")
    expect(ben.locator(".said")).to_contain_text("Last verdict: Escalate")
    ada.locator("textarea[name=note]").fill("too late")
    ada.keyboard.press("Escape")
    ada.keyboard.press("2")
    expect(ada.locator(".warned").first).to_contain_text("was judged by ben since it was shown")
    expect(ada.locator("textarea[name=note]")).to_have_value("too late")

    expect(ada.locator("body")).not_to_contain_text("looks coded")  # the second look is blind
    expect_ready(ada)
    ada.keyboard.press("1")
    expect(ada.locator(".said")).to_contain_text("Last verdict: Offer")
    lou = enter(browser, address, "lou")
    lou.goto(f"{address}?state=adjudication")
    expect(lou.locator(TITLE)).to_have_text(held)
    expect(lou.locator("section:has(#history) ol").last).to_contain_text("looks coded")
    expect_ready(lou)
    lou.keyboard.press("1")
    lou.wait_for_load_state("networkidle")
    with closing(open_database(store)) as db:
        assert count_items(db, Filter(state="adjudication")) == 0

    lou.goto(f"{address}cases")
    lou.get_by_label("Case number").fill("2026/114")
    lou.get_by_role("button", name="Open a case").click()
    expect(lou.locator("h1")).to_contain_text("Case 2026/114")
    lou.goto(f"{address}?state=decided&decision=offer")
    lou.get_by_role("button", name="Add", exact=True).click()
    expect(lou.get_by_role("link", name="In case 2026/114")).to_be_visible()
    lou.goto(f"{address}cases/1")
    with lou.expect_download() as sheet:
        lou.get_by_role("link", name="Sheet as PDF").click()
    assert Path(sheet.value.path()).read_bytes().startswith(b"%PDF-")

    lou.goto(f"{address}exports")
    with lou.expect_download() as exported:
        lou.get_by_role("button", name="Export", exact=True).click()
    text = Path(exported.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 21
    assert [row["title"] for row in rows if row["decision"] == "offer"] == [held]

    for page in (ada, ben, lou):
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_label("Password")).to_be_visible()
        page.context.close()


def test_draft_survives_a_reload(browser: Browser, address: str) -> None:
    """A half-written note is there again after the page is loaded anew."""
    page = enter(browser, address, "ada")
    with page.expect_response(lambda answer: answer.url.endswith("/draft")):
        page.locator("textarea[name=note]").fill("half a thought")
    page.reload()
    expect(page.locator("textarea[name=note]")).to_have_value("half a thought")
    page.context.close()


RULES = {
    "light": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},  # nothing else differs
}
"""What is looked at under each colour scheme."""


@pytest.mark.parametrize("scheme", RULES)
def test_no_page_has_a_serious_finding(browser: Browser, address: str, scheme: str) -> None:
    """Axe finds nothing serious or critical (WCAG 2.2 AA) on any page, wide or narrow."""
    page = enter(browser, address, "root", color_scheme=scheme)
    page.get_by_label("Name").count()
    page.goto(f"{address}cases")
    page.get_by_label("Case number").fill("7")
    page.get_by_role("button", name="Open a case").click()
    expect(page.locator("h1")).to_contain_text("Case 7")
    first = page.context.request.get(f"{address}api/queue").json()["listings"][0]["listing_id"]
    paths = (
        "", f"listings/{first}", f"listings/{first}/page", f"listings/{first}/sheet", "?q=nosuch", "cases",
        "cases/1", "figures", "exports", "settings", "bulk?source=mercado", "service", "service/runs",
        "service/runs/1",
        "audit", "users", "users/ben",
    )  # fmt: skip
    axe, found = Axe(), []
    for path in paths:
        page.goto(f"{address}{path}")
        for width in (1440, 360):
            page.set_viewport_size({"width": width, "height": 900})
            result = axe.run(page, options={"runOnly": RULES[scheme], "resultTypes": ["violations"]})
            found += [
                (path, width, each["id"], [node["html"][:160] for node in each["nodes"][:3]])
                for each in result.response["violations"]
                if each["impact"] in {"serious", "critical"}
            ]
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
    assert found == []
    page.context.close()
