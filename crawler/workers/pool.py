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
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
from scrapy.exceptions import CloseSpider

from crawler.errors import CrawlError
from crawler.markets import find_markets
from crawler.workers.page_parser import (
    LENGTH,
    framed,
    given_up,
    parse_here,
    result_from,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.extract.page import ExtractedPage
    from crawler.workers import Bounds, CrawlSettings
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

    def __init__(self, how: str) -> None:
        sentence = (
            f"The process that parses pages {how} before it was ready. Set `workers` under [crawl] to 0 to "
            "parse pages in the crawl's own process."
        )
        super().__init__(sentence)
        self.args = (sentence,)  # Scrapy's class keeps only a reason


class WorkerDied(Exception):
    """A worker ended before it had parsed a page."""

    def __init__(self, how: str, *, was_ready: bool, was_parsing: bool, is_overdue: bool) -> None:
        super().__init__(how)
        self.was_ready = was_ready
        """False if the worker ended before it could parse anything."""
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
        yield parse_here
        return
    # Loaded modules stay loaded, so garbage collection can skip them, here and in the workers.
    gc.freeze()
    pool = WorkerPool(settings.workers, settings.bounds)
    try:
        yield pool.parse
    finally:
        pool.close()


class WorkerPool:
    """Parses pages in worker processes."""

    def __init__(self, count: int, bounds: Bounds) -> None:
        self._bounds = bounds
        self._workers = [Worker(bounds, start_method="fork") for _ in range(count)]

    async def parse(self, job: PageJob) -> ExtractedPage:
        """Parse a page in the worker with the fewest waiting pages.

        Raises:
            NoWorker: If no more workers can be started.
        """
        for left in reversed(range(_TRIES)):
            try:
                return await self._parse(job)
            except WorkerDied as died:
                if died.is_overdue:
                    return given_up(f"took more than {self._bounds.seconds:g} seconds and was ended")
                if not left:
                    return given_up(f"failed, because its process {died}")
        raise AssertionError

    async def _parse(self, job: PageJob) -> ExtractedPage:
        """Parse a page; raise `WorkerDied` if the worker died over it."""
        while True:
            self._replace_dead()
            try:
                return await min(self._workers, key=lambda worker: worker.load).parse(job)
            except WorkerDied as died:
                if not died.was_ready:
                    raise NoWorker(str(died)) from died
                if died.was_parsing:
                    raise

    def _replace_dead(self) -> None:
        for place, worker in enumerate(self._workers):
            if worker.is_dead:
                worker.close()
                # This process has threads by now, and forking a process with threads may hang.
                self._workers[place] = Worker(self._bounds, start_method="spawn")

    def close(self) -> None:
        """End every worker."""
        for worker in self._workers:
            worker.close()


class Worker:
    """One process and its queue of waiting pages; used within one event loop."""

    def __init__(self, bounds: Bounds, *, start_method: str) -> None:
        """Start the process.

        Args:
            bounds: The limits of one page.
            start_method: Multiprocessing's method: `fork` if this process has no other threads, else `spawn`.
        """
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(0)
        parents_end = self._socket.fileno() if start_method == "fork" else None
        context = multiprocessing.get_context(start_method)
        self._process = context.Process(  # type: ignore[attr-defined]  # typed for the default context only
            target=serve, args=(theirs, parents_end, bounds), name="page parser", daemon=True
        )
        self._process.start()
        theirs.close()
        self._bounds = bounds
        self._unsent, self._received = bytearray(), bytearray()
        self._waiting: deque[asyncio.Future[ExtractedPage]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._began = 0.0
        self._is_ready = self._is_overdue = self.is_dead = False

    @property
    def load(self) -> int:
        """Number of waiting pages."""
        return len(self._waiting)

    def parse(self, job: PageJob) -> asyncio.Future[ExtractedPage]:
        """Send a page, and return the future of its result, which raises `WorkerDied` if none arrives."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._socket, self._receive)
        future: asyncio.Future[ExtractedPage] = self._loop.create_future()
        if not self._waiting:
            self._began = self._loop.time()
        self._waiting.append(future)
        was_sending = bool(self._unsent)
        self._unsent += framed(job)
        if not was_sending:
            self._send()
        if self._timer is None:
            self._watch()
        return future

    def close(self) -> None:
        """Kill the process, which holds nothing of value."""
        self._process.kill()
        self._process.join()
        self._detach()
        self._socket.close()

    def _send(self) -> None:
        assert self._loop is not None
        try:
            while self._unsent:
                del self._unsent[: self._socket.send(self._unsent)]
        except BlockingIOError:
            self._loop.add_writer(self._socket, self._send)
            return
        except OSError:  # the worker has died; `_receive` handles that
            self._unsent.clear()
        self._loop.remove_writer(self._socket)

    def _receive(self) -> None:
        try:
            data = self._socket.recv(_BLOCK_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._die()
            return
        self._received += data
        while len(self._received) >= LENGTH.size:
            (size,) = LENGTH.unpack_from(self._received)
            end = LENGTH.size + size
            if size > _MOST_BYTES:
                self._process.kill()  # closes the socket, so this method runs again
                self._received.clear()
                return
            if len(self._received) < end:
                return
            self._take(bytes(self._received[LENGTH.size : end]))
            del self._received[:end]

    def _take(self, message: bytes) -> None:
        """Set the result of the oldest page; the worker's first message has none."""
        assert self._loop is not None
        self._began = self._loop.time()
        if not self._is_ready:
            self._is_ready = True
            return
        try:
            result = result_from(message)
        except msgspec.DecodeError:
            result = given_up("gave an invalid result")
        future = self._waiting.popleft() if self._waiting else None
        if future and not future.done():
            future.set_result(result)

    def _die(self) -> None:
        """Fail the futures of all waiting pages."""
        self.is_dead = True
        self._detach()
        self._process.join()
        waiting, self._waiting = self._waiting, deque()
        code = self._process.exitcode or 0
        is_overdue = self._is_overdue or code == -signal.SIGPROF
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        for place, future in enumerate(waiting):
            if not future.done():
                future.set_exception(
                    WorkerDied(how, was_ready=self._is_ready, was_parsing=place == 0, is_overdue=is_overdue)
                )

    def _detach(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self._loop and not self._loop.is_closed():
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)

    def _watch(self) -> None:
        """Kill the process if one page takes far too long; check again when the next page may be overdue."""
        assert self._loop is not None
        self._timer = None
        if not self._waiting or (self._is_ready and not self._bounds.seconds):
            return
        most = self._bounds.seconds * _PATIENCE if self._is_ready else _START_S
        left = self._began + most - self._loop.time()
        if left <= 0:
            self._is_overdue = True
            self._process.kill()
        else:
            self._timer = self._loop.call_later(min(left, self._bounds.seconds or left), self._watch)
