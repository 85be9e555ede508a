"""A source is taught in the browser: by clicks on an inert copy, by keys, and by administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from crawler.sources.sources import load_sources
from fixtures.builders.login import a_user, build, entered, headers_of
from store.accounts.users import Role
from tests.cli.test_teach import TABLE
from tests.crawler.teach.shop import BASE, truth, write_site
from tests.review.browsing import browser, enter, served

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

__all__ = ["browser"]

TEACH = "/service/sources/shop/teach"
PAGES = [f"{BASE}item/{number}.html" for number in (1, 2)]
HOSTILE = (
    '<script>document.title="run"</script><img src="https://far.example/x" onerror="alert(1)">'
    '<a href="/w">go</a>'
)
FIELDS = 8


@pytest.fixture
def sources(database: Path) -> Path:
    """A sources file with a saved shop, whose first page is hostile, beside the store."""
    folder = write_site(database.with_name("saved"), first=5)
    first = folder / "item" / "1.html"
    first.write_text(first.read_text("utf-8").replace("</body>", f"{HOSTILE}</body>"), "utf-8")
    file = database.with_name("sources.toml")
    file.write_text(TABLE, encoding="utf-8")
    return file


def typed(*titles: str) -> dict[str, list[str]]:
    """Return the form with only the titles of the pages."""
    cells = [text for title in titles for text in (title, *[""] * (FIELDS - 1))]
    return {"page": PAGES, "value": cells, "at": [""] * len(cells)}


@pytest.mark.browser
@pytest.mark.process
def test_fields_are_pointed_at_by_clicks_and_keys(database: Path, sources: Path, browser: Browser) -> None:
    """Two pages are chosen, titles clicked, prices typed; the preview is right, and the file is kept."""
    a_user(database, "root", Role.ADMIN)
    with served(build(database)) as address:
        page = enter(browser, address, "root")
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: None if "127.0.0.1" in request.url else wrong.append(request.url))
        page.goto(f"{address}service")
        page.get_by_role("link", name="Teach").click()
        for url in PAGES:
            page.locator(f'input[value="{url}"]').check()
        page.get_by_role("button", name="Mark the fields").click()
        for place, number in enumerate((1, 2)):
            section = page.locator("[data-point]").nth(place)
            section.get_by_label("Title").focus()
            section.frame_locator("iframe").get_by_text(truth(number)["title"], exact=True).click()
            expect(section.get_by_label("Title")).to_have_value(truth(number)["title"])
            section.get_by_label("Price").focus()
            page.keyboard.press("Control+a")
            page.keyboard.type(truth(number)["price"])
        assert page.title() != "run"
        page.get_by_role("button", name="Try the reader on the other pages").click()
        expect(page.locator("table").first).to_contain_text(".offer-name")
        expect(page.locator("table").last).to_contain_text(truth(4)["title"])
        assert not (sources.parent / "readers").exists()
        page.get_by_role("button", name="Save this reader").click()
        expect(page.get_by_role("status")).to_contain_text("The reader was saved")
        assert wrong == []
    reader = load_sources(sources)["shop"].reader
    assert reader is not None
    assert reader.taught_by == "root"
    assert reader.fields["title"].css == ".offer-name"
    assert [case.expected["price"] for case in reader.cases] == [truth(1)["price"], truth(2)["price"]]


@pytest.mark.process
def test_the_copy_is_inert_and_its_view_is_logged(database: Path, sources: Path) -> None:
    """Scripts, links, pictures and handlers are gone; places stay; the log names the page."""
    with entered(database, "root", Role.ADMIN) as admin:
        shown = admin.get(TEACH, params={"page": PAGES}).text
        assert 'sandbox="allow-same-origin"' in shown
        assert "allow-scripts" not in shown
        for part in ("document.title", "far.example", "onerror", "href=&#34;/w&#34;"):
            assert part not in shown
        assert "data-at=&#34;" in shown
        assert "source:shop" in admin.get("/audit").text


@pytest.mark.process
def test_what_is_wrong_is_said(database: Path, sources: Path) -> None:
    """A value that is nowhere, a page that is not saved, and a source that is not declared."""
    with entered(database, "root", Role.ADMIN) as admin:
        headers = headers_of(admin)
        answer = admin.post(TEACH, data=typed("Nowhere", "Here"), headers=headers)
        assert answer.status_code == 409
        assert "Nothing was learned" in answer.text
        missing = admin.get(TEACH, params={"page": f"{BASE}none"})
        assert (missing.status_code, "no saved page" in missing.text) == (409, True)
        unknown = admin.get("/service/sources/nowhere/teach")
        assert (unknown.status_code, "there is no source" in unknown.text) == (409, True)
        assert not (sources.parent / "readers").exists()


def test_a_lead_teaches_nothing(database: Path, sources: Path) -> None:
    """Only administrators do."""
    with entered(database, "lou", Role.LEAD) as lead:
        assert lead.get(TEACH).status_code == 403
        sent = typed("a", "b") | {"wish": "keep"}
        assert lead.post(TEACH, data=sent, headers=headers_of(lead)).status_code == 403
