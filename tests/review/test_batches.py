"""Several listings at once, listings that changed after a verdict, and lists that count alike (issue 15)."""

from __future__ import annotations

import html
import re
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.forms import judge, read_form
from fixtures.builders.login import entered, headers_of
from fixtures.builders.review_store import FLAGGED, NOW, PLANTED, score, see
from store.accounts.users import Role
from store.database import open_database
from store.review.cases import get_case, open_case
from store.review.item_query import Filter, Sort
from store.review.queue import count_items, list_items, mend_queue, worth_of
from store.review.workspace import change_setting

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi.testclient import TestClient
    from httpx2 import Response

SELLER = "Aromas del Sur (fictional)"


def boxes(page: str) -> list[str]:
    """Return the listings whose boxes are ticked in a preview."""
    return re.findall(r'name="listing_id" value="([0-9a-f]+)"[^>]* checked', page)


def send(client: TestClient, page: str, ending: str, **more: object) -> Response:
    """Send the form of a preview to one of its addresses."""
    form = read_form(page, "/bulk")
    address = form.action.replace("/bulk", ending, 1)
    return client.post(address, data=form.values | more)


@pytest.fixture(autouse=True)
def seen(database: Path) -> None:
    """Hide no score and ask for no second review."""
    with closing(open_database(database)) as db:
        for name in ("second_share", "hidden_share"):
            change_setting(db, name, 0, changed_by="the tests", now=NOW)


def test_only_what_is_ticked_is_decided_and_all_of_it_is_undone_together(
    client: TestClient, database: Path
) -> None:
    """One message says how many; one undo takes all of them back."""
    page = client.get("/bulk", params={"seller": SELLER}).text
    first, second, third, _ = boxes(page)
    chosen = [first, second, third]
    done = send(client, page, "/bulk", listing_id=chosen, decision="not_offer", reason_code="ordinary_goods")
    assert "3 verdicts given." in done.text
    assert "Undo all 3 verdicts" in done.text
    with closing(open_database(database)) as db:
        assert {row[0] for row in db.execute("SELECT listing_id FROM verdicts")} == set(chosen)
        assert count_items(db, Filter(reviewer="ada")) == FLAGGED - 3
    form = read_form(client.get("/").text, "/undo")
    assert "/batches/" in form.action
    undone = client.post(form.action, data=form.values)
    assert "3 verdicts undone. The listings are waiting again." in undone.text
    with closing(open_database(database)) as db:
        assert count_items(db, Filter(reviewer="ada")) == FLAGGED


def test_a_batch_is_undone_by_its_reviewer_or_a_lead(client: TestClient, database: Path) -> None:
    """Another reviewer is refused, and nothing of it is undone."""
    page = client.get("/bulk", params={"seller": SELLER}).text
    send(client, page, "/bulk", listing_id=boxes(page), decision="unsure")
    with closing(open_database(database)) as db:
        batch = db.execute("SELECT max(batch) FROM verdicts").fetchone()[0]
    with entered(database, "bo") as bo, entered(database, "lea", Role.LEAD) as lea:
        assert bo.post(f"/batches/{batch}/undo", headers=headers_of(bo)).status_code == 403
        assert lea.post(f"/api/items/bulk/{batch}/undo", headers=headers_of(lea)).json()["count"] == 4
        assert lea.post("/batches/none/undo", headers=headers_of(lea)).status_code == 404


def test_the_api_refuses_a_verdict_on_no_listing_with_a_sentence(client: TestClient) -> None:
    """An empty choice is the program's mistake, not a failure of the app."""
    seen = client.get("/api/items/bulk", params={"seller": SELLER}).json()["seen"]
    wanted = {"decision": "not_offer", "seen": seen, "listing_ids": []}
    answer = client.post(
        "/api/items/bulk", params={"seller": SELLER}, json=wanted, headers=headers_of(client)
    )
    assert answer.status_code == 422
    assert "nothing was written" in answer.json()["detail"]


def test_no_verdict_is_chosen_beforehand_and_none_is_a_sentence(client: TestClient, database: Path) -> None:
    """Neither a missing verdict nor a missing tick writes anything; the boxes stay as they were."""
    page = client.get("/bulk", params={"seller": SELLER}).text
    assert " selected" not in page.partition('<select name="decision"')[2].partition("</select>")[0]
    first = boxes(page)[:1]
    refused = send(client, page, "/bulk", listing_id=first)
    assert refused.status_code == 422
    assert "No verdict was chosen" in refused.text
    assert boxes(refused.text) == first
    assert "No listing was ticked" in send(client, page, "/bulk", decision="offer").text
    with closing(open_database(database)) as db:
        assert db.execute("SELECT count(*) FROM verdicts").fetchone()[0] == 0


