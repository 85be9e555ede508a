"""The JSON API."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.builders.login import count_waiting, entered, headers_of, on_top
from fixtures.builders.review_store import FLAGGED, PLANTED, fill_store
from store.review.item_query import Sort

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi.testclient import TestClient


def a_verdict(client: TestClient, **changed: object) -> dict[str, Any]:
    """Return the body of a verdict about the top of the queue."""
    return on_top(client) | {"decision": "offer"} | changed


def test_list_and_listing_agree(client: TestClient) -> None:
    """The listing of a row holds the same score, its reasons and where the page is kept."""
    rows = client.get("/api/items").json()["items"]
    row = next(each for each in rows if not each["score_hidden"])
    listing = client.get(f"/api/listings/{row['listing_id']}").json()
    assert listing["score"]["p_offer"] == row["p_offer"]
    assert listing["score"]["reasons"]["substances"] == row["substances"]
    assert listing["locator"].startswith("mercado.zip#item/")


def test_verdict_by_json_leaves_the_queue(client: TestClient) -> None:
    """A verdict is answered with the row that was written."""
    answer = client.post(
        "/api/verdicts", json=a_verdict(client, reason_code="disguised"), headers=headers_of(client)
    )
    assert answer.status_code == 201
    assert answer.json()["reviewer"] == "ada"
    assert answer.json()["reason_code"] == "disguised"
    assert count_waiting(client) == FLAGGED - 1


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_verdict_from_elsewhere_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    """What another site asks for is not written, even with the right token."""
    answer = client.post("/api/verdicts", json=a_verdict(client), headers=headers_of(client) | headers)
    assert answer.status_code == 403
    assert "only this app's own pages may write" in answer.json()["detail"]
    assert count_waiting(client) == FLAGGED


def test_verdict_without_the_token_is_refused(client: TestClient) -> None:
    """A cookie alone writes nothing."""
    assert client.post("/api/verdicts", json=a_verdict(client)).status_code == 403
    assert count_waiting(client) == FLAGGED


def test_verdict_must_be_json_by_name(client: TestClient) -> None:
    """A form of another site cannot say application/json, so plain text is refused."""
    import json

    body = json.dumps(a_verdict(client))
    answer = client.post(
        "/api/verdicts", content=body, headers=headers_of(client) | {"Content-Type": "text/plain"}
    )
    assert answer.status_code == 422
    assert count_waiting(client) == FLAGGED


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"decision": "undone"}, 422),
        ({"decision": "perhaps"}, 422),
        ({"reason_code": "no such"}, 422),
        ({"decision": "offer", "reason_code": "not_a_sale"}, 422),
        ({"note": "x" * 5_000}, 422),
        ({"sighting_id": 10**30}, 422),
        ({"reviewer": "someone else"}, 422),
        ({"sighting_id": 999_999, "score_id": None}, 404),
        ({"score_id": 999_999}, 409),
    ],
)
def test_wrong_verdicts_are_refused_with_a_sentence(
    client: TestClient, changed: dict[str, object], status: int
) -> None:
    """What cannot be a verdict is told why; the queue stays as it was."""
    answer = client.post("/api/verdicts", json=a_verdict(client, **changed), headers=headers_of(client))
    assert answer.status_code == status
    assert answer.json()["detail"].endswith(".")
    assert count_waiting(client) == FLAGGED


def test_unknown_listing_is_a_sentence(client: TestClient) -> None:
    """A listing that is not there is answered with 404 and a sentence, as JSON."""
    answer = client.get("/api/listings/none")
    assert answer.status_code == 404
    assert "There is no listing none" in answer.json()["detail"]


@pytest.mark.parametrize("kind", ["listing", "listing_removed"])
def test_line_about_no_listing_is_refused(client: TestClient, kind: str) -> None:
    """A case's journal names the listing that it speaks of."""
    client.post("/api/cases", json={"number": "17"}, headers=headers_of(client))
    refused = client.post("/api/cases/1/entries", json={"kind": kind}, headers=headers_of(client))
    assert refused.status_code == 409
    assert "The id of the listing is missing" in refused.json()["detail"]
    assert client.get("/api/cases/1").json()["entries"] == []


@pytest.mark.parametrize("sort", list(Sort))
def test_walk_by_place_skips_nobody(tmp_path: Path, sort: Sort) -> None:
    """Every listing comes up once, also of sellers whose names read as numbers; so in a search."""
    sellers = ("1688", "nan", "1e5", "inf", "", "Norte", "~7", "99")
    planted = [
        replace(PLANTED[0], content=replace(PLANTED[0].content, title=f"P2P {name}", seller_name=name))
        for name in sellers
    ]
    fill_store(tmp_path / "review.db", tuple(planted))
    with entered(tmp_path / "review.db") as client:
        for terms in ("", "P2P"):
            met, at, asked = [], "", 0
            while asked <= len(sellers) and (asked == 0 or at):
                named: dict[str, str] = {"sort": sort, "limit": "1", "at": at, "q": terms}
                answer = client.get("/api/items", params=named).json()
                met += [item["seller_name"] for item in answer["items"]]
                at, asked = answer["later"], asked + 1
            assert sorted(met) == sorted(sellers)


@pytest.mark.parametrize("at", ["nan~3", "inf~3", "1688x~3"])
def test_place_that_no_list_wrote_is_the_beginning(client: TestClient, at: str) -> None:
    """A place is the number of a sighting; what is none begins the list anew."""
    first = client.get("/api/items").json()
    assert client.get("/api/items", params={"at": at}).json() == first


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("sourc=mercado", "sourc: no such parameter here."),
        ("q=a&q=b", "q: found more than once."),
        ("=x", ": no"),
    ],
)
def test_query_holds_only_what_is_described(client: TestClient, query: str, sentence: str) -> None:
    """A misspelt filter is no filter: it is refused, not passed over; so is one given twice."""
    for path in ("/api/items", "/api/items/bulk"):
        answer = client.get(f"{path}?{query}")
        assert answer.status_code == 422
        assert sentence in answer.json()["detail"]


def test_described_numbers_are_those_that_are_taken(client: TestClient) -> None:
    """The greatest number of a row is one that the description, being JSON, says exactly."""
    (bounds, _null) = client.get("/openapi.json").json()["components"]["schemas"]["Export"]["properties"][
        "case_id"
    ]["anyOf"]
    for case_id, status in ((int(bounds["maximum"]), 404), (int(bounds["maximum"]) + 1, 422)):
        wanted = {"form": "csv", "case_id": case_id}
        assert client.post("/api/exports", json=wanted, headers=headers_of(client)).status_code == status


def test_description_names_the_api_and_no_page(client: TestClient) -> None:
    """OpenAPI describes the JSON routes only, and how a program shows who it is."""
    described = client.get("/openapi.json").json()
    assert {"/api/items", "/api/listings/{listing_id}", "/api/verdicts", "/api/me"} <= set(described["paths"])
    assert all(path.startswith("/api/") for path in described["paths"])
    assert described["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
