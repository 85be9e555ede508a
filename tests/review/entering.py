"""Users and sessions for tests, without the slow hash of a password."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from argon2 import PasswordHasher

from cli.serve import service_api_for
from review.accounts.credentials import Passwords
from review.web.app import create_app
from review.web.forms import new_key
from store.accounts.sessions import begin_session
from store.accounts.users import Role, add_user, get_user, has_user
from store.audit.audit import Origin, Via
from store.database import open_database
from tests.review.asking import Asking
from tests.review.store import NOW

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from review.web.settings import Safety

PASSWORD = "three odd lamps hum"
WEAK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
"""A hash that is quick; its strength is a matter of its parameters, not of this code."""


def a_user(database: Path, name: str = "ada", role: Role = Role.REVIEWER) -> None:
    """Add a user with `PASSWORD`, unless there is one of that name."""
    with closing(open_database(database)) as db:
        if not has_user(db, name):
            add_user(db, name, role, password_hash=WEAK.hash(PASSWORD), actor="the tests", now=NOW)


def cookie_of(app: FastAPI, database: Path, name: str = "ada", now: datetime = NOW) -> tuple[str, str]:
    """Begin a session and return the name and value of the cookie that carries it."""
    context, key = app.state.context, new_key()
    origin = Origin(via=Via.WEB, address="testclient")
    with closing(open_database(database)) as db:
        lasting = context.safety.longest
        begin_session(db, get_user(db, name), key, lasting=lasting, origin=origin, agent="tests", now=now)
    return context.safety.cookie, context.cookies.sign(key)


def build(
    database: Path, *, safety: Safety | None = None, clock: Callable[[], datetime] = lambda: NOW
) -> FastAPI:
    """Build the app with a quick hash; its sources file, if there is one, lies beside the store."""
    operating = service_api_for(database, database.with_name("sources.toml"))
    return create_app(database, safety=safety, clock=clock, passwords=WEAK, service_api=operating)


def entered(
    database: Path,
    name: str = "ada",
    role: Role = Role.REVIEWER,
    *,
    safety: Safety | None = None,
    clock: Callable[[], datetime] = lambda: NOW,
) -> TestClient:
    """Return a client that is logged in; redirects are followed, as browsers do."""
    app = build(database, safety=safety, clock=clock)
    a_user(database, name, role)
    client = Asking(app)
    client.cookies.set(*cookie_of(app, database, name))
    return client


def headers_of(client: TestClient) -> dict[str, str]:
    """Return the header that a page's own script sends with a write."""
    context = client.app.state.context  # type: ignore[attr-defined]
    signed = client.cookies[context.safety.cookie]
    return {"X-CSRF-Token": context.cookies.form_token(context.cookies.unsign(signed))}


def on_top(client: TestClient, headers: dict[str, str] | None = None) -> dict[str, object]:
    """Return what a verdict on the first waiting listing must name: its sighting and score."""
    first = client.get("/api/items?limit=1", headers=headers).json()["items"][0]
    listing = client.get(f"/api/listings/{first['listing_id']}", headers=headers).json()
    return {"sighting_id": first["sighting_id"], "score_id": listing["score_id"]}


def count_waiting(client: TestClient) -> int:
    """Return how many listings wait for who asks."""
    return int(client.get("/api/items").json()["left"])


ELSEWHERE = (
    "//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
    "/\t/evil.example", "/\n/evil.example", "http:evil.example", " //evil.example", "",
)  # fmt: skip
"""Addresses that browsers take for another site, or for a script."""
