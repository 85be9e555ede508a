"""The kept queue: always what its definition says, paged by place, and counted without counting."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.store import FULL, NOW, crawl_run, judge, score, see, use
from store.model import Decision, Stage
from store.review.item_query import Filter, Place, Sort, State
from store.review.queue import count_items, facet_counts, list_items, mend_queue, next_item
from store.review.statistics import (
    NothingToSample,
    agreement,
    draw_sample,
    exact_interval,
    measure_agreement,
    miss_rate,
    wilson_interval,
)
from store.review.verdicts import (
    Circumstances,
    JudgedMeanwhile,
    give_verdict,
    latest_undo,
    redo_verdict,
    undo_verdict,
    verdicts_of,
)
from store.review.watchlists import save_view, saved_views
from store.review.workspace import (
    HeldByAnother,
    KeptDraft,
    SettingRefused,
    assign,
    change_setting,
    claim,
    claim_of,
    draft_of,
    keep_draft,
    release,
    review_settings,
)
from store.scores.scores import record_scores, unscored_sightings

if TYPE_CHECKING:
    from store.database import Database

MODEL = "aaaaaaaaaaaa"


def fill(db: Database, count: int, *, p_offer: float | None = None) -> list[str]:
    """Record so many listings with falling scores, all flagged unless told otherwise; return their ids."""
    run = crawl_run(db)
    use(db)
    for number in range(count):
        content = replace(
            FULL,
            title=f"Lot {number:03}",
            seller_name=f"Seller {number % 3}",
            language=("en", "es")[number % 2],
        )
        see(db, run, f"https://andes.example/{number}", content)
    waiting = unscored_sightings(db, MODEL, limit=10_000)
    record_scores(
        db,
        [
            score(each.sighting_id, (0.99 - number / 1000) if p_offer is None else p_offer)
            for number, each in enumerate(waiting)
        ],
    )
    return [each.listing_id for each in waiting]


def no_seconds(db: Database) -> None:
    """Have no first verdict checked, except escalations."""
    change_setting(db, "second_share", 0, changed_by="ada", now=NOW)


def newest(db: Database, listing_id: str) -> int:
    """Return the newest sighting of a listing."""
    query = "SELECT max(sighting_id) FROM sightings WHERE listing_id = ?"
    return int(db.execute(query, [listing_id]).fetchone()[0])


def expect_kept(db: Database) -> None:
    """Compare the kept rows and counts with what defines them."""
    kept = [tuple(row) for row in db.execute("SELECT * FROM review_items ORDER BY listing_id")]
    assert kept == [tuple(row) for row in db.execute("SELECT * FROM review_items_now ORDER BY listing_id")]
    counted = "SELECT source_id, state, count(*) FROM review_items GROUP BY 1, 2 ORDER BY 1, 2"
    stored = """
        SELECT value, state, items FROM review_counts WHERE facet = 'source' AND items > 0 ORDER BY 1, 2
    """
    assert [tuple(row) for row in db.execute(counted)] == [tuple(row) for row in db.execute(stored)]


@pytest.mark.parametrize("seed", range(4))
def test_kept_rows_are_what_their_definition_says(db: Database, seed: int) -> None:
    """After any sequence of writes, stored rows and counts equal those of the view."""
    chance = random.Random(seed)
    ids = fill(db, 8)
    change_setting(db, "second_share", 0.5, changed_by="ada", now=NOW)
    for step in range(60):
        listing_id = chance.choice(ids)
        match chance.randrange(7):
            case 0 | 1:
                judge(
                    db,
                    newest(db, listing_id),
                    chance.choice(list(Decision)[:4]),
                    reviewer=chance.choice("abc"),
                )
            case 2:
                given = [each for each in verdicts_of(db, listing_id) if each.decision is not Decision.UNDONE]
                undone = {each.undoes for each in verdicts_of(db, listing_id)}
                if given and given[-1].verdict_id not in undone:
                    undo_verdict(db, given[-1].verdict_id, reviewer="a", now=NOW)
            case 3:
                content = replace(FULL, title=f"Changed in step {step}")
                see(db, crawl_run(db), f"https://andes.example/{ids.index(listing_id)}", content)
            case 4:
                waiting = unscored_sightings(db, MODEL, limit=100)
                record_scores(db, [score(each.sighting_id, chance.choice((0.2, 0.9))) for each in waiting])
            case 5:
                assign(db, [listing_id], chance.choice(("", "ben")), assigned_by="ada", now=NOW)
            case 6:
                use(db, chance.choice((MODEL, "bbbbbbbbbbbb")), threshold=0.5)
        expect_kept(db)


def test_pages_follow_one_another_forward_and_back(db: Database) -> None:
    """Every item is on exactly one page, in order, and going back meets the same pages."""
    ids = fill(db, 23)
    pages = [list_items(db, Filter(), limit=10)]
    while len(more := list_items(db, Filter(), after=pages[-1][-1].place, limit=10)):
        pages.append(more)
    assert [item.listing_id for page in pages for item in page] == ids
    assert list_items(db, Filter(), before=pages[2][0].place, limit=10) == pages[1]
    assert list_items(db, Filter(), after=pages[1][0].place, is_included=True, limit=10) == pages[1]


@pytest.mark.parametrize("sort", list(Sort))
def test_every_order_is_total(db: Database, sort: Sort) -> None:
    """Ties do not lose or repeat an item at the border of a page."""
    fill(db, 9)
    whole = [item.listing_id for item in list_items(db, Filter(), sort=sort)]
    first = list_items(db, Filter(), sort=sort, limit=4)
    rest = list_items(db, Filter(), sort=sort, after=first[-1].place)
    assert [item.listing_id for item in [*first, *rest]] == whole
    assert len(set(whole)) == 9


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Filter(), 12),
        (Filter(source="andes"), 12),
        (Filter(source="elsewhere"), 0),
        (Filter(language="es"), 6),
        (Filter(seller="Seller 1"), 4),
        (Filter(seller="Seller 1", language="es"), 2),
        (Filter(tier=3, family="other"), 12),
        (Filter(tier=1), 0),
        (Filter(kind="name"), 12),
        (Filter(kind="nam"), 0),
        (Filter(p_from=0.985), 6),
        (Filter(since="2026-11-24", until="2026-11-24"), 12),
        (Filter(until="2026-11-23"), 0),
        (Filter(state="decided"), 0),
        (Filter(terms="Lot 003"), 1),
        (Filter(terms="lot", language="es"), 6),
        (Filter(terms="Lot", state="waiting", seller="Seller 0"), 4),
        (Filter(terms="lo"), 12),
        (Filter(terms='nosuch" OR'), 0),
    ],
)
def test_filters_narrow_and_counts_agree(db: Database, wanted: Filter, count: int) -> None:
    """A list and its count hold the same items, whether the count is kept or taken."""
    fill(db, 12)
    assert count_items(db, wanted) == len(list_items(db, wanted, limit=100)) == count


def test_search_looks_at_listings_beyond_the_queue(db: Database) -> None:
    """A search without a state finds what was never flagged; with one, it does not."""
    fill(db, 3, p_offer=0.1)
    assert [item.state for item in list_items(db, Filter(terms="Lot"))] == [None, None, None]
    assert list_items(db, Filter(terms="Lot", state="all")) == []


def test_facets_count_what_waits(db: Database) -> None:
    """The filters show how much each of their values holds."""
    ids = fill(db, 4)
    no_seconds(db)
    judge(db, newest(db, ids[0]))
    counts = facet_counts(db, [State.WAITING, State.SECOND])
    assert counts["all"] == {"": 3}
    assert counts["language"] == {"es": 2, "en": 1}


def test_next_item_passes_over_what_others_have_open(db: Database) -> None:
    """Two reviewers are led past each other, and the list begins anew at its end."""
    ids = fill(db, 4)
    claim(db, ids[1], reviewer="ben", lasts=timedelta(minutes=10), now=NOW)
    first = list_items(db, Filter(reviewer="ada"))[0].place
    mine = Filter(reviewer="ada")
    follower = next_item(db, mine, sort=Sort.LIKELY, place=first, now=NOW)
    assert follower is not None
    assert follower.listing_id == ids[2]
    last = list_items(db, mine)[-1].place
    begun = next_item(db, mine, sort=Sort.LIKELY, place=last, now=NOW)
    assert begun is not None
    assert begun.listing_id == ids[0]
    nowhere = Place(value=0.5, sighting_id=0)
    assert next_item(db, Filter(source="none"), sort=Sort.LIKELY, place=nowhere, now=NOW) is None


def test_claims_expire_and_can_be_taken_over(db: Database) -> None:
    """A claim holds against others until it expires, is given up or taken over knowingly."""
    listing = fill(db, 1)[0]
    ten = timedelta(minutes=10)
    assert claim(db, listing, reviewer="ada", lasts=ten, now=NOW).reviewer == "ada"
    assert claim(db, listing, reviewer="ben", lasts=ten, now=NOW).reviewer == "ada"
    assert "ada has this listing open until 12:10 UTC" in str(
        HeldByAnother(claim(db, listing, reviewer="ben", lasts=ten, now=NOW))
    )
    assert claim_of(db, listing, now=NOW + ten) is None
    assert claim(db, listing, reviewer="ben", lasts=ten, now=NOW, take_over=True).reviewer == "ben"
    release(db, listing, reviewer="ada")
    assert claim_of(db, listing, now=NOW) is not None
    release(db, listing, reviewer="ben")
    assert claim_of(db, listing, now=NOW) is None


def test_decision_by_an_old_screen_is_refused(db: Database) -> None:
    """A verdict after another person's verdict is refused, and nothing is written."""
    listing = fill(db, 1)[0]
    judge(db, newest(db, listing), reviewer="ben")
    shown = Circumstances(last_verdict=0)
    score_id = db.execute("SELECT score_id FROM scores").fetchone()[0]
    with pytest.raises(JudgedMeanwhile, match="was judged by ben since it was shown"):
        give_verdict(
            db, newest(db, listing), Decision.OFFER, score_id=score_id, reviewer="ada",
            circumstances=shown, now=NOW,
        )  # fmt: skip
    assert len(verdicts_of(db, listing)) == 1


