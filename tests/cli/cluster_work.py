"""What `test_cluster` runs in a process of its own: work on a local cluster of two nodes, with deaths."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bulk import cluster
from bulk.archives import write_parts
from bulk.cluster import crawl_on_cluster, joined
from classifier.scoring import ScoredText
from crawler.run.remote import read_remotely
from crawler.sources.sources import pick_sources
from crawler.workers import CrawlSettings
from fixtures.local_cluster import local_cluster
from store.model import Reasons
from tests.warm import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawler.sources.sources import DeclaredSource

SOURCES = ("harbor-wholesale", "khim-birzha")
"""The reader of the first dies over its second batch."""

STRETCH_BYTES = 500
KILLED_OVER = "Lot 103 "


def die_once(mark: Path) -> None:
    """Kill this process, unless one was killed with this mark before."""
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


class DyingScorer:
    """Flags what names PMK; its process is killed over one of the texts, once."""

    def __init__(self, folder: Path) -> None:
        """Take where to mark that it was killed."""
        self._folder = folder

    def score(self, texts: Sequence[str]) -> list[ScoredText]:
        """Return 0.9 or 0.1."""
        if any(KILLED_OVER in text for text in texts):
            die_once(self._folder / "worker-died")
        return [ScoredText(p_offer=0.9 if "PMK" in text else 0.1, reasons=Reasons()) for text in texts]


@contextmanager
def opened(folder: Path) -> Iterator[DyingScorer]:
    """Open the scorer as a worker does."""
    yield DyingScorer(folder)


def main() -> None:
    """Score the archive of the folder named first, and crawl into a store there; print what came of it."""
    folder = Path(sys.argv[1])
    cluster.STRETCH["bytes"] = STRETCH_BYTES

    def read_and_die(declared: DeclaredSource, settings: CrawlSettings) -> Iterator[bytes]:
        for number, each in enumerate(read_remotely(declared, settings)):
            if number == 2 and declared.source.source_id == SOURCES[0]:
                die_once(folder / "reader-died")
            yield each

    source = folder / "archive.jsonl"
    job = cluster.Job(source=source, model_id="m1", threshold=0.5, open_scorer=partial(opened, folder))
    runs: list[Any] = []
    with local_cluster(2) as address, joined(address):
        scored = partial(cluster.score_on_cluster, job)
        counts = write_parts(source, folder / "cluster.jsonl", scored, model_id="m1", law="un")
        declared = pick_sources(ROOT / "sources.toml", SOURCES)
        failed = crawl_on_cluster(
            declared, folder / "cluster.db", ended=runs.append, settings=CrawlSettings(), read=read_and_die
        )
    said = {run.source_id: [run.outcome, run.counts["pages"], run.counts["new"]] for run in runs}
    sys.stdout.write(json.dumps({"counts": counts, "runs": said, "failed": failed}))


if __name__ == "__main__":
    main()
