"""What waits for a verdict and in which order, and what takes a listing out and brings it back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.store import FULL, NOW, REASONS, crawl_run, judge, score, score_all, see, use
from store.crawl.runs import end_run
from store.errors import UnknownRow
from store.model import Decision, ListingContent, ReasonCode, RunOutcome
from store.review.listings import listing_file
from store.review.queue import count_queue, review_queue
from store.review.verdicts import (
    AlreadyUndone,
    ReviewerUnnamed,
    StaleScreen,
    get_verdict,
    give_verdict,
    latest_undoable,
    undo_verdict,
    verdicts_of,
)
from store.scores.labels import standing_labels
from store.scores.scores import record_scores
from tests.searches import search

if TYPE_CHECKING:
    from store.database import Database
    from store.model import Verdict


@pytest.fixture
def flagged(db: Database) -> Database:
    """Five listings, of which 1 to 4 are flagged: 2 and 3 alike, then 4, then 1."""
    run = crawl_run(db)
    for number in range(1, 6):
        see(db, run, url(number), replace(FULL, title=f"Drum {number}"))
    use(db)
    record_scores(db, [score(1, 0.5), score(2, 0.9), score(3, 0.9), score(4, 0.7), score(5, 0.499)])
    return db


def url(number: int) -> str:
    """Return the address of one of the five."""
    return f"https://andes.example/{number}"


def waiting(db: Database) -> list[int]:
    """Return the sightings in the queue, in its order."""
    return [entry.sighting_id for entry in review_queue(db)]


def undo(db: Database, verdict: Verdict) -> Verdict:
    """Take a verdict back as ada."""
    return undo_verdict(db, verdict.verdict_id, reviewer="ada", now=NOW)


def see_again(db: Database, number: int, content: ListingContent) -> None:
    """Crawl a listing again with other content, and score it."""
    end_run(db, crawl_run(db), RunOutcome.DONE, "Done.", now=NOW)
    see(db, crawl_run(db), url(number), content)
    score_all(db)


def test_the_likeliest_offer_comes_first_and_the_line_itself_is_flagged(flagged: Database) -> None:
    """Equals come in the order in which they were seen; below the line is not in the queue."""
    assert waiting(flagged) == [2, 3, 4, 1]
    assert count_queue(flagged) == 4
    assert [entry.sighting_id for entry in review_queue(flagged, limit=2, offset=1)] == [3, 4]


def test_an_entry_shows_what_a_reviewer_needs(flagged: Database) -> None:
    """Substances and family come from the score's reasons."""
    entry = review_queue(flagged, limit=1)[0]
    assert (entry.title, entry.url, entry.source_id) == ("Drum 2", url(2), "andes")
    assert (entry.p_offer, entry.substances, entry.family) == (0.9, REASONS.substances, "other")
    assert entry.seen_at == NOW


def test_another_model_makes_another_queue(flagged: Database) -> None:
    """Only the scores of the model in use count, by its own line."""
    use(flagged, "bbbbbbbbbbbb", threshold=0.8)
    assert waiting(flagged) == []
    record_scores(flagged, [score(5, 0.85, "bbbbbbbbbbbb"), score(1, 0.7, "bbbbbbbbbbbb")])
    assert waiting(flagged) == [5]


@pytest.mark.parametrize("decision", [Decision.OFFER, Decision.NOT_OFFER, Decision.UNSURE, Decision.ESCALATE])
def test_a_judged_listing_leaves_and_an_undo_brings_it_back(flagged: Database, decision: Decision) -> None:
    """Any decision removes the listing from the queue."""
    verdict = judge(flagged, 3, decision)
    assert waiting(flagged) == [2, 4, 1]
    undo(flagged, verdict)
    assert waiting(flagged) == [2, 3, 4, 1]


def test_an_undo_lets_the_verdict_before_it_stand_again(flagged: Database) -> None:
    """A change of mind that is taken back leaves the first decision."""
    judge(flagged, 3, Decision.OFFER)
    undo(flagged, judge(flagged, 3, Decision.NOT_OFFER))
    assert 3 not in waiting(flagged)
    assert [label.label for label in standing_labels(flagged)] == [1]


