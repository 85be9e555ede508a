"""Read archives in another process or on another machine, and ingest their pages where the store is.

The remote reader reads an archive and sends its pages in batches; it writes nothing. The ingest uses the
same recorder as every crawl, so pages, sightings and evidence equal those of a local crawl. Twisted allows
one crawl per process, so the reader is a separate process, which ends when its pages are no longer received.
If the reader dies, the run is repeated like any interrupted run: stored pages stay and are not stored twice.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

import msgspec
import web_poet

from crawler.archives import ArchiveContents
from crawler.errors import CrawlError
from crawler.extract.page import extract_page
from crawler.run.crawled_page import CrawledPage  # noqa: TC001 (msgspec resolves the fields of a message)
from crawler.run.process import CrawlStopped
from crawler.run.saved import open_declared, recording, run_saved
from crawler.teach.following import TaughtParse
from crawler.teach.pages import body_in
from crawler.workers.page_parser import encoded, outcome_by_status
from crawler.workers.pool import parsing
from store.crawl.identity import listing_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path
    from typing import Self

    from crawler.archives import Archive, SavedPage
    from crawler.extract.page import ExtractedListing
    from crawler.run.recorder import Recorder
    from crawler.sources.sources import DeclaredSource
    from crawler.workers import CrawlSettings
    from store.database import Database
    from store.model import Run

BATCH_PAGES = 32
"""Pages per batch, unless a second passes first (`crawler.run.recorder`)."""


class RemoteReadingFailed(CrawlError):
    """The remote reader reports that it cannot read the source."""


class ReaderLost(CrawlStopped):
    """The remote reader ended too early; the run stays open and can be resumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteMessage:
    """A message of the reader: first the contents, then batches of pages, then how the reading ended."""

    contents: ArchiveContents | None = None
    pages: tuple[CrawledPage, ...] = ()
    ended: str | None = None
    """Why the source could not be read to the end, or empty text if it was. Without it, the process died."""


_messages = msgspec.msgpack.Decoder(RemoteMessage)


def message_from(encoded_message: bytes) -> RemoteMessage:
    """Decode a message of `read_remotely`.

    Raises:
        msgspec.DecodeError: If the bytes are no message.
    """
    return _messages.decode(encoded_message)


class BatchSender:
    """Replaces the recorder in a reader, and sends pages in batches."""

    def __init__(self, send: Callable[[list[CrawledPage]], None]) -> None:
        self._send = send
        self._waiting: list[CrawledPage] = []
        self.error = ""

    @property
    def is_full(self) -> bool:
        """Whether a full batch waits."""
        return len(self._waiting) >= BATCH_PAGES

    def record(self, crawled: CrawledPage) -> None:
        """Add one page to the batch."""
        self._waiting.append(crawled)

    def flush(self) -> None:
        """Send the waiting pages."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._send(waiting)

    def finish(self) -> None:
        """Send the last pages."""
        self.flush()

    def __deepcopy__(self, _: dict[int, object]) -> Self:
        """Return the sender itself, since Scrapy copies its settings."""
        return self


def read_remotely(declared: DeclaredSource, settings: CrawlSettings) -> Iterator[bytes]:
    """Read a saved source on this machine in a separate process, and yield its messages as MessagePack.

    If the process dies, there is no last message.
    """
    ours, theirs = Pipe()
    # Not `-m crawler.run.remote`, since the messages' classes would then belong to `__main__`.
    program = "from crawler.run.remote import main; main()"
    command = [sys.executable, "-P", "-c", program, str(theirs.fileno())]
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
    """Read the source that arrives through the given pipe, and send its pages back."""
    with Connection(int(sys.argv[1])) as pipe, suppress(ConnectionError):

        def send(message: RemoteMessage) -> None:
            pipe.send_bytes(encoded(message))

        try:
            declared, settings = pipe.recv()
            _read(declared, settings, send)
        except CrawlError as error:
            send(RemoteMessage(ended=str(error)))
        else:
            send(RemoteMessage(ended=""))


def ingest_remote(
    db: Database,
    declared: DeclaredSource,
    run: Run,
    folder: Path,
    messages: Iterator[RemoteMessage],
    *,
    now: Callable[[], datetime],
    progress: Callable[[int, int], None] | None,
) -> None:
    """Store the pages of a saved source that a remote reader sends; an interrupted run is repeated.

    `progress` is called after each page with (pages recorded so far, pages in the archive).

    Raises:
        RemoteReadingFailed: If the reader reports that it cannot read the source.
        ReaderLost: If the messages end too early.
        CannotKeep: If a page could not be stored.
    """
    first = next(messages, RemoteMessage())
    if first.ended:
        raise RemoteReadingFailed(first.ended)
    if first.contents is None:
        raise ReaderLost(declared.source.source_id)
    with recording(db, declared, run, folder, first.contents, now=now, progress=progress) as recorder:
        _record_all(recorder, messages, declared)
        recorder.finish()


def archive_records(
    archive: Archive, *, start: int, stop: int
) -> Iterator[tuple[int, int, list[dict[str, Any]]]]:
    """Yield pages read so far, pages in the archive, and the listings of one page as plain records.

    No store is used. The first `start` pages are skipped, and `stop` is the number of the last one. A page
    that is unreadable or no listing yields no records. A list's row is omitted if the archive has the item's
    own page.
    """
    total = len(archive)
    for done, url in enumerate(islice(archive.urls(), start, stop), start=start + 1):
        page = archive.fetch(url)
        yield done, total, [] if page is None or page.fault else _records(archive, page)


def _read(declared: DeclaredSource, settings: CrawlSettings, send: Callable[[RemoteMessage], None]) -> None:
    with parsing(settings) as parse, open_declared(declared) as archive:
        contents = ArchiveContents(urls=frozenset(archive.urls()), faults=archive.faults)
        send(RemoteMessage(contents=contents))
        sink = BatchSender(lambda pages: send(RemoteMessage(pages=tuple(pages))))
        run_saved(
            declared, archive, sink, TaughtParse(parse, declared, lambda case: body_in(archive, case.url))
        )


def _record_all(recorder: Recorder, messages: Iterator[RemoteMessage], declared: DeclaredSource) -> None:
    for each in messages:
        if each.ended:
            raise RemoteReadingFailed(each.ended)
        if each.ended is not None:
            return
        for page in each.pages:
            recorder.record(page)
        recorder.flush()
    raise ReaderLost(declared.source.source_id)


def _records(archive: Archive, page: SavedPage) -> list[dict[str, Any]]:
    headers = web_poet.HttpResponseHeaders.from_name_value_pairs(
        [{"name": name, "value": value} for name, value in page.headers]
    )
    response = web_poet.HttpResponse(url=page.url, body=page.body, status=page.status, headers=headers)
    found = outcome_by_status(page.status) or extract_page(response)
    rows = [row for row in found.rows if row.url not in archive]
    listings = [found.listing, *rows] if found.listing else rows
    return [_record(page, each) for each in listings]


def _record(page: SavedPage, read: ExtractedListing) -> dict[str, Any]:
    return {
        "url": read.url,
        "page_url": page.url,
        "locator": page.locator,
        "title": read.content.title,
        "text": listing_text(read.content),
    }
