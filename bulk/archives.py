"""Score an archive of any size into a file of flagged listings, in bounded memory, and resume after a kill.

Progress is counted in units of the archive: bytes of the decompressed text for JSON lines, rows for Parquet,
pages for any other format that `crawl` reads.

After each batch the output is synced. The checkpoint beside it then records the units done and the length of
the output. The next run truncates the output to that length before it resumes, so the output is the same,
byte for byte, with or without an interruption.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from bulk.command import BulkFailed
from store.errors import StoreError
from store.messages import counted, harmless
from store.review.office_terms import terms_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from classifier.scoring import ScoredText
    from crawler.archives import Archive
    from store.review.office_terms import OfficeTerm

    Batch = tuple[int, int, list[dict[str, Any]]]
    """Units of the input done, total units (0 if unknown), and the listings in the last unit."""


PARQUET_ROWS = 1_024
LINES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
END = 2**63 - 1
"""An end beyond the last unit of any archive."""
_READ_BYTES = 1 << 20


@contextmanager
def open_listings(source: Path, *, warn: Callable[[str], None]) -> Iterator[_Lines | _Rows | _Pages]:
    """Open JSONL (also .gz), Parquet, or a format that `crawl` reads; `warn` is told of each skipped line.

    Raises:
        BulkFailed: If the package for the format is missing.
        ArchiveError: If the archive cannot be opened or has no readable page.
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
    """JSON lines. Ranges of units can be read in any order, here as in the others: [`start`, `stop`)."""

    file: BinaryIO
    name: str
    size: int
    """0 for a compressed file, whose decompressed size is unknown."""
    warn: Callable[[str], None]

    def count(self) -> int:
        """Return the number of bytes; a compressed file is decompressed once to count them."""
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
            except DataFileWrong as error:  # one bad line must not end a long run
                self.warn(error.of_one_line())
                yield done, self.size, []

    def _next_line(self, start: int) -> int:
        """Seek to the first line that begins at `start` or later, and return its position."""
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
        """Return the row groups of a range, and the number of rows before the first group."""
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
    except ValueError as error:  # ArrowInvalid
        message = f"{source} is not a valid Parquet file; give a complete one."
        raise BulkFailed(message) from error


BATCH = 2_048
"""Listings scored at once: the most that memory holds and that a kill loses."""

WARNINGS = 5
"""Number of skipped lines to report one by one; further lines are only counted."""

UNITS = 4
"""Batch limit for units that hold few listings, as a multiple of the batch size."""


class Scores(Protocol):
    """A scorer of texts."""

    def score(self, texts: Sequence[str]) -> list[ScoredText]:
        """Return each text's probability and reasons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredPart:
    """The result of scoring one part of the input."""

    done: int
    """Units of the input up to the end of the part."""
    of: int
    """Total units; 0 if unknown."""
    listings: int
    flagged: int
    lines: bytes
    """The flagged listings as JSON lines."""
    left_out: int = 0
    """Number of invalid lines."""


def score_archive(  # noqa: PLR0913 (what one run depends on)
    source: Path,
    output: Path,
    scorer: Scores,
    *,
    model_id: str,
    threshold: float,
    law: str,
    terms: Sequence[OfficeTerm] = (),
    batch: int = BATCH,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Write the flagged listings of an archive as JSON lines; resume an interrupted call.

    Args:
        source: JSONL (also .gz), Parquet, or a format that `crawl` reads: WARC, WACZ, ZIP, MHTML, HTML or a
            folder.
        output: The output file. Its checkpoint, `output` plus `.checkpoint`, is kept as a record.
        scorer: The scorer of the model.
        model_id: Written into every line.
        threshold: Listings at or above it are flagged.
        law: The law for reading texts, kept in the checkpoint.
        terms: The office's terms; listings that name one are flagged too.
        batch: Listings scored at once.
        progress: Called with (units done, total units).

    Returns:
        Counts: `done` (units of the input: bytes, rows or pages), `listings`, `flagged`, `left_out` (lines),
        `bytes`.

    Raises:
        BulkFailed: If the output was started with another input, model or law, or is missing or shorter than
            its checkpoint says.
    """

    def scored(start: int) -> Iterator[ScoredPart]:
        with summing_up(warn) as said, open_listings(source, warn=said) as listings:
            units, before = listings.read(start), 0
            for part in score_parts(
                units, scorer, model_id=model_id, threshold=threshold, terms=terms, batch=batch
            ):
                yield replace(part, left_out=said.count - before)
                before = said.count

    return write_parts(source, output, scored, model_id=model_id, law=law, terms=terms, progress=progress)


def score_parts(
    units: Iterator[Batch],
    scorer: Scores,
    *,
    model_id: str,
    threshold: float,
    terms: Sequence[OfficeTerm] = (),
    batch: int = BATCH,
) -> Iterator[ScoredPart]:
    """Score the units that an open archive yields, `batch` listings at once, and yield the results.

    Listings at the threshold or above it are flagged, and those that name a term of the office.
    """
    from classifier.training.examples import row_text

    for done, of, rows in _gathered(units, batch):
        texts = [row_text(row) for row in rows]
        said = {"threshold": threshold, "model_id": model_id}
        lines = []
        for row, text, each in zip(rows, texts, scorer.score(texts) if texts else [], strict=True):
            named = terms_in(terms, text)
            if each.p_offer >= threshold or named:
                reasons = {"reasons": asdict(each.reasons), **({"office_terms": named} if named else {})}
                lines.append(_line({**row, "p_offer": each.p_offer, **said, **reasons}))
        yield ScoredPart(done=done, of=of, listings=len(rows), flagged=len(lines), lines=b"".join(lines))


