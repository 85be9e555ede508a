"""Mark evidence and invisible characters in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from review.listing.safe_text import cut, spell_invisible
from store.model import Span

spans = st.builds(
    lambda start, length, kind: Span(start=start, end=start + length, kind=kind),
    st.integers(-3, 40),
    st.integers(0, 20),
    st.sampled_from(["cas", "name"]),
)


@given(text=st.text(max_size=30), marked=st.lists(spans, max_size=6))
def test_pieces_joined_are_the_text(text: str, marked: list[Span]) -> None:
    """Nothing is lost or doubled, wherever the spans lie."""
    assert "".join(piece.text for piece in cut(text, marked)) == text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("\u202eoil\u200b\u200b", "[U+202E]oil[U+200B][U+200B]"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        (Markup("\u202e"), Markup("\u202e")),
        (7, 7),
        (None, None),
    ],
)
def test_unseen_characters_are_spelled_out(value: object, shown: object) -> None:
    """In text; numbers and finished markup are left alone."""
    assert spell_invisible(value) == shown


def test_overlapping_spans_are_one_mark_with_all_names() -> None:
    """What is found twice, or within something else, is marked once; each name stands once, at the end."""
    name = Span(start=0, end=8, kind="trade")
    cas = Span(start=4, end=12, kind="cas", substance="acetone")
    again = Span(start=5, end=12, kind="cas", substance="acetone")
    pieces = cut("abcdef\u200bhijklmno", [cas, again, name])
    assert [(piece.text, piece.spans, piece.opens, piece.closes) for piece in pieces] == [
        ("abcdef", (name, cas), True, False),
        ("\u200b", (name, cas), False, False),
        ("hijkl", (name, cas), False, True),
        ("mno", (), False, False),
    ]
    assert [piece.kind for piece in pieces] == ["cas", "cas", "cas", ""]


@given(marked=st.lists(spans, max_size=6))
def test_every_mark_that_opens_closes_before_the_next(marked: list[Span]) -> None:
    """However spans lie, marks never nest: the page's markup stays whole."""
    is_open = False
    for piece in cut("some words\u202e of a listing, long enough.", marked):
        assert piece.opens is (bool(piece.spans) and not is_open)
        is_open = bool(piece.spans) and not piece.closes
    assert not is_open


@pytest.mark.parametrize(
    ("text", "unseen"),
    [
        ("P\u200bMK", ["U+200B ZERO WIDTH SPACE"]),
        ("\u202eoil", ["U+202E RIGHT-TO-LEFT OVERRIDE"]),
        ("P\u200dMK", ["U+200D ZERO WIDTH JOINER"]),
        ("soft\u00adener", ["U+00AD SOFT HYPHEN"]),
        ("می\u200cخواهم", []),
        ("👩\u200d🔬", []),
        (
            "P\u3164M\u115fK\u1160",
            ["U+3164 HANGUL FILLER", "U+115F HANGUL CHOSEONG FILLER", "U+1160 HANGUL JUNGSEONG FILLER"],
        ),
        ("P\u034fM\u2800K", ["U+034F COMBINING GRAPHEME JOINER", "U+2800 BRAILLE PATTERN BLANK"]),
        ("\u180e\U000e0041", ["U+180E MONGOLIAN VOWEL SEPARATOR", "U+E0041 TAG LATIN CAPITAL LETTER A"]),
        ("\x1b[31m", ["U+001B UNNAMED"]),
        ("lines\r\n\tof text", []),
        ("plain words", []),
    ],
)
def test_hidden_characters_are_named(text: str, unseen: list[str]) -> None:
    """What hides in a word is named; joiners that spell Persian or an emoji are left alone."""
    assert [piece.unseen for piece in cut(text) if piece.unseen] == unseen
