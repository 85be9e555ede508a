"""Help in place: guide, glossary, tour, own keys and time zone, and the API's reference, with no network."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

import review
from fixtures.builders.login import a_user, build, headers_of
from review.help.help_pages import glossary
from review.web.preferences import (
    PREFERRED,
    KeysClash,
    KeyUnfit,
    Preferred,
    key_actions,
    read_keys,
    when,
    write_keys,
)
from review.web.translations import word_tables
from store.database import open_database
from store.review.workspace import prefer
from tests.review.browsing import TITLE, browser, enter, expect_left, served

if TYPE_CHECKING:
    from fastapi.testclient import TestClient
    from playwright.sync_api import Browser

__all__ = ["browser"]


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("", "2026-11-02 03:00 UTC"),
        ("UTC", "2026-11-02 03:00 UTC"),
        ("America/Lima", "2026-11-02 03:00 UTC (2026-11-01 22:00 UTC−5)"),
        ("Asia/Kolkata", "2026-11-02 03:00 UTC (08:30 UTC+5:30)"),
    ],
)
def test_local_time_stands_beside_utc(zone: str, said: str) -> None:
    """With its offset, and with its day where that is another."""
    token = PREFERRED.set(Preferred(zone=zone))
    try:
        assert when(datetime(2026, 11, 2, 3, 0, tzinfo=UTC)) == said
    finally:
        PREFERRED.reset(token)


def test_the_zone_is_the_browsers_unless_one_is_chosen(client: TestClient) -> None:
    """The cookie that the page's script sets counts; a zone that does not exist changes nothing."""
    path = client.get("/api/items").json()["items"][0]["listing_id"]
    assert "UTC−5)" not in client.get(f"/listings/{path}").text
    client.cookies.set("zone", "America/Lima")
    assert "UTC−5)" in client.get(f"/listings/{path}").text
    client.post("/settings/mine", data={"time_zone": "Asia/Tokyo"}, headers=headers_of(client))
    assert "UTC+9)" in client.get(f"/listings/{path}").text
    refused = client.post("/settings/mine", data={"time_zone": "Mars/Base"}, headers=headers_of(client))
    assert refused.status_code == 409
    assert "There is no time zone “Mars/Base”" in refused.text
    client.cookies.set("zone", "<script>")
    assert client.get("/api/me/preferences").json()["time_zone"] == "Asia/Tokyo"


def test_keys_do_not_clash_as_the_program_comes() -> None:
    """Each key does one thing, and only what differs is kept."""
    assert write_keys({}) == "{}"
    assert read_keys(write_keys({"j": "k", "k": "j"})) == {"j": "k", "k": "j"}
    assert read_keys('{"gone": "x"}') == {}


@pytest.mark.parametrize(
    ("wanted", "error"), [({"j": "1"}, KeysClash), ({"j": " "}, KeyUnfit), ({"j": "xy"}, KeyUnfit)]
)
def test_keys_that_clash_or_cannot_be_pressed_are_refused(
    wanted: dict[str, str], error: type[Exception]
) -> None:
    """Neither two things by one key, nor a key that is none."""
    with pytest.raises(error):
        write_keys(wanted)


def test_every_key_in_a_template_is_the_one_that_the_person_prefers() -> None:
    """Else the page would show the preferred key and answer to the usual one."""
    for template in Path(review.__file__).parent.rglob("*.html"):
        for key in re.findall(r'data-key="(\{\{.*?\}\}|[^"]*)"', template.read_text(encoding="utf-8")):
            assert "|key" in key, f"{template.name}: {key}"


def test_own_keys_by_page_and_api(client: TestClient) -> None:
    """A refused choice changes nothing; an empty field takes the usual key back."""
    headers = headers_of(client)
    own = ["x" if usual == "j" else usual for usual in key_actions()]
    assert client.post("/settings/keys", data={"own": own}, headers=headers).status_code == 200
    assert client.get("/api/me/preferences").json()["keys"] == {"j": "x"}
    assert 'data-key="x"' in client.get("/").text
    clash = client.post("/settings/keys", data={"own": ["q", "q", *own[2:]]}, headers=headers)
    assert clash.status_code == 409
    assert "The key “q” cannot do two things (“Offer” and “Not an offer”)" in clash.text
    kept = {"hide_score": False, "keys": {"j": "1"}}
    assert client.put("/api/me/preferences", json=kept, headers=headers).status_code == 409
    assert client.get("/api/me/preferences").json()["keys"] == {"j": "x"}
    client.post("/settings/keys", data={"own": ["" for _ in key_actions()]}, headers=headers)
    assert client.get("/api/me/preferences").json()["keys"] == {}


