"""Claims, drafts, redo, second reviews, lists, and verdicts on a whole list."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.forms import judge, read_form, undo
from fixtures.builders.login import entered, headers_of
from fixtures.builders.review_store import FLAGGED
from review.listing.safe_text import sanitize_page
from store.accounts.users import Role
from store.database import open_database
from store.model import Decision, Stage
from store.review.item_query import Filter
from store.review.listings import listing_file
from store.review.queue import count_items, list_items, review_queue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi.testclient import TestClient


@pytest.fixture
def lead(database: Path) -> Iterator[TestClient]:
    """Return a client of the lead lou."""
    with entered(database, "lou", Role.LEAD) as asking:
        yield asking


def first_id(database: Path) -> str:
    """Return the listing that stands first in the queue."""
    with closing(open_database(database)) as db:
        return review_queue(db)[0].listing_id


def test_what_is_open_elsewhere_is_led_past_and_not_decided_unknowingly(
    client: TestClient, lead: TestClient, database: Path
) -> None:
    """The second reviewer gets the next listing; the held one says who holds it, and can be taken over."""
    mine = client.get("/").text
    theirs = lead.get("/").text
    assert read_form(mine, "/verdict").action != read_form(theirs, "/verdict").action
    listing_id = first_id(database)
    held = lead.get(f"/listings/{listing_id}").text
    assert "ada has this listing open until 2026-11-02 08:10 UTC" in held
    refused = judge(lead, held, decision="offer", note="kept")
    assert refused.status_code == 409
    assert ">kept</textarea>" in refused.text
    form = read_form(refused.text, "/claim")
    taken = lead.post(form.action, data=form.values)
    assert "You have taken over this listing." in taken.text
    assert judge(lead, taken.text, decision="offer").status_code == 200
    late = judge(client, mine, decision="not_offer")
    assert late.status_code == 409
    assert "was judged by lou since it was shown" in late.text


def test_draft_survives_a_reload(client: TestClient, database: Path) -> None:
    """What was typed is on the page again, for its writer only, until the verdict is given."""
    listing_id = first_id(database)
    sent = {"reason_code": "disguised", "note": "half a thought", "substance": "piperonal"}
    answer = client.post(f"/listings/{listing_id}/draft", data=sent, headers=headers_of(client))
    assert answer.status_code == 204
    page = client.get(f"/listings/{listing_id}").text
    assert ">half a thought</textarea>" in page
    assert 'value="piperonal"' in page
    assert 'value="disguised" data-key="g" data-fits="offer unsure escalate" checked' in page
    assert client.get(f"/api/listings/{listing_id}/draft").json() == sent
    with entered(database, "bo") as other:
        assert "half a thought" not in other.get(f"/listings/{listing_id}").text
    judge(client, page, decision="offer", substance="piperonal")
    again = client.get(f"/listings/{listing_id}").text
    assert "half a thought" not in again
    assert "Substance: piperonal" in again


def test_redo_gives_the_verdict_again(client: TestClient, database: Path) -> None:
    """After an undo the same key line offers to give it again."""
    listing_id = first_id(database)
    back = undo(client, judge(client, client.get("/").text, decision="offer", note="sure").text)
    form = read_form(back.text, "/redo")
    redone = client.post(form.action, data=form.values)
    assert "Verdict given again." in redone.text
    with closing(open_database(database)) as db:
        verdicts = listing_file(db, listing_id).verdicts
    assert [each.decision for each in verdicts] == [Decision.OFFER, Decision.UNDONE, Decision.OFFER]
    assert verdicts[-1].note == "sure"


def test_another_reviewers_verdict_is_not_undone(client: TestClient, lead: TestClient) -> None:
    """A reviewer takes back their own; a lead anybody's."""
    form = read_form(judge(lead, lead.get("/").text, decision="unsure").text, "/undo")
    assert client.post(form.action, headers=headers_of(client)).status_code == 403
    mine = read_form(judge(client, client.get("/").text, decision="unsure").text, "/undo")
    assert lead.post(mine.action, headers=headers_of(lead)).status_code == 200


def test_second_look_is_blind(client: TestClient, lead: TestClient, database: Path) -> None:
    """An escalated listing waits for another, who sees neither verdict nor note, and becomes the second."""
    listing_id = first_id(database)
    judge(client, client.get("/").text, decision="escalate", note="looks coded")
    page = lead.get(f"/listings/{listing_id}").text
    assert "looks coded" not in page
    assert "Verdict: " not in page
    judge(lead, page, decision="offer")
    after = lead.get(f"/listings/{listing_id}").text
    assert "looks coded" in after
    assert "Disputed" in after
    with closing(open_database(database)) as db:
        assert listing_file(db, listing_id).verdicts[-1].stage is Stage.SECOND
        assert count_items(db, Filter(state="adjudication")) == 1


