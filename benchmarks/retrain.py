"""Retraining on many labels whose vectors are kept: seconds, processor seconds and peak memory.

The labels are made from the starter set's texts, each given a number and other words, with invented vectors
that tell the label only in part; nothing of them means anything. It is measured twice: the first time every
text is read, the second time what was read is kept too.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import fixtures
from benchmarks.rounds import machine
from classifier.reading import as_shown
from classifier.training.candidate import RetrainOptions, retrain
from classifier.training.examples import load_starter
from store.crawl.identity import text_hash
from store.database import open_database
from store.scores.labels import NewLabel, import_labels
from store.vectors import open_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PACKAGES = ("scikit-learn", "numpy", "rensa")
STARTER = Path(fixtures.__path__[0]) / "training" / "listings.jsonl"
LABELS = 100_000
SELLERS = 20_000
DIMENSIONS = 384
PLAIN_OFFERS = 2_000
"""More texts than `classifier.training.compare` makes of the gazetteer's names."""
TARGET_SECONDS = 120
TARGET_GIB = 4
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass(slots=True)
class KeptEmbedder:
    """Stands for an embedder whose vectors are kept; it is asked for plain offers of listed names alone."""

    name: str = "kept"
    embedder_id: str = "kept@1"
    asked: int = 0

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return invented vectors of offers; refuse when so many are asked for that a label's are missing."""
        self.asked += len(texts)
        if self.asked > PLAIN_OFFERS:
            raise ValueError(f"{self.asked} vectors are missing from the cache, more than {PLAIN_OFFERS}.")
        return invented_vectors([1] * len(texts), np.random.default_rng(self.asked))


def invented_vectors(labels: Sequence[int], noise: np.random.Generator) -> NDArray[np.float32]:
    """Return a vector of length 1 for each label, which tells it only in part."""
    vectors = noise.normal(size=(len(labels), DIMENSIONS)).astype("<f4")
    vectors[:, 0] += 3.0 * np.asarray(labels, dtype="<f4")
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def make_labels(number: int, *, seed: int) -> list[NewLabel]:
    """Return so many unlike labelled texts of some hundred characters."""
    drawn = random.Random(seed)
    starter = load_starter(STARTER)
    words = sorted({word for example in starter for word in example.text.split() if word.isalpha()})
    found = []
    for index in range(number):
        example = drawn.choice(starter)
        text = f"{example.text}\n{' '.join(drawn.choices(words, k=30))} {index}"
        found.append(NewLabel(text=text, label=example.label, group=f"seller {drawn.randrange(SELLERS)}"))
    return found


def fill(database: Path, labels: Sequence[NewLabel], *, seed: int) -> None:
    """Write a store with these labels, and a vector for each beside it."""
    with closing(open_database(database)) as db:
        import_labels(db, labels, origin="benchmark", imported_by="benchmark", now=NOW)
    noise = np.random.default_rng(seed)
    with open_vectors(database, KeptEmbedder().embedder_id) as cache:
        for start in range(0, len(labels), 10_000):
            part = labels[start : start + 10_000]
            vectors = invented_vectors([label.label for label in part], noise)
            hashes = [text_hash(as_shown(label.text)) for label in part]  # what is embedded
            cache.put({key: vector.tobytes() for key, vector in zip(hashes, vectors, strict=True)})


def measure(labels: int, *, rounds: int = 2, seed: int = 0) -> list[dict[str, float]]:
    """Retrain so often on one store, each time in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "precursor-watch.db"
        fill(database, make_labels(labels, seed=seed), seed=seed)
        context = multiprocessing.get_context("spawn")
        with context.Pool(1, maxtasksperchild=1) as pool:
            return [pool.apply(_retrain, (database, number)) for number in range(rounds)]


def _retrain(database: Path, seed: int) -> dict[str, float]:
    options = RetrainOptions(
        starter=None, models_folder=database.parent / "models", embedder="kept", seed=seed
    )
    began, worked = time.perf_counter(), time.process_time()
    result = retrain(database, options, embedder=KeptEmbedder())
    return {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - worked,
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2,
        "average_precision": result.comparison.candidate["average_precision"],
    }


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrain", description=__doc__)
    parser.add_argument("--labels", type=int, default=LABELS, help="how many are trained on [100000]")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    first, again = measure(chosen.labels)
    if chosen.json:
        print(json.dumps({"machine": machine(PACKAGES), "first": first, "again": again}))
        return
    print(machine(PACKAGES))
    print(f"retrain on {chosen.labels:,} labels; aim: {TARGET_SECONDS} s, {TARGET_GIB} GiB")
    for name, found in (("texts read", first), ("texts kept", again)):
        spent = f"{found['seconds']:6.1f} s, {found['cpu_seconds']:6.1f} s of processor time"
        print(f"{name}: {spent}, {found['peak_gib']:.2f} GiB")


if __name__ == "__main__":
    main()
