"""Scoring what was scored before, beside stock encoding, which embeds every text again.

*Nothing changed*: `score` over a store in which no sighting waits, as after a recrawl of unchanged pages.
*Known texts*: the same texts in new sightings; each is read again, and its vector is a kept one. Stock is
`SentenceTransformer.encode` in float32, in one call, and scikit-learn's regression, on fewer of the same
texts; all in one process, in turn, everything loaded before the clock starts.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.cascade import stock_way, train_model
from benchmarks.gazetteer import texts_of
from benchmarks.rounds import Ratio, alternate, report, speed
from benchmarks.scoring import PACKAGES, choose_texts
from classifier.features.embedding import fastest, open_embedder
from classifier.gazetteer import load_gazetteer
from classifier.model.persistence import save_model
from classifier.scoring import Scorer, score_new
from store.crawl.pages import SeenListing, record_page
from store.crawl.runs import begin_run
from store.crawl.sources import declare_source
from store.database import open_database
from store.model import ListingContent, Model, Page, PageOutcome, RunKind, Source, SourceKind
from store.scores.scores import promote, register_model
from store.vectors import open_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from classifier.model.persistence import TrainedModel

NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)
TEXTS, STOCK_TEXTS = 4_000, 200
TARGET = 200.0
SOURCE = Source(
    source_id="bench", kind=SourceKind.SAVED, name="bench", supplied_by="-", supplied_on="2026-11-02"
)


def measure(texts: Sequence[str], *, stock_texts: int, rounds: int) -> list[Ratio]:
    """Score the texts once, and then again so many times in each way."""
    embedder, gazetteer = fastest(open_embedder()), load_gazetteer()
    model = train_model(embedder, gazetteer, examples=300)
    few = texts[:stock_texts]
    stock = stock_way(embedder, model)
    with tempfile.TemporaryDirectory() as scratch:
        store = Path(scratch) / "bench.db"
        fill(store, texts, model)
        score_new(store, embedder=embedder)
        with open_vectors(store, embedder.embedder_id) as cache:
            scorer = Scorer(model=model, embedder=embedder, gazetteer=gazetteer, cache=cache)
            ways = (
                ("scoring again, nothing changed", TARGET, lambda: score_new(store, embedder=embedder)),
                ("scoring known texts", None, lambda: scorer.score(texts)),
            )
            rows = []
            for name, target, again in ways:
                ours, theirs = alternate(
                    lambda again=again: speed(again, len(texts)),  # type: ignore[misc]
                    lambda: speed(lambda: stock(few), len(few)),
                    rounds,
                )
                rows.append(
                    Ratio(name=name, unit="texts/s", target=target, ours=tuple(ours), stock=tuple(theirs))
                )
    return rows


def fill(store: Path, texts: Sequence[str], model: TrainedModel) -> None:
    """Make a store that holds each text as a listing, with a model in use."""
    folder = save_model(model, store.parent / "models")
    with closing(open_database(store)) as db:
        declare_source(db, SOURCE, now=NOW)
        run = begin_run(db, RunKind.CRAWL, source_id=SOURCE.source_id, now=NOW).run_id
        for number, text in enumerate(texts):
            url = f"https://bench.example/{number}"
            page = Page(
                run_id=run, source_id=SOURCE.source_id, url=url, fetched_at=NOW, outcome=PageOutcome.LISTING,
                sentence="One listing.", payload_sha256=f"{number:064x}", payload_bytes=1_000,
            )  # fmt: skip
            record_page(db, page, [SeenListing(url=url, content=ListingContent(title=text))])
        register_model(
            db,
            Model(
                model_id=model.model_id,
                created_at=NOW,
                folder=str(folder),
                embedder_id=model.embedder_id,
                threshold=model.threshold,
            ),
        )
        promote(db, model.model_id, promoted_by="benchmark", sentence="The only one.", now=NOW)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rescoring", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="listings as JSONL [fixtures and starter set]")
    parser.add_argument("--texts", type=int, default=TEXTS, help="how many are scored [4000]")
    parser.add_argument("--stock-texts", type=int, default=STOCK_TEXTS, help="how many by stock [200]")
    parser.add_argument("--rounds", type=int, default=5, help="scorings in each way [5]")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    texts = texts_of(chosen.file, chosen.texts) if chosen.file else choose_texts(chosen.texts)
    rows = measure(texts, stock_texts=chosen.stock_texts, rounds=chosen.rounds)
    report(rows, PACKAGES, as_json=chosen.json)


if __name__ == "__main__":
    main()
