"""A listing's text is an attacker's: one kind of attack a test, on every page that shows listings."""

from __future__ import annotations

import csv
import io
import json
import re
from contextlib import closing
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.builders.forms import read_form
from fixtures.builders.login import entered, headers_of, on_top
from fixtures.builders.review_store import PLANTED, Planted, fill_store
from review.listing.safe_text import lookalikes, mark_lookalikes, sanitize_page
from review.web.app import FOLDER
from review.web.translations import defang, word_tables
from store.accounts.users import Role
from store.database import open_database
from store.model import ListingContent
from store.review.queue import review_queue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi.testclient import TestClient

MARKUP = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "'-alert(1)-'",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "<math><mtext></form><form>",
    "<a href='javascript:alert(1)'>x</a>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href='https://evil.example/'>",
    "<form action=https://evil.example><button>x",
    "{{ 7*7 }}{% x %}",
    "<button hx-get='/logout' hx-trigger='load'>",
    "<div hx-on::load='alert(1)'>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<style>*{background:url(https://evil.example/)}</style>",
    "x' style='position:fixed;inset:0",
    '" autofocus onfocus="alert(1)',
    "<link rel=stylesheet href=//evil.example>",
    "<svg><use href=//evil.example#x>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
)
"""From the filter-evasion lists that testers use, with htmx attributes and template braces."""

OURS = {"action", "href", "src", "formmethod", "method"}
"""Attributes that lead somewhere; on our pages they lead to ourselves."""


