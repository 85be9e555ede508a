"""The pages and forms, as a browser without JavaScript meets them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from fixtures.builders.forms import judge, read_form, undo
from fixtures.builders.login import entered
from fixtures.builders.review_store import (
    FLAGGED,
    NOW,
    PLANTED,
    SOURCE,
    Planted,
    fill_store,
    put_model_in_use,
    score,
    see,
)
from fixtures.builders.store import judge as judge_one
from review.listing.safe_text import INVISIBLE
from review.queue.lists import PAGE_SIZE
from review.web.fields import MAX_NOTE_CHARS
from review.web.translations import word_tables
from store.crawl.sources import declare_source
from store.database import open_database, transaction
from store.model import Decision, ListingContent, ReasonCode
from store.review.listings import listing_file
from store.review.queue import count_queue, review_queue
from store.review.verdicts import latest_undoable
from store.rows import insert
from tests.searches import search

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


def test_queue_stands_beside_its_first_item(client: TestClient) -> None:
    """The first page shows the most likely offer with its reasons, and how many wait."""
    page = client.get("/").text
    assert '<h1 id="title" dir="auto" lang="en">Phenylacetone (P2P) CAS 103-79-7, 25 kg drum</h1>' in page
    assert f"<dt>left</dt><dd>{FLAGGED}</dd>" in page
    assert '<mark data-kind="cas" title="UN 1988, Table I; check digit is right">103-79-7' in page
    assert "hxxps://mercado[.]example/item/0" in page
    assert "<code>/evidence/mercado.zip</code>" in page
    assert "<code>mercado.zip#item/0.html</code>" in page
    assert "https://mercado" not in page


def test_verdict_leaves_the_queue_and_the_next_item_comes(client: TestClient, database: Path) -> None:
    """A verdict is written with its reason and note, and the next listing is shown."""
    answer = judge(
        client,
        client.get("/").text,
        decision="offer",
        reason_code="licit_undocumented",
        note=" asks for cash ",
    )
    assert answer.status_code == 200
    assert "1-苯基-2-丙酮" in answer.text
    assert f"<dt>left</dt><dd>{FLAGGED - 1}</dd>" in answer.text
    assert "<dt>done today</dt><dd>1</dd>" in answer.text
    assert "Last verdict: <b>Offer</b> (undocumented)" in answer.text
    db = open_database(database)
    verdict = latest_undoable(db, "ada")
    db.close()
    assert verdict is not None
    assert (verdict.decision, verdict.reason_code, verdict.note, verdict.decided_at) == (
        Decision.OFFER, ReasonCode.UNDOCUMENTED, "asks for cash", NOW,
    )  # fmt: skip
    assert verdict.score_id is not None


def test_undo_brings_the_listing_back(client: TestClient) -> None:
    """After an undo the listing is on the screen and waits again."""
    after = judge(client, client.get("/").text, decision="not_offer")
    back = undo(client, after.text)
    assert "Verdict undone." in back.text
    assert "Phenylacetone (P2P)" in back.text
    assert f"<dt>left</dt><dd>{FLAGGED}</dd>" in back.text


def test_undo_sent_twice_changes_nothing(client: TestClient) -> None:
    """The second of two undos of one verdict is answered with a sentence."""
    after = judge(client, client.get("/").text, decision="not_offer").text
    undo(client, after)
    again = undo(client, after)
    assert again.status_code == 409
    assert "already undone" in again.text


def test_judging_everything_ends_at_an_empty_queue(client: TestClient) -> None:
    """When the last listing is judged the page says so and what to do next."""
    page = client.get("/").text
    for _ in range(FLAGGED):
        page = judge(client, page, decision="unsure").text
    assert "No listing is waiting for a verdict" in page
    assert "precursor-watch crawl" in page


def test_stale_screen_keeps_reason_and_note(client: TestClient, database: Path) -> None:
    """A listing that changed meanwhile is shown as it stands now, with what was written beside it."""
    page = client.get("/").text
    changed = replace(PLANTED[0], content=replace(PLANTED[0].content, description="Sold out."))
    db = open_database(database)
    see(db, (changed,), at=NOW)
    score(db, (changed,))
    db.close()
    answer = judge(client, page, decision="offer", reason_code="disguised", note="long thought")
    assert answer.status_code == 409
    assert "has changed since it was shown" in answer.text
    assert "Sold out." in answer.text
    assert ">long thought</textarea>" in answer.text
    assert 'value="disguised" data-key="g" data-fits="offer unsure escalate" checked' in answer.text
    assert f"<dt>left</dt><dd>{FLAGGED}</dd>" in answer.text


def test_reason_that_contradicts_the_verdict_is_refused_and_kept(client: TestClient) -> None:
    """An offer cannot be *not a sale*; the page says what the reason goes with, and keeps the note."""
    answer = judge(
        client, client.get("/").text, decision="offer", reason_code="not_a_sale", note="long thought"
    )
    assert answer.status_code == 422
    assert "The reason not_a_sale contradicts the decision offer" in answer.text
    assert ">long thought</textarea>" in answer.text
    assert f"<dt>left</dt><dd>{FLAGGED}</dd>" in answer.text


def test_score_of_another_model_makes_the_screen_stale(client: TestClient, database: Path) -> None:
    """What the reviewer saw is what the verdict keeps: another model's score must be looked at first."""
    page = client.get("/").text
    db = open_database(database)
    put_model_in_use(db, "ba9876543210")
    score(db, PLANTED, "ba9876543210")
    db.close()
    answer = judge(client, page, decision="offer", note="kept")
    assert answer.status_code == 409
    assert "has a new score since it was shown" in answer.text
    assert ">kept</textarea>" in answer.text