def test_escalation_is_looked_at_by_somebody_else_and_settled_by_a_third(db: Database) -> None:
    """First, second and settling verdict each have their stage; until then nothing is taught."""
    listing = fill(db, 1)[0]
    no_seconds(db)
    first = judge(db, newest(db, listing), Decision.ESCALATE, reviewer="ada")
    assert count_items(db, Filter(reviewer="ada")) == 0
    assert count_items(db, Filter(reviewer="ben")) == 1
    second = judge(db, newest(db, listing), Decision.OFFER, reviewer="ben")
    assert (second.stage, second.answers) == (Stage.SECOND, first.verdict_id)
    assert count_items(db, Filter(state="adjudication")) == 1
    last = judge(db, newest(db, listing), Decision.OFFER, reviewer="cleo")
    assert (last.stage, last.answers) == (Stage.ADJUDICATION, first.verdict_id)
    assert count_items(db, Filter(state="decided")) == 1
    assert agreement(db).escalated == 1
    assert agreement(db).pairs == 0


def test_share_of_verdicts_goes_to_another_and_agreement_is_measured(db: Database) -> None:
    """With a share of 1 everything is checked; agreement closes it, disagreement waits for a third."""
    ids = fill(db, 4)
    change_setting(db, "second_share", 1, changed_by="ada", now=NOW)
    for listing, decision in zip(ids, ("offer", "offer", "not_offer", "not_offer"), strict=True):
        judge(db, newest(db, listing), Decision(decision), reviewer="ada")
    for listing, decision in zip(ids, ("offer", "not_offer", "not_offer", "not_offer"), strict=True):
        judge(db, newest(db, listing), Decision(decision), reviewer="ben")
    found = agreement(db)
    assert (found.pairs, found.agreed, found.raw) == (4, 3, 0.75)
    assert found.kappa == pytest.approx(0.5)
    assert count_items(db, Filter(state="adjudication")) == 1


