"""The listings of an archive as plain records, whole or a stretch of it: lines, rows or pages.

A stretch is told in the archive's own units, so that where it ends can be kept and gone on from: bytes of the
unpacked text for JSON lines, rows for Parquet, pages for whatever else `crawl` reads.
"""

from __future__ import annotations

import gzip
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from bulk.errors import BulkFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from crawler.archives import Archive

    Batch = tuple[int, int, list[dict[str, Any]]]
    """Units of the input done, units in all (0 if unknown), and the listings in the last one."""

PARQUET_ROWS = 1_024
LINES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
END = 2**63 - 1
"""Behind the last unit of any archive."""
_READ_BYTES = 1 << 20


class Listings(Protocol):
    """An archive, open for reading any number of stretches; those in its order are the cheapest."""

    def count(self) -> int:
        """Return how many units there are; what is packed is unpacked once for it."""

    def read(self, start: int, stop: int = END) -> Iterator[Batch]:
        """Yield the listings of the units that begin at `start` or after it, and before `stop`."""


@contextmanager
def open_listings(source: Path, *, warn: Callable[[str], None]) -> Iterator[Listings]:
    """Open an archive for reading.

    Args:
        source: JSONL (also .gz), Parquet, or whatever `crawl` reads.
        warn: Told in a sentence of each line that is left out.

    Raises:
        BulkFailed: If the package for the format is missing.
        ArchiveError: If the archive cannot be opened, or no page of it can be read.
    """
    with ExitStack() as stack:
        if source.name.endswith(LINES) and source.suffix == ".gz":
            packed = cast("BinaryIO", stack.enter_context(gzip.open(source, "rb")))
            yield _Lines(file=packed, name=source.name, size=0, warn=warn)
        elif source.name.endswith(LINES):
            plain = stack.enter_context(source.open("rb"))
            yield _Lines(file=plain, name=source.name, size=source.stat().st_size, warn=warn)
        elif source.suffix == ".parquet":
            yield _Rows(file=stack.enter_context(_parquet_file(source)))
        else:
            from crawler.archives import ArchiveError, open_archive, why_no_page

            archive = stack.enter_context(open_archive(source))
            if not len(archive):
                raise ArchiveError(why_no_page(source, archive.faults))
            yield _Pages(archive=archive)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    file: BinaryIO
    name: str
    size: int
    """0 of a packed file: how long it is unpacked is not known."""
    warn: Callable[[str], None]

    def count(self) -> int:
        if not self.size:
            while self.file.read(_READ_BYTES):
                pass
        return self.size or self.file.tell()

    def read(self, start: int, stop: int = END) -> Iterator[Batch]:
        from classifier.errors import DataFileWrong
        from classifier.training.examples import json_object

        done, number = self._next_line(start), 0
        name = f"{self.name} from byte {done}" if done else self.name
        while done < stop and (line := self.file.readline()):
            done, number = done + len(line), number + 1
            try:
                yield done, self.size, [json_object(name, number, line)] if line.strip() else []
            except DataFileWrong as error:  # one bad line must not end a long archive
                self.warn(error.of_one_line())
                yield done, self.size, []

    def _next_line(self, start: int) -> int:
        """Go to the first line that begins at `start` or after it, and return where that is."""
        self.file.seek(max(0, start - 1))
        return start - 1 + len(self.file.readline()) if start else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    file: Any

    def count(self) -> int:
        return int(self.file.metadata.num_rows)

    def read(self, start: int, stop: int = END) -> Iterator[Batch]:
        total = self.count()
        groups, done = self._groups(start, stop)
        for rows in self.file.iter_batches(batch_size=PARQUET_ROWS, row_groups=groups):
            passed, done = max(0, start - done), done + len(rows)
            wanted = rows.slice(passed, max(0, len(rows) - passed - max(0, done - stop)))
            for at, row in enumerate(wanted.to_pylist(), start=done - len(rows) + passed + 1):
                yield at, total, [row]
            if done >= stop:
                return

    def _groups(self, start: int, stop: int) -> tuple[list[int], int]:
        """Return the groups in which the wanted rows lie, and the rows before the first of them."""
        groups: list[int] = []
        before = end = 0
        for number in range(self.file.metadata.num_row_groups):
            begin, end = end, end + self.file.metadata.row_group(number).num_rows
            if end <= start:
                before = end
            elif begin < stop:
                groups.append(number)
        return groups, before


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pages:
    archive: Archive

    def count(self) -> int:
        return len(self.archive)

    def read(self, start: int, stop: int = END) -> Iterator[Batch]:
        from crawler.run.remote import archive_records

        return archive_records(self.archive, start=start, stop=stop)


def _parquet_file(source: Path) -> Any:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        message = 'Parquet needs the package pyarrow; install this project with its extra "parquet".'
        raise BulkFailed(message) from error
    try:
        return ParquetFile(source)
    except ValueError as error:  # what pyarrow calls ArrowInvalid
        message = f"{source} cannot be read as Parquet; expected a whole Parquet file."
        raise BulkFailed(message) from error
