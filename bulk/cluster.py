"""Join a Ray cluster, crawl many saved sources as its tasks, and score an archive on it.

Only this module imports Ray. A task of a crawl reads one source and streams its pages; only this process, the
owner, writes the store. Each crawl has a thread here, which stores the pages by the rules of every crawl. If
the task's node or process dies, the task is started again and the run resumes.

`score-archive` distributes parts of the archive to actors, each with its own core, scorer and open archive;
the owner collects the flagged lines in order. If an actor dies, another one gets its part; nothing of the
part was written yet, so no line is written twice.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import socket
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING, Any

from bulk.archives import LINES, ScoredPart, open_listings, score_parts, summing_up, warn
from bulk.command import BulkFailed, calling
from crawler.run.remote import ReaderLost, message_from, read_remotely
from crawler.run.run import crawl_source
from store.errors import Interrupted, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from bulk.archives import Scores
    from classifier.settings import ScoringSettings
    from crawler.run.remote import RemoteMessage
    from crawler.sources.sources import DeclaredSource
    from crawler.workers import CrawlSettings
    from store.model import Model, Run
    from store.review.office_terms import OfficeTerm

HERE, FOUND = "local", "auto"
"""Addresses of a cluster on this machine: one started for the command, or the one that already runs."""

ANSWER_S = 10.0
"""Timeout for an address to answer, in seconds; Ray itself would try for minutes."""

ATTEMPTS = 4
"""Attempts to read a source whose reader dies; after that the source itself is to blame."""

AHEAD = 4
"""Batches per source that a reader may be ahead of the owner, which bounds memory."""


@contextmanager
def joined(address: str) -> Iterator[None]:
    """Join a Ray cluster at HOST:PORT, `auto` or `local`, and leave it at the end.

    Raises:
        BulkFailed: If Ray is not installed, no cluster answers, or its version differs.
    """
    # Send no usage statistics.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        message = 'Work on a cluster needs Ray; install this project with its extra "cluster".'
        raise BulkFailed(message) from error
    _check_answer(address)
    # From `init` to `shutdown` a thread of Ray prints worker events on standard output. Ray 2.60 has no
    # option to redirect or silence them.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            # Ray puts the working directory on each worker's path; it may hold evidence, even a `click.py`.
            with contextlib.chdir(Path(__file__).parents[1]):
                ray.init(
                    address=address,
                    include_dashboard=False if address == HERE else None,
                    log_to_driver=False,
                    logging_level=logging.WARNING,
                )
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise BulkFailed(_no_cluster(address, str(error).splitlines()[0])) from error
        try:
            yield
        finally:
            ray.shutdown()


def cores() -> int:
    """Return the number of cores of the joined cluster."""
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def where() -> str:
    """Return the name and address of this machine, for a worker's messages."""
    import ray

    return f"{socket.gethostname()} ({ray.util.get_node_ip_address()})"


def crawl_on_cluster(
    sources: Sequence[DeclaredSource],
    database: Path,
    *,
    ended: Callable[[Run], None],
    settings: CrawlSettings,
    read: Callable[[DeclaredSource, CrawlSettings], Iterator[bytes]] = read_remotely,
) -> list[str]:
    """Crawl saved sources, as many in parallel as the joined cluster has cores.

    Args:
        sources: Saved sources; every node must see their archives under the same path.
        database: The store, on a disk of this machine.
        ended: Called with each completed run.
        settings: The crawl settings for every node.
        read: Reads one source on a node.

    Returns:
        A sentence for each failed crawl.

    Raises:
        Interrupted: After SIGTERM or Ctrl-C; the same command resumes.
    """
    import ray

    crawls = _Crawls(database, settings, read)
    failed: list[str] = []
    with ThreadPoolExecutor(min(cores(), len(sources)) or 1) as pool, calling(crawls.stop):
        for future in [pool.submit(crawls.crawl, each) for each in sources]:
            try:
                ended(future.result())
            except Interrupted:
                pass
            except (StoreError, OSError, ray.exceptions.RayError) as error:
                failed.append(str(error))
    if crawls.is_stopping.is_set():
        raise Interrupted("Stopped; the same command resumes.")
    return failed


class _Crawls:
    """The running crawls."""

    def __init__(
        self,
        database: Path,
        settings: CrawlSettings,
        read: Callable[[DeclaredSource, CrawlSettings], Iterator[bytes]],
    ) -> None:
        self._database = database
        self._settings = settings
        self._read = read
        self._tasks: list[Any] = []
        self.is_stopping = Event()

    def stop(self) -> None:
        """Cancel every reader."""
        import ray

        self.is_stopping.set()
        for running in list(self._tasks):
            ray.cancel(running)

    def crawl(self, declared: DeclaredSource) -> Run:
        """Crawl one source to its end; start another reader if one dies."""
        for _ in range(ATTEMPTS - 1):
            try:
                return crawl_source(self._database, declared, messages=self._messages(declared))
            except ReaderLost:
                if self.is_stopping.is_set():
                    raise
        return crawl_source(self._database, declared, messages=self._messages(declared, is_last=True))

    def _messages(self, declared: DeclaredSource, *, is_last: bool = False) -> Iterator[RemoteMessage]:
        """Yield the messages of a reader until it ends or dies."""
        import ray

        if self.is_stopping.is_set():
            return
        task = ray.remote(num_cpus=1, max_retries=0, _generator_backpressure_num_objects=AHEAD)(self._read)
        running = task.remote(declared, self._settings)
        self._tasks.append(running)
        if self.is_stopping.is_set():  # `stop` was called before it knew the task
            ray.cancel(running)
        try:
            for each in running:
                yield message_from(ray.get(each))
            why = f"the process that reads it died, {ATTEMPTS} times"  # not reached after a normal end
        except ray.exceptions.RayError as error:
            why = str(error).partition("\n")[0]
        finally:
            self._tasks.remove(running)
        if is_last and not self.is_stopping.is_set():
            raise BulkFailed(f"{declared.source.source_id} could not be read on the cluster: {why}.")


def _check_answer(address: str) -> None:
    if address in {HERE, FOUND}:
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        message = (
            f'{address!r} is not the address of a cluster; give HOST:PORT, "{HERE}", or --cluster at the end '
            "of the command for the one running on this machine."
        )
        raise BulkFailed(message)
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise BulkFailed(_no_cluster(address, str(error))) from error


def _no_cluster(address: str, why: str) -> str:
    at = "on this machine" if address == FOUND else f"at {address}"
    return (
        f"There is no Ray cluster to join {at} ({why}). Start one with `ray start --head "
        f'--disable-usage-stats` and give the address it prints, or "{HERE}" for one on this machine; see '
        "docs/scale.md."
    )


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
    terms: tuple[OfficeTerm, ...] = ()
    """The office's terms; listings that name one are flagged too."""


@contextmanager
def worker_scorer(model: Model, database: Path, settings: ScoringSettings) -> Iterator[Scores]:
    """Open a model in a worker, with the settings of `with_one_backend` and without opening the store."""
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
    """Have the workers score an archive from unit `start` on, and yield the results in order.

    A worker that dies is replaced, and its part is retried. After the loss of a node, the rest of the archive
    is divided again among the remaining workers, as long as each round makes progress.

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
            listings.read(start, stop),
            scorer,
            model_id=self._job.model_id,
            threshold=self._job.threshold,
            terms=self._job.terms,
        )


def _be_quiet() -> None:
    import logging

    from ray.data import DataContext

    context = DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # failures are reported in a sentence
