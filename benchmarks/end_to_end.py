"""Saved pages end to end (fetch, extract, evidence, store, score) beside a bare Scrapy spider for the titles.

Scoring follows the crawl in a process of its own, as `score --follow` does; the clock runs from the crawl's
begin until the last sighting has its score. Imports are done, the model and the gazetteer are loaded before;
what that takes is printed, since it weighs in a short crawl. The pages are copies of the fixture
marketplaces under other hosts: a text is embedded at its first copy and *known* at the others, and how many
differ is printed.
"""

from __future__ import annotations

import argparse
import os
import select
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.cascade import train_model
from benchmarks.crawl import PAGES, ratios, run_once
from benchmarks.pages import write_pages
from benchmarks.rescoring import fill
from benchmarks.rounds import alternate, report
from benchmarks.scoring import PACKAGES
from classifier.features.embedding import fastest, open_embedder
from classifier.gazetteer import default_gazetteer
from classifier.scoring import score_new
from cli.score import LOOK_S
from store.database import open_database

if TYPE_CHECKING:
    from benchmarks.crawl import Speeds
    from benchmarks.rounds import Ratio
    from classifier.model.persistence import TrainedModel

TARGETS = (0.7, None)
"""By the clock; and by processor time, of which ours has two cores, so that half as much may be as good."""


def measure(*, pages: int, rounds: int) -> tuple[list[Ratio], dict[str, str]]:
    """Crawl and score at least so many pages, and crawl them with the bare spider, in turn."""
    model = train_model(fastest(open_embedder()), default_gazetteer(), examples=300)
    said: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "pages"
        written = len(write_pages(folder, pages))
        ours, stock = alternate(
            lambda: _crawl_and_score(folder, written, model, said),
            lambda: run_once("stock", str(folder), written),
            rounds,
        )
    name = f"end to end with scoring, {written:,} pages"
    return list(ratios(name, TARGETS, ours, stock)), said


def _crawl_and_score(folder: Path, pages: int, model: TrainedModel, said: dict[str, str]) -> Speeds:
    """Return pages a second from the crawl's begin to the last score, and a CPU second of all processes."""
    with tempfile.TemporaryDirectory() as scratch:
        store = Path(scratch) / "bench.db"
        fill(store, [], model)
        command = [sys.executable, "-m", "benchmarks.end_to_end", "--score", str(store)]
        environment = {"OMP_NUM_THREADS": "1"} | os.environ  # as `score --follow` does
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        ) as scoring:
            assert scoring.stdin
            assert scoring.stdout
            said["the scorer's start"] = f"{scoring.stdout.readline().strip()} CPU s before the clock"
            crawl = [sys.executable, "-m", "benchmarks.crawl_once", "ours", str(folder), str(store)]
            with subprocess.Popen(crawl, stdout=subprocess.PIPE, text=True) as crawling:
                assert crawling.stdout
                seconds, works, reads = map(float, crawling.stdout.readline().split())
                ended = time.perf_counter()
                scoring.stdin.close()
                scores = float(scoring.stdout.readline())
                after = time.perf_counter() - ended
        with closing(open_database(store)) as db:
            query = (
                "SELECT count(*), count(DISTINCT text_hash) FROM sightings JOIN scores USING (sighting_id)"
            )
            scored, distinct = db.execute(query).fetchone()
        said["CPU ms/page"] = ", ".join(
            f"{name} {cpu_seconds / pages * 1_000:.2f}"
            for name, cpu_seconds in (("crawl", works - reads), ("reading", reads), ("scoring", scores))
        )
        said["scored"] = f"{scored:,} sightings, {distinct:,} texts; {after:.1f} s after the crawl had ended"
        return pages / (seconds + after), pages / (works + scores)


def _follow(store: Path) -> None:
    """Score what comes until standard input ends; print CPU seconds until it begins, and of it."""
    embedder = fastest(open_embedder())
    embedder(["A sturdy chair made of oak."])
    looks: list[float] = []

    def may_come() -> bool:
        looks.append(time.process_time())
        if len(looks) == 2:  # the scorer is open, and has found nothing yet
            print(looks[1], flush=True)
        return not select.select([sys.stdin], [], [], LOOK_S)[0]

    score_new(store, embedder=embedder, may_come=may_come)
    print(time.process_time() - looks[1], flush=True)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.end_to_end", description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES, help="at least so many [1500]")
    parser.add_argument("--rounds", type=int, default=3, help="in each way [3]")
    parser.add_argument("--score", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    if chosen.score:
        _follow(chosen.score)
        return
    rows, said = measure(pages=chosen.pages, rounds=chosen.rounds)
    report(rows, PACKAGES, as_json=chosen.json, more=said)


if __name__ == "__main__":
    main()
