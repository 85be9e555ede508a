"""Headers of every answer, and refused requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.builders.login import headers_of
from review.web.guards import HEADERS

if TYPE_CHECKING:
    from fastapi.testclient import TestClient


@pytest.mark.parametrize("address", ["/", "/nope", "/static/review.css", "/api/queue", "/openapi.json"])
def test_every_answer_carries_the_headers(client: TestClient, address: str) -> None:
    """Pages, errors, files and JSON are guarded alike."""
    answer = client.get(address)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_policy_allows_nothing_inline() -> None:
    """No script or style inside a page runs, and nothing is loaded from elsewhere."""
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_pages_are_not_kept_by_the_browser(client: TestClient) -> None:
    """What an investigator read is not left in the cache; the program's own files may be."""
    assert client.get("/").headers["cache-control"] == "no-store"
    assert "cache-control" not in client.get("/static/keys.js").headers


def test_cookie_is_out_of_reach_of_scripts_and_other_sites(client: TestClient) -> None:
    """The session cookie is HttpOnly and SameSite=Strict, and is set once."""
    assert "set-cookie" not in client.get("/").headers
    client.cookies.clear()
    cookie = client.get("/login").headers["set-cookie"]
    assert cookie.startswith("precursor_watch=")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "set-cookie" not in client.get("/login").headers


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("localhost:8080", 200),
        ("[::1]:8080", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("localhost@evil.example", 400),
    ],
)
def test_only_this_machines_own_names_are_answered(client: TestClient, host: str, status: int) -> None:
    """A foreign name that points here (DNS rebinding) gets nothing."""
    assert client.get("/", headers={"Host": host}).status_code == status


def test_head_is_what_get_would_begin_with(client: TestClient) -> None:
    """Same status and headers, no body; by page and by API."""
    for address in ("/", "/api/items", "/nowhere", "/static/review.css"):
        whole, head = client.get(address), client.head(address)
        assert (head.status_code, head.content) == (whole.status_code, b"")
        assert head.headers["content-length"] == whole.headers["content-length"]


@pytest.mark.parametrize(
    ("method", "address", "taken"),
    [
        ("GET", "/logout", "POST"),
        ("DELETE", "/cases", "GET, HEAD, POST"),
        ("PUT", "/api/cases", "GET, HEAD, POST"),
        ("POST", "/api/items", "GET, HEAD"),
    ],
)
def test_method_that_is_not_taken_is_named(client: TestClient, method: str, address: str, taken: str) -> None:
    """The header and the sentence say which are."""
    answer = client.request(method, address, headers=headers_of(client))
    assert (answer.status_code, answer.headers["allow"]) == (405, taken)
    assert f"This address accepts {taken}, not {method}" in answer.text
