"""A second factor set up in the browser, with codes for the day on which the device is lost."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp

from fixtures.builders.client import OneStepClient
from fixtures.builders.forms import read_form
from fixtures.builders.login import PASSWORD, build, entered, headers_of
from fixtures.builders.review_store import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi.testclient import TestClient


def log_in(database: Path, code: str) -> int:
    """Log in with the password and a code; return the status."""
    with OneStepClient(build(database)) as visitor:
        form = read_form(visitor.get("/login").text, "/login")
        sent = form.values | {"name": "ada", "password": PASSWORD, "code": code}
        return visitor.post("/login", data=sent, follow_redirects=False).status_code


def set_up(client: TestClient) -> tuple[str, str]:
    """Set a second factor up; return its seed and the page that confirms it."""
    begun = client.post("/account/second-factor/begin", headers=headers_of(client)).text
    seed = re.findall(r"<code>([A-Z2-7]{32})</code>", begun)[0]
    assert begun.count("<svg") == 1
    form = read_form(begun, "/account/second-factor")
    sent = form.values | {"code": pyotp.TOTP(seed).at(NOW), "current": PASSWORD}
    wrong = client.post(form.action, data=sent | {"code": "000000"})
    assert wrong.status_code == 403
    assert "The code is not the one that the app shows now" in wrong.text
    wrong = client.post(form.action, data=sent | {"current": "another one entirely"})
    assert wrong.status_code == 403
    assert not client.get("/api/me").json()["second_factor"]
    return seed, client.post(form.action, data=sent).text


def test_it_is_set_up_by_a_code_and_the_password(client: TestClient, database: Path) -> None:
    """Before both are right nothing changes; this session goes on, others end, and a code is used once."""
    with entered(database) as elsewhere:
        assert elsewhere.get("/api/me").status_code == 200
        seed, page = set_up(client)
        assert elsewhere.get("/api/me").status_code == 401
    assert client.get("/api/me").json()["second_factor"]
    assert "Logging in needs a code besides the password." in page
    assert log_in(database, "") == 401
    assert log_in(database, pyotp.TOTP(seed).at(NOW)) == 401  # the set-up used it
    assert log_in(database, pyotp.TOTP(seed).at(NOW + timedelta(seconds=30))) == 303


def test_each_recovery_code_lets_in_once(client: TestClient, database: Path) -> None:
    """They are shown once, work in small letters too, and each use is logged."""
    _, page = set_up(client)
    codes = re.findall(r"<code>([A-Z2-7]{5}-[A-Z2-7]{5})</code>", page)
    assert len(set(codes)) == 8
    assert codes[0] not in client.get("/account").text
    assert [log_in(database, codes[0].lower()), log_in(database, codes[0])] == [303, 401]
    assert log_in(database, codes[1]) == 303
    with entered(database, "root", role="admin") as admin:  # type: ignore[arg-type]
        assert "recovery_codes_left" in admin.get("/api/audit?subject=user:ada").text
