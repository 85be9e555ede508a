"""Parse one page within bounds, in this process or in a worker, and carry pages and results over a socket."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import web_poet

from crawler.extract.page import ExtractedPage
from crawler.markets import find_markets, page_class_for
from store.model import PageOutcome

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO

    from crawler.workers import Bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadJob:
    """A page to be read."""

    url: str
    body: bytes = field(repr=False)
    """Unpacked."""
    status: int
    headers: Mapping[bytes, Sequence[bytes]]
    """As Scrapy holds them."""


Read = Callable[[ReadJob], Awaitable[ExtractedPage]]
"""Has a page read, here or elsewhere. It raises nothing that is the page's fault."""


async def read_here(job: ReadJob) -> ExtractedPage:
    """Have a page read by its page object; a defect of ours becomes the page's outcome."""
    try:
        response = web_poet.HttpResponse(
            url=job.url,
            body=job.body,
            status=job.status,
            headers=web_poet.HttpResponseHeaders.from_bytes_dict(dict(job.headers)),
        )
        return await page_class_for(job.url)(response=response).to_item()
    except MemoryError:
        return given_up("needs more memory than a page may have")
    except Exception as error:  # noqa: BLE001 (one page's defect must not end the crawl)
        return given_up(f"failed ({type(error).__name__}: {error})")


def given_up(why: str) -> ExtractedPage:
    """Return the reading of a page that could not be read; `why` goes on from *Reading it*."""
    return ExtractedPage(
        outcome=PageOutcome.UNREADABLE, sentence=f"Reading it {why}; please report this page."
    )


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