def test_the_preview_shows_score_and_substance(client: TestClient, database: Path) -> None:
    """What the decision would rest on stands in the row; a hidden score is called hidden."""
    page = client.get("/bulk", params={"q": "phenylacetone"}).text
    row = page.partition("25 kg drum")[2].partition("</tr>")[0]
    assert "0.98" in row
    assert "phenylacetone" in row
    with closing(open_database(database)) as db:
        change_setting(db, "hidden_share", 1, changed_by="the tests", now=NOW)
    row = (
        client.get("/bulk", params={"q": "phenylacetone"})
        .text.partition("25 kg drum")[2]
        .partition("</tr>")[0]
    )
    assert "0.98" not in row
    assert "hidden" in row


def test_ticked_listings_are_filed_and_assigned(client: TestClient, database: Path) -> None:
    """Decided listings too; what the case holds already stays as it was, and the message counts the rest."""
    client.post("/cases", data={"number": "1"}, headers=headers_of(client))
    judge(client, client.get("/", params={"seller": SELLER}).text, decision="offer")
    page = client.get("/bulk", params={"seller": SELLER}).text
    everyone = re.findall(r'name="listing_id" value="([0-9a-f]+)"', page)
    assert (len(everyone), len(boxes(page))) == (4, 3)
    filed = send(client, page, "/bulk/file", listing_id=everyone, case_id="1")
    assert "4 listings filed." in filed.text
    again = send(client, page, "/bulk/file", listing_id=everyone, case_id="1")
    assert "0 listings filed." in again.text
    assert len(client.get("/api/cases/1").json()["filed"]) == 4
    with entered(database, "lea", Role.LEAD) as lea:
        page = lea.get("/bulk", params={"seller": SELLER}).text
        said = send(lea, page, "/bulk/assign", listing_id=everyone[:2], assignee="ada")
        assert "2 listings assigned." in said.text
        assert lea.get("/api/items", params={"assignee": "ada", "state": "all"}).json()["total"] == 2


def change_first(database: Path, p_offer: float = 0.7) -> None:
    """Let a later crawl see another text of the first listing."""
    later = replace(
        PLANTED[0],
        content=replace(PLANTED[0].content, quantity_text="5 t", description="New."),
        p_offer=p_offer,
    )
    with closing(open_database(database)) as db:
        see(db, (later,), at=NOW + timedelta(days=1))
        score(db, (later,))


def test_a_listing_changed_after_its_verdict_shows_the_difference_first(
    client: TestClient, database: Path
) -> None:
    """It waits again: difference and old verdict stand before the text, and no chip calls it judged."""
    judge(client, client.get("/").text, decision="not_offer", note="for soap")
    listing_id = judged_last(database)
    change_first(database)
    page = client.get(f"/listings/{listing_id}").text
    assert '<span class="chip changed">changed since judged</span>' in page
    assert "was: not an offer" in page
    assert "Verdict: not an offer" not in page
    since, says = page.index('id="since"'), page.index('id="says"')
    assert since < page.index("<del>500 kg</del> → <ins>5 t</ins>") < says
    assert since < page.index("for soap") < says


def judged_last(database: Path) -> str:
    """Return the listing that was judged last."""
    with closing(open_database(database)) as db:
        return str(db.execute("SELECT listing_id FROM verdicts ORDER BY verdict_id DESC").fetchone()[0])


def test_changed_listings_have_a_badge_and_a_filter(client: TestClient, database: Path) -> None:
    """The count of the filter is the count that the triggers keep, and the queue holds what its view says."""
    judge(client, client.get("/").text, decision="not_offer")
    listing_id = judged_last(database)
    assert client.get("/api/items", params={"changed": "1"}).json()["total"] == 0
    change_first(database)
    found = client.get("/api/items", params={"changed": "1"}).json()
    assert [(row["listing_id"], row["is_changed"]) for row in found["items"]] == [(listing_id, True)]
    assert found["total"] == 1
    assert (
        "changed since judged"
        in client.get("/").text.partition('<nav class="list"')[2].partition("</nav>")[0]
    )
    judge(client, client.get(f"/listings/{listing_id}").text, decision="offer")
    assert client.get("/api/items", params={"changed": "1", "state": "all"}).json()["total"] == 0
    with closing(open_database(database)) as db:
        assert mend_queue(db) == 0


