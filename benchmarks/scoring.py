"""Scoring with reasons beside stock `SentenceTransformer.encode` and scikit-learn's logistic regression.

Both run in this process, in turn, on the same texts, with the same weights, loaded before the clock starts:
stock in float32, ours in the backend that this machine was found to be fastest at, named in the table. Stock
is measured as it is fastest (all texts in one call) and as a pipeline would call it (text by text). Cold, no
text has a kept vector; warm, every text has.
"""

from __future__ import annotations

import argparse
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn.linear_model import LogisticRegression

import fixtures
from benchmarks.rounds import Ratio, alternate, report
from classifier.features.embedding import fastest, open_embedder
from classifier.features.matrix import vectors_in
from classifier.gazetteer import load_gazetteer
from classifier.scoring import Scorer
from classifier.training.examples import load_starter
from classifier.training.fit import build_dataset, train
from fixtures.marketplaces.data import STEMS, read_site
from store.crawl.identity import listing_text
from store.model import ListingContent
from store.vectors import open_vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from classifier.features.embedding import TransformerEmbedder
    from classifier.training.fit import Dataset

PACKAGES = ("torch", "sentence-transformers", "scikit-learn")
STARTER = Path(fixtures.__path__[0]) / "training" / "listings.jsonl"
SEED = 0
TEXTS = 400
TRAINED_ON = 300
"""Rows of the starter set that the model is trained on: enough for a model, quickly embedded."""


def measure(*, texts: int, rounds: int) -> list[Ratio]:
    """Score so many texts in each way, in turn, so many times each."""
    embedder, gazetteer = fastest(open_embedder()), load_gazetteer()
    with open_vectors(None, embedder.embedder_id) as cache:
        examples = random.Random(SEED).sample(load_starter(STARTER), TRAINED_ON)
        data = build_dataset(examples, embedder=embedder, cache=cache, gazetteer=gazetteer)
    model = train(
        data, embedder=embedder, gazetteer_edition=gazetteer.edition, seed=SEED, now=datetime.now(UTC)
    )
    chosen = choose_texts(texts)
    batch, one_by_one = _stock(embedder, data)

    def cold() -> None:
        with open_vectors(None, embedder.embedder_id) as empty:
            Scorer(model=model, embedder=embedder, gazetteer=gazetteer, cache=empty).score(chosen)

    with open_vectors(None, embedder.embedder_id) as full:
        scorer = Scorer(model=model, embedder=embedder, gazetteer=gazetteer, cache=full)
        scorer.score(chosen)
        pairs: tuple[tuple[str, Callable[[], object], Callable[[], object]], ...] = (
            (f"cold ({embedder.backend}), stock in one call", cold, lambda: batch(chosen)),
            ("cold, stock text by text", cold, lambda: one_by_one(chosen)),
            ("warm, stock in one call", lambda: scorer.score(chosen), lambda: batch(chosen)),
        )
        return [_ratio(name, texts, ours, stock, rounds) for name, ours, stock in pairs]


def choose_texts(number: int) -> list[str]:
    """Return so many unlike texts: the fixture marketplaces' listings, then the starter set's."""
    shown = [
        listing_text(ListingContent(title=listing.title, description=listing.description))
        for stem in STEMS
        for listing in read_site(stem).listings
    ]
    written = [example.text for example in load_starter(STARTER)]
    random.Random(SEED + 1).shuffle(written)
    return list(dict.fromkeys([*shown, *written]))[:number]


def _stock(
    embedder: TransformerEmbedder, data: Dataset
) -> tuple[Callable[[Sequence[str]], object], Callable[[Sequence[str]], object]]:
    model = embedder.load()
    regression = LogisticRegression(max_iter=1_000).fit(vectors_in(data.features), data.labels)

    def batch(texts: Sequence[str]) -> object:
        vectors = model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return regression.predict_proba(vectors)

    return batch, lambda texts: [batch([text]) for text in texts]


def _ratio(
    name: str, texts: int, ours: Callable[[], object], stock: Callable[[], object], rounds: int
) -> Ratio:
    def speed(work: Callable[[], object]) -> float:
        began = time.perf_counter()
        work()
        return texts / (time.perf_counter() - began)

    mine, theirs = alternate(lambda: speed(ours), lambda: speed(stock), rounds)
    return Ratio(name=name, unit="texts/s", target=1.0, ours=tuple(mine), stock=tuple(theirs))


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoring", description=__doc__)
    parser.add_argument("--texts", type=int, default=TEXTS, help="how many are scored [400]")
    parser.add_argument("--rounds", type=int, default=5, help="scorings in each way [5]")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    ratios = measure(texts=chosen.texts, rounds=chosen.rounds)
    report(ratios, PACKAGES, as_json=chosen.json)


if __name__ == "__main__":
    main()
