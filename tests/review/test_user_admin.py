"""The pages of administrators: users and the audit log."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.forms import read_form
from fixtures.builders.login import entered, headers_of, on_top
from fixtures.builders.review_store import NOW
from review.accounts.credentials import new_password
from store.accounts.users import Role, get_user, set_totp
from store.audit.audit import AuditAction, list_entries
from store.database import open_database
from store.review.workspace import change_setting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi.testclient import TestClient
    from httpx2 import Response


@pytest.fixture
def admin(database: Path) -> Iterator[TestClient]:
    """Return a client of the administrator root."""
    with entered(database, "root", Role.ADMIN) as asking:
        yield asking


def send(client: TestClient, page: str, ending: str, **chosen: str) -> Response:
    """Send the form of a page whose address ends so, as it stands but for what is chosen."""
    form = read_form(client.get(page).text, ending)
    return client.post(form.action, data=form.values | chosen)


def test_new_user_logs_in_with_the_password_shown_once(admin: TestClient, database: Path) -> None:
    """The page shows it, the log does not, and nothing shows it again."""
    added = send(admin, "/users", "/users", name="dora", role="lead")
    password = added.text.partition("shown only once: <code>")[2].partition("</code>")[0]
    assert len(password) > 12
    assert password not in admin.get("/users/dora").text
    with closing(open_database(database)) as db:
        entry = list_entries(db, action=AuditAction.USER_ADDED, subject="user:dora")[0]
    assert (entry.actor, entry.via, entry.details) == ("root", "web", {"role": "lead"})
    with entered(database, "bo") as another:
        another.cookies.clear()
        sent = read_form(another.get("/login").text, "/login").values
        answer = another.post("/login", data=sent | {"name": "dora", "password": password})
        assert "dora" in answer.text
        assert "(lead)" in answer.text


@pytest.mark.parametrize(("name", "status"), [("root", 409), ("Dora Lead", 422), ("", 422)])
def test_user_who_cannot_be_added_is_a_sentence(admin: TestClient, name: str, status: int) -> None:
    """What was typed stays in the field where the page itself refuses it."""
    answer = send(admin, "/users", "/users", name=name)
    assert answer.status_code == status
    assert "User root exists already" in answer.text or "is not a valid user name" in answer.text or not name


def test_each_deed_holds_at_once_and_is_logged(admin: TestClient, database: Path) -> None:
    """Role, sessions, codes, password, shutting out and letting in again."""
    with entered(database, "bo") as bo:
        send(admin, "/users/bo", "/role", role="lead")
        assert "(lead)" in bo.get("/settings").text
        assert "End 1 session" in admin.get("/users/bo").text
        send(admin, "/users/bo", "/sessions/end")
        assert bo.get("/settings", follow_redirects=False).status_code == 303
    with closing(open_database(database)) as db:
        set_totp(db, "bo", "sealed", actor="the tests", now=NOW)
        send(admin, "/users/bo", "/second-factor/off")
        assert not get_user(db, "bo").has_totp
        assert "shown only once" in send(admin, "/users/bo", "/password").text
        send(admin, "/users/bo", "/disabled")
        assert get_user(db, "bo").disabled_at == NOW
        send(admin, "/users/bo", "/disabled")
        assert get_user(db, "bo").disabled_at is None
        said = [entry.details for entry in list_entries(db, actor="root", action=AuditAction.USER_CHANGED)]
    assert said == [
        {"disabled": False}, {"disabled": True}, {"password": "replaced"}, {"totp": False},
        {"role": "lead", "before": "reviewer"},
    ]  # fmt: skip


def test_last_administrator_stays_one(admin: TestClient) -> None:
    """Neither another role nor shutting out is taken; the page says why."""
    for ending, chosen in (("/role", {"role": "viewer"}), ("/disabled", {})):
        refused = send(admin, "/users/root", ending, **chosen)
        assert refused.status_code == 409
        assert "only administrator" in refused.text


def test_api_does_what_the_pages_do(admin: TestClient, database: Path) -> None:
    """Sessions, codes and password; a token makes no password, nor anything in its place."""
    with entered(database, "bo"):
        pass
    header = headers_of(admin)
    assert admin.delete("/api/users/bo/sessions", headers=header).json() == {"count": 1}
    assert admin.delete("/api/users/bo/second-factor", headers=header).status_code == 204
    assert len(admin.post("/api/users/bo/password", headers=header).json()["password"]) > 12
    assert admin.delete("/api/users/nobody/sessions", headers=header).status_code == 404
    made = admin.post("/api/me/tokens", json={"purpose": "test"}, headers=header).json()
    admin.cookies.clear()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert admin.delete("/api/users/bo/sessions", headers=bearer).json() == {"count": 0}
    assert admin.post("/api/users/bo/password", headers=bearer).status_code == 403
    assert admin.delete("/api/users/bo/second-factor", headers=bearer).status_code == 403
    thief = {"name": "thief", "role": "admin", "password": "five grey lamps hum"}
    assert admin.post("/api/users", json=thief, headers=bearer).status_code == 403


def test_pages_are_for_their_roles(database: Path) -> None:
    """A lead reads the log and manages nobody; a reviewer does neither, and sees no link."""
    with entered(database, "lou", Role.LEAD) as lead:
        assert lead.get("/audit").status_code == 200
        assert lead.get("/users").status_code == 403
        assert 'href="/users"' not in lead.get("/settings").text
    with entered(database) as reviewer:
        assert reviewer.get("/audit").status_code == 403
        assert reviewer.get("/api/audit").status_code == 403
        assert 'href="/audit"' not in reviewer.get("/settings").text


def test_log_is_filtered_and_paged_by_place(admin: TestClient, database: Path) -> None:
    """By who, what, to what and day; older entries begin where the page ended."""
    with entered(database) as ada:
        listing_id = ada.get("/api/items").json()["items"][0]["listing_id"]
        for _ in range(60):
            ada.get(f"/listings/{listing_id}")
    page = admin.get("/audit?actor=ada&action=listing_viewed&since=2026-11-02&until=2026-11-02").text
    assert page.count("viewed a listing</td>") == 50
    older = page.partition('<a href="/audit?')[2].rpartition('<a href="/audit?')[2].partition('"')[0]
    assert admin.get("/audit?" + older.replace("&amp;", "&")).text.count("viewed a listing</td>") == 10
    assert "No entry matches." in admin.get("/audit?since=2026-11-03").text
    assert "No entry matches." in admin.get("/audit?until=2026-11-01").text
    assert f"listing:{listing_id}" in admin.get(f"/audit?subject=listing:{listing_id}").text
    assert "No integrity check has run yet" in page
    assert admin.get("/audit?since=nonsense").status_code == 422


def test_log_keeps_a_verdict_from_who_is_to_check_it_blind(database: Path) -> None:
    """On the page and in the API; whoever gave it sees it."""
    with closing(open_database(database)) as db:
        change_setting(db, "second_share", 1, changed_by="the tests", now=NOW)
    with entered(database, "lou", Role.LEAD) as lou, entered(database, "eva", Role.LEAD) as eva:
        lou.post("/api/verdicts", json=on_top(lou) | {"decision": "not_offer"}, headers=headers_of(lou))
        asked = "/api/audit?action=verdict_given"
        assert lou.get(asked).json()[0]["details"]["decision"] == "not_offer"
        assert eva.get(asked).json()[0]["details"] == {"hidden": "until your verdict"}
        assert "not_offer" not in eva.get("/audit?action=verdict_given").text.partition("<table")[2]


def test_no_password_that_is_made_up_holds_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of short names some would by chance, and be refused to an administrator who typed none."""
    made = iter(["1Bob3456789012345678abcd", "four-even-lamps-hum-1234"])
    monkeypatch.setattr("secrets.token_urlsafe", lambda _size: next(made))
    assert new_password("bob") == "four-even-lamps-hum-1234"


def test_empty_filters_of_the_log_narrow_nothing(admin: TestClient) -> None:
    """The form sends every field, and the empty ones are left out."""
    empty = {"actor": "", "action": "", "subject": "", "since": "", "until": ""}
    assert admin.get("/audit", params=empty).text == admin.get("/audit").text
    assert admin.get("/api/audit", params=empty).status_code == 200