def write_parts(
    source: Path,
    output: Path,
    scored: Callable[[int], Iterator[ScoredPart]],
    *,
    model_id: str,
    law: str,
    terms: Sequence[OfficeTerm] = (),
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Write the flagged listings, part by part, from any scorer; returns and raises as `score_archive`.

    Args:
        source: The input, kept in the checkpoint.
        output: The output file.
        scored: Takes the units already done, and yields the remaining parts in the input's order.
        model_id: Kept in the checkpoint.
        law: Kept in the checkpoint; it may differ from the law under which the model was trained.
        terms: The office's terms, whose numbers are kept in the checkpoint.
        progress: Called with (units done, total units).
    """
    mark = checkpoint_of(output)
    counts = _begun(mark, output, whose := _whose(source, model_id, law, terms))
    with _taking_back(output, mark), output.open("r+b" if output.exists() else "w+b") as file:
        file.truncate(counts["bytes"])
        file.seek(counts["bytes"])
        for part in scored(counts["done"]):
            file.write(part.lines)
            counts |= {
                "done": part.done,
                "listings": counts["listings"] + part.listings,
                "flagged": counts["flagged"] + part.flagged,
                "left_out": counts["left_out"] + part.left_out,
                "bytes": _sync(file),
            }
            _keep(mark, {**whose, **counts})
            if progress:
                progress(part.done, part.of)
    return counts


@contextmanager
def _taking_back(output: Path, mark: Path) -> Iterator[None]:
    """Delete the empty output if the input is unreadable."""
    try:
        yield
    except StoreError:
        if not mark.exists():
            output.unlink(missing_ok=True)
        raise


def check_that_some_were_read(source: Path, output: Path, counts: Mapping[str, int]) -> None:
    """Refuse JSON lines without a valid line, and delete the empty output.

    An archive of pages without listings is fine.

    Raises:
        BulkFailed: If no line was a listing.
    """
    if counts["listings"] or not counts["done"] or not source.name.endswith(LINES):
        return
    for made in (output, checkpoint_of(output)):
        made.unlink(missing_ok=True)
    message = (
        f"{source} has no valid line: expected one JSON object per line, with a title (and optionally a "
        "description) or a text. Nothing was written."
    )
    raise BulkFailed(message)


def checkpoint_of(output: Path) -> Path:
    """Return the path of an output's checkpoint."""
    return Path(f"{output}.checkpoint")


def _begun(mark: Path, output: Path, whose: dict[str, object]) -> dict[str, int]:
    counts = {"done": 0, "listings": 0, "flagged": 0, "left_out": 0, "bytes": 0}
    if not mark.exists():
        if output.exists() and output.stat().st_size:
            message = f"{output} exists without a checkpoint; move it, or give another output."
            raise BulkFailed(message)
        return counts
    kept = json.loads(mark.read_text(encoding="utf-8"))
    if other := [name for name, value in whose.items() if kept.get(name) != value]:
        message = (
            f"{output} was started with another {' and '.join(other)} ({mark.name}); give another output."
        )
        raise BulkFailed(message)
    counts = {name: int(kept.get(name, 0)) for name in counts}
    found = output.stat().st_size if output.exists() else 0
    if found < counts["bytes"]:  # resuming would fill the gap with zeros
        state = f"has {found:,} bytes" if output.exists() else "is missing"
        message = (
            f"{output} {state}, but {mark.name} says that {counts['bytes']:,} bytes were written; put the "
            f"file back to resume, or delete it and {mark.name} to start again."
        )
        raise BulkFailed(message)
    return counts


def _whose(source: Path, model_id: str, law: str, terms: Sequence[OfficeTerm]) -> dict[str, object]:
    try:
        size = source.stat().st_size if source.is_file() else 0
    except OSError as error:
        message = f"{source} cannot be read ({error.strerror}); give a file or folder."
        raise BulkFailed(message) from error
    if not source.exists():
        message = f"{source} does not exist; give a file or folder."
        raise BulkFailed(message)
    numbers = [term.office_term_id for term in terms] or None  # as in checkpoints that name none
    return {
        "input": str(source.resolve()), "size": size, "model_id": model_id, "law": law,
        "office_terms": numbers,
    }  # fmt: skip


def _gathered(units: Iterator[Batch], batch: int) -> Iterator[Batch]:
    """Gather units until they hold `batch` listings or number `UNITS` times `batch`."""
    gathered: list[dict[str, Any]] = []
    done = of = held = 0
    for done, of, rows in units:
        gathered += rows
        held += 1
        if len(gathered) >= batch or held >= UNITS * batch:
            yield done, of, gathered
            gathered, held = [], 0
    if held:
        yield done, of, gathered


def warn(sentence: str) -> None:
    """Print a sentence on standard error."""
    print(harmless(sentence), file=sys.stderr)  # noqa: T201


class Warnings:
    """Passes on the first `WARNINGS` warnings, and counts all."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """Pass the first warnings to `say`."""
        self._say = say
        self.count = 0

    def __call__(self, sentence: str) -> None:
        """Count a warning, and pass it on if it is one of the first."""
        self.count += 1
        if self.count <= WARNINGS:
            self._say(sentence)


@contextmanager
def summing_up(say: Callable[[str], None]) -> Iterator[Warnings]:
    """Pass the first few warnings to `say`, and report the number of the others at the end."""
    said = Warnings(say)
    yield said
    if said.count > WARNINGS:
        say(f"Skipped {counted(said.count - WARNINGS, 'more invalid line', 'more invalid lines')}.")


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n"


def _sync(file: BinaryIO) -> int:
    file.flush()
    os.fsync(file.fileno())
    return file.tell()


def _keep(mark: Path, record: dict[str, object]) -> None:
    part = Path(f"{mark}.part")
    part.write_text(json.dumps(record, indent=2), encoding="utf-8")
    part.replace(mark)
