"""What a reading process does: takes pages from a socket, reads each within bounds, sends the readings."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.markets import find_markets
from crawler.workers.job import read_here

if TYPE_CHECKING:
    import socket
    from typing import BinaryIO

    from crawler.workers.settings import Bounds

LENGTH = struct.Struct("!Q")
"""Goes before each pickle, in both directions."""


def framed(value: object) -> bytes:
    """Return a value as it goes through the socket."""
    pickled = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(pickled)) + pickled


def serve(connection: socket.socket, parents_end: int | None, bounds: Bounds) -> None:
    """Read pages until the other end closes; the first thing sent is None, which says that all is ready.

    A page that takes too long ends the process by SIGPROF, whatever code is in the middle of what.

    Args:
        connection: To the crawl.
        parents_end: A forked process holds the crawl's end of the connection too; closed here, so that this
            process ends with the crawl, however that ends.
        bounds: Of one page.
    """
    if parents_end is not None:
        os.close(parents_end)
    for ours_to_ignore in (signal.SIGINT, signal.SIGTERM):  # sent to the whole group; the crawl ends in order
        signal.signal(ours_to_ignore, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    find_markets()
    _bound_memory(bounds.memory_bytes)
    with connection, connection.makefile("rb") as jobs:
        connection.sendall(framed(None))
        asyncio.run(_read_all(jobs, connection, bounds.seconds))


async def _read_all(jobs: BinaryIO, connection: socket.socket, seconds: float) -> None:
    """Read pages one after another; nothing else goes on in this process, so it may wait for each."""
    while len(head := jobs.read(LENGTH.size)) == LENGTH.size:
        (size,) = LENGTH.unpack(head)
        job = pickle.loads(jobs.read(size))  # noqa: S301 (from the crawl that started this process)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        reading = await read_here(job)
        signal.setitimer(signal.ITIMER_PROF, 0)
        try:
            connection.sendall(framed(reading))
        except OSError:  # the crawl is gone
            return


def _bound_memory(most: int) -> None:
    import resource

    status = Path("/proc/self/statm")
    if most and status.exists():  # elsewhere than on Linux there is no such bound
        now = int(status.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (now + most, hard))
