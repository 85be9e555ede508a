"""The words and keys of the pages."""

from __future__ import annotations

import pytest

from review.web.translations import DECISIONS, FIELDS, REASONS, defang
from store.model import Decision, ListingContent, ReasonCode


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://shop.example/item/7.html?a=b.c", "hxxps://shop[.]example/item/7.html?a=b.c"),
        ("http://shop.example:8080/", "hxxp://shop[.]example:8080/"),
        ("javascript:alert(1)", "javascript[:]alert(1)"),
        ("https://[broken", "https[:]//[broken"),
        ("", ""),
    ],
)
def test_addresses_are_shown_defanged(url: str, shown: str) -> None:
    """An address can be read and copied, and no program takes it for a link."""
    assert defang(url) == shown


def test_every_decision_and_reason_has_a_button() -> None:
    """A new decision or reason in the model must get its words and key here."""
    assert {choice.value for choice in DECISIONS} == set(Decision) - {Decision.UNDONE}
    assert {choice.value for choice in REASONS} == set(ReasonCode)


def test_no_two_things_share_a_key() -> None:
    """Each key does one thing."""
    keys = [choice.key for choice in (*DECISIONS, *REASONS)] + ["j", "k", "z", "a", "/", "?"]
    assert len(keys) == len(set(keys))


def test_every_field_of_a_listing_has_a_name() -> None:
    """A new field of `ListingContent` must be named here, or the history would not show its change."""
    assert set(FIELDS) | {"provenance"} == set(ListingContent.__slots__)
