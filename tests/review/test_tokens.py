"""Tokens for the API, and what one may do to one's own account."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from fixtures.builders.forms import read_form
from fixtures.builders.login import PASSWORD, WEAK, a_user, build, entered, headers_of, on_top
from fixtures.builders.review_store import NOW
from review.web.forms import new_token
from store.accounts.sessions import LONGEST, get_token, issue_token, revoke_token
from store.accounts.users import Role, get_user, set_disabled, set_password
from store.audit.audit import list_entries
from store.database import open_database
from tests.review.clocks import Clock
from tests.review.test_login import log_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from store.database import Database


@pytest.fixture
def clock() -> Clock:
    """The app's clock."""
    return Clock()


@pytest.fixture
def store(database: Path) -> Iterator[Database]:
    """The app's store, as another process sees it."""
    with closing(open_database(database)) as db:
        yield db


@pytest.fixture
def program(database: Path, clock: Clock) -> Iterator[TestClient]:
    """A program without a cookie."""
    a_user(database)
    a_user(database, "root", Role.ADMIN)
    with TestClient(build(database, clock=clock), base_url="http://127.0.0.1") as client:
        yield client


def a_token(db: Database, name: str = "ada", days: int = 30) -> dict[str, str]:
    """Issue a token and return the header that carries it."""
    key = new_token()
    issue_token(db, name, key, purpose="a test", lasting=timedelta(days=days), actor="root", now=NOW)
    return {"Authorization": f"Bearer {key}"}


def test_a_token_acts_as_its_user_without_a_form(program: TestClient, store: Database) -> None:
    """A verdict by token is its user's; the log says that it came by the API."""
    header = a_token(store)
    verdict = on_top(program, header) | {"decision": "offer"}
    given = program.post("/api/verdicts", json=verdict, headers=header)
    assert (given.status_code, given.json()["reviewer"]) == (201, "ada")
    assert [each.via for each in list_entries(store, actor="ada", limit=1)] == ["api"]


@pytest.mark.parametrize("scheme", ["Bearer {}x", "Bearer", "Bearer ", "Basic {}", "{}", "bearer\t{}"])
def test_what_is_no_token_is_nobodys(program: TestClient, store: Database, scheme: str) -> None:
    """A wrong token is refused, also beside a cookie that would do."""
    key = a_token(store)["Authorization"].removeprefix("Bearer ")
    assert program.get("/api/me", headers={"Authorization": scheme.format(key)}).status_code == 401


def test_a_token_opens_no_page(program: TestClient, store: Database) -> None:
    """Pages and their forms are for people who logged in."""
    header = a_token(store)
    assert program.get("/", headers=header, follow_redirects=False).status_code == 303
    assert program.post("/logout", headers=header).status_code == 403
    assert program.get("/openapi.json", headers=header).status_code == 200


@pytest.mark.parametrize("change", [{"role": "admin"}, {"disabled": False}, {"disabled": True}])
def test_a_token_changes_no_user(program: TestClient, store: Database, change: dict[str, object]) -> None:
    """A stolen token of an administrator makes nothing that would outlast the token."""
    answer = program.patch("/api/users/ada", json=change, headers=a_token(store, "root"))
    assert answer.status_code == 403
    assert get_user(store, "ada").role is Role.REVIEWER


@pytest.mark.parametrize("how", ["expired", "revoked", "user disabled"])
def test_a_token_ends(program: TestClient, store: Database, clock: Clock, how: str) -> None:
    """By its day, by hand, or with its user."""
    header = a_token(store)
    assert program.get("/api/me", headers=header).json()["name"] == "ada"
    if how == "expired":
        clock.pass_(timedelta(days=30))
    elif how == "revoked":
        assert revoke_token(store, 1, actor="root", now=NOW)
    else:
        set_disabled(store, "ada", disabled=True, actor="root", now=NOW)
        set_disabled(store, "ada", disabled=False, actor="root", now=NOW)
    assert program.get("/api/me", headers=header).status_code == 401


def test_the_database_holds_no_token(program: TestClient, store: Database, database: Path) -> None:
    """A copy of it lets nobody in: tokens, session keys and passwords are hashes."""
    key = a_token(store)["Authorization"].removeprefix("Bearer ")
    log_in(program)
    session = program.cookies["precursor_watch"].partition(".")[0]
    store.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = database.read_bytes()
    for secret in (key, session, PASSWORD):
        assert secret.encode() not in kept