def test_form_of_an_earlier_process_is_refused_and_kept(client: TestClient) -> None:
    """A form of another session writes nothing; what it held can be sent again."""
    form = read_form(client.get("/").text, "/verdict")
    sent = form.values | {"form_token": "0" * 64, "decision": "offer", "note": "kept"}
    answer = client.post(form.action, data=sent)
    assert answer.status_code == 403
    assert "nothing was written" in answer.text
    assert ">kept</dd>" in answer.text
    assert f"<dt>left</dt><dd>{FLAGGED}</dd>" in client.get("/").text
    again = read_form(answer.text, "/verdict")
    assert f"<dt>left</dt><dd>{FLAGGED - 1}</dd>" in client.post(again.action, data=again.values).text


def test_form_sent_without_the_cookie_is_refused(client: TestClient) -> None:
    """A token stolen from the page is worth nothing without the browser's cookie."""
    form = read_form(client.get("/").text, "/verdict")
    client.cookies.clear()
    assert client.post(form.action, data=form.values | {"decision": "offer"}).status_code == 403


def test_undo_without_token_is_refused(client: TestClient) -> None:
    """Another site cannot take a verdict back."""
    form = read_form(judge(client, client.get("/").text, decision="offer").text, "/undo")
    assert client.post(form.action, data={}).status_code == 403


def test_search_finds_judged_and_unflagged_listings(client: TestClient) -> None:
    """A search looks at everything, and going on stays within what was found."""
    found = client.get("/", params={"q": "soil"}).text
    assert "Garden soil improver" in found
    assert "Not flagged" in found
    piperonal = client.get("/", params={"q": "perfumery"}).text
    assert "<h2>4 found</h2>" in piperonal
    after = judge(client, piperonal, decision="not_offer")
    assert after.url.query == b"q=perfumery"
    assert "<h2>4 found</h2>" in after.text


def test_search_that_finds_nothing_says_so(client: TestClient) -> None:
    """What was typed stays in the box."""
    page = client.get("/", params={"q": 'nosuch" OR "1'}).text
    assert "No listing contains all of these words" in page
    assert 'value="nosuch&#34; OR &#34;1"' in page


