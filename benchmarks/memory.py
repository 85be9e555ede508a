"""Memory while scoring generated listings in batches, as `score-archive` does: it must not grow.

The listings are made up as they are needed, one in fifty of them an offer; the resident memory of this
process is printed at each tenth. With a model's folder that model scores; otherwise one is trained first,
and its training counts.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.cascade import train_model
from benchmarks.rounds import Limit, Rate, report
from benchmarks.scoring import PACKAGES
from bulk.archives import BATCH
from classifier.features.embedding import fastest, open_embedder
from classifier.gazetteer import load_gazetteer
from classifier.model.persistence import load_model
from classifier.scoring import Scorer
from store.vectors import open_vectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from classifier.features.embedding import Embedder
    from classifier.gazetteer import Gazetteer
    from classifier.model.persistence import TrainedModel

SEED = 0
LIMIT = 1_536
"""Greatest resident memory aimed at, in MiB."""
FLAT = 64
"""MiB by which it may have grown from the first tenth to the last: what an allocator keeps at its whim."""
WORDS = (
    "garden", "bench", "oak", "table", "lamp", "bicycle", "brake", "phone", "case", "charger", "cotton",
    "shirt", "winter", "boots", "ceramic", "mug", "steel", "pan", "wooden", "shelf", "solar", "panel",
    "pump", "hose", "filter", "paint", "brush", "drill", "printer", "notebook", "guitar",
)  # fmt: skip
OFFER = "PMK glycidate powder 28578-16-7, 25 kg, discreet packaging"


def generate(number: int) -> Iterator[str]:
    """Yield so many distinct texts."""
    rng = random.Random(SEED)
    for index in range(number):
        goods = " ".join(rng.choices(WORDS, k=rng.randrange(4, 25)))
        yield f"{OFFER}, lot {index}" if index % 50 == 0 else f"{goods}, item {index}"


def resident() -> int:
    """Return the resident memory of this process in MiB; Linux only."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) // 1024


def measure(listings: int, model: TrainedModel, embedder: Embedder, gazetteer: Gazetteer) -> list[Rate]:
    """Score so many listings, print at each tenth on standard error, and return what memory came to."""
    began, held, done = time.perf_counter(), [resident()], 0
    highest = tenths = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        open_vectors(Path(folder) / "bench.db", embedder.embedder_id) as cache,
    ):
        scorer = Scorer(model=model, embedder=embedder, gazetteer=gazetteer, cache=cache)
        generated = generate(listings)
        while texts := list(islice(generated, BATCH)):
            scorer.score(texts)
            done += len(texts)
            highest = max(highest, resident())
            if done * 10 // listings > tenths:
                tenths = done * 10 // listings
                held.append(resident())
                print(f"{done:>10,} listings: {held[-1]:,} MiB", file=sys.stderr, flush=True)
    name = f"memory over {listings:,} listings"
    growth = float(held[-1] - held[1])
    return [
        Limit(name=name, unit="MiB, highest", target=LIMIT, ours=(float(highest),)),
        Limit(name=f"{name}, growth", unit="MiB", target=FLAT, ours=(growth,)),
        Rate(
            name=f"{name}, speed",
            unit="listings/s",
            target=None,
            ours=(listings / (time.perf_counter() - began),),
        ),
    ]


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--listings", type=int, default=1_000_000, help="how many are scored [1000000]")
    parser.add_argument("--model", type=Path, help="a model's folder [one is trained]")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    gazetteer, embedder = load_gazetteer(), fastest(open_embedder())
    model = load_model(chosen.model) if chosen.model else train_model(embedder, gazetteer, examples=300)
    report(measure(chosen.listings, model, embedder, gazetteer), PACKAGES, as_json=chosen.json)


if __name__ == "__main__":
    main()