def test_no_token_lasts_longer_than_a_year(store: Database, database: Path) -> None:
    """However long was asked for."""
    a_user(database)
    a_token(store, days=5_000)
    assert get_token(store, 1).expires_at == NOW + LONGEST


def test_ones_own_tokens_are_made_listed_and_ended(database: Path) -> None:
    """By the session of a page; the secret is in the first answer only."""
    with entered(database) as client:
        made = client.post(
            "/api/me/tokens", json={"purpose": "nightly", "days": 7}, headers=headers_of(client)
        )
        assert made.status_code == 201
        key = made.json()["token"]
        assert key.startswith("pcw_")
        (listed,) = client.get("/api/me/tokens").json()
        assert (listed["purpose"], "token" in listed) == ("nightly", False)
        header = {"Authorization": f"Bearer {key}"}
        assert client.get("/api/me", headers=header).json()["name"] == "ada"
        ended = client.delete(f"/api/me/tokens/{listed['token_id']}", headers=headers_of(client))
        assert ended.status_code == 204
        assert client.get("/api/me", headers=header).status_code == 401


def test_a_stolen_token_cannot_make_itself_last(program: TestClient, store: Database) -> None:
    """It makes no other token and sets no password."""
    header = a_token(store)
    for path, body in (
        ("/api/me/tokens", {"purpose": "x"}),
        ("/api/me/password", {"current": PASSWORD, "new": "another long one"}),
    ):
        refused = program.post(path, json=body, headers=header)
        assert refused.status_code == 403
        assert "Log in and do it in the browser" in refused.json()["detail"]


def test_others_tokens_and_sessions_are_out_of_reach(database: Path, store: Database) -> None:
    """Somebody else's number is answered as one that nobody has."""
    a_user(database, "bo")
    a_token(store, "bo")
    with entered(database, "bo") as bo, entered(database) as ada:
        (session,) = bo.get("/api/me/sessions").json()
        for path in ("/api/me/tokens/1", f"/api/me/sessions/{session['session_id']}"):
            assert ada.delete(path, headers=headers_of(ada)).status_code == 404
        assert bo.get("/api/me").status_code == 200


def test_a_password_is_replaced_by_who_knows_it(database: Path) -> None:
    """Every other session and every token ends, this session goes on."""
    with entered(database) as there, entered(database) as here:
        made = here.post("/api/me/tokens", json={"purpose": "nightly"}, headers=headers_of(here)).json()
        body = {"current": PASSWORD, "new": "four even lamps hum"}
        assert here.post("/api/me/password", json=body, headers=headers_of(here)).status_code == 204
        assert here.get("/api/me").status_code == 200
        assert there.get("/api/me").status_code == 401
        there.cookies.clear()
        header = {"Authorization": f"Bearer {made['token']}"}
        assert there.get("/api/me", headers=header).status_code == 401
        here.cookies.clear()
        assert log_in(here, password="four even lamps hum").status_code == 303


@pytest.mark.parametrize(
    ("current", "new", "status"),
    [
        ("wrong", "four even lamps hum", 403),
        (PASSWORD, "short", 422),
        (PASSWORD, "ada is my own name", 422),
        (PASSWORD, "aaaaaaaaaaaaaaaa", 422),
        (PASSWORD, "x" * 5_000, 422),
    ],
)
def test_a_password_is_not_replaced_otherwise(database: Path, current: str, new: str, status: int) -> None:
    """Wrong now, or soon guessed: a sentence says so, and the old one holds."""
    with entered(database) as client:
        body = {"current": current, "new": new}
        answer = client.post("/api/me/password", json=body, headers=headers_of(client))
        assert answer.status_code == status
        assert answer.json()["detail"].endswith(".")
        client.cookies.clear()
        assert log_in(client).status_code == 303


def test_guessing_the_password_in_a_stolen_session_is_slowed(database: Path) -> None:
    """As at the door."""
    with entered(database) as client:
        body = {"current": "wrong", "new": "four even lamps hum"}
        statuses = [
            client.post("/api/me/password", json=body, headers=headers_of(client)).status_code
            for _ in range(7)
        ]
    assert statuses == [403] * 5 + [429] * 2