@pytest.mark.parametrize(("language", "words"), [("en", "The question"), ("es", "La pregunta")])
def test_the_guide_is_drawn_from_the_documentation(client: TestClient, language: str, words: str) -> None:
    """In the language of the page, with its tables."""
    page = client.get("/help", headers={"Accept-Language": language}).text
    assert f"<h2>{words}</h2>" in page
    assert '<table class="rows titled">' in page
    assert "](" not in page


def test_both_glossaries_have_the_same_words() -> None:
    """In the same order, so that each word explains itself in each language."""
    from review.help.help_pages import _text

    assert list(glossary(_text("glossary", "en"))) == list(glossary(_text("glossary", "es")))


def test_terms_explain_themselves_in_the_language_of_the_page(client: TestClient) -> None:
    """The meaning is the glossary's, and one click leads to it."""
    path = client.get("/api/items").json()["items"][0]["listing_id"]
    for language, words in (("en", "at or above which a listing is flagged"), ("es", "queda marcado")):
        page = client.get(f"/listings/{path}", headers={"Accept-Language": language}).text
        assert re.search(rf'href="/help/glossary#threshold"[^>]*data-tip="[^"]*{words}', page)
    assert 'id="held-out-groups"' in client.get("/help/glossary").text


def test_the_api_is_described_without_a_network(client: TestClient) -> None:
    """Every operation and schema is on the page, which loads nothing from elsewhere."""
    page = client.get("/help/api").text
    document = client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"<b>{method.upper()}</b> {path}</code>" in page
    for name in document["components"]["schemas"]:
        assert f'id="s-{name}"' in page
    assert not re.findall(r'(?:src|href)="https?:', page)


@pytest.mark.browser
@pytest.mark.process
def test_the_tour_begins_once_and_can_be_recalled(browser: Browser, database: Path) -> None:
    """By keyboard alone: forward, back, skipped; a reload does not bring it back, the link does."""
    a_user(database)
    with closing(open_database(database)) as db:
        prefer(db, "ada", "tour", "")
    with served(build(database)) as address:
        page = enter(browser, address, "ada")
        tour = page.locator("dialog.tour")
        expect(tour.get_by_role("heading", name="Welcome")).to_be_visible()
        page.keyboard.press("Enter")
        expect(tour.get_by_role("heading", name="The queue")).to_be_visible()
        expect(page.locator(".list.toured")).to_have_count(1)
        for step in word_tables()["tour"][2:]:
            page.keyboard.press("Enter")
            expect(tour.get_by_role("heading", name=step["title"])).to_be_visible()
        with page.expect_response(lambda answer: answer.url.endswith("/help/tour")):
            page.keyboard.press("Escape")
        page.reload()
        expect(page.locator(TITLE)).to_be_visible()
        expect(tour).not_to_be_visible()
        page.keyboard.press("?")
        page.get_by_role("link", name="First-day tour").click()
        expect(tour).to_be_visible()
        page.context.close()


@pytest.mark.browser
@pytest.mark.process
def test_own_keys_decide_and_help_is_one_key_away(browser: Browser, database: Path) -> None:
    """The overlay and the buttons show the person's keys; h and e lead to guide and glossary."""
    a_user(database)
    with closing(open_database(database)) as db:
        prefer(db, "ada", "keys", write_keys({"2": "x", "j": "q"}))
    with served(build(database)) as address:
        page = enter(browser, address, "ada", timezone_id="America/Lima")
        expect(page.locator("button[value=not_offer] kbd")).to_have_text("x")
        left = int(page.locator(".counts dd").first.inner_text())
        page.keyboard.press("2")
        page.keyboard.press("x")
        expect_left(page, left - 1)
        expect(page.locator(".glance .seen").first).to_contain_text("UTC−5)")
        page.keyboard.press("?")
        expect(page.locator(".help dl kbd", has_text="q").first).to_be_visible()
        page.keyboard.press("h")
        expect(page.locator("h1")).to_have_text("Labelling guide")
        page.keyboard.press("e")
        expect(page.locator("h1")).to_have_text("Glossary")
        page.context.close()
