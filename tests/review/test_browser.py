"""A reviewer at work in a real headless Chromium."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from fixtures.builders.login import a_user, build
from fixtures.builders.review_store import FLAGGED, NOW, PLANTED, score, see
from store.database import open_database
from store.model import Decision, ReasonCode
from store.review.queue import review_queue
from store.review.verdicts import latest_undoable
from tests.review.browsing import (
    PATIENCE_MS,
    TITLE,
    browser,
    expect_left,
    expect_ready,
    fill_login,
    served,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Request, Route

    from store.model import Verdict

__all__ = ["browser"]

pytestmark = pytest.mark.browser


@dataclass
class Watched:
    """A page and everything that went wrong on it."""

    page: Page
    address: str
    wrong: list[str] = field(default_factory=list)

    def on_console(self, message: ConsoleMessage) -> None:
        """Keep errors and warnings; a violation of the policy is one."""
        if message.type in {"error", "warning"}:
            self.wrong.append(message.text)

    def on_dialog(self, dialog: Dialog) -> None:
        """Keep a dialog: none of ours opens one."""
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def on_request(self, request: Request) -> None:
        """Keep a request that leaves this machine."""
        if urlsplit(request.url).hostname != "127.0.0.1":
            self.wrong.append(f"request: {request.url}")


@pytest.fixture
def address(database: Path) -> Iterator[str]:
    """Serve the store."""
    a_user(database)
    with served(build(database)) as address:
        yield address


@pytest.fixture
def watched(browser: Browser, address: str) -> Iterator[Watched]:
    """Return a page on the queue; the test fails if anything goes wrong on it."""
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        context.set_default_timeout(PATIENCE_MS)
        seen = Watched(page=context.new_page(), address=address)
        seen.page.on("console", seen.on_console)
        seen.page.on("dialog", seen.on_dialog)
        seen.page.on("request", seen.on_request)
        seen.page.on("pageerror", lambda error: seen.wrong.append(str(error)))
        fill_login(seen.page, address, "ada")
        yield seen
        assert seen.wrong == []


def last_verdict(database: Path) -> Verdict | None:
    """Return the newest verdict that stands, as another process would read it."""
    db = open_database(database)
    verdict = latest_undoable(db, "ada")
    db.close()
    return verdict


def test_clear_case_is_decided_by_two_keys(watched: Watched, database: Path) -> None:
    """A reason's key and a verdict's key write the verdict, and the next listing is there."""
    page = watched.page
    page.keyboard.press("u")
    page.keyboard.press("1")
    expect(page.locator(TITLE)).to_contain_text("1-苯基-2-丙酮")
    expect_left(page, FLAGGED - 1)
    verdict = last_verdict(database)
    assert verdict is not None
    assert (verdict.decision, verdict.reason_code) == (Decision.OFFER, ReasonCode.UNDOCUMENTED)


def test_same_key_twice_decides_one_item(watched: Watched, database: Path) -> None:
    """A key that bounces, or a second click, comes before anybody can have seen the next listing."""
    page = watched.page
    page.evaluate(
        """document.addEventListener("htmx:afterSettle", () => {
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "1", bubbles: true }));
            document.querySelector(".decide button[value=offer]").click();
        }, { once: true })"""
    )
    page.keyboard.press("1")
    expect(page.locator(TITLE)).to_contain_text("1-苯基-2-丙酮")
    expect(page.locator(".decide .hint")).to_contain_text("Too soon")
    expect_ready(page)
    page.keyboard.press("s")
    page.keyboard.press("1")
    expect(page.locator(".decide .hint")).to_contain_text("does not fit this verdict")
    page.keyboard.press("2")
    expect_left(page, FLAGGED - 2)


@pytest.mark.parametrize("size", [(1280, 800), (360, 740)])
def test_verdicts_title_and_signs_are_in_sight_without_scrolling(
    watched: Watched, size: tuple[int, int]
) -> None:
    """Whatever the listing's length, the buttons stand at the foot of the window."""
    watched.page.set_viewport_size({"width": size[0], "height": size[1]})
    for place in (TITLE, ".p-big", ".score .bars >> nth=0", ".decide button >> nth=3"):
        box = watched.page.locator(place).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= size[1], place


