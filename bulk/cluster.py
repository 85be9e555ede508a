"""Join a Ray cluster, and crawl many saved sources as its tasks.

Only this module and `cluster_scoring` import Ray. A task reads one source and streams its pages; only this
process, the owner, writes the store. Each crawl has a thread here, which stores the pages by the rules of
every crawl. If the task's node or process dies, the task is started again and the run resumes.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from bulk.command import BulkFailed, calling
from crawler.run.remote import ReaderLost, message_from, read_remotely
from crawler.run.run import crawl_source
from store.errors import Interrupted, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crawler.run.remote import RemoteMessage
    from crawler.sources.sources import DeclaredSource
    from crawler.workers import CrawlSettings
    from store.model import Run

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
    """Join a Ray cluster, and leave it at the end.

    Args:
        address: HOST:PORT, `auto` or `local`.

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
