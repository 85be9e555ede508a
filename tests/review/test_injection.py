"""SQL in every parameter of every route: no effect, no error that tells of SQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from fixtures.builders.forms import read_form
from fixtures.builders.login import entered, headers_of
from fixtures.builders.routes import routes_of
from store.accounts.users import Role, is_name
from store.audit.verification import verify
from store.database import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi.dependencies.models import Dependant
    from fastapi.routing import APIRoute
    from fastapi.testclient import TestClient

INJECTED = {
    "ends a text": ("'", "' OR '1'='1' --", "') OR ('1'='1", "1 OR 1=1"),
    "begins a statement": ("'; DROP TABLE verdicts; --", "1; DROP TABLE audit_log"),
    "asks a table": ("' UNION SELECT sql FROM sqlite_master--", "'||(SELECT password_hash FROM users)||'"),
    "is a pattern": ("%", 'a" OR b NEAR c *'),
    "is no such value": ("\0", "1e309", "9223372036854775808", "../../etc/passwd", "\r\nX: y"),
}  # fmt: skip
"""What sqlmap and FTS5 query syntax try first, and values that databases take for others, by what they do."""
EVERY = tuple(chain.from_iterable(INJECTED.values()))

SPEAKS_OF_SQL = (
    "no such column", "no such table", "unrecognized token", "syntax error", "operationalerror",
    "integrityerror", "traceback", "argon2id", "create table", "fts5:", "overflowerror",
)  # fmt: skip


def names_of(dependant: Dependant) -> Iterator[tuple[str, str]]:
    """Yield where each parameter of a route stands and what it is called, those of dependencies too."""
    for kind in ("path", "query", "body"):
        for field in getattr(dependant, f"{kind}_params"):
            fields = getattr(field.field_info.annotation, "model_fields", None)
            for name in fields or (field.alias,):
                yield kind, name
    for each in dependant.dependencies:
        yield from names_of(each)


def every_parameter(client: TestClient) -> list[tuple[APIRoute, str, str]]:
    """Return every route with each of its parameters."""
    routes = routes_of(client.app)  # type: ignore[arg-type]
    return [(route, kind, name) for route in routes for kind, name in sorted(set(names_of(route.dependant)))]


def send(client: TestClient, route: APIRoute, kind: str, name: str, value: str, known: dict[str, str]) -> Any:
    """Ask a route with the value in one of its parameters and what would do in the others."""
    within = dict.fromkeys(route.param_convertors, "1") | known
    path = route.path_format.format(**within | ({name: quote(value, safe="")} if kind == "path" else {}))
    method = next(iter((route.methods or set()) - {"HEAD"}))
    body = {name: value} if kind == "body" else {}
    sent: dict[str, Any] = {"json": known | body} if path.startswith("/api/") else {"data": known | body}
    return client.request(
        method,
        path,
        params={name: value} if kind == "query" else {},
        headers=headers_of(client),
        follow_redirects=False,
        **({} if method in {"GET", "DELETE"} else sent),
    )


LEFT_OUT = {"/logout", "/login"}
"""Ends the session that asks, and slows itself down; tried on its own below."""

MAY_GROW = {
    "audit_log", "record", "sessions", "api_tokens", "login_failures", "drafts", "saved_views",
    "preferences", "claims",
    "cases", "case_entries", "assignments", "review_settings", "review_items", "review_counts",
}  # fmt: skip
"""Tables into which a route may write what it was sent, as a value."""


def kept(path: Path) -> dict[str, list[Any]]:
    """Return the schema, and the rows of every table that no value sent may change."""
    with closing(sqlite3.connect(path)) as plain:
        schema = plain.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
        tables = [
            name
            for kind, name, _ in schema
            if kind == "table" and not name.startswith(("said_fts", "named_fts", "words_fts"))
        ]
        rows = {
            table: plain.execute(f"SELECT * FROM {table}").fetchall()
            for table in tables
            if table not in MAY_GROW | {"sqlite_sequence"}
        }
    return {"schema": schema, **rows}


@pytest.mark.parametrize("sorts", [2, pytest.param(len(INJECTED), marks=pytest.mark.full)])
def test_sql_in_a_parameter_has_no_effect(database: Path, subtests: pytest.Subtests, sorts: int) -> None:
    """Every parameter of every page and API route takes it for a value, or refuses it with a sentence.

    Each is sent what ends a text, and one of another sort or of all; the next parameter the next in turn.
    """
    ends_a_text, *others = INJECTED.values()
    with entered(database, "root", Role.ADMIN) as client:
        entry = client.get("/api/items?limit=1").json()["items"][0]
        known = {"listing_id": str(entry["listing_id"]), "name": "root"}
        before = kept(database)
        places = [each for each in every_parameter(client) if each[0].path not in LEFT_OUT]
        assert len(places) > 25
        for number, (route, kind, name) in enumerate(places):
            with subtests.test(f"{route.path} {kind} {name}"):
                others = [*others[1:], others[0]]
                for values in (ends_a_text, *others[: sorts - 1]):
                    value = values[number // len(others) % len(values)]
                    answer = send(client, route, kind, name, value, known)
                    assert answer.status_code < 500, (value, answer.text)
                    said = answer.text.lower()
                    assert not [word for word in SPEAKS_OF_SQL if word in said], (value, answer.text)
        after = kept(database)
        known_before = len(before["users"])
        added = [row[1] for row in after["users"][known_before:]]
        assert set(added) <= set(filter(is_name, EVERY))  # some of them are names like any other
        assert after | {"users": after["users"][:known_before]} == before
    with closing(open_database(database)) as db:
        verify(db)


@pytest.mark.parametrize("field", ["name", "password", "code", "next"])
def test_sql_in_the_log_in_form_lets_nobody_in(database: Path, field: str) -> None:
    """Each is a wrong log-in, or a form that is refused; after some, the door is shut."""
    with entered(database) as client:
        client.cookies.clear()
        form = read_form(client.get("/login").text, "/login")
        for value in EVERY:
            sent = form.values | {"name": "ada", "password": "x"} | {field: value}
            answer = client.post("/login", data=sent, follow_redirects=False)
            assert answer.status_code in {401, 422, 429}
            assert not [word for word in SPEAKS_OF_SQL if word in answer.text.lower()]
