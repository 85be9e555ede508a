"""Saved lists that a person follows: what is new in them is counted, marked and sent."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from fixtures.builders.forms import read_form
from fixtures.builders.login import a_user, build, entered, headers_of
from fixtures.builders.review_store import NOW, PLANTED, Planted, put_model_in_use, score, see
from review.web.languages import catalogue
from store.database import Database, open_database
from store.model import ListingContent
from store.review.item_query import ItemQuery, Sort, newest_sighting
from store.review.queue import review_queue
from store.review.watchlists import (
    DigestSettings,
    DigestSettingsWrong,
    compose,
    count_new,
    digest_settings,
    filter_of,
    make_digest,
    make_due_digests,
    open_digests,
    save_view,
    saved_views,
    set_digests,
)
from tests.review.browsing import browser, enter, expect_ready, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi.testclient import TestClient
    from playwright.sync_api import Browser

__all__ = ["browser"]

SELLER = "Norte Fine Trading (fictional)"
SECRET = "call 555-0142"


@pytest.fixture
def db(database: Path) -> Iterator[Database]:
    """Return an open connection to the filled store."""
    with closing(open_database(database)) as opened:
        yield opened


def come(db: Database, count: int = 1, p_offer: float = 0.9, at: datetime = NOW) -> None:
    """Crawl so many new listings, and score them."""
    known = int(db.execute("SELECT count(*) FROM listings").fetchone()[0])
    new = tuple(
        Planted(
            content=ListingContent(
                title=f"Phenylacetone lot {known + number}, {SECRET}", description=SECRET, seller_name=SELLER
            ),
            p_offer=p_offer,
            substances=("phenylacetone",),
        )
        for number in range(count)
    )
    see(db, (*PLANTED, *new), at=at)
    score(db, (*PLANTED, *new))


def follow(client: TestClient, query: str) -> str:
    """Follow a list by the button beside it, and return the page that answers."""
    form = read_form(client.get(f"/?{query}").text, "/views")
    return client.post(form.action, data=form.values).text


@pytest.mark.parametrize(
    "query",
    ["seller=Norte+Fine", "q=phenylacetone", "q=103-79-7", "family=amphetamine-type", "state=every"],
)
def test_any_list_is_followed_as_the_search_that_it_is(
    query: str, client: TestClient, database: Path
) -> None:
    """What is there is not new; what comes later is counted in the navigation until the next look."""
    assert "You now follow this list." in follow(client, query)
    assert 'class="badge"' not in client.get("/cases").text
    with closing(open_database(database)) as db:
        assert list(count_new(db, "ada").values()) == [0]
        content = replace(PLANTED[0].content, quantity_text="900 kg")
        see(db, (replace(PLANTED[0], content=content), *PLANTED[1:]), at=NOW)
        score(db, PLANTED)
        assert list(count_new(db, "ada").values()) == [1]
        assert count_new(db, "bo") == {}
    assert 'that you follow">1</b>' in client.get("/cases").text
    page = client.get(f"/?{query}").text
    assert page.count('class="chip new"') == 1
    assert 'class="badge"' not in client.get("/cases").text
    assert 'class="chip new"' in client.get(f"/?{query}").text, "marked for as long as the person is at it"


def test_a_listing_offers_its_seller_substance_and_number(client: TestClient, database: Path) -> None:
    """One button on the item follows what is chosen; the list is named by its filter."""
    with closing(open_database(database)) as db:
        listing_id = db.execute("SELECT listing_id FROM sightings WHERE sighting_id = 1").fetchone()[0]
    page = client.get(f"/listings/{listing_id}").text
    assert '<option value="q=phenylacetone">' in page
    sent = {"query": "seller=Norte%20Fine", "follow": "1", "back": f"/listings/{listing_id}"}
    answer = client.post("/views", data=sent, headers=headers_of(client))
    assert answer.url.path == f"/listings/{listing_id}"
    assert "You now follow this list." in answer.text
    with closing(open_database(database)) as db:
        assert [(view.name, view.query) for view in saved_views(db, "ada")] == [
            ("Seller: Norte Fine", "seller=Norte+Fine")
        ]
    gone = client.post("/views", data=sent | {"back": "//evil.example"}, headers=headers_of(client))
    assert (gone.url.host, gone.url.path) == (answer.url.host, "/")


def test_a_sighting_that_is_not_scored_yet_is_new_when_it_is(db: Database) -> None:
    """Looking between crawl and scoring loses nothing."""
    see(db, PLANTED[:1], at=NOW)
    content = replace(PLANTED[3].content, description="Other words.")
    changed = (*PLANTED[:3], replace(PLANTED[3], content=content), *PLANTED[4:])
    see(db, changed, at=NOW)
    save_view(db, "ada", "All", "tier=1", is_followed=True, now=NOW)
    score(db, changed)
    assert list(count_new(db, "ada").values()) == [1]


def test_a_filter_is_read_from_the_address_of_a_list() -> None:
    """What is no filter, or no number, narrows nothing."""
    found = filter_of("q=oil&tier=x&p_from=0.5&reviewer=bo&hidden_share=0&sort=newest&changed=1")
    assert (found.terms, found.tier, found.p_from, found.changed) == ("oil", None, 0.5, "1")
    assert (found.reviewer, found.hidden_share) == ("", None)


@pytest.mark.parametrize("query", ["state=every&family=amphetamine-type", "state=every", "q=phenylacetone"])
def test_new_matches_are_the_same_by_either_way_of_reading(query: str, db: Database) -> None:
    """Few later sightings are read one by one, many by the matches of a condition."""
    newest = newest_sighting(db)
    come(db, 3)
    few, many = (
        ItemQuery(db, filter_of(query), Sort.LIKELY).newest(newest + 1, 10, are_few=are_few)
        for are_few in (True, False)
    )
    assert few == many == [newest + 3, newest + 2, newest + 1]


def test_a_digest_names_nothing_that_a_listing_says(db: Database) -> None:
    """No title, seller, text or score: mail is read by others."""
    save_view(db, "ada", "Phenylacetone", "q=phenylacetone", is_followed=True, now=NOW)
    come(db, 12)
    title, body, count = compose(db, "ada", review_url="https://review.example")
    assert (title, count) == ("precursor-watch: 12 new in the lists that you follow", 12)
    assert "Phenylacetone: 12 new" in body
    assert body.count("mercado: phenylacetone  https://review.example/listings/") == 10
    assert "and others" in body
    for hidden in (SECRET, "555", "Norte", "lot", "0.9"):
        assert hidden not in body


def test_a_digest_speaks_the_language_of_the_page_on_which_it_was_set(
    client: TestClient, database: Path
) -> None:
    """The service, which no browser asks, knows it; the test and the preview speak it too."""
    follow(client, "q=phenylacetone")
    client.headers["accept-language"] = "es"
    client.post(
        "/lists/digest",
        data={"address": "ada@office.example", "times": "", "timezone": "UTC"},
        headers=headers_of(client),
    )
    with closing(open_database(database)) as db:
        come(db, 2)
        assert make_due_digests(db, catalogue=catalogue, now=NOW + timedelta(days=900)) == 1
        (made,) = open_digests(db)
        assert made.title == "precursor-watch: 2 novedades en las listas que sigue"
        assert "2 novedades\n" in made.body
        assert "inicie sesión" in made.body
    page = client.get("/lists").text
    assert "No hay novedades" not in page
    assert '<pre class="card preview" tabindex="0" lang="es">' in page
    client.post("/lists/test", headers=headers_of(client))
    with closing(open_database(database)) as db:
        assert "Esto es una prueba" in open_digests(db)[-1].body


def test_older_listings_that_a_new_model_flags_are_not_new(db: Database) -> None:
    """They are in the list, but in no count and no digest: only the market makes news."""
    save_view(db, "ada", "Flagged", "family=amphetamine-type", is_followed=True, now=NOW)
    before = len(review_queue(db))
    put_model_in_use(db, "ffffffffffff")
    score(db, tuple(replace(each, p_offer=0.99) for each in PLANTED), "ffffffffffff")
    assert len(review_queue(db)) > before
    assert list(count_new(db, "ada").values()) == [0]
    assert compose(db, "ada")[2] == 0


def test_a_match_is_in_one_digest_only(db: Database) -> None:
    """What a digest named, and what the person has looked at, no later digest names."""
    save_view(db, "ada", "P2P", "q=phenylacetone", is_followed=True, now=NOW)
    come(db)
    assert make_digest(db, "ada", "digest", now=NOW)
    assert not make_digest(db, "ada", "digest", now=NOW)
    assert [each.title for each in open_digests(db)] == [
        "precursor-watch: 1 new in the lists that you follow"
    ]
    assert make_digest(db, "ada", "test", now=NOW)


@pytest.mark.parametrize(
    ("times", "quiet", "hour", "is_due"),
    [
        ("08:00", "", "07:59", 0),
        ("08:00", "", "08:00", 1),
        ("16:30, 08:00", "", "16:31", 1),
        ("23:00", "22:00-06:00", "23:30", 0),
        ("", "", "06:30", 0),
        ("", "", "07:30", 1),
        ("", "07:00-09:00", "07:30", 0),
    ],
)
def test_times_and_quiet_hours_are_those_of_the_person(
    times: str, quiet: str, hour: str, is_due: int, db: Database
) -> None:
    """Nine hours east of UTC."""
    zone = ZoneInfo("Asia/Tokyo")
    save_view(db, "ada", "P2P", "q=phenylacetone", is_followed=True, now=NOW)
    with_user(db)
    set_digests(
        db,
        DigestSettings(
            reviewer="ada", address="a@b.example", times=times, quiet_hours=quiet, timezone="Asia/Tokyo"
        ),
        now=datetime(2026, 11, 5, 6, 0, tzinfo=zone),
    )
    come(db)
    now = datetime.fromisoformat(f"2026-11-05T{hour}").replace(tzinfo=zone)
    assert make_due_digests(db, now=now) == is_due


def with_user(db: Database) -> None:
    """Add the user ada, if the store has none."""
    from fixtures.builders.login import WEAK
    from store.accounts.users import Role, add_user, has_user

    if not has_user(db, "ada"):
        add_user(db, "ada", Role.REVIEWER, password_hash=WEAK.hash("x" * 12), actor="the tests", now=NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "not an address"},
        {"address": "http://hook.example"},
        {"address": "https://user:word@hook.example/"},
        {"address": "a@b.example?to=c@d.example"},
        {"times": "25:00"},
        {"quiet_hours": "22:00"},
        {"timezone": "Mars/Olympus"},
    ],
)
def test_settings_that_cannot_be_used_are_refused(
    wrong: dict[str, Any], client: TestClient, database: Path
) -> None:
    """The page shows what was typed and one sentence; nothing is changed."""
    typed = {"address": "", "times": "08:00", "quiet_hours": "", "timezone": "UTC"} | wrong
    answer = client.post("/lists/digest", data=typed, headers=headers_of(client))
    assert answer.status_code == 409
    assert "Nothing was changed." in answer.text
    with closing(open_database(database)) as db:
        assert digest_settings(db, "ada") == DigestSettings(reviewer="ada")
        with pytest.raises(DigestSettingsWrong):
            set_digests(db, replace(DigestSettings(reviewer="ada", address="a@b.example"), **wrong), now=NOW)


def test_the_page_previews_the_digest_and_asks_for_a_test(client: TestClient, database: Path) -> None:
    """The test waits for the service; the page says how each message stands."""
    typed = {
        "address": "ada@office.example",
        "times": "08:00",
        "quiet_hours": "",
        "timezone": "Europe/Madrid",
    }
    page = client.post("/lists/digest", data=typed, headers=headers_of(client)).text
    assert "Saved." in page
    assert "Digest as it would be sent now" in page
    page = client.post("/lists/test", headers=headers_of(client)).text
    assert "waiting to be sent" in page
    with closing(open_database(database)) as db:
        assert [each.kind for each in open_digests(db)] == ["test"]
    with entered(database, "bo") as bo:
        assert "a test of your digest" not in bo.get("/lists").text


def test_lists_are_unfollowed_and_deleted(client: TestClient, database: Path) -> None:
    """Each person has their own."""
    follow(client, "tier=1")
    with closing(open_database(database)) as db:
        (view,) = saved_views(db, "ada")
    with entered(database, "bo") as bo:
        bo.post(f"/views/{view.view_id}/follow", headers=headers_of(bo))
        bo.post(f"/views/{view.view_id}/forget", headers=headers_of(bo))
    assert "you follow this list" in client.get("/?tier=1").text
    client.post(f"/views/{view.view_id}/follow", headers=headers_of(client))
    assert "Follow this list" in client.get("/?tier=1").text
    client.post(f"/views/{view.view_id}/forget", data={"back": "/lists"}, headers=headers_of(client))
    assert "You have no saved lists yet." in client.get("/lists").text


def test_rows_are_no_longer_marked_half_an_hour_later(client: TestClient, database: Path) -> None:
    """The mark is of the last look."""
    from store.review.watchlists import look_at

    follow(client, "tier=1")
    with closing(open_database(database)) as db:
        before = look_at(db, "ada", "tier=1", now=NOW)
        content = replace(PLANTED[0].content, quantity_text="900 kg")
        see(db, (replace(PLANTED[0], content=content), *PLANTED[1:]), at=NOW)
        score(db, PLANTED)
        assert look_at(db, "ada", "tier=1", now=NOW + timedelta(minutes=10)) == before
        newest = db.execute("SELECT max(sighting_id) FROM sightings").fetchone()[0]
        assert look_at(db, "ada", "tier=1", now=NOW + timedelta(minutes=45)) == newest
        assert look_at(db, "ada", "tier=2", now=NOW) is None


@pytest.mark.browser
@pytest.mark.process
def test_a_key_follows_the_seller_and_what_is_new_is_counted_and_marked(
    browser: Browser, database: Path
) -> None:
    """In Chromium: the key on the item, the badge in the navigation, the mark in the row."""
    a_user(database)
    with served(build(database)) as address:
        page = enter(browser, address, "ada", base_url=address)
        page.goto("/?q=103-79-7+drum")
        expect_ready(page)
        page.keyboard.press("i")
        expect(page.locator(".said")).to_contain_text("You now follow this list.")
        expect(page.locator(".badge")).to_have_count(0)
        with closing(open_database(database)) as db:
            content = replace(PLANTED[0].content, quantity_text="900 kg")
            see(db, (replace(PLANTED[0], content=content), *PLANTED[1:]), at=NOW)
            score(db, PLANTED)
        page.goto("/lists")
        expect(page.locator(".badge")).to_have_text("1")
        page.get_by_role("link", name="Seller: Norte").click()
        expect(page.locator(".chip.new")).to_have_count(1)
        expect(page.locator(".badge")).to_have_count(0)
        page.context.close()
