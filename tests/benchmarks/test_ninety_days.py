"""The service through weeks in which everything goes wrong, in a test of seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.ninety_days.account import account, tally
from benchmarks.ninety_days.simulation import live

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.process  # it starts none, but takes too long for the quick part


def test_nothing_is_lost_or_done_twice_and_each_fault_is_alarmed_once(tmp_path: Path) -> None:
    """Sixteen days; `python -m benchmarks.ninety_days` does ninety."""
    lived = live(tmp_path, days=16, seed=3)
    assert [line for line in account(lived) if not line.holds] == []
    assert tally(lived)["attempts interrupted and gone on with"] > 0
