"""From a file of labelled listings to an `Evaluation` of the model in use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from classifier.baselines import score_baselines
from classifier.errors import DataFileWrong
from classifier.evaluation import (
    Evaluation,
    Scored,
    figures_of,
    mistakes_of,
    reliability_of,
    slices_of,
)
from classifier.evidence import read_all
from classifier.examples import load_starter, read_rows, row_text
from classifier.features import embed_as_shown
from classifier.scoring import score_texts
from classifier.training import build_dataset

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from classifier.scorer import Scorer

POSITIVE = ("1", "offer")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateOptions:
    """What to evaluate on, and against what."""

    positive: tuple[str, ...] = POSITIVE
    """Labels that mean an offer; every other label means none."""
    ignore: tuple[str, ...] = ()
    """Labels whose rows are left out."""
    titles_only: bool = False
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
        path: JSONL or CSV with `title`, perhaps `description`, and `label`; `id`, `lang` (or `language`)
            and `source` are used when they are there.
        scorer: The model.
        options: Which labels mean what.
        progress: Called with the number of texts embedded since the last call.

    Raises:
        DataFileWrong: If the file cannot be read, or no row or no offer is left.
    """
    rows = [row for _number, row in read_rows(path) if str(row.get("label", "")) not in options.ignore]
    labels = np.array([str(row.get("label", "")) in options.positive for row in rows], dtype=np.int64)
    if not labels.sum():
        found = ", ".join(sorted({str(row.get("label", "")) for row in rows})[:8]) or "no rows"
        raise DataFileWrong(
            str(path), f"no row is labelled an offer (labels: {found}); name them by --positive"
        )
    texts = [row_text({"title": row.get("title")} if options.titles_only else row) for row in rows]
    vectors = embed_as_shown(texts, scorer.embedder, scorer.cache, progress=progress)
    scored_texts = score_texts(texts, vectors, scorer.model, scorer.gazetteer)
    scored = Scored(
        name="this model",
        labels=labels,
        scores=np.array([text.p_offer for text in scored_texts]),
        threshold=scorer.model.threshold,
    )
    ways = [scored]
    if options.baselines_from:
        training = build_dataset(
            load_starter(options.baselines_from),
            embedder=scorer.embedder,
            cache=scorer.cache,
            gazetteer=scorer.gazetteer,
            progress=progress,
        )
        ways += score_baselines(training, texts, read_all(texts, scorer.gazetteer), vectors, labels)
    reasons = [text.reasons for text in scored_texts]
    keys = {
        "language": [str(row.get("lang") or row.get("language") or "") for row in rows],
        "source": [str(row.get("source") or "") for row in rows],
        "label": [str(row.get("label", "")) for row in rows],
        "read family": [each.family for each in reasons],
        "read tier": ["" if each.tier is None else str(each.tier) for each in reasons],
    }
    return Evaluation(
        file=str(path),
        model_id=scorer.model.model_id,
        rows=len(rows),
        offers=int(labels.sum()),
        threshold=scorer.model.threshold,
        budget=options.budget,
        titles_only=options.titles_only,
        figures={way.name: figures_of(way, budget=options.budget, seed=options.seed) for way in ways},
        slices=slices_of(scored, keys),
        reliability=reliability_of(scored),
        mistakes=mistakes_of(scored, rows),
    )