def test_administrators_manage_users_by_the_api(database: Path, store: Database) -> None:
    """Add, give a role, shut out; each is an entry of the log."""
    with entered(database, "root", Role.ADMIN) as root:
        header = headers_of(root)
        new = {"name": "cy", "role": "viewer", "password": "five grey lamps hum"}
        assert root.post("/api/users", json=new, headers=header).status_code == 201
        assert root.post("/api/users", json=new, headers=header).status_code == 409
        changed = root.patch("/api/users/cy", json={"role": "lead", "disabled": True}, headers=header)
        assert (changed.json()["role"], bool(changed.json()["disabled_at"])) == ("lead", True)
        assert [each["name"] for each in root.get("/api/users").json()] == ["cy", "root"]
        last = root.patch("/api/users/root", json={"role": "viewer"}, headers=header)
        assert last.status_code == 409
        assert "only administrator" in last.json()["detail"]
        done = root.get("/api/audit?subject=user:cy").json()
    assert [each["action"] for each in done] == ["user_changed", "user_changed", "user_added"]


def test_half_of_a_change_is_none(database: Path) -> None:
    """Where one part of a change is refused, the other is not made."""
    with entered(database, "root", Role.ADMIN) as root:
        body = {"role": "admin", "disabled": True}
        assert root.patch("/api/users/root", json=body, headers=headers_of(root)).status_code == 409
        assert root.get("/api/users").json()[0]["disabled_at"] is None


def test_the_anchor_is_what_the_command_takes(database: Path, store: Database) -> None:
    """Number, colon, hash, of the newest entry."""
    from store.audit.verification import read_anchors, verify

    with entered(database, "root", Role.ADMIN) as root:
        anchor = root.get("/api/audit/anchor").json()["anchor"]
    assert verify(store, anchors=read_anchors([anchor])).anchors == 1


def test_a_password_set_by_an_administrator_ends_tokens(
    program: TestClient, store: Database, database: Path
) -> None:
    """Whoever knew the old password may have made them; nobody else's token ends."""
    a_user(database, "bo")
    header, others = a_token(store), a_token(store, "bo")
    set_password(store, "ada", WEAK.hash("four even lamps hum"), actor="root", now=NOW)
    assert program.get("/api/me", headers=header).status_code == 401
    assert program.get("/api/me", headers=others).status_code == 200


def test_the_account_page_does_what_the_api_does(database: Path) -> None:
    """Replace the password, end another session, make a token that is shown once, end it."""
    with entered(database) as elsewhere, entered(database) as client:
        page = client.get("/account").text
        ended = client.post("/account/sessions/revoke", data=read_form(page, "/sessions/revoke").values)
        assert "Session ended." in ended.text
        assert elsewhere.get("/", follow_redirects=False).status_code == 303
        form = read_form(page, "/account/tokens").values
        made = client.post("/account/tokens", data=form | {"purpose": "<b>nightly", "days": "7"}).text
        key = re.findall(r"<code>(pcw_[\w-]+)</code>", made)[0]
        assert "&lt;b&gt;nightly" in made
        assert key not in client.get("/account").text
        header = {"Authorization": f"Bearer {key}"}
        assert client.get("/api/me", headers=header).status_code == 200
        client.post("/account/tokens/revoke", data=read_form(made, "/tokens/revoke").values)
        assert client.get("/api/me", headers=header).status_code == 401
        form = read_form(page, "/account/password").values
        wrong = client.post("/account/password", data=form | {"current": "x", "new": "four even lamps hum"})
        assert (wrong.status_code, "was not changed" in wrong.text) == (403, True)
        right = client.post(
            "/account/password", data=form | {"current": PASSWORD, "new": "four even lamps hum"}
        )
        assert "Password changed" in right.text


def test_others_numbers_on_the_account_page_are_refused(database: Path, store: Database) -> None:
    """A token or session of somebody else is answered as one that nobody has."""
    a_user(database, "bo")
    a_token(store, "bo")
    with entered(database, "bo") as bo, entered(database) as ada:
        (session,) = bo.get("/api/me/sessions").json()
        for path, sent in (
            ("/account/tokens/revoke", {"token_id": "1"}),
            ("/account/sessions/revoke", {"session_id": str(session["session_id"])}),
        ):
            assert ada.post(path, data=sent, headers=headers_of(ada)).status_code == 404
        assert bo.get("/api/me").status_code == 200