def test_the_seller_filter_finds_what_the_search_finds(client: TestClient) -> None:
    """In any case, accent and state, with the same count; a state narrows it."""
    judge(client, client.get("/", params={"seller": SELLER}).text, decision="offer")
    by_search = client.get("/api/items", params={"q": "aromas"}).json()["total"]
    for name in (SELLER, "aromas del sur", "ÁROMAS", "Sur Aromas"):
        found = client.get("/api/items", params={"seller": name}).json()
        assert (found["total"], len(found["items"])) == (by_search, 4), name
    assert client.get("/api/items", params={"seller": SELLER, "state": "waiting"}).json()["total"] == 3
    assert client.get("/api/items", params={"seller": "nobody"}).json()["total"] == 0


def test_the_state_every_holds_every_listing(client: TestClient) -> None:
    """Below the threshold too; `all` is called what it is."""
    assert client.get("/api/items", params={"state": "every"}).json()["total"] == len(PLANTED)
    assert client.get("/api/items", params={"state": "all"}).json()["total"] == FLAGGED
    page = client.get("/", params={"state": "every"}).text
    assert "Glass beaker" in page
    assert "All flagged, sampled or judged" in page


def test_service_and_queue_count_alike(client: TestClient, database: Path) -> None:
    """With samples and second reviews in the queue; and no source is called healthy without a service."""
    sources = database.with_name("sources.toml")
    sources.write_text(
        '[sources.mercado]\nname = "Mercado"\narchive = "m"\nsupplied_by = "A. Nowak"\n'
        "supplied_on = 2026-11-01\n",
        encoding="utf-8",
    )
    judge(client, client.get("/").text, decision="escalate")
    with entered(database, "lea", Role.LEAD) as lea:
        lea.post("/settings/sample", data={"size": "50"}, headers=headers_of(lea))
        left = lea.get("/api/items").json()["left"]
        assert left == FLAGGED + 2
        page = lea.get("/service").text
        assert f"<b>{left}</b><span>wait for a verdict, as the queue counts them</span>" in page
        assert lea.get("/api/service").json()["queue"] == left
        assert "not watched: the service is not running" in page
        assert "healthy" not in page


def test_an_export_is_known_to_the_page_that_asked_for_it(client: TestClient) -> None:
    """The answer carries the word of the form, for which the page's script waits; then the page lists it."""
    sent = {"form": "csv", "sent": "abc123"}
    answer = client.post("/exports", data=sent, headers=headers_of(client))
    assert "export_sent=abc123" in answer.headers["set-cookie"]
    assert "Nothing has been exported yet" not in client.get("/exports").text
    assert client.post("/exports", data=sent | {"sent": "<b>"}, headers=headers_of(client)).status_code == 422


def test_the_order_by_worth_goes_by_more_than_the_score(client: TestClient, database: Path) -> None:
    """A little less likely, but with signs of evasion and of a new seller, comes before the same again."""
    with closing(open_database(database)) as db:
        again = replace(PLANTED[7], content=replace(PLANTED[7].content, item_id="again"), p_offer=0.99)
        see(db, (*PLANTED, again), at=NOW)
        score(db, (*PLANTED, again))
        order = [item.title for item in list_items(db, Filter(), sort=Sort.WORTH)]
        likely = [item.title for item in list_items(db, Filter())]
    assert order[0].startswith("Phenylacetone (P2P)")
    assert order != likely
    page = client.get("/", params={"sort": "worth"}).text
    assert "most worth looking at first" in page


def test_the_worth_is_shown_by_its_parts_and_hidden_with_the_score(
    client: TestClient, database: Path
) -> None:
    """What the place in that order rests on is on the page; with the score it would tell the score."""
    page = client.get("/", params={"sort": "worth"}).text
    shown = page.partition("Worth looking at: ")[2].partition("</details>")[0]
    with closing(open_database(database)) as db:
        listing_id = list_items(db, Filter(), sort=Sort.WORTH)[0].listing_id
        worth = worth_of(db, listing_id)
        assert worth is not None
        assert worth.worth == pytest.approx(worth.place * worth.points)
        assert shown.startswith(f"{worth.worth:.2f}<")
        for words, points in (
            ("tier of the substance", worth.tier_points),
            ("signs of evasion", worth.evasion_points),
            ("new seller", worth.seller_points),
            ("new listing", worth.listing_points),
        ):
            assert f'{words}</span> <span class="number">{points:+.1f}<' in shown
        change_setting(db, "hidden_share", 1, changed_by="the tests", now=NOW)
    assert "Worth looking at: " not in client.get(f"/listings/{listing_id}").text


