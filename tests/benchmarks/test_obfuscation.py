"""The loss under obfuscation is counted on the titles that change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from benchmarks.obfuscation import main, measure
from fixtures.transformations import TRANSFORMATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest


def _names_wax(titles: Sequence[str]) -> list[bool]:
    return ["wax" in title for title in titles]


def _is_strange(titles: Sequence[str]) -> list[bool]:
    return [not title.isascii() for title in titles]


def test_a_reader_of_plain_words_loses_what_is_spelled_out() -> None:
    """A name that is taken apart is no longer found by a plain match."""
    losses = {loss.transformation: loss for loss in measure(["wax", "blue wax"], ["oil"], _names_wax, seed=0)}
    assert list(losses) == list(TRANSFORMATIONS)
    assert (losses["spaced"].recall_plain, losses["spaced"].recall_obfuscated) == (1.0, 0.0)


def test_titles_that_a_way_leaves_alone_are_not_counted() -> None:
    """Titles without a CAS number say nothing about rewritten CAS numbers."""
    losses = {loss.transformation: loss for loss in measure(["wax"], ["oil 8008-57-9"], _names_wax, seed=0)}
    assert (losses["cas_spaced"].offers, losses["cas_spaced"].negatives) == (0, 1)


def test_flags_that_only_the_disguise_raises_are_counted() -> None:
    """A model that takes strange letters for a sign is found out."""
    losses = {loss.transformation: loss for loss in measure(["wax"], ["oil", "Öl"], _is_strange, seed=0)}
    assert losses["full_width"].flags_added == 1


def test_reading_alone_is_measured_without_a_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A number in a `cas` column is a title too, and all ways together are one row."""
    titles = tmp_path / "titles.jsonl"
    rows = '{"title": "Piperidine", "cas": "110-89-4", "label": 1}\n{"title": "Orange oil", "label": 0}\n'
    titles.write_text(rows, encoding="utf-8")
    assert main([str(titles), "--reading", "--json"]) == 0
    losses = {loss["transformation"]: loss for loss in json.loads(capsys.readouterr().out)["losses"]}
    assert losses["cas_in_words"]["offers"] == 1
    assert losses["spaced"]["recall_obfuscated"] == 1.0
    assert losses["overall"]["flags_added"] == 0


def test_a_missing_store_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a database there is no model to measure, and the error says so."""
    titles = tmp_path / "titles.jsonl"
    titles.write_text('{"title": "wax", "label": 1}\n', encoding="utf-8")
    assert main([str(titles), "--db", str(tmp_path / "none.db")]) == 1
    assert "none.db" in capsys.readouterr().err
