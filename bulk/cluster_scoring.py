"""`score-archive` on Ray Data: distribute parts of the archive, and collect flagged lines in order.

Each worker is an actor with its own core, scorer and open archive. Only this process, the owner, writes. If a
worker dies, another one gets its part; nothing of the part was written yet, so no line is written twice.
"""

from __future__ import annotations

import math
import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bulk.archives import LINES, ScoredPart, open_listings, score_parts, summing_up, warn
from bulk.cluster import cores, where
from bulk.command import BulkFailed
from store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from bulk.archives import Scores
    from classifier.settings import ScoringSettings
    from store.model import Model

STRETCH = {"bytes": 2_000_000, "units": 1_024}
"""Size of a part, in bytes of JSON lines or in rows and pages: about a second of work."""

STRETCHES = 20_000
"""Maximum number of parts: Ray keeps a record of each, so parts of a very large archive are longer."""

RETRIES = 3
"""Retries of a part whose worker died; after that the part itself is to blame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The task of every worker."""

    source: Path
    """The archive; every node must see it under this path."""
    model_id: str
    threshold: float
    open_scorer: Callable[[], AbstractContextManager[Scores]]
    """Called once by each worker."""


@contextmanager
def worker_scorer(model: Model, database: Path, settings: ScoringSettings) -> Iterator[Scores]:
    """Open a model in a worker, with the owner's settings and without opening the store.

    Args:
        model: The registered model.
        database: The store; the model's folder is relative to it.
        settings: Settings from `with_one_backend`.
    """
    from classifier.scoring import open_scorer

    with (
        TemporaryDirectory(prefix="precursor-watch-") as scratch,
        open_scorer(
            model, database=database, vectors_beside=Path(scratch, "archive.db"), settings=settings
        ) as scorer,
    ):
        yield scorer


def with_one_backend(settings: ScoringSettings, model: Model, database: Path) -> ScoringSettings:
    """Return the settings with a fixed backend, so that all workers use the same one."""
    from classifier.scoring import backend_for

    return replace(settings, backend=backend_for(model, database, settings))


def score_on_cluster(job: Job, start: int) -> Iterator[ScoredPart]:
    """Have the workers score an archive from `start` on, and yield the results in order.

    A worker that dies is replaced, and its part is retried. After the loss of a node, the rest of the archive
    is divided again among the remaining workers, as long as each round makes progress.

    Args:
        job: The task of the workers.
        start: Units of the input already done.

    Raises:
        BulkFailed: If a worker failed, or workers died repeatedly on the same part.
    """
    with open_listings(job.source, warn=warn) as listings:
        total = listings.count()
    _be_quiet()
    with summing_up(warn) as say:
        yield from _score_on_and_on(job, start, total, say)


def _score_on_and_on(job: Job, start: int, total: int, say: Callable[[str], None]) -> Iterator[ScoredPart]:
    from ray.exceptions import RayError

    done, before = start, -1
    while done < total:
        try:
            for part in _score_rest(job, done, total, say):
                done = max(done, part.done)
                yield part
        except RayError as error:
            why = str(error).partition("\n")[0]
            if done == before:
                message = (
                    f"The cluster gave up after byte, row or page {done:,} of {job.source}: {why} "
                    "The output so far is kept; the same command resumes."
                )
                raise BulkFailed(message) from error
            before = done
            warn(f"The cluster lost a worker ({why}); continuing after {done:,} of {total:,}.")
        else:
            return


def _score_rest(job: Job, start: int, total: int, say: Callable[[str], None]) -> Iterator[ScoredPart]:
    import ray.data

    stretches = plan(start, total, STRETCH["bytes" if job.source.name.endswith(LINES) else "units"])
    workers = min(cores(), len(stretches))
    with warnings.catch_warnings():
        # Ray will remove these two arguments in 2.64, and has no other limit for retries yet; pyproject.toml
        # requires an earlier version.
        warnings.simplefilter("ignore", DeprecationWarning)
        scored = ray.data.from_items(stretches, override_num_blocks=len(stretches)).map(
            Worker,
            fn_constructor_args=(job,),
            compute=ray.data.ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=2),
            num_cpus=1,
            max_restarts=-1,
            max_task_retries=RETRIES,
        )
    for row in scored.iter_rows():
        if row["error"]:
            raise BulkFailed(row["error"])
        for sentence in row["said"]:
            say(sentence)
        start = max(start, row["done"])
        yield ScoredPart(
            done=start,
            of=total,
            listings=row["listings"],
            flagged=row["flagged"],
            lines=row["lines"],
            left_out=len(row["said"]),
        )


def plan(start: int, total: int, length: int) -> list[dict[str, int]]:
    """Return the parts from `start` to `total`, each at least `length` long except the last."""
    length = max(length, math.ceil((total - start) / STRETCHES))
    return [{"start": at, "stop": min(at + length, total)} for at in range(start, total, length)]


class Worker:
    """Scores parts of the archive; opens the archive and the model at the first part, to report any error."""

    def __init__(self, job: Job) -> None:
        """Keep the task; nothing is opened yet."""
        self._job = job
        self._open = ExitStack()
        self._said: list[str] = []
        self._tools: Any = None

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Score one part."""
        start, stop = int(row["start"]), int(row["stop"])
        found = {"done": start, "listings": 0, "flagged": 0, "lines": b"", "said": [], "error": ""}
        try:
            parts = list(self._score(start, stop))
        except (StoreError, OSError) as error:
            shared = "; every node must see it under the same path" if isinstance(error, OSError) else ""
            return {**found, "error": f"On {where()}: {error}{shared}"}
        said, self._said[:] = list(self._said), []
        return {
            **found,
            "done": max([start, *(part.done for part in parts)]),
            "listings": sum(part.listings for part in parts),
            "flagged": sum(part.flagged for part in parts),
            "lines": b"".join(part.lines for part in parts),
            "said": said,
        }

    def _score(self, start: int, stop: int) -> Iterator[ScoredPart]:
        if self._tools is None:
            listings = self._open.enter_context(open_listings(self._job.source, warn=self._said.append))
            self._tools = listings, self._open.enter_context(self._job.open_scorer())
        listings, scorer = self._tools
        return score_parts(
            listings.read(start, stop), scorer, model_id=self._job.model_id, threshold=self._job.threshold
        )


def _be_quiet() -> None:
    import logging

    from ray.data import DataContext

    context = DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # failures are reported in a sentence
