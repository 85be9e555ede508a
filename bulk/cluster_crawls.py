"""Crawls of many saved sources as Ray tasks: nodes read the pages, this process alone writes the store.

A task reads one source (`crawler.run.remote`) and hands its pages over as they come. Here each crawl
under way has a thread, which keeps them by the rules of every crawl (`crawler.run.remote`). A task
whose node or process died is begun again, and the run gone on with.
"""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any

from bulk.cluster import cores
from bulk.errors import BulkFailed
from bulk.program import calling
from crawler.run.remote import ReaderLost, read_remotely
from crawler.run.run import crawl_source
from store.errors import Interrupted, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from crawler.run.remote import RemoteMessage
    from crawler.sources.sources import DeclaredSource
    from crawler.workers import CrawlSettings
    from store.model import Run

ATTEMPTS = 4
"""How often a source is read whose reader dies. After that it is the source."""

AHEAD = 4
"""Batches that a reader may be ahead of the owner: what memory holds of each source."""


def crawl_on_cluster(
    sources: Sequence[DeclaredSource],
    database: Path,
    *,
    ended: Callable[[Run], None],
    settings: CrawlSettings,
    read: Callable[[DeclaredSource, CrawlSettings], Iterator[bytes]] = read_remotely,
) -> list[str]:
    """Crawl saved sources, as many at once as the joined cluster has cores.

    Args:
        sources: Their archives are on a disk that every node sees under the same path.
        database: The store, on a disk of this machine.
        ended: Called with each run that was done.
        settings: How pages are read, on every node.
        read: What a node does for one source.

    Returns:
        A sentence for each crawl that failed.

    Raises:
        Interrupted: When SIGTERM or Ctrl-C came; the same command goes on from there.
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
        raise Interrupted("Stopped; the same command goes on from there.")
    return failed


class _Crawls:
    """The crawls under way, and how to stop them."""

    def __init__(
        self,
        database: Path,
        settings: CrawlSettings,
        read: Callable[[DeclaredSource, CrawlSettings], Iterator[bytes]],
    ) -> None:
        self._database = database
        self._settings = settings
        self._read = read
        self._readings: list[Any] = []
        self.is_stopping = Event()

    def stop(self) -> None:
        """End every reader, so that nothing more comes."""
        import ray

        self.is_stopping.set()
        for reading in list(self._readings):
            ray.cancel(reading)

    def crawl(self, declared: DeclaredSource) -> Run:
        """Crawl one source to its end, with another reader if one dies."""
        for _ in range(ATTEMPTS - 1):
            try:
                return crawl_source(self._database, declared, messages=self._messages(declared))
            except ReaderLost:
                if self.is_stopping.is_set():
                    raise
        return crawl_source(self._database, declared, messages=self._messages(declared, is_last=True))

    def _messages(self, declared: DeclaredSource, *, is_last: bool = False) -> Iterator[RemoteMessage]:
        """Yield what a reader hands over, until its end or its death."""
        import ray

        if self.is_stopping.is_set():
            return
        task = ray.remote(num_cpus=1, max_retries=0, _generator_backpressure_num_objects=AHEAD)(self._read)
        reading = task.remote(declared, self._settings)
        self._readings.append(reading)
        if self.is_stopping.is_set():  # asked to before the reading was known to `stop`
            ray.cancel(reading)
        try:
            for each in reading:
                yield pickle.loads(ray.get(each))  # noqa: S301 (from a process of ours)
            why = f"the process that reads it died, {ATTEMPTS} times"  # after the end nobody asks for more
        except ray.exceptions.RayError as error:
            why = str(error).partition("\n")[0]
        finally:
            self._readings.remove(reading)
        if is_last and not self.is_stopping.is_set():
            raise BulkFailed(f"{declared.source.source_id} could not be read on the cluster: {why}.")