def test_hidden_score_is_nowhere_on_the_page(client: TestClient, database: Path) -> None:
    """Who chose to see no score sees none before the verdict, and the record says so."""
    client.post("/settings/mine", data={"hide_score": "1"}, headers=headers_of(client))
    listing_id = first_id(database)
    page = client.get(f"/listings/{listing_id}").text
    assert "The score is hidden until your verdict." in page
    assert "0.98" not in page
    judge(client, page, decision="offer")
    after = client.get(f"/listings/{listing_id}").text
    assert "0.981" in after
    assert "without seeing the score" in after


def test_filters_stand_in_the_address_and_stay(client: TestClient) -> None:
    """Going on stays within the filter; a list can be kept under a name and forgotten."""
    narrowed = {"seller": "Aromas del Sur (fictional)", "state": "waiting", "sort": "newest"}
    page = client.get("/", params=narrowed).text
    assert "4 of 4, newest first" in page
    after = judge(client, page, decision="not_offer")
    assert b"seller=Aromas" in after.url.query
    assert "3 of 3" in after.text
    form = read_form(page, "/views")
    kept = client.post(form.action, data=form.values | {"name": "perfume"})
    assert ">perfume</a>" in kept.text
    gone = read_form(kept.text, "/forget")
    assert ">perfume</a>" not in client.post(gone.action, data=gone.values).text


@pytest.mark.parametrize("written", [{"reason_code": "foo"}, {"note": "x" * 4_001}])
def test_draft_that_could_not_be_given_back_is_refused(
    client: TestClient, database: Path, written: dict[str, str]
) -> None:
    """The page's form takes what the API gives back, and no more; a line break counts as one character."""
    address = f"/listings/{first_id(database)}/draft"
    sent = {"note": "\r\n" * 4_000}
    assert client.post(address, data=sent, headers=headers_of(client)).status_code == 204
    assert client.post(address, data=written, headers=headers_of(client)).status_code == 422
    assert client.get(f"/api{address}").json()["note"] == "\n" * 4_000


def ticked(page: str) -> dict[str, list[str]]:
    """Return the boxes of a preview that are ticked, as the browser sends them."""
    return {"listing_id": re.findall(r'name="listing_id" value="([0-9a-f]+)"[^>]* checked', page)}


def test_bulk_verdict_touches_what_its_preview_showed(client: TestClient, database: Path) -> None:
    """A preview counts first; if the list changed meanwhile nothing is written."""
    page = client.get("/bulk", params={"seller": "Aromas del Sur (fictional)"}).text
    assert "4 listings are waiting for your verdict." in page
    form = read_form(page, "/bulk")
    judge(client, client.get("/", params={"seller": "Aromas del Sur (fictional)"}).text, decision="offer")
    late = client.post(form.action, data=ticked(page) | form.values | {"decision": "not_offer"})
    assert late.status_code == 409
    assert "3 listings are waiting for your verdict." in late.text
    anew = read_form(late.text, "/bulk")
    chosen = {"decision": "not_offer", "note": "perfumery"}
    done = client.post(anew.action, data=ticked(late.text) | anew.values | chosen)
    assert done.status_code == 200
    with closing(open_database(database)) as db:
        assert count_items(db, Filter(reviewer="ada")) == FLAGGED - 4
        batches = {row[0] for row in db.execute("SELECT batch FROM verdicts WHERE note = 'perfumery'")}
    assert len(batches) == 1


def test_bulk_over_a_search_leaves_alone_what_others_decided(
    client: TestClient, lead: TestClient, database: Path
) -> None:
    """Preview, count and deed go by one filter: what waits. What is decided is counted apart and stands."""
    piperonal = {"q": "piperonal"}
    with closing(open_database(database)) as db:
        found = [item.listing_id for item in list_items(db, Filter(terms="piperonal", state="all"))]
    assert len(found) == 4
    judge(lead, lead.get(f"/listings/{found[0]}").text, decision="offer")
    lead.get(f"/listings/{found[1]}")  # and has it open
    page = client.get("/bulk", params=piperonal).text
    assert "2 listings are waiting for your verdict." in page
    assert "3 listings in this list are waiting." in page
    assert "second review: 1." in page
    assert set(re.findall(r'<td dir="auto"><a href="/listings/([0-9a-f]+)"', page)) == set(found[2:])
    told = client.get("/api/items/bulk", params=piperonal).json()
    assert (told["count"], told["total"], told["settled"]) == (2, 3, 1)
    assert set(told["listing_ids"]) == set(found[2:])
    form = read_form(page, "/bulk")
    client.post(form.action, data=ticked(page) | form.values | {"decision": "not_offer"})
    with closing(open_database(database)) as db:
        given = dict(db.execute("SELECT listing_id, reviewer || ' ' || decision FROM verdicts"))
    assert given == {found[0]: "lou offer", found[2]: "ada not_offer", found[3]: "ada not_offer"}
    for state in ("all", "decided"):
        left = client.get("/api/items/bulk", params=piperonal | {"state": state}).json()
        assert (left["count"], left["settled"]) == (0, 3)


