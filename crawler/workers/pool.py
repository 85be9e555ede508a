"""The worker processes of one crawl: started before it, replaced when a page ends one, ended after it."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import pickle
import signal
import socket
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scrapy.exceptions import CloseSpider

from crawler.errors import CrawlError
from crawler.markets import find_markets
from crawler.workers import bounds_of
from crawler.workers.page_parser import LENGTH, framed, given_up, read_here, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.extract.page import ExtractedPage
    from crawler.workers import Bounds, CrawlSettings
    from crawler.workers.page_parser import Read, ReadJob

_TRIES = 2
"""So many processes may die over a page before it is given up: the first may have been the system's doing."""


class NoReader(CrawlError, CloseSpider):
    """A reading process could not be started, nor will one for the next page: Scrapy ends the crawl."""

    def __init__(self, how: str) -> None:
        sentence = (
            f"The process that is to read pages {how} before it began. Set `readers` under [crawl] to 0 to "
            "read them in the crawl's own process."
        )
        super().__init__(sentence)
        self.args = (sentence,)  # Scrapy's own class keeps only a reason


@contextmanager
def reading(settings: CrawlSettings) -> Iterator[Read]:
    """Have pages read as the settings say while inside.

    Enter it before anything starts a thread: the processes are forked, so that they share what is loaded.
    Where the system cannot fork, pages are read in this process.
    """
    find_markets()
    if not settings.readers or "fork" not in multiprocessing.get_all_start_methods():
        yield read_here
        return
    # What is loaded stays, and no collection of garbage need go over it, here or in the readers.
    gc.freeze()
    readers = Readers(settings.readers, bounds_of(settings))
    try:
        yield readers.read
    finally:
        readers.close()


class Readers:
    """Reads pages in other processes."""

    def __init__(self, count: int, bounds: Bounds) -> None:
        """Fork so many processes."""
        self._bounds = bounds
        self._readers = [Reader(bounds, start_method="fork") for _ in range(count)]

    async def read(self, job: ReadJob) -> ExtractedPage:
        """Have a page read by the process that has least to do.

        Raises:
            NoReader: If no process can be started any more.
        """
        for left in reversed(range(_TRIES)):
            try:
                return await self._read(job)
            except ReaderDied as died:
                if died.is_overdue:
                    return given_up(f"took more than {self._bounds.seconds:g} seconds and was ended")
                if not left:
                    return given_up(f"failed, as the process that did it {died}")
        raise AssertionError

    async def _read(self, job: ReadJob) -> ExtractedPage:
        """Have a page read, or raise `ReaderDied` when it was this one over which the process died."""
        while True:
            self._replace_dead()
            try:
                return await min(self._readers, key=lambda reader: reader.load).read(job)
            except ReaderDied as died:
                if not died.was_ready:
                    raise NoReader(str(died)) from died
                if died.was_reading:
                    raise

    def _replace_dead(self) -> None:
        for place, reader in enumerate(self._readers):
            if reader.is_dead:
                reader.close()
                # By now this process has threads, with which a fork may stand still for ever.
                self._readers[place] = Reader(self._bounds, start_method="spawn")

    def close(self) -> None:
        """End every process."""
        for reader in self._readers:
            reader.close()


_BLOCK_BYTES = 262_144
_PATIENCE = 5
"""So many times a page's processor time may pass by the clock: for a process that stands still."""
_START_S = 60.0
"""By the clock, until a process is ready."""


class ReaderDied(Exception):
    """A reading process ended before it had read a page."""

    def __init__(self, how: str, *, was_ready: bool, was_reading: bool, is_overdue: bool) -> None:
        super().__init__(how)
        self.was_ready = was_ready
        """False when it never came to read anything."""
        self.was_reading = was_reading
        """Whether this page was being read; False when it still waited behind that one."""
        self.is_overdue = is_overdue
        """Whether the process was ended for the time that the page took."""


class Reader:
    """One process and the pages that it has still to read; used from within one event loop."""

    def __init__(self, bounds: Bounds, *, start_method: str) -> None:
        """Start the process.

        Args:
            bounds: Of one page.
            start_method: Multiprocessing's: `fork` while this process has no other threads, else `spawn`.
        """
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(0)
        parents_end = self._socket.fileno() if start_method == "fork" else None
        context = multiprocessing.get_context(start_method)
        self._process = context.Process(  # type: ignore[attr-defined]  # typed for the default context only
            target=serve, args=(theirs, parents_end, bounds), name="page reader", daemon=True
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
        """How many pages wait."""
        return len(self._waiting)

    def read(self, job: ReadJob) -> asyncio.Future[ExtractedPage]:
        """Send a page, and return what its reading comes to; `ReaderDied` if it does not come."""
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
        """End the process at once; it holds nothing."""
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
        except OSError:  # it has died, which is told by what is received
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
            if len(self._received) < end:
                return
            self._take(pickle.loads(self._received[LENGTH.size : end]))  # noqa: S301 (from our own code)
            del self._received[:end]

    def _take(self, reading: ExtractedPage | None) -> None:
        """Hand a reading to whoever waits for it; the first thing that comes is no reading."""
        assert self._loop is not None
        self._began = self._loop.time()
        if reading is None:
            self._is_ready = True
            return
        future = self._waiting.popleft()
        if not future.done():
            future.set_result(reading)

    def _die(self) -> None:
        """Say to all who wait that nothing comes any more."""
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
                    ReaderDied(how, was_ready=self._is_ready, was_reading=place == 0, is_overdue=is_overdue)
                )

    def _detach(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self._loop and not self._loop.is_closed():
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)

    def _watch(self) -> None:
        """End the process when one page stays with it for far too long; look again when it may be so."""
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