def test_a_judged_listing_returns_when_its_text_changes(flagged: Database) -> None:
    """A changed text may be an offer now."""
    judge(flagged, 3)
    see_again(flagged, 3, replace(FULL, title="Now something else"))
    assert [entry.title for entry in review_queue(flagged)][:2] == ["Drum 2", "Now something else"]
    assert count_queue(flagged) == 4


def test_a_judged_listing_does_not_return_for_its_price_or_seller(flagged: Database) -> None:
    """Price and seller are not part of the reviewed text."""
    judge(flagged, 3)
    see_again(flagged, 3, replace(FULL, title="Drum 3", price_text="US $ 1", seller_name="Other Ltd"))
    assert waiting(flagged) == [2, 4, 1]


def test_an_unjudged_listing_is_shown_as_it_stands_now(flagged: Database) -> None:
    """A new sighting replaces the old one, and enters the queue once it is scored."""
    end_run(flagged, crawl_run(flagged), RunOutcome.DONE, "Done.", now=NOW)
    see(flagged, crawl_run(flagged), url(3), replace(FULL, title="New words"))
    assert waiting(flagged) == [2, 4, 1]
    score_all(flagged, p_offer=0.95)
    assert waiting(flagged) == [6, 2, 4, 1]


def test_a_verdict_keeps_what_was_on_the_screen(flagged: Database) -> None:
    """The score of the model in use, the reason and the note."""
    given = give_verdict(
        flagged,
        2,
        Decision.OFFER,
        score_id=2,
        reason_code=ReasonCode.UNDOCUMENTED,
        note="No papers.\0\ud800",
        reviewer="ada",
        now=NOW,
    )
    assert (given.score_id, given.reason_code) == (2, ReasonCode.UNDOCUMENTED)
    assert given.note == "No papers.\N{REPLACEMENT CHARACTER}?"
    assert get_verdict(flagged, given.verdict_id) == given
    assert verdicts_of(flagged, given.listing_id) == [given]
    assert listing_file(flagged, given.listing_id).verdicts == (given,)


def test_a_listing_that_changed_after_it_was_shown_cannot_be_judged_by_the_old_screen(
    flagged: Database,
) -> None:
    """A verdict applies to the sighting that the reviewer saw."""
    see_again(flagged, 3, replace(FULL, title="Now something else"))
    with pytest.raises(StaleScreen, match="has changed"):
        judge(flagged, 3)


def test_a_listing_that_was_scored_anew_cannot_be_judged_by_the_old_screen(flagged: Database) -> None:
    """A verdict must name the current score of the listing."""
    use(flagged, "bbbbbbbbbbbb")
    for score_id in (3, 99):
        with pytest.raises(StaleScreen, match="no score by the model in use"):
            give_verdict(flagged, 3, Decision.OFFER, score_id=score_id, reviewer="ada", now=NOW)
    record_scores(flagged, [score(3, 0.7, "bbbbbbbbbbbb")])
    with pytest.raises(StaleScreen, match="a new score"):
        give_verdict(flagged, 3, Decision.OFFER, score_id=None, reviewer="ada", now=NOW)
    assert give_verdict(flagged, 3, Decision.OFFER, score_id=6, reviewer="ada", now=NOW).score_id == 6


@pytest.mark.parametrize("blank", ["", " ", "\n\t", "\u200b\u200b", "\u00a0"])
def test_nobody_decides_nothing(flagged: Database, blank: str) -> None:
    """A verdict and an undo say who gave them; the store itself refuses a blank, too."""
    verdict = judge(flagged, 3)
    with pytest.raises(ReviewerUnnamed, match="The reviewer is missing"):
        judge(flagged, 2, reviewer=blank)
    with pytest.raises(ReviewerUnnamed, match="The reviewer is missing"):
        undo_verdict(flagged, verdict.verdict_id, reviewer=blank, now=NOW)
    assert verdicts_of(flagged, verdict.listing_id) == [verdict]
    assert judge(flagged, 4, reviewer=" ada ").reviewer == "ada"


def test_a_verdict_is_taken_back_once(flagged: Database) -> None:
    """A second undo and an undo of an undo are refused."""
    verdict = judge(flagged, 3)
    undone = undo(flagged, verdict)
    assert undone.undoes == verdict.verdict_id
    for each in (verdict, undone):
        with pytest.raises(AlreadyUndone):
            undo(flagged, each)