@pytest.mark.parametrize(
    ("address", "status", "sentence"),
    [
        ("/nope", 404, "Search all listings"),  # the menu and the search stay
        ("/nope", 404, "This page does not exist."),
        ("/listings/ffffffffffffffff", 404, "There is no listing ffffffffffffffff"),
        ("/listings/%3Cscript%3E", 404, "There is no listing &lt;script&gt;"),
        ("/?tier=abc", 422, "nothing was written"),
        ("/?p_from=7", 422, "nothing was written"),
        ("/?since=yesterday", 422, "nothing was written"),
        ("/?state=nowhere", 422, "nothing was written"),
        ("/docs", 404, "This page does not exist."),
    ],
)
def test_errors_are_sentences(client: TestClient, address: str, status: int, sentence: str) -> None:
    """Whatever is asked for wrongly is answered with a page that says what to do."""
    answer = client.get(address)
    assert answer.status_code == status
    assert sentence in answer.text
    assert "Go to the queue" in answer.text


def test_page_past_the_end_begins_anew(client: TestClient) -> None:
    """An old address of a page that the queue no longer has still shows the queue."""
    for place in ("0.0~99", "nonsense", "0.5~", f"1~{10**30}", "x~1"):
        assert f"{FLAGGED} of {FLAGGED}" in client.get("/", params={"at": place}).text


def test_queue_is_paged_by_the_server(tmp_path: Path) -> None:
    """Paging and the next key go over the border of a page and back."""
    many = tuple(
        Planted(content=replace(PLANTED[-2].content, title=f"Lot {number:03}"), p_offer=0.9 - number / 1000)
        for number in range(PAGE_SIZE + 3)
    )
    fill_store(tmp_path / "many.db", many)
    db = open_database(tmp_path / "many.db")
    ids = [entry.listing_id for entry in review_queue(db, limit=100)]
    db.close()
    with entered(tmp_path / "many.db") as client:
        last = client.get(f"/listings/{ids[PAGE_SIZE - 1]}").text
        following = address_of(last, "next")
        assert following.startswith(f"/listings/{ids[PAGE_SIZE]}?at=")
        second = client.get(following).text
        assert f"3 of {PAGE_SIZE + 3}" in second
        assert address_of(second, "prev").startswith(f"/listings/{ids[PAGE_SIZE - 1]}")
        assert f"{PAGE_SIZE} of {PAGE_SIZE + 3}" in client.get(address_of(second, "prev")).text
        end = client.get(f"/listings/{ids[-1]}").text
        assert 'rel="next"' not in end
        assert f"/listings/{ids[0]}" in judge(client, end, decision="unsure").text


def address_of(page: str, rel: str) -> str:
    """Return where the link with this relation leads."""
    return page.split(f'rel="{rel}" href="', 1)[1].split('"', 1)[0].replace("&amp;", "&")


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [("nothing", "There are no listings yet"), ("seen", "No model is in use yet")],
)
def test_empty_queue_says_what_to_do_first(tmp_path: Path, steps: str, sentence: str) -> None:
    """A store without listings, or without a model, is told apart from one that is all judged."""
    path = tmp_path / "new.db"
    db = open_database(path)
    if steps == "seen":
        declare_source(db, SOURCE, now=NOW)
        see(db, PLANTED[:1], at=NOW)
    assert count_queue(db) == 0
    db.close()
    with entered(path) as client:
        assert sentence in client.get("/").text


def test_hostile_text_is_shown_and_never_markup(client: TestClient) -> None:
    """Every field of a hostile listing is printed as text."""
    plain, page = (client.get("/", params={"q": words}).text for words in ("beaker", "iframe"))
    assert "&lt;script&gt;alert(&#39;title&#39;)&lt;/script&gt;" in page
    assert "{{ 7 * 7 }}" in page
    assert page.count("<script") == plain.count("<script") > 0
    for tag in ("<iframe", "<svg onload", "<img src=x", "<b>free", "<style"):
        assert tag not in page
    assert "javascript[:]alert" in page


