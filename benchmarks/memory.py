"""Memory while scoring generated listings in batches, as `score-archive` does: it must not grow.

The listings are made up as they are needed, one in fifty of them an offer; the resident memory of this
process is printed at each tenth. With a model's folder that model scores; otherwise one is trained first,
and its training counts.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.cascade import train_model
from benchmarks.rounds import machine
from benchmarks.scoring import PACKAGES
from classifier.embedding import fastest, open_embedder
from classifier.folder import load_model
from classifier.gazetteer import load_gazetteer
from classifier.scorer import Scorer
from cli.archive_scoring import BATCH
from listings.vectors import open_vectors

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 0
LIMIT = 1_536
"""Greatest resident memory aimed at, in MiB."""
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


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--listings", type=int, default=1_000_000, help="how many are scored [1000000]")
    parser.add_argument("--model", type=Path, help="a model's folder [one is trained]")
    chosen = parser.parse_args()
    gazetteer, embedder = load_gazetteer(), fastest(open_embedder(), None)
    model = load_model(chosen.model) if chosen.model else train_model(embedder, gazetteer, examples=300)
    print(machine(PACKAGES), f"before: {resident():,} MiB", sep="\n")
    highest = done = flagged = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        open_vectors(Path(folder) / "bench.db", embedder.embedder_id) as cache,
    ):
        scorer = Scorer(model=model, embedder=embedder, gazetteer=gazetteer, cache=cache)
        generated = generate(chosen.listings)
        while texts := list(islice(generated, BATCH)):
            flagged += sum(each.p_offer >= model.threshold for each in scorer.score(texts))
            tenth, done = done * 10 // chosen.listings, done + len(texts)
            highest = max(highest, resident())
            if done * 10 // chosen.listings > tenth:
                print(f"{done:>10,} listings, {flagged:,} flagged: {resident():,} MiB", flush=True)
    print(f"highest: {highest:,} MiB, aim: under {LIMIT:,}")


if __name__ == "__main__":
    main()
