"""The item page: fields, score, evidence and history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from classifier.notices import machines_in
from fixtures.builders.review_store import NOW, PLANTED, score, see
from fixtures.builders.store import judge
from review.listing.item import notice_spans, read_evidence, read_fields, read_item
from review.listing.score_reasons import read_bars, read_word_contributions
from review.web.charts import price_line
from store.database import Database, open_database
from store.model import Contribution, Decision, ListingContent, Reasons, Span, WordShare
from store.review.listings import ListingFile, Price, listing_file
from store.review.queue import review_queue
from store.review.verdicts import undo_verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def db(database: Path) -> Iterator[Database]:
    """Return an open connection to the filled store."""
    opened = open_database(database)
    yield opened
    opened.close()


def first_file(db: Database) -> ListingFile:
    """Return the listing at the top of the queue."""
    return listing_file(db, review_queue(db)[0].listing_id)


def test_fields_keep_the_raw_value_and_the_rule_that_read_it() -> None:
    """The price is shown as on the page, then as a number, with the rule that read it."""
    content = ListingContent(
        title="Drum", price_text="US $ 1.250,00", price_amount=Decimal("1250.00"), currency="USD",
        attributes=(("Purity", "99 %"),), provenance={"price_text": "json-ld"},
    )  # fmt: skip
    shown = [(field.name, field.value, field.found_by) for field in read_fields(content)]
    assert shown == [
        ("Title", "Drum", ""),
        ("Price", "US $ 1.250,00", "json-ld"),
        ("Price as a number", "1250.00 USD", ""),
        ("Purity", "99 %", ""),
    ]


def test_bars_are_in_percent_of_the_longest() -> None:
    """The chart's longest bar fills it, and what is not listed is one bar of its own."""
    reasons = Reasons(contributions=(Contribution(feature="name", log_odds=-4.0),), rest_log_odds=1.0)
    assert [(bar.words, bar.length) for bar in read_bars(reasons)] == [
        ("name", 100.0),
        ("all other signals and the base value", 25.0),
    ]


@pytest.mark.parametrize(
    ("rest", "others"), [(-2.0, []), (-1.5, [("all other signals", 0.5)])], ids=["nothing else", "others"]
)
def test_the_constant_stands_apart(rest: float, others: list[tuple[str, float]]) -> None:
    """What every text starts from is the last bar; what is not listed has one if it adds anything."""
    signs = (Contribution(feature="name", log_odds=4.0),)
    bars = read_bars(Reasons(contributions=signs, rest_log_odds=rest, constant_log_odds=-2.0))
    assert [(bar.words, bar.log_odds) for bar in bars] == [
        ("name", 4.0),
        *others,
        ("base value of every text", -2.0),
    ]


def test_bars_of_an_empty_sum_have_no_length() -> None:
    """A score of exactly one half without reasons divides by nothing."""
    assert [bar.length for bar in read_bars(Reasons())] == [0.0]


def test_words_are_told_either_way_and_sum_to_their_term() -> None:
    """The strongest of each direction stand out; the rest is one bar of its own."""
    shares = [(f"word {number}", (-1) ** number / number) for number in range(1, 11)]
    told = tuple(WordShare(words=words, log_odds=share) for words, share in shares)
    wording = read_word_contributions("", Reasons(wording=told, rest_wording=0.25))
    assert wording is not None
    assert wording.con == ("word 1", "word 3", "word 5")
    assert wording.pro == ("word 2", "word 4", "word 6")
    assert [(bar.words, bar.length) for bar in wording.bars][::10] == [
        ("word 1", 100.0),
        ("all other words", 25.0),
    ]
    assert wording.log_odds == pytest.approx(sum(bar.log_odds for bar in wording.bars))


TITLE = "plain label, free of customs"
AGAINST = WordShare(words=TITLE, log_odds=-0.9, spans=((0, len(TITLE)),))


