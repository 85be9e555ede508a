"""One reading process as the crawl sees it: pages go out in order, and their readings come back in it."""

from __future__ import annotations

import asyncio
import multiprocessing
import pickle
import signal
import socket
from collections import deque
from typing import TYPE_CHECKING

from crawler.workers.child import LENGTH, framed, serve

if TYPE_CHECKING:
    from crawler.extract.page import PageReading
    from crawler.workers.job import ReadJob
    from crawler.workers.settings import Bounds

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
        self._waiting: deque[asyncio.Future[PageReading]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._began = 0.0
        self._is_ready = self._is_overdue = self.is_dead = False

    @property
    def load(self) -> int:
        """How many pages wait."""
        return len(self._waiting)

    def read(self, job: ReadJob) -> asyncio.Future[PageReading]:
        """Send a page, and return what its reading comes to; `ReaderDied` if it does not come."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._socket, self._receive)
        future: asyncio.Future[PageReading] = self._loop.create_future()
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

    def _take(self, reading: PageReading | None) -> None:
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