def test_lead_assigns_and_reviewer_does_not(client: TestClient, lead: TestClient, database: Path) -> None:
    """Assignment shows in the list and can be filtered for."""
    listing_id = first_id(database)
    refused = client.post(
        f"/listings/{listing_id}/assign", data={"assignee": "ada"}, headers=headers_of(client)
    )
    assert refused.status_code == 403
    lead.post(f"/listings/{listing_id}/assign", data={"assignee": "ada"}, headers=headers_of(lead))
    assert "1 of 1" in client.get("/", params={"assignee": "ada"}).text


def test_settings_and_samples_are_a_leads(client: TestClient, lead: TestClient, database: Path) -> None:
    """A lead puts shares in force and draws a sample; a reviewer cannot."""
    chosen = {"second_percent": "100", "hidden_percent": "0", "claim_minutes": "5"}
    assert client.post("/settings/all", data=chosen, headers=headers_of(client)).status_code == 403
    assert "100 %" in lead.post("/settings/all", data=chosen, headers=headers_of(lead)).text
    drawn = lead.post("/settings/sample", data={"size": "50"}, headers=headers_of(lead)).text
    assert "<td>2</td>" in drawn
    with closing(open_database(database)) as db:
        assert count_items(db, Filter()) == FLAGGED + 2
    sample = client.get("/", params={"q": "beaker", "state": "waiting"}).text
    assert "The score is hidden until your verdict." in sample


def test_kept_page_is_inert() -> None:
    """Nothing that runs, loads, links or sends is left of a hostile page; its words are."""
    hostile = (
        "<title>t</title><h1 onclick=alert(1) style='color:red'>Lot</h1><script>alert(1)</script>"
        "<style>*{display:none}</style><form action=//evil><input name=p><button>go</button></form>"
        "<a href='javascript:alert(1)'>here</a><img src=//evil/x onerror=alert(1) alt=drum>"
        "<iframe src=//evil></iframe><svg onload=alert(1)><script>alert(1)</script></svg>"
        "<meta http-equiv=refresh content='0;url=//evil'><base href=//evil><link rel=stylesheet href=//evil>"
        "<table><tr><td colspan=2>25 kg</td></tr></table>"
    )
    inert = sanitize_page(hostile)
    assert inert.startswith("<h1>Lot</h1>")
    assert '<td colspan="2">25 kg</td>' in inert
    for left in ("alert", "evil", "href", "src", "style", "<form", "<input", "<meta", "<img", "onclick"):
        assert left not in inert


def test_page_speaks_the_browsers_language_or_the_chosen_one(client: TestClient) -> None:
    """The html element says which language the page is in."""
    assert '<html lang="es"' in client.get("/settings", headers={"accept-language": "es-PE,es;q=0.9"}).text
    assert '<html lang="en"' in client.get("/settings", headers={"accept-language": "fi"}).text
    chosen = client.post(
        "/settings/mine", data={"language": "es", "theme": "dark"}, headers=headers_of(client)
    )
    assert '<html lang="es" data-theme="dark">' in chosen.text


def test_only_a_user_can_be_assigned(lead: TestClient, database: Path) -> None:
    """A misspelt name is refused, and the listing stays unassigned."""
    address = f"/listings/{first_id(database)}/assign"
    refused = lead.post(address, data={"assignee": "nobody-here"}, headers=headers_of(lead))
    assert refused.status_code == 404
    assert "There is no user nobody-here" in refused.text
    assert not lead.get("/api/items", params={"assignee": "nobody-here"}).json()["items"]


def test_an_undone_verdict_has_no_part_in_the_median(client: TestClient) -> None:
    """The time to a verdict is taken over the verdicts that stand."""
    after = judge(client, client.get("/").text, decision="offer")
    assert client.get("/api/figures").json()["decision_times"]["count"] == 1
    undo(client, after.text)
    assert client.get("/api/figures").json()["decision_times"]["count"] == 0


def test_a_hidden_verdict_is_called_hidden_on_page_and_sheet(
    client: TestClient, lead: TestClient, database: Path
) -> None:
    """Whoever checks a verdict blind is not told that there is none."""
    listing_id = first_id(database)
    judge(client, client.get("/").text, decision="escalate")
    for address in (f"/listings/{listing_id}", f"/listings/{listing_id}/sheet"):
        page = lead.get(address).text
        assert "Hidden until your verdict." in page
        assert "Nobody has given a verdict yet." not in page
