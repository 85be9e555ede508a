"""The keeping half of a crawl whose pages are read elsewhere: what is handed over becomes rows, as ever.

It is the recorder of every crawl that writes, so a page, a sighting and a piece of evidence come out as if
the archive had been read here. A run whose reader died is gone over again, like any interrupted one: what
was kept stays, and is not kept twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.errors import CrawlError
from crawler.remote.apart import Ended, Opened
from crawler.run.process import CrawlStopped
from crawler.run.saved import recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from crawler.run.recorder import Recorder
    from crawler.run.spider import CrawledPage
    from crawler.sources.sources import DeclaredSource
    from store.database import Database
    from store.model import Run

    Handed = Opened | list[CrawledPage] | Ended


class ReadElsewhereFailed(CrawlError):
    """Whoever reads a source says that it cannot be read."""


class ReaderLost(CrawlStopped):
    """Whoever read a source is gone before its end; the run has no ending, and is gone on with."""


def crawl_handed_over(
    db: Database,
    declared: DeclaredSource,
    run: Run,
    folder: Path,
    handed: Iterator[Handed],
    *,
    now: Callable[[], datetime],
    progress: Callable[[int, int], None] | None,
) -> None:
    """Keep the pages of a saved source that is read elsewhere.

    Args:
        db: The open store.
        declared: The source.
        run: The run; one that was interrupted is gone over again.
        folder: Of the evidence.
        handed: What `crawler.remote.apart.read_apart` yields, unpickled.
        now: The clock.
        progress: Called after each page with (pages recorded so far, pages in the archive).

    Raises:
        ReadElsewhereFailed: If the reader says that the source cannot be read.
        ReaderLost: If it is gone before it said that it is done.
        CannotKeep: If a page could not be kept.
    """
    opened = _expect_opened(next(handed, None), declared)
    with recording(db, declared, run, folder, opened, now=now, progress=progress) as recorder:
        _keep_all(recorder, handed, declared)
        recorder.finish()


def _keep_all(recorder: Recorder, handed: Iterator[Handed], declared: DeclaredSource) -> None:
    for each in handed:
        if isinstance(each, Ended):
            if each.error:
                raise ReadElsewhereFailed(each.error)
            return
        assert isinstance(each, list)
        for page in each:
            recorder.record(page)
        recorder.flush()
    raise ReaderLost(declared.source.source_id)


def _expect_opened(first: Handed | None, declared: DeclaredSource) -> Opened:
    if isinstance(first, Opened):
        return first
    if isinstance(first, Ended):
        raise ReadElsewhereFailed(first.error)
    raise ReaderLost(declared.source.source_id)
