"""Which addresses are one page, which listings are one offer, and what counts as a change."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.builders.store import FULL
from store.crawl.identity import canonical_url, content_hash, listing_id

if TYPE_CHECKING:
    from store.model import ListingContent

URL_PARTS = st.sampled_from(
    ["http://", "HTTPS://", "//", "/", "?", "&", "=", "#", ";", ":", "@", "[", "]", ":80", ":443", ".", "a",
     "B", "%41", "%ff", "%", "utm_x", "sid", " ", "\t", "\x00", "\ud800", "é", "化", "\u00a0", "row"]
)  # fmt: skip
HOSTILE_URLS = st.one_of(st.text(), st.lists(URL_PARTS, max_size=12).map("".join))


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://Andes.Example/Item/1", "http://andes.example/Item/1"),
        ("https://andes.example:443/a", "https://andes.example/a"),
        ("http://andes.example:80/a", "http://andes.example/a"),
        ("http://andes.example:8080/a", "http://andes.example:8080/a"),
        ("https://andes.example", "https://andes.example/"),
        ("https://andes.example/a#photos", "https://andes.example/a"),
        ("  https://andes.example/a \n", "https://andes.example/a"),
        ("https://andes.example/a?b=2&a=1", "https://andes.example/a?a=1&b=2"),
        ("https://andes.example/a?utm_source=x&id=5&fbclid=y&SPM=z", "https://andes.example/a?id=5"),
        ("https://andes.example/a?PHPSESSID=1&sid=2", "https://andes.example/a"),
        ("https://andes.example/a?empty=", "https://andes.example/a?empty="),
        ("https://user:pw@andes.example/a", "https://andes.example/a"),
        ("https://andes.example/a?q=%E5%8C%96", "https://andes.example/a?q=%E5%8C%96"),
        ("https://andes.example/a?q=化", "https://andes.example/a?q=%E5%8C%96"),
        ("http://[", "http://["),
    ],
)
def test_two_addresses_of_one_page_are_equal(url: str, canonical: str) -> None:
    """Host and scheme lose their case, noise goes, and what tells pages apart stays."""
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://andes.example/a", "https://andes.example/A"),
        ("https://andes.example/a", "https://andes.example/a/"),
        ("https://andes.example/?id=1", "https://andes.example/?id=2"),
        ("https://andes.example/?a=1&a=2", "https://andes.example/?a=1"),
        ("http://andes.example/a", "https://andes.example/a"),
    ],
)
def test_addresses_that_a_server_may_tell_apart_stay_apart(one: str, other: str) -> None:
    """Case of the path, a closing slash and real parameters matter."""
    assert canonical_url(one) != canonical_url(other)


@given(HOSTILE_URLS)
def test_a_canonical_address_is_its_own_canonical_address(url: str) -> None:
    """Any text a page may link to has one, and canonising it again changes nothing."""
    once = canonical_url(url)
    assert canonical_url(once) == once


@given(st.text(), HOSTILE_URLS, st.text(), st.text())
def test_a_listing_id_is_sixteen_digits_whatever_the_page_says(
    source_id: str, url: str, item_id: str, title: str
) -> None:
    """Lone surrogates and broken addresses included."""
    found = listing_id(source_id, url, item_id, title)
    assert len(found) == 16
    assert set(found) <= set("0123456789abcdef")


def test_an_item_with_an_address_is_that_address_within_its_source() -> None:
    """Title, item number and tracking do not matter; the source does."""
    one = listing_id("andes", "https://andes.example/1", "A-1", "Old title")
    assert one == listing_id("andes", "https://andes.example/1?utm_source=x#top", "A-2", "New title")
    assert one != listing_id("other", "https://andes.example/1", "A-1", "Old title")


def test_rows_without_an_address_are_told_apart_by_item_id_then_title() -> None:
    """The list page's address is the same for all of them."""
    rows = "https://andes.example/list#row"
    assert listing_id("andes", rows, "A-1", "x") != listing_id("andes", rows, "A-2", "x")
    assert listing_id("andes", rows, "A-1", "x") == listing_id("andes", rows, "A-1", "y")
    assert listing_id("andes", rows, "", "x") != listing_id("andes", rows, "", "y")


@pytest.mark.parametrize(
    ("changed", "is_change"),
    [
        (replace(FULL, title="Another"), True),
        (replace(FULL, price_text="US $ 1"), True),
        (replace(FULL, price_amount=Decimal(1)), True),
        (replace(FULL, seller_name="Other Ltd"), True),
        (replace(FULL, attributes=()), True),
        (replace(FULL, provenance={"title": "visible:h1"}), False),
        (replace(FULL, images=()), False),
    ],
)
def test_what_a_listing_says_is_its_content_and_how_it_was_read_is_not(
    changed: ListingContent,
    is_change: bool,  # noqa: FBT001 (a column of the table above)
) -> None:
    """A better rule or a rotating image host is no change of the offer."""
    assert (content_hash(changed) != content_hash(FULL)) is is_change
