"""Log in, slow down guessing, and end sessions."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp
import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from fixtures.builders.forms import read_form
from fixtures.builders.login import ELSEWHERE, PASSWORD, WEAK, a_user, build, entered, headers_of, on_top
from fixtures.builders.review_store import NOW, fill_store
from review.accounts.credentials import STEP, Passwords, check_new_password, new_seed, seal
from review.web.app import create_app
from review.web.errors import PasswordUnfit
from review.web.settings import Safety
from store.accounts.sessions import Limits, begin_attempt, end_session, sessions_of
from store.accounts.users import (
    Role,
    get_user,
    set_disabled,
    set_password,
    set_role,
    set_totp,
)
from store.audit.audit import AuditAction, Origin, Via, list_entries
from store.database import open_database
from tests.review.clocks import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from httpx2 import Response

    from store.database import Database

ORIGIN = Origin(via=Via.WEB, address="192.0.2.1")

HTTPS = Safety(public_url="https://review.agency.example")


@pytest.fixture
def clock() -> Clock:
    """The app's clock."""
    return Clock()


@pytest.fixture
def door(database: Path, clock: Clock) -> Iterator[TestClient]:
    """A browser before the log-in form; ada is a reviewer."""
    a_user(database)
    with TestClient(build(database, clock=clock), base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
def store(database: Path) -> Iterator[Database]:
    """The app's store, as another process sees it."""
    with closing(open_database(database)) as db:
        yield db


def log_in(client: TestClient, name: str = "ada", password: str = PASSWORD, **more: str) -> Response:
    """Fill in the log-in form."""
    form = read_form(client.get("/login").text, "/login")
    sent = form.values | {"name": name, "password": password} | more
    return client.post("/login", data=sent, follow_redirects=False)


def carry(client: TestClient, cookie: str) -> None:
    """Have the browser carry this cookie and no other."""
    client.cookies.clear()
    client.cookies.set("precursor_watch", cookie)


def test_right_name_and_password_enter(door: TestClient) -> None:
    """However the name's case and spaces; then the queue is shown and says who is there."""
    assert log_in(door, " ADA ").status_code == 303
    page = door.get("/").text
    assert "<b>ada</b>" in page


def test_the_key_is_another_one_after_the_log_in(door: TestClient) -> None:
    """A key that somebody planted in the browser before opens nothing afterwards (session fixation)."""
    door.get("/login")
    before = door.cookies["precursor_watch"]
    log_in(door)
    assert door.cookies["precursor_watch"] != before
    carry(door, before)
    assert door.get("/", follow_redirects=False).headers["location"] == "/login"


def test_log_in_leads_back_to_where_they_were_going(door: TestClient) -> None:
    """The address that was asked for, with its query."""
    asked = door.get("/?q=acid&page=2")
    form = read_form(asked.text, "/login")
    sent = form.values | {"name": "ada", "password": PASSWORD}
    assert door.post("/login", data=sent, follow_redirects=False).headers["location"] == "/?q=acid&page=2"


@pytest.mark.parametrize("address", ELSEWHERE)
def test_log_in_leads_nowhere_else(door: TestClient, address: str) -> None:
    """An address that a link from elsewhere put into the form is not followed (open redirect)."""
    assert log_in(door, next=address).headers["location"] == "/"


def test_log_in_form_of_elsewhere_is_refused(door: TestClient) -> None:
    """Nobody is logged in, under a name of an attacker's choosing, by a form that we did not draw."""
    sent = {"name": "ada", "password": PASSWORD}
    assert door.post("/login", data=sent).status_code == 403
    door.get("/login")
    assert door.post("/login", data=sent | {"form_token": "0" * 64}).status_code == 403


@pytest.mark.parametrize(
    "password",
    ["password1234", "Passw0rd!2024", "qwertyuiop12", "trustno1trustno1", "reviewer2026ada", "123456789012"],
)
def test_a_password_that_is_guessed_early_is_refused(password: str) -> None:
    """Common ones, rows of keys, repetitions, dates, and the user's own words."""
    with pytest.raises(PasswordUnfit):
        check_new_password(password, "ada.reviewer")


@pytest.mark.parametrize(
    "password",
    [PASSWORD, "three odd lamps hum " * 12, "\u043b\u0430\u043c\u043f\u0430 \u0438 \u043c\u043e\u0440\u0435"],
)
def test_a_password_that_is_not_guessed_early_will_do(password: str) -> None:
    """Words of any language and any length."""
    check_new_password(password, "ada.reviewer")


PROXYS = {"Authorization": "Basic cHJveHk6c2VjcmV0"}


@pytest.mark.parametrize("header", [PROXYS, {"Authorization": "Bearer x"}])
def test_no_header_spares_the_log_in_its_form(door: TestClient, header: dict[str, str]) -> None:
    """Neither the form's token nor the check of the origin, whatever an Authorization header says."""
    sent = {"name": "ada", "password": PASSWORD}
    assert door.post("/login", data=sent, headers=header).status_code == 403
    drawn = read_form(door.get("/login").text, "/login").values | sent
    elsewhere = header | {"Origin": "https://evil.example"}
    assert door.post("/login", data=drawn, headers=elsewhere).status_code == 403


def test_a_proxys_own_log_in_does_not_end_the_session(door: TestClient) -> None:
    """A browser behind a proxy with Basic authentication sends that header with every request."""
    log_in(door)
    assert door.get("/", headers=PROXYS, follow_redirects=False).status_code == 200
    assert door.get("/api/me", headers=PROXYS).json()["name"] == "ada"
    verdict = on_top(door) | {"decision": "offer"}
    assert door.post("/api/verdicts", json=verdict, headers=PROXYS).status_code == 403
    assert door.post("/api/verdicts", json=verdict, headers=PROXYS | headers_of(door)).status_code == 201


@pytest.mark.parametrize(
    ("address", "typed"),
    [
        ("/login", {"name": "ada", "password": PASSWORD, "code": "918273"}),
        ("/account/password", {"current": PASSWORD, "new": "five odder lamps hum now"}),
    ],
)
def test_a_secret_in_an_expired_form_is_shown_nowhere(
    door: TestClient, address: str, typed: dict[str, str]
) -> None:
    """Neither as text nor in a hidden field: others may look at the screen."""
    answer = door.post(address, data=typed | {"form_token": "0" * 64})
    assert answer.status_code == 403
    assert "Your entries were not kept" in answer.text
    assert not [value for value in typed.values() if value in answer.text]


@dataclass
class Counting:
    """A hasher that counts what it verified."""

    inner: PasswordHasher = field(
        default_factory=lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )
    verified: int = 0

    def hash(self, password: str) -> str:
        """Hash as always."""
        return self.inner.hash(password)

    def verify(self, kept: str, password: str) -> bool:
        """Verify as always, and count."""
        self.verified += 1
        return self.inner.verify(kept, password)

    def check_needs_rehash(self, kept: str) -> bool:
        """Check as always."""
        return self.inner.check_needs_rehash(kept)


@pytest.mark.parametrize(
    "wrong", ["password", "unknown name", "no name at all", "disabled", "code", "no code"]
)
def test_what_is_wrong_is_not_said(database: Path, store: Database, wrong: str) -> None:
    """Wrong password, unknown name, disabled user and wrong code: same words, same status, same work."""
    hasher = Counting()
    passwords = Passwords(hasher)  # type: ignore[arg-type]
    app = create_app(database, clock=lambda: NOW, passwords=passwords)
    a_user(database)
    a_user(database, "root", Role.ADMIN)
    if wrong == "disabled":
        set_disabled(store, "ada", disabled=True, actor="root", now=NOW)
    if "code" in wrong:
        set_totp(store, "ada", seal(app.state.context.key, new_seed()), actor="root", now=NOW)
    name = {"unknown name": "nobody", "no name at all": "'; --"}.get(wrong, "ada")
    password = "not this one at all" if wrong == "password" else PASSWORD
    with TestClient(app, base_url="http://127.0.0.1") as client:
        answer = log_in(client, name, password, code="123456" if wrong == "code" else "")
    assert answer.status_code == 401
    assert "The name, the password or the code is wrong." in answer.text
    assert name not in answer.text.replace("spellcheck", "") or name == "ada"
    assert hasher.verified == 1


def test_a_few_failures_shut_the_door_for_a_while(door: TestClient, clock: Clock) -> None:
    """The right password does not enter either until the window has passed; it is said how long that is."""
    for _ in range(Limits().pair):
        assert log_in(door, password="wrong").status_code == 401
    blocked = log_in(door)
    assert blocked.status_code == 429
    assert 0 < int(blocked.headers["retry-after"]) <= 15 * 60
    assert "Too many logins failed" in blocked.text
    clock.pass_(Limits().window + timedelta(seconds=1))
    assert log_in(door).status_code == 303


def test_a_success_forgives_the_failures_before_it(door: TestClient) -> None:
    """Somebody who mistypes now and then is never shut out."""
    for _ in range(3):
        for _ in range(Limits().pair - 1):
            log_in(door, password="wrong")
        assert log_in(door).status_code == 303
        door.cookies.clear()


def test_an_unknown_name_is_counted_as_a_known_one(door: TestClient) -> None:
    """So that being slowed down does not say who exists."""
    for _ in range(Limits().pair):
        assert log_in(door, "nobody", "wrong").status_code == 401
    assert log_in(door, "nobody", "wrong").status_code == 429


def test_others_get_in_while_one_address_is_shut_out(database: Path, clock: Clock, door: TestClient) -> None:
    """Ada may log in from her own machine while somebody else guesses her password from another."""
    for _ in range(Limits().pair + 1):
        log_in(door, password="wrong")
    app = build(database, clock=clock)
    with TestClient(app, base_url="http://127.0.0.1", client=("192.0.2.9", 50_000)) as other:
        assert log_in(other).status_code == 303


@pytest.mark.parametrize(
    ("most", "account", "address"),
    [(Limits().account, "ada", "192.0.2.{}"), (Limits().address, "user{}", "192.0.2.1")],
)
def test_guessing_from_many_places_or_along_many_names_is_slowed(
    store: Database, most: int, account: str, address: str
) -> None:
    """One account from anywhere, and one address for any account, have limits of their own."""
    taken = [
        begin_attempt(store, account.format(n), address.format(n), limits=Limits(), now=NOW).failure_id
        for n in range(most + 3)
    ]
    assert all(taken[:most])
    assert taken[most:] == [None] * 3


def test_a_lockout_never_outlasts_its_length_when_the_clock_is_put_back(store: Database) -> None:
    """Failures of the year that the clock was wrong count from now on, not until that year comes."""
    limits = Limits()
    for _ in range(limits.pair + 1):
        begin_attempt(store, "ada", "192.0.2.1", limits=limits, now=NOW + timedelta(days=365))
    assert (
        limits.window >= begin_attempt(store, "ada", "192.0.2.1", limits=limits, now=NOW).wait > timedelta()
    )
    later = NOW + limits.window + timedelta(seconds=1)
    assert begin_attempt(store, "ada", "192.0.2.1", limits=limits, now=later).failure_id is not None


def test_attempts_side_by_side_are_counted_before_they_are_looked_at(store: Database) -> None:
    """Sent all at once, no more are tried than one after the other."""
    tried = [begin_attempt(store, "ada", "192.0.2.1", limits=Limits(), now=NOW) for _ in range(50)]
    assert sum(each.failure_id is not None for each in tried) == Limits().pair
    assert sum(each.is_first_refusal for each in tried) == 1


def test_log_ins_and_failures_are_logged_without_what_was_typed(
    door: TestClient, store: Database, database: Path
) -> None:
    """A password typed into the name field is found nowhere; floods of refusals are one entry."""
    log_in(door, "hunter2-in-the-wrong-field", "x")
    for _ in range(Limits().pair + 4):
        log_in(door, password="wrong")
    done = [(entry.action, entry.actor, entry.address) for entry in list_entries(store)]
    failed = [each for each in done if each[0] is AuditAction.LOGIN_FAILED]
    assert failed[-1] == ("login_failed", "(nobody of that name)", "testclient")
    assert failed[:-1] == [("login_failed", "ada", "testclient")] * Limits().pair
    assert [each[0] for each in done].count(AuditAction.LOGIN_BLOCKED) == 1
    store.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"hunter2" not in database.read_bytes()


def test_log_out_ends_the_session_in_the_store_too(door: TestClient) -> None:
    """A copy of the cookie opens nothing afterwards."""
    log_in(door)
    copy = door.cookies["precursor_watch"]
    form = read_form(door.get("/").text, "/logout")
    assert "Log in" in door.post("/logout", data=form.values).text
    carry(door, copy)
    assert door.get("/", follow_redirects=False).status_code == 303


def test_log_out_needs_a_form_of_ours(door: TestClient) -> None:
    """Another site logs nobody out."""
    log_in(door)
    assert door.post("/logout").status_code == 403
    assert door.get("/", follow_redirects=False).status_code == 200


def test_a_session_ends_when_it_is_idle(door: TestClient, clock: Clock) -> None:
    """Use keeps it; an hour without ends it."""
    log_in(door)
    for _ in range(3):
        clock.pass_(timedelta(minutes=50))
        assert door.get("/", follow_redirects=False).status_code == 200
    clock.pass_(timedelta(minutes=61))
    assert door.get("/", follow_redirects=False).status_code == 303


def test_a_session_ends_at_its_age_whatever_happens(door: TestClient, clock: Clock) -> None:
    """Use does not keep it beyond twelve hours."""
    log_in(door)
    for _ in range(14):
        assert door.get("/", follow_redirects=False).status_code == 200
        clock.pass_(timedelta(minutes=51))
    clock.pass_(timedelta(minutes=7))
    assert door.get("/", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("what", ["disabled", "password", "second factor", "revoked"])
def test_an_administrator_ends_sessions_at_once(door: TestClient, store: Database, what: str) -> None:
    """The next request already finds the session ended."""
    a_user_store = {"actor": "root", "now": NOW}
    log_in(door)
    if what == "disabled":
        set_disabled(store, "ada", disabled=True, **a_user_store)  # type: ignore[arg-type]
    elif what == "password":
        set_password(store, "ada", WEAK.hash("another long one"), **a_user_store)  # type: ignore[arg-type]
    elif what == "second factor":
        set_totp(store, "ada", "sealed", **a_user_store)  # type: ignore[arg-type]
    else:
        user = get_user(store, "ada")
        (session,) = sessions_of(store, user, idle=timedelta(hours=1), now=NOW)
        assert end_session(
            store, session.session_id, AuditAction.SESSION_REVOKED, actor="root", origin=ORIGIN, now=NOW
        )
    assert door.get("/", follow_redirects=False).status_code == 303


def test_another_role_holds_from_the_next_request_on(door: TestClient, store: Database) -> None:
    """Nothing about the role is kept in the browser."""
    log_in(door)
    assert "(reviewer)" in door.get("/").text
    set_role(store, "ada", Role.VIEWER, actor="root", now=NOW)
    assert "(viewer)" in door.get("/").text


@pytest.mark.parametrize("value", ["", "x", "a.b", "é" * 9, "x" * 4_000])
def test_a_cookie_that_we_did_not_sign_is_nobodys(door: TestClient, value: str) -> None:
    """Made up, of another program or cut: the log-in form is shown."""
    answer = door.get("/", headers={b"Cookie": f"precursor_watch={value}".encode()}, follow_redirects=False)
    assert answer.status_code == 303


def test_a_cookie_of_another_installation_is_nobodys(door: TestClient, tmp_path: Path) -> None:
    """The secret beside the database signs it."""
    other = tmp_path / "other.db"
    fill_store(other)
    with entered(other) as elsewhere:
        carry(door, elsewhere.cookies["precursor_watch"])
    assert door.get("/", follow_redirects=False).status_code == 303


def test_a_code_is_asked_for_and_taken_once(database: Path, clock: Clock, store: Database) -> None:
    """A code enters once, one step early or late, and is not taken again by whoever looked on."""
    app, seed = build(database, clock=clock), new_seed()
    a_user(database)
    set_totp(store, "ada", seal(app.state.context.key, seed), actor="root", now=NOW)
    codes = pyotp.TOTP(seed)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert log_in(client).status_code == 401
        code = codes.at(clock.now)
        assert log_in(client, code=f"{code[:3]} {code[3:]}").status_code == 303
        assert log_in(client, code=code).status_code == 401
        clock.pass_(timedelta(seconds=60))
        assert log_in(client, code=codes.at(clock.now - STEP)).status_code == 303
        assert log_in(client, code=codes.at(clock.now - STEP)).status_code == 401
        clock.pass_(timedelta(seconds=120))
        assert log_in(client, code=codes.at(clock.now - 3 * STEP)).status_code == 401
    kept = store.execute("SELECT totp_sealed FROM users").fetchone()[0]
    assert seed not in kept


def test_the_database_alone_gives_no_codes(database: Path, store: Database, tmp_path: Path) -> None:
    """The seed is sealed by the key file; with another one the log-in is refused, not broken."""
    app, seed = build(database), new_seed()
    a_user(database)
    set_totp(store, "ada", seal(app.state.context.key, seed), actor="root", now=NOW)
    database.with_name(f"{database.name}.key").unlink()
    with TestClient(build(database), base_url="http://127.0.0.1") as client:
        assert log_in(client, code=pyotp.TOTP(seed).at(NOW)).status_code == 401


def test_over_https_the_cookie_is_bound_to_host_and_encryption(database: Path) -> None:
    """Secure, with the prefix that keeps sub-domains from setting it; HSTS is sent."""
    with TestClient(build(database, safety=HTTPS), base_url="https://review.agency.example") as client:
        answer = client.get("/login")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-precursor_watch=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert answer.headers["strict-transport-security"].startswith("max-age=")


def test_a_weaker_hash_is_made_anew_at_the_log_in(database: Path, store: Database) -> None:
    """When the program asks for more than it did, nobody has to change a password."""
    a_user(database)
    stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    app = create_app(database, clock=lambda: NOW, passwords=stronger)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert log_in(client).status_code == 303
        client.cookies.clear()
        assert log_in(client).status_code == 303
    assert "m=16,t=2" in store.execute("SELECT password_hash FROM users").fetchone()[0]


def test_by_default_a_hash_is_as_slow_as_the_standard_asks() -> None:
    """Argon2id with 64 MiB, 3 passes and 4 lanes: RFC 9106, section 4, second choice."""
    assert Passwords().hash(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_part_of_a_page_sends_the_whole_page_to_the_log_in(door: TestClient) -> None:
    """Where htmx asks for a part only, the log-in form must not land inside it."""
    asked = {"HX-Request": "true", "HX-Current-URL": "http://127.0.0.1/listings/x?q=a"}
    answer = door.get("/", headers=asked, follow_redirects=False)
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/login?next=%2Flistings%2Fx%3Fq%3Da"