@pytest.mark.parametrize(
    ("spans", "shown"),
    [
        ([(0, 11, "trade", ""), (13, 29, "trade", "")], ()),
        ([(0, 11, "trade", ""), (21, 29, "trade", "")], (TITLE,)),
        ([(0, 11, "trade", ""), (13, 29, "mention", "only mentioned: beside")], (TITLE,)),
        ([(0, 29, "cas", "7-7-7 is on no list in force here")], (TITLE,)),
        ([], (TITLE,)),
    ],
    ids=["marked whole", "marked in part", "in part a mention", "an unlisted number", "not marked"],
)
def test_words_are_not_said_to_speak_against_what_they_are_marked_for(
    spans: list[tuple[int, int, str, str]], shown: tuple[str, ...]
) -> None:
    """A phrase marked from end to end with the opposite is told in the sum alone, which stays exact."""
    marks = tuple(Span(start=start, end=end, kind=kind, note=note) for start, end, kind, note in spans)
    wording = read_word_contributions(TITLE, Reasons(wording=(AGAINST,), spans=marks))
    assert wording is not None
    assert wording.con == shown
    assert wording.is_apart is (not shown)
    assert wording.log_odds == pytest.approx(-0.9)
    assert wording.bars[0].words == TITLE


def test_words_of_a_mention_are_not_said_to_speak_for_an_offer() -> None:
    """The rule holds in both directions."""
    phrase = WordShare(words="acetone", log_odds=0.4, spans=((4, 11),))
    mark = Span(start=4, end=11, kind="mention", substance="Acetone")
    wording = read_word_contributions("The acetone", Reasons(wording=(phrase,), spans=(mark,)))
    assert wording is not None
    assert wording.pro == ()


def test_a_score_that_tells_no_words_has_none(db: Database) -> None:
    """Scores of before, and those far below the line, show no empty table."""
    assert read_word_contributions("", Reasons()) is None
    assert read_item(first_file(db)).wording is not None


def test_evidence_is_listed_once_however_often_it_is_said(db: Database) -> None:
    """The same words are counted, and the words of one law or reason are one row."""
    file = first_file(db)
    assert file.score is not None
    found = read_evidence(file.sightings[0].text, file.score.reasons)
    assert [(each.places, each.kind) for each in found] == [
        ((("Phenylacetone", 2),), "name"),
        ((("103-79-7", 2),), "cas"),
        ((("Discreet parcel", 1),), "trade"),
    ]
    spans = notice_spans(list(machines_in("Pill press: tablet press, TABLET PRESS, tablet press")))
    (press,) = read_evidence("Pill press: tablet press, TABLET PRESS, tablet press", Reasons(spans=spans))
    assert press.places == (("Pill press", 1), ("tablet press", 2), ("TABLET PRESS", 1))
    assert len(press.note.splitlines()) == 3  # laws


def test_history_names_the_fields_that_changed(db: Database) -> None:
    """A new price is shown with the old one beside it."""
    listing_id = review_queue(db)[0].listing_id
    dearer = replace(PLANTED[0], content=replace(PLANTED[0].content, price_text="US $ 1.400,00 / kg"))
    see(db, (dearer,), at=NOW)
    score(db, (dearer,))
    newest, first = read_item(listing_file(db, listing_id)).history
    assert [(each.name, each.before, each.after) for each in newest.changed] == [
        ("Price", "US $ 1.250,00 / kg", "US $ 1.400,00 / kg")
    ]
    assert first.changed == ()


def test_a_verdict_taken_back_does_not_stand(db: Database) -> None:
    """The item says what was last decided and not taken back."""
    sighting_id = first_file(db).sightings[0].sighting_id
    first = judge(db, sighting_id, Decision.UNSURE, now=NOW)
    second = judge(db, sighting_id, Decision.OFFER, now=NOW + timedelta(minutes=1))
    undo_verdict(db, second.verdict_id, reviewer="ada", now=NOW + timedelta(minutes=2))
    item = read_item(listing_file(db, first.listing_id))
    assert item.standing == first
    assert item.undone == {second.verdict_id}


def test_a_fallen_price_starts_at_its_first_value() -> None:
    """The sentence beside the chart goes from the first price to the last, not from low to high."""
    prices = [
        Price(seen_at=datetime(2026, 10, day, tzinfo=UTC), amount=Decimal(amount), currency="COP")
        for day, amount in ((1, 180_000), (2, 95_000))
    ]
    line = price_line(prices)
    assert line is not None
    assert (line.start, line.end, line.low, line.high) == (180_000, 95_000, 95_000, 180_000)
