"""The worker processes of one crawl, started before it, replaced when a page kills one, ended after it.

pebble's `ProcessPool` is unsuitable: it unpickles its workers' results, and a pickle from a worker that
parses hostile HTML cannot be trusted (docs/decisions/0061-workers-of-our-own.md).
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import signal
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import msgspec
from scrapy.exceptions import CloseSpider

from crawler.errors import CrawlError
from crawler.markets import find_markets
from crawler.workers.page_parser import (
    LENGTH,
    ParserUnusable,
    framed,
    given_up,
    load_everything,
    parse_here,
    result_from,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.extract.page import ExtractedPage
    from crawler.workers import CrawlSettings
    from crawler.workers.page_parser import PageJob, Parse

_TRIES = 2
"""Workers that may die over a page before it is given up, since the system may have killed the first."""
_BLOCK_BYTES = 262_144
_MOST_BYTES = 500_000_000
"""Largest message; a page has at most 20 million bytes, and its listings repeat little of it."""
_PATIENCE = 5
"""Multiple of a page's processor time that may pass on the clock, in case the process hangs."""
_START_S = 60.0
"""Most seconds on the clock until a worker is ready."""


class NoWorker(CrawlError, CloseSpider):
    """No worker can be started, now or later; Scrapy ends the crawl."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.args = (sentence,)  # Scrapy's class keeps only a reason

    @classmethod
    def ended(cls, how: str) -> NoWorker:
        """Return the error for a process that ended before it was ready; `how` continues the sentence."""
        return cls(
            f"The process that parses pages {how} before it was ready. Set `workers` under [crawl] to 0 to "
            "parse pages in the crawl's own process."
        )


class WorkerDied(Exception):
    """A worker ended before it had parsed a page."""

    def __init__(self, how: str, *, was_parsing: bool = True, is_overdue: bool = False) -> None:
        super().__init__(how)
        self.was_parsing = was_parsing
        """Whether the worker was parsing this page; False if the page was still waiting."""
        self.is_overdue = is_overdue
        """Whether the worker was killed because the page took too long."""


@contextmanager
def parsing(settings: CrawlSettings) -> Iterator[Parse]:
    """Provide the function that parses pages according to the settings.

    Enter the context before any thread starts: the workers are forked, to share the loaded modules. Systems
    without fork parse pages in this process.
    """
    find_markets()
    if not settings.workers or "fork" not in multiprocessing.get_all_start_methods():
        load_everything()  # a disk without room would otherwise cost pages
        yield parse_here
        return
    if settings.workers > 1:  # once for all; a single worker loads while the crawl begins
        load_everything()
    # Loaded modules stay loaded, so garbage collection can skip them, here and in the workers.
    gc.freeze()
    pool = WorkerPool(settings)
    try:
        yield pool.parse
    finally:
        pool.close()


class WorkerPool:
    """Parses pages in worker processes."""

    def __init__(self, settings: CrawlSettings) -> None:
        self._settings = settings
        self._workers = [Worker(settings, start_method="fork") for _ in range(settings.workers)]

    async def parse(self, job: PageJob) -> ExtractedPage:
        """Parse a page in the worker with the fewest waiting pages.

        Raises:
            NoWorker: If no more workers can be started.
        """
        tries = 0
        while True:
            self._replace_dead()
            try:
                return await min(self._workers, key=lambda worker: worker.load).parse(job)
            except WorkerDied as died:
                if died.is_overdue:
                    return given_up(f"took more than {self._settings.page_seconds} seconds and was ended")
                tries += died.was_parsing
                if tries == _TRIES:
                    return given_up(f"failed, because its process {died}")

    def _replace_dead(self) -> None:
        for place, worker in enumerate(self._workers):
            if worker.is_dead:
                worker.close()
                # This process has threads by now, and forking a process with threads may hang.
                self._workers[place] = Worker(self._settings, start_method="spawn")

    def close(self) -> None:
        """End every worker."""
        for worker in self._workers:
            worker.close()


class Worker:
    """One process, which answers pages in the order in which it receives them; used within one event loop."""

    def __init__(self, settings: CrawlSettings, *, start_method: str) -> None:
        """Start the process; `fork` needs a process without other threads, else it is `spawn`."""
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(0)
        parents_end = self._socket.fileno() if start_method == "fork" else None
        context = multiprocessing.get_context(start_method)
        self._process = context.Process(  # type: ignore[attr-defined]  # typed for the default context only
            target=serve, args=(theirs, parents_end, settings), name="page parser", daemon=True
        )
        self._process.start()
        theirs.close()
        self._settings = settings
        self._sending, self._receiving = asyncio.Lock(), asyncio.Lock()
        self._is_ready = self.is_dead = False
        self.load = 0
        """Number of waiting pages."""

    async def parse(self, job: PageJob) -> ExtractedPage:
        """Have the process parse a page. The next page is sent meanwhile.

        Raises:
            NoWorker: If the process ended before it was ready, or can read no page here.
            WorkerDied: If the process ended before it parsed the page.
        """
        self.load += 1
        try:
            async with self._sending:
                with suppress(OSError):  # the process has ended, as receiving shows
                    await asyncio.get_running_loop().sock_sendall(self._socket, framed(job))
            async with self._receiving:
                if self.is_dead:
                    raise WorkerDied("has ended", was_parsing=False)
                return result_from(await self._answer())
        except msgspec.DecodeError:
            return given_up("gave an invalid result")
        finally:
            self.load -= 1

    async def _answer(self) -> bytes:
        try:
            if not self._is_ready:
                if why := await asyncio.wait_for(self._message(), _START_S):
                    self.is_dead = True
                    raise NoWorker(str(ParserUnusable(why.decode("utf-8"))))
                self._is_ready = True
            return await asyncio.wait_for(self._message(), self._settings.page_seconds * _PATIENCE or None)
        except (EOFError, OSError) as error:
            self.is_dead = True
            if isinstance(error, TimeoutError):
                self._process.kill()
            self._process.join()
            code = self._process.exitcode or 0
            ended = (
                f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
            )
            if not self._is_ready:
                raise NoWorker.ended(ended) from error
            is_overdue = isinstance(error, TimeoutError) or code == -signal.SIGPROF
            raise WorkerDied(ended, is_overdue=is_overdue) from error

    async def _message(self) -> bytes:
        (size,) = LENGTH.unpack(await self._exactly(LENGTH.size))
        if size > _MOST_BYTES:
            self._process.kill()
            raise EOFError
        return await self._exactly(size)

    async def _exactly(self, size: int) -> bytes:
        loop, received = asyncio.get_running_loop(), bytearray()
        while len(received) < size:
            block = await loop.sock_recv(self._socket, min(size - len(received), _BLOCK_BYTES))
            if not block:
                raise EOFError
            received += block
        return bytes(received)

    def close(self) -> None:
        """Kill the process, which holds nothing of value."""
        self._process.kill()
        self._process.join()
        self._socket.close()
