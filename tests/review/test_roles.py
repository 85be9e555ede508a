"""Every route asks who is there, and for the role it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.builders.forms import read_form
from fixtures.builders.login import build, entered, headers_of, on_top
from fixtures.builders.routes import role_asked, routes_of
from review.accounts.login import OPEN
from store.accounts.users import Role

if TYPE_CHECKING:
    from pathlib import Path


def test_every_route_asks_for_a_role(database: Path) -> None:
    """But for the log-in itself; a new route that asks for none fails here."""
    routes = list(routes_of(build(database)))
    assert len(routes) > 8
    assert {route.path for route in routes if role_asked(route.dependant) is None} == set(OPEN)


def test_no_page_is_shown_to_nobody(database: Path) -> None:
    """Without a session every page leads to the log-in, and the API says 401 in JSON."""
    with entered(database) as client:
        listing_id = client.get("/api/items").json()["items"][0]["listing_id"]
        client.cookies.clear()
        for address in ("/", f"/listings/{listing_id}", "/?q=acid", "/openapi.json"):
            answer = client.get(address, follow_redirects=False)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/login")
        for address in ("/api/items", f"/api/listings/{listing_id}"):
            answer = client.get(address)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("role", list(Role))
def test_only_reviewers_and_above_write_verdicts(database: Path, role: Role) -> None:
    """A viewer sees the page and its form is refused on the server, by page and by API."""
    with entered(database, role=role) as client:
        page = client.get("/").text
        listing_id = client.get("/api/items").json()["items"][0]["listing_id"]
        verdict = on_top(client) | {"decision": "offer"}
        by_api = client.post("/api/verdicts", json=verdict, headers=headers_of(client))
        form = {name: str(value) for name, value in verdict.items()}
        address = f"/listings/{listing_id}/verdict"
        by_page = client.post(address, data=form, headers=headers_of(client))
        assert ("/verdict" in page) == (role is not Role.VIEWER)
        if role is Role.VIEWER:
            assert (by_api.status_code, by_page.status_code) == (403, 403)
            assert "This needs the role reviewer, and ada has the role viewer" in by_page.text
        else:
            assert (by_api.status_code, by_page.status_code) == (201, 200)


def test_form_of_another_session_writes_nothing(database: Path) -> None:
    """The token on bo's page is worth nothing with ada's cookie."""
    with entered(database, "bo") as bo, entered(database) as ada:
        form = read_form(bo.get("/").text, "/verdict")
        assert ada.post(form.action, data=form.values | {"decision": "offer"}).status_code == 403
