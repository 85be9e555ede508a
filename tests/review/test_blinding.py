"""A score that is hidden from a reviewer is hidden on every page and in every answer."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.builders.login import entered, headers_of, on_top
from fixtures.builders.review_store import FLAGGED, NOW, PLANTED, Planted, fill_store
from store.accounts.users import Role
from store.database import open_database
from store.review.workspace import change_setting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi.testclient import TestClient

ALIKE = tuple(
    Planted(
        content=replace(PLANTED[6].content, title=f"Piperonal lot {letter}, perfumery grade"),
        p_offer=p_offer,
    )
    for letter, p_offer in (("a", 0.87), ("b", 0.64), ("c", 0.61), ("d", 0.57))
)
"""Four that read alike, of one seller."""


@pytest.fixture
def hidden(tmp_path: Path) -> Path:
    """Return a store of four listings whose scores are hidden from everyone."""
    path = tmp_path / "hidden.db"
    fill_store(path, ALIKE)
    with closing(open_database(path)) as db:
        change_setting(db, "hidden_share", 1, changed_by="the tests", now=NOW)
    return path


@pytest.fixture
def ada(hidden: Path) -> Iterator[TestClient]:
    """A reviewer before them."""
    with entered(hidden) as client:
        yield client


def rows_of(client: TestClient, **narrowing: object) -> list[dict[str, Any]]:
    """Return the rows of a list."""
    found: list[dict[str, Any]] = client.get("/api/items", params=narrowing).json()["items"]  # type: ignore[arg-type]
    return found


def count_of(client: TestClient, **narrowing: object) -> int:
    """Return how many items a list says it holds, which must be how many it shows."""
    answer = client.get("/api/items", params=narrowing).json()  # type: ignore[arg-type]
    assert len(answer["items"]) == answer["total"]
    return int(answer["total"])


def judge(client: TestClient, listing_id: str, decision: str) -> None:
    """Give a verdict by the API."""
    row = next(each for each in rows_of(client) if each["listing_id"] == listing_id)
    score_id = client.get(f"/api/listings/{listing_id}").json()["score_id"]
    body = {"sighting_id": row["sighting_id"], "score_id": score_id, "decision": decision}
    answer = client.post("/api/verdicts", json=body, headers=headers_of(client))
    assert answer.status_code == 201, answer.text


def test_neighbours_do_not_tell_hidden_scores(ada: TestClient) -> None:
    """Neither by the API nor by the chip beside them, until they are judged."""
    first, second, *_ = (row["listing_id"] for row in rows_of(ada))
    near = ada.get(f"/api/listings/{first}/near").json()
    found = near["of_seller"] + near["near_duplicates"]
    assert len(found) == 6
    assert {(each["p_offer"], each["is_flagged"]) for each in found} == {(None, None)}
    for page in (f"/listings/{first}", f"/listings/{first}/near"):
        assert '<span class="chip yes">flagged</span>' not in ada.get(page).text.partition('class="near"')[2]
    judge(ada, second, "unsure")
    seller = {each["listing_id"]: each for each in ada.get(f"/api/listings/{first}/near").json()["of_seller"]}
    assert (seller[second]["p_offer"], seller[second]["is_flagged"]) == (0.64, True)


def test_what_reads_like_a_hidden_listing_does_not_tell_its_score(ada: TestClient) -> None:
    """A judged near-duplicate shows its score elsewhere, but not beside the one that waits."""
    first, second, *_ = (row["listing_id"] for row in rows_of(ada))
    judge(ada, second, "unsure")
    near = ada.get(f"/api/listings/{first}/near").json()["near_duplicates"]
    assert {each["p_offer"] for each in near} == {None}


def test_neighbours_whose_scores_are_seen_keep_them(hidden: Path) -> None:
    """Where nothing is hidden, nothing is left out."""
    with closing(open_database(hidden)) as db:
        change_setting(db, "hidden_share", 0, changed_by="the tests", now=NOW)
    with entered(hidden) as client:
        first = rows_of(client)[0]["listing_id"]
        near = client.get(f"/api/listings/{first}/near").json()["near_duplicates"]
        assert [each["p_offer"] for each in near] == [0.64, 0.61, 0.57]
        assert "chip yes" in client.get(f"/listings/{first}/near").text


def test_hidden_scores_cannot_be_bisected(ada: TestClient) -> None:
    """By tenths alone: any two bounds in one tenth answer the same."""
    assert {count_of(ada, p_from=p / 100) for p in range(60, 70)} == {3}
    assert {count_of(ada, p_to=p / 100) for p in range(60, 70)} == {3}
    assert {count_of(ada, p_from=p / 100, q="piperonal", state="all") for p in range(50, 60)} == {4}
    assert (count_of(ada, p_from=0.9), count_of(ada, p_to=0.49), count_of(ada, p_to=1)) == (0, 0, 4)


def test_a_judged_score_answers_to_the_number(ada: TestClient) -> None:
    """Once judged it is no secret; those that wait still answer by tenths."""
    second = rows_of(ada)[1]["listing_id"]
    judge(ada, second, "offer")
    assert count_of(ada, p_from=0.65, state="decided") == 0
    assert count_of(ada, p_from=0.64, state="decided") == 1
    assert count_of(ada, p_from=0.65, state="all") == 2


def test_a_lead_filters_as_a_reviewer_does(hidden: Path) -> None:
    """They judge too, so what is hidden from reviewers is hidden from them."""
    with entered(hidden, "lea", Role.LEAD) as lead:
        assert [count_of(lead, p_from=each) for each in (0.61, 0.62, 0.65)] == [3, 3, 3]


def test_scores_that_are_seen_answer_to_the_number(hidden: Path) -> None:
    """For a reviewer too."""
    with closing(open_database(hidden)) as db:
        change_setting(db, "hidden_share", 0, changed_by="the tests", now=NOW)
    with entered(hidden) as client:
        assert [count_of(client, p_from=each) for each in (0.61, 0.62, 0.65)] == [3, 2, 1]
        assert [count_of(client, p_to=each) for each in (0.61, 0.60)] == [2, 1]


@pytest.mark.parametrize("state", ["second", "", "all"])
def test_the_first_verdict_cannot_be_asked_for_by_its_name(database: Path, state: str) -> None:
    """Who is to check it blind finds the listing under every verdict; who gave it, under its own."""
    with entered(database) as ada, entered(database, "bo") as bo:
        body = on_top(ada) | {"decision": "escalate", "note": "looks coded"}
        assert ada.post("/api/verdicts", json=body, headers=headers_of(ada)).status_code == 201
        kinds = ("offer", "not_offer", "unsure", "escalate")
        assert [count_of(bo, state=state, decision=each) for each in kinds] == [1, 1, 1, 1]
        own = [count_of(ada, state=state or "second", decision=each) for each in kinds]
        assert own == [0, 0, 0, 1]


def test_no_address_carries_a_score(ada: TestClient) -> None:
    """The place in the list is named by a sighting, in the API and on the pages."""
    answer = ada.get("/api/items", params={"limit": 2}).json()
    assert answer["later"] == str(rows_of(ada)[2]["sighting_id"])


@pytest.mark.parametrize("sort", ["likely", "newest", "oldest", "seller"])
def test_paging_goes_on_where_it_was_whatever_is_judged_meanwhile(database: Path, sort: str) -> None:
    """Also when the very item at which the next stretch begins has left the list."""
    with entered(database) as client:
        whole = [row["listing_id"] for row in rows_of(client, sort=sort)]
        assert len(whole) == FLAGGED
        first = client.get("/api/items", params={"limit": 4, "sort": sort}).json()
        for listing_id in (whole[0], whole[4]):
            judge(client, listing_id, "not_offer")
        rest = rows_of(client, sort=sort, at=first["later"])
        assert [row["listing_id"] for row in rest] == whole[5:]