def test_an_item_far_down_the_list_shows_its_title(watched: Watched, database: Path) -> None:
    """Only the list is scrolled to it, both when it is opened by its address and when it is walked to."""
    many = tuple(
        replace(PLANTED[1], content=replace(PLANTED[1].content, title=f"Drum {number}"), p_offer=0.8)
        for number in range(30)
    )
    with closing(open_database(database)) as db:
        see(db, many, at=NOW, archive="more.zip")
        score(db, many)
    page = watched.page
    page.set_viewport_size({"width": 1280, "height": 800})
    page.reload()
    row = page.locator(".list ol a").nth(24)
    for _open in (row.click, page.reload):
        _open()
        expect(page.locator(".list ol a").nth(24)).to_have_attribute("aria-current", "true")
        expect_ready(page)
        assert page.evaluate("window.scrollY") == 0
        expect(page.locator(".list [aria-current=true]")).to_be_in_viewport(ratio=1)


def test_a_style_left_on_the_page_is_not_carried_to_the_next(watched: Watched) -> None:
    """Tools that take pictures, and add-ons, leave styles on what has an id; the policy forbids copies."""
    left = (
        "const found = document.getElementById('search'); found.style.color = 'red'; found.style.color = ''"
    )
    watched.page.evaluate(left)
    watched.page.keyboard.press("2")
    expect_left(watched.page, FLAGGED - 1)


def test_note_is_typed_kept_and_sent(watched: Watched, database: Path) -> None:
    """While a note is typed, letters and digits are text; Escape gives the keys back."""
    page = watched.page
    page.keyboard.press("a")
    page.keyboard.type("pays 1234 by jzu?")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("4")
    expect_left(page, FLAGGED - 1)
    verdict = last_verdict(database)
    assert verdict is not None
    assert (verdict.decision, verdict.reason_code) == (Decision.ESCALATE, ReasonCode.DISGUISED)
    assert verdict.note == "pays 1234 by jzu?"


def test_undo_by_key_brings_the_listing_back(watched: Watched, database: Path) -> None:
    """A slip of the finger costs one key."""
    page = watched.page
    page.keyboard.press("2")
    expect(page.locator(".said")).to_contain_text("Last verdict: Not an offer")
    page.keyboard.press("z")
    expect(page.locator(TITLE)).to_contain_text("Phenylacetone (P2P)")
    expect(page.locator(".said")).to_contain_text("Verdict undone")
    expect_left(page, FLAGGED)
    assert last_verdict(database) is None


def test_walking_searching_and_help_by_key(watched: Watched) -> None:
    """The whole list can be walked and searched without a mouse."""
    page = watched.page
    page.keyboard.press("j")
    expect(page.locator(TITLE)).to_contain_text("苯基")
    page.keyboard.press("k")
    expect(page.locator(TITLE)).to_contain_text("Phenylacetone")
    page.keyboard.press("?")
    expect(page.locator(".help dl")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator(".help dl")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.locator(".help dl")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".help dl")).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("beaker")
    page.keyboard.press("Enter")
    expect(page.locator(TITLE)).to_have_text("Glass beaker, 250 ml")
    assert urlsplit(page.url).query == "q=beaker"


def test_letters_of_a_search_begun_while_the_page_is_on_its_way_decide_nothing(
    watched: Watched, database: Path
) -> None:
    """The answer comes in the middle of the word, which goes on in the new page's field."""
    page = watched.page
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.headers.get("hx-boosted"):
            held.append(route)
        else:
            route.continue_()

    page.route("**/*", hold)
    with page.expect_request(lambda request: "hx-boosted" in request.headers):
        page.keyboard.press("j")
    page.keyboard.press("/")
    page.keyboard.type("tolu")
    expect(page.locator("#search")).to_be_focused()
    assert held
    for route in held:
        route.continue_()
    expect(page.locator(TITLE)).to_contain_text("苯基")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("ene 1")
    expect(page.locator("#search")).to_have_value("toluene 1")
    assert last_verdict(database) is None


def test_reason_key_pressed_twice_clears_it_and_enter_decides_nothing(
    watched: Watched, database: Path
) -> None:
    """Neither a second thought nor a stray Enter becomes a verdict."""
    page = watched.page
    reason = page.locator("input[value=licit_documented]")
    page.keyboard.press("d")
    expect(reason).to_be_checked()
    reason.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("d")
    expect(reason).not_to_be_checked()
    assert last_verdict(database) is None


def test_stale_screen_loses_nothing(watched: Watched, database: Path) -> None:
    """When the listing changed meanwhile, the page says so and the note is still there."""
    page = watched.page
    page.locator("textarea").fill("half an hour of thought")
    db = open_database(database)
    see(db, PLANTED[1:2], at=NOW)  # the crawl now reads another text at the first listing's address
    score(db, PLANTED)
    db.close()
    page.keyboard.press("Tab")
    page.locator("button[value=offer]").click()
    expect(page.locator(".warned")).to_contain_text("has changed since it was shown")
    expect(page.locator("textarea")).to_have_value("half an hour of thought")
    assert last_verdict(database) is None
    watched.wrong = [each for each in watched.wrong if "409" not in each]