def test_kappa_of_the_textbook() -> None:
    """Cohen's own kind of table: 20 and 15 agreed of 50, with 5 and 10 apart, gives 0.4."""
    yes, no = Decision.OFFER, Decision.NOT_OFFER
    pairs = [(yes, yes)] * 20 + [(yes, no)] * 5 + [(no, yes)] * 10 + [(no, no)] * 15
    assert measure_agreement(pairs).kappa == pytest.approx(0.4)
    assert measure_agreement([]).kappa is None


def test_undone_verdict_can_be_given_again(db: Database) -> None:
    """Redo is a new row like the one taken back; after another decision there is nothing to redo."""
    listing = fill(db, 1)[0]
    given = judge(db, newest(db, listing), Decision.OFFER, note="kept")
    undo_verdict(db, given.verdict_id, reviewer="ada", now=NOW)
    again = latest_undo(db, "ada")
    assert again == given
    redone = redo_verdict(db, given.verdict_id, reviewer="ada", now=NOW)
    assert (redone.decision, redone.note, redone.verdict_id) == (Decision.OFFER, "kept", 3)
    assert latest_undo(db, "ada") is None


def test_sample_from_below_the_line_joins_the_queue_and_tells_what_is_missed(db: Database) -> None:
    """Drawn listings stand in the queue at places that tell nothing; their verdicts give the estimate."""
    fill(db, 10, p_offer=0.1)
    no_seconds(db)
    assert count_items(db, Filter()) == 0
    draw = draw_sample(db, 4, seed=7, drawn_by="ada", now=NOW)
    assert (draw.population, draw.size) == (10, 4)
    drawn = list_items(db, Filter())
    assert len(drawn) == 4
    assert all(0.5 < float(item.place.value) <= 1 for item in drawn)
    judge(db, drawn[0].sighting_id, Decision.OFFER)
    judge(db, drawn[1].sighting_id, Decision.NOT_OFFER)
    rate = miss_rate(db)
    assert (rate.judged, rate.offers, rate.waiting, rate.rate, rate.population) == (2, 1, 2, 0.5, 10)
    assert rate.exact is not None
    assert rate.exact[0] < 0.5 < rate.exact[1]
    expect_kept(db)
    draw_sample(db, 100, seed=7, drawn_by="ada", now=NOW)
    with pytest.raises(NothingToSample):
        draw_sample(db, 1, seed=7, drawn_by="ada", now=NOW)


