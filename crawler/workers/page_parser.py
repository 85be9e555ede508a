"""Parse one page: in this process, or in a worker that takes pages from a socket and is confined to that.

The worker parses HTML that strangers wrote, so the crawl takes nothing but plain data from it: messages are
MessagePack, decoded as an `ExtractedPage` and nothing else. Once it is ready, the worker can open no file and
no connection and write to no file: its resource limits for open files and for the size of files are 0. They
hold on any Unix and need no library. They do not restrict the file descriptors that are open already, the
standard streams and the socket; a system that is to restrict more runs the crawl in a container.
"""

from __future__ import annotations

import asyncio
import encodings
import importlib
import os
import pkgutil
import signal
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import web_poet

from crawler.extract.page import ExtractedPage
from crawler.markets import find_markets, page_class_for
from store.model import PageOutcome

if TYPE_CHECKING:
    import socket
    from typing import BinaryIO

    from crawler.workers import Bounds

LENGTH = struct.Struct("!Q")
"""Precedes each message, in both directions."""
_WARM_UP = Path(__file__).with_name("warm_up.html")
_LAST_STATUS = 599
"""Of HTTP (RFC 9110, 15); sites answer 999 to programs that they do not serve."""
_results = msgspec.msgpack.Decoder(ExtractedPage)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageJob:
    """A page to be parsed."""

    url: str
    body: bytes = field(repr=False)
    """Unpacked."""
    status: int
    headers: dict[bytes, list[bytes]]
    """As Scrapy holds them."""


Parse = Callable[[PageJob], Awaitable[ExtractedPage]]
"""Parses a page, here or in a worker. It raises nothing that is the page's fault."""

_jobs = msgspec.msgpack.Decoder(PageJob)


async def parse_here(job: PageJob) -> ExtractedPage:
    """Parse a page in this process; a defect of the parser becomes the page's outcome."""
    try:
        # Latin-1 decodes every byte: one byte that is not UTF-8 must not make a page unreadable.
        given: dict[Any, Any] = dict(job.headers)
        headers = web_poet.HttpResponseHeaders.from_bytes_dict(given, encoding="latin-1")
        response = web_poet.HttpResponse(url=job.url, body=job.body, status=job.status, headers=headers)
        return await parse_response(response)
    except MemoryError:
        return given_up("needs more memory than a page may have")
    except Exception as error:  # noqa: BLE001 (one page's defect must not end the crawl)
        return given_up(f"failed ({type(error).__name__}: {error})")


async def parse_response(response: web_poet.HttpResponse) -> ExtractedPage:
    """Parse a page with the page object of its marketplace, unless its status forbids that."""
    if decided := outcome_by_status(response.status):
        return decided
    return await page_class_for(str(response.url))(response=response).to_item()


def outcome_by_status(status: int | None) -> ExtractedPage | None:
    """Return what a page is by its status alone, or None where the page itself is to be parsed."""
    if status == HTTPStatus.PARTIAL_CONTENT:
        sentence = "The site sent only a part of the page (HTTP 206); it was not read as a listing."
        return ExtractedPage(outcome=PageOutcome.TRUNCATED, sentence=sentence)
    if status is not None and status > _LAST_STATUS:
        sentence = f"The site refuses access with a status of its own (HTTP {status})."
        return ExtractedPage(outcome=PageOutcome.BLOCKED, sentence=sentence)
    return None


def given_up(why: str) -> ExtractedPage:
    """Return the result for a page that could not be parsed; `why` continues *Parsing the page*."""
    sentence = f"Parsing the page {why}; please report this page."
    return ExtractedPage(outcome=PageOutcome.UNREADABLE, sentence=sentence)


def framed(value: object) -> bytes:
    """Return a value as it goes through the socket."""
    try:
        message = msgspec.msgpack.encode(value)
    except UnicodeEncodeError:  # lone surrogates, as JSON in a page can spell them
        message = msgspec.msgpack.encode(_without_surrogates(msgspec.to_builtins(value)))
    return LENGTH.pack(len(message)) + message


def result_from(message: bytes) -> ExtractedPage:
    """Decode what a worker sent.

    Raises:
        msgspec.DecodeError: If the message is not a `ExtractedPage`.
    """
    return _results.decode(message)


def serve(connection: socket.socket, parents_end: int | None, bounds: Bounds) -> None:
    """Parse pages until the other end closes; an empty first message says that the worker is ready.

    A page that takes too long ends the process by SIGPROF, whatever code is running.

    Args:
        connection: To the crawl.
        parents_end: A forked process also holds the crawl's end of the connection. It is closed here, so
            that this process ends with the crawl, however the crawl ends.
        bounds: Of one page.
    """
    if parents_end is not None:
        os.close(parents_end)
    for sent_to_the_group in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # the crawl ends in order, and this process with it
        signal.signal(sent_to_the_group, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    find_markets()
    load_everything()  # here, so that the crawl itself may begin meanwhile
    _bound_memory(bounds.memory_bytes)
    with connection, connection.makefile("rb") as jobs:
        asyncio.run(_parse_all(jobs, connection, bounds.seconds))


def load_everything() -> None:
    """Load all that parsing loads only when it is first needed: a confined worker can open no file."""
    for module in pkgutil.iter_modules(encodings.__path__, "encodings."):
        if not module.name.endswith(("mbcs", "oem")):  # of Windows
            importlib.import_module(module.name)
    page = _WARM_UP.read_bytes()
    for body in (page, page.replace(b' lang="es"', b"")):  # of which the second has its language guessed
        asyncio.run(parse_here(PageJob(url="https://warm-up.invalid/1", body=body, status=200, headers={})))


async def _parse_all(jobs: BinaryIO, connection: socket.socket, seconds: float) -> None:
    """Parse pages one after another; nothing else runs in this process, so it may wait for each."""
    _confine()
    connection.sendall(LENGTH.pack(0))
    while len(head := jobs.read(LENGTH.size)) == LENGTH.size:
        (size,) = LENGTH.unpack(head)
        job = _jobs.decode(jobs.read(size))
        signal.setitimer(signal.ITIMER_PROF, seconds)
        reading = await parse_here(job)
        signal.setitimer(signal.ITIMER_PROF, 0)
        try:
            connection.sendall(framed(reading))
        except OSError:  # the crawl is gone
            return


def _confine() -> None:
    """Let this process open nothing and write to no file from here on."""
    import resource

    for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(limit, (0, 0))


def _bound_memory(most: int) -> None:
    import resource

    status = Path("/proc/self/statm")
    if most and status.exists():  # elsewhere than on Linux there is no such bound
        now = int(status.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (now + most, hard))


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_without_surrogates(name): _without_surrogates(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_surrogates(each) for each in value]
    return value
