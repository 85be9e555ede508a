"""Work on a Ray cluster: joining one, and crawls of many saved sources as its tasks.

Ray is imported here and in `cluster_scoring`, and nowhere else. A task reads one source and hands its pages
over as they come; this process alone writes the store. Each crawl under way has a thread here, which stores
the pages by the rules of every crawl. A task whose node or process died is begun again, and the run resumed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from bulk.command import BulkFailed, calling
from crawler.run.remote import ReaderLost, read_remotely
from crawler.run.run import crawl_source
from store.errors import Interrupted, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crawler.run.remote import RemoteMessage
    from crawler.sources.sources import DeclaredSource
    from crawler.workers import CrawlSettings
    from store.model import Run

HERE, FOUND = "local", "auto"
"""Addresses: a cluster of this machine alone, begun for the command; the one that runs on this machine."""

ANSWER_S = 10.0
"""Longest wait for an address to answer; Ray itself would try for minutes."""

SETTINGS = "PRECURSOR_WATCH_"
"""How the variables begin that every worker is to have as the owner has them."""


ATTEMPTS = 4
"""How often a source is read whose reader dies. After that it is the source."""

AHEAD = 4
"""Batches that a reader may be ahead of the owner: what memory holds of each source."""


@contextmanager
def joined(address: str) -> Iterator[None]:
    """Be part of a Ray cluster while inside.

    Args:
        address: HOST:PORT, `auto` or `local`.

    Raises:
        BulkFailed: If Ray is not installed, no cluster answers, or it is of another version.
    """
    # Nothing is to be reported to anybody.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        message = 'Work on a cluster needs Ray; install this project with its extra "cluster".'
        raise BulkFailed(message) from error
    _check_answer(address)
    # A thread of Ray's prints what happens to workers, from `init` until `shutdown`, which prints what it has
    # held back as repeated. No option of Ray's sends that elsewhere, or silences it (2.60).
    with contextlib.redirect_stdout(sys.stderr):
        try:
            # Ray puts the folder it is called in on each worker's path: it may hold evidence, `click.py` too.
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
    """Return how many cores the joined cluster has."""
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def settings() -> dict[str, str]:
    """Return the variables that every worker is to have as this process has them."""
    return {name: value for name, value in os.environ.items() if name.startswith(SETTINGS)}


def where() -> str:
    """Return the name and address of this machine, for messages of a worker."""
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
        Interrupted: When SIGTERM or Ctrl-C came; the same command resumes.
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
        self._tasks: list[Any] = []
        self.is_stopping = Event()

    def stop(self) -> None:
        """End every reader, so that nothing more comes."""
        import ray

        self.is_stopping.set()
        for running in list(self._tasks):
            ray.cancel(running)

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
        running = task.remote(declared, self._settings)
        self._tasks.append(running)
        if self.is_stopping.is_set():  # asked to before `stop` knew of the task
            ray.cancel(running)
        try:
            for each in running:
                yield pickle.loads(ray.get(each))  # noqa: S301 (from a process of ours)
            why = f"the process that reads it died, {ATTEMPTS} times"  # after the end nobody asks for more
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
            f'{address!r} is no address of a cluster; give HOST:PORT, "{HERE}", or --cluster as the last '
            "word for the one that runs on this machine."
        )
        raise BulkFailed(message)
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise BulkFailed(_no_cluster(address, str(error))) from error


def _no_cluster(address: str, why: str) -> str:
    at = "on this machine" if address == FOUND else f"at {address}"
    return (
        f"No Ray cluster can be joined {at} ({why}). Begin one with `ray start --head --disable-usage-stats` "
        f'and give the address it prints, or "{HERE}" for one on this machine; docs/scale.md tells how.'
    )
