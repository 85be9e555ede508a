"""What each word comes to is worked out once, and not kept of what is no word."""

from __future__ import annotations

from text.normalise import LONGEST_CACHED, WordTable


def test_long_strings_are_worked_out_and_not_remembered() -> None:
    """A page of letters without end must not fill the memory."""
    lengths = WordTable(len)
    assert lengths.of(["acetone", "x" * (LONGEST_CACHED + 1), "acetone"]) == [7, LONGEST_CACHED + 1, 7]
    assert set(lengths) == {"acetone"}
