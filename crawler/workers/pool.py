"""The reading processes of one crawl: started before it, replaced when a page ends one, ended after it."""

from __future__ import annotations

import gc
import multiprocessing
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scrapy.exceptions import CloseSpider

from crawler.errors import CrawlError
from crawler.markets import find_markets
from crawler.workers.job import given_up, read_here
from crawler.workers.reader import Reader, ReaderDied
from crawler.workers.settings import bounds_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.extract.page import PageReading
    from crawler.workers.job import Read, ReadJob
    from crawler.workers.settings import Bounds, CrawlSettings

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

    async def read(self, job: ReadJob) -> PageReading:
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

    async def _read(self, job: ReadJob) -> PageReading:
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