def test_nothing_on_the_page_hides_or_turns_around(tmp_path: Path) -> None:
    """Every text of a hostile listing, its file's name and a note: what does not show is spelled out."""
    hide = "ab\u202e\u3164\u200b\x9bcd"
    filled: dict[str, Any] = {
        name: hide for name in word_tables()["fields"] if isinstance(getattr(PLANTED[0].content, name), str)
    }
    content = ListingContent(
        **filled,
        category_path=(hide,),
        attributes=((hide, hide),),
        provenance={"title": hide, "description": hide},
    )
    evidence = (("ab", hide, hide, hide),)
    planted = replace(PLANTED[0], content=content, evidence=evidence, substances=(hide,))
    path = tmp_path / "hostile.db"
    fill_store(path, (planted,))
    db = open_database(path)
    changed = replace(planted, content=replace(planted.content, price_text=hide * 2, location=hide * 2))
    see(db, (changed,), at=NOW, archive=hide)
    score(db, (changed,))
    judge_one(db, review_queue(db)[0].sighting_id, reviewer=f"ada{hide}", note=hide)
    listing_id = search(db, "ab")[0].listing_id
    db.close()
    with entered(path) as client:
        for address in (f"/listings/{listing_id}", "/?q=ab", f"/?q={hide}", f"/listings/{hide}"):
            page = client.get(address).text
            assert [f"U+{ord(each):04X}" for each in page if INVISIBLE.match(each)] == []
            assert "[U+202E]" in page


def test_a_note_is_kept_as_it_was_typed(client: TestClient, database: Path) -> None:
    """Marks that a right-to-left note needs come back with the refused form, and line breaks count once."""
    lines = "\u200f" + "\r\n" * (MAX_NOTE_CHARS - 2) + "x"
    form = read_form(client.get("/").text, "/verdict")
    refused = client.post(
        form.action, data=form.values | {"form_token": "", "decision": "offer", "note": lines}
    )
    assert refused.status_code == 403
    assert 'name="note" value="\u200f\r\n' in refused.text
    again = read_form(refused.text, "/verdict")
    assert client.post(again.action, data=again.values).status_code == 200
    assert judge(client, client.get("/").text, decision="offer", note=lines).status_code == 200


def test_unexpected_error_is_a_sentence_with_safe_headers(database: Path) -> None:
    """A fault of ours shows no traceback, and its page is as guarded as the others."""

    def broken_clock() -> datetime:
        raise RuntimeError("secret detail")

    app = entered(database, clock=broken_clock)
    with TestClient(app.app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        client.cookies.update(app.cookies)
        answer = client.get("/")
    assert answer.status_code == 500
    assert "An unexpected error occurred" in answer.text
    assert "secret detail" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_missing_store_is_a_sentence(tmp_path: Path) -> None:
    """A database that was moved away while serving is named."""
    path = tmp_path / "gone.db"
    with entered(path) as client:
        path.unlink()
        answer = client.get("/")
    assert answer.status_code == 503
    assert "there is no such file" in answer.text


def test_listing_file_of_a_judged_listing_can_be_judged_again(client: TestClient, database: Path) -> None:
    """A change of mind is a new verdict on the same page."""
    judge(client, client.get("/").text, decision="unsure")
    db = open_database(database)
    listing_id = latest_undoable(db, "ada").listing_id  # type: ignore[union-attr]
    page = client.get(f"/listings/{listing_id}").text
    assert "Verdict: unsure" in page
    judge(client, page, decision="offer")
    decisions = [verdict.decision for verdict in listing_file(db, listing_id).verdicts]
    db.close()
    assert decisions == [Decision.UNSURE, Decision.OFFER]


@pytest.mark.parametrize(
    ("result", "english", "spanish"),
    [
        ("mismatch", "do not match the digest that the archive states.", "no coinciden con el resumen"),
        ("unchecked", "could not be compared.", "No se pudo comparar el resumen"),
    ],
)
def test_provenance_says_that_a_page_does_not_match_its_digest(
    client: TestClient, database: Path, result: str, english: str, spanish: str
) -> None:
    """The item page says it in the language of the page, with the digests; other items say nothing."""
    with closing(open_database(database)) as db:
        shown, other = (row.listing_id for row in review_queue(db)[:2])
        page_id = listing_file(db, shown).sightings[0].page_id
        values = {"page_id": page_id, "result": result, "details": "WARC-Payload-Digest sha1:<b>"}
        with transaction(db):
            insert(db, "page_digests", values)
    page = client.get(f"/listings/{shown}").text
    assert english in page
    assert "<code>WARC-Payload-Digest sha1:&lt;b&gt;</code>" in page
    assert spanish in client.get(f"/listings/{shown}", headers={"Accept-Language": "es"}).text
    assert "WARC-Payload-Digest" not in client.get(f"/listings/{other}").text
