"""The way of an investigator, in a real browser over pages that were really crawled (issue 15, part 4)."""

from __future__ import annotations

import json
import subprocess
import zipfile
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from playwright.sync_api import expect

from cli.evidence import command as evidence_command
from cli.serve import kept_page, service_api_for
from fixtures.builders.login import PASSWORD, WEAK, a_user
from fixtures.builders.store import NOW, score_all, use
from review.web.app import create_app
from review.web.providers import Reference
from store.accounts.users import Role
from store.crawl.evidence import evidence_folder
from store.database import open_database
from store.review.verdicts import count_standing
from store.review.workspace import change_setting
from tests.crawler.archives.site import BASE, Saved, html, warc
from tests.crawler.crawls import crawl, declare
from tests.review.browsing import (
    PATIENCE_MS,
    TITLE,
    browser,
    enter,
    expect_left,
    expect_ready,
    served,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

__all__ = ["browser"]

pytestmark = [pytest.mark.browser, pytest.mark.process]

LOTS = 20
WARES = (
    *(f"Piperonal lot {number:02}" for number in range(LOTS)),
    *("Safrole drum A", "Safrole drum B", "Safrole drum C"),
    *("Phenylacetone can 1", "Phenylacetone can 2", "Phenylacetone can 3", "Phenylacetone can 4"),
    *("Ephedrine tin", "Acetone jerrycan"),
)


def sold(ware: str, price: str = "12.00", more: str = "") -> Saved:
    """Return the page of a ware."""
    said = {
        "@context": "https://schema.org", "@type": "Product", "name": ware,
        "description": f"Sold by weight, in any quantity. {more}",
        "offers": {"@type": "Offer", "price": price, "priceCurrency": "EUR"},
    }  # fmt: skip
    data = f'<script type="application/ld+json">{json.dumps(said)}</script>'
    return Saved(url=f"{BASE}item/{WARES.index(ware)}", body=html(ware, f"{data}<h1>{ware}</h1>"))


@dataclass
class Office:
    """A running app and its store."""

    address: str
    database: Path

    def crawl(self, *pages: Saved) -> None:
        """Crawl an archive of these pages, and score what is new."""
        archive = self.database.with_name("shop.warc.gz")
        archive.write_bytes(warc(pages))
        crawl(self.database, declare(archive))
        with closing(open_database(self.database)) as db:
            score_all(db)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office with a crawled market, two reviewers and a lead; each test has wares of its own."""
    database = tmp_path_factory.mktemp("office") / "store.db"
    office = Office("", database)
    with closing(open_database(database)) as db:
        use(db)
        change_setting(db, "second_share", 0, changed_by="lou", now=NOW)
        change_setting(db, "hidden_share", 0, changed_by="lou", now=NOW)
    office.crawl(*map(sold, WARES))
    for name, role in (("ada", Role.REVIEWER), ("bo", Role.LEAD), ("lou", Role.LEAD)):
        a_user(database, name, role)
    folder = evidence_folder(database)
    app = create_app(
        database,
        clock=lambda: NOW,
        passwords=WEAK,
        reference=Reference(page=lambda db, page_id: kept_page(db, folder, page_id), evidence=folder),
        service_api=service_api_for(database, database.with_name("sources.toml")),
    )
    with served(app) as office.address:
        yield office


@pytest.fixture
def ada(browser: Browser, office: Office) -> Iterator[Page]:
    """A reviewer before the queue."""
    page = enter(browser, office.address, "ada")
    yield page
    page.context.close()


def look_up(page: Page, office: Office, words: str) -> None:
    """Open the first listing that a search finds."""
    page.goto(f"{office.address}?q={words}")
    expect(page.locator(TITLE)).to_contain_text(words.split(maxsplit=1)[0])
    expect_ready(page)


def begin_case(page: Page, office: Office, number: str) -> str:
    """Open a case and return its id."""
    page.goto(f"{office.address}cases")
    page.get_by_label("Case number").fill(number)
    page.get_by_role("button", name="Open a case").click()
    expect(page.locator("h1")).to_contain_text(f"Case {number}")
    return page.url.partition("?")[0].rpartition("/")[2]


def waiting(page: Page) -> int:
    """Return how many the page says are left."""
    return int(page.locator(".counts dd").first.inner_text().replace(",", ""))


def test_from_login_to_the_first_verdict(browser: Browser, office: Office) -> None:
    """A listing's address leads through the log-in to the listing; one key decides it."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{office.address}?q=jerrycan")
    page.get_by_label("Name").fill("lou")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(TITLE)).to_have_text("Acetone jerrycan")
    expect(page.locator(".says .text")).to_contain_text("Sold by weight")
    expect_ready(page)
    left = waiting(page)
    page.keyboard.press("3")
    expect_left(page, left - 1)
    page.keyboard.press("z")
    expect_left(page, left)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    page.context.close()


