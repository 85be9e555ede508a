"""What the audit log costs: an entry beside the same row without a chain, and how fast a log is verified.

Run: python -m benchmarks.audit [ENTRIES]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

from fixtures.builders.review_store import fill_store
from store.audit.audit import AuditAction, Origin, Via, record_view
from store.audit.verification import verify
from store.database import Database, open_database, transaction
from store.times import to_text, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable

ORIGIN = Origin(via=Via.WEB, address="192.0.2.1")


def main(entries: int) -> None:
    """Write entries by turns with plain rows into a store on disk, verify, and print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audit.db"
        fill_store(path)
        db = open_database(path)
        db.execute("CREATE TABLE plain (id INTEGER PRIMARY KEY, at TEXT, actor TEXT, details TEXT) STRICT")
        chained, plain = [], []
        for _ in range(entries):
            chained.append(_timed(lambda: _chained(db)))
            plain.append(_timed(lambda: _plain(db)))
        began = time.perf_counter()
        done = verify(db)
        seconds = time.perf_counter() - began
        db.close()
    for name, taken in (("entry of a view", chained), ("plain row", plain)):
        cuts = quantiles(taken, n=100)
        print(f"{name}: p50 {cuts[49]:.2f} ms, p95 {cuts[94]:.2f} ms, p99 {cuts[98]:.2f} ms")
    print(f"ratio of the medians: {quantiles(chained, n=100)[49] / quantiles(plain, n=100)[49]:.1f}")
    pace = done.entries / seconds
    print(f"verified: {done.entries:,} entries and {done.rows:,} rows at {pace:,.0f} entries/s")


def _timed(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def _chained(db: Database) -> None:
    record_view(db, sighting_id=1, score_id=1, actor="ada", origin=ORIGIN, now=utc_now())


def _plain(db: Database) -> None:
    with transaction(db):
        row = (to_text(utc_now()), "ada", AuditAction.LISTING_VIEWED)
        db.conn.execute("INSERT INTO plain (at, actor, details) VALUES (?, ?, ?)", row)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
