"""A reviewer's morning in a real browser, from login to logout, with a colleague at work."""

from __future__ import annotations

import csv
import io
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from fixtures.builders.login import a_user, build
from fixtures.builders.review_store import NOW, PLANTED, Planted, fill_store
from fixtures.builders.store import declared
from store.accounts.users import Role
from store.database import open_database
from store.operations.service import Finding, settle
from store.review.item_query import Filter
from store.review.queue import count_items
from store.review.verdicts import count_standing
from store.review.workspace import change_setting
from tests.review.browsing import TITLE, browser, enter, expect_left, expect_ready, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

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
    """Serve the store."""
    with served(build(store)) as address:
        yield address


def test_a_morning(  # noqa: PLR0915 (one morning, in order)
    browser: Browser, address: str, store: Path, tmp_path: Path
) -> None:
    """Log in, filter, decide 20 by keys, undo, collide, check blind, file a case, print, export, log out."""
    ada = enter(browser, address, "ada")
    expect_left(ada, 10 + LOTS)

    ada.goto(f"{address}?q=lot&state=waiting")
    expect(ada.locator(".list h2")).to_have_text(f"{LOTS} found")
    expect_ready(ada)
    for done in range(20):
        title = ada.locator(TITLE).inner_text()
        ada.keyboard.press("o")
        ada.keyboard.press("2")
        expect_left(ada, 10 + LOTS - 1 - done)
        expect(ada.locator(TITLE)).not_to_have_text(title)
    ada.keyboard.press("z")
    expect_left(ada, 10 + LOTS - 19)
    ada.keyboard.press("y")
    expect_left(ada, 10 + LOTS - 20)
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