def test_twenty_verdicts_by_keyboard(ada: Page, office: Office) -> None:
    """Each by two keys, and each brings the next listing; the mouse is not touched."""
    ada.goto(f"{office.address}?q=piperonal&state=waiting")
    expect_ready(ada)
    left, seen = waiting(ada), set()
    for done in range(LOTS):
        seen.add(ada.locator(TITLE).inner_text())
        ada.keyboard.press("o")
        ada.keyboard.press("2")
        expect_left(ada, left - 1 - done)
    assert seen == set(WARES[:LOTS])
    with closing(open_database(office.database)) as db:
        assert count_standing(db, "ada", since=NOW) == LOTS


def test_a_changed_listing_shows_the_difference_first(ada: Page, office: Office) -> None:
    """It comes back with a badge, is found by the filter, and stands beside the old verdict."""
    look_up(ada, office, "Ephedrine tin")
    ada.locator("textarea[name=note]").fill("old stock only")
    ada.keyboard.press("Escape")
    ada.keyboard.press("2")
    expect(ada.locator(".said")).to_contain_text("Last verdict: Not an offer")
    office.crawl(sold("Ephedrine tin", price="99.00", more="Now by the drum."))
    ada.goto(f"{office.address}?changed=1")
    expect(ada.locator(".list ol li")).to_have_count(1)
    expect(ada.locator(".list .chip.changed")).to_have_text("changed since judged")
    expect(ada.locator(".item-head .chip.changed")).to_be_visible()
    since = ada.locator("section.since")
    expect(since).to_contain_text("Not an offer")
    expect(since).to_contain_text("old stock only")
    expect(since.locator("ins").first).to_be_visible()
    expect(since).to_contain_text("Now by the drum.")
    assert ada.locator(".body > section").first.get_attribute("class") == "since"
    expect_ready(ada)
    left = waiting(ada)
    ada.keyboard.press("1")
    expect_left(ada, left - 1)
    ada.goto(f"{office.address}?changed=1")
    expect(ada.locator("h1")).to_have_text("No listing matches this filter")