def test_a_lead_chooses_the_order_of_the_queue(client: TestClient, database: Path) -> None:
    """It holds for everyone whose list names no order; an order that is named stays."""
    chosen = {"second_percent": "0", "hidden_percent": "0", "claim_minutes": "10", "queue_order": "worth"}
    assert client.post("/settings/all", data=chosen, headers=headers_of(client)).status_code == 403
    with entered(database, "lea", Role.LEAD) as lea:
        page = lea.post("/settings/all", data=chosen, headers=headers_of(lea)).text
        assert '<option value="worth" selected>' in page
        assert lea.get("/api/settings").json()["worth_first"] == 1

    def listed(**named: str) -> list[str]:
        return [row["listing_id"] for row in client.get("/api/items", params=named).json()["items"]]

    assert "most worth looking at first" in client.get("/").text
    assert listed() == listed(sort="worth") != listed(sort="likely")
    assert "sort=likely" in client.get("/", params={"sort": "likely"}).text
    with entered(database, "lou", Role.LEAD) as lou:
        body = {"worth_first": 0}
        assert lou.patch("/api/settings", json=body, headers=headers_of(lou)).json()["worth_first"] == 0
    assert listed() == listed(sort="likely")


def test_the_head_of_a_listing_lets_one_decide(client: TestClient, database: Path) -> None:
    """Price, quantity, seller, place and times stand before the text; the seller leads to all listings."""
    with closing(open_database(database)) as db:
        listing_id = list_items(db, Filter())[0].listing_id
    head = client.get(f"/listings/{listing_id}").text.partition('class="glance"')[2].partition("</dl>")[0]
    for said in ("US $ 1.250,00 / kg", "500 kg", "25 kg drum", "Norte Fine Trading", "Puerto Inventado"):
        assert said in head, said
    assert "First seen" in head
    assert "Last changed" not in head
    change_first(database)
    page = client.get(f"/listings/{listing_id}").text
    assert page.index("Last changed") < page.index('id="says"')
    seller = re.search(r'href="(/\?seller=[^"]+)"', head)
    assert seller
    assert client.get(html.unescape(seller[1])).status_code == 200


def test_assignments_are_undone_together(database: Path) -> None:
    """Each listing goes back to whom it was assigned before; what was changed since stays."""
    with entered(database, "bo"), entered(database, "cy"), entered(database, "lea", Role.LEAD) as lea:
        page = lea.get("/bulk", params={"seller": SELLER}).text
        first, second, third, _ = boxes(page)
        send(lea, page, "/bulk/assign", listing_id=[first], assignee="cy")
        page = lea.get("/bulk", params={"seller": SELLER}).text
        done = send(lea, page, "/bulk/assign", listing_id=[first, second, third], assignee="bo")
        assert "3 listings assigned." in done.text
        lea.post(f"/listings/{third}/assign", data={"assignee": "lea"}, headers=headers_of(lea))
        form = read_form(lea.get("/").text, "/undo")
        undone = lea.post(form.action, data=form.values)
        assert "2 assignments undone." in undone.text
        again = lea.post(form.action, data=form.values)
        assert "0 assignments undone." in again.text
    with closing(open_database(database)) as db:
        assert dict(db.execute("SELECT listing_id, assignee FROM assignments").fetchall()) == {
            first: "cy",
            third: "lea",
        }


def test_filings_are_undone_together(client: TestClient, database: Path) -> None:
    """What the case did not hold before is taken out; the journal keeps both lines."""
    with closing(open_database(database)) as db:
        case_id = open_case(db, "2026-7", "Piperonal", opened_by="ada", now=NOW)
    page = client.get("/bulk", params={"seller": SELLER}).text
    first, second, third, _ = boxes(page)
    send(client, page, "/bulk/file", listing_id=[first], case_id=case_id)
    page = client.get("/bulk", params={"seller": SELLER}).text
    done = send(client, page, "/bulk/file", listing_id=[first, second, third], case_id=case_id)
    assert "2 listings filed." in done.text
    form = read_form(client.get("/").text, "/undo")
    with entered(database, "bo") as bo:
        assert bo.post(form.action, headers=headers_of(bo)).status_code == 403
    assert "2 listings taken out of the case." in client.post(form.action, data=form.values).text
    with closing(open_database(database)) as db:
        case = get_case(db, case_id)
        assert list(case.listings) == [first]
        assert [each.kind for each in case.entries] == [*["listing"] * 3, *["listing_removed"] * 2]


def test_a_state_that_there_is_not_is_refused_by_its_label(client: TestClient) -> None:
    """The sentence names the field once, and no type of the program."""
    page = client.get("/", params={"state": "nosuch"}, headers={"Accept": "text/html"})
    assert page.status_code == 422
    said = html.unescape(page.text)
    assert said.count("is none of the choices offered") == 1
    assert "“State”: is none of the choices offered" in said
    assert "literal[" not in said
