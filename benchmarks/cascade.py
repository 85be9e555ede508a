"""Scoring labelled listings with and without the first stage, beside stock encoding and logistic regression.

Reads listings as JSONL (`title`, `description`, `label`), chosen by chance from the file. *Cold*: no vector
is kept. Stock is `SentenceTransformer.encode` in float32, in one call, and scikit-learn's regression, on
fewer of the same texts, because it is slow; all in one process, in turn. Also printed: how many texts the
first stage settles, and the recall it gives up: the share of the rows with an offer's label that the whole
model flags and the first stage settles.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.rounds import Limit, Rate, Ratio, alternate, report, speed
from benchmarks.scoring import PACKAGES, STARTER
from classifier.features.embedding import fastest, open_embedder
from classifier.features.evidence import has_evidence, read_all
from classifier.features.static_embedding import distil
from classifier.gazetteer import load_gazetteer
from classifier.model.cascade import RECALL_BUDGET
from classifier.model.persistence import load_model
from classifier.scoring import Scorer
from classifier.training.examples import json_object, load_starter, row_text
from classifier.training.fit import Cascade, build_dataset, train
from store.model import ScoreStage
from store.vectors import open_vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from classifier.features.embedding import TransformerEmbedder
    from classifier.gazetteer import Gazetteer
    from classifier.model.persistence import TrainedModel
    from classifier.scoring import ScoredText

SEED = 0
TARGET = 20.0
"""For listings as marketplaces have them. In the starter set two in three have evidence and go to the
transformer, so that there is no aim for it."""
OFFERS = frozenset({"listed_precursor", "listed_precursor_offer", "1"})
"""Labels of rows that offer a listed substance."""


def train_model(embedder: TransformerEmbedder, gazetteer: Gazetteer, *, examples: int) -> TrainedModel:
    """Train on so many rows of the starter set, with a first stage."""
    chosen = load_starter(STARTER)
    chosen = random.Random(SEED).sample(chosen, min(examples, len(chosen)))
    with open_vectors(None, embedder.embedder_id) as cache:
        data = build_dataset(chosen, embedder=embedder, cache=cache, gazetteer=gazetteer)
    texts = [each.text for each in chosen]
    evident = np.array([has_evidence(one) for one in read_all(texts, gazetteer)])
    static = distil(embedder.ready(), texts)
    return train(
        data,
        embedder=embedder,
        gazetteer_edition=gazetteer.edition,
        seed=SEED,
        now=datetime.now(UTC),
        cascade=Cascade(static=static, evident=evident) if static else None,
    )


def measure(
    texts: Sequence[str],
    labels: Sequence[bool],
    model: TrainedModel,
    embedder: TransformerEmbedder,
    gazetteer: Gazetteer,
    *,
    stock_texts: int,
    rounds: int,
    target: float | None = TARGET,
) -> tuple[list[Ratio], dict[str, float]]:
    """Score the texts in each way, in turn, so many times each; also return what the first stage came to."""
    few = texts[:stock_texts]
    stock = stock_way(embedder, model)
    ratios = []
    for name, cascade, aim in (
        ("scoring cold, with first stage", True, target),
        ("scoring cold, without it", False, 3.0),
    ):
        ours, theirs = alternate(
            lambda on=cascade: speed(lambda: _cold(texts, model, embedder, gazetteer, on), len(texts)),  # type: ignore[misc]
            lambda: speed(lambda: stock(few), len(few)),
            rounds,
        )
        ratios.append(Ratio(name=name, unit="texts/s", target=aim, ours=tuple(ours), stock=tuple(theirs)))
    return ratios, _given_up(
        _cold(texts, model, embedder, gazetteer, True),  # noqa: FBT003 (see the function)
        _cold(texts, model, embedder, gazetteer, False),  # noqa: FBT003
        labels,
        model.threshold,
    )


def _cold(
    texts: Sequence[str],
    model: TrainedModel,
    embedder: TransformerEmbedder,
    gazetteer: Gazetteer,
    cascade: bool,  # noqa: FBT001 (private)
) -> list[ScoredText]:
    with (
        tempfile.TemporaryDirectory() as folder,
        open_vectors(Path(folder) / "bench.db", embedder.embedder_id) as cache,
    ):
        scorer = Scorer(model=model, embedder=embedder, gazetteer=gazetteer, cache=cache, cascade=cascade)
        return scorer.score(texts)


def _given_up(
    first: Sequence[ScoredText], whole: Sequence[ScoredText], labels: Sequence[bool], threshold: float
) -> dict[str, float]:
    settled = [scored.reasons.stage is ScoreStage.FIRST for scored in first]
    lost = [
        is_settled and is_offer and scored.p_offer >= threshold
        for is_settled, is_offer, scored in zip(settled, labels, whole, strict=True)
    ]
    return {"settled": float(np.mean(settled)), "recall_given_up": sum(lost) / max(1, sum(labels))}


def stock_way(embedder: TransformerEmbedder, model: TrainedModel) -> Callable[[Sequence[str]], object]:
    """Return what one would write instead, made ready: float32 vectors and a regression on a model's own."""
    stock = embedder.load()
    kept = model.neighbours
    regression = LogisticRegression(max_iter=1_000).fit(kept.vectors, kept.labels)
    return lambda texts: regression.predict_proba(
        stock.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
    )


def read_rows(path: Path, number: int) -> tuple[list[str], list[bool]]:
    """Return so many texts of a file, chosen by chance, and whether each one's label is an offer's."""
    with path.open("rb") as lines:
        rows = [json_object(path.name, line_number, line) for line_number, line in enumerate(lines, start=1)]
    random.Random(SEED).shuffle(rows)
    rows = rows[:number]
    return [row_text(row) for row in rows], [str(row.get("label")) in OFFERS for row in rows]


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cascade", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="labelled listings as JSONL [the starter set]")
    parser.add_argument("--model", type=Path, help="a model's folder [one is trained]")
    parser.add_argument("--trained-on", type=int, default=3_000, help="rows of the starter set [3000]")
    parser.add_argument("--texts", type=int, default=4_000, help="how many are scored [4000]")
    parser.add_argument("--stock-texts", type=int, default=400, help="how many of them by stock [400]")
    parser.add_argument("--rounds", type=int, default=3, help="scorings in each way [3]")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    gazetteer, embedder = load_gazetteer(), fastest(open_embedder())
    model = load_model(chosen.model) if chosen.model else None
    model = model or train_model(replace(embedder), gazetteer, examples=chosen.trained_on)
    texts, labels = read_rows(chosen.file or STARTER, chosen.texts)
    options = {
        "stock_texts": chosen.stock_texts,
        "rounds": chosen.rounds,
        "target": TARGET if chosen.file else None,
    }
    ratios, came_to = measure(texts, labels, model, embedder, gazetteer, **options)
    found = {"backend": embedder.backend, "card": model.card.get("cascade"), "on_the_file": came_to}
    given_up = Limit(
        name="recall given up by the first stage",
        unit="points",
        target=100 * RECALL_BUDGET,
        ours=(100 * came_to["recall_given_up"],),
    )
    settled = Rate(name="texts it settles", unit="%", target=None, ours=(100 * came_to["settled"],))
    report([*ratios, given_up, settled], PACKAGES, as_json=chosen.json, more=found)


if __name__ == "__main__":
    main()