def test_intervals_are_those_of_the_tables() -> None:
    """Published values: 0 of 10 and 3 of 20 (exact), 3 of 20 (Wilson)."""
    assert exact_interval(0, 10) == pytest.approx((0.0, 0.3085), abs=1e-4)
    assert exact_interval(3, 20) == pytest.approx((0.0321, 0.3789), abs=1e-4)
    assert wilson_interval(3, 20) == pytest.approx((0.0524, 0.3604), abs=1e-4)
    assert exact_interval(10, 10)[1] == 1


def test_drafts_and_views_are_kept_for_their_reviewer(db: Database) -> None:
    """A draft comes back until the verdict is given; a saved view until it is replaced."""
    listing = fill(db, 1)[0]
    keep_draft(db, listing, "ada", KeptDraft(note="half a thought"), now=NOW)
    assert draft_of(db, listing, "ada") == KeptDraft(note="half a thought")
    assert draft_of(db, listing, "ben") is None
    judge(db, newest(db, listing), reviewer="ada")
    assert draft_of(db, listing, "ada") is None
    save_view(db, "ada", "Spanish", "language=es", now=NOW)
    save_view(db, "ada", "Spanish", "language=es&tier=1", now=NOW)
    assert [view.query for view in saved_views(db, "ada")] == ["language=es&tier=1"]
    assert saved_views(db, "ben") == []


def test_settings_are_rows_and_have_bounds(db: Database) -> None:
    """The newest value holds; one out of bounds is refused with a sentence."""
    change_setting(db, "claim_minutes", 30, changed_by="ada", now=NOW)
    assert review_settings(db).claim_minutes == 30
    with pytest.raises(SettingRefused, match="between 0 and 1"):
        change_setting(db, "second_share", 2, changed_by="ada", now=NOW)


def test_a_listing_that_was_hidden_from_the_queue_is_put_back(db: Database) -> None:
    """Rows changed by SQL are repaired, and correct rows stay."""
    hidden, decided, *_ = fill(db, 6)
    judge(db, 3, reviewer="bo")
    kept = [tuple(row) for row in db.execute("SELECT * FROM review_items ORDER BY listing_id")]
    assert mend_queue(db) == 0
    db.execute("DELETE FROM review_items WHERE listing_id = ?", [hidden])
    db.execute("UPDATE review_items SET state = 'decided', is_open = 0 WHERE listing_id = ?", [decided])
    db.execute(
        "INSERT INTO review_items SELECT 'none', 99, score_id, source_id, seller_name, language, seen_at,"
        " p_offer, place, family, tier, kinds, is_flagged, is_sample, assignee, state, is_open, verdict_id,"
        " decision, decided_by, decided_at, is_changed, worth FROM review_items LIMIT 1"
    )
    assert mend_queue(db) == 3
    assert [tuple(row) for row in db.execute("SELECT * FROM review_items ORDER BY listing_id")] == kept
