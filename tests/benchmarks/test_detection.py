"""The detection benchmark counts rightly, and puts corrections only to the rows they were made for."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from benchmarks.detection_report import print_report
from benchmarks.detection_sets import Count, Detection, Measured, count_by_law, listing_sets
from benchmarks.intervals import Interval, Way, curves_of, wilson
from benchmarks.labelled_rows import (
    CORRECTIONS,
    SAMPLE,
    Correction,
    LabelledRow,
    Truth,
    read_corrections,
    read_labelled,
    read_sample,
    title_hash,
)
from benchmarks.plain_match import plain_match
from classifier.errors import DataFileWrong
from classifier.gazetteer import Law, default_gazetteer, gazetteer_of
from classifier.measures import recall_at_precision

if TYPE_CHECKING:
    from collections.abc import Sequence

REAL_LISTINGS = Path(__file__).parents[3] / "shared" / "data" / "listings-dev.jsonl"
RNG = np.random.default_rng(3)
LABELS = RNG.integers(0, 2, 400)
SCORES = np.round(RNG.random(400) * 0.6 + LABELS * 0.4, 2).astype(np.float64)


def test_figures_are_those_of_the_library() -> None:
    """Average precision and recall are what scikit-learn says, ties included, inside their intervals."""
    curve = curves_of(LABELS, {"model": Way(scores=SCORES, line=0.5)}, seed=0)["model"]
    assert curve.average_precision.value == pytest.approx(average_precision_score(LABELS, SCORES))
    assert curve.recall_at_precision.value == pytest.approx(recall_at_precision(LABELS, SCORES, 0.95))
    assert curve.average_precision.low < curve.average_precision.value < curve.average_precision.high


def test_margin_is_over_the_first_way() -> None:
    """Every other way says how much better the first is, on the same resamples."""
    ways = {"model": Way(scores=SCORES, line=0.5), "chance": Way(scores=RNG.random(400), line=0.5)}
    curves = curves_of(LABELS, ways, seed=0)
    margin = curves["chance"].ap_margin
    assert curves["model"].ap_margin is None
    assert margin is not None
    assert margin.low > 0.2


def test_flags_of_further_lists_are_counted_apart() -> None:
    """A flagged row without an offer counts for each list beyond the default law that names its substance."""
    titles = ("Chloroform 99 %, 200 l drum", "Garden chair", "Chloroform", "Acetic anhydride 99 %, 25 kg")
    truths = [Truth(label=label, tier=None) for label in (0, 0, 0, 1)]
    rows = [
        LabelledRow(
            row_id="", source="", given_label="", title=title, text=title, given=truth, corrected=truth
        )
        for title, truth in zip(titles, truths, strict=True)
    ]
    gazetteer = gazetteer_of(Law(instruments=("un", "us", "brazil")))
    counts = count_by_law(rows, np.array([True, True, False, True]), gazetteer)
    assert [(each.count, each.of) for each in counts] == [(2, 3), (1, 2), (1, 2)]
    assert "Chloroform, Brazil" in counts[1].name
    assert [each.count for each in count_by_law(rows, np.zeros(4, dtype=bool), gazetteer)] == [0, 0]


def test_wilson_interval_of_no_error_is_not_empty() -> None:
    """None wrong of a hundred is up to four in a hundred wrong."""
    assert wilson(0, 100).high == pytest.approx(0.037, abs=0.001)


def test_keyword_screen_finds_names_as_they_are_written() -> None:
    """The keyword screen finds a name inside a longer name, but not one with separated letters."""
    found = plain_match(["Acetone-free remover", "a c e t o n e", "CAS 108-24-7"], default_gazetteer())
    assert list(found > 0) == [True, False, True]


def _file(folder: Path, rows: Sequence[dict[str, object]]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_correction_changes_one_row(tmp_path: Path) -> None:
    """Truth as given stays beside truth as corrected."""
    path = _file(tmp_path, [{"id": 1, "title": "Some salt", "label": "other_chemical"}])
    fixed = Correction(title_hash=title_hash("Some salt"), truth=Truth(label=1, tier=2), how="disagreed")
    [row] = read_labelled(path, {"1": fixed}, default_gazetteer())
    assert (row.given.label, row.corrected.label, row.corrected.tier) == (0, 1, 2)


def test_a_correction_of_another_edition_is_refused(tmp_path: Path) -> None:
    """A row whose title changed since is not silently corrected."""
    path = _file(tmp_path, [{"id": 1, "title": "Another salt", "label": "other_chemical"}])
    fixed = Correction(title_hash=title_hash("Some salt"), truth=Truth(label=1, tier=2), how="disagreed")
    with pytest.raises(DataFileWrong, match="not the one that was corrected"):
        read_labelled(path, {"1": fixed}, default_gazetteer())


def test_rows_of_other_tiers_are_left_out(tmp_path: Path) -> None:
    """A bulk solvent is neither right nor wrong to flag where only tiers 1 and 2 are asked for."""
    path = _file(
        tmp_path,
        [
            {"id": 1, "title": "Acetone", "cas": "67-64-1", "label": "listed_precursor"},
            {"id": 2, "title": "Acetic anhydride", "cas": "108-24-7", "label": "listed_precursor"},
            {"id": 3, "title": "Chair", "label": "ordinary"},
        ],
    )
    rows = read_labelled(path, {}, default_gazetteer())
    sets = listing_sets(rows, {"model": Way(scores=np.array([0.9, 0.8, 0.1]), line=0.5)}, "titles", 0)
    assert [(each.name, each.rows, each.offers) for each in sets[:2]] == [
        ("listings, titles, tiers 1 and 2, as given", 2, 1),
        ("listings, titles, all tiers, as given", 3, 2),
    ]


def test_report_says_which_aims_are_met(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each aim is printed with what was found."""
    monkeypatch.setenv("COLUMNS", "200")  # pytest-xdist gives its workers a narrow terminal
    ways = {"this model": Way(scores=SCORES, line=0.5), "other": Way(scores=RNG.random(400), line=0.5)}
    curves = curves_of(LABELS, ways, seed=0)
    names = [f"listings, titles, {tiers}, corrected" for tiers in ("tiers 1 and 2", "all tiers")]
    detection = Detection(
        model_id="m",
        line=0.5,
        starter_only=False,
        sets=[
            Measured(name=name, rows=400, offers=200, curves=curves)
            for name in [*names, "disguised and unnamed offers", "fresh and unnamed offers"]
        ],
        counts=[
            Count(
                name="false flags among ordinary listings, corrected", count=7, of=900, share=wilson(7, 900)
            ),
            Count(name="offers that the first stage would settle", count=1, of=90, share=wilson(1, 90)),
        ],
        calibration=Interval(value=0.01, low=0.0, high=0.02),
        corrections={"disagreed": 3},
        disagreements=[],
    )
    print_report(detection, show=True)
    printed = capsys.readouterr().out
    assert "CAUTION" in printed
    assert re.search(r"false flags among ordinary listings, corrected \(900\) +at most 0 +7 +SHORT", printed)
    assert re.search(r"disguised offers given up by the first stage +at most 0 +1 +SHORT", printed)
    assert re.search(r"calibration error, held out +at most 0.03 +0.01 +met", printed)


@pytest.mark.parametrize("path", [CORRECTIONS, SAMPLE])
def test_committed_lists_hold_no_text_of_the_measuring_set(path: Path) -> None:
    """Rows are named by number and hash only."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows
    assert not {"title", "description"} & rows[0].keys()
    assert all(re.fullmatch("[0-9a-f]{16}", row["title_hash"]) for row in rows)


def test_corrections_and_sample_fit_the_measuring_set() -> None:
    """Every correction and every judged row is of this edition of the file."""
    if not REAL_LISTINGS.exists():
        pytest.skip("The real listings are not here; they are measured on where they are.")
    rows = {row.row_id: row for row in read_labelled(REAL_LISTINGS, read_corrections(), default_gazetteer())}
    assert all(title_hash(rows[row_id].title) == each.title_hash for row_id, each in read_sample().items())
