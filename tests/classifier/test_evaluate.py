"""A labelled file to figures, slices, plots and sentences, with the toy model."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

from classifier.errors import DataFileWrong
from classifier.evaluation import (
    NO_OFFERS,
    OFFERS_ALONE,
    TITLES,
    WHOLE,
    EvaluateOptions,
    evaluate_file,
)
from classifier.scoring import Scorer
from cli.evaluate import evaluation_page
from store.vectors import open_vectors
from tests.classifier.toy import ToyEmbedder, write_starter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from classifier.evaluation import Evaluation
    from classifier.gazetteer import Gazetteer
    from classifier.model.persistence import TrainedModel

ROWS: list[dict[str, object]] = [
    {
        "id": "a",
        "title": "Phenylacetone 25 kg",
        "label": "offer",
        "lang": "en",
        "source": "x",
        "cas": "103-79-7",
    },
    {"id": "b", "title": "Acetic anhydride drum", "label": "offer", "lang": "en", "source": "y"},
    {"id": "c", "title": "Safrol 5 L", "label": "offer", "lang": "de", "family": "own", "tier": 2},
    {"id": "d", "title": "Zzzz", "label": "offer", "description": "Wickr only, no papers, powder"},
    {
        "id": "e",
        "title": "<b>Mountain bike</b>",
        "label": "none",
        "description": "acetone free",
        "lang": "en",
        "kind": "goods",
    },
    {"id": "f", "title": "Oak stool", "label": "none", "lang": "de", "source": "x"},
    {"id": "g", "title": "Unclear thing", "label": "unclear"},
]


@pytest.fixture(scope="module")
def scorer(model: TrainedModel, gazetteer: Gazetteer) -> Iterator[Scorer]:
    """The toy model, ready to score."""
    embedder = ToyEmbedder()
    with open_vectors(None, embedder.embedder_id) as cache:
        yield Scorer(model=model, embedder=embedder, gazetteer=gazetteer, cache=cache)


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    """Write rows as JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def found(scorer: Scorer, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """The rows evaluated, with baselines trained on the starter set for toys."""
    folder = tmp_path_factory.mktemp("evaluate")
    starter = write_starter(folder / "starter.jsonl")
    options = EvaluateOptions(positive=("offer",), ignore=("unclear",), budget=3, baselines_from=starter)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("classifier.measures.RESAMPLES", 20)  # of 64 intervals, none of which is looked at
        return evaluate_file(write(folder / "rows.jsonl", ROWS), scorer, options)


def test_both_views_stand_beside_each_other(found: Evaluation) -> None:
    """With descriptions, then titles only, each way of scoring in each; what is ignored is in neither."""
    assert [view.shown for view in found.views] == [WHOLE, TITLES]
    assert (found.rows, found.offers, found.law) == (6, 4, "un, incb, us, eu")
    for view in found.views:
        assert list(view.figures) == ["this model", "gazetteer alone", "TF-IDF + LR", "embedding + LR"]
        assert list(view.curves) == list(view.figures)
        assert sum(view.confusion.values()) == found.rows
        assert {"average precision", "recall at 90 % precision", "calibration error"} <= set(
            view.figures["this model"]
        )


def test_slices_take_family_and_tier_from_the_row_its_number_or_its_text(found: Evaluation) -> None:
    """Families and tiers hold their offers alone, so that there is no precision of them."""
    slices = {each.slice: each for each in found.views[1].slices}
    assert {
        "family own", "family amphetamine-type", "family opioid", "tier 1", "tier 2", "language de",
        "source x", "kind goods", "label none",
    } <= set(slices)  # fmt: skip
    assert (slices["family opioid"].rows, slices["family opioid"].offers) == (1, 1)
    assert (slices["tier 2"].offers, slices["tier 2"].precision, slices["language de"].rows) == (2, None, 2)
    assert (slices["kind goods"].offers, slices["kind goods"].recall, slices["kind goods"].precision) == (
        0,
    ) + (None,) * 2
    assert any("recall is their only figure" in note for note in found.notes)


def test_the_page_draws_plots_and_escapes_what_sellers_write(found: Evaluation) -> None:
    """A reliability plot and curves in each view; the JSON holds the same."""
    page = evaluation_page(found)
    assert page.count("<polyline") == 4 * len(found.views)
    assert page.count('aria-label="share of offers over mean score"') == len(found.views)
    assert "<b>Mountain" not in page
    assert not re.search(r"(?:src|href)=\"(?!#)", page)
    assert json.loads(json.dumps(asdict(found)))["views"][0]["reliability"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no rows"),
        (
            '{"title": "a"}\n',
            "line 1 has no label, but `title`; label the row as an offer or not, or remove it",
        ),
        (
            '{"title": "a", "label": 1}\n{"title": "b", "label": ""}\n',
            "line 2 has an empty label; label the row",
        ),
        ('{"title": "a", "label": null}\n', "line 1 has an empty label; label the row"),
        (
            '{"title": "a", "label": "nope"}\n',
            "line 1 has the label 'nope', not 0 or 1, offer or",
        ),
        ("not json\n", "line 1 is not JSON"),
        ("\x00\ud800", "expected UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(text: str, said: str, scorer: Scorer, tmp_path: Path) -> None:
    """Each with what was found and what is expected."""
    path = tmp_path / "rows.jsonl"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(DataFileWrong, match=said):
        evaluate_file(path, scorer, EvaluateOptions())


@pytest.mark.parametrize(
    ("label", "said"), [("", "line 2 has an empty label"), ("no", "labels: no, nope.; if none of them")]
)
def test_labels_that_are_named_must_be_there(label: str, said: str, scorer: Scorer, tmp_path: Path) -> None:
    """A slip in --positive measures nothing, and no label is no label under any names."""
    rows: list[dict[str, object]] = [{"title": "a", "label": "nope"}, {"title": "b", "label": label}]
    path = write(tmp_path / "rows.jsonl", rows)
    with pytest.raises(DataFileWrong, match=said):
        evaluate_file(path, scorer, EvaluateOptions(positive=("yes",)))


def test_of_offers_alone_recall_is_told_and_nothing_else(scorer: Scorer, tmp_path: Path) -> None:
    """What needs both classes is left out, and a sentence says so."""
    path = write(tmp_path / "rows.jsonl", [{**row, "label": 1} for row in ROWS[:3]])
    found = evaluate_file(path, scorer, EvaluateOptions())
    [view] = found.views
    assert view.shown == TITLES
    assert list(view.figures["this model"]) == ["recall at the threshold"]
    assert list(view.confusion) == ["found", "missed"]
    assert found.notes == (OFFERS_ALONE,)
    assert not [each for each in view.slices if each.slice.startswith("label ")]
    assert "recall" in evaluation_page(found)


def test_labels_of_verdicts_need_no_names(scorer: Scorer, tmp_path: Path) -> None:
    """A file may say `offer` and `not_offer`, as verdicts do."""
    path = tmp_path / "verdicts.jsonl"
    rows = [
        {"title": f"Chair {number}", "label": label}
        for number, label in enumerate(["offer", "not_offer"] * 3)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = evaluate_file(path, scorer, EvaluateOptions())
    assert (found.rows, found.offers) == (6, 3)


@pytest.mark.parametrize("positive", [None, ()])
def test_of_a_file_without_offers_what_is_flagged_is_told(
    positive: tuple[str, ...] | None, scorer: Scorer, tmp_path: Path
) -> None:
    """With its interval, as a whole and by slice, and the false flags by name."""
    label = 0 if positive is None else "none"
    rows: list[dict[str, object]] = [
        {"text": "Phenylacetone 25 kg, CAS 103-79-7", "label": label, "kind": "flagged"},
    ]
    rows += [{"title": f"Oak stool {number}", "label": label, "kind": "goods"} for number in range(9)]
    path = write(tmp_path / "rows.jsonl", rows)
    found = evaluate_file(path, scorer, EvaluateOptions(positive=positive))
    view = found.views[0]
    figure = view.figures["this model"]["share flagged at the threshold"]
    assert (figure.value, figure.low, figure.high) == pytest.approx((0.1, 0.0179, 0.4042), abs=1e-3)
    assert view.confusion == {"false flags": 1, "rightly left": 9}
    assert [each.title[:13] for each in view.mistakes] == ["Phenylacetone"]
    assert [(each.slice, each.flagged) for each in view.slices][:2] == [
        ("kind flagged", 1),
        ("kind goods", 0),
    ]
    assert found.notes == (NO_OFFERS,)
    page = evaluation_page(found)
    assert "share flagged" in page
    assert "<polyline" not in page