def test_hostile_listings_execute_nothing(watched: Watched, database: Path) -> None:
    """Every planted listing is opened: no dialog, no console error, no request elsewhere, no override."""
    db = open_database(database)
    entries = review_queue(db)
    db.close()
    for entry in entries:
        watched.page.goto(f"{watched.address}listings/{entry.listing_id}")
        expect(watched.page.locator(".row-title")).to_have_count(FLAGGED)
    watched.page.goto(f"{watched.address}?q=gnihton")
    expect(watched.page.locator(TITLE)).to_have_text("Reagent U+202EgnihtonU+202C PU+200BMU+200BK oil")


def test_policy_stops_a_script_that_slips_in(watched: Watched) -> None:
    """Even if markup got into a page, its script would not run."""
    with (  # the picture is not found, and what its failing would run is refused: said in either order
        watched.page.expect_console_message(lambda said: "404" in said.text),
        watched.page.expect_console_message(lambda said: "Content Security Policy" in said.text),
    ):
        watched.page.evaluate(
            "document.querySelector('main')"
            ".insertAdjacentHTML('beforeend', '<img src=x onerror=\"alert(1)\">')"
        )
    expect(watched.page.locator("main > img")).to_have_count(1)
    assert not [each for each in watched.wrong if each.startswith("dialog")]
    watched.wrong.clear()


@pytest.mark.parametrize("terms", ["", "WWW", "iframe"])
def test_no_width_scrolls_sideways(watched: Watched, terms: str) -> None:
    """The page fits its window, whatever the listing holds."""
    watched.page.goto(f"{watched.address}?q={terms}")
    for width in (360, 768, 1100, 2560):
        watched.page.set_viewport_size({"width": width, "height": 800})
        expect(watched.page.locator(TITLE)).to_be_visible()
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= width


def test_tables_stand_as_cards_on_a_phone(watched: Watched) -> None:
    """Their cells name their columns, and nothing is to be scrolled sideways."""
    watched.page.set_viewport_size({"width": 360, "height": 800})
    for place in ("figures", "settings", "account"):
        watched.page.goto(f"{watched.address}{place}")
        wide = "[...document.querySelectorAll('table')].filter((each) => each.scrollWidth > 360).length"
        assert watched.page.evaluate(wide) == 0
    cell = watched.page.locator(".carded td").first
    assert cell.get_attribute("data-column") == "Since"
    assert cell.get_attribute("role") == "cell"


def test_a_phone_folds_what_a_verdict_rarely_needs(watched: Watched) -> None:
    """Text and verdict stand open, each other part opens under its heading; a wide window has all open."""
    page = watched.page
    folds = page.locator("main details.fold")
    assert page.locator("main details.fold:not([open])").count() == 0
    page.set_viewport_size({"width": 360, "height": 740})
    page.reload()
    expect(page.locator("main details.fold[open]")).to_have_count(0)
    assert folds.count() > 4
    expect(page.locator(".says .text")).to_be_visible()
    expect(page.locator("#verdict")).to_be_visible()
    kept = page.locator("details.fold", has=page.locator("#kept"))
    kept.locator("summary").click()
    expect(kept.locator("dl")).to_be_visible()


def test_works_without_javascript(browser: Browser, address: str, database: Path) -> None:
    """The same forms work where scripts are switched off."""
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        fill_login(page, address, "ada")
        expect_left(page, FLAGGED)
        page.locator(".reasons label", has_text="Disguised").click()
        page.keyboard.press("Enter")
        page.locator("button[value=offer]").click()
        expect_left(page, FLAGGED - 1)
    verdict = last_verdict(database)
    assert verdict is not None
    assert verdict.reason_code is ReasonCode.DISGUISED


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_text_begins_on_the_first_screen_of_a_phone(watched: Watched, scheme: str) -> None:
    """Whoever opens a listing on a phone reads its first lines above the buttons, also after a verdict."""
    watched.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    watched.page.set_viewport_size({"width": 360, "height": 740})
    watched.page.keyboard.press("1")
    expect_left(watched.page, FLAGGED - 1)
    text = watched.page.locator(".says .text").bounding_box()
    buttons = watched.page.locator(".decide").bounding_box()
    assert text is not None
    assert buttons is not None
    assert text["y"] + 48 <= buttons["y"]
