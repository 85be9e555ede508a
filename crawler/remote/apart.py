"""A saved source read in a process of its own, and its pages handed to whoever keeps them.

The reading half of a crawl: archive in, pages out, in batches, as pickles over a pipe between two processes
of ours. Nothing is written here. `crawler.remote.handed_over` is the other half. Twisted allows one crawl per
process, so the process is made for it and ends with it; when nobody takes its pages any more, it ends too.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from crawler.archives.urls import normal_url
from crawler.errors import CrawlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crawler.archives import ArchiveFault
    from crawler.run.spider import CrawledPage
    from crawler.sources.sources import DeclaredSource
    from crawler.workers.settings import CrawlSettings

BATCH_PAGES = 32
"""Pages in one batch, unless a second passes first (`crawler.run.pipeline`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What comes first: the archive's addresses, and what in it could not be read so far as to know one."""

    urls: frozenset[str]
    faults: tuple[ArchiveFault, ...]

    def __contains__(self, url: object) -> bool:
        """Say whether a page is saved under a URL, as the archive itself would."""
        return isinstance(url, str) and normal_url(url) in self.urls

    def __len__(self) -> int:
        """Return the number of pages."""
        return len(self.urls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What comes last; without it the process died."""

    error: str = ""
    """Why the source could not be read to its end; empty if it was."""


class Handover:
    """In the recorder's place where a crawl only reads: hands pages on, in batches."""

    def __init__(self, hand_on: Callable[[list[CrawledPage]], None]) -> None:
        """Take whom to hand them to."""
        self._hand_on = hand_on
        self._waiting: list[CrawledPage] = []
        self.error = ""

    @property
    def is_full(self) -> bool:
        """Whether it is time to flush."""
        return len(self._waiting) >= BATCH_PAGES

    def record(self, crawled: CrawledPage) -> None:
        """Take one page."""
        self._waiting.append(crawled)

    def flush(self) -> None:
        """Hand on what waits."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._hand_on(waiting)

    async def flush_aside(self) -> None:
        """Hand on what waits."""
        self.flush()

    def finish(self) -> None:
        """Hand on the last of it."""
        self.flush()

    def __deepcopy__(self, _: dict[int, object]) -> Handover:
        """Return itself: Scrapy copies its settings."""
        return self


def read_apart(declared: DeclaredSource, settings: CrawlSettings) -> Iterator[bytes]:
    """Read a saved source in a process of its own and yield what it hands over, each as a pickle.

    Args:
        declared: The source; its archive must be there on this machine.
        settings: How its pages are read, and within which bounds.

    Yields:
        `Opened`, then lists of `CrawledPage`, then `Ended`; less, if the process dies.
    """
    ours, theirs = Pipe()
    # Not `-m crawler.remote.apart`: what it hands over would be of `__main__` then, and unknown here.
    command = [
        sys.executable,
        "-P",
        "-c",
        "from crawler.remote.apart import main; main()",
        str(theirs.fileno()),
    ]
    with ours, subprocess.Popen(command, pass_fds=[theirs.fileno()]) as child:  # noqa: S603 (our own)
        try:
            theirs.close()
            ours.send((declared, settings))
            with suppress(EOFError, ConnectionError):
                while True:
                    yield ours.recv_bytes()
        finally:
            child.kill()


def main() -> None:
    """Read the source that comes over the pipe whose number is given, and hand its pages back over it."""
    with Connection(int(sys.argv[1])) as pipe, suppress(ConnectionError):
        try:
            declared, settings = pipe.recv()
            _read(declared, settings, lambda each: pipe.send_bytes(pickle.dumps(each)))
        except CrawlError as error:
            pipe.send_bytes(pickle.dumps(Ended(error=str(error))))
        else:
            pipe.send_bytes(pickle.dumps(Ended()))


def _read(declared: DeclaredSource, settings: CrawlSettings, send: Callable[[Any], None]) -> None:
    from crawler.run.saved import open_declared, run_saved
    from crawler.workers.pool import reading

    with reading(settings) as read, open_declared(declared) as archive:
        send(Opened(urls=frozenset(archive.urls()), faults=archive.faults))
        run_saved(declared, archive, Handover(send), read)
