"""The words and keys of the pages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from classifier.gazetteer import Law, load_gazetteer
from fixtures.builders.forms import read_form
from fixtures.builders.login import entered
from review.web.app import FOLDER
from review.web.languages import ASKED
from review.web.translations import defang, law_words, word_tables
from store.accounts.users import Role
from store.model import Decision, ReasonCode
from tests.review.clocks import Clock

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi.testclient import TestClient


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://shop.example/item/7.html?a=b.c", "hxxps://shop[.]example/item/7.html?a=b.c"),
        ("http://shop.example:8080/", "hxxp://shop[.]example:8080/"),
        ("javascript:alert(1)", "javascript[:]alert(1)"),
        ("https://[broken", "https[:]//[broken"),
        ("", ""),
    ],
)
def test_addresses_are_shown_defanged(url: str, shown: str) -> None:
    """An address can be read and copied, and no program takes it for a link."""
    assert defang(url) == shown


def test_every_decision_and_reason_has_a_button() -> None:
    """A new decision or reason in the model must get its words and key here."""
    tables = word_tables()
    assert {choice["value"] for choice in tables["decisions"]} == set(Decision) - {Decision.UNDONE}
    assert {choice["value"] for choice in tables["reasons"]} == set(ReasonCode)


def test_no_two_things_share_a_key() -> None:
    """Each key does one thing, and the help lists those of decisions and of reasons together."""
    tables = word_tables()
    decisions, reasons = ("".join(each["key"] for each in tables[name]) for name in ("decisions", "reasons"))
    assert [keys for keys in tables["keys"] if len(keys) > 1] == [decisions, reasons]
    keys = "".join(tables["keys"])
    assert len(keys) == len(set(keys))


def test_form_errors_speak_the_language_and_the_labels_of_the_form(client: TestClient) -> None:
    """No name of a field of the program, no English of a library, and the navigation stays."""
    page = client.get("/", params={"p_from": "7", "since": "yesterday"}, headers={"Accept-Language": "es"})
    assert page.status_code == 422
    assert "“Puntuación desde”: debe ser como máximo 1" in page.text
    assert "“Visto desde”: no es una fecha; escríbala como 2026-11-02" in page.text
    for word in ("p_from", "since:", "Input", "should"):
        assert word not in page.text.partition('role="alert"')[2].partition("</p>")[0]
    assert '<nav class="pages"' in page.text
    expired = client.post("/cases", data={"number": "1", "form_token": "old"})
    assert expired.status_code == 403
    assert '<nav class="pages"' in expired.text


def test_every_field_of_a_form_has_a_label() -> None:
    """A field that a page sends is named in errors as the page names it."""
    tables, fields = word_tables(), set()
    for template in FOLDER.glob("*/templates/*.html"):
        text = template.read_text(encoding="utf-8")
        fields |= set(re.findall(r'<(?:input|select|textarea)[^>]* name="(\w+)"', text))
    assert fields - {"form_token", "next", "sent"} <= tables["labels"].keys() | tables["narrowings"].keys()


def test_a_session_that_ended_leads_back_to_the_page(database: Path) -> None:
    """Also after a form was sent: it is said that nothing was saved, and the login leads to the listing."""
    clock = Clock()
    with entered(database, clock=clock) as client:
        page = client.get("/").text
        form = read_form(page, "/verdict")
        clock.pass_(timedelta(hours=2))
        here = "http://127.0.0.1" + form.action.replace("/verdict", "")
        answer = client.post(form.action, data=form.values | {"decision": "offer"}, headers={"Referer": here})
        assert answer.status_code == 401
        assert "Nothing was written" in answer.text
        assert "Bearer" not in answer.text
        assert read_form(answer.text, "/login").values["next"] == urlsplit(here).path
        elsewhere = client.post(form.action, data=form.values, headers={"Referer": "https://evil.example/x"})
        assert read_form(elsewhere.text, "/login").values["next"] == ""


def test_details_of_the_audit_log_leave_its_table_its_width(database: Path) -> None:
    """They stand folded in a row of their own below the entry, not in a column beside it."""
    with entered(database, "root", Role.ADMIN) as root:
        root.get("/")
        page = root.get("/audit").text
    table = page.partition('<table class="rows entries">')[2].partition("</table>")[0]
    assert table.partition("</thead>")[0].count("<th>") == 5
    for entry in re.findall(r"<tr>(.*?)</tr>", table.partition("</thead>")[2], re.DOTALL):
        assert "<details" not in entry
    assert '<tr class="details"><td colspan="5"><details><summary>' in table


def test_the_law_is_cited_in_spanish() -> None:
    """No citation of any profile keeps an English word on a Spanish page; titles of laws and numbers stay."""
    english = re.compile(
        r"\b(the|of|only|rule|decisions?|later|added|proposed|count|but|not|its|and|since|names?|read|March|"
        r"specific|edition|shows|prints|older|with|group|date|so|taken|any|from|to|by|wording|listed|item|day)\b"
    )
    own = Law()
    law = replace(own, instruments=own.profiles)
    token = ASKED.set("es")
    cited = {
        law_words(part)
        for substance in load_gazetteer(law).substances
        for entry in substance.entries
        for part in (
            entry.instrument if entry.profile in own.instruments else "",
            entry.list_name,
            entry.dated,
            entry.source,
        )
    }
    ASKED.reset(token)
    assert [each for each in cited if english.search(each)] == []
