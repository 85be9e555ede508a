"""The form in which every benchmark says what it came to."""

from __future__ import annotations

from importlib.util import find_spec
from xml.etree import ElementTree as ET

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.plot import plot
from benchmarks.rounds import Limit, Rate, Ratio, alternate, row_of

ROWS = (
    Ratio(name="crawl", unit="pages/s", target=0.7, ours=(30.0, 40.0, 50.0), stock=(60.0, 50.0, 50.0)),
    Limit(name="memory <MiB>", unit="MiB", target=1_536, ours=(1_700.0,)),
    Limit(name="growth", unit="MiB", target=64, ours=(-3.0,)),
    Rate(name="settled", unit="%", target=None, ours=(89.0,)),
)


def test_a_row_says_what_was_found_and_whether_it_is_enough() -> None:
    """A ratio is the median of its rounds; a limit is met from below; what has no aim is neither."""
    said = [row.as_json() for row in ROWS]
    assert [(row["found"], row["met"]) for row in said] == [
        (0.8, True), (1_700.0, False), (-3.0, True), (89.0, None),
    ]  # fmt: skip
    assert row_of(said[0]).split() == [
        "crawl", "40", "50", "pages/s", "0.8", "×", "0.5-1", "≥", "0.7", "yes",
    ]  # fmt: skip
    assert row_of(said[1]).split()[-3:] == ["≤", "1,536", "NO"]
    assert row_of(said[3]).split()[-2:] == ["-", "-"]


def test_the_plot_is_well_formed() -> None:
    """Each row with a target has a bar, and special characters in names are escaped."""
    drawn = ET.fromstring(plot([row.as_json() for row in ROWS if row.target], "today"))
    assert len([each for each in drawn.iter() if each.tag.endswith("rect")]) == 4
    assert "memory <MiB>" in [each.text for each in drawn.iter()]


def test_each_way_goes_first_in_turn() -> None:
    """The order alternates, so that neither program always runs on the warmer machine."""
    order: list[str] = []
    alternate(lambda: order.append("ours"), lambda: order.append("stock"), 3)
    assert order == ["ours", "stock", "stock", "ours", "ours", "stock"]


@pytest.mark.parametrize("name", [each.name for each in BENCHMARKS])
def test_every_benchmark_of_the_run_is_there(name: str) -> None:
    """Every benchmark module is found without being imported."""
    assert find_spec(f"benchmarks.{name}")
