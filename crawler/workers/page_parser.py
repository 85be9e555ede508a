"""Parse one page, in this process or in a confined worker that receives pages over a socket.

The worker parses HTML from strangers, so the crawl accepts only plain data from it: MessagePack messages,
decoded strictly as an `ExtractedPage`. Once ready, the worker can open, start, change and signal nothing
(`crawler.workers.confinement`). File descriptors that are already open stay usable, which are the standard
streams and the socket; a stricter system runs the crawl in a container.
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
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import web_poet

from crawler.errors import CrawlError
from crawler.extract.embedded import state_keys
from crawler.extract.page import ExtractedPage
from crawler.markets import find_markets, page_class_for
from crawler.teach.reader import DeclaredReader  # noqa: TC001 (msgspec resolves the fields of a job)
from crawler.teach.reading import read_taught
from crawler.workers.confinement import confine
from store.model import PageOutcome

if TYPE_CHECKING:
    import socket
    from typing import BinaryIO

    from crawler.workers import CrawlSettings

LENGTH = struct.Struct("!Q")
"""The length before each message, in both directions."""
_WARM_UP = Path(__file__).with_name("warm_up.html")
_LAST_STATUS = 599
"""The highest status of HTTP (RFC 9110, 15); some sites send 999 to refuse programs."""
_results = msgspec.msgpack.Decoder(ExtractedPage)


class ParserUnusable(CrawlError):
    """No page can be read, e.g. because the disk has no room for what the language model unpacks."""

    def __init__(self, found: str) -> None:
        super().__init__(f"No page can be read here, so nothing was crawled. {found}")
        self.found = found


@dataclass(frozen=True, slots=True, kw_only=True)
class PageJob:
    """A page to parse."""

    url: str
    body: bytes = field(repr=False)
    """The unpacked body."""
    status: int
    headers: dict[bytes, list[bytes]]
    """Headers in Scrapy's form."""
    reader: DeclaredReader | None = None
    """The declared reader of the page's source."""


Parse = Callable[[PageJob], Awaitable[ExtractedPage]]
"""Parses a page, here or in a worker. The page itself cannot cause an exception."""

_jobs = msgspec.msgpack.Decoder(PageJob)


async def parse_here(job: PageJob) -> ExtractedPage:
    """Parse a page in this process; a parser defect becomes the page's outcome."""
    try:
        # Latin-1 decodes every byte; a header that is not UTF-8 must not make a page unreadable.
        given: dict[Any, Any] = dict(job.headers)
        headers = web_poet.HttpResponseHeaders.from_bytes_dict(given, encoding="latin-1")
        response = web_poet.HttpResponse(url=job.url, body=job.body, status=job.status, headers=headers)
        return await parse_response(response, job.reader)
    except MemoryError:
        return given_up("needs more memory than a page may have")
    except Exception as error:  # noqa: BLE001 (a defect over one page must not end the crawl)
        return given_up(f"failed ({type(error).__name__}: {error})")


async def parse_response(
    response: web_poet.HttpResponse, reader: DeclaredReader | None = None
) -> ExtractedPage:
    """Parse a page with the page object of its marketplace, unless its status decides the outcome.

    The fields of a declared reader, if the source has one, replace those of the page object.
    """
    if decided := outcome_by_status(response.status):
        return decided
    page = await page_class_for(str(response.url))(response=response).to_item()
    return page if reader is None else read_taught(page, response, reader)


def outcome_by_status(status: int | None) -> ExtractedPage | None:
    """Return the outcome that a status alone decides, or None if the page should be parsed."""
    if status == HTTPStatus.PARTIAL_CONTENT:
        sentence = "The site sent only a part of the page (HTTP 206); it was not read as a listing."
        return ExtractedPage(outcome=PageOutcome.TRUNCATED, sentence=sentence)
    if status is not None and status > _LAST_STATUS:
        sentence = f"The site refuses access with a non-standard status (HTTP {status})."
        return ExtractedPage(outcome=PageOutcome.BLOCKED, sentence=sentence)
    return None


def given_up(why: str) -> ExtractedPage:
    """Return the result for a page that could not be parsed; `why` continues *Parsing the page*."""
    sentence = f"Parsing the page {why}; please report this page."
    return ExtractedPage(outcome=PageOutcome.UNREADABLE, sentence=sentence)


def encoded(value: object) -> bytes:
    """Return a value as MessagePack; lone surrogates, which JSON in a page can contain, are replaced."""
    try:
        return msgspec.msgpack.encode(value)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value, builtin_types=(bytes, datetime))
        return msgspec.msgpack.encode(_without_surrogates(plain))


def framed(value: object) -> bytes:
    """Return a value as a message with its length."""
    message = encoded(value)
    return LENGTH.pack(len(message)) + message


def result_from(message: bytes) -> ExtractedPage:
    """Decode a message from a worker.

    Raises:
        msgspec.DecodeError: If the message is not an `ExtractedPage`.
    """
    return _results.decode(message)


def serve(connection: socket.socket, parents_end: int | None, settings: CrawlSettings) -> None:
    """Parse pages until the other end closes.

    An empty first message means that the worker is ready; otherwise it says why no page can be read here. If
    a page takes too long, SIGPROF ends the process, whatever code is running. A forked process inherits the
    crawl's end of the connection, `parents_end`; it is closed here, so that this process always ends with the
    crawl.
    """
    if parents_end is not None:
        os.close(parents_end)
    for sent_to_the_group in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # the crawl shuts down in order and ends this process
        signal.signal(sent_to_the_group, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    find_markets()
    try:
        load_everything()  # in the worker, so that the crawl can begin meanwhile
    except ParserUnusable as error:
        why = error.found.encode("utf-8", "replace")
        connection.sendall(LENGTH.pack(len(why)) + why)
        return
    bound_memory(settings.page_memory_mb * 2**20)
    with connection, connection.makefile("rb") as jobs:
        asyncio.run(_parse_all(jobs, connection, settings.page_seconds))


def load_everything() -> None:
    """Load all modules that parsing loads lazily, since a confined worker can open no file.

    Raises:
        ParserUnusable: If a page that any parser can read cannot be read.
    """
    for module in pkgutil.iter_modules(encodings.__path__, "encodings."):
        if not module.name.endswith(("mbcs", "oem")):  # these exist only on Windows
            importlib.import_module(module.name)
    state_keys()
    page = _WARM_UP.read_bytes()
    for body in (page, page.replace(b' lang="es"', b"")):  # the second body needs language detection
        job = PageJob(url="https://warm-up.invalid/1", body=body, status=200, headers={})
        if (found := asyncio.run(parse_here(job))).outcome is PageOutcome.UNREADABLE:
            raise ParserUnusable(found.sentence)


async def _parse_all(jobs: BinaryIO, connection: socket.socket, seconds: float) -> None:
    """Parse pages one after another; waiting is harmless, since nothing else runs in this process."""
    confine()
    connection.sendall(LENGTH.pack(0))
    while len(head := jobs.read(LENGTH.size)) == LENGTH.size:
        (size,) = LENGTH.unpack(head)
        job = _jobs.decode(jobs.read(size))
        signal.setitimer(signal.ITIMER_PROF, seconds)
        extracted = await parse_here(job)
        signal.setitimer(signal.ITIMER_PROF, 0)
        try:
            connection.sendall(framed(extracted))
        except OSError:  # the crawl has ended
            return


def bound_memory(most: int) -> None:
    """Limit the memory of this process to this many bytes more than it has; 0 means no limit."""
    import resource

    status = Path("/proc/self/statm")
    if most and status.exists():  # only Linux has this limit
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
