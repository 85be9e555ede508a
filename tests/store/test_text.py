"""What of a listing is searched and scored, and what is not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from fixtures.builders.store import FULL
from store.crawl.identity import MAX_TEXT_CHARS, listing_text, text_hash
from store.messages import harmless
from store.model import ListingContent


def test_the_text_is_what_is_offered_line_by_line() -> None:
    """Title, quantity, pack, minimum order, description, attributes; neither seller nor price."""
    assert listing_text(FULL).splitlines() == [
        "Industrial solvent, 200 L drum",
        "40 drums",
        "200 L",
        "1 drum",
        "Clean drums. 有机溶剂",
        "Purity: 99 %",
        "Purity: by GC",
    ]


def test_a_price_move_leaves_the_text_as_it_was() -> None:
    """A reviewed listing does not return because of its price."""
    moved = replace(FULL, price_text="US $ 1.300,00", price_amount=Decimal(1300))
    assert text_hash(listing_text(moved)) == text_hash(listing_text(FULL))


@pytest.mark.parametrize(
    "day",
    [
        "2026-10-16",
        "2026-10-16 08:30",
        "2026/01/06",
        "16.10.2026",
        "16/10/2026, 8:30",
        "2025年",
        "2026年1月6日",
    ],
)
def test_a_date_is_no_part_of_what_is_offered(day: str) -> None:
    """When a listing was put up moves with every renewal; the model has nothing to learn of it."""
    dated = replace(FULL, attributes=(*FULL.attributes, ("Posted", day)))
    assert listing_text(dated) == listing_text(FULL)


@pytest.mark.parametrize(
    "said",
    ["2026-10-1", "2026/10/1", "2026.10.1", "2079-54-6", "2025", "2025 kg", "before 2026-10-16", "99.10.2"],
)
def test_numbers_that_are_no_date_are_part_of_the_text(said: str) -> None:
    """A CAS number may begin as a year does."""
    numbered = replace(FULL, attributes=(("Number", said),))
    assert listing_text(numbered).endswith(f"Number: {said}")


def test_a_title_alone_is_a_text() -> None:
    """Empty fields leave no empty lines."""
    assert listing_text(ListingContent(title="Drum")) == "Drum"


def test_a_text_is_cut_where_no_reader_gets_to() -> None:
    """A hostile page may be far longer."""
    assert len(listing_text(ListingContent(title="x" * 1_000_000))) == MAX_TEXT_CHARS


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 苯 é", "plain 苯 é"),
        ("two\r\nlines\tand\x0bmore", "two lines and more"),
        ("\x1b[31mred\x9b1m\x7f", "\ufffd[31mred\ufffd1m\ufffd"),
        ("\u202eeman\u2066\u200f", "\ufffdeman\ufffd\ufffd"),
        ("one\u2028two\x85three", "one two three"),
    ],
)
def test_hostile_text_is_shown_in_one_line_and_not_obeyed(text: str, shown: str) -> None:
    """A terminal is neither driven nor lied to, and no line is forged."""
    assert harmless(text) == shown


def test_the_hash_tells_lone_surrogates_apart() -> None:
    """Hostile texts have a hash like any other."""
    assert text_hash("\ud800") != text_hash("\ud801")
    assert len(text_hash("")) == 64
