"""Folding keeps, for every character, where it came from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from text.normalise import fold, squeeze


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ACETONE", "acetone"),
        ("Ácido Sulfúrico", "acido sulfurico"),
        ("Säure groß", "saure gross"),
        ("Ａｃｅｔｏｎｅ　９９％", "acetone 99%"),
        ("асеtоnе", "acetone"),
        ("ацетон", "ацетон"),
        ("γ-丁内酯", "gamma-丁内酯"),
        ("高錳酸鉀", "高锰酸钾"),
        ("Υπερμαγγανικό", "υπερμαγγανικο"),
        ("ΚΑΘΑΡΟ", "καθαρο"),
        ("ΡΜΚ", "pmk"),
        ("ac\u200be\u00adtone", "acetone"),
        ("x²③", "x23"),
        ("&#97;&amp;b", "a&b"),
        ("ᴘᴍᴋ 🅿️", "pmk p"),
        ("103—79‑7", "103-79-7"),
        ("", ""),
    ],
)
def test_spellings_are_folded(text: str, folded: str) -> None:
    """Accents, widths, look-alikes, invisible characters and entities become plain text."""
    assert fold(text).text == folded


@given(st.text(st.characters(codec=None)))
def test_every_folded_character_has_an_origin(text: str) -> None:
    """There are as many origins as folded characters; they run forward and stay in the original."""
    folded = fold(text)
    offsets = folded.offsets()
    assert len(offsets) == len(folded.text)
    assert all(0 <= start < end <= len(text) for start, end in offsets)
    assert offsets == sorted(offsets)


@given(st.text())
def test_folding_twice_changes_no_letters(text: str) -> None:
    """Letters and digits that were folded once stay as they are, unless they now spell an entity."""
    once = fold(text).text
    if "&" not in once:
        assert squeeze(fold(once).text) == squeeze(once)