def test_an_undo_is_no_verdict_to_give(flagged: Database) -> None:
    """An undo must name its verdict."""
    with pytest.raises(ValueError, match="undo_verdict"):
        judge(flagged, 3, Decision.UNDONE)


def test_the_latest_undoable_verdict_is_the_reviewers_own(flagged: Database) -> None:
    """Verdicts that were undone are skipped."""
    assert latest_undoable(flagged, "ada") is None
    first = judge(flagged, 2)
    second = judge(flagged, 3)
    judge(flagged, 4, Decision.OFFER, reviewer="grace")
    assert latest_undoable(flagged, "ada") == second
    undo(flagged, second)
    assert latest_undoable(flagged, "ada") == first


def test_what_is_unknown_is_a_sentence(flagged: Database) -> None:
    """The message names the id."""
    with pytest.raises(UnknownRow, match="no sighting 99"):
        judge(flagged, 99)
    with pytest.raises(UnknownRow, match="no verdict 99"):
        get_verdict(flagged, 99)
    with pytest.raises(UnknownRow, match="no listing nowhere"):
        listing_file(flagged, "nowhere")


def test_only_decided_verdicts_teach(flagged: Database) -> None:
    """Unsure and escalate settle no label; what was taken back teaches nothing."""
    judge(flagged, 1, Decision.OFFER)
    judge(flagged, 2, Decision.NOT_OFFER)
    judge(flagged, 3, Decision.UNSURE)
    judge(flagged, 4, Decision.ESCALATE)
    undo(flagged, judge(flagged, 5, Decision.OFFER))
    labels = standing_labels(flagged)
    assert [(label.text.splitlines()[0], label.label) for label in labels] == [("Drum 1", 1), ("Drum 2", 0)]
    assert labels[0].group == "andes:Ficticia Ltd"


SHOP = (
    ListingContent(title="Phenylacetic acid, 25 kg", description="CAS 103-82-2, or on request"),
    ListingContent(title="苯乙酸 化工原料", seller_name="Ficticia 化学"),
    ListingContent(title='The "best" drum*', description="It's 100% new (NEAR you); a-b"),
    ListingContent(title="ÁCIDO en bidón", attributes=(("Pureza", "99"),)),
)


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        ("phenylacetic", [1]),
        ("PHENYL acid", [1]),
        ("enylace", [1]),
        ("103-82", [1]),
        ("103-82-2", [1]),
        ("苯乙酸", [2]),
        ("苯乙", [2]),
        ("化", [2]),
        ("化学", [2]),
        ("ficticia", [2]),
        ('"best"', [3]),
        ('"', []),
        ("*", []),
        ('" drum', [3]),
        ("drum*", [3]),
        ("or", [1]),
        ("OR request", [1]),
        ("NEAR", [3]),
        ("(NEAR", [3]),
        ("it's", [3]),
        ("100%", [3]),
        ("a-b", [3]),
        ("title:drum", []),
        ("best NOT drum", []),
        ("ácido", [4]),
        ("99", [4]),
        ("x y", []),
        ("_", []),
        ("%", []),
        ("  ", []),
        ("", []),
        ("acid\0", [4, 1]),
        ("acid\ud800", [4, 1]),
        ("3-82", []),
        ("103-8", [1]),
        ("103 82", [1]),
        ("苯乙酸化工", []),
        ("乙酸", [2]),
        ("酸", [2]),
        ("icia", [2]),
        ("drum bidón", []),
        ("25 kg", [1]),
    ],
)
def test_a_search_takes_what_a_person_types_for_plain_parts_of_words(
    db: Database, terms: str, found: list[int]
) -> None:
    """CAS parts, Chinese, one letter, quotes, and what would be an operator elsewhere.

    What is neither letter nor digit is not looked for.
    """
    run = crawl_run(db)
    for number, content in enumerate(SHOP):
        see(db, run, url(number), content)
    assert [sighting.sighting_id for sighting in search(db, terms)] == found


def test_a_search_shows_listings_as_they_stand_now(flagged: Database) -> None:
    """Only the newest sighting is searched, and newer listings come first."""
    see_again(flagged, 3, replace(FULL, title="Changed words"))
    assert search(flagged, '"drum 3"') == []
    assert [sighting.sighting_id for sighting in search(flagged, "drum", limit=3)] == [6, 5, 4]