class Shown(HTMLParser):
    """What a browser makes of a page: its tags with attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        """Keep text."""
        self.text += data


def planted(text: str) -> Planted:
    """Return a listing that says this in every field, in its evidence and in its reasons."""
    filled: dict[str, Any] = {
        name: text for name in word_tables()["fields"] if isinstance(getattr(PLANTED[0].content, name), str)
    }
    content = ListingContent(
        **filled,
        category_path=(text,),
        attributes=((text, text),),
        images=(text,),
        provenance={"title": text, "description": text},
    )
    return Planted(content=content, p_offer=0.9, evidence=((text, text, text, text),), substances=(text,))


def store_of(folder: Path, *texts: str) -> Path:
    """Write a store of such listings."""
    path = folder / "hostile.db"
    fill_store(path, tuple(planted(text) for text in texts))
    return path


def pages(client: TestClient, path: Path) -> Iterator[str]:
    """Yield every page on which the listings stand, once a case holds them."""
    with closing(open_database(path)) as db:
        ids = [entry.listing_id for entry in review_queue(db, limit=100)]
    opened = client.post("/api/cases", json={"number": "17"}, headers=headers_of(client)).json()
    for listing_id in ids:
        line = {"kind": "listing", "listing_id": listing_id, "note": MARKUP[0]}
        address = f"/api/cases/{opened['case_id']}/entries"
        assert client.post(address, json=line, headers=headers_of(client)).status_code == 201
    for address in (
        "/", "/?state=all", f"/?q={MARKUP[0][:8]}", "/bulk", "/cases", f"/cases/{opened['case_id']}",
        f"/cases/{opened['case_id']}/sheet", "/figures", "/settings", "/exports",
        *(f"/listings/{each}{more}" for each in ids for more in ("", "/sheet", "/page", "/near")),
    ):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code == 200, address
        yield answer.text


def tags_of_ours(folder: Path) -> set[tuple[str, str]]:
    """Return tag and attribute names that our pages have where no listing is hostile."""
    path = store_of(folder, "plain words")
    with entered(path, role=Role.LEAD) as client:
        return {
            (tag, name)
            for page in pages(client, path)
            for tag, named in Shown(page).tags
            for name in named or [""]
        }


def test_stored_markup_is_text_on_every_page(tmp_path: Path) -> None:
    """No tag or attribute is there that is not there with plain words; nothing leads elsewhere."""
    (tmp_path / "plain").mkdir()
    ours = tags_of_ours(tmp_path / "plain")
    path = store_of(tmp_path, *MARKUP)
    with entered(path, role=Role.LEAD) as client:
        for page in pages(client, path):
            shown = Shown(page)
            found = {(tag, name) for tag, named in shown.tags for name in named or [""]}
            assert {
                each
                for each in found - ours
                if each[1] not in {"aria-current", "title", "class", "dir", "rel"}
            } == set()
            assert not [
                name for _tag, named in shown.tags for name in named if name.startswith(("on", "hx-on"))
            ]
            leads = [named[name] for _tag, named in shown.tags for name in OURS & set(named)]
            assert not [each for each in leads if not re.match(r"(/(?!/)|\?|#|post$|get$|dialog$)", each)]
            assert "style" not in {name for _tag, named in shown.tags for name in named}


def test_markup_is_shown_as_it_was_written(tmp_path: Path) -> None:
    """Nothing is silently taken out: a reviewer sees what the seller wrote."""
    path = store_of(tmp_path, *MARKUP[:3])
    with entered(path) as client:
        for text in MARKUP[:3]:
            assert text in Shown(client.get("/", params={"q": text}).text).text


def test_the_api_answers_hostile_text_as_json_only(tmp_path: Path) -> None:
    """No browser takes it for a page, whatever it holds."""
    path = store_of(tmp_path, *MARKUP[:4])
    with entered(path) as client:
        answer = client.get("/api/items")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert {each["title"] for each in answer.json()["items"]} == set(MARKUP[:4])


@pytest.mark.parametrize(
    "text", ["W" * 300_000, "<b>" * 100_000, "a " * 200_000, "\u202e" * 20_000, "é\u0301" * 99_999]
)
def test_a_giant_listing_is_shown(tmp_path: Path, text: str) -> None:
    """Long words, deep markup, many words or marks: the page comes, and its list stays readable."""
    path = tmp_path / "giant.db"
    fill_store(path, (Planted(content=ListingContent(title=text, description=text), p_offer=0.9),))
    with entered(path) as client:
        answer = client.get("/")
        assert answer.status_code == 200
        assert client.get("/api/items").status_code == 200


@pytest.mark.parametrize(
    "html",
    [
        "<p>ok<script>alert(1)</script>",
        "<p>ok<p onclick=alert(1)>",
        "<p>ok<div style='x'>",
        "<p>ok<img src=//e>",
        "<p>ok<a href=//e>",
        "<p>ok<form action=//e><input name=x>",
        "<p>ok<svg><script>1</script></svg>",
        "<p>ok<style>@import '//e'</style>",
        "<p>ok<meta http-equiv=refresh content=0>",
        "<p>ok<base href=//e>",
        "<p>ok<iframe src=//e></iframe>",
        "<p>ok<object data=//e>",
        "<p>ok<link rel=stylesheet href=//e>",
        "<p>ok" + "<div>" * 5_000,
        "<p>ok<!--",
        "<p>ok<![CDATA[<script>",
        "<p>ok</p></p></body></html><script>",
        "<p>ok\0<scr\0ipt>alert(1)</scr\0ipt>",
        "<p>ok<table><tr><td><script>1</script>",
        "<p>ok<math><mi//xlink:href=x>",
    ],
)
def test_a_kept_page_is_shown_without_anything_that_acts(html: str) -> None:
    """Scripts, styles, forms, links and loads are gone, however broken the page is; its words stay."""
    inert = sanitize_page(html)
    assert "ok" in inert
    shown = Shown(inert)
    gone = {
        "script",
        "style",
        "form",
        "input",
        "img",
        "a",
        "svg",
        "meta",
        "base",
        "iframe",
        "object",
        "link",
        "math",
    }
    assert not gone & {tag for tag, _named in shown.tags}
    assert {name for _tag, named in shown.tags for name in named} <= {
        "lang",
        "dir",
        "colspan",
        "rowspan",
        "scope",
    }


def test_a_kept_page_is_framed_without_rights(tmp_path: Path) -> None:
    """Even what slipped through could not run: the frame has no rights and the policy no inline script."""
    path = store_of(tmp_path, "plain")
    with entered(path) as client:
        headers = client.get("/").headers
    policy = headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    template = (FOLDER / "listing" / "templates" / "kept_page.html").read_text("utf-8")
    assert 'sandbox=""' in template


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1+1", " =1", "|calc", "%0A=1"]
)
def test_no_cell_of_a_csv_export_is_a_formula(tmp_path: Path, cell: str) -> None:
    """Whatever a seller wrote into any field, a spreadsheet shows it and runs nothing."""
    path = store_of(tmp_path, f"{cell}+cmd|' /C calc'!A0")
    with entered(path) as client:
        header = headers_of(client)
        verdict = on_top(client) | {"decision": "offer", "note": cell}
        assert client.post("/api/verdicts", json=verdict, headers=header).status_code == 201
        client.patch("/api/settings", json={"second_share": 0}, headers=header)
        text = client.post("/api/exports", json={"form": "csv"}, headers=header).text
    for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))):
        for each in row:
            assert not each.lstrip(" \u00a0\u3000\t\r\n").startswith(
                ("=", "+", "@", "\uff1d", "\uff0b", "\uff20")
            )
            assert not re.match(r"\s*[-\uff0d](?![\d.]+$)", each)


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("Phenyl\u0430cetone", ["\u0430"]),
        ("\u0420MK oil", ["\u0420"]),
        ("P\u039cK", ["\u039c"]),
        ("\u0421AS 103-79-7", ["\u0421"]),
        ("\u03b1PVP, \u03b3-butyrolactone", []),
        ("Фенилацетон 5 kg", []),
        ("苯基丙酮 P2P", []),
        ("plain words", []),
        ("10 \u03bcg", []),
    ],
)
def test_a_letter_that_looks_like_another_is_marked(text: str, marked: list[str]) -> None:
    """Cyrillic, Greek or Armenian letters inside a Latin word stand out; ordinary spelling is let be."""
    assert [text[place] for place in lookalikes(text)] == marked


def test_a_lookalike_is_named_on_the_page(tmp_path: Path) -> None:
    """A reader sees that the name is not written as it looks, in the list and on the item."""
    path = store_of(tmp_path, "Phenyl\u0430cetone oil")
    with entered(path) as client:
        page = client.get("/").text
    assert (
        page.count('Phenyl<span class="alike" title="U+0430 CYRILLIC SMALL LETTER A">\u0430</span>cetone') > 2
    )
    assert mark_lookalikes("<b>\u202e") == "&lt;b&gt;[U+202E]"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://shop.example/item/7", "hxxps://shop[.]example/item/7"),
        ("http://192.0.2.1:8080/x.y", "hxxp://192[.]0[.]2[.]1:8080/x.y"),
        ("javascript:alert(1)", "javascript[:]alert(1)"),
        ("data:text/html,<script>", "data[:]text/html,<script>"),
        ("//evil.example/x", "//evil[.]example/x"),
        ("https://[::1", "https[:]//[::1"),
    ],
)
def test_an_address_can_be_read_and_not_followed(url: str, shown: str) -> None:
    """No link leads out of the app; an address is text that no program takes for one."""
    assert defang(url) == shown


def test_no_page_links_to_a_listings_site(tmp_path: Path) -> None:
    """Not even where every field is an address."""
    path = store_of(tmp_path, "https://evil.example/item")
    with entered(path, role=Role.LEAD) as client:
        for page in pages(client, path):
            leads = [named.get("href", "") + named.get("src", "") for _tag, named in Shown(page).tags]
            assert not [each for each in leads if "evil" in each.partition("?")[0]]


def test_hostile_names_stay_within_their_quotes_in_the_log(tmp_path: Path) -> None:
    """What a listing says never becomes part of the log's own fields."""
    path = store_of(tmp_path, '"},"actor":"root","x":{"')
    with entered(path, "root", Role.ADMIN) as client:
        client.get("/")
        entries = client.get("/api/audit?action=listing_viewed").json()
    assert {each["actor"] for each in entries} == {"root"}
    assert json.loads(json.dumps(entries[0]["details"]))["p_offer"] == 0.9


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-12:00", "1e400", "x"])
def test_a_time_that_no_clock_shows_is_refused(client: TestClient, moment: str) -> None:
    """A form's time of display is theirs to change; an absurd one is a sentence, and no verdict."""
    listing_id = client.get("/api/items?limit=1").json()["items"][0]["listing_id"]
    form = read_form(client.get(f"/listings/{listing_id}").text, f"/listings/{listing_id}/verdict")
    answer = client.post(form.action, data=form.values | {"decision": "offer", "shown_at": moment})
    assert answer.status_code == 422