def test_a_batch_is_previewed_ticked_given_and_undone(ada: Page, office: Office) -> None:
    """Two of three by their boxes, one message that says so, and one key that takes both back."""
    ada.goto(f"{office.address}?q=safrole&state=waiting")
    expect_ready(ada)
    left = waiting(ada)
    ada.get_by_role("link", name="Several at once").click()
    rows = ada.locator("#waiting tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("0.90")
    expect(rows.first).to_contain_text("acetone")
    every, ticked = ada.get_by_label("Tick all"), rows.locator("input:checked")
    expect(ticked).to_have_count(3)
    every.uncheck()
    expect(ticked).to_have_count(0)
    every.check()
    expect(ticked).to_have_count(3)
    rows.filter(has_text="drum B").locator("input[type=checkbox]").uncheck()
    expect(ada.locator("#several output")).to_have_text("2")
    ada.locator("#several select[name=decision]").select_option("offer")
    ada.get_by_role("button", name="Give the verdict").click()
    expect(ada.locator(".said")).to_contain_text("2 verdicts given.")
    expect_left(ada, left - 2)
    ada.keyboard.press("z")
    expect(ada.locator(".said")).to_contain_text("2 verdicts undone.")
    expect_left(ada, left)


def test_a_case_of_four_leaves_whole_and_is_verified_elsewhere(
    ada: Page, office: Office, tmp_path: Path
) -> None:
    """Two undecided, one changed since: all in the file, said so, and found whole by two checks."""
    case = f"{office.address}cases/{begin_case(ada, office, '2026/200')}"
    ada.goto(f"{office.address}bulk?q=phenylacetone")
    expect(ada.locator("#waiting tbody tr")).to_have_count(4)
    ada.locator("#several select[name=case_id]").select_option(label="2026/200")
    ada.get_by_role("button", name="File", exact=True).click()
    expect(ada.locator(".said")).to_contain_text("4 listings filed.")
    for number in (1, 2):
        look_up(ada, office, f"Phenylacetone can {number}")
        ada.keyboard.press("1")
        expect(ada.locator(".said")).to_contain_text("Last verdict: Offer")
    office.crawl(sold("Phenylacetone can 1", price="9.00", more="In jars."))
    ada.goto(case)
    expect(ada.locator(".filed")).to_have_count(4)
    expect(ada.locator(".filed .chip.changed")).to_have_count(1)
    expect(ada.locator("#file ~ ul")).to_contain_text("the final verdicts on 2 listings")
    with ada.expect_download() as made:
        ada.get_by_role("button", name="Make the case file").click()
    elsewhere = tmp_path / "elsewhere"
    with zipfile.ZipFile(made.value.path()) as archive:
        archive.extractall(elsewhere)
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=elsewhere, capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    bundle = tmp_path / "case.zip"
    bundle.write_bytes(made.value.path().read_bytes())
    verified = CliRunner().invoke(evidence_command, ["verify", str(bundle)])
    assert verified.exit_code == 0, verified.output
    assert "4 listings and" in verified.output
    readme = (elsewhere / "README.txt").read_text(encoding="utf-8")
    assert "2 of them without a final verdict" in readme
    lines = (elsewhere / "listings.jsonl").read_text(encoding="utf-8").splitlines()
    assert [line.count("In jars.") > 0 for line in lines].count(True) == 1
    bundle.write_bytes(bundle.read_bytes().replace(b"listings.jsonl", b"listings.jsonx", 1))
    assert CliRunner().invoke(evidence_command, ["verify", str(bundle)]).exit_code == 1


def test_a_blind_second_review_leaks_nothing(ada: Page, browser: Browser, office: Office) -> None:
    """Before the second verdict, no page, list, sheet, export or answer of the API has the first."""
    secret = "zebra crossing"
    look_up(ada, office, "Acetone jerrycan")
    listing = ada.url if "/listings/" in ada.url else ""
    href = ada.locator(".list a[aria-current=true]").get_attribute("href") or listing
    listing_id = href.partition("?")[0].rpartition("/")[2]
    ada.locator("textarea[name=note]").fill(secret)
    ada.keyboard.press("Escape")
    ada.keyboard.press("g")
    ada.keyboard.press("4")
    expect(ada.locator(".said")).to_contain_text("Last verdict: Escalate")
    case_id = begin_case(ada, office, "2026/201")
    ada.goto(f"{office.address}listings/{listing_id}")
    ada.locator("article select[name=case_id]").select_option(label="2026/201")
    ada.get_by_role("button", name="Add", exact=True).click()
    bo = enter(browser, office.address, "bo")
    for path in (
        f"listings/{listing_id}", "?state=second", "?q=jerrycan", "bulk?state=second", f"cases/{case_id}",
        f"listings/{listing_id}/sheet", f"cases/{case_id}/sheet",
    ):  # fmt: skip
        bo.goto(f"{office.address}{path}")
        expect(bo.locator("body")).to_contain_text("jerrycan")
        said = bo.content()
        assert secret not in said, path
        assert "Last verdict: Escalate" not in said, path
        assert "idden" in bo.locator("body").inner_text(), path
    for path in (
        f"api/listings/{listing_id}", "api/items?state=second", f"api/cases/{case_id}",
        f"api/audit?subject=listing:{listing_id}",
    ):  # fmt: skip
        assert secret not in bo.context.request.get(f"{office.address}{path}").text(), path
    bo.goto(f"{office.address}cases/{case_id}")
    for form in ("CSV", "JSON lines", "PDF/A", "Make the case file"):
        with bo.expect_event("load"), bo.expect_download() as made:  # the page is then asked for anew
            bo.get_by_role("button", name=form, exact=True).click()
        body = made.value.path().read_bytes()
        if zipfile.is_zipfile(made.value.path()):
            with zipfile.ZipFile(made.value.path()) as archive:
                body = b"".join(archive.read(name) for name in archive.namelist())
        assert secret.encode() not in body, form
    bo.goto(f"{office.address}listings/{listing_id}")
    expect_ready(bo)
    bo.keyboard.press("t")  # ada has it open
    expect(bo.locator(".said")).to_contain_text("You have taken over this listing.")
    expect_ready(bo)
    bo.keyboard.press("1")
    expect(bo.locator(".said")).to_contain_text("Last verdict: Offer")
    bo.goto(f"{office.address}listings/{listing_id}")
    expect(bo.locator("section:has(#history)")).to_contain_text(secret)
    bo.context.close()
