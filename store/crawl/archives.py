"""The archives that crawls read: where each lay and what it held, so that a page is found again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from store import rows, times
from store.database import Database, transaction

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


def record_archive(db: Database, run_id: int, path: Path, *, now: datetime) -> None:
    """Write which archive a run reads: its absolute path and, for a file, its SHA-256 and size.

    The same archive is written once for a run, however often the run is gone on with. A folder has no
    hash of its own; each page in it has one.
    """
    values = {
        "run_id": run_id,
        "path": rows.clean(str(path.absolute())),
        "recorded_at": times.to_text(now),
        "sha256": "",
    }
    if path.is_file():
        with path.open("rb") as file:
            values |= {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": file.tell()}
    with transaction(db):
        rows.insert(db, "crawl_archives", values, ignore=True)
