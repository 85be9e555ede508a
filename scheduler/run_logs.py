"""Where the logs of child processes lie, and which of them belongs to an attempt at a run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from store.locks import work_of

if TYPE_CHECKING:
    from pathlib import Path

    from store.crawl.runs import Attempt
    from store.model import Run

STAMP = "%Y%m%dT%H%M%SZ"

TAIL_BYTES = 1_000_000
"""Of a log's end, in which the last lines are looked for."""

SLACK = timedelta(minutes=10)
"""A process writes its attempt within this time of its start; numbers of processes come again after days."""


def logs_folder(database: Path) -> Path:
    """Return where the logs of the children that work on a database lie."""
    return database.with_name(database.name + ".logs")


def log_name(work: str, started_at: datetime, pid: int) -> str:
    """Return the name of a child's log, e.g. `crawl-andes.20261126T041500Z.4711.log`."""
    return f"{work}.{started_at.astimezone(UTC):{STAMP}}.{pid}.log"


def log_of(database: Path, run: Run, attempt: Attempt) -> Path | None:
    """Return the log of one attempt at a run, or None when there is none."""
    work = work_of(run.kind, run.source_id)
    for path in sorted(logs_folder(database).glob(f"{work}.*.{attempt.pid}.log")):
        started = datetime.strptime(path.name.split(".")[-3], STAMP).replace(tzinfo=UTC)
        if abs(attempt.started_at - started) < SLACK:
            return path
    return None


def read_log(path: Path, *, lines: int | None = None) -> list[str]:
    """Return what a log says, line by line; only so many of the last, of a log however long.

    What is no UTF-8 in it is replaced. With `lines`, no more than the last `TAIL_BYTES` are read.
    """
    with path.open("rb") as file:
        if lines is not None:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        written = file.read().decode("utf-8", errors="replace").splitlines()
    return written if lines is None else written[-lines:]
