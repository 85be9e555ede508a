"""A labelled file to figures, slices, plots and sentences, with the toy model."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

from classifier.errors import DataFileWrong
from classifier.evaluate import TITLES, WHOLE, EvaluateOptions, evaluate_file
from classifier.evaluation_page import evaluation_page
from classifier.scorer import Scorer
from listings.vectors import open_vectors
from tests.classifier.toy import ToyEmbedder, write_starter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from classifier.evaluation import Evaluation
    from classifier.folder import TrainedModel
    from classifier.gazetteer import Gazetteer

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
    """The rows evaluated, with baselines trained on a small slice of the starter set."""
    folder = tmp_path_factory.mktemp("evaluate")
    starter = write_starter(folder / "starter.jsonl", every=60)
    options = EvaluateOptions(ignore=("unclear",), budget=3, baselines_from=starter)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("classifier.figures.RESAMPLES", 20)  # of 64 intervals, none of which is looked at
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
    """Those of offers stand against every row that is no offer."""
    slices = {str(each["slice"]): each for each in found.views[1].slices}
    assert {
        "family own", "family amphetamine-type", "family opioid", "tier 1", "tier 2", "language de",
        "source x",
    } <= set(slices)  # fmt: skip
    assert (slices["family opioid"]["rows"], slices["family opioid"]["offers"]) == (3, 1)
    assert (slices["tier 2"]["offers"], slices["language de"]["rows"]) == (2, 2)


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
        ('{"title": "a"}\n', "no row has a label"),
        (
            '{"title": "a", "label": "0"}\n',
            r"no row is labelled an offer \(labels: 0\); name them by --positive",
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


def test_titles_alone_and_one_class_alone_are_measured(scorer: Scorer, tmp_path: Path) -> None:
    """Where nothing but offers is there, what needs both classes has no figure."""
    path = write(tmp_path / "rows.jsonl", ROWS[:3])
    [view] = evaluate_file(path, scorer, EvaluateOptions()).views
    assert view.shown == TITLES
    assert view.figures["this model"]["average precision"].value is None
