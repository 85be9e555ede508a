"""Bulk scoring on Ray nodes with one core each: two of them beside one, on the same distinct texts.

The nodes are of a local cluster (`fixtures.local_cluster`), so they share this machine: their gain is
bounded by its cores, and by what else it does. The clock runs from the moment when every worker has its model
open to the last listing scored; the making of the workers takes the same time however long the archive is,
and is told below the table. What is flagged must be the same, in the same order.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.gazetteer import texts_of
from benchmarks.rounds import Rate, Ratio, alternate, report
from benchmarks.scoring import choose_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from bulk.archives import Scores
    from classifier.scoring import ScoredText

PACKAGES = ("ray", "pyarrow", "torch", "sentence-transformers")
TEXTS = 12_000
TARGET = 1.6
STRETCH_BYTES = 60_000
"""Given out at once: less than usual, so that all nodes have their share of a small archive to the end, but
with half of it Ray's own work beside two busy cores costs a tenth of the rate."""
READY_S = 300
"""Longest wait for the other workers."""
TRAINED_ON = 300


def measure(texts: Sequence[str], *, rounds: int) -> tuple[list[Rate], dict[str, Any]]:
    """Score the texts on one node and on two, in turn, so many times each; also tell what else was found."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _prepare(folder, texts)
        two, one = alternate(lambda: _once(folder, 2), lambda: _once(folder, 1), rounds)
    outputs = {json.dumps(each["ids"]) for each in (*two, *one)}
    if len(outputs) != 1:
        message = "One node and two flagged different listings, or in another order."
        raise RuntimeError(message)
    rows: list[Rate] = [
        Ratio(
            name=f"two Ray nodes against one, {len(texts):,} texts",
            unit="texts/s",
            target=TARGET,
            ours=tuple(each["speed"] for each in two),
            stock=tuple(each["speed"] for each in one),
        )
    ]
    return rows, {
        "seconds until all workers were ready": [round(each["ready"], 1) for each in (*two, *one)],
        "greatest difference of a score": _difference([*two, *one]),
    }


def _prepare(folder: Path, texts: Sequence[str]) -> None:
    """Write the archive, and train the model in a process of its own, whose memory goes with it."""
    (folder / "archive.jsonl").write_text(
        "".join(json.dumps({"id": at, "title": text}) + "\n" for at, text in enumerate(texts)),
        encoding="utf-8",
    )
    subprocess.run([sys.executable, "-m", "benchmarks.cluster", "--train", str(folder)], check=True)


def _train(folder: Path) -> None:
    from benchmarks.cascade import train_model
    from benchmarks.rescoring import fill
    from classifier.features.embedding import fastest, open_embedder
    from classifier.gazetteer import load_gazetteer

    embedder = fastest(open_embedder())
    fill(folder / "bench.db", [], train_model(embedder, load_gazetteer(), examples=TRAINED_ON))


def _once(folder: Path, nodes: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.cluster", "--on", str(nodes), str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _score_on(folder: Path, nodes: int) -> dict[str, Any]:
    """Score the archive on a cluster of so many nodes, in this process, which nothing else uses."""
    from bulk import cluster
    from bulk.archives import write_parts
    from bulk.cluster import Job, joined, score_on_cluster, with_one_backend, worker_scorer
    from classifier.gazetteer import Law
    from classifier.settings import ScoringSettings
    from fixtures.local_cluster import local_cluster
    from store.database import open_database
    from store.scores.scores import model_in_use

    cluster.STRETCH["bytes"] = STRETCH_BYTES
    store, output = folder / "bench.db", folder / f"{time.monotonic_ns()}.jsonl"
    with closing(open_database(store)) as db:
        model = model_in_use(db)
    assert model
    source, notes = folder / "archive.jsonl", folder / f"{output.stem}.notes"
    notes.mkdir()
    opened = partial(worker_scorer, model, store, with_one_backend(ScoringSettings(), model, store))
    job = Job(
        source=source,
        model_id=model.model_id,
        threshold=model.threshold,
        open_scorer=partial(_together, opened, notes, nodes),
    )
    with local_cluster(nodes) as address, joined(address):
        began = time.time()
        write_parts(source, output, partial(score_on_cluster, job), model_id=model.model_id, law=str(Law()))
    rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    times = [float(path.read_text(encoding="ascii")) for path in notes.glob("ended-*")]
    ready = max(float(path.read_text(encoding="ascii")) for path in notes.glob("ready-*"))
    with source.open("rb") as lines:
        count = sum(1 for _ in lines)
    return {
        "speed": count / (max(times) - ready),
        "ready": ready - began,
        "ids": [row["id"] for row in rows],
        "scores": [row["p_offer"] for row in rows],
    }


@contextmanager
def _together(
    opened: Callable[[], AbstractContextManager[Scores]], notes: Path, nodes: int
) -> Iterator[Scores]:
    """Open a scorer, and begin when all others have theirs."""
    with opened() as scorer:
        scorer.score(["Garden bench, oak", "PMK glycidate powder 28578-16-7, 25 kg"])  # loads what it needs
        (notes / f"ready-{os.getpid()}").write_text(str(time.time()), encoding="ascii")
        until = time.monotonic() + READY_S
        while len(list(notes.glob("ready-*"))) < nodes and time.monotonic() < until:
            time.sleep(0.02)
        yield _Noted(scorer, notes / f"ended-{os.getpid()}")


class _Noted:
    """A scorer that notes when it last ended."""

    def __init__(self, scorer: Scores, note: Path) -> None:
        self._scorer, self._note = scorer, note

    def score(self, texts: Sequence[str]) -> list[ScoredText]:
        """Return what the scorer does."""
        scored = self._scorer.score(texts)
        self._note.write_text(str(time.time()), encoding="ascii")
        return scored


def _difference(runs: Sequence[dict[str, Any]]) -> float:
    return max(
        (abs(a - b) for each in runs[1:] for a, b in zip(runs[0]["scores"], each["scores"], strict=True)),
        default=0.0,
    )


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="listings as JSONL [fixtures and starter set]")
    parser.add_argument("--texts", type=int, default=TEXTS, help="how many are scored [12000]")
    parser.add_argument("--rounds", type=int, default=3, help="scorings on each [3]")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--train", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--on", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.train:
        _train(chosen.train)
    elif chosen.on:
        sys.stdout.write(json.dumps(_score_on(chosen.file, chosen.on)) + "\n")
    else:
        texts = texts_of(chosen.file, chosen.texts) if chosen.file else choose_texts(chosen.texts)
        rows, found = measure(list(dict.fromkeys(texts)), rounds=chosen.rounds)
        report(rows, PACKAGES, as_json=chosen.json, more=found)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # a node has one core
    main()
