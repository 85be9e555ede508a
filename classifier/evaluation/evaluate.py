"""From a file of labelled listings to an `Evaluation` of the model in use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from classifier.errors import DataFileWrong
from classifier.evaluation.evaluation import Evaluation, notes_of, view_of
from classifier.features.evidence import read_all
from classifier.features.matrix import embed_as_shown
from classifier.measures import Scored
from classifier.training.baselines import score_baselines
from classifier.training.examples import columns_of, given_label, load_starter, read_rows, row_text
from classifier.training.fit import build_dataset
from store.model import Decision
from text.cas import cas_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from classifier.evaluation.evaluation import View
    from classifier.gazetteer import Gazetteer
    from classifier.scoring.scorer import Scorer
    from classifier.scoring.scoring import ScoredText
    from classifier.training.fit import Dataset
    from store.model import Reasons

    Row = dict[str, Any]

WHOLE, TITLES = "titles and descriptions", "titles only"
MEANINGS = {"1": 1, "0": 0, Decision.OFFER: 1, Decision.NOT_OFFER: 0}
"""What labels mean where nobody says otherwise: those of files, and those of verdicts."""
BATCH = 2_048
"""Texts scored between two words of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateOptions:
    """What to evaluate on, and against what."""

    positive: tuple[str, ...] | None = None
    """Labels that mean an offer, where every other means none; None for those of `MEANINGS`."""
    ignore: tuple[str, ...] = ()
    """Labels whose rows are left out."""
    titles_only: bool = False
    """Otherwise titles with descriptions, where there are any, and then titles only."""
    budget: int = 300
    """How many listings people read in a day."""
    seed: int = 0
    baselines_from: Path | None = None
    """The starter set to train the baselines on; None leaves them out."""


def evaluate_file(
    path: Path,
    scorer: Scorer,
    options: EvaluateOptions,
    *,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Score a labelled file with the model and say how well it did.

    Args:
        path: JSONL or CSV with `title`, perhaps `description`, and `label`; `id`, `lang` (or `language`),
            `source`, `kind`, `family`, `tier` and `cas` are used when they are there.
        scorer: The model.
        options: Which labels mean what.
        progress: Called with the number of texts scored since the last call.

    Raises:
        DataFileWrong: If the file cannot be read, a row has no label or one that means nothing, no row is
            left, or the labels named as offers are none of the file's.
    """
    labelled = list(_labelled(path, options))
    rows, labels = (
        [row for row, _label in labelled],
        np.array([label for _row, label in labelled], dtype=np.int64),
    )
    _refuse_unnamed(path, rows, labels, options.positive)
    shown = [TITLES] if options.titles_only or not _has_descriptions(rows) else [WHOLE, TITLES]
    training = (
        build_dataset(
            load_starter(options.baselines_from),
            embedder=scorer.embedder,
            cache=scorer.cache,
            gazetteer=scorer.gazetteer,
        )
        if options.baselines_from
        else None
    )
    views = tuple(_view(each, rows, labels, scorer, options, training, progress) for each in shown)
    return Evaluation(
        file=str(path),
        model_id=scorer.model.model_id,
        law=scorer.gazetteer.law,
        rows=len(rows),
        offers=int(labels.sum()),
        threshold=scorer.model.threshold,
        budget=options.budget,
        notes=notes_of(labels, views, budget=options.budget),
        views=views,
    )


def _labelled(path: Path, options: EvaluateOptions) -> Iterator[tuple[Row, int]]:
    """Yield each row that is not to be ignored, with 1 for an offer and 0 for none."""
    for number, row in read_rows(path):
        given = given_label(row)
        if given and given in options.ignore:
            continue
        if not given:
            has = "an empty label" if "label" in row else f"no label, but {columns_of(row)}"
            raise DataFileWrong(
                str(path),
                f"line {number} has {has}, so nobody knows whether it is an offer; label it or leave it out",
            )
        if options.positive is None and given not in MEANINGS:
            raise DataFileWrong(
                str(path),
                f"line {number} has the label {given!r}, not 0 or 1, offer or not_offer; --positive names "
                "which labels are offers, --ignore whose rows are left out",
            )
        means = MEANINGS[given] if options.positive is None else int(given in options.positive)
        yield {"id": f"line {number}", **row}, means


def _refuse_unnamed(
    path: Path, rows: Sequence[Row], labels: NDArray[np.int64], positive: tuple[str, ...] | None
) -> None:
    if not rows:
        raise DataFileWrong(str(path), "it has no rows, or all are of labels to be ignored")
    if positive and not labels.any():
        found = ", ".join(sorted({given_label(row) for row in rows})[:8])
        raise DataFileWrong(
            str(path),
            f"no row has a label that --positive names (labels: {found}); "
            "where none of them means an offer, say --positive ''",
        )


def _has_descriptions(rows: Sequence[Row]) -> bool:
    return any(row.get("description") or row.get("text") for row in rows)


def _view(
    shown: str,
    rows: Sequence[Row],
    labels: NDArray[np.int64],
    scorer: Scorer,
    options: EvaluateOptions,
    training: Dataset | None,
    progress: Callable[[int], None] | None,
) -> View:
    texts = [row_text({"title": row.get("title")} if shown == TITLES else row) for row in rows]
    scored: list[ScoredText] = []
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        scored += scorer.score(batch)
        if progress:
            progress(len(batch))
    model = Scored(
        name="this model",
        labels=labels,
        scores=np.array([text.p_offer for text in scored]),
        threshold=scorer.model.threshold,
    )
    ways = [model]
    if training:
        vectors = embed_as_shown(texts, scorer.embedder, scorer.cache)
        ways += score_baselines(training, texts, read_all(texts, scorer.gazetteer), vectors, labels)
    keys = slice_keys(rows, [text.reasons for text in scored], scorer.gazetteer)
    if options.positive is not None:
        keys["label"] = [given_label(row) for row in rows]
    return view_of(shown, ways, rows, keys, budget=options.budget, seed=options.seed)


def slice_keys(rows: Sequence[Row], reasons: Sequence[Reasons], gazetteer: Gazetteer) -> dict[str, list[str]]:
    """Return, for each kind of slice, the value of each row; empty where there is none.

    Family and tier are those that the row names (`family`, `tier`), else of the substance of its `cas`, else
    of what was read in it.
    """
    listed = [gazetteer.by_cas.get(cas_in(str(row.get("cas") or ""))) for row in rows]
    known = list(zip(rows, listed, reasons, strict=True))
    return {
        "family": [str(row.get("family") or (by.family if by else why.family)) for row, by, why in known],
        "tier": [str(row.get("tier") or (by.tier if by else why.tier or "")) for row, by, why in known],
        "language": [str(row.get("lang") or row.get("language") or "") for row in rows],
        "source": [str(row.get("source") or "") for row in rows],
        "kind": [str(row.get("kind") or "") for row in rows],
    }
